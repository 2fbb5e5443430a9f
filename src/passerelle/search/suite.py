"""What the asker computes of RFC 9497, suite ristretto255-SHA512, over libsodium's group.

Rules kept here:
- points and scalars are libsodium's (`sodium`); hashing is hashlib's. Own are only the byte strings that RFC 9497
  (2.2.2, 3.3.2, 4.1) and RFC 9380 (5.3.1) hash, held to the vectors of RFC 9497;
- the identity and encodings that are not canonical are refused wherever a point comes from outside (RFC 9497, 2.1);
- a proof is judged as section 2.2.2 says, with its composites: nothing is sampled, so one wrong element fails it.

The mode (0 OPRF, 1 VOPRF) is a parameter only because the vectors know both; the search knows VOPRF alone.
Left alone: timing of what is public (points on the wire, proofs). What is secret passes only through libsodium.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache, reduce
from typing import Any

from passerelle.core.errors import ElementError, ProofError
from passerelle.search import sodium
from passerelle.search.sizes import ELEMENT, MOST_BATCH, PROOF, SCALAR

__all__ = [
    "ELEMENT",
    "OPRF",
    "PROOF",
    "VOPRF",
    "context",
    "finalized",
    "hash_to_group",
    "hash_to_scalar",
    "inverted",
    "multiplied",
    "split",
    "verify",
]

OPRF, VOPRF = 0, 1

_IDENTITY = bytes(ELEMENT)
_ORDER = 2**252 + 27742317777372353535851937790883648493
_BLOCK = bytes(128)  # of SHA-512


def context(mode: int) -> bytes:
    """The context string of a mode (RFC 9497, 3.1)."""
    return b"OPRFV1-" + bytes([mode]) + b"-ristretto255-SHA512"


@lru_cache(maxsize=8)
def _expanding(label: bytes, mode: int) -> tuple[Any, bytes]:
    domain = label + context(mode)
    return hashlib.sha512(_BLOCK), domain + bytes([len(domain)])


def _expand(message: bytes, label: bytes, mode: int) -> bytes:
    """64 bytes of expand_message_xmd with SHA-512 (RFC 9380, 5.3.1): one block."""
    begun, domain = _expanding(label, mode)
    first = begun.copy()
    first.update(message + b"\x00\x40\x00" + domain)
    return hashlib.sha512(first.digest() + b"\x01" + domain).digest()


def hash_to_group(data: bytes, mode: int = VOPRF) -> bytes:
    """The element of an input (RFC 9497, 4.1)."""
    return sodium.from_hash(_expand(data, b"HashToGroup-", mode))


def hash_to_scalar(data: bytes, mode: int = VOPRF) -> bytes:
    """The scalar of a byte string (RFC 9497, 4.1)."""
    return sodium.reduced(_expand(data, b"HashToScalar-", mode))


def _prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def finalized(data: bytes, element: bytes) -> bytes:
    """The output for an input and its unblinded element, 64 bytes (RFC 9497, 3.3.1)."""
    return hashlib.sha512(_prefixed(data) + _prefixed(element) + b"Finalize").digest()


def multiplied(scalar: bytes, element: bytes) -> bytes:
    """The product. Raises ElementError when an element is not one, or the product is the identity."""
    try:
        return sodium.times(scalar, element)
    except RuntimeError:
        raise ElementError("expected an element of the group and a scalar that is not zero") from None


def inverted(scalars: Sequence[bytes]) -> list[bytes]:
    """The inverses of scalars that are not zero: one inversion for all (Montgomery's trick)."""
    if not scalars:
        return []
    products = [scalars[0]]
    for scalar in scalars[1:]:
        products.append(sodium.scalar_times(products[-1], scalar))
    inverse = sodium.scalar_inverse(products[-1])
    found = [b""] * len(scalars)
    for place in range(len(scalars) - 1, 0, -1):
        found[place] = sodium.scalar_times(inverse, products[place - 1])
        inverse = sodium.scalar_times(inverse, scalars[place])
    found[0] = inverse
    return found


def split(elements: bytes, what: str = "elements") -> list[bytes]:
    """The elements of a row of them, each looked at.

    Raises ElementError when it is empty or too long, or one is the identity or not the canonical form of an element.
    """
    count, rest = divmod(len(elements), ELEMENT)
    if rest or not 0 < count <= MOST_BATCH:
        raise ElementError(f"{what}: expected 1 to {MOST_BATCH} of {ELEMENT} bytes, got {len(elements)} bytes")
    found = [elements[start : start + ELEMENT] for start in range(0, len(elements), ELEMENT)]
    for place, one in enumerate(found):
        if one == _IDENTITY:
            raise ElementError(f"{what}: expected elements of the group, got the identity at place {place}")
        if not sodium.is_element(one):
            raise ElementError(
                f"{what}: expected elements of the group in canonical form, got another at place {place}"
            )
    return found


# ---- proofs ----------------------------------------------------------------------------------------------------------


def verify(
    public: bytes, elements: Sequence[bytes], evaluated: Sequence[bytes], proof: bytes, mode: int = VOPRF
) -> None:
    """Raises ProofError unless all elements were evaluated with the key that `public` belongs to (RFC 9497, 2.2.2).

    `elements`, `evaluated`: of the same length. Raises ElementError when one of them, or `public`, is no element.
    """
    split(public, "public key")
    if len(public) != ELEMENT or len(elements) != len(evaluated):
        raise ProofError(f"expected {len(elements)} evaluated elements and one public key, got {len(evaluated)}")
    challenge, response = proof[:SCALAR], proof[SCALAR:]
    if len(proof) != PROOF or not all(int.from_bytes(one, "little") < _ORDER for one in (challenge, response)):
        raise ProofError(f"proof: expected two scalars of {SCALAR} bytes, below the order of the group")
    m, z = _composites(public, elements, evaluated, mode)
    t2 = sodium.add(sodium.times_base(response), _times(challenge, public))
    t3 = sodium.add(_times(response, m), _times(challenge, z))
    transcript = b"".join(map(_prefixed, (public, m, z, t2, t3))) + b"Challenge"
    if hash_to_scalar(transcript, mode) != challenge:
        raise ProofError(
            "expected elements evaluated with the key of the manifest, got others: the proof does not hold"
        )


def _times(scalar: bytes, element: bytes) -> bytes:
    """The product, which may be the identity."""
    try:
        return sodium.times(scalar, element)
    except RuntimeError:  # a zero scalar, or the identity: both give the identity
        return _IDENTITY


def _composites(public: bytes, elements: Sequence[bytes], evaluated: Sequence[bytes], mode: int) -> tuple[bytes, bytes]:
    """The weighted sums of both rows (ComputeComposites)."""
    seed = hashlib.sha512(_prefixed(public) + _prefixed(b"Seed-" + context(mode))).digest()
    prefix = _prefixed(seed)

    def sums(start: int, end: int) -> tuple[bytes, bytes]:
        m = z = _IDENTITY
        for place in range(start, end):
            one, other = elements[place], evaluated[place]
            text = prefix + place.to_bytes(2, "big") + b"\x00\x20" + one + b"\x00\x20" + other + b"Composite"
            weight = hash_to_scalar(text, mode)
            m, z = sodium.add(m, multiplied(weight, one)), sodium.add(z, multiplied(weight, other))
        return m, z

    parts = sodium.spread(sums, len(elements))
    return reduce(sodium.add, (m for m, _z in parts)), reduce(sodium.add, (z for _m, z in parts))
