"""Which services of this side read which messages of a dossier, and why.

A person belongs to a service, by the word that channels name their services with. Rules kept here, which no policy
lifts (`hard` asks `barred`; `consulting` asks `readable`):

1. a dossier is worked on by the services of this side that it is addressed to (recipients of the partner's messages)
   and those that wrote in it for this side;
2. each message of the partner is read by the service that it names; what this side wrote, by all services of 1;
3. any other service of this side is a sister service: its reading is onward use. It reads a message, and that one
   alone, from the moment when the originator's consent to it has come: an own `ask-onward` that names the service, and
   the last `consent` to that question, granted or conditional, which nobody has taken back;
4. never by consent: a service that the channel does not name for this side (so none beyond the wall between police and
   intelligence, which the channel keeps by its own rules), one of a kind that the type is not for, and a message that
   bears a risk of ill-treatment (Directive (EU) 2016/680, articles 9(3) and 35(1)(e));
5. where the channel names one service for this side, a person without a service counts as of it; where it names
   several, or the type is kept for kinds of services, he is told to be given one;
6. the data protection officer and the auditor look and read whatever the service. A dispatcher looks, too, but at what
   is kept for kinds of services only when his is of such a kind; to all others it is not even here (`veil`).

All of it is derived: from the dossier's row (`addressed`) and its messages. A dossier in which no service stands yet
(its acts were written elsewhere, or before persons had services) belongs to all that the channel names for this side,
until a message says to whom.

Left unchecked: that the conditions of a consent are kept; they are shown to whoever reads.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from passerelle.dossiers.relations import shipped
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.exchange.counted import COUNTING
from passerelle.instruments.channel import Channel
from passerelle.office import onward
from passerelle.office.onward import Decision, contents_of
from passerelle.ports.people import PERSONS
from passerelle.ports.records import Dossier, Message
from passerelle.ports.store import Reading
from passerelle.ports.work import Draft

_LOOKING = frozenset(("dossier.look", "draft.look", "review.look"))
_READING = frozenset(("dossier.read", "draft.read", "attachment.save", "evidence.export"))
_WORKING = frozenset(
    (
        "dossier.open",
        "dossier.act",
        "dossier.note",
        "draft.edit",
        "draft.send-back",
        "draft.discard",
        "draft.release",
        "draft.release-alone",
        "draft.release-on-duty",
        "message.review",
        "message.withdraw",
    )
)
_GIVING = frozenset(("dossier.assign", "dossier.hand-over", "dossier.refer"))
_SHARED = frozenset(("dossier.look", "dossier.read", "attachment.save"))
_OVERSIGHT = frozenset(("dpo", "auditor"))


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """That the originator lets a sister service read a message. `question`, `consent`: the messages that say so."""

    message: str
    service: str
    question: str
    consent: str
    conditions: str = ""


class Readers(msgspec.Struct, frozen=True, kw_only=True):
    """The services of a dossier on this side.

    `side`: all that the channel names for this side; `kinds`: of which kinds a service must be for the type, empty for
    any; `fitting`: those of `side` that are; `services`: those of rule 1; `shares`: rule 3; `wall`: the channel's.
    """

    side: tuple[str, ...]
    services: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    wall: str = ""

    def as_of(self, service: str) -> str:
        """The service that a person counts as of; nothing for one who must be given one first (rule 5)."""
        return service or (self.side[0] if len(self.side) == 1 and not self.kinds else "")

    def lets_in(self, service: str) -> bool:
        """Whether a consent could let this service read (rule 4)."""
        return service in self.fitting


# ---- decisions -------------------------------------------------------------------------------------------------------


def barred(person: str, service: str, here: Collection[str], action: str, readers: Readers) -> str:
    """Why this person may not do this for his service's sake; empty when nothing stands against it.

    `here`: his roles in the domain.
    """
    if not _bound(here, action, bool(readers.kinds)):
        return ""
    mine = readers.as_of(service)
    named = ", ".join(readers.fitting) or "none"
    if not mine:
        return (
            f"service: expected a person of one of the services {named}, got {person}, who is given none "
            "(a security officer gives it: person change --service)"
        )
    if readers.kinds and mine not in readers.fitting:
        kinds = ", ".join(readers.kinds)
        return (
            f"service: expected a person of a service of the kind {kinds}, for which alone this type is, "
            f"got one of {mine}"
        )
    if mine in readers.services:
        return ""
    if mine not in readers.side:
        return (
            f"service: expected a person of one of the services {named}, which the channel names for this side of the "
            f"wall ({readers.wall}), got one of {mine}, whom no consent lets in"
        )
    if action in _SHARED and any(one.service == mine for one in readers.shares):
        return ""
    theirs, asked = ", ".join(readers.services) or named, shipped().follows.question
    return (
        f"service: expected a person of {theirs}, to which the dossier is addressed, got one of {mine}; reading by a "
        f"sister service is onward use: ask the originator first, message by message ({asked}, service {mine})"
    )


def _bound(here: Collection[str], action: str, kept: bool) -> bool:
    """`kept`: the type is kept for kinds of services, whose dispatchers alone look at it and give it to somebody."""
    if action in _LOOKING:
        return not _OVERSIGHT & set(here) and (kept or "dispatcher" not in here)
    if kept and action in _GIVING:
        return True
    if action in _READING:
        return not _OVERSIGHT & set(here)
    return action in _WORKING


def overseen(here: Collection[str]) -> bool:
    """Whether somebody with these roles reads whatever the service (rule 6)."""
    return bool(_OVERSIGHT & set(here))


def reads(readers: Readers, service: str, message: Message, content: dict[str, Any] | None) -> bool:
    """Whether a service reads what a message says (rules 2 to 4). `content`: None where it is not held."""
    mine = readers.as_of(service)
    if message.direction == "out" or content is None:
        return mine in readers.services
    if mine in readers.services and content.get("recipient") == mine:
        return True
    if not readers.lets_in(mine) or _tainted(content):
        return False
    return any(one.message == message.id and one.service == mine for one in readers.shares)


def _tainted(content: dict[str, Any]) -> bool:
    statements = content.get("statements", [])
    return any(one.get("risk_of_ill_treatment") for one in statements if isinstance(one, dict))


def shares_of(decisions: Iterable[Decision], barred: Collection[str] = ()) -> tuple[Share, ...]:
    """What the originator let sister services read, in the order of its answers (rule 3).

    `barred`: messages that may not be used for now. Of several questions for one message and service the last answer
    counts.
    """
    last = {(one.about, one.service): one for one in decisions if one.answer.direction == "in"}
    return tuple(
        Share(
            message=one.about,
            service=one.service,
            question=one.question.id,
            consent=one.answer.id,
            conditions=one.conditions,
        )
        for one in last.values()
        if one.granted and one.service and not {one.about, one.answer.id} & set(barred)
    )


# ---- reading the store -----------------------------------------------------------------------------------------------


def of_row(tx: Reading, ctx: Context, row: Dossier, channels: Channels | None = None) -> Readers | None:
    """The services of a dossier, without what consents add; None where this node does not have its channel."""
    found = of_type(ctx, row.type, row.channel, channels or Channels(tx, ctx))
    if found is None:
        return None
    sole = found.side if len(found.side) == 1 else ()
    return msgspec.structs.replace(found, services=tuple(sorted({*row.addressed, *sole})) or found.fitting)


def of_dossier(tx: Reading, ctx: Context, row: Dossier, channels: Channels | None = None) -> Readers | None:
    """The services of a dossier, with what consents add."""
    found = of_row(tx, ctx, row, channels)
    if found is None or len(found.fitting) < 2:
        return found
    told = onward.said(tx, row.id, {*onward.acts(), *shipped().follows.bars})
    return msgspec.structs.replace(found, shares=shares_of(onward.decisions(told), onward.barred(told)))


def misasked(readers: Readers, act: str, body: Mapping[str, Any]) -> str:
    """Why a question to the originator asks for no sister service that a consent could let in; empty when it does."""
    service = body.get("service") if act == shipped().follows.question else None
    if service is None or (service not in readers.services and readers.lets_in(service)):
        return ""
    others = ", ".join(one for one in readers.fitting if one not in readers.services) or "none"
    name = str(service)[:64]
    return f"body.service: expected a sister service that the channel names ({others}), got {name!r}"


def of_draft(tx: Reading, ctx: Context, draft: Draft, channels: Channels) -> Readers | None:
    """The services of a dossier that is not open yet: those of the authors of the draft that opens it."""
    found = of_type(ctx, draft.type, draft.channel, channels)
    if found is None:
        return None
    persons = tx.get_many(PERSONS, [(one,) for one in draft.authors])
    services = {found.as_of(one.service) for one in persons.values()}
    return msgspec.structs.replace(found, services=tuple(sorted(services & set(found.fitting))))


def readable(
    tx: Reading, ctx: Context, row: Dossier, messages: Sequence[Message], service: str
) -> tuple[set[str], Readers | None]:
    """Of these messages of a dossier, the ids of those whose content a service reads; with the dossier's services."""
    readers = of_dossier(tx, ctx, row)
    if readers is None:
        return {one.id for one in messages}, None
    # What counts in a dossier of one service alone was sent to that one: nothing else need be opened to know.
    alone = row.addressed == (readers.as_of(service),)
    unknown = (one.id for one in messages if one.direction == "in" and not (alone and one.state in COUNTING["in"]))
    contents = contents_of(tx, unknown)
    return {one.id for one in messages if reads(readers, service, one, contents.get(one.id))}, readers


def of_type(ctx: Context, type: str, channel: str, channels: Channels) -> Readers | None:
    """The services that a channel names for this side, and those of them that a type is for."""
    standing = channels.standing(channel) if channel else None
    instrument = standing.instrument if standing else None
    side = instrument.sides.get(ctx.name) if isinstance(instrument, Channel) else None
    if side is None or not isinstance(instrument, Channel):
        return None
    kind = ctx.catalogue.types.get(type)
    kinds = tuple(sorted(kind.services)) if kind else ()
    fitting = sorted(name for name, of in side.services.items() if not kinds or of in kinds)
    return Readers(
        side=tuple(sorted(side.services)),
        services=(),
        kinds=kinds,
        fitting=tuple(fitting),
        wall=instrument.wall,
    )
