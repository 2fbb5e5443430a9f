"""Seconds to verify a whole log, from its file and in the store, beside hashing its leaves and nothing else.

    ./run bench verify            # a log of 1,000,000 entries, in SQLite
    ./run bench verify --quick    # 50,000

- *file*: `passerelle verify FILE --trust … --trust …` in a process of its own, from its start to its end: every leaf
  looked at and hashed, the root, all signatures. Memory is the most that this process had resident;
- *written*: `passerelle evidence log` without the start of the process: read from the store, hashed, written;
- *store*: what `passerelle doctor` does to a log: every leaf parsed and hashed, held against the hashes that are stored
  beside it, and its message looked up;
- *bare hashing*, the limit: one SHA-256 over each leaf and one over each pair, all in memory, nothing looked at.

The log is signed and cosigned; one file with a leaf changed is verified first, and must fail.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.table import Figure, Runs, parser, show
from passerelle.core.clock import ManualClock, from_iso
from passerelle.dossiers.types import Catalogue
from passerelle.exchange import rotation
from passerelle.exchange.context import Context
from passerelle.identity import identity as identities
from passerelle.identity import keys
from passerelle.identity.identity import Identity
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry, merkle
from passerelle.oversight import evidence_log, logs
from passerelle.ports.records import ENTRIES, LOGS, MESSAGES, PARTNERS, Entry, Log, Message, Partner
from passerelle.store import open_store

NOW = from_iso("2026-11-21T12:00:00Z")
ORIGIN = checkpoints.origin("be", "ma", "routine", 1)
PAGE = 5000
SOURCE = Path(__file__).parents[1] / "src"


def _node(name: str, country: str, zone: str) -> tuple[keys.NodeKeys, Identity]:
    own = keys.NodeKeys(name, keys.generate(name))
    return own, identities.make(own, country=country, languages=("fr",), timezone=zone, endpoints=(), tls="0" * 64)


def _rows(count: int, tree: merkle.Tree) -> Iterator[tuple[list[Entry], list[Message]]]:
    for begin in range(0, count, PAGE):
        entries, messages = [], []
        for index in range(begin, min(begin + PAGE, count)):
            name = f"{NOW + index:012x}"
            name = f"{name[:8]}-{name[8:]}-7000-8000-{index:012x}"
            commitment = sha256(name.encode()).digest()
            leaf = entry.Leaf(ORIGIN, index, NOW + index, name, 2048, commitment).encode()
            entries.append(Entry(origin=ORIGIN, index=index, leaf=leaf, nodes=tree.append(leaf), message=name))
            place: dict[str, Any] = {"origin": ORIGIN, "index": index, "time": NOW + index, "position": index}
            row = Message(name, "ma", "out", "routine", "act", "sequenced", size=2048, commitment=commitment, **place)
            messages.append(row)
        yield entries, messages


def make(folder: Path, count: int) -> tuple[Context, Identity, Log]:
    """A node in SQLite with one log of so many entries, received by its partner; and both identity files."""
    own, be = _node("be", "BE", "Europe/Brussels")
    theirs, ma = _node("ma", "MA", "Africa/Casablanca")
    for one in (be, ma):
        (folder / f"{one.name}.json").write_bytes(one.body)
    store = open_store(str(folder / "store.db"))
    ctx = Context(name="be", keys=own, store=store, clock=ManualClock(NOW + count), catalogue=Catalogue.load())
    partner = Partner("ma", ma.body, ma.fingerprint, "confirmed", NOW, NOW, "bench")
    store.write("bench.node", lambda tx: (rotation.first(tx, be, NOW, "bench"), tx.put(PARTNERS, [partner])))
    tree = merkle.Tree()
    for entries, messages in _rows(count, tree):
        store.write("bench.rows", lambda tx, e=entries, m=messages: (tx.add(ENTRIES, e), tx.add(MESSAGES, m)))
    held = checkpoints.sign(own.log, ORIGIN, count, tree.root())
    seconds = (NOW + count) // 1000
    receipt = checkpoints.with_signatures(held, checkpoints.cosign(theirs.receipt, held, seconds))
    log = Log(
        ORIGIN,
        "ma",
        "out",
        "routine",
        1,
        size=count,
        frontier=tree.frontier,
        last_time=NOW + count - 1,
        cosigned=count,
        receipt=str(receipt),
    )
    store.write("bench.log", lambda tx: tx.put(LOGS, [log]))
    return ctx, be, log


# The most that the process itself had resident: the usual figure counts what stood in its place before its start.
_RUN = """
import sys
from passerelle.cli.app import run
code = run(sys.argv[1:])
status = open("/proc/self/status").read()
print(status.partition("VmHWM:")[2].split()[0], file=sys.stderr)
sys.exit(code)
"""


def verified(folder: Path, file: Path, code: int = 0) -> tuple[float, float]:
    """Seconds and MiB of `passerelle verify` in a process of its own."""
    trust = [part for name in ("be", "ma") for part in ("--trust", str(folder / f"{name}.json"))]
    command = [sys.executable, "-c", _RUN, "verify", str(file), *trust, "--json"]
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode != code:
        raise SystemExit(f"expected code {code}, got {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}")
    return seconds, int(done.stderr.split()[-1]) / 1024


def hashed(leaves: list[bytes]) -> float:
    """Seconds to hash a tree, and nothing else."""
    begun = time.perf_counter()
    nodes = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(nodes) > 1:
        odd = nodes[len(nodes) // 2 * 2 :]
        pairs = iter(nodes)
        nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)] + odd
    return time.perf_counter() - begun


def spoiled(file: Path) -> Path:
    """The file with one byte of a leaf in the middle changed."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    made = file.with_suffix(".spoiled")
    made.write_bytes(data)
    return made


