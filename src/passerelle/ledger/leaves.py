"""A log's leaves as one stream: read block by block, checked, hashed into the tree, fast enough for a million.

Of each leaf is checked, as `entry.parse` would: its form, its origin, its index, which goes on without a gap, and its
time, which never decreases. What one pattern matches is of this form; whatever it does not match is parsed, so that the
error is the same.

Left unchecked: that no message stands twice, which would need all ids in memory. A receiver refuses such a batch.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from passerelle.core.errors import NoteError
from passerelle.ledger import entry, merkle

_NUMBER = rb"(0|[1-9][0-9]{0,17})"  # below 10^18; a larger one is parsed
_ID = rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_HASH = rb"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
_LINES = 7


def _pattern(origin: str) -> "re.Pattern[bytes]":
    head = re.escape(f"{entry.VERSION}\n{origin}\n".encode())
    return re.compile(head + _NUMBER + rb"\n" + _NUMBER + rb"\n" + _ID + rb"\n" + _NUMBER + rb"\n" + _HASH + rb"\n")


class Leaves:
    """The leaves of a log from index 0 on, as they are fed."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.tree = merkle.Tree()
        self.time = 0
        self._pattern = _pattern(origin)
        self._rest = b""

    def feed(self, block: bytes, most: int) -> None:
        """More bytes, of which at most so many leaves are taken. Raises NoteError for the first that is wrong."""
        data = self._rest + block
        hashes: list[bytes] = []
        at, index, time = 0, self.tree.size, self.time
        try:
            while len(hashes) < most:
                for found in self._pattern.finditer(data, at):
                    if found.start() != at or len(hashes) == most:
                        break
                    number, moment, _ = found.groups()
                    if int(number) != index or int(moment) < time:
                        break
                    at, index, time = found.end(), index + 1, int(moment)
                    hashes.append(sha256(b"\x00" + found[0]).digest())
                if len(hashes) == most:
                    break
                # What the pattern does not take: a larger number, a broken leaf, or the beginning of the next.
                end = _end(data, at)
                if end < 0 and len(data) - at <= entry.MAX_LEAF:
                    break
                leaf = entry.placed(data[at : end if end >= 0 else None], self.origin, index, time)
                hashes.append(merkle.leaf_hash(data[at:end]))
                at, index, time = end, index + 1, leaf.time
        finally:
            self._rest = data[at:]
            self.tree.extend(hashes)
            self.time = time

    @property
    def rest(self) -> int:
        """Bytes that are no whole leaf, or stand behind the last that was asked for."""
        return len(self._rest)


def _end(data: bytes, at: int) -> int:
    for _ in range(_LINES):
        at = data.find(b"\n", at) + 1
        if not at:
            return -1
    return at


def roots(
    blocks: Iterable[bytes], origin: str, sizes: Iterable[int], advance: Callable[[int], None] = lambda done: None
) -> Iterator[tuple[int, bytes]]:
    """The root at each of these sizes, in their order, from a stream that ends with the last of them.

    `advance` is told how many leaves were looked at. Raises NoteError for the first leaf that is wrong, and where the
    stream is shorter or longer.
    """
    leaves = Leaves(origin)
    source = iter(blocks)
    for size in sizes:
        leaves.feed(b"", size - leaves.tree.size)
        while leaves.tree.size < size:
            block = next(source, b"")
            if not block:
                raise NoteError(f"expected {size} entries, got {leaves.tree.size}")
            leaves.feed(block, size - leaves.tree.size)
            advance(leaves.tree.size)
        yield size, leaves.tree.root()
    if leaves.rest or next(source, b""):
        raise NoteError(f"expected the end behind {leaves.tree.size} entries, got more")
