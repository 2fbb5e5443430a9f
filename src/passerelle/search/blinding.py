"""Match keys made into elements that tell nothing, and what comes back made into outputs.

Rules kept here:
- all blinds and all padding come from one seed of 32 bytes by HKDF (RFC 5869, SHA-512), so a question survives a
  restart, and an auditor who is given seed, keys and width computes the very elements that both logs hold;
- elements are sorted: their order says nothing of keys or persons. Padding is elements like the others, by
  hash-to-group of derived bytes: nobody knows a logarithm between any two;
- a question has one of a few widths, whatever it asks;
- nothing is unblinded unless the proof over all elements holds.

A seed is for one question. The blind of a key hangs on seed and key, so not even one seed used twice gives two keys the
same blind.
"""

import hmac
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec

from passerelle.core.errors import ElementError, InputError
from passerelle.search import sodium, suite
from passerelle.search.sizes import ELEMENT, MOST_ELEMENTS, MOST_INPUT, SEED

__all__ = ["ELEMENT", "MOST_ELEMENTS", "SEED", "WIDTHS", "Blinded", "blind", "unblind", "width_of"]

WIDTHS = (10, 50, 100, 250)
_STEP = 500

_SALT = b"passerelle-search/1"


def width_of(keys: int) -> int:
    """The width of a question with so many keys: 10, 50, 100, 250, then multiples of 500.

    Raises InputError when there is none, or more than one question may ask.
    """
    if not 0 < keys <= MOST_ELEMENTS:
        raise InputError(f"expected 1 to {MOST_ELEMENTS} match keys in a question, got {keys}")
    place = bisect_left(WIDTHS, keys)
    return WIDTHS[place] if place < len(WIDTHS) else -(-keys // _STEP) * _STEP


def most_keys(elements: int) -> int:
    """How many keys a question may have whose elements are at most so many (10 at least): the largest width within."""
    most = min(elements, MOST_ELEMENTS)
    return most // _STEP * _STEP or max(one for one in WIDTHS if one <= max(most, WIDTHS[0]))


class Blinded(msgspec.Struct, frozen=True):
    """A blinded question. `elements`: width x 32 bytes, sorted; `keys`: sorted; `blinds`, `places`: of each key."""

    elements: bytes
    keys: tuple[str, ...]
    blinds: tuple[bytes, ...]
    places: tuple[int, ...]

    @property
    def width(self) -> int:
        """How many elements."""
        return len(self.elements) // ELEMENT

    def unblind(self, evaluated: bytes, proof: bytes, public: bytes) -> dict[str, bytes]:
        """The output of each key, 64 bytes, from what the partner evaluated.

        `public`: the public key that the manifest names. Raises ElementError when `evaluated` has another length, the
        identity, or what is no canonical element; ProofError when the proof does not hold for each of the elements.
        """
        if len(evaluated) != len(self.elements):
            raise ElementError(f"expected {self.width} evaluated elements, got {len(evaluated)} bytes")
        found = suite.split(evaluated, "evaluated elements")
        suite.verify(public, _rows(self.elements), found, proof)
        inverses = suite.inverted(self.blinds)

        def outputs(start: int, end: int) -> list[bytes]:
            return [
                suite.finalized(self.keys[at].encode(), suite.multiplied(inverses[at], found[self.places[at]]))
                for at in range(start, end)
            ]

        return dict(zip(self.keys, chain(*sodium.spread(outputs, len(self.keys))), strict=True))


def _rows(elements: bytes) -> Sequence[bytes]:
    return [elements[start : start + ELEMENT] for start in range(0, len(elements), ELEMENT)]


def blind(seed: bytes, keys: Iterable[str], width: int) -> Blinded:
    """The blinded elements of match keys; the same for the same seed, keys (in any order) and width.

    Raises InputError when the seed is not of 32 bytes, there is no key, one is empty, or there are more than `width`.
    """
    if len(seed) != SEED:
        raise InputError(f"seed: expected {SEED} bytes, got {len(seed)}")
    those = tuple(sorted(set(keys)))
    if not 0 < len(those) <= width <= MOST_ELEMENTS:
        raise InputError(
            f"expected 1 to {width} match keys and {MOST_ELEMENTS} elements at most, got {len(those)} keys"
        )
    if not all(0 < len(key.encode()) <= MOST_INPUT for key in those):
        raise InputError(f"expected match keys of 1 to {MOST_INPUT} bytes")
    drawn = hmac.digest(_SALT, seed, "sha512")
    blinds = tuple(sodium.reduced(_expand(drawn, b"blind " + key.encode())) for key in those)

    def blinded(start: int, end: int) -> list[bytes]:
        return [suite.multiplied(blinds[at], suite.hash_to_group(those[at].encode())) for at in range(start, end)]

    made = list(chain(*sodium.spread(blinded, len(those))))
    padding = (_expand(drawn, b"padding " + place.to_bytes(4, "big")) for place in range(width - len(those)))
    elements = sorted([*made, *map(sodium.from_hash, padding)])
    places = {element: place for place, element in enumerate(elements)}
    return Blinded(b"".join(elements), those, blinds, tuple(places[element] for element in made))


def _expand(drawn: bytes, info: bytes) -> bytes:
    """HKDF-Expand (RFC 5869, 2.3) of one block, 64 bytes."""
    return hmac.digest(drawn, info + b"\x01", "sha512")


def unblind(
    seed: bytes, keys: Iterable[str], width: int, evaluated: bytes, proof: bytes, public: bytes
) -> dict[str, bytes]:
    """The output of each key: `blind` again, then `Blinded.unblind`. Raises what both raise."""
    return blind(seed, keys, width).unblind(evaluated, proof, public)
