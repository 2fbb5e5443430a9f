"""Whether a plain file is the one that an address names: sealed again under the key that stands beside the address.

Sealing is deterministic under a key (`identity.stream`), so the same bytes give the same chunks and the same root.
Another
file gives another address: nobody can make one that gives this address and key without breaking SHA-256.

Rules kept here: constant memory, parts of any length, nothing is kept of what was read.
"""

import hashlib
from collections.abc import Iterable

from passerelle.identity import stream
from passerelle.ledger import merkle


class Resealing:
    """A file of `size` bytes as it is read, part by part, from its beginning."""

    def __init__(self, key: bytes, size: int) -> None:
        self._key, self._size = key, size
        self._last = stream.chunks_in(size) - 1
        self._tree = merkle.Tree()
        self._number = 0
        self._rest = bytearray()
        self._seen = 0

    def add(self, part: bytes) -> None:
        """The next bytes."""
        self._seen += len(part)
        if self._seen > self._size:
            return  # too long: it is another file, whatever follows
        self._rest += part
        while len(self._rest) >= stream.CHUNK:
            self._chunk(bytes(self._rest[: stream.CHUNK]))
            del self._rest[: stream.CHUNK]

    def _chunk(self, plain: bytes) -> None:
        leaf = hashlib.sha256(b"\x00")
        leaf.update(stream.seal_chunk(self._key, self._number, self._number == self._last, plain))
        self._tree.push(leaf.digest())
        self._number += 1

    def is_at(self, address: str) -> bool:
        """Whether what was read is the whole file of this address (hex)."""
        if self._seen != self._size:
            return False
        if self._rest:
            self._chunk(bytes(self._rest))
            self._rest.clear()
        return self._tree.root().hex() == address


def is_file(address: str, key: bytes, size: int, parts: Iterable[bytes]) -> bool:
    """Whether these bytes are the file of an address."""
    made = Resealing(key, size)
    for part in parts:
        made.add(part)
    return made.is_at(address)
