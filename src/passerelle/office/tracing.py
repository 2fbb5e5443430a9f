"""Where something that is said comes from: from a statement, a person or a relation back to messages.

Of each message: who wrote and released it and what the release left in the audit log; where it stands in which log, and
whether that is receipted; under which channel, article and purpose; what was said of it later (corrected, withdrawn,
asked, consented); which relations rest on it, and who read it.

Rules kept here:
- it is reading: asked for and recorded as all reading, in each dossier that something is shown of;
- nothing is left out because it was erased: that a content is gone, by whom and when, is part of the trace;
- what the partner did on its side is known by what it signed: author, releaser and the commitment of its record.

Left unchecked: proofs. `evidence export` makes what a third party can verify.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError
from passerelle.exchange import erasing, relating
from passerelle.exchange.channels import Channels
from passerelle.instruments.channel import Channel
from passerelle.office import consulting, ends, facts, relations, work
from passerelle.office.asking import Office, ask
from passerelle.office.consulting import Consultation
from passerelle.office.onward import Said
from passerelle.office.policy import Action
from passerelle.office.reach import Reach
from passerelle.ports.erasures import Erasure
from passerelle.ports.people import Person
from passerelle.ports.records import AUDITS, LOGS, MESSAGES, Audit, Dossier, Message
from passerelle.ports.relations import Relation
from passerelle.ports.store import Reading, Writing

MOST = 1000
"""Messages of a dossier, and relations on a message, that are looked at."""
_SAID = ("question", "decision", "conditions", "purpose", "to", "reason", "until")


class Later(msgspec.Struct, frozen=True):
    """An act that says something of a message. `words`: what it says in fields of closed lists and short texts."""

    act: str
    message: str
    side: str
    time: int
    words: dict[str, str]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A message as the trace has it. `content` is empty once it was erased.

    `audit`: this node's record of the release, None for a partner's; `receipted`: the receiver has cosigned the log
    past it; `relations`: those that rest on it and may be seen.
    """

    message: Message
    row: Dossier
    sender: str
    content: dict[str, Any]
    audit: Audit | None
    receipted: bool
    channel: Channel | None
    agreement: str
    later: tuple[Later, ...]
    relations: tuple[Relation, ...]
    readers: tuple[Consultation, ...]
    erased: Erasure | None


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked about, and where it comes from. One of statement, person and relation is there, or none."""

    sources: tuple[Source, ...]
    statement: dict[str, Any] | None = None
    person: str = ""
    relation: Relation | None = None


def of_message(tx: Writing, office: Office, who: Person, message_id: str, number: int = 0, reason: str = "") -> Trace:
    """Of a message, or of its statement of this number from 1. Raises NotFoundError, InputError, NotAllowedError."""
    message = tx.get(MESSAGES, message_id)
    if message is None or message.kind != "act":
        raise NotFoundError(f"expected an act that is here, got {message_id[:80]!r}")
    relations.read(tx, office, who, [message], reason)
    said = ends.content_of(tx, message_id).get("statements", ())
    if number and not 1 <= number <= len(said):
        raise InputError(f"expected a statement from 1 to {len(said)} of message {message_id}, got {number}")
    sources = _sources(tx, office, who, [message], number)
    return Trace(sources=sources, statement=said[number - 1] if number else None)


def of_person(tx: Writing, office: Office, who: Person, dossier: str, key: str, reason: str = "") -> Trace:
    """Of a person: every message of the dossier that brings him or says something about him, the first first."""
    row = work.dossier(tx, dossier)
    ask(tx, office, who, Action.DOSSIER_READ, facts.of_dossier(tx, office.ctx, row))
    found = []
    acts = tx.scan(MESSAGES, "by_dossier", (row.id,), limit=MOST, descending=True)
    reach = Reach(tx, office, who)
    for one in reversed([one for one in acts if one.kind == "act" and reach.opens(one.id)]):
        content = ends.content_of(tx, one.id)
        keys = {person["key"] for person in content.get("subjects", ())}
        if key in keys.union(*(said["about"] for said in content.get("statements", ()))):
            found.append(one)
    relations.read(tx, office, who, found, reason)
    if not found:
        raise NotFoundError(f"expected a person of dossier {row.id}, got {key[:20]!r}")
    return Trace(sources=_sources(tx, office, who, found), person=f"person/{row.id}/{key}")


def of_relation(tx: Writing, office: Office, who: Person, relation_id: str, reason: str = "") -> Trace:
    """Of a relation: every message that it rests on. Of what somebody may not read nothing is shown."""
    found = relations.show(tx, office, who, relation_id, reason)
    reach = Reach(tx, office, who)
    names = [(name,) for name in relating.messages_of(found) if reach.opens(name)]
    messages = list(tx.get_many(MESSAGES, names).values())
    relations.read(tx, office, who, messages, reason)
    return Trace(sources=_sources(tx, office, who, messages), relation=found)


def _sources(
    tx: Reading, office: Office, who: Person, messages: Sequence[Message], number: int = 0
) -> tuple[Source, ...]:
    reach, channels = Reach(tx, office, who), Channels(tx, office.ctx)
    erased = erasing.erased(tx, [one.id for one in messages])
    made = []
    for one in messages:
        row = work.dossier(tx, one.dossier)
        standing = channels.standing(one.channel)
        channel = standing.instrument if standing and isinstance(standing.instrument, Channel) else None
        under = standing.agreement.instrument.title if standing and standing.agreement else ""
        log = tx.get(LOGS, one.origin) if one.origin else None
        resting = relations.walk(tx, f"message/{one.id}", (True,), MOST)
        made.append(
            Source(
                message=one,
                row=row,
                sender=office.ctx.name if one.direction == "out" else one.partner,
                content=ends.content_of(tx, one.id),
                audit=_release(tx, one),
                receipted=log is not None and log.cosigned > one.index >= 0,
                channel=channel,
                agreement=under,
                later=tuple(_later(office, reach.walls.naming(one))),
                relations=tuple(rel for rel in resting if _rests(rel, one.id, number) and reach.sees(rel)),
                readers=tuple(consulting.readers(tx, row.id, one.id)),
                erased=erased.get(one.id),
            )
        )
    return tuple(made)


def _rests(relation: Relation, message: str, number: int) -> bool:
    """Whether it rests on the message, or on this statement of it: one that names no statement rests on all."""
    named = [one for one in relation.because if one.partition("#")[0] == message and "#" in one]
    return not number or not named or f"{message}#{number}" in named


def _release(tx: Reading, message: Message) -> Audit | None:
    """The record of an own release. The act names it by its commitment, as long as its content is there."""
    if message.direction != "out":
        return None
    found = tx.scan(AUDITS, "by_dossier", (message.dossier, message.noted), limit=MOST)
    released = [one for one in found if one.what == What.ACT_RELEASED.value and one.details]
    return next((one for one in released if json.parse_object(one.details).get("message") == message.id), None)


def _later(office: Office, found: Iterable[Said]) -> Iterable[Later]:
    for one, body in found:
        side = office.ctx.name if one.direction == "out" else one.partner
        yield Later(one.act, one.id, side, one.noted, {key: str(body[key]) for key in _SAID if key in body})
