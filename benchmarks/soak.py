"""Whether a node stays as quick and as small as it was: many messages through two real nodes, tenth by tenth.

    ./run soak [--messages N] [--json]

Two processes of `passerelle serve`, and one of officers that writes acts of 2,048 bytes at the first, a hundred a
transaction. For each tenth of the messages: receipts a second, microseconds of processor time a message and resident
memory of both nodes, size of both stores.

Wanted: the last tenth at 0.9 of the rate of the first or more, and memory flat: none of the two nodes may hold more
than a tenth above what it held after the sixth tenth. Exit code 1 when it is not so. On a machine with other work the
rate says as much of that work as of the nodes; then processor time a message tells which of the two it was.
"""

import os
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from benchmarks import table
from benchmarks._children import BenchError, Run, run
from benchmarks._machine import busy_of, described, memory_of
from benchmarks._pair import make_pair
from benchmarks._plan import SIZE, free_ports
from benchmarks._samples import BE, LANE, MA
from benchmarks._writer import cosigned
from benchmarks.table import Figure, Runs
from passerelle.node import Node
from passerelle.ports.records import MESSAGES

TENTHS = 10
BATCH = 100
RATE, GROWTH = 0.9, 1.1
_SETTLED = 5  # tenths after which all that is kept for speed is full: SQLite keeps pages for each connection
_MEGABYTE = 1 << 20
_LOOK = 0.01
_STUCK = 120.0


@dataclass(frozen=True)
class Tenth:
    """What was seen of one tenth: seconds, processor seconds of both nodes, and bytes at its end."""

    messages: int
    seconds: float
    busy: tuple[float, float]
    memory: tuple[int, int]
    stores: tuple[int, int]

    @property
    def rate(self) -> float:
        return self.messages / self.seconds


@dataclass(frozen=True)
class Verdict:
    """The last tenth beside the first, growth of memory behind what is settled, its slope in bytes a message."""

    rate: float
    growth: tuple[float, float]
    slope: tuple[float, float]

    @property
    def good(self) -> bool:
        return self.rate >= RATE and max(self.growth) <= GROWTH


def judged(tenths: Sequence[Tenth]) -> Verdict:
    """What the tenths say."""
    behind = tenths[_SETTLED:]
    done = [one.messages * number for number, one in enumerate(behind)]
    growth, slope = [], []
    for side in (0, 1):
        held = [float(one.memory[side]) for one in behind]
        growth.append(max(held) / held[0])
        slope.append(statistics.linear_regression(done, held).slope)
    return Verdict(tenths[-1].rate / tenths[0].rate, (growth[0], growth[1]), (slope[0], slope[1]))


