"""How many messages a second two nodes exchange, beside what the machine allows and beside a peer.

    ./run bench exchange [--json] [--quick] [--profile] [--batch N ...] [--runs N] [--no-peer]

Measured, for batches of 1, 10, 100 and 1,000 messages, each an opening act of 2,048 bytes in a dossier of its own:

- whole path: from the sender's desk to the receipt it keeps, in steady state: the desk writes the next batch while one
  is on its way;
- in line to receipt: messages that are written already, from the first index to the last receipt;
- ceiling: the same bytes between two processes and files without anything of the product (see `_ceiling`);
- AS4: the same content by the Python package `as4` (see `_as4`), one message a request.

Rules kept here:
- every process is a real one, every byte passes TLS over loopback, every commit waits for the disk;
- runs of what is compared take turns, so that what else the machine does falls on both; the first run of each is a
  warm-up and is not counted; shown is the median with the lowest and the highest run;
- at the end both stores are asked: every message sent must have been applied, once, none refused; else it is an error;
- everything is bounded in count and time; a peer that cannot be installed is left empty and fails nothing.
"""

import socket
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks import _peers, table
from benchmarks._children import BenchError, Child, Run, run
from benchmarks._machine import described, fdatasync_rate
from benchmarks._nodes import make_pair
from benchmarks._samples import BE, MA, Acts
from benchmarks.table import Figure, Runs

SIZE = 2048
AS4 = "as4==0.2.0"
_AS4_NAME = "as4 0.2.0, 1 a request"
_AS4_THREADS = 4  # more of them gained nothing
PROFILED = 100
_TOP = 12
_MOST = 20_000


@dataclass(frozen=True)
class Plan:
    """How long everything is. Times in seconds; `ramp` is waited for before a window opens."""

    batches: tuple[int, ...] = (1, 10, 100, 1000)
    runs: int = 3
    ramp: float = 0.5
    whole: float = 2.0
    line: float = 1.5
    ceiling: float = 0.8
    as4: float = 2.0
    warm: float = 0.5
    fdatasync: float = 0.4
    all: float = 220.0


QUICK = Plan((1, 100), 3, 0.15, 0.6, 0.4, 0.3, 0.6, 0.2, 0.2, 24.0)


@dataclass
class Found:
    """What was measured: runs by kind and batch size, and microseconds of processor time a message."""

    rates: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    spent: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    fdatasync: list[float] = field(default_factory=list)
    as4: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    sealed: dict[int, int] = field(default_factory=dict)

    def runs(self, kind: str, batch: int) -> Runs | None:
        values = self.rates.get((kind, batch))
        return Runs(values) if values else None


class Clock:
    """What is left of the time for everything."""

    def __init__(self, seconds: float, say: Callable[[str], None]) -> None:
        self._end = time.monotonic() + seconds
        self.say = say

    def left(self) -> float:
        return self._end - time.monotonic()


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


# ---- the exchange and its ceiling ------------------------------------------------------------------------------------


