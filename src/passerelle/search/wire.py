"""The bytes of questions and answers of the search; `wire_tables` has those of tables and lists.

Rules kept here:
- both are sealed bodies (`exchange.sealing`): whoever cannot sign is told nothing and costs one verification;
- an answer names handle and elements of its question in what is signed, and opens under these lines alone;
- elements travel as bytes. All sizes are bounded before anything is allocated, nothing may be left over.

Left to the desk: who asks, what the channel says, what the quota leaves. Left to the asker: whether proofs hold.
"""

import hashlib
import re
import struct
from collections.abc import Sequence

import msgspec

from passerelle.core.errors import IdentityError, NoteError
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.exchange.sealing import MAX_HEADER, Envelopes, open_under, refuse, seal_under, split_body
from passerelle.identity.keys import OpenKey, SealKey, Verifier, b64, unb64
from passerelle.ledger import note
from passerelle.ledger.checkpoint import number
from passerelle.ledger.note import Note
from passerelle.search.sizes import ELEMENT, MOST_ELEMENTS, PROOF

QUESTION = "passerelle-question/1"
ANSWER = "passerelle-answer/1"

HANDLE = 16
"""Bytes of a handle and of a nonce."""
MAX_LIST = 1024 * 1024 + 128 * 1024
"""Bytes of a list of withdrawn references."""
MAX_QUESTION = 4 + MAX_HEADER + 4096 + MOST_ELEMENTS * ELEMENT

INDEX = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
EPOCH = re.compile(r"[0-9a-f]{64}")


def need(holds: object, expected: str, got: object) -> None:
    """Raises NoteError unless something holds."""
    if not holds:
        raise NoteError(f"expected {expected}, got {str(got)[:80]!r}")


def bytes_of(text: str, size: int, what: str) -> bytes:
    """So many bytes of a line in base64. Raises NoteError."""
    try:
        found = unb64(text)
    except IdentityError as error:
        raise NoteError(f"{what}: {error}") from None
    need(len(found) == size, f"{what} of {size} bytes", text)
    return found


def names_of(line: str) -> tuple[str, str]:
    """Sender and receiver. Raises NoteError."""
    sender, mark, receiver = line.partition(" ")
    need(mark and sender and receiver, "two names of nodes", line)
    return sender, receiver


class Bytes:
    """The bytes of a plaintext, exactly as many as are asked for. What is out of form raises BatchRefusedError (0)."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self._data):
            raise refuse(f"expected {count} more bytes at {self.at}, got {len(self._data) - self.at}")
        self.at += count
        return self._data[self.at - count : self.at]

    def number(self, form: str) -> int:
        found: int = struct.unpack(f">{form}", self.take(struct.calcsize(f">{form}")))[0]
        return found

    @property
    def left(self) -> int:
        return len(self._data) - self.at

    def end(self) -> None:
        if self.left:
            raise refuse(f"expected the end at {self.at}, got {self.left} more bytes")


class _Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What the outside of both sealed bodies has. `handle` in hex; `time` in milliseconds."""

    sender: str
    receiver: str
    handle: str
    seal: str
    time: int
    digest: str
    note: Note

    @property
    def info(self) -> bytes:
        """The lines before the last: the ciphertext opens under them alone."""
        return (self.note.text[:-1].rpartition("\n")[0] + "\n").encode()


# ---- questions -------------------------------------------------------------------------------------------------------


class QuestionHeader(_Sealed, frozen=True, kw_only=True):
    """The outside of a question. `base`, `delta`: ids of the epochs that are asked; no delta: empty."""

    index: str
    base: str
    delta: str

    @property
    def epochs(self) -> tuple[str, ...]:
        """The ids of the epochs asked, in the order of the answer."""
        return (self.base, self.delta) if self.delta else (self.base,)


class Asking(msgspec.Struct, frozen=True):
    """The inside of a question. `channel`: digest in hex; `elements`: n x 32 bytes."""

    purpose: str
    channel: str
    elements: bytes

    @property
    def count(self) -> int:
        """How many elements."""
        return len(self.elements) // ELEMENT

    @property
    def digest(self) -> bytes:
        """SHA-256 over the elements: what both logs hold."""
        return hashlib.sha256(self.elements).digest()


def question(
    names: tuple[str, str],
    handle: str,
    index: str,
    epochs: tuple[str, str],
    asking: Asking,
    *,
    to: SealKey,
    signer: Envelopes,
    now: int,
) -> bytes:
    """A question, ready to be posted. `names`: sender, receiver; `handle` in hex; `epochs`: base, delta or nothing."""
    lines = (
        QUESTION,
        " ".join(names),
        b64(bytes.fromhex(handle)),
        index,
        f"{epochs[0]} {epochs[1] or '-'}",
        to.id,
        str(now),
    )
    purpose = asking.purpose.encode()
    plain = b"".join(
        (
            struct.pack(">BB", 1, len(purpose)),
            purpose,
            bytes.fromhex(asking.channel),
            asking.digest,
            struct.pack(">I", asking.count),
            asking.elements,
        )
    )
    return seal_under(("\n".join(lines) + "\n").encode(), plain, to=to, signer=signer)


