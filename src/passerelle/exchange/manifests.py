"""Manifests on the wire: what a holder announces of its index for a partner, in the governance lane.

    index.publish   a table under a key of its own: from the entry on the partner may fetch it and ask
    index.expire    tables that end before their time

Rules kept here:
- a manifest is judged at its entry's time, by the same words on both sides: channel in force (7), which is made for
  searching with these purposes and so much (8), of this form and made out to this partner (9), newer than those
  before (10);
- numbers rise within an index and a kind. A newer one ends the older when its table is here (`here`), not before:
  questions go on with the older until then, or until it expires;
- an end is taken whatever the channel is like by then;
- of one partner no more indexes and bytes are announced at a time than this node would ever fetch (10);
- what the partner refuses, or had refused before this node was put back, counts no more.

Left unchecked: that the table is what the manifest says (`search.fetching` checks each shard), and that the index holds
what it should: nobody but its holder can know.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from passerelle.core.clock import MILLISECONDS_A_DAY, to_iso
from passerelle.core.errors import ForbiddenError, NotFoundError, StateError
from passerelle.exchange import content as contents
from passerelle.exchange import outbox
from passerelle.exchange.announcing import Announced, ManifestError, between, id_of, parse
from passerelle.exchange.channels import Channels
from passerelle.exchange.checks import Check
from passerelle.exchange.context import Context
from passerelle.exchange.judging import Objection
from passerelle.instruments.channel import Channel
from passerelle.ports.records import CONTENTS, Message
from passerelle.ports.search import BASE, DELTA, EPOCHS, INDEXES, MANIFESTS, QUESTIONS, Manifest
from passerelle.ports.store import Reading, Writing

PUBLISH, EXPIRE = "index.publish", "index.expire"
KINDS = (PUBLISH, EXPIRE)

MOST_INDEXES = 64
"""Indexes of one partner at most."""
MOST_BYTES = 16 * 1024**3
"""Bytes of the newest tables of one partner; those before them may be here, too, for a while."""
KNOWN = 7 * MILLISECONDS_A_DAY
"""Milliseconds after its expiry that a manifest is known: as long as claims on its table may come."""

_ALL = 100_000


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


def _allowed(
    channels: Channels, made: Announced, partner: str, moment: int, *, sending: bool = False
) -> list[Objection]:
    """Why a table may not be announced under its channel: as `under`, and no larger quota than the channel's."""
    if found := under(channels, made.channel, partner, frozenset(made.purposes), moment, sending=sending):
        return found
    standing = channels.standing(made.channel)
    search = standing.instrument.search if standing and isinstance(standing.instrument, Channel) else None
    if search is None or (made.burst <= search.burst and made.day <= search.day):
        return []
    words = f"quota: expected at most {search.burst} and {search.day} elements, got {made.burst} and {made.day}"
    return [Objection(Check.CHANNEL, words)]


# ---- the holder ------------------------------------------------------------------------------------------------------


def publish(tx: Writing, ctx: Context, partner: str, text: str, by: str) -> Message:
    """Announce a table to a partner, in the caller's transaction. `by`: a person, or the node.

    Raises ManifestError, NotFoundError, StateError (the channel is not in force), ForbiddenError (it forbids it).
    """
    ctx.confirmed(tx, partner)
    channels, now = Channels(tx, ctx), ctx.clock.now()
    made = between(text, ctx.name, partner, now)
    for objection in _allowed(channels, made, partner, now, sending=True):
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
    if objections := _allowed(Channels(tx, ctx), made, partner, row.time):
        return objections
    newest = tx.scan(MANIFESTS, "by_index", (partner, made.index, made.kind), limit=1, descending=True)
    if newest and newest[0].number >= made.number and newest[0].id != id_of(text):
        words = f"manifest: number: expected one above {newest[0].number}, got {made.number}"
        return [Objection(Check.STATE, words)]
    if words := _too_much(tx, partner, made):
        return [Objection(Check.STATE, words)]
    tx.put(MANIFESTS, [_row(made, text, row.id, ctx.clock.now())])
    return []


def _too_much(tx: Reading, partner: str, made: Announced) -> str:
    """What a partner announces beyond the room that it has here; nothing when it has."""
    tables = {(made.index, made.kind): made.shards * made.shard_size}
    for one in tx.scan(MANIFESTS, "by_index", (partner,), limit=_ALL, descending=True):  # the newest of a kind first
        if one.state != "over" and (one.index, one.kind) not in tables:
            tables[one.index, one.kind] = one.shards * parse(one.body.decode()).shard_size
    indexes, size = len({index for index, _ in tables}), sum(tables.values())
    if indexes > MOST_INDEXES or size > MOST_BYTES:
        return (
            f"manifest: expected at most {MOST_INDEXES} indexes and {MOST_BYTES} bytes of one partner, "
            f"got {indexes} and {size}"
        )
    return ""


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
        burst=made.burst,
        day=made.day,
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


def listed(tx: Reading, epochs: Iterable[str], now: int, base: int = 0, delta: int = 0) -> set[str]:
    """Of epochs (their ids) those whose withdrawn references their holder still lists at `now` (ms).

    It does so until `KNOWN` after the expiry, and not for what it ended before its time; nor for what has a number
    below `base` or `delta`, as its newest list says.
    """
    found = tx.get_many(MANIFESTS, [(one,) for one in set(epochs)]).values()
    first = {BASE: base, DELTA: delta}
    return {one.id for one in found if not one.early and now < one.expires + KNOWN and one.number >= first[one.kind]}


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