class Bench:
    """The processes of one run, and what they are asked."""

    def __init__(self, place: Run, plan: Plan, found: Found, clock: Clock) -> None:
        self._place, self._plan, self._found, self._clock = place, plan, found, clock
        be, ma, top = free_ports(3)
        clock.say("two nodes, partners, an agreement, a channel")
        channel = make_pair(place.folder, (be, ma))
        nodes, ceiling = "benchmarks._nodes", "benchmarks._ceiling"
        self._receiver = place.child("receiver", nodes, "receiver", str(place.folder / MA))
        known = (str(place.folder / BE), channel, str(SIZE), str(self._receiver.pid))
        self._sender = place.child("sender", nodes, "sender", *known)
        self._shelf = place.child("ceiling-receiver", ceiling, "receiver", str(place.folder), str(top), str(SIZE))
        self._pusher = place.child("ceiling-sender", ceiling, "sender", str(place.folder), str(top), str(SIZE))
        self._receiver.ask("ready")
        self._pusher.ask("ready", **self._shelf.ask("ready"))
        self._sender.ask("ready")

    def measure(self, batch: int) -> None:
        """All runs of one batch size."""
        plan, found = self._plan, self._found
        self._clock.say(f"batch {batch}")
        found.fdatasync.append(fdatasync_rate(self._place.folder, plan.fdatasync))
        self._sender.ask("begin", batch=batch)
        self._sender.ask("whole", ramp=plan.warm, seconds=plan.warm, most=_MOST)
        self._pusher.ask("whole", batch=batch, ramp=plan.warm / 2, seconds=plan.warm / 2, most=_MOST)
        for number in range(plan.runs):
            if self._clock.left() < 0:
                found.notes.append(f"Batch {batch}: {number} of {plan.runs} runs, the time for everything was over.")
                break
            before = self._receiver.ask("spent")
            got = self._sender.ask("whole", ramp=plan.ramp, seconds=plan.whole, most=_MOST)
            self._keep(batch, got, before, self._receiver.ask("spent"))
            count = max(2 * batch, min(_MOST // 2, round(got["rate"] * plan.line)) // batch * batch)
            found.rates["line", batch].append(self._sender.ask("line", count=count)["rate"])
            got = self._pusher.ask("whole", batch=batch, ramp=plan.ramp / 2, seconds=plan.ceiling, most=10 * _MOST)
            found.rates["ceiling", batch].append(got["rate"])
            found.sealed[batch] = got["bytes"]

    def _keep(self, batch: int, got: dict[str, Any], before: dict[str, float], after: dict[str, float]) -> None:
        found, spent = self._found, self._found.spent
        found.rates["whole", batch].append(got["rate"])
        calls = {
            "sender": got["spent"],
            "receiver": {name: (taken - before.get(name, 0.0)) / got["written"] for name, taken in after.items()},
        }
        for side, busy in got["busy"].items():
            for name, seconds in calls[side].items():
                spent[f"{side}: {name}", batch].append(seconds * 1e6)
            if busy is not None:
                rest = max(0.0, busy - sum(calls[side].values()))
                spent[f"{side}: HTTP, TLS, pumps", batch].append(rest * 1e6)

    def profile(self, batch: int) -> None:
        """A run of its own under cProfile; its rate counts for nothing."""
        plan = self._plan
        self._clock.say("profile")
        self._sender.ask("begin", batch=batch)
        self._sender.ask("whole", ramp=plan.warm, seconds=plan.warm, most=_MOST)
        sides = (("receiver", self._receiver), ("sender", self._sender))
        for _, side in sides:
            side.ask("profile")
        written = self._sender.ask("whole", ramp=0.0, seconds=2 * plan.whole, most=_MOST)["written"]
        for name, side in sides:
            own, callees = side.ask("top", count=_TOP, messages=written)
            self._found.profiles += profile_lines(f"{name} at batch {batch}, by own time", own)
            self._found.profiles += profile_lines(f"{name} at batch {batch}, of the project by all time", callees)

    def check(self) -> None:
        """Raises BenchError unless all messages were applied once and all were of the size."""
        sent, kept = self._sender.ask("check"), self._receiver.ask("check")
        if kept != {"applied": sent["written"], "refused": 0, "waiting": 0, "withheld": 0}:
            raise BenchError(f"expected {sent['written']} messages applied at the receiver, got {kept}")
        if sent["sizes"] != [SIZE]:
            raise BenchError(f"expected contents of {SIZE} bytes, got {sent['sizes']}")
        self._found.notes.append(f"All {sent['written']:,} messages were found applied in the receiver's store.")
        self._found.notes += [f"The sender's service said: {trouble}" for trouble in sent["troubles"]]

    def close(self) -> None:
        self._place.end(self._receiver, self._sender, self._shelf, self._pusher)


def profile_lines(title: str, rows: Sequence[Sequence[Any]]) -> list[str]:
    """What cProfile says, as lines. Under the profiler everything takes longer, small calls most."""
    cells = [("own µs", "with callees", "calls", "function")]
    cells += [(f"{own:.1f}", f"{whole:.1f}", f"{calls:.2f}", name) for name, calls, own, whole in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(3)]
    made = ["  ".join([*(c.rjust(w) for c, w in zip(row, widths, strict=False)), row[3]]) for row in cells]
    return ["", f"{title}, for one message", *made]


# ---- the peer --------------------------------------------------------------------------------------------------------


def measure_as4(place: Run, plan: Plan, found: Found, clock: Clock, *, make: bool) -> None:
    """The same contents by the package `as4`. Whatever goes wrong is noted and nothing more."""
    folder = place.folder / "as4"
    folder.mkdir()
    children: list[Child] = []
    try:
        clock.say(f"{AS4}, in an environment of its own")
        python = _peers.environment("as4", AS4, limit=max(1.0, min(90.0, clock.left())), make=make)
        receiver = place.child("as4-receiver", "benchmarks._as4", "receiver", str(folder), python=python)
        children.append(receiver)
        port = receiver.ask("ready")
        sender = place.child("as4-sender", "benchmarks._as4", "sender", str(folder), python=python)
        children.append(sender)
        sender.ask("ready", port=port, content=Acts("0" * 64, SIZE, "1/4").body().decode())
        receiver.ask("trust")
        asked = {"most": _MOST, "threads": _AS4_THREADS}
        sender.ask("whole", ramp=0.0, seconds=plan.warm, **asked)
        for _ in range(plan.runs):
            if clock.left() < 0:
                break
            found.as4.append(sender.ask("whole", ramp=plan.ramp / 2, seconds=plan.as4, **asked)["rate"])
        if receiver.ask("check") != sender.ask("check"):
            found.as4.clear()
            raise BenchError("expected as many messages kept on both sides, got others")
    except BenchError as error:
        found.notes.append(f"as4 could not be measured: {error}")
    finally:
        place.end(*children)


# ---- what is printed -------------------------------------------------------------------------------------------------


def figures_of(found: Found, plan: Plan) -> list[Figure]:
    """Everything that was measured, in the order of the table."""
    made: list[Figure] = []
    as4 = Runs(found.as4) if found.as4 else None
    kinds = (("whole", "whole path"), ("line", "in line to receipt"))
    for kind, words in kinds:
        for batch in plan.batches:
            if runs := found.runs(kind, batch):
                beside = found.runs("ceiling", batch)
                made.append(Figure(f"exchange, {words}, batch {batch}", runs, "messages/s", "ceiling", beside))
    for batch in plan.batches:
        if runs := found.runs("whole", batch):
            made.append(Figure(f"exchange, whole path, batch {batch}", runs, "messages/s", _AS4_NAME, as4))
    for (what, batch), values in found.spent.items():
        if batch == PROFILED:
            made.append(Figure(f"processor time, {what}, batch {batch}", Runs(values), "µs a message"))
    if found.fdatasync:
        made.append(Figure("fdatasync of 4 KiB", Runs(found.fdatasync), "1/s"))
    return made


def verdicts(found: Found) -> list[str]:
    """What was wanted, and whether it is so."""
    whole, ceiling = found.runs("whole", 100), found.runs("ceiling", 100)
    if whole is None or ceiling is None:
        return []

    def words(got: float, wanted: float, text: str) -> str:
        return f"Wanted: {text} at batch 100, whole path. {'Reached' if got >= wanted else 'Missed'}: {got:,.4g}."

    return [
        words(round(whole.median), 2000, "2,000 messages/s or more"),
        words(whole.median / ceiling.median, 0.25, "0.25 of the ceiling or more"),
    ]


DID = [
    "What each did for a batch:",
    "  whole path          The desk judges and writes acts with four-eyes records, 1 commit. They get their indexes,",
    "                      1 commit; the root is signed (Ed25519, ML-DSA-44), the batch sealed (ML-KEM-768 with",
    "                      X25519), posted over TLS. The receiver checks 0 to 10, applies, 1 commit; cosigns. The",
    "                      sender verifies and keeps the receipt, 1 commit.",
    "  in line to receipt  The same without the desk.",
    "  ceiling             Contents written, 1 commit; one HPKE message of the same bytes; same server, client, TLS;",
    "                      contents written, 1 commit. No signature, no parsing, no rule; one table without index.",
    "  as4                 Each message alone, by the package: built, signed, compressed, encrypted; parsed, verified,",
    "                      decrypted, receipted; receipt verified. Added, since it has neither: HTTPS of the standard",
    f"                      library, {_AS4_THREADS} open connections; SQLite, 1 commit a message on each side.",
]


def parsed(arguments: Sequence[str] | None = None) -> tuple[Plan, Any]:
    """The plan that the arguments say."""
    parser = table.parser((__doc__ or "").partition("\n")[0])
    parser.add_argument("--profile", action="store_true", help="one more run at batch 100 under cProfile, both sides")
    parser.add_argument("--batch", type=int, action="append", metavar="N", help="a batch size, 1 to 1000; repeatable")
    parser.add_argument("--runs", type=int, metavar="N", help="runs that count, 3 to 9 (default: 3)")
    parser.add_argument("--no-peer", action="store_true", help="leave as4 out")
    asked = parser.parse_args(arguments)
    for batch in asked.batch or ():
        if not 1 <= batch <= 1000:
            parser.error(f"--batch: expected 1 to 1000, got {batch}")
    if asked.runs is not None and not 3 <= asked.runs <= 9:
        parser.error(f"--runs: expected 3 to 9, got {asked.runs}")
    plan = QUICK if asked.quick else Plan()
    changes: dict[str, Any] = {}
    if asked.batch:
        changes["batches"] = tuple(dict.fromkeys(asked.batch))
    if asked.runs:
        changes["runs"] = asked.runs
    return Plan(**(vars(plan) | changes)), asked


def main(arguments: Sequence[str] | None = None) -> int:
    plan, asked = parsed(arguments)
    found = Found()
    machine = described()
    clock = Clock(plan.all, lambda words: print(f"… {words}", file=sys.stderr) if sys.stderr.isatty() else None)
    try:
        with run() as place:
            bench = Bench(place, plan, found, clock)
            for batch in plan.batches:
                bench.measure(batch)
            if asked.profile:
                bench.profile(PROFILED)
            found.fdatasync.append(fdatasync_rate(place.folder, plan.fdatasync))
            bench.check()
            bench.close()
            if not asked.no_peer:
                measure_as4(place, plan, found, clock, make=not asked.quick)
    except BenchError as error:
        print(f"bench exchange: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench exchange: stopped", file=sys.stderr)
        return 130
    sealed = "; ".join(f"{batch}: {size:,} bytes" for batch, size in sorted(found.sealed.items()))
    disk = Runs(found.fdatasync)
    before = [
        machine,
        f"fdatasync {table.number(disk.median)}/s ({disk.spread}), measured between the batches",
        f"content of a message {SIZE:,} bytes; sealed batch of {sealed}",
        f"median of {plan.runs} runs after a warm-up",
    ]
    notes = [*verdicts(found), *found.notes, "", *DID]
    figures = figures_of(found, plan)
    table.show(figures, title="Exchange between two nodes", before=before, notes=notes, as_json=asked.json)
    if found.profiles:
        print("\n".join(found.profiles), file=sys.stderr if asked.json else sys.stdout)
    return 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
