"""Manifests on the wire: what a holder announces of its index for a partner, in the governance lane.

    index.publish   a table under a key of its own: from the entry on the partner may fetch it and ask
    index.expire    tables that end before their time

A manifest is canonical JSON with exactly the fields of `Announced`; its id is the SHA-256 of its bytes.

Rules kept here:
- a manifest is judged at its entry's time, by the same words on both sides: channel in force (7), which is made for
  searching with these purposes (8), of this form and made out to this partner (9), newer than those before (10);
- numbers rise within an index and a kind. A newer one ends the older when its table is here (`here`), not before:
  questions go on with the older until then, or until it expires;
- an end is taken whatever the channel is like by then;
- what the partner refuses, or had refused before this node was put back, counts no more.

Left unchecked: that the table is what the manifest says (`search.fetching` checks each shard), and that the index holds
what it should: nobody but its holder can know.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration, from_iso, to_iso
from passerelle.core.errors import ForbiddenError, IdentityError, InputError, JsonError, NotFoundError, StateError
from passerelle.exchange import content as contents
from passerelle.exchange import outbox
from passerelle.exchange.channels import Channels
from passerelle.exchange.checks import Check
from passerelle.exchange.context import MAX_AHEAD, Context
from passerelle.exchange.judging import Objection
from passerelle.identity.keys import b64, unb64
from passerelle.instruments.channel import Channel
from passerelle.ports.records import CONTENTS, Message
from passerelle.ports.search import BASE, DELTA, EPOCHS, INDEXES, MANIFESTS, QUESTIONS, Manifest
from passerelle.ports.store import Reading, Writing

PUBLISH, EXPIRE = "index.publish", "index.expire"
KINDS = (PUBLISH, EXPIRE)
FULL = 65_536
"""Keys of a shard at most."""
MOST_SHARDS = 4096
LONGEST = 400 * MILLISECONDS_A_DAY
"""Milliseconds that a manifest may hold."""

KNOWN = 7 * MILLISECONDS_A_DAY
"""Milliseconds after its expiry that a manifest is known: as long as claims on its table may come."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HEX = re.compile(r"[0-9a-f]{64}")
_ALL = 100_000


