"""Transparency log proofs (C2SP tlog-proof): one leaf's inclusion under a checkpoint, in text, verifiable offline."""

from collections.abc import Sequence

import msgspec

from passerelle.core.errors import IdentityError, NoteError
from passerelle.identity.keys import b64, unb64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import Checkpoint, number

VERSION = "c2sp.org/tlog-proof@v1"


class Proof(msgspec.Struct, frozen=True):
    """The index of a leaf, its path (hashes of 32 bytes, from the sibling up) and the checkpoint it leads to."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint

    def __str__(self) -> str:
        path = "".join(f"{b64(node)}\n" for node in self.path)
        return f"{VERSION}\nindex {self.index}\n{path}\n{self.checkpoint}"

    def verify(self, leaf: bytes) -> None:
        """Raises ProofError unless the leaf bytes stand at the index under the checkpoint's root."""
        size, root = self.checkpoint.size, self.checkpoint.root
        merkle.verify_inclusion(self.index, size, merkle.leaf_hash(leaf), self.path, root)


def make(index: int, path: Sequence[bytes], checkpoint: Checkpoint) -> Proof:
    """A proof of these parts."""
    return Proof(index, tuple(path), checkpoint)


def parse(text: str) -> Proof:
    """The proof that the text says; nothing is verified yet. Raises NoteError."""
    head, mark, tail = text.partition("\n\n")
    lines = head.split("\n")
    if not mark or len(lines) < 2 or lines[0] != VERSION or not lines[1].startswith("index "):
        raise NoteError(f"expected {VERSION}, an index, a path and a checkpoint, got {lines[0][:40]!r}")
    if len(lines) > 2 + 64:
        raise NoteError(f"expected a path of at most 64 hashes, got {len(lines) - 2}")
    try:
        path = tuple(unb64(line) for line in lines[2:])
    except IdentityError as error:
        raise NoteError(f"path: {error}") from None
    if any(len(node) != merkle.HASH for node in path):
        raise NoteError("expected hashes of 32 bytes in the path")
    return Proof(number(lines[1].removeprefix("index "), "an index"), path, checkpoints.parse(tail))
