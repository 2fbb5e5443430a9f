"""Reading is recorded: who read what is said about persons, when, and why.

Rules kept here (Directive (EU) 2016/680, article 25: the logs of consultation make it possible to establish the
justification, date and time, and who consulted):
- content is shown after the record of it is durable, never before;
- there is always a reason. That a person has the dossier, wrote or released an act of it, was called for it as
  the one on duty, or has to release the draft is one that the node finds by itself; everybody else gives his own;
- the dossier shows who read what, when and why;
- of a dossier each message is shown to the services that read it, notes to those whose dossier it is (`readership`).

Left unchecked: what somebody does with what he has read.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import InputError, StateError
from passerelle.core.retold import E_
from passerelle.exchange import notes
from passerelle.office import facts, readership, work
from passerelle.office.asking import NotAllowedError, Office, ask, holder_of
from passerelle.office.policy import Action
from passerelle.ports.people import Person
from passerelle.ports.records import AUDITS, DOSSIERS, MESSAGES, Audit, Dossier, Message
from passerelle.ports.store import Reading, Writing
from passerelle.ports.timers import NOTICES
from passerelle.ports.work import Draft

_MOST = 1000
_READ = (What.CONTENT_READ.value, What.DRAFT_READ.value, What.EVIDENCE_EXPORTED.value)


class Consultation(msgspec.Struct, frozen=True):
    """That somebody read something. `what`: dossier, draft, notes, evidence, attachment; `time` in milliseconds."""

    who: str
    time: int
    what: str
    reason: str
    messages: int = 0


class Opened(msgspec.Struct, frozen=True):
    """What of a dossier somebody may see: the content of these messages, and with `all` what is noted there, too."""

    messages: frozenset[str]
    all: bool


def dossier(
    tx: Writing,
    office: Office,
    who: Person,
    row: Dossier,
    messages: Sequence[Message],
    reason: str = "",
    *,
    what: str = "dossier",
    **more: object,
) -> Opened:
    """Before the content of messages of a dossier is shown: which of them may be.

    Raises NotAllowedError, also when it is none of them; InputError: no reason.
    """
    ask(tx, office, who, Action.DOSSIER_READ, facts.of_dossier(tx, office.ctx, row))
    found = opened(tx, office, who, row, messages)
    if messages and not found.messages:
        raise kept_back(who, Action.DOSSIER_READ, row, messages)
    words = _why(tx, who, row, messages, reason)
    shown = [one.id for one in messages if one.id in found.messages]
    details = {"read": what, "messages": shown, "reason": words, **more}
    notes.record(tx, office.ctx, What.CONTENT_READ, who.id, row.id, details, row.id)
    return found


def opened(tx: Reading, office: Office, who: Person, row: Dossier, messages: Sequence[Message]) -> Opened:
    """What of these messages somebody may see who may read of the dossier."""
    held = holder_of(tx, who.id, office.today())
    if readership.overseen(held.here(row.domain)):
        return Opened(frozenset(one.id for one in messages), all=True)
    seen, readers = readership.readable(tx, office.ctx, row, messages, held.service)
    return Opened(frozenset(seen), all=readers is None or readers.as_of(held.service) in readers.services)


def kept_back(who: Person, action: Action, row: Dossier, kept: Sequence[Message]) -> NotAllowedError:
    """The refusal to show these messages of a dossier, which another service was sent."""
    names = ", ".join(one.id for one in kept[:3])
    reason = (
        f"service: expected messages that the service of {who.id} reads, got {names}, which another service was sent; "
        "reading by a sister service is onward use: ask the originator first, message by message (ask-onward)"
    )
    return NotAllowedError(who.id, action.value, f"dossier/{row.id}", reason)


def draft(
    tx: Writing,
    office: Office,
    who: Person,
    found: Draft,
    reason: str = "",
    *,
    what: str = "draft",
    **more: object,
) -> None:
    """Before a draft is shown. Raises NotAllowedError, or InputError: no reason."""
    ask(tx, office, who, Action.DRAFT_READ, facts.of_draft(tx, office.ctx, found))
    words = _reason(reason)
    if not words and who.id in found.authors:
        words = "author"
    elif not words and found.state == "submitted":
        words = "waits for release"
    if not words:
        raise InputError(f"--reason: expected why draft {found.id} is read by {who.id}, got nothing")
    details = {"read": what, "draft": found.id, "edition": found.edition, "reason": words, **more}
    notes.record(tx, office.ctx, What.DRAFT_READ, who.id, found.dossier, details, found.dossier)


def evidence(tx: Reading, office: Office, who: Person, wanted: str, reason: str = "") -> str:
    """Before evidence of a dossier or a message is taken: why, in words.

    Raises NotAllowedError, also when it would hold a message that another service was sent; InputError when nothing
    says why.
    """
    ask(tx, office, who, Action.EVIDENCE_EXPORT, facts.of_any(tx, office.ctx, wanted))
    message = tx.get(MESSAGES, wanted)
    row = tx.get(DOSSIERS, message.dossier if message else wanted)
    if row is None:  # an instrument, a refusal: what is said about nobody
        return _reason(reason)
    every = tx.scan(MESSAGES, "by_dossier", (row.id,), limit=100_000)
    taken = [message] if message else every
    seen = opened(tx, office, who, row, taken).messages
    if kept := [one for one in taken if one.id not in seen]:
        raise kept_back(who, Action.EVIDENCE_EXPORT, row, kept)
    return _why(tx, who, row, every, reason)


def _why(tx: Reading, who: Person, row: Dossier, messages: Sequence[Message], reason: str) -> str:
    words = _reason(reason) or _own_reason(tx, who, row, messages)
    if not words:
        raise InputError(
            f"--reason: expected why dossier {row.id} is read by {who.id}, who neither has it nor acted in it nor was "
            "called for it, got nothing"
        )
    return words


def _reason(text: str) -> str:
    return work.check_line(text, "--reason") if text else ""


def _own_reason(tx: Reading, who: Person, row: Dossier, messages: Sequence[Message]) -> str:
    if row.person == who.id:
        return E_("has the dossier")
    mine = [one for one in messages if one.direction == "out"]
    if any(who.id in (one.author, one.releaser) for one in mine):
        return E_("acted in it")
    return E_("was called for it") if _called(tx, who, row) else ""


def _called(tx: Reading, who: Person, row: Dossier) -> bool:
    """Whether this person was called as the one on duty, among the newest of his notices."""
    told = (
        one for read in (False, True) for one in tx.scan(NOTICES, "key", (who.id, read), limit=_MOST, descending=True)
    )
    return any(one.dossier == row.id and one.what == "call" for one in told)


def readers(tx: Reading, dossier_id: str, message_id: str = "") -> list[Consultation]:
    """Who read of a dossier, or one message of it, the latest first; at most among the last thousand."""
    found = [one for one in _audits(tx, dossier_id) if not message_id or _is_of(one, message_id)]
    return [_consultation(one) for one in found]


def _is_of(one: Audit, message_id: str) -> bool:
    """Whether a reading was of this message: of evidence, which names none, of all."""
    details = json.parse_object(one.details) if one.details else {}
    return message_id in details.get("messages", [message_id])


def check_read(tx: Reading, who: Person, found: Draft) -> bool:
    """Whether somebody has this edition of the draft before him: he wrote it, or it is recorded that he read it.

    Raises StateError when he has read an earlier edition and not this one.
    """
    if who.id == found.author:
        return True
    for one in _audits(tx, found.dossier):
        if one.what != What.DRAFT_READ.value or one.who != who.id:
            continue
        details = json.parse_object(one.details)
        if details.get("draft") != found.id or details.get("read") != "draft":
            continue
        if details["edition"] == found.edition:
            return True
        raise StateError(
            f"expected draft {found.id} as {who.id} read it on {to_iso(one.time)}, got another: changed by "
            f"{found.author} since; read it again"
        )
    return False


def unread(tx: Reading, messages: Sequence[Message]) -> set[str]:
    """Of messages that were released here, those whose releaser had not read what he released."""
    found: set[str] = set()
    for dossier_id in {one.dossier for one in messages}:
        for one in tx.scan(AUDITS, "by_dossier", (dossier_id,), limit=_MOST, descending=True):
            if one.what == What.ACT_RELEASED.value and one.details:
                details = json.parse_object(one.details)
                if details.get("seen") is False:
                    found.add(str(details.get("message", "")))
    return found & {one.id for one in messages}


def _audits(tx: Reading, dossier_id: str) -> list[Audit]:
    found = tx.scan(AUDITS, "by_dossier", (dossier_id,), limit=_MOST, descending=True)
    return [one for one in found if one.what in _READ]


def _consultation(one: Audit) -> Consultation:
    details: dict[str, Any] = json.parse_object(one.details) if one.details else {}
    what = "evidence" if one.what == What.EVIDENCE_EXPORTED.value else str(details.get("read", ""))
    return Consultation(one.who, one.time, what, str(details.get("reason", "")), len(details.get("messages", ())))
