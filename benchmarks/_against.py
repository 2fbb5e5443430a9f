"""The peer of the exchange: a full AS2 server with the same payloads in the same run."""

from pathlib import Path

from benchmarks import _peers
from benchmarks._children import BenchError, Child, Run
from benchmarks._plan import LARGE, SIZE, Clock, Found, Plan, free_ports
from benchmarks._samples import Acts

AS2 = (
    "django-pyas2==1.2.3",
    "Django==4.2.30",
    "pyas2lib==1.4.3",
    "oscrypto==1.3.0",
    "asn1crypto==1.5.1",
    "gunicorn==23.0.0",
    "requests==2.34.2",
)
_WORKERS = "3"
_CLIENTS = (2, 4, 6)
_INSTALL = 120.0
_NARROW = r"\\b(\\d\\.\\d\\.\\d[a-z]*)\\b"
_WIDE = r"\\b(\\d+\\.\\d+\\.\\d+[a-z]*)\\b"


def widened(site: Path) -> None:
    """Oscrypto reads OpenSSL's version with a pattern of one digit in each place, and so fails at 3.0.19 (Debian 12).

    It has had no release since that says otherwise; so what was installed is changed.
    """
    for path in site.glob("oscrypto/_openssl/_libcrypto_*.py"):
        text = path.read_text("utf-8")
        path.write_text(text.replace(_NARROW, _WIDE), "utf-8")


def measure_as2(place: Run, plan: Plan, found: Found, clock: Clock, *, make: bool) -> None:
    """Whatever goes wrong is noted and nothing more. Of some numbers of clients the best is measured."""
    folder = place.folder / "as2"
    folder.mkdir()
    children: list[Child] = []
    try:
        clock.say(f"{AS2[0]}, in an environment of its own")
        python = _peers.environment("as2", AS2, limit=_INSTALL, make=make, mend=widened)
        (port,) = free_ports(1)
        words = ("receiver", str(folder), str(port), _WORKERS)
        receiver = place.child("as2-receiver", "benchmarks._as2", *words, python=python)
        children.append(receiver)
        receiver.ask("ready")
        sender = place.child("as2-sender", "benchmarks._as2", "sender", str(folder), python=python)
        children.append(sender)
        sender.ask("ready", content=Acts("0" * 64, SIZE, "1/4").body().decode(), large=LARGE)
        for size in (SIZE, LARGE):
            _measure(sender, size, plan, found)
        done = receiver.ask("check")
        if done["others"] or done != sender.ask("check"):
            found.rates.pop(("as2", SIZE), None)
            found.rates.pop(("as2", LARGE), None)
            raise BenchError(f"expected every message on both sides, with its receipt, got {done} at the receiver")
        found.notes.append(f"All {done['done']:,} AS2 messages were found on both sides, with their signed receipts.")
    except BenchError as error:
        found.notes.append(f"AS2 could not be measured: {error}")
    finally:
        place.end(*children)


def _measure(sender: Child, size: int, plan: Plan, found: Found) -> None:
    tried = {
        clients: sender.ask("whole", size=size, clients=clients, ramp=plan.warm, seconds=plan.peer / 2)["rate"]
        for clients in _CLIENTS
    }
    best = found.clients[size] = max(tried, key=lambda clients: tried[clients])
    for _ in range(plan.runs):
        got = sender.ask("whole", size=size, clients=best, ramp=plan.ramp, seconds=plan.peer)
        found.rates["as2", size].append(got["rate"])