class ManifestError(InputError):
    """The manifest is not of its form (check 9)."""


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """What a manifest says. `public`, `root`: 32 bytes; `count`: padded keys; `shard_size`: bytes of each shard.

    `channel`: digest; `published`, `expires` in milliseconds; `delta_every`: ISO 8601, the clock of deltas.
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


# ---- the form --------------------------------------------------------------------------------------------------------

_TEXTS = ("index", "partner", "holder", "channel", "kind", "public", "root", "published", "expires", "delta_every")
_NUMBERS = ("number", "count", "shards", "shard_size")
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


# ---- what a channel says of it ---------------------------------------------------------------------------------------


def under(
    channels: Channels, digest: str, partner: str, purposes: frozenset[str], moment: int, *, sending: bool = False
) -> list[Objection]:
    """Why nothing may be searched under a channel for these purposes at a moment (ms); none: it may.

    The one judgement of manifests and questions, on both sides. `sending`: what this node writes itself waits until the
    partner has cosigned its signature.
    """
    standing = channels.standing(digest)
    channel = standing.instrument if standing else None
    if standing is None or standing.partner != partner or not isinstance(channel, Channel):
        return [Objection(Check.INSTRUMENT, f"channel: expected one with {partner}, got {digest[:12]}")]
    if (sending and standing.to_send) or not standing.in_force(moment):
        return [Objection(Check.INSTRUMENT, f"channel: expected one in force at {to_iso(moment)}, got {digest[:12]}")]
    if channel.search is None:
        return [Objection(Check.CHANNEL, f"channel: expected one that allows to search, got {digest[:12]}")]
    if surplus := purposes - channel.search.purposes:
        expected = ", ".join(sorted(channel.search.purposes))
        return [
            Objection(Check.CHANNEL, f"purposes: expected among {expected}, got {', '.join(sorted(surplus))[:200]}")
        ]
    return []


# ---- the holder ------------------------------------------------------------------------------------------------------


def publish(tx: Writing, ctx: Context, partner: str, text: str, by: str) -> Message:
    """Announce a table to a partner, in the caller's transaction. `by`: a person, or the node.

    Raises ManifestError, NotFoundError, StateError (the channel is not in force), ForbiddenError (it forbids it).
    """
    ctx.confirmed(tx, partner)
    channels, now = Channels(tx, ctx), ctx.clock.now()
    made = between(text, ctx.name, partner, now)
    for objection in under(channels, made.channel, partner, frozenset(made.purposes), now, sending=True):
        raise (StateError if objection.check is Check.INSTRUMENT else ForbiddenError)(objection.words)
    return _send(tx, ctx, partner, PUBLISH, manifest=text, by=by)


def expire(
    tx: Writing, ctx: Context, partner: str, index: str, epochs: tuple[str, ...], by: str, reason: str
) -> Message:
    """End epochs (their ids; none: all) of an index before their time, in the caller's transaction.

    Raises ContentError, NotFoundError, StateError.
    """
    ctx.confirmed(tx, partner)
    return _send(tx, ctx, partner, EXPIRE, index=index, epochs=[*epochs], by=by, reason=reason)


def _send(tx: Writing, ctx: Context, partner: str, kind: str, **fields: Any) -> Message:
    message = outbox.simple(tx, ctx, partner, "governance", kind, **fields)
    body = tx.get(CONTENTS, message.id)
    if body is None:
        raise NotFoundError(f"expected the content of {message.id}")
    contents.check_plain(contents.parse(body.body, message.id))
    return message


def refused(tx: Writing, ctx: Context, message: Message) -> None:
    """The partner refused an own message; its row says so already. What it announced is answered no more."""
    if message.kind != PUBLISH or (found := _content(tx, message.id)) is None:
        return
    epoch = tx.get(EPOCHS, id_of(found["manifest"]))
    if epoch is not None and epoch.state in ("making", "current"):
        tx.put(EPOCHS, [msgspec.structs.replace(epoch, state="past", ends=ctx.clock.now())])


def again(tx: Writing, ctx: Context, content: dict[str, Any]) -> None:
    """An own manifest came back after a restore: its number is given no more. Its key is not here: keys are never."""
    made = parse(content["manifest"]) if content["kind"] == PUBLISH else None
    index = tx.get(INDEXES, made.index) if made else None
    if made is not None and index is not None and index.epochs < made.number:
        tx.put(INDEXES, [msgspec.structs.replace(index, epochs=made.number)])


def _content(tx: Reading, message: str) -> dict[str, Any] | None:
    body = tx.get(CONTENTS, message)
    return contents.parse(body.body, message) if body else None


# ---- the asker -------------------------------------------------------------------------------------------------------


def enter(tx: Writing, ctx: Context, partner: str, row: Message, content: dict[str, Any]) -> list[Objection]:
    """A partner's message of these kinds: applied, or refused with 7 to 10."""
    if content["kind"] == EXPIRE:
        _end(tx, _known(tx, partner, content["index"], *content["epochs"]), early=True)
        return []
    text = content["manifest"]
    try:
        made = between(text, partner, ctx.name, row.time)
    except ManifestError as error:
        return [Objection(Check.CONTENT, str(error))]
    if objections := under(Channels(tx, ctx), made.channel, partner, frozenset(made.purposes), row.time):
        return objections
    newest = tx.scan(MANIFESTS, "by_index", (partner, made.index, made.kind), limit=1, descending=True)
    if newest and newest[0].number >= made.number and newest[0].id != id_of(text):
        words = f"manifest: number: expected one above {newest[0].number}, got {made.number}"
        return [Objection(Check.STATE, words)]
    tx.put(MANIFESTS, [_row(made, text, row.id, ctx.clock.now())])
    return []


