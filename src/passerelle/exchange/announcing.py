"""The form of a manifest: canonical JSON with exactly the fields of `Announced`; its id is the SHA-256 of its bytes.

Sizes agree with each other, and times are such as a person could mean. Left to `manifests`: whether a channel lets it,
what came before it, and what becomes of it.
"""

import hashlib
import re
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration, from_iso, to_iso
from passerelle.core.errors import IdentityError, InputError, JsonError
from passerelle.exchange.context import MAX_AHEAD
from passerelle.identity.keys import b64, unb64
from passerelle.ports.search import BASE, DELTA

FULL = 65_536
"""Keys of a shard at most."""
MOST_SHARDS = 4096
LONGEST = 400 * MILLISECONDS_A_DAY
"""Milliseconds that a manifest may hold."""
LEAST_QUOTA = 10
"""Elements of the smallest question."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HEX = re.compile(r"[0-9a-f]{64}")


class ManifestError(InputError):
    """The manifest is not of its form (check 9)."""


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """What a manifest says. `public`, `root`: 32 bytes; `count`: padded keys; `shard_size`: bytes of each shard.

    `channel`: digest; `published`, `expires` in milliseconds; `delta_every`: ISO 8601, the clock of deltas.
    `burst`, `day`: elements that may be asked at once and a UTC day.
    """

    index: str
    partner: str
    holder: str
    channel: str
    purposes: tuple[str, ...]
    kind: str
    number: int
    public: bytes
    root: bytes
    count: int
    shards: int
    shard_size: int
    published: int
    expires: int
    delta_every: str
    burst: int
    day: int

    @property
    def text(self) -> str:
        """The manifest as it travels. Raises ManifestError for what no partner would take."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__struct_fields__}
        fields |= {"public": b64(self.public), "root": b64(self.root), "purposes": sorted(self.purposes)}
        fields |= {"published": to_iso(self.published), "expires": to_iso(self.expires), "v": 1}
        made = json.canonical(fields).decode()
        parse(made)
        return made


def id_of(text: str) -> str:
    """The id of a manifest, which is that of its epoch: 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


_TEXTS = ("index", "partner", "holder", "channel", "kind", "public", "root", "published", "expires", "delta_every")
_NUMBERS = ("number", "count", "shards", "shard_size", "burst", "day")
_FIELDS = {"v", "purposes", *_TEXTS, *_NUMBERS}


def parse(text: str) -> Announced:
    """What a manifest says. Raises ManifestError naming the field, what was expected and what was found."""
    try:
        value = json.parse_object(text, "manifest")
    except JsonError as error:
        raise ManifestError(str(error)) from None
    if value.keys() != _FIELDS:
        odd = ", ".join(sorted(value.keys() ^ _FIELDS))
        raise ManifestError(f"manifest: expected exactly the fields of version 1, got a difference in {odd[:200]}")
    if json.canonical(value) != text.encode():
        raise ManifestError("manifest: expected canonical JSON, got another form of it")
    _need(type(value["v"]) is int and value["v"] == 1, "v", "1", value["v"])
    for name in _TEXTS:
        _need(isinstance(value[name], str) and len(value[name]) <= 100, name, "a short text", value[name])
    for name in _NUMBERS:
        _need(type(value[name]) is int and value[name] > 0, name, "a number above 0", value[name])
    purposes = value["purposes"]
    texts = isinstance(purposes, list) and all(isinstance(one, str) and 0 < len(one) <= 100 for one in purposes)
    _need(
        texts and 0 < len(purposes) <= 100 and purposes == sorted(set(purposes)), "purposes", "sorted words", purposes
    )
    raw = {name: _bytes(name, value[name]) for name in ("public", "root")}
    moments = {name: _moment(name, value[name]) for name in ("published", "expires")}
    made = Announced(
        **{name: value[name] for name in (*_TEXTS, *_NUMBERS)} | raw | moments | {"purposes": (*purposes,)}
    )
    _sane(made)
    return made


def _need(holds: object, field: str, expected: str, got: object) -> None:
    if not holds:
        raise ManifestError(f"manifest: {field}: expected {expected}, got {str(got)[:60]!r}")


def _bytes(field: str, text: str) -> bytes:
    try:
        found = unb64(text)
    except IdentityError as error:
        raise ManifestError(f"manifest: {field}: {error}") from None
    _need(len(found) == 32, field, "32 bytes", text)
    return found


def _moment(field: str, text: str) -> int:
    try:
        found = from_iso(text)
    except (InputError, OverflowError) as error:
        raise ManifestError(f"manifest: {field}: {error}") from None
    _need(to_iso(found) == text, field, "a moment like 2026-11-21T20:51:49.123Z", text)
    return found


def _sane(made: Announced) -> None:
    """Sizes that agree with each other and times that a person could mean."""
    _need(_NAME.fullmatch(made.index), "index", "1 to 40 of a-z 0-9 -", made.index)
    _need(_HEX.fullmatch(made.channel), "channel", "the digest of a channel", made.channel)
    _need(made.kind in (BASE, DELTA), "kind", f"{BASE} or {DELTA}", made.kind)
    _need(made.shards <= MOST_SHARDS, "shards", f"{MOST_SHARDS} at most", made.shards)
    _need(made.shards == -(-made.count // FULL), "shards", f"one for each {FULL} keys", made.shards)
    _need(made.count % made.shards == 0, "count", f"a multiple of the {made.shards} shards", made.count)
    capacity = made.count // made.shards
    _need(made.shard_size <= 32 * capacity + 65_536, "shard_size", f"bytes for {capacity} keys", made.shard_size)
    _need(made.burst >= LEAST_QUOTA, "burst", f"{LEAST_QUOTA} elements at least", made.burst)
    _need(made.day >= made.burst, "day", f"at least the {made.burst} elements at once", made.day)
    lasts = made.expires - made.published
    _need(0 < lasts <= LONGEST, "expires", "a moment within 400 days after published", to_iso(made.expires))
    try:
        every = add_duration(0, made.delta_every)
    except InputError as error:
        raise ManifestError(f"manifest: delta_every: {error}") from None
    _need(1000 <= every <= LONGEST, "delta_every", "PT1S to P400D", made.delta_every)


def between(text: str, holder: str, partner: str, moment: int) -> Announced:
    """What a manifest of a holder for a partner says at a moment (ms). Raises ManifestError."""
    made = parse(text)
    if (made.holder, made.partner) != (holder, partner):
        raise ManifestError(f"manifest: expected one of {holder} for {partner}, got {made.holder} for {made.partner}")
    latest = to_iso(moment + MAX_AHEAD)
    _need(made.published <= moment + MAX_AHEAD, "published", f"{latest} at the latest", to_iso(made.published))
    return made
