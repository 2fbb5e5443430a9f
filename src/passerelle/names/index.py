"""An index of the names of a list: who of a million is nearest to a name, in a thousandth of a second.

Rules kept here:
- an index is derived: it holds ids and coded names, nothing else, and can be made anew from the list at any time. It is
  personal data all the same: its owner alone reads it, and what is removed from it is gone from its files;
- it changes whole or not at all: a new part is durable before `index.json` names it, and the old one goes after that.
  Who has it open goes on with the old one;
- who opens it while it changes gets the new one; who changes it from a state that is not the current one is refused;
- an index that another version of the reading has made is not opened but made anew (`StaleIndexError`): it would find
  other persons than the comparison sees.
"""

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path

import numpy as np

from passerelle.core import durable
from passerelle.core.errors import InputError, StateError
from passerelle.names.block import Block
from passerelle.names.comparing import scored
from passerelle.names.segment import Array, Segment

Item = tuple[str, Sequence[str]]
Progress = Callable[[int], None]
_FILE = "index.json"
_FORMAT = 1
_STEP = 10_000
_HALF = re.compile("[\ud800-\udfff]")
"""Surrogates, which stand for nothing alone: no text that can be written holds one."""
MOST_NAMES = 40
"""Names of a question that are searched."""


_MADE_WITH = (
    *("data/weights.json", "data/tables.toml"),
    *("script.py", "reading.py", "symbols.py", "skeleton.py", "keys.py", "block.py", "segment.py"),
)


class StaleIndexError(StateError):
    """The index was made by another version; it has to be made anew."""


@cache
def version() -> str:
    """What an index must have been made with: the form of its files, how names are read, and the tables of both."""
    made = sha256(str(_FORMAT).encode())
    for name in _MADE_WITH:
        made.update(resources.files("passerelle.names").joinpath(name).read_bytes())
    return made.hexdigest()[:32]


class Index:
    """An index in a folder, open. Searches may come from several threads; they wait for one another."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder, self._number = folder, number
        self._lock = threading.Lock()
        self._part = Segment.open(folder / f"part-{number}")

    @classmethod
    def build(cls, folder: Path, items: Iterable[Item], *, progress: Progress | None = None) -> "Index":
        """Makes the index anew in a folder, which is made when it is not there. `progress` is told how many persons
        are read.

        Raises InputError when an id comes twice, OSError.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = _written(folder)[0] + 1
        _put(folder, number, Segment.made(_counted(items, progress)))
        return cls(folder, number)

    @classmethod
    def open(cls, folder: Path) -> "Index":
        """The index in a folder. Raises StaleIndexError when there is none of this version, or it is damaged."""
        while True:
            number, made = _written(folder)
            if made != version():
                raise StaleIndexError
            try:
                return cls(folder, number)
            except (OSError, ValueError) as error:
                if _written(folder)[0] == number:  # else it changed meanwhile, and the new part is there
                    raise StaleIndexError(
                        f"expected a whole index in {folder.name}, got {type(error).__name__}"
                    ) from None

    def __len__(self) -> int:
        return len(self._part)

    def __contains__(self, one: object) -> bool:
        return isinstance(one, str) and not _HALF.search(one) and self._part.row(one) >= 0

    def search(self, texts: Sequence[str], top: int) -> list[tuple[str, float]]:
        """The ids nearest to a person's names, at most `top`, best first, with the score of `compare`; equal ones by
        id.

        At most `MOST_NAMES` names are searched.
        """
        asked = Block([texts[:MOST_NAMES]])
        with self._lock:
            found = [self._part.search(asked, name) for name in range(len(asked.starts) - 1)]
            if not found:
                return []
            rows, scores = (np.concatenate([each[side] for each in found]) for side in (0, 1))
            order = np.argsort(-scores, kind="stable")
            best: dict[int, float] = {}
            last = None
            for place in order.tolist():
                if len(best) >= top and scores[place] != last:
                    break
                best.setdefault(int(rows[place]), float(scores[place]))
                last = scores[place]
            named = [(self._part.id(row), float(scored(value))) for row, value in best.items()]
        return sorted(named, key=lambda hit: (-hit[1], hit[0]))[:top]

    def update(self, items: Iterable[Item], removed: Iterable[str] = ()) -> "Index":
        """The index with some persons added or replaced, and some removed; unknown ids to remove are no error.

        Raises InputError when an id comes twice among the items, StateError when the folder holds another state than
        the one that is open here, OSError; then the index is as it was. One process at a time changes a folder.
        """
        if _written(self._folder)[0] != self._number:
            raise StateError("index: expected the one that was opened, got one that has changed since: open it again")
        more = Segment.made(_counted(items, None))
        added = Segment(more)
        rows = {self._part.row(one) for one in (*removed, *added.ids()) if one in self}
        whole = self._part.with_more(rows, more) if len(added) else self._part.without(rows)
        _put(self._folder, self._number + 1, whole)
        return Index(self._folder, self._number + 1)


def _written(folder: Path) -> tuple[int, str]:
    """The number of the part that is current, 0 for none, and what it was made with."""
    try:
        written = json.loads((folder / _FILE).read_bytes())
        return int(written["part"]), str(written["version"])
    except (OSError, ValueError, KeyError, TypeError):
        numbers = [int(path.name[5:]) for path in folder.glob("part-*") if path.name[5:].isdigit()]
        return max(numbers, default=0), ""


def _put(folder: Path, number: int, arrays: dict[str, Array]) -> None:
    place = folder / f"part-{number}"
    shutil.rmtree(place, ignore_errors=True)  # what a stop left
    Segment.write(place, arrays)
    durable.replace(folder / _FILE, json.dumps({"part": number, "version": version()}).encode(), 0o600)
    for old in folder.glob("part-*"):
        if old != place:
            shutil.rmtree(old, ignore_errors=True)


def _counted(items: Iterable[Item], progress: Progress | None) -> Iterator[Item]:
    seen: set[str] = set()
    for one, texts in items:
        if one in seen:
            raise InputError(f"index: expected each id once, got {one[:40]!r} twice")
        if not one.isascii() and _HALF.search(one):
            raise InputError(f"index: expected an id in Unicode, got half a character in {one[:40]!r}")
        seen.add(one)
        yield one, texts
        if progress and len(seen) % _STEP == 0:
            progress(len(seen))
    if progress:
        progress(len(seen))
