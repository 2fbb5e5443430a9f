"""The exchange between two nodes, batch by batch, beside its ceiling."""

from collections.abc import Sequence
from typing import Any

from benchmarks._children import BenchError, Run
from benchmarks._machine import fdatasync_rate
from benchmarks._pair import make_pair
from benchmarks._plan import MOST, SIZE, Clock, Found, Plan, free_ports
from benchmarks._samples import BE, MA

TOP = 12


class Bench:
    """The processes of one run, and what they are asked."""

    def __init__(self, place: Run, plan: Plan, found: Found, clock: Clock) -> None:
        self._place, self._plan, self._found, self._clock = place, plan, found, clock
        be, ma, top = free_ports(3)
        clock.say("two nodes, partners, an agreement, a channel")
        channel = make_pair(place.folder, (be, ma))
        ceiling = "benchmarks._ceiling"
        self._receiver = place.child("receiver", "benchmarks._serving", str(place.folder / MA))
        known = (str(place.folder / BE), channel, str(SIZE), str(self._receiver.pid))
        self._sender = place.child("sender", "benchmarks._desk", *known)
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
        self._sender.ask("whole", ramp=plan.warm, seconds=plan.warm, most=MOST)
        self._pusher.ask("whole", batch=batch, ramp=plan.warm / 2, seconds=plan.warm / 2, most=MOST)
        for number in range(plan.runs):
            if self._clock.left() < 0:
                found.notes.append(f"Batch {batch}: {number} of {plan.runs} runs, the time for everything was over.")
                break
            before = self._receiver.ask("spent")
            got = self._sender.ask("whole", ramp=plan.ramp, seconds=plan.whole, most=MOST)
            self._keep(batch, got, before, self._receiver.ask("spent"))
            count = max(2 * batch, min(MOST // 2, round(got["rate"] * plan.line)) // batch * batch)
            found.rates["line", batch].append(self._sender.ask("line", count=count)["rate"])
            got = self._pusher.ask("whole", batch=batch, ramp=plan.ramp / 2, seconds=plan.ceiling, most=10 * MOST)
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
        self._sender.ask("whole", ramp=plan.warm, seconds=plan.warm, most=MOST)
        sides = (("receiver", self._receiver), ("sender", self._sender))
        for _, side in sides:
            side.ask("profile")
        written = self._sender.ask("whole", ramp=0.0, seconds=2 * plan.whole, most=MOST)["written"]
        for name, side in sides:
            own, callees = side.ask("top", count=TOP, messages=written)
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
