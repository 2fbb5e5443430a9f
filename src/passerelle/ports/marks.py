"""What a node remembers beside its store, so that it notices when the store was put back.

A store that is put back cannot know it: everything in it is of the same moment. So that an index was given out, or that
entries left in a file, is noted in a place that no copy of the store takes along. What implementations promise:

- `life` is another after the machine booted anew, and after the database was put back where the database can tell;
- `touch` changes what `look` says, in every process of this node, and no copy that is put back later brings the old
  value back;
- `carry` is durable when it returns: what it is told may leave the house at once.
"""

import os
from typing import Protocol

Lane = tuple[str, str]
"""Partner and lane."""


class Marks(Protocol):
    """See the module's promises."""

    life: str

    def touch(self, partner: str, lane: str, since: str = "") -> str:
        """An index of this lane is about to be given out. Returns the new mark.

        `since`: the mark that the transaction replaces. Should it fail, nothing was given out, and that one stands.
        """
        ...

    def stands(self, partner: str, lane: str, mark: str) -> bool:
        """Whether no index of this lane was given out since the mark was made."""
        ...

    def look(self, partner: str, lane: str) -> str:
        """The mark as it is, or nothing where there is none yet."""
        ...

    def carry(self, partner: str, lane: str, origin: str, size: int) -> None:
        """Entries of a log below a size are about to leave in a file."""
        ...

    def carried(self, partner: str, lane: str) -> tuple[str, int]:
        """The newest log of which entries left in a file, and the largest size of it; ("", 0) where none did."""
        ...


class MemoryMarks:
    """Marks of one process: its life is over when it ends."""

    def __init__(self) -> None:
        self.life = os.urandom(16).hex()
        self._marks: dict[Lane, int] = {}
        self._own: dict[Lane, tuple[str, str]] = {}
        self._carried: dict[Lane, tuple[str, int]] = {}

    def touch(self, partner: str, lane: str, since: str = "") -> str:
        self._marks[partner, lane] = self._marks.get((partner, lane), 0) + 1
        after = self.look(partner, lane)
        self._own[partner, lane] = (since, after)
        return after

    def stands(self, partner: str, lane: str, mark: str) -> bool:
        now = self.look(partner, lane)
        return bool(mark) and (mark == now or self._own.get((partner, lane)) == (mark, now))

    def look(self, partner: str, lane: str) -> str:
        found = self._marks.get((partner, lane))
        return str(found) if found else ""

    def carry(self, partner: str, lane: str, origin: str, size: int) -> None:
        before, least = self.carried(partner, lane)
        self._carried[partner, lane] = (origin, max(size, least) if before == origin else size)

    def carried(self, partner: str, lane: str) -> tuple[str, int]:
        return self._carried.get((partner, lane), ("", 0))
