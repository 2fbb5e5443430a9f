"""What a log and a witness say to each other (C2SP tlog-witness): a checkpoint with its proof, lines of cosignature.

    old <size of the checkpoint that the witness cosigned last>
    <base64 hash>                       the consistency proof from there, at most 63 hashes
    <empty line>
    <checkpoint>

The answer is the witness's two cosignature lines (Ed25519 0x04 and ML-DSA-44 0x06). Both must verify.
"""

import msgspec

from passerelle.core.errors import IdentityError, NoteError
from passerelle.identity.keys import b64, unb64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle, note
from passerelle.ledger.checkpoint import Checkpoint, Verifiers, number

MAX_PROOF = 63
MAX_REQUEST = note.MAX_NOTE + 4096
TOO_LARGE = f"expected at most {MAX_REQUEST} bytes"


class Request(msgspec.Struct, frozen=True):
    """A checkpoint that is to be cosigned, and the proof that it continues the one of size `old`."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint

    def encode(self) -> bytes:
        proof = "".join(f"{b64(node)}\n" for node in self.proof)
        return f"old {self.old}\n{proof}\n{self.checkpoint}".encode()


def parse(data: bytes) -> Request:
    """The request that the bytes say; nothing is verified yet. Raises NoteError."""
    if len(data) > MAX_REQUEST:
        raise NoteError(f"{TOO_LARGE}, got {len(data)}")
    try:
        head, mark, tail = data.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise NoteError("expected a request in UTF-8") from None
    lines = head.split("\n")
    if not mark or not lines[0].startswith("old "):
        raise NoteError(f"expected old, a proof, an empty line and a checkpoint, got {head[:40]!r}")
    if len(lines) > 1 + MAX_PROOF:
        raise NoteError(f"expected a proof of at most {MAX_PROOF} hashes, got {len(lines) - 1}")
    try:
        proof = tuple(unb64(line) for line in lines[1:])
    except IdentityError as error:
        raise NoteError(f"proof: {error}") from None
    if any(len(one) != merkle.HASH for one in proof):
        raise NoteError(f"expected hashes of {merkle.HASH} bytes in the proof")
    return Request(number(lines[0].removeprefix("old "), "an old size"), proof, checkpoints.parse(tail))


def with_answer(checkpoint: Checkpoint, answer: bytes, keys: Verifiers) -> tuple[Checkpoint, int]:
    """The checkpoint with the witness's cosignatures, and their time (seconds).

    Lines of keys that are not the witness's are left out (tlog-witness). Raises NoteError or SignatureError unless both
    of the witness's are there and hold.
    """
    answered = checkpoints.parse(checkpoint.note.text.encode() + b"\n" + answer)
    time = checkpoints.verify_cosignature(answered, keys)
    return checkpoints.with_signatures(checkpoint, checkpoints.bare(answered, keys).note.signatures), time
