"""The leaf of a link log: what is public of a message.

Seven lines, each ended by a newline:

    passerelle-entry/1
    <origin>
    <index>
    <time, milliseconds since the epoch>
    <message id>
    <size of the content in bytes>
    <base64 of SHA-256(salt, content)>

The commitment hides the content (the salt is 32 random bytes that travel sealed) and binds it. The leaf stays the same
whether its content is there, withheld or erased.
"""

import hashlib

import msgspec

from passerelle.core.errors import IdentityError, NoteError
from passerelle.core.ids import is_id
from passerelle.identity.keys import b64, unb64
from passerelle.ledger.checkpoint import number

VERSION = "passerelle-entry/1"
SALT = 32
MAX_LEAF = 1024


class Leaf(msgspec.Struct, frozen=True):
    """The public part of a message. `time` in milliseconds, `size` in bytes, `commitment` 32 bytes."""

    origin: str
    index: int
    time: int
    message: str
    size: int
    commitment: bytes

    def encode(self) -> bytes:
        commitment = b64(self.commitment)
        return (
            f"{VERSION}\n{self.origin}\n{self.index}\n{self.time}\n{self.message}\n{self.size}\n{commitment}\n".encode()
        )


def commit(salt: bytes, content: bytes) -> bytes:
    """SHA-256(salt, content): 32 bytes."""
    return hashlib.sha256(salt + content).digest()


def parse(data: bytes) -> Leaf:
    """The leaf that the bytes say. Raises NoteError."""
    if len(data) > MAX_LEAF:
        raise NoteError(f"expected a leaf of at most {MAX_LEAF} bytes, got {len(data)}")
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NoteError("expected an ASCII leaf") from None
    if len(lines) != 8 or lines[0] != VERSION or lines[7]:
        raise NoteError(f"expected {VERSION} and six lines, got {lines[0][:40]!r} and {len(lines) - 2}")
    if not is_id(lines[4]):
        raise NoteError(f"expected a message id (UUIDv7), got {lines[4][:40]!r}")
    try:
        commitment = unb64(lines[6])
    except IdentityError as error:
        raise NoteError(f"commitment: {error}") from None
    if len(commitment) != 32:
        raise NoteError(f"expected a commitment of 32 bytes, got {len(commitment)}")
    index, time, size = number(lines[2], "an index"), number(lines[3], "a time"), number(lines[5], "a size")
    return Leaf(lines[1], index, time, lines[4], size, commitment)


def placed(data: bytes, origin: str, index: int, time: int) -> Leaf:
    """The leaf that the bytes say, at this place of this log and not before this time. Raises NoteError."""
    try:
        leaf = parse(data)
    except NoteError as error:
        raise NoteError(f"entry {index}: {error}") from None
    if (leaf.origin, leaf.index) != (origin, index):
        raise NoteError(f"expected entry {index} of {origin}, got {leaf.index} of {leaf.origin}")
    if leaf.time < time:
        raise NoteError(f"entry {index}: expected a time not before {time}, got {leaf.time}")
    return leaf