def measure(folder: Path, count: int, runs: int) -> tuple[list[Figure], list[str]]:
    ctx, own, log = make(folder, count)
    file = folder / "routine.log"
    begun = time.perf_counter()
    with file.open("wb") as out:
        evidence_log.write(ctx, own, log, out, "bench", lambda done, of: None)
    written = time.perf_counter() - begun
    verified(folder, spoiled(file), code=1)
    found = [verified(folder, file) for _ in range(runs)]
    checked = []
    for _ in range(runs):
        begun = time.perf_counter()
        if wrong := logs.damage(ctx.store, log):
            raise SystemExit(wrong)
        checked.append(time.perf_counter() - begun)
    leaves = [one.leaf for at in range(0, count, PAGE) for one in _page(ctx, at)]
    limit = Runs([hashed(leaves) for _ in range(runs)])
    ctx.store.close()
    peer = "bare hashing"
    figures = [
        Figure(
            "verify the file",
            Runs([seconds for seconds, _ in found]),
            "s",
            peer=peer,
            beside=limit,
            less_is_better=True,
        ),
        Figure("memory of it", Runs([size for _, size in found]), "MiB", less_is_better=True),
        Figure("write the file", Runs([written]), "s", peer=peer, beside=limit, less_is_better=True),
        Figure("check the store", Runs(checked), "s", peer=peer, beside=limit, less_is_better=True),
    ]
    return figures, [f"{count:,} entries, {file.stat().st_size / 1e6:.0f} MB"]


def _page(ctx: Context, at: int) -> list[Entry]:
    return ctx.store.read(lambda tx: tx.scan(ENTRIES, "key", (ORIGIN,), after=(at - 1,), limit=PAGE))


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser("Seconds to verify a whole log.")
    options.add_argument("--entries", type=int, default=0, help="entries of the log")
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args(arguments)
    count = given.entries or (50_000 if given.quick else 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        figures, notes = measure(Path(folder), count, given.runs)
    show(figures, title="A whole log", notes=notes, as_json=given.json)


if __name__ == "__main__":
    main()
