"""What a question commits to: a text that says its match keys, its width and its seed, and nothing else.

    {"handle", "keys" (sorted), "seed" (base64), "v": 1, "width"}      canonical JSON

SHA-256(salt, text) is the commitment.

Whoever is given salt and text computes the very elements that both sides wrote down, and learns whom a question was
about as far as match keys say it. The commitment alone tells nothing: the salt is 32 random bytes.

Left unchecked: that the keys are those of a person. They are no more than keys, here and for whoever opens them.
"""

import hashlib
import re
from collections.abc import Iterable

import msgspec

from passerelle.core import json
from passerelle.core.errors import InputError
from passerelle.identity.keys import b64, unb64
from passerelle.search import blinding

_HANDLE = re.compile(r"[0-9a-f]{32}")


class Opened(msgspec.Struct, frozen=True):
    """An opening as it was read. `seed`: 32 bytes; `keys`: sorted, each once; `width`: elements."""

    handle: str
    keys: tuple[str, ...]
    seed: bytes
    width: int

    def elements(self) -> bytes:
        """The blinded elements of the question, `width` x 32 bytes."""
        return blinding.blind(self.seed, self.keys, self.width).elements


def text(handle: str, keys: Iterable[str], seed: bytes, width: int) -> bytes:
    """The text that a question commits to. `handle`: 32 hexadecimal digits."""
    return json.canonical({"v": 1, "handle": handle, "keys": sorted(set(keys)), "seed": b64(seed), "width": width})


def digest(elements: bytes) -> bytes:
    """What both sides write down of the elements of a question: 32 bytes."""
    return hashlib.sha256(elements).digest()


def parse(data: bytes) -> Opened:
    """The opening that a text says. Raises InputError or JsonError unless it is in its one form."""
    value = json.parse_object(data, "opening")
    if set(value) != {"v", "handle", "keys", "seed", "width"} or value["v"] != 1:
        raise InputError(f"opening: expected v 1, handle, keys, seed and width, got {', '.join(sorted(value))[:80]}")
    handle, keys, width = value["handle"], value["keys"], value["width"]
    if not isinstance(handle, str) or not _HANDLE.fullmatch(handle):
        raise InputError(f"handle: expected 32 hexadecimal digits, got {str(handle)[:40]!r}")
    if not isinstance(keys, list) or not all(isinstance(one, str) for one in keys) or keys != sorted(set(keys)):
        raise InputError("keys: expected match keys in their order, each once, got another list")
    if type(width) is not int or not isinstance(value["seed"], str):
        raise InputError("opening: expected a width and a seed, got another form")
    if width != blinding.width_of(len(keys)):
        raise InputError(f"width: expected that of {len(keys)} keys, {blinding.width_of(len(keys))}, got {width}")
    made = Opened(handle, tuple(keys), unb64(value["seed"]), width)
    if text(made.handle, made.keys, made.seed, made.width) != data:
        raise InputError("opening: expected canonical JSON, got another encoding")
    return made
