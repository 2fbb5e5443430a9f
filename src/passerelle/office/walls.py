"""Purpose walls: whether what one message says may be held against what another says, on this node.

    Walls(tx, ctx).check(one, other)     # nothing, or WallError with the reason

Rules kept here (Directive (EU) 2016/680, article 4(1)(b) and 4(2); ADR 47):
- within one dossier nothing stands in between;
- police and intelligence use are never brought together, nor migration purposes with criminal or security ones,
  whatever channels say;
- messages of one purpose may meet. Of different purposes they meet only where both channels are in force and each names
  the other, and where both types are such whose data may feed another purpose at all (`indexed`);
- what a partner sent with H2 meets what another partner sent, or what serves another purpose, only with the sender's
  consent to exactly that purpose, and not after he refused it;
- nothing new rests on a message that was withdrawn, is restricted, does not count or has lost its content.

Left unchecked: who asks (`relations`); H3, whose words a person must read; whom a consent names in words.
"""

from collections.abc import Iterable, Mapping

import msgspec

from passerelle.core import json
from passerelle.core.clock import day_of
from passerelle.core.errors import ForbiddenError, StateError
from passerelle.dossiers.relations import shipped
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.exchange.counted import COUNTING
from passerelle.instruments.channel import Channel
from passerelle.instruments.lineage import apart, names
from passerelle.instruments.standing import Standing
from passerelle.office import onward
from passerelle.office.onward import Said
from passerelle.ports.records import CONTENTS, DOSSIERS, INSTRUMENTS, MESSAGES, Dossier, Instrument, Message
from passerelle.ports.store import Reading

ONWARD = "H2"
_LINE = 100  # channels that supersede each other


class WallError(ForbiddenError):
    """What these messages say may not be brought together."""


class Side(msgspec.Struct, frozen=True):
    """What a wall sees of a message. `feeds`: whether data of its type may serve another purpose at all."""

    dossier: str
    partner: str
    type: str
    purpose: str
    domain: str
    channel: Channel | None
    in_force: bool
    feeds: bool


def between(one: Side, other: Side, known: Mapping[str, Instrument]) -> None:
    """Raises WallError when a wall stands between the two sides. `known`: the records of the lineages, by digest."""
    if one.dossier == other.dossier:
        return
    both = f"{one.purpose} ({one.dossier}) and {other.purpose} ({other.dossier})"
    if one.channel is None or other.channel is None:
        lost = one if one.channel is None else other
        raise WallError(f"purpose: expected dossiers under channels that are here, got {lost.dossier}")
    if never := apart(one.channel, other.channel):
        uses = " and ".join(never)
        raise WallError(f"purpose: expected what may be brought together, got {both}: {uses} use never is")
    if one.purpose == other.purpose:
        return
    for side in (one, other):
        if not side.feeds:
            raise WallError(
                f"purpose: expected one purpose, got {both}: data of the type {side.type} serve no other purpose"
            )
        if not side.in_force:
            raise WallError(
                f"purpose: expected one purpose, got {both}: the channel of domain {side.domain} is not in force"
            )
    for channel, far in ((one.channel, other.channel), (other.channel, one.channel)):
        if not names(channel, far, known):
            raise WallError(
                f"purpose: expected one purpose, or channels that name each other, got {both}: the channel of domain "
                f"{channel.domain} does not name that of domain {far.domain}"
            )


