"""Giving dossiers to people, and what people write down about them: the policy asked, one transaction each.

Rules kept here:
- a dossier is given only to a person who may read it today; to a desk or a service by its name, but to no sister
  service (`readership`);
- a hand-over is done by who has the dossier, or by who assigns; it carries a note for the next person;
- whoever is given a dossier by another person is told;
- each of these is an audit record of this node alone.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import StateError
from passerelle.exchange import notes
from passerelle.office import facts, people, telling, work
from passerelle.office.asking import Office, On, ask, holder_of
from passerelle.office.explaining import explain
from passerelle.office.policy import Action
from passerelle.ports.people import Person
from passerelle.ports.records import MESSAGES, Dossier, Message
from passerelle.ports.store import Reading, Writing
from passerelle.ports.work import Assignment, Note, Via

T = TypeVar("T")
_MOST = 100_000


def assign(
    office: Office,
    who: Person,
    dossier_id: str,
    *,
    service: str = "",
    desk: str = "",
    person: str = "",
    note: str = "",
) -> Assignment:
    """Give a dossier to a service, a desk, a person. Raises InputError, NotFoundError, NotAllowedError, StateError."""

    def do(tx: Writing, row: Dossier) -> Assignment:
        on = msgspec.structs.replace(facts.of_dossier(tx, office.ctx, row), person=person)
        ask(tx, office, who, Action.DOSSIER_ASSIGN, on)
        _can_work(tx, office, person, row)
        _own_service(on, row, service)
        now = office.ctx.clock.now()
        made = work.assign(tx, row, who.id, now, service=service, desk=desk, person=person, note=note)
        _given(tx, office, What.DOSSIER_ASSIGNED, who, row, made)
        return made

    return _changing(office, "dossier.assign", dossier_id, do)


def hand_over(office: Office, who: Person, dossier_id: str, to: str, note: str) -> Assignment:
    """Give a dossier from one person to another, with a note. Raises as `assign`."""

    def do(tx: Writing, row: Dossier) -> Assignment:
        on = msgspec.structs.replace(facts.of_dossier(tx, office.ctx, row), person=to)
        ask(tx, office, who, Action.DOSSIER_HAND_OVER, on)
        _can_work(tx, office, to, row)
        made = work.hand_over(tx, row, who.id, office.ctx.clock.now(), to, note)
        _given(tx, office, What.DOSSIER_HANDED_OVER, who, row, made)
        return made

    return _changing(office, "dossier.hand-over", dossier_id, do)


def note(office: Office, who: Person, dossier_id: str, text: str) -> Note:
    """Write an internal note. It may say what the dossier says, so it is written by who may read that."""

    def do(tx: Writing, row: Dossier) -> Note:
        ask(tx, office, who, Action.DOSSIER_NOTE, facts.of_dossier(tx, office.ctx, row))
        made = work.note(tx, row.id, who.id, office.ctx.clock.now(), text)
        notes.record(tx, office.ctx, What.NOTE_WRITTEN, who.id, row.id, {"note": made.id}, row.id)
        return made

    return _changing(office, "dossier.note", dossier_id, do)


def refer(office: Office, who: Person, dossier_id: str, reference: str) -> Dossier:
    """Set this service's own reference of a dossier; the next act of this side tells the partner."""

    def do(tx: Writing, row: Dossier) -> Dossier:
        ask(tx, office, who, Action.DOSSIER_REFER, facts.of_dossier(tx, office.ctx, row))
        details = {"before": row.own_reference, "after": reference}
        made = work.refer(tx, row, reference)
        notes.record(tx, office.ctx, What.DOSSIER_REFERRED, who.id, row.id, details, row.id)
        return made

    return _changing(office, "dossier.reference", dossier_id, do)


def via(office: Office, who: Person, dossier_id: str, system: str, reference: str, sent: str = "") -> Via:
    """Write down that a copy went another way. Raises InputError, NotFoundError or NotAllowedError."""
    if sent:
        people.check_day(sent, "sent")

    def do(tx: Writing, row: Dossier) -> Via:
        ask(tx, office, who, Action.DOSSIER_REFER, facts.of_dossier(tx, office.ctx, row))
        made = work.via(tx, row.id, who.id, office.ctx.clock.now(), system, reference, sent)
        details = {"system": system, "reference": made.reference, "sent": sent}
        notes.record(tx, office.ctx, What.DOSSIER_SENT_VIA, who.id, row.id, details, row.id)
        return made

    return _changing(office, "dossier.via", dossier_id, do)


def messages(tx: Reading, row: Dossier) -> list[Message]:
    """The messages of a dossier, in the order of writing and arrival."""
    return tx.scan(MESSAGES, "by_dossier", (row.id,), limit=_MOST)


def _changing(office: Office, name: str, dossier_id: str, do: Callable[[Writing, Dossier], T]) -> T:
    return office.ctx.store.write(name, lambda tx: do(tx, work.dossier(tx, dossier_id)))


def _can_work(tx: Reading, office: Office, person: str, row: Dossier) -> None:
    """Raises NotFoundError for a stranger, StateError for a person who may not read the dossier."""
    if not person:
        return
    people.find(tx, person)
    holder = holder_of(tx, person, office.today())
    policy, on = office.policy(tx), facts.of_dossier(tx, office.ctx, row)
    verdict = policy.decide(holder, Action.DOSSIER_READ, on)
    if not verdict.allowed:
        reason = explain(policy, verdict, holder, Action.DOSSIER_READ, on).reason
        raise StateError(f"person: expected one who may read dossier {row.id}, got {person}: {reason}")


def _own_service(on: On, row: Dossier, service: str) -> None:
    """Raises StateError for a service of this side that the dossier is not addressed to; units by other names pass."""
    if on.readers and service in on.readers.side and service not in on.readers.services:
        raise StateError(
            f"service: expected one of {', '.join(on.readers.services)}, to which dossier {row.id} is addressed, got "
            f"{service}: giving it to a sister service is onward use, which asks the originator first"
        )


def _given(tx: Writing, office: Office, what: What, who: Person, row: Dossier, made: Assignment) -> None:
    details = {
        "before": {"service": row.service, "desk": row.desk, "person": row.person},
        "after": {"service": made.service, "desk": made.desk, "person": made.person},
        "note": made.note,
    }
    notes.record(tx, office.ctx, what, who.id, row.id, details, row.id)
    if made.person != row.person:
        telling.tell(tx, office.ctx, telling.GIVEN, made.person, who.id, row.id)
