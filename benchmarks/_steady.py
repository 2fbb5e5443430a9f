"""A window in the middle of a steady stream of receipts: what came before it and after it is not counted."""

import asyncio
import os
import time
from typing import Any

from benchmarks._machine import busy_of


class Window:
    """Opens at the first receipt behind `ramp` seconds, closes at the first one behind `seconds` more that is at least
    the third, or when `most` messages have passed. `pids` are the processes whose processor time is counted.
    """

    def __init__(self, ramp: float, seconds: float, most: int, **pids: int) -> None:
        self._ramp, self._seconds, self._most = ramp, seconds, most
        self._pids = {"sender": os.getpid()} | pids
        self._start = time.perf_counter()
        self._opened: tuple[float, int, dict[str, float | None]] | None = None
        self._receipts = 0
        self.closed = asyncio.Event()
        self.result: dict[str, Any] = {}

    def _busy(self) -> dict[str, float | None]:
        return {name: busy_of(pid) for name, pid in self._pids.items()}

    def receipt(self, count: int) -> None:
        """So many messages in all are receipted now."""
        now = time.perf_counter()
        if self.closed.is_set():
            return
        self._receipts += 1
        if self._opened is None:
            if now - self._start >= self._ramp and self._receipts >= 2:
                self._opened = (now, count, self._busy())
                self._receipts = 0
            return
        since, before, busy = self._opened
        enough = now - since >= self._seconds and self._receipts >= 3
        if count > before and (enough or count >= self._most):
            messages, seconds = count - before, now - since
            spent = {}
            for name, used in self._busy().items():
                first = busy[name]
                spent[name] = None if used is None or first is None else (used - first) / messages
            self.result = {"messages": messages, "seconds": seconds, "rate": messages / seconds, "busy": spent}
            self.closed.set()
