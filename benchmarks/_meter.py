"""How long named calls take in a process, and what they spend it on."""

import cProfile
import pstats
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Meter:
    """Processor time of named calls; while `profiling`, one after the other under cProfile.

    Before Python 3.12 a profile is of the calls alone; from then on it is of what other threads do meanwhile, too.
    """

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.profile: cProfile.Profile | None = None
        self._turn = threading.Lock()

    def call(self, name: str, work: Callable[..., T], *arguments: Any) -> T:
        profile = self.profile
        if profile is not None:
            with self._turn:
                return profile.runcall(work, *arguments)
        start = time.thread_time()
        try:
            return work(*arguments)
        finally:
            self.spent[name] += time.thread_time() - start

    def top(self, count: int, messages: int) -> tuple[list[list[Any]], list[list[Any]]]:
        """The functions that took most by themselves, and those of the project that took most with their callees.

        Of each: name, calls, own and whole microseconds, all for one message.
        """
        assert self.profile is not None
        found = [
            [_function(where), calls / messages, own * 1e6 / messages, whole * 1e6 / messages, "passerelle" in where[0]]
            for where, (_, calls, own, whole, _) in pstats.Stats(self.profile).stats.items()  # type: ignore[attr-defined]
        ]
        self.profile = None
        by_own = sorted(found, key=lambda row: row[2], reverse=True)[:count]
        by_whole = sorted((row for row in found if row[4]), key=lambda row: row[3], reverse=True)[:count]
        return [row[:4] for row in by_own], [row[:4] for row in by_whole]


def _function(where: tuple[str, int, str]) -> str:
    path, line, name = where
    if path == "~":
        return name
    parts = Path(path).parts
    return f"{'/'.join(parts[-2:])}:{line} {name}"