class Walls:
    """Walls and consents, within one transaction."""

    def __init__(self, tx: Reading, ctx: Context, service: str = "") -> None:
        """`service`: that of who looks; a consent that was asked for one service opens nothing to another."""
        self._tx, self._ctx, self._service = tx, ctx, service
        self._channels = Channels(tx, ctx)
        self._sides: dict[tuple[str, str], Side] = {}
        self._passed: dict[tuple[tuple[str, str], tuple[str, str]], str] = {}
        self._on: dict[str, list[Said]] = {}

    def check(self, messages: Iterable[Message]) -> None:
        """Raises StateError or WallError unless each of the messages may be used and may meet each other one."""
        found = list({one.id: one for one in messages}.values())
        for one in found:
            self.usable(one)
        for number, one in enumerate(found):
            for other in found[:number]:
                if why := self.closed(one, other):
                    raise WallError(why)

    def closed(self, one: Message, other: Message) -> str:
        """Why two messages may not be held against each other, in words; empty when they may."""
        return self.between(one, other) or self._unasked(one, other) or self._unasked(other, one)

    def between(self, one: Message, other: Message) -> str:
        """What stands between two messages, in words; empty when nothing does."""
        pair = (one.dossier, one.purpose), (other.dossier, other.purpose)
        if pair not in self._passed:
            near, far = self._side(one), self._side(other)
            try:
                between(near, far, self._known(near, far))
                self._passed[pair] = ""
            except WallError as error:
                self._passed[pair] = str(error)
        return self._passed[pair]

    def asking(self, message: Message, standing: Standing, purpose: str) -> None:
        """Raises WallError when nobody may be asked about, because of a message, for a purpose under a channel."""
        channel = standing.instrument
        if not isinstance(channel, Channel):
            raise WallError(f"channel: expected a channel, got {channel.digest[:12]}")
        near = self._side(message)
        far = msgspec.structs.replace(near, dossier="search", purpose=purpose, domain=channel.domain, channel=channel)
        far = msgspec.structs.replace(far, in_force=standing.in_force(self._ctx.clock.now()))
        between(near, far, self._known(near, far))

    def usable(self, message: Message) -> None:
        """Raises StateError unless something new may rest on a message today."""
        if message.kind != "act" or message.state not in COUNTING[message.direction]:
            raise StateError(f"expected an act that counts, got message {message.id}, which is {message.state}")
        if self._tx.get(CONTENTS, message.id) is None:
            raise StateError(f"expected a message with its content, got {message.id}, which came or stayed without")
        today = day_of(self._ctx.clock.now())
        follows = shipped().follows
        for act, body in self.naming(message):
            over = str(body.get("until", "9999")) < today
            if act.act in follows.ends or (act.act in follows.bars and not over):
                raise StateError(f"expected a message that may be used, got {message.id}: see {act.act} {act.id}")

    def naming(self, message: Message) -> list[Said]:
        """The acts that count and say something of a message: withdrawn, corrected, restricted, asked, consented."""
        return [(one, body) for one, body in self._acts(message) if body.get("message") == message.id]

    def _acts(self, message: Message) -> list[Said]:
        """Such acts of its dossier, whatever message they are about."""
        if message.dossier not in self._on:
            follows = shipped().follows
            self._on[message.dossier] = onward.said(
                self._tx, message.dossier, {*onward.acts(), *follows.again, *follows.bars}
            )
        return self._on[message.dossier]

    def consent(self, message: Message, purpose: str) -> Message | None:
        """The author's newest decision on passing a message on for a purpose, when it is consent."""
        found = [
            one
            for one in onward.decisions(self._acts(message))
            if one.about == message.id
            and one.answer.direction == message.direction
            and one.purpose == purpose
            and one.service in ("", self._service)
        ]
        return found[-1].answer if found and found[-1].granted else None

    def _unasked(self, one: Message, other: Message) -> str:
        same = one.dossier == other.dossier or (one.partner, one.purpose) == (other.partner, other.purpose)
        if same or one.direction != "in":
            return ""
        body = self._tx.get(CONTENTS, one.id)
        if body is None or ONWARD not in json.parse_object(body.body)["handling"]:
            return ""
        if self.consent(one, other.purpose) is not None:
            return ""
        return (
            f"{ONWARD}: expected the consent of {one.partner} to the use of message {one.id} for {other.purpose} "
            f"({shipped().follows.question}), got none"
        )

    def _side(self, message: Message) -> Side:
        key = (message.dossier, message.purpose)
        if key not in self._sides:
            row = self._tx.get(DOSSIERS, message.dossier)
            standing = self._newest(row.channel) if row else None
            channel = standing.instrument if standing and isinstance(standing.instrument, Channel) else None
            self._sides[key] = Side(
                dossier=message.dossier,
                partner=message.partner,
                type=message.type,
                purpose=message.purpose,
                domain=channel.domain if channel else "",
                channel=channel,
                in_force=standing is not None and standing.in_force(self._ctx.clock.now()),
                feeds=self._feeds(message.type),
            )
        return self._sides[key]

    def _feeds(self, type: str) -> bool:
        """A type that brings persons, none of whom may stand in an index, keeps its data to itself."""
        kind = self._ctx.catalogue.get(type)
        if kind is None:
            return False
        return bool(kind.indexed) or not any(act.subjects.max for act in kind.acts.values())

    def _newest(self, digest: str) -> Standing | None:
        """The channel that governs dossiers of this one today: what superseded it, and so on."""
        found = self._channels.standing(digest)
        now = self._ctx.clock.now()
        for _ in range(_LINE):
            after = self._channels.standing(found.superseded_by) if found and found.superseded_by else None
            if after is None or after.begins > now:
                break
            found = after
        return found

    def _known(self, *sides: Side) -> dict[str, Instrument]:
        found: dict[str, Instrument] = {}
        todo = [one.channel.digest for one in sides if one.channel]
        todo += [link for one in sides if one.channel for link in one.channel.links if isinstance(link, str)]
        while todo:
            digest = todo.pop()
            record = self._tx.get(INSTRUMENTS, digest) if digest and digest not in found else None
            if record is not None:
                found[digest] = record
                todo.append(record.supersedes)
        return found


def opening(tx: Reading, row: Dossier) -> Message | None:
    """The message that opened a dossier, or the first one that is here."""
    found = tx.get(MESSAGES, row.opening) if row.opening else None
    return found or next(iter(tx.scan(MESSAGES, "by_dossier", (row.id,), limit=1)), None)
