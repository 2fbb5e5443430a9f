"""The bytes between two nodes: sealed batches, status notes, recovered batches.

Rules kept here:
- a batch is a sealed body (`sealing`): a header and one HPKE message, signed before anything is decapsulated;
- all sizes are bounded before anything is allocated; every byte of a body is accounted for, none may be left over;
- integers are big-endian.

Left to the inbox: whether the origin is a link of this node, and what the leaves and contents say.
"""

import struct
from collections.abc import Sequence

import msgspec

from passerelle.core.errors import IdentityError, NoteError
from passerelle.exchange.sealing import (
    Envelopes,
    open_under,
    refuse,
    seal_under,
    sign_note,
    split_body,
    verify_note,
)
from passerelle.identity.keys import OpenKey, SealKey, Verifier, b64, unb64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle, note
from passerelle.ledger.checkpoint import LANES, Checkpoint, number
from passerelle.ledger.entry import MAX_LEAF, SALT
from passerelle.ledger.note import Note

BATCH = "passerelle-batch/1"
RECOVERED = "passerelle-recovered/1"
STATUS = "passerelle-status/1"
STATUS_ANSWER = "passerelle-status-answer/1"
RECOVER = "passerelle-recover/1"

MAX_ENTRIES = 1000
MAX_CONTENT = 1024 * 1024
WITHHELD = ("erased", "withdrawn", "not-permitted")

_CONTENT, _REASON = 0, 1


class Item(msgspec.Struct, frozen=True):
    """One entry in a batch: its exact leaf, and salt and content, or the reason why they are withheld."""

    leaf: bytes
    salt: bytes = b""
    content: bytes = b""
    withheld: str = ""


class Batch(msgspec.Struct, frozen=True):
    """Entries [start, start + len(items)) and the sender's checkpoint that covers them."""

    start: int
    checkpoint: Checkpoint
    items: tuple[Item, ...]


class Header(msgspec.Struct, frozen=True):
    """What the outside of a sealed batch says. `time` in milliseconds."""

    kind: str
    origin: str
    start: int
    end: int
    seal: str
    time: int
    digest: str
    note: Note

    @property
    def info(self) -> bytes:
        return _info(self.kind, self.origin, self.start, self.end, self.seal, self.time)


def _info(kind: str, origin: str, start: int, end: int, seal: str, time: int) -> bytes:
    return f"{kind}\n{origin}\n{start} {end}\n{seal}\n{time}\n".encode()


def encode_items(start: int, checkpoint: Checkpoint, items: Sequence[Item]) -> bytes:
    """The plaintext of a batch."""
    head = checkpoint.note.encode()
    parts = [struct.pack(">BI", 1, len(head)), head, struct.pack(">QI", start, len(items))]
    for item in items:
        parts.append(struct.pack(">H", len(item.leaf)))
        parts.append(item.leaf)
        if item.withheld:
            parts.append(struct.pack(">BB", _REASON, len(item.withheld)))
            parts.append(item.withheld.encode())
        else:
            parts.append(struct.pack(">B", _CONTENT))
            parts.append(item.salt)
            parts.append(struct.pack(">I", len(item.content)))
            parts.append(item.content)
    return b"".join(parts)


def decode_items(data: bytes) -> Batch:
    """The batch that a plaintext says. Raises BatchRefusedError (0)."""
    at = 0

    def take(count: int) -> bytes:
        nonlocal at
        if at + count > len(data):
            raise refuse(f"expected {count} more bytes at {at}, got {len(data) - at}")
        at += count
        return data[at - count : at]

    version, length = struct.unpack(">BI", take(5))
    if version != 1:
        raise refuse(f"expected batch version 1, got {version}")
    if length > note.MAX_NOTE:
        raise refuse(f"expected a checkpoint of at most {note.MAX_NOTE} bytes, got {length}")
    try:
        checkpoint = checkpoints.parse(take(length))
    except NoteError as error:
        raise refuse(f"checkpoint: {error}") from None
    start, count = struct.unpack(">QI", take(12))
    if not 1 <= count <= MAX_ENTRIES:
        raise refuse(f"expected 1 to {MAX_ENTRIES} entries, got {count}")
    items = []
    for _ in range(count):
        (size,) = struct.unpack(">H", take(2))
        if size > MAX_LEAF:
            raise refuse(f"expected a leaf of at most {MAX_LEAF} bytes, got {size}")
        leaf = take(size)
        kind = take(1)[0]
        if kind == _CONTENT:
            salt = take(SALT)
            (size,) = struct.unpack(">I", take(4))
            if size > MAX_CONTENT:
                raise refuse(f"expected a content of at most {MAX_CONTENT} bytes, got {size}")
            items.append(Item(leaf, salt, take(size)))
        elif kind == _REASON:
            reason = take(take(1)[0]).decode("ascii", "replace")
            if reason not in WITHHELD:
                raise refuse(f"expected a reason among {', '.join(WITHHELD)}, got {reason[:24]!r}")
            items.append(Item(leaf, withheld=reason))
        else:
            raise refuse(f"expected content (0) or reason (1), got {kind}")
    if at != len(data):
        raise refuse(f"expected the end of the batch at {at}, got {len(data) - at} more bytes")
    return Batch(start, checkpoint, tuple(items))