class Soak:
    """The two nodes, and what is read of them from outside."""

    def __init__(self, place: Run) -> None:
        self._place = place
        folder = place.folder
        channel = make_pair(folder, tuple(free_ports(2)))  # type: ignore[arg-type]
        self._folders = [folder / name for name in (BE, MA)]
        self._nodes = [place.child(one.name, "passerelle", "serve", str(one), "--json") for one in self._folders]
        for one in self._nodes:
            one.line()
        self._writer = place.child("writer", "benchmarks._writer", str(folder / BE), channel, str(SIZE))

    def _seen(self) -> tuple[tuple[float, ...], tuple[int, ...], tuple[int, ...]]:
        busy = tuple(busy_of(one.pid) or 0.0 for one in self._nodes)
        memory = tuple(memory_of(one.pid) for one in self._nodes)
        stores = tuple(sum(part.stat().st_size for part in one.glob("store.db*")) for one in self._folders)
        return busy, memory, stores

    def measure(self, messages: int, say: Callable[[str], None]) -> list[Tenth]:
        """All tenths. Raises BenchError unless every message was applied."""
        failures: list[BaseException] = []

        def write() -> None:
            try:
                self._writer.ask("write", count=messages, batch=BATCH, limit=messages / 10 + _STUCK)
            except BaseException as error:
                failures.append(error)

        writing = threading.Thread(target=write, daemon=True)
        with closing(Node.open(self._folders[0])) as node:
            first = cosigned(node)
            writing.start()
            tenths = []
            since, before = time.perf_counter(), self._seen()[0]
            for number in range(1, TENTHS + 1):
                self._wait(lambda end=first + messages * number // TENTHS: cosigned(node) >= end, failures)  # type: ignore[misc]
                now = time.perf_counter()
                busy, memory, stores = self._seen()
                spent = (busy[0] - before[0], busy[1] - before[1])
                tenths.append(Tenth(messages // TENTHS, now - since, spent, memory[:2], stores[:2]))  # type: ignore[arg-type]
                say(f"{number} of {TENTHS}: {tenths[-1].rate:,.0f} messages/s")
                since, before = now, busy
        writing.join()
        self._check(messages)
        return tenths

    def _wait(self, done: Callable[[], bool], failures: list[BaseException]) -> None:
        end = time.monotonic() + _STUCK
        while not done():
            if failures:
                raise failures[0]
            if time.monotonic() > end:
                raise BenchError(f"expected a tenth of the messages within {_STUCK:.0f} seconds, got fewer")
            time.sleep(_LOOK)

    def _check(self, messages: int) -> None:
        with closing(Node.open(self._folders[1])) as node:
            there = node.store.read(lambda tx: tx.count(MESSAGES, "by_queue", (BE, "in", LANE, "applied")))
        if there != messages:
            raise BenchError(f"expected {messages} messages applied at the receiver, got {there}")

    def close(self) -> None:
        for one in self._nodes:
            os.kill(one.pid, signal.SIGTERM)
        self._place.end(self._writer, *self._nodes)


def figures_of(tenths: Sequence[Tenth], verdict: Verdict) -> list[Figure]:
    """One line for each thing that was measured of each tenth; the first is its peer in the last."""
    made = []
    for number, one in enumerate(tenths, 1):
        first = Runs([tenths[0].rate]) if number == len(tenths) else None
        name = "the first tenth" if first else ""
        made.append(Figure(f"tenth {number}, receipts", Runs([one.rate]), "messages/s", name, first))
    for side, words in enumerate(("sender", "receiver")):
        for number, one in enumerate(tenths, 1):
            spent = Runs([one.busy[side] / one.messages * 1e6])
            made.append(Figure(f"tenth {number}, {words}, processor time", spent, "µs a message"))
        for number, one in enumerate(tenths, 1):
            made.append(Figure(f"tenth {number}, {words}, memory", Runs([one.memory[side] / _MEGABYTE]), "MiB"))
        slope = Runs([verdict.slope[side] * 100_000 / _MEGABYTE])
        made.append(Figure(f"{words}, memory, slope behind tenth {_SETTLED + 1}", slope, "MiB in 100,000"))
        made.append(Figure(f"{words}, store at the end", Runs([tenths[-1].stores[side] / _MEGABYTE]), "MiB"))
    return made


def words_of(verdict: Verdict) -> list[str]:
    """What was wanted, and whether it is so."""
    rate = "Reached" if verdict.rate >= RATE else "Missed"
    flat = "Reached" if max(verdict.growth) <= GROWTH else "Missed"
    both = " and ".join(f"{one:.3f}" for one in verdict.growth)
    return [
        f"Wanted: the last tenth at {RATE} of the rate of the first or more. {rate}: {verdict.rate:.3f}.",
        f"Wanted: memory at most {GROWTH} of what it was after tenth {_SETTLED + 1}. {flat}: {both}.",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = table.parser((__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=200_000, help="in all (at least 1,000)")
    asked = parser.parse_args(arguments)
    messages = 20_000 if asked.quick else asked.messages
    if messages < 1000:
        parser.error(f"--messages: expected 1000 or more, got {messages}")
    machine = described()

    def say(words: str) -> None:
        if sys.stderr.isatty():
            print(f"… {words}", file=sys.stderr)

    try:
        with run() as place:
            soak = Soak(place)
            tenths = soak.measure(messages, say)
            soak.close()
    except BenchError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("soak: stopped", file=sys.stderr)
        return 130
    verdict = judged(tenths)
    title = f"{messages:,} messages between two nodes"
    table.show(figures_of(tenths, verdict), title=title, before=[machine], notes=words_of(verdict), as_json=asked.json)
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
