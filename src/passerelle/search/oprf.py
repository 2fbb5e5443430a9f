"""The evaluating side of RFC 9497, ristretto255-SHA512, verifiable mode: the library `voprf`, and no byte of our own.

Rules kept here:
- the key of an epoch is derived from its secret (RFC 9497, 3.2.1) and held no longer than a call takes;
- elements that are the identity or not in canonical form are refused before anything is computed;
- one proof is about all elements of a call, so whoever asked can check each.

The library holds the interpreter lock: who has much to evaluate gives it to other processes (`making.py`).
Left alone: how much a partner may ask (quotas), which is decided before this is called.
"""

from collections.abc import Iterable

from voprf import ristretto

from passerelle.core.errors import ElementError, InputError
from passerelle.search.sizes import ELEMENT, MOST_BATCH, MOST_INPUT, PROOF, SECRET

__all__ = ["ELEMENT", "PROOF", "SECRET", "evaluate", "outputs", "public"]

_INFO = b"passerelle-index/1"


def _evaluator(secret: bytes) -> ristretto.Evaluator:
    if len(secret) != SECRET:
        raise InputError(f"secret: expected {SECRET} bytes, got {len(secret)}")
    return ristretto.Evaluator.from_seed(secret, _INFO)


def public(secret: bytes) -> bytes:
    """The public key of an epoch, 32 bytes."""
    return _evaluator(secret).public_key.serialize()


def evaluate(secret: bytes, elements: bytes) -> tuple[bytes, bytes]:
    """The elements evaluated, as many as were given and in their order, and the proof for all (64 bytes).

    `elements`: n x 32 bytes, n from 1 to 65,535. Raises ElementError when one is not an element of the group.
    """
    count, rest = divmod(len(elements), ELEMENT)
    if rest or not 0 < count <= MOST_BATCH:
        raise ElementError(f"elements: expected 1 to {MOST_BATCH} of {ELEMENT} bytes, got {len(elements)} bytes")
    answer = _evaluator(secret).evaluate_batch(_read(elements)).serialize()
    if len(answer) != count * ELEMENT + PROOF:
        raise ElementError(f"expected {count} evaluated elements and a proof, got {len(answer)} bytes")
    return answer[PROOF:], answer[:PROOF]  # so the library writes them: the proof first


def _read(elements: bytes) -> list[ristretto.BlindedInput]:
    found = []
    for start in range(0, len(elements), ELEMENT):
        try:
            found.append(ristretto.BlindedInput.deserialize(elements[start : start + ELEMENT]))
        except ValueError:
            raise ElementError(
                "elements: expected elements of the group in canonical form and not the identity, "
                f"got another at place {start // ELEMENT}"
            ) from None
    return found


def outputs(secret: bytes, inputs: Iterable[bytes]) -> list[bytes]:
    """The outputs for inputs that are known, 64 bytes each: what the asker has after blinding and unblinding."""
    evaluator = _evaluator(secret)
    found = []
    for data in inputs:
        if len(data) > MOST_INPUT:
            raise InputError(f"input: expected {MOST_INPUT} bytes at most, got {len(data)}")
        found.append(evaluator.evaluate_known_input(data))
    return found
