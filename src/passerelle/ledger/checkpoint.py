"""Checkpoints and cosignatures (C2SP tlog-checkpoint, tlog-cosignature): what a log says of itself, and who saw it.

- A log's checkpoint bears two signatures of its `log` keys: Ed25519 (0x01, over the note text) and ML-DSA-44 (0x06,
  over `cosigned_message` with timestamp 0: the log says no more than that this tree is its own). Both must verify.
- A receipt is two cosignatures of the receiver's `receipt` keys: Ed25519 (0x04) and ML-DSA-44 (0x06), both with the
  receiver's clock, both must verify. It says: leaves up to this size are durable here, each content was opened and
  matched (but where withheld), each outcome is committed.
- No extension lines: the ML-DSA signature would not cover them.
"""

import re
import struct
from collections.abc import Iterable

import msgspec

from passerelle.core.errors import IdentityError, NoteError, SignatureError
from passerelle.identity.keys import Signer, Verifier, b64, unb64
from passerelle.ledger import note
from passerelle.ledger.note import Note, Signature

LANES = ("flash", "routine", "governance")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")

Signers = tuple[Signer, Signer]
Verifiers = tuple[Verifier, Verifier]


def origin(sender: str, receiver: str, lane: str, generation: int) -> str:
    """The name of one log: `passerelle/<sender>/<receiver>/<lane>/<generation>`."""
    return f"passerelle/{sender}/{receiver}/{lane}/{generation}"


def split_origin(text: str) -> tuple[str, str, str, int]:
    """Sender, receiver, lane, generation. Raises NoteError."""
    parts = text.split("/")
    if (
        len(parts) != 5
        or parts[0] != "passerelle"
        or parts[3] not in LANES
        or not re.fullmatch(r"[1-9]\d{0,8}", parts[4])
    ):
        raise NoteError(f"expected passerelle/sender/receiver/lane/generation, got {text[:80]!r}")
    return parts[1], parts[2], parts[3], int(parts[4])


class Checkpoint(msgspec.Struct, frozen=True):
    """A log's origin, size and root (32 bytes), with the note that says so."""

    origin: str
    size: int
    root: bytes
    note: Note

    def __str__(self) -> str:
        return str(self.note)


def text_of(origin: str, size: int, root: bytes) -> str:
    """The three lines of a checkpoint."""
    return f"{origin}\n{size}\n{b64(root)}\n"


def number(text: str, what: str) -> int:
    """A decimal number without leading zeros, below 2^63. Raises NoteError."""
    if not _NUMBER.fullmatch(text) or (value := int(text)) >= 2**63:
        raise NoteError(f"expected {what} as a decimal number, got {text[:24]!r}")
    return value


def parse(data: bytes | str) -> Checkpoint:
    """The checkpoint that a note says, signatures not yet checked. Raises NoteError."""
    found = note.parse(data)
    lines = found.text.split("\n")
    if len(lines) != 4 or not lines[0]:
        raise NoteError(f"expected origin, size and root, got {len(lines) - 1} lines")
    size = number(lines[1], "a tree size")
    try:
        root = unb64(lines[2])
    except IdentityError as error:
        raise NoteError(f"root: {error}") from None
    if len(root) != 32:
        raise NoteError(f"expected a root of 32 bytes, got {len(root)}")
    return Checkpoint(lines[0], size, root, found)


def cosigned_message(name: str, timestamp: int, log: str, size: int, root: bytes) -> bytes:
    """The bytes that ML-DSA-44 signs (tlog-cosignature, `cosigned_message`), for a checkpoint: start 0, end `size`."""
    who, what = name.encode(), log.encode()
    if len(who) > 255 or len(what) > 255:
        raise NoteError(f"expected names of at most 255 bytes, got {max(len(who), len(what))}")
    return b"".join(
        (
            b"subtree/v1\n\0",
            struct.pack(">B", len(who)),
            who,
            struct.pack(">QB", timestamp, len(what)),
            what,
            struct.pack(">QQ", 0, size),
            root,
        )
    )


def sign(signers: Signers, log: str, size: int, root: bytes) -> Checkpoint:
    """The sender's checkpoint with both signatures."""
    text = text_of(log, size, root)
    classical, quantum = signers
    message = cosigned_message(quantum.name, 0, log, size, root)
    lines = (
        Signature(classical.name, classical.id, classical.sign(text.encode())),
        Signature(quantum.name, quantum.id, struct.pack(">Q", 0) + quantum.sign(message)),
    )
    return Checkpoint(log, size, root, note.make(text, lines))


def verify(checkpoint: Checkpoint, verifiers: Verifiers) -> None:
    """Raises SignatureError unless both signatures of the log's keys are there and hold."""
    classical, quantum = verifiers
    text = checkpoint.note.text.encode()
    classical.verify(checkpoint.note.need(classical.name, classical.id), text)
    stamp, value = _stamped(checkpoint.note.need(quantum.name, quantum.id))
    if stamp != 0:
        raise SignatureError(f"expected timestamp 0 in the log's own signature, got {stamp}")
    message = cosigned_message(quantum.name, 0, checkpoint.origin, checkpoint.size, checkpoint.root)
    quantum.verify(value, message)


def _stamped(value: bytes) -> tuple[int, bytes]:
    if len(value) < 9:
        raise SignatureError(f"expected a timestamped signature, got {len(value)} bytes")
    stamp = int.from_bytes(value[:8])
    if stamp >= 2**63:
        raise SignatureError("expected a timestamp below 2^63")
    return stamp, value[8:]


def cosign(signers: Signers, checkpoint: Checkpoint, seconds: int) -> tuple[Signature, Signature]:
    """Both cosignatures of a receiver over a checkpoint, at a time in seconds since the epoch."""
    classical, quantum = signers
    first = f"cosignature/v1\ntime {seconds}\n{checkpoint.note.text}".encode()
    second = cosigned_message(quantum.name, seconds, checkpoint.origin, checkpoint.size, checkpoint.root)
    stamp = struct.pack(">Q", seconds)
    return (
        Signature(classical.name, classical.id, stamp + classical.sign(first)),
        Signature(quantum.name, quantum.id, stamp + quantum.sign(second)),
    )


def verify_cosignature(checkpoint: Checkpoint, verifiers: Verifiers) -> int:
    """The time (seconds) at which the receiver cosigned. Raises SignatureError unless both cosignatures hold."""
    classical, quantum = verifiers
    first, value = _stamped(checkpoint.note.need(classical.name, classical.id))
    classical.verify(value, f"cosignature/v1\ntime {first}\n{checkpoint.note.text}".encode())
    second, value = _stamped(checkpoint.note.need(quantum.name, quantum.id))
    if first != second:
        raise SignatureError(f"expected one time in both cosignatures, got {first} and {second}")
    quantum.verify(value, cosigned_message(quantum.name, second, checkpoint.origin, checkpoint.size, checkpoint.root))
    return first


def with_signatures(checkpoint: Checkpoint, more: tuple[Signature, ...]) -> Checkpoint:
    """The same checkpoint with more signature lines."""
    made = Note(checkpoint.note.text, checkpoint.note.signatures + more)
    return Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root, made)


def bare(checkpoint: Checkpoint, verifiers: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint with the signature lines of these keys and no other that came with it."""
    keys = {(key.name, key.id) for key in verifiers}
    lines = tuple(one for one in checkpoint.note.signatures if (one.name, one.key) in keys)
    return Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root, Note(checkpoint.note.text, lines))