def read_question_header(head: bytes) -> QuestionHeader:
    """The header that a note says; nothing is verified yet. Raises BatchRefusedError (0)."""
    try:
        found = note.parse(head)
        names, handle, index, epochs, seal, time, digest = found.lines(QUESTION, 7)
        sender, receiver = names_of(names)
        need(INDEX.fullmatch(index), "the name of an index", index)
        base, _, delta = epochs.partition(" ")
        need(EPOCH.fullmatch(base), "the id of a base", base)
        need(delta == "-" or (EPOCH.fullmatch(delta) and delta != base), "the id of a delta, or -", delta)
        return QuestionHeader(
            sender=sender,
            receiver=receiver,
            handle=bytes_of(handle, HANDLE, "a handle").hex(),
            index=index,
            base=base,
            delta=delta.removeprefix("-"),
            seal=seal,
            time=number(time, "a time"),
            digest=digest,
            note=found,
        )
    except NoteError as error:
        raise refuse(f"question: {error}") from None


def open_question(header: QuestionHeader, sealed: bytes, *, sender: Verifier, key: OpenKey) -> Asking:
    """The inside of a question. Raises BatchRefusedError: 1 for the signature or the seal, 0 for its form, 9 for the
    number of its elements or another digest than theirs.
    """
    data = Bytes(open_under(header, sealed, sender=sender, key=key))
    if (version := data.number("B")) != 1:
        raise refuse(f"expected version 1 of a question, got {version}")
    try:
        purpose = data.take(data.number("B")).decode()
    except UnicodeDecodeError:
        raise refuse("expected a purpose in UTF-8") from None
    channel, digest, count = data.take(32).hex(), data.take(32), data.number("I")
    if not 0 < count <= MOST_ELEMENTS:
        raise BatchRefusedError(Check.CONTENT, f"expected 1 to {MOST_ELEMENTS} elements, got {count}")
    asking = Asking(purpose, channel, data.take(count * ELEMENT))
    data.end()
    if asking.digest != digest:
        raise BatchRefusedError(Check.CONTENT, "expected the elements that the question names, got others")
    return asking


# ---- answers ---------------------------------------------------------------------------------------------------------


class AnswerHeader(_Sealed, frozen=True, kw_only=True):
    """The outside of an answer. `elements`: the digest of the question's."""

    elements: bytes


class Evaluated(msgspec.Struct, frozen=True):
    """The elements evaluated with the key of an epoch, in their order, and the proof for all of them."""

    epoch: str
    elements: bytes
    proof: bytes


class Answer(msgspec.Struct, frozen=True):
    """The inside of an answer. `left_burst`, `left_day`: elements that the quota leaves; `near`: it is nearly used."""

    evaluated: tuple[Evaluated, ...]
    left_burst: int
    left_day: int
    near: bool
    withdrawals: bytes


def answer(header: QuestionHeader, asking: Asking, given: Answer, *, to: SealKey, signer: Envelopes, now: int) -> bytes:
    """An answer, sealed to who asked."""
    lines = (
        ANSWER,
        f"{header.receiver} {header.sender}",
        b64(bytes.fromhex(header.handle)),
        b64(asking.digest),
        to.id,
        str(now),
    )
    parts = [
        struct.pack(">BBIIBI", 1, given.near, given.left_burst, given.left_day, len(given.evaluated), asking.count)
    ]
    for one in given.evaluated:
        parts += [bytes.fromhex(one.epoch), one.elements, one.proof]
    parts += [struct.pack(">I", len(given.withdrawals)), given.withdrawals]
    return seal_under(("\n".join(lines) + "\n").encode(), b"".join(parts), to=to, signer=signer)


def read_answer(body: bytes) -> tuple[AnswerHeader, bytes]:
    """The header and the ciphertext of an answer; nothing is verified yet. Raises BatchRefusedError (0)."""
    head, sealed = split_body(body)
    try:
        found = note.parse(head)
        names, handle, elements, seal, time, digest = found.lines(ANSWER, 6)
        sender, receiver = names_of(names)
        header = AnswerHeader(
            sender=sender,
            receiver=receiver,
            handle=bytes_of(handle, HANDLE, "a handle").hex(),
            elements=bytes_of(elements, 32, "a digest"),
            seal=seal,
            time=number(time, "a time"),
            digest=digest,
            note=found,
        )
    except NoteError as error:
        raise refuse(f"answer: {error}") from None
    return header, sealed


def open_answer(
    header: AnswerHeader, sealed: bytes, epochs: Sequence[str], count: int, *, sender: Verifier, key: OpenKey
) -> Answer:
    """The inside of an answer to a question of so many elements about these epochs. Raises BatchRefusedError (0, 1)."""
    data = Bytes(open_under(header, sealed, sender=sender, key=key))
    version, near = data.number("B"), data.number("B")
    if version != 1 or near > 1:
        raise refuse(f"expected version 1 of an answer and a mark 0 or 1, got {version} and {near}")
    left_burst, left_day, many, elements = (data.number(form) for form in "IIBI")
    if (many, elements) != (len(epochs), count):
        raise refuse(f"expected {count} elements for {len(epochs)} epochs, got {elements} for {many}")
    evaluated = []
    for wanted in epochs:
        if (epoch := data.take(32).hex()) != wanted:
            raise refuse(f"expected the epoch {wanted[:12]}, got {epoch[:12]}")
        evaluated.append(Evaluated(epoch, data.take(count * ELEMENT), data.take(PROOF)))
    if (size := data.number("I")) > MAX_LIST:
        raise refuse(f"expected a list of at most {MAX_LIST} bytes, got {size}")
    withdrawals = data.take(size)
    data.end()
    return Answer(tuple(evaluated), left_burst, left_day, near == 1, withdrawals)
