"""The rules of a witness: what it cosigns, and what it refuses (C2SP tlog-witness).

In the order of the specification:
1. the log is one that persons have added, and no later generation of it was begun: UnknownLogError;
2. both signatures of its log keys hold: UnsignedError (one alone is none: evidence must outlive either algorithm);
3. the old size is not beyond the checkpoint's: RequestError;
4. the old size is the one that was cosigned last: BehindError, which bears that size;
5. a checkpoint of that same size has the same root: BehindError, and the two checkpoints are proof of a fork;
6. the proof shows that the checkpoint continues the one held: InconsistentError; kept as well, since the log signed it.
Then the new checkpoint is kept, durably, and only after that cosigned: a crash in between costs a cosignature, never
the memory of one. So a witness never cosigns two trees of one size, whatever stops in between.

Beyond the specification: asked with any signed checkpoint of a log, a witness shows the newest that it holds of it,
in whatever generation. It bears the log's own signatures: a node that was put back learns from its own hand where it
stood, and a witness cannot make a size up.

Left unchecked: what the leaves say. A witness knows hashes only.
"""

from collections.abc import Sequence
from typing import NamedTuple

from passerelle.core.errors import InputError, NoteError, PasserelleError, ProofError, SignatureError
from passerelle.ledger import audit as texts
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle
from passerelle.ledger import witness as wire
from passerelle.ledger.checkpoint import Checkpoint, Signers, Verifiers
from passerelle.ledger.note import Signature
from passerelle.ledger.witness import Request


class WitnessError(PasserelleError):
    """The witness does not cosign this."""


class RequestError(WitnessError):
    """The request is not of its form."""


class UnknownLogError(WitnessError):
    """The log is not one that this witness watches, or was closed by a later generation."""


class UnsignedError(WitnessError):
    """The checkpoint does not bear both signatures of the log."""


class BehindError(WitnessError):
    """The log counts from another size than this witness holds."""

    def __init__(self, size: int, fork: bool = False) -> None:
        super().__init__(f"expected a request that counts from size {size}" + (": another root is held" * fork))
        self.size, self.fork = size, fork


class InconsistentError(WitnessError):
    """The proof does not show that the checkpoint continues the one that is held."""


class Held(NamedTuple):
    """The newest checkpoint of a log that a witness has cosigned, in its newest generation."""

    generation: int
    checkpoint: Checkpoint


def read(body: bytes) -> tuple[Request, str, int]:
    """A request, the node whose log it is of, and the generation. Raises RequestError or UnknownLogError."""
    try:
        request = wire.parse(body)
    except NoteError as error:
        raise RequestError(str(error)) from None
    node, generation = _named(request.checkpoint)
    return request, node, generation


def read_question(body: bytes) -> tuple[Checkpoint, str]:
    """The checkpoint with which a node asks what is held of its log, and the node. Raises as `read` does."""
    try:
        asked = checkpoints.parse(body)
    except NoteError as error:
        raise RequestError(str(error)) from None
    return asked, _named(asked)[0]


def _named(checkpoint: Checkpoint) -> tuple[str, int]:
    try:
        return texts.split_origin(checkpoint.origin)
    except (NoteError, InputError) as error:
        raise UnknownLogError(str(error)) from None


def signed(checkpoint: Checkpoint, keys: Verifiers) -> Checkpoint:
    """The checkpoint with the log's own two lines alone. Raises UnsignedError unless both hold."""
    try:
        checkpoints.verify(checkpoint, keys)
        return checkpoints.bare(checkpoint, keys)
    except (SignatureError, NoteError) as error:
        raise UnsignedError(str(error)) from None


def judge(request: Request, generation: int, keys: Verifiers, held: Held | None) -> Checkpoint:
    """The checkpoint to keep and then to cosign. `keys` are the log's. Raises a WitnessError."""
    if held is not None and generation < held.generation:  # 1
        raise UnknownLogError(f"expected generation {held.generation} or a later one, got {generation}")
    made = signed(request.checkpoint, keys)  # 2
    if request.old > made.size:  # 3
        raise RequestError(f"expected an old size of at most {made.size}, got {request.old}")
    last = held.checkpoint if held is not None and held.generation == generation else None
    size = last.size if last is not None else 0
    if request.old != size:  # 4
        raise BehindError(size)
    if last is not None and made.size == size and made.root != last.root:  # 5
        raise BehindError(size, fork=True)
    try:  # 6
        _consistent(request, last)
    except ProofError as error:
        raise InconsistentError(str(error)) from None
    return made


def _consistent(request: Request, last: Checkpoint | None) -> None:
    made = request.checkpoint
    if last is not None and last.size:
        merkle.verify_consistency(last.size, made.size, request.proof, last.root, made.root)
    elif request.proof:
        raise ProofError(f"expected no proof from the empty tree, got {len(request.proof)} hashes")
    elif made.size == 0 and made.root != merkle.EMPTY_ROOT:
        raise ProofError("expected the root of the empty tree, got another")


def lines(checkpoint: Checkpoint, signers: Sequence[Signers], now: int) -> bytes:
    """The witness's cosignature lines, two for each pair. `now` in ms. Call only when the checkpoint is durable."""
    return "".join(one.line() for one in _cosigned(checkpoint, signers, now)).encode()


def shown(checkpoint: Checkpoint, signers: Sequence[Signers], now: int) -> bytes:
    """The checkpoint that is held, with the witness's cosignatures."""
    return checkpoints.with_signatures(checkpoint, _cosigned(checkpoint, signers, now)).note.encode()


def _cosigned(checkpoint: Checkpoint, signers: Sequence[Signers], now: int) -> tuple[Signature, ...]:
    return tuple(one for pair in signers for one in checkpoints.cosign(pair, checkpoint, now // 1000))
