"""Failures on demand, for tests of what is built on a store: crashes at a step, a full disk, a lock that stays.

A plan is given to a store as its fault hook. Run the work once with a plan that only listens, to learn the points it
passes; then once more for each of them, with a plan that crashes there.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from passerelle.store.sqlite import SqliteStore


class Crash(BaseException):
    """The process stops here. Not an Exception: nothing that handles errors may catch it."""


class FaultPlan:
    """A fault hook that raises `error` when `point` (None: any point) is passed for the `nth` time, and once only.

    `FaultPlan()` raises nothing. `passed` are the points in the order they were passed, `counts` how often each was.
    """

    def __init__(
        self, point: str | None = None, nth: int | None = None, error: BaseException | type[BaseException] = Crash
    ) -> None:
        self.passed: list[str] = []
        self.counts: Counter[str] = Counter()
        self._point = point
        self._nth = nth if nth is not None or point is None else 1
        self._error = error
        self._lock = threading.Lock()

    def __call__(self, point: str) -> None:
        with self._lock:
            self.passed.append(point)
            self.counts[point] += 1
            count = len(self.passed) if self._point is None else self.counts[point]
            due = self._point in (None, point) and count == self._nth
        if due:
            raise self._error


@contextmanager
def disk_full(store: SqliteStore) -> Iterator[None]:
    """The store's file cannot grow by a page. Pages that are free within it are still used."""
    store.limit_pages(1)
    try:
        yield
    finally:
        store.limit_pages(None)


@contextmanager
def hold_lock(path: str | Path) -> Iterator[None]:
    """Another program writes to the SQLite file, and does not finish."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