def seal_batch(kind: str, origin: str, batch: Batch, *, to: SealKey, signer: Envelopes, now: int) -> bytes:
    """A sealed batch, ready to be posted or carried."""
    end = batch.start + len(batch.items)
    info = _info(kind, origin, batch.start, end, to.id, now)
    return seal_under(info, encode_items(batch.start, batch.checkpoint, batch.items), to=to, signer=signer)


def parse_header(body: bytes, kind: str = BATCH) -> tuple[Header, bytes]:
    """The header and the ciphertext of a sealed batch; nothing is verified yet. Raises BatchRefusedError (0)."""
    head, sealed = split_body(body)
    return read_header(head, kind), sealed


def read_header(head: bytes, kind: str = BATCH) -> Header:
    """The header that a note says; nothing is verified yet. Raises BatchRefusedError (0)."""
    try:
        found = note.parse(head)
        origin, interval, seal, time, digest = found.lines(kind, 5)
        start, _, end = interval.partition(" ")
        header = Header(
            kind=kind,
            origin=origin,
            start=number(start, "a start"),
            end=number(end, "an end"),
            seal=seal,
            time=number(time, "a time"),
            digest=digest,
            note=found,
        )
        _link(origin)
    except NoteError as error:
        raise refuse(f"header: {error}") from None
    return header


def _link(origin: str) -> tuple[str, str, str, int]:
    """Sender, receiver, lane, generation. Raises NoteError unless the origin is written in its one form."""
    parts = checkpoints.split_origin(origin)
    # A generation in other digits than 0-9 would read as the same number.
    if checkpoints.origin(*parts) != origin:
        raise NoteError(f"expected an origin in its one form, got {origin[:80]!r}")
    return parts


def open_batch(header: Header, sealed: bytes, *, sender: Verifier, key: OpenKey) -> Batch:
    """The batch inside. Raises BatchRefusedError: 1 for the signature or the seal, 0 for the form of the inside."""
    plain = open_under(header, sealed, sender=sender, key=key)
    batch = decode_items(plain)
    if (batch.start, batch.start + len(batch.items)) != (header.start, header.end):
        raise refuse(f"expected entries {header.start} to {header.end}, got {batch.start} and {len(batch.items)} more")
    return batch


class LogState(msgspec.Struct, frozen=True):
    """What the receiver holds of one lane: generation 0 when it holds nothing."""

    lane: str
    generation: int
    size: int
    root: bytes


class Request(msgspec.Struct, frozen=True):
    """A signed question of one node to another."""

    sender: str
    receiver: str
    nonce: str
    time: int
    note: Note
    origin: str = ""
    start: int = 0
    end: int = 0
    begun: str = ""  # what the sender drew when it began (base64); of a status request alone


def status_request(sender: str, receiver: str, nonce: bytes, start: bytes, now: int, signer: Envelopes) -> bytes:
    """Asks what the receiver holds of the sender's logs. `start`: 16 random bytes, drawn when the sender began."""
    return sign_note(f"{STATUS}\n{sender} {receiver}\n{b64(nonce)}\n{b64(start)}\n{now}\n", signer).encode()


def recover_request(origin: str, start: int, end: int, nonce: bytes, now: int, signer: Envelopes) -> bytes:
    """Asks for entries [start, end) of a log of the sender's own, that the receiver holds."""
    return sign_note(f"{RECOVER}\n{origin}\n{start} {end}\n{b64(nonce)}\n{now}\n", signer).encode()


