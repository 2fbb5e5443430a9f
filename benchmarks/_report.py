"""What the benchmark of the exchange prints: figures, what was wanted, and what each side did."""

from collections.abc import Sequence

from benchmarks._plan import HUGE, LARGE, PROFILED, SIZE, Found, Plan
from benchmarks.table import Figure, Runs

AS2 = "AS2, django-pyas2 1.2.3"
FLASH_MS = 250


def figures_of(found: Found, plan: Plan) -> list[Figure]:
    """Everything that was measured, in the order of the table."""
    made: list[Figure] = []
    for kind, words in (("whole", "whole path"), ("line", "in line to receipt")):
        for batch in plan.batches:
            if runs := found.runs(kind, batch):
                beside = found.runs("ceiling", batch)
                made.append(Figure(f"exchange, {words}, batch {batch}", runs, "messages/s", "ceiling", beside))
    peer = AS2 if "as2" in plan.parts else ""
    small = found.runs("as2", SIZE)
    for batch in plan.batches:
        if runs := found.runs("whole", batch):
            made.append(Figure(f"exchange, whole path, batch {batch}", runs, "messages/s", peer, small))
    made += _beside(found) + _files(found, peer) + _peer(found) + _alerts(found)
    for (what, batch), values in found.spent.items():
        if batch == PROFILED:
            made.append(Figure(f"processor time, {what}, batch {batch}", Runs(values), "µs a message"))
    if found.fdatasync:
        made.append(Figure("fdatasync of 4 KiB", Runs(found.fdatasync), "1/s"))
    return made


def _beside(found: Found) -> list[Figure]:
    made = []
    for kind, words, beside, peer in (
        ("two senders", f"two senders to one receiver, batch {PROFILED}", "one sender", "one sender"),
        ("postgres", f"PostgreSQL on both sides, whole path, batch {PROFILED}", "sqlite", "SQLite"),
    ):
        if runs := found.runs(kind, PROFILED):
            made.append(Figure(words, runs, "messages/s", peer, found.runs(beside, PROFILED)))
    return made


def _files(found: Found, peer: str) -> list[Figure]:
    made = []
    if runs := found.runs("files", LARGE):
        made.append(Figure("attachments of 1 MB, file to receipt", runs, "files/s", peer, found.runs("as2", LARGE)))
    if runs := found.runs("files", HUGE):
        made.append(Figure("attachment of 100 MB, file to receipt", Runs([one * 100 for one in runs.values]), "MB/s"))
    return made


def _peer(found: Found) -> list[Figure]:
    return [
        Figure(f"{AS2}, {size:,} bytes, {found.clients[size]} clients", runs, "messages/s")
        for size in (SIZE, LARGE)
        if (runs := found.runs("as2", size))
    ]


def percentile(values: Sequence[float], part: float) -> float:
    """The least value that so large a part of them does not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-round(part * len(ordered) * 1000) // 1000) - 1))]


def _alerts(found: Found) -> list[Figure]:
    made = []
    for kind, words in (("calm", "alone"), ("load", f"under load, batch {PROFILED}")):
        if values := found.alerts.get(kind):
            for part in (0.5, 0.99):
                shown = Runs([1000 * percentile(values, part)])
                made.append(Figure(f"alert to receipt, {words}, p{round(part * 100)}", shown, "ms"))
    if runs := found.runs("flash", PROFILED):
        made.append(Figure("routine messages beside the alerts", runs, "messages/s"))
    return made


def _verdict(what: str, wanted: float, got: float | None, *, most: bool = False) -> list[str]:
    if got is None:
        return []
    reached = got <= wanted if most else got >= wanted
    return [f"Wanted: {what}. {'Reached' if reached else 'Missed'}: {got:,.4g}."]


def _ratio(found: Found, one: tuple[str, int], other: tuple[str, int]) -> float | None:
    over, under = found.runs(*one), found.runs(*other)
    return over.median / under.median if over and under else None


def verdicts(found: Found) -> list[str]:
    """What was wanted, and whether it is so."""
    whole = found.runs("whole", PROFILED)
    path = f"at batch {PROFILED}, whole path"
    alerts = found.alerts.get("load")
    return [
        *_verdict(f"2,000 messages/s or more {path}", 2000, round(whole.median) if whole else None),
        *_verdict(
            f"0.25 of the ceiling or more {path}", 0.25, _ratio(found, ("whole", PROFILED), ("ceiling", PROFILED))
        ),
        *_verdict(f"100 times AS2 or more {path}", 100, _ratio(found, ("whole", PROFILED), ("as2", SIZE))),
        *_verdict("10 times AS2 or more at 1 MB", 10, _ratio(found, ("files", LARGE), ("as2", LARGE))),
        *_verdict(
            f"0.5 of SQLite or more with PostgreSQL {path}",
            0.5,
            _ratio(found, ("postgres", PROFILED), ("sqlite", PROFILED)),
        ),
        *_verdict(
            f"an alert under load receipted within {FLASH_MS} ms, p99",
            FLASH_MS,
            1000 * percentile(alerts, 0.99) if alerts else None,
            most=True,
        ),
    ]


DID = [
    "What each did:",
    "  whole path          The desk judges and writes acts with four-eyes records, 1 commit. They get their indexes,",
    "                      1 commit; the root is signed (Ed25519, ML-DSA-44), the batch sealed (ML-KEM-768 with",
    "                      X25519), posted over TLS. The receiver checks 0 to 10, applies, 1 commit; cosigns. The",
    "                      sender verifies and keeps the receipt, 1 commit.",
    "  in line to receipt  The same without the desk.",
    "  ceiling             Contents written, 1 commit; one HPKE message of the same bytes; same server, client, TLS;",
    "                      contents written, 1 commit. No signature, no parsing, no rule; one table without index.",
    "  alert               Written by a process of its own, as a command line is, into the store of a node whose desk",
    "                      writes and sends routine batches without pause; until that node keeps the receipt.",
    "  attachments         From the file, sealed into the sender's store, to the receiver's signed message that it has",
    "                      the whole file, durable, opened and looked at. Of 1 MB: four officers beside the nodes,",
    "                      each with one file and one act after the other, 48 files ahead of the answers at most.",
    "  AS2                 Each message alone, by a full server on both sides, as shipped: signed, encrypted, posted,",
    "                      verified, decrypted, stored, receipted with a signed MDN, which is verified and stored. In",
    "                      its favour: no TLS, write-ahead log, keys unencrypted, the best of several numbers of",
    "                      clients at once. Its files are not synced to the disk.",
]
