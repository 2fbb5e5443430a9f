r"""The form of a courier file: what one node hands to another by hand, part by part.

    passerelle-courier/1\n
    then parts, each:  u8 kind, u32 length, that many bytes, 32 bytes: SHA-256(hash before, kind, length, bytes)

The hash before the first part is SHA-256 of the first line. The first part is the head, a signed note; the last one is
empty and says that nothing is missing.

Rules kept here:
- a file is written and read part by part; memory is that of the largest part, whatever the file;
- lengths and counts are bounded before anything is allocated;
- a part is given out only when its hash is right: damage is told from a refusal, and its place is said;
- everything is read in its order; what stands before the damage is whole.

The hashes protect against damage, not against forgery: who is believed is said by the signatures inside the parts, as
of everything that comes by network. Left to the readers: what the parts say.
"""

import hashlib
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import BinaryIO

import msgspec

from passerelle.core.errors import ExchangeError, IdentityError, NoteError, SignatureError
from passerelle.exchange import attachments_wire, sealing, wire
from passerelle.exchange.checks import Check
from passerelle.identity.keys import Verifier, b64, unb64
from passerelle.ledger import note
from passerelle.ledger.checkpoint import LANES, number
from passerelle.ledger.note import MAX_NOTE, Note

FORMAT = "passerelle-courier/1"
REFUSAL = "passerelle-courier-refusal/1"
ID = 16
_HASH = 32
_HEAD = struct.Struct(">BI")
_PIECE = struct.Struct(">32sI")


class Kind(IntEnum):
    """What a part is."""

    END = 0
    HEAD = 1
    RECEIPT = 2
    REFUSAL = 3
    ANSWER = 4
    BATCH = 5
    QUESTION = 6
    PIECE = 7


MOST_BYTES = {
    Kind.END: 0,
    Kind.HEAD: sealing.MAX_HEADER,
    Kind.RECEIPT: MAX_NOTE,
    Kind.REFUSAL: sealing.MAX_HEADER,
    Kind.ANSWER: (1 + len(LANES)) * (MAX_NOTE + 4),
    Kind.BATCH: sealing.MAX_BODY,
    Kind.QUESTION: sealing.MAX_HEADER,
    Kind.PIECE: 2 * 1024 * 1024,
}
"""Bytes in a part at most."""
MOST_PARTS = {Kind.END: 1, Kind.HEAD: 1, Kind.RECEIPT: 64, Kind.REFUSAL: 64, Kind.ANSWER: 1, Kind.QUESTION: 1}
"""Parts of a kind in a file at most; batches and pieces as many as there are."""


class DamageError(ExchangeError):
    """The courier file is damaged from here on."""

    def __init__(self, at: int, words: str) -> None:
        super().__init__(f"byte {at}: {words}")
        self.at = at


class Part(msgspec.Struct, frozen=True):
    """One part. `at`: where it begins in the file."""

    kind: Kind
    at: int
    body: bytes


class Head(msgspec.Struct, frozen=True):
    """Who hands what to whom. `time` in milliseconds; nothing of it is verified yet."""

    sender: str
    receiver: str
    id: str
    time: int
    note: Note


class Refusal(msgspec.Struct, frozen=True):
    """That the receiver of a carried batch refuses it; nothing of it is verified yet."""

    receiver: str
    sender: str
    origin: str
    start: int
    end: int
    digest: str
    check: Check
    time: int
    note: Note


class Writer:
    """Writes a file, part by part."""

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        first = f"{FORMAT}\n".encode()
        self._file = file
        self._hash = hashlib.sha256(first).digest()
        self.bytes = file.write(first)
        self.add(Kind.HEAD, head)

    @staticmethod
    def takes(size: int) -> int:
        """Bytes of the file that a part of this size takes."""
        return _HEAD.size + size + _HASH

    def add(self, kind: Kind, body: bytes) -> None:
        if len(body) > MOST_BYTES[kind]:
            raise ExchangeError(f"expected at most {MOST_BYTES[kind]} bytes in a part, got {len(body)}")
        head = _HEAD.pack(kind, len(body))
        self._hash = _after(self._hash, head, body)
        for one in (head, body, self._hash):
            self._file.write(one)
        self.bytes += self.takes(len(body))

    def end(self) -> None:
        self.add(Kind.END, b"")


def _after(before: bytes, head: bytes, body: bytes) -> bytes:
    made = hashlib.sha256(before)
    made.update(head)
    made.update(body)
    return made.digest()