def parse_status_request(data: bytes) -> Request:
    """Raises BatchRefusedError (0)."""
    try:
        found = note.parse(data)
        names, nonce, begun, time = found.lines(STATUS, 4)
        sender, _, receiver = names.partition(" ")
        return Request(sender, receiver, _nonce(nonce), number(time, "a time"), found, begun=_nonce(begun))
    except NoteError as error:
        raise refuse(f"status request: {error}") from None


def parse_recover_request(data: bytes) -> Request:
    """Raises BatchRefusedError (0)."""
    try:
        found = note.parse(data)
        origin, interval, nonce, time = found.lines(RECOVER, 4)
        sender, receiver, _, _ = _link(origin)
        start, _, end = interval.partition(" ")
        first, last = number(start, "a start"), number(end, "an end")
        return Request(sender, receiver, _nonce(nonce), number(time, "a time"), found, origin, first, last)
    except NoteError as error:
        raise refuse(f"recover request: {error}") from None


def _nonce(text: str) -> str:
    try:
        if len(unb64(text)) != 16:
            raise NoteError("expected a nonce of 16 bytes")
    except IdentityError as error:
        raise NoteError(f"nonce: {error}") from None
    return text


def status_answer(request: Request, states: Sequence[tuple[LogState, str]], now: int, signer: Envelopes) -> bytes:
    """What the receiver holds, with the cosigned checkpoint of each lane that has one."""
    lines = "".join(f"{s.lane} {s.generation} {s.size} {b64(s.root)}\n" for s, _ in states)
    text = f"{STATUS_ANSWER}\n{request.receiver} {request.sender}\n{request.nonce}\n{now}\n{lines}"
    notes = [sign_note(text, signer).encode(), *(held.encode() for _, held in states)]
    return b"".join(struct.pack(">I", len(part)) + part for part in notes)


def answered(data: bytes) -> bytes:
    """The nonce of the question that an answer answers, as it says; nothing is verified yet. Raises NoteError."""
    if len(data) < 4:
        raise NoteError("expected a status note and one checkpoint a lane")
    (length,) = struct.unpack(">I", data[:4])
    return unb64(_nonce(note.parse(data[4 : 4 + length]).lines(STATUS_ANSWER, 3 + len(LANES))[1]))


def parse_status_answer(
    data: bytes, *, sender: str, receiver: str, nonce: bytes, verifier: Verifier
) -> tuple[int, list[tuple[LogState, Checkpoint | None]]]:
    """The answerer's clock (ms) and its state of each lane. Raises NoteError or SignatureError."""
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        if len(parts) > len(LANES) or at + 4 > len(data):
            raise NoteError("expected a status note and one checkpoint a lane")
        (length,) = struct.unpack(">I", data[at : at + 4])
        if at + 4 + length > len(data):
            raise NoteError("expected a whole note, got a part")
        parts.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    if len(parts) != 1 + len(LANES):
        raise NoteError(f"expected {1 + len(LANES)} notes, got {len(parts)}")
    found = note.parse(parts[0])
    lines = found.lines(STATUS_ANSWER, 3 + len(LANES))
    verify_note(found, verifier)
    if lines[0] != f"{receiver} {sender}" or lines[1] != b64(nonce):
        raise NoteError("expected the answer to this question, got another")
    states: list[tuple[LogState, Checkpoint | None]] = []
    for lane, line, held in zip(LANES, lines[3:], parts[1:], strict=True):
        cells = line.split(" ")
        if len(cells) != 4 or cells[0] != lane:
            raise NoteError(f"expected lane {lane}, generation, size and root, got {line[:60]!r}")
        state = LogState(lane, number(cells[1], "a generation"), number(cells[2], "a size"), unb64(cells[3]))
        checkpoint = checkpoints.parse(held) if held else None
        # What is held is proven by a checkpoint, so a claim without one can only be that nothing is.
        if checkpoint is None and (state.generation, state.size, state.root) != (0, 0, merkle.EMPTY_ROOT):
            raise NoteError(f"expected a checkpoint for {state.size} entries of {lane}")
        if checkpoint is not None and not (state.generation and state.size):
            raise NoteError(f"expected no checkpoint for a lane of which nothing is held, got one of {lane}")
        if checkpoint and (checkpoint.size, checkpoint.root) != (state.size, state.root):
            raise NoteError(f"expected the checkpoint of size {state.size}, got {checkpoint.size}")
        states.append((state, checkpoint))
    return number(lines[2], "a time"), states
