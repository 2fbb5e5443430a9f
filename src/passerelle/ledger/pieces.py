"""Addresses of large files: the RFC 6962 root over their sealed chunks, and pieces that are proven one by one.

A *piece* is 16 chunks, aligned, the last piece what is left: a subtree of the whole tree. As the tree of RFC 6962 is
split at powers of two, the tree over the hashes of the pieces has the root of the tree over the chunks. So a piece is
proven by a path among pieces, in constant memory, in whatever order it comes, and without any state.

Rules kept here: a file has at least one byte; a piece has exactly the length that the file's size gives it. A root
alone does not say how many leaves there are: under a wrong size some pieces may still be proven, never the last one.
"""

import hashlib
from collections.abc import Sequence

from passerelle.core.errors import ProofError
from passerelle.identity.stream import SEALED, chunks_in, sealed_size
from passerelle.ledger import merkle

CHUNKS = 16
PIECE = CHUNKS * SEALED
"""Bytes of a full piece: 1 MiB and 16 tags."""
MAX_PATH = 64


def pieces_in(size: int) -> int:
    """How many pieces a file of `size` bytes has. Raises ProofError for a file of nothing."""
    if size < 1:
        raise ProofError(f"expected a file of at least 1 byte, got {size}")
    return -(-chunks_in(size) // CHUNKS)


def length_of(size: int, number: int) -> int:
    """Bytes of piece `number` of a file of `size` bytes. Raises ProofError when there is none of this number."""
    count = pieces_in(size)
    if not 0 <= number < count:
        raise ProofError(f"expected a piece below {count}, got {number}")
    return PIECE if number < count - 1 else sealed_size(size) - PIECE * (count - 1)


def chunks_of(body: bytes) -> list[memoryview]:
    """The sealed chunks of a piece."""
    view = memoryview(body)
    return [view[start : start + SEALED] for start in range(0, len(view), SEALED)]


def node_of(body: bytes) -> bytes:
    """The hash of a piece: the root over its chunks."""
    tree = merkle.Tree()
    for chunk in chunks_of(body):
        leaf = hashlib.sha256(b"\x00")
        leaf.update(chunk)
        tree.push(leaf.digest())
    return tree.root()


def path_of(subtree: merkle.Subtree, size: int, number: int) -> list[bytes]:
    """What proves piece `number` of a file of `size` bytes, from its sibling up. `subtree`: of the tree of pieces."""
    return merkle.inclusion(subtree, number, pieces_in(size))


def verify(address: bytes, size: int, number: int, body: bytes, path: Sequence[bytes]) -> bytes:
    """The hash of a piece that is proven to stand in the file of this address and size. Raises ProofError."""
    expected = length_of(size, number)
    if len(body) != expected:
        raise ProofError(f"expected {expected} bytes of piece {number}, got {len(body)}")
    node = node_of(body)
    merkle.verify_inclusion(number, pieces_in(size), node, path, address)
    return node