def read(file: BinaryIO) -> Iterator[Part]:
    """The parts of a file, the head first, the end left out. Raises DamageError where it is not whole any more."""
    first = f"{FORMAT}\n".encode()
    if file.read(len(first)) != first:
        raise DamageError(0, f"expected a courier file ({FORMAT}), got another file")
    at, before = len(first), hashlib.sha256(first).digest()
    counted: dict[Kind, int] = {}
    while True:
        part, before = _part(file, at, before)
        counted[part.kind] = counted.get(part.kind, 0) + 1
        if (part.kind is Kind.HEAD) != (len(counted) == 1 and counted[part.kind] == 1):
            raise DamageError(at, "expected the head first, and once")
        if counted[part.kind] > MOST_PARTS.get(part.kind, counted[part.kind]):
            raise DamageError(at, f"expected at most {MOST_PARTS[part.kind]} parts of kind {part.kind:d}, got more")
        at += Writer.takes(len(part.body))
        if part.kind is Kind.END:
            if file.read(1):
                raise DamageError(at, "expected the end of the file, got more bytes")
            return
        yield part


def _part(file: BinaryIO, at: int, before: bytes) -> tuple[Part, bytes]:
    head = _exactly(file, at, _HEAD.size)
    value, length = _HEAD.unpack(head)
    if value not in Kind._value2member_map_:
        raise DamageError(at, f"expected a known kind of part, got {value}")
    kind = Kind(value)
    if length > MOST_BYTES[kind]:
        raise DamageError(at, f"expected a part of at most {MOST_BYTES[kind]} bytes, got {length}")
    body = _exactly(file, at, length)
    after = _after(before, head, body)
    if _exactly(file, at, _HASH) != after:
        raise DamageError(at, "expected a part with its own hash, got another")
    return Part(kind, at, body), after


def _exactly(file: BinaryIO, at: int, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise DamageError(at, "expected a whole part, got the end of the file")
    return data


def piece(address: str, number: int, frame: bytes) -> bytes:
    """A piece of an attachment: its address, its number, and the frame that a PUT has."""
    return _PIECE.pack(bytes.fromhex(address), number) + frame


def parse_piece(data: bytes) -> tuple[str, int, list[bytes], bytes]:
    """Address, number, path and sealed bytes of a piece; nothing is proven yet. Raises ExchangeError."""
    if len(data) <= _PIECE.size:
        raise ExchangeError(f"expected a piece, got {len(data)} bytes")
    address, at = _PIECE.unpack_from(data)
    begin = _PIECE.size + 1
    end = begin + attachments_wire.path_bytes(data[begin - 1])
    return address.hex(), at, attachments_wire.split_path(data[begin:end]), data[end:]


def head(sender: str, receiver: str, name: bytes, now: int, signer: sealing.Envelopes) -> bytes:
    """The first part. `name`: random bytes that name the file; `now` in milliseconds."""
    return sealing.sign_note(f"{FORMAT}\n{sender} {receiver}\n{b64(name)}\n{now}\n", signer).encode()


def parse_head(data: bytes) -> Head:
    """Who hands what to whom. Raises NoteError."""
    found = note.parse(data)
    names, name, time = found.lines(FORMAT, 3)
    sender, _, receiver = names.partition(" ")
    try:
        size = len(unb64(name))
    except IdentityError as error:
        raise NoteError(f"name of the file: {error}") from None
    if size != ID:
        raise NoteError(f"expected a name of {ID} bytes, got {size}")
    return Head(sender, receiver, name, number(time, "a time"), found)


def refusal(
    header: wire.Header, receiver: str, sender: str, check: Check, now: int, signer: sealing.Envelopes
) -> bytes:
    """The number that answers a carried batch, where 422 answers one that came by network."""
    lines = (REFUSAL, f"{receiver} {sender}", header.origin, f"{header.start} {header.end}", header.digest, check, now)
    return sealing.sign_note("".join(f"{line}\n" for line in lines), signer).encode()


def parse_refusal(data: bytes) -> Refusal:
    """What was refused. Raises NoteError."""
    found = note.parse(data)
    names, origin, interval, digest, check, time = found.lines(REFUSAL, 6)
    (receiver, _, sender), (start, _, end) = names.partition(" "), interval.partition(" ")
    if check not in list(Check)[: int(Check.LIMITS) + 1]:
        raise NoteError(f"expected the number of a check of batches, got {check[:8]!r}")
    first, last, when = number(start, "a start"), number(end, "an end"), number(time, "a time")
    return Refusal(receiver, sender, origin, first, last, digest, Check(check), when, found)


def verify(found: Note, verifier: Verifier) -> None:
    """Raises SignatureError unless the note bears this key's signature."""
    try:
        sealing.verify_note(found, verifier)
    except NoteError as error:
        raise SignatureError(str(error)) from None