def _row(made: Announced, text: str, message: str, now: int) -> Manifest:
    return Manifest(
        id=id_of(text),
        partner=made.holder,
        index=made.index,
        channel=made.channel,
        purposes=made.purposes,
        kind=made.kind,
        number=made.number,
        public=made.public,
        root=made.root,
        count=made.count,
        shards=made.shards,
        published=made.published,
        expires=made.expires,
        body=text.encode(),
        message=message,
        state="announced" if made.expires > now else "over",
    )


def take_away(tx: Writing, partner: str, row: Message, content: dict[str, Any]) -> None:
    """A manifest that was taken, and had been refused before this node was put back, counts no more."""
    if row.kind == PUBLISH:
        _end(tx, [one for one in _known(tx, partner, "", id_of(content["manifest"])) if one.message == row.id])


def _known(tx: Reading, partner: str, index: str, *ids: str) -> list[Manifest]:
    """The manifests of a partner with these ids; without ids all of the index."""
    if not ids:
        return tx.scan(MANIFESTS, "by_index", (partner, index), limit=_ALL)
    found = tx.get_many(MANIFESTS, [(one,) for one in ids]).values()
    return [one for one in found if one.partner == partner and index in ("", one.index)]


def _end(tx: Writing, those: list[Manifest], *, early: bool = False) -> None:
    made = [msgspec.structs.replace(one, state="over", early=one.early or early) for one in those]
    tx.put(MANIFESTS, [one for one, before in zip(made, those, strict=True) if one != before])


def listed(tx: Reading, epochs: Iterable[str], now: int) -> set[str]:
    """Of epochs (their ids) those whose withdrawn references their holder still lists at `now` (ms).

    It does so until `KNOWN` after the expiry, and not for what it ended before its time.
    """
    found = tx.get_many(MANIFESTS, [(one,) for one in set(epochs)]).values()
    return {one.id for one in found if not one.early and now < one.expires + KNOWN}


def here(tx: Writing, ctx: Context, manifest: Manifest) -> None:
    """All of a table is here: it is asked from now on, and the older of its kind are over.

    Questions that the partner refused because they named an older one are due again.
    """
    tx.put(MANIFESTS, [msgspec.structs.replace(manifest, state="here")])
    those = tx.scan(MANIFESTS, "by_index", (manifest.partner, manifest.index, manifest.kind), limit=_ALL)
    _end(tx, [one for one in those if one.number < manifest.number])
    for one in tx.scan(QUESTIONS, "by_partner", (manifest.partner, "waiting"), limit=_ALL):
        if one.index == manifest.index and one.check == Check.STATE:
            tx.put(QUESTIONS, [msgspec.structs.replace(one, check="", due=ctx.clock.now(), tries=0)])


def current(tx: Reading, partner: str, index: str, now: int) -> tuple[Manifest | None, Manifest | None]:
    """The base and the delta to ask at `now` (ms): the newest of each whose whole table is here."""
    found = []
    for kind in (BASE, DELTA):
        those = tx.scan(MANIFESTS, "by_index", (partner, index, kind), limit=100, descending=True)
        found.append(next((one for one in those if one.state == "here" and one.expires > now), None))
    return found[0], found[1]


def has_deltas(tx: Reading, base: Manifest) -> bool:
    """Whether a delta was ever announced beside the bases of an index."""
    return bool(tx.scan(MANIFESTS, "by_index", (base.partner, base.index, DELTA), limit=1))


def indexes(tx: Reading, partner: str, channel: str, purpose: str, now: int) -> list[str]:
    """The indexes of a partner that can be asked at `now` (ms) under a channel for a purpose, by name."""
    there = tx.scan(MANIFESTS, "by_state", ("here",), limit=_ALL)
    fit = {one.index for one in there if (one.partner, one.channel) == (partner, channel) and purpose in one.purposes}
    return [name for name in sorted(fit) if current(tx, partner, name, now)[0] is not None]
