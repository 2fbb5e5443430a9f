"""What the benchmark of the exchange measures, for how long, and what it found."""

import socket
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.table import Runs

SIZE = 2048
LARGE = 1_000_000
HUGE = 100_000_000
PROFILED = 100
"""The batch size at which everything beside the batches themselves is measured."""
MOST = 20_000

PARTS = ("batches", "flash", "senders", "postgres", "attachments", "as2")


@dataclass(frozen=True)
class Plan:
    """How long everything is. Times in seconds; `ramp` is waited for before a window opens."""

    batches: tuple[int, ...] = (1, 10, 100, 1000)
    parts: tuple[str, ...] = PARTS
    runs: int = 3
    ramp: float = 0.5
    whole: float = 2.0
    line: float = 1.5
    ceiling: float = 0.8
    load: float = 3.0
    alerts: int = 200
    huge: int = 2
    peer: float = 3.0
    warm: float = 0.5
    fdatasync: float = 0.4
    all: float = 330.0


QUICK = Plan((1, 100), PARTS, 3, 0.15, 0.6, 0.4, 0.3, 0.8, 30, 0, 0.8, 0.2, 0.2, 40.0)


@dataclass
class Found:
    """What was measured: runs by kind and batch size (or bytes), and microseconds of processor time a message."""

    rates: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    spent: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    fdatasync: list[float] = field(default_factory=list)
    alerts: dict[str, list[float]] = field(default_factory=dict)
    clients: dict[int, int] = field(default_factory=dict)
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
