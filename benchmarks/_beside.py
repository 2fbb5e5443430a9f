"""Beside the batches: alerts under load, two senders at once, PostgreSQL. Each on nodes of its own, at batch 100."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks import attachment
from benchmarks._children import BenchError, Child, Run
from benchmarks._files import steady
from benchmarks._pair import make_nodes, make_pair, partners
from benchmarks._plan import HUGE, LARGE, MOST, PROFILED, SIZE, Clock, Found, Plan, free_ports
from benchmarks._postgres import server
from benchmarks._samples import BE, FR, MA

_CALM_ALERTS = 20
_PAUSE = 0.08
_LIMIT = 120.0


class Link:
    """The processes of some senders and of one receiver, `ma`."""

    def __init__(self, place: Run, folder: Path, channels: Mapping[str, str]) -> None:
        self._place = place
        label = folder.name
        self.receiver = place.child(f"{label}-receiver", "benchmarks._serving", str(folder / MA))
        self.receiver.ask("ready")
        self.senders: dict[str, Child] = {}
        for name, channel in channels.items():
            known = (str(folder / name), channel, str(SIZE), str(self.receiver.pid))
            self.senders[name] = place.child(f"{label}-{name}", "benchmarks._desk", *known)
            self.senders[name].ask("ready")
            self.senders[name].ask("begin", batch=PROFILED)

    def warm(self, plan: Plan) -> None:
        for one in self.senders.values():
            one.ask("whole", ramp=plan.warm, seconds=plan.warm, most=MOST)

    def whole(self, plan: Plan) -> float:
        """Messages a second of the first sender, whole path."""
        first = next(iter(self.senders.values()))
        return float(first.ask("whole", ramp=plan.ramp, seconds=plan.whole, most=MOST)["rate"])

    def loaded(self, plan: Plan, *names: str) -> float:
        """Messages a second of these senders together, all writing at once."""
        for name in names:
            self.senders[name].ask("load")
        time.sleep(plan.load)
        return sum(float(self.senders[name].ask("calm")) for name in names)

    def check(self) -> None:
        """Raises BenchError unless all messages were applied once."""
        for name, sender in self.senders.items():
            written = sender.ask("check")["written"]
            kept = self.receiver.ask("check", partner=name)
            if kept != {"applied": written, "refused": 0, "waiting": 0, "withheld": 0}:
                raise BenchError(f"expected {written} messages of {name} applied at the receiver, got {kept}")

    def close(self) -> None:
        self._place.end(self.receiver, *self.senders.values())


def measure_flash(place: Run, plan: Plan, found: Found, clock: Clock) -> None:
    """Alerts that another process writes at the sender's store, without other work and under a full routine load."""
    clock.say("alerts")
    folder = place.folder / "flash"
    folder.mkdir()
    be, ma = free_ports(2)
    channel = make_pair(folder, (be, ma))
    link = Link(place, folder, {BE: channel})
    alerts = place.child("alerts", "benchmarks._alerts", str(folder / BE), channel)
    link.warm(plan)
    found.alerts["calm"] = alerts.ask("write", count=min(_CALM_ALERTS, plan.alerts), pause=_PAUSE, limit=_LIMIT)
    sender = link.senders[BE]
    sender.ask("load")
    time.sleep(plan.ramp)
    found.alerts["load"] = alerts.ask("write", count=plan.alerts, pause=_PAUSE, limit=_LIMIT)
    found.rates["flash", PROFILED].append(sender.ask("calm"))
    link.check()
    place.end(alerts)
    link.close()


def measure_senders(place: Run, plan: Plan, found: Found, clock: Clock) -> None:
    """Two partners' nodes that send to one receiver, one alone and both at once."""
    clock.say("two senders")
    folder = place.folder / "senders"
    folder.mkdir()
    make_nodes(folder, dict(zip((BE, FR, MA), free_ports(3), strict=True)), {})
    link = Link(place, folder, {name: partners(folder, name, MA) for name in (BE, FR)})
    link.warm(plan)
    for _ in range(plan.runs):
        found.rates["one sender", PROFILED].append(link.loaded(plan, BE))
        found.rates["two senders", PROFILED].append(link.loaded(plan, BE, FR))
    link.check()
    link.close()


def measure_attachments(place: Run, plan: Plan, found: Found, clock: Clock) -> None:
    """Files of 1 MB in steady state, and of 100 MB, one after the other: from the file to its answer."""
    clock.say(f"attachments of {LARGE:,} bytes")
    with _beside(place, "files-small") as beside:
        found.rates["files", LARGE] += steady(beside, plan)
    for number in range(plan.huge):
        clock.say(f"attachments of {HUGE:,} bytes")
        with _beside(place, f"files-huge-{number}") as beside:
            found.rates["files", HUGE].append(attachment.measure(beside, HUGE, 1).whole / HUGE)


@contextmanager
def _beside(place: Run, name: str) -> Iterator[Run]:
    """A folder and processes of their own, which are gone afterwards."""
    folder = place.folder / name
    folder.mkdir()
    beside = Run(folder)
    try:
        yield beside
    finally:
        beside.close()
        shutil.rmtree(folder)


def measure_postgres(place: Run, plan: Plan, found: Found, clock: Clock) -> None:
    """The whole path with both stores in PostgreSQL, in turns with the same in SQLite."""
    clock.say("PostgreSQL")
    with server() as url:
        links = {}
        for kind in ("sqlite", "postgres"):
            folder = place.folder / kind
            folder.mkdir()
            stores = [
                f"{url}{'&' if '?' in url else '?'}schema=bench_{name}" if kind == "postgres" else "store.db"
                for name in (BE, MA)
            ]
            be, ma = free_ports(2)
            links[kind] = Link(place, folder, {BE: make_pair(folder, (be, ma), *stores)})
            links[kind].warm(plan)
        for _ in range(plan.runs):
            for kind, link in links.items():
                found.rates[kind, PROFILED].append(link.whole(plan))
        for link in links.values():
            link.check()
            link.close()
