"""The texts of the audit log: the leaf of a record, the block that records are closed into, the leaf of a block.

Records of an interval form a tree, the *block*; the log has one leaf a block, whatever happened in between. So whoever
sees the log grow (a witness) learns that time has passed, and nothing of how much was done, nor of what:

    passerelle-audit-record/1      passerelle-audit-block/1         passerelle-audit-leaf/1
    <record id>                    <number of records>              <origin>
    <time, milliseconds>           <base64 root of the records>     <index>
    <base64 commitment>            <origin, size, root> or -        <time it was closed, milliseconds>
                                                                    <base64 SHA-256(salt, block)>

ASCII, each line ended by a newline. The commitment of a record is SHA-256(salt, details); the third line of a block
stands in the first block of a generation and names the checkpoint that it continues.
"""

import msgspec

from passerelle.core.errors import IdentityError, NoteError
from passerelle.core.ids import is_id
from passerelle.core.text import check_node_name
from passerelle.identity.keys import b64, unb64
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import number

RECORD = "passerelle-audit-record/1"
BLOCK = "passerelle-audit-block/1"
LEAF = "passerelle-audit-leaf/1"
MAX_TEXT = 1024


def origin(node: str, generation: int) -> str:
    """The name of an audit log: `passerelle/<node>/audit/<generation>`."""
    return f"passerelle/{node}/audit/{generation}"


def split_origin(text: str) -> tuple[str, int]:
    """Node and generation. Raises NoteError."""
    parts = text.split("/")
    digits = parts[-1]
    if len(parts) != 4 or parts[0] != "passerelle" or parts[2] != "audit" or not 1 <= len(digits) <= 9:
        raise NoteError(f"expected passerelle/node/audit/generation, got {text[:80]!r}")
    generation = number(digits, "a generation")
    if generation < 1:
        raise NoteError(f"expected a generation from 1, got {generation}")
    check_node_name(parts[1])
    return parts[1], generation


class RecordLeaf(msgspec.Struct, frozen=True):
    """What a block keeps of a record forever. `time` in milliseconds, `commitment` 32 bytes."""

    id: str
    time: int
    commitment: bytes

    def encode(self) -> bytes:
        return f"{RECORD}\n{self.id}\n{self.time}\n{b64(self.commitment)}\n".encode()


class Previous(msgspec.Struct, frozen=True):
    """The checkpoint of the log that a generation continues."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin} {self.size} {b64(self.root)}"


class Block(msgspec.Struct, frozen=True):
    """Records that were closed together: how many, the root of their tree."""

    size: int
    root: bytes
    previous: Previous | None = None

    def encode(self) -> bytes:
        return f"{BLOCK}\n{self.size}\n{b64(self.root)}\n{self.previous or '-'}\n".encode()


class BlockLeaf(msgspec.Struct, frozen=True):
    """The leaf of the log. `time` in milliseconds: when the block was closed."""

    origin: str
    index: int
    time: int
    commitment: bytes

    def encode(self) -> bytes:
        return f"{LEAF}\n{self.origin}\n{self.index}\n{self.time}\n{b64(self.commitment)}\n".encode()


def _lines(data: bytes, first: str, count: int) -> list[str]:
    if len(data) > MAX_TEXT:
        raise NoteError(f"expected at most {MAX_TEXT} bytes, got {len(data)}")
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NoteError(f"expected ASCII text of {first}") from None
    if lines[0] != first or len(lines) != count + 2 or lines[-1]:
        raise NoteError(f"expected {first} and {count} lines, got {lines[0][:40]!r} and {len(lines) - 2}")
    return lines[1:-1]


def _hash(text: str, what: str) -> bytes:
    try:
        value = unb64(text)
    except IdentityError as error:
        raise NoteError(f"{what}: {error}") from None
    if len(value) != merkle.HASH:
        raise NoteError(f"{what}: expected {merkle.HASH} bytes, got {len(value)}")
    return value


def parse_record(data: bytes) -> RecordLeaf:
    """The record's leaf that the bytes say. Raises NoteError."""
    name, time, commitment = _lines(data, RECORD, 3)
    if not is_id(name):
        raise NoteError(f"expected a record id (UUIDv7), got {name[:40]!r}")
    return RecordLeaf(name, number(time, "a time"), _hash(commitment, "commitment"))


def parse_previous(text: str) -> Previous:
    """The checkpoint that `origin size root` names. Raises NoteError."""
    parts = text.split(" ")
    if len(parts) != 3:
        raise NoteError(f"expected origin, size and root, got {text[:80]!r}")
    split_origin(parts[0])
    return Previous(parts[0], number(parts[1], "a size"), _hash(parts[2], "root"))


def parse_block(data: bytes) -> Block:
    """The block that the bytes say. Raises NoteError."""
    size, root, previous = _lines(data, BLOCK, 3)
    before = None if previous == "-" else parse_previous(previous)
    return Block(number(size, "a number of records"), _hash(root, "root"), before)


def parse_leaf(data: bytes) -> BlockLeaf:
    """The block's leaf that the bytes say. Raises NoteError."""
    log, index, time, commitment = _lines(data, LEAF, 4)
    split_origin(log)
    return BlockLeaf(log, number(index, "an index"), number(time, "a time"), _hash(commitment, "commitment"))
