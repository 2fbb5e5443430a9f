"""Changing who is who: each change asked for, made, looked at for a lock-out and written down in one transaction.

Rules kept here:
- a change that would leave nobody who may manage people, today or from a later day on than before, is refused;
- the audit record of a change has what was before and what is after, and why;
- removing a person takes every role and every operating-system user from him; his record stays.
"""

from typing import Any

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.exchange import notes
from passerelle.office import lockout, people
from passerelle.office.asking import Office, On, ask
from passerelle.office.people import NewPerson
from passerelle.office.policy import Action
from passerelle.ports.people import PERSONS, Grant, Person
from passerelle.ports.store import Reading, Writing


def _told(person: Person, users: list[str]) -> dict[str, Any]:
    return {"name": person.name, "language": person.language, "service": person.service, "users": users}


def _about(person: str, **facts: Any) -> On:
    return On(kind="person", id=person, person=person, **facts)


def add(office: Office, who: Person, new: NewPerson) -> Person:
    """Write a person down. Raises NotAllowedError, InputError."""

    def work(tx: Writing) -> Person:
        ask(tx, office, who, Action.PERSON_ADD, _about(new.id))
        made = people.add(tx, new, office.ctx.clock.now(), who.id)
        after = _told(made, people.users_of(tx, made.id))
        notes.record(tx, office.ctx, What.PERSON_ADDED, who.id, made.id, {"after": after})
        return made

    return office.ctx.store.write("person.add", work)


def change(
    office: Office,
    who: Person,
    person: str,
    *,
    name: str = "",
    language: str = "",
    users: tuple[str, ...] | None = None,
    service: str | None = None,
) -> Person:
    """Change name, language, users or service; what is left out stays.

    Raises NotAllowedError, NotFoundError, InputError.
    """
    if not name and not language and users is None and service is None:
        raise InputError("expected a name, a language, users or a service to change, got nothing")

    def work(tx: Writing) -> Person:
        only_language = bool(language) and not name and users is None and service is None
        ask(tx, office, who, Action.PERSON_SPEAK if only_language else Action.PERSON_CHANGE, _about(person))
        there = people.find(tx, person)
        before = _told(there, people.users_of(tx, person))
        made = msgspec.structs.replace(
            there,
            name=people.check_name(name) if name else there.name,
            language=people.check_language(language) if language else there.language,
            service=there.service if service is None else people.check_service(service),
            changed=office.ctx.clock.now(),
            changed_by=who.id,
        )
        with lockout.watched(tx, office):
            tx.put(PERSONS, [made])
            if users is not None:
                people.seat(tx, person, users)
        details = {"before": before, "after": _told(made, people.users_of(tx, person))}
        notes.record(tx, office.ctx, What.PERSON_CHANGED, who.id, person, details)
        return made

    return office.ctx.store.write("person.change", work)


def grant(
    office: Office,
    who: Person,
    person: str,
    role: str,
    *,
    domain: str = people.ANYWHERE,
    begin: str = "",
    until: str = "",
    reason: str = "",
) -> Grant:
    """Give a role. Raises NotAllowedError, NotFoundError, InputError (form, or a last day that has passed)."""
    people.check_role(role)
    people.check_domain(domain)

    def work(tx: Writing) -> Grant:
        today = office.today()
        ask(tx, office, who, Action.PERSON_GRANT, _grant_facts(tx, office, who, person, role, domain))
        people.find(tx, person)
        if until and people.check_day(until, "until") < today:
            raise InputError(f"until: expected a day from {today} on, got {until}")
        made = people.grant(
            tx,
            person,
            role,
            office.ctx.clock.now(),
            who.id,
            domain=domain,
            begin=begin or today,
            until=until,
            reason=reason,
        )
        notes.record(tx, office.ctx, What.ROLE_GRANTED, who.id, person, {"after": _granted(made), "reason": reason})
        return made

    return office.ctx.store.write("person.grant", work)


def _grant_facts(tx: Reading, office: Office, who: Person, person: str, role: str, domain: str) -> On:
    today = office.today()
    held = [one for one in people.grants_of(tx, person) if people.to_come(one, today)]
    holds = {one.role for one in held if people.overlap(one.domain, domain)}
    last = person == who.id and lockout.is_last(tx, office, person)
    return _about(person, domain=domain, role=role, holds=tuple(sorted(holds)), last=last)


def _granted(one: Grant) -> dict[str, Any]:
    return {"grant": one.id, "role": one.role, "domain": one.domain, "from": one.begin, "until": one.until}


def revoke(office: Office, who: Person, person: str, role: str, *, domain: str = "", reason: str) -> list[Grant]:
    """Take a role back, in one domain or wherever it is held. Raises NotAllowedError, NotFoundError, StateError."""
    people.check_role(role)

    def work(tx: Writing) -> list[Grant]:
        people.find(tx, person)
        now, today = office.ctx.clock.now(), office.today()
        held = [one for one in people.grants_of(tx, person) if people.to_come(one, today) and one.role == role]
        found = [one for one in held if domain in ("", one.domain)]
        for where in sorted({one.domain for one in found} or {domain or people.ANYWHERE}):
            ask(tx, office, who, Action.PERSON_REVOKE, _about(person, domain=where, role=role))
        if not found:
            where = f" in {domain}" if domain else ""
            raise NotFoundError(f"expected {person} to hold the role {role}{where}, got none")
        with lockout.watched(tx, office):
            gone = people.revoke(tx, found, now, who.id)
        details = {"before": [_granted(one) for one in found], "reason": reason}
        notes.record(tx, office.ctx, What.ROLE_REVOKED, who.id, person, details)
        return gone

    return office.ctx.store.write("person.revoke", work)


def remove(office: Office, who: Person, person: str, reason: str) -> Person:
    """Remove a person. Raises NotAllowedError, NotFoundError, StateError."""

    def work(tx: Writing) -> Person:
        now = office.ctx.clock.now()
        ask(tx, office, who, Action.PERSON_REMOVE, _about(person))
        there = people.find(tx, person)
        held = [one for one in people.grants_of(tx, person) if not one.revoked]
        before = _told(there, people.users_of(tx, person)) | {"grants": [_granted(one) for one in held]}
        gone = msgspec.structs.replace(there, removed=now, changed=now, changed_by=who.id)
        with lockout.watched(tx, office):
            people.revoke(tx, held, now, who.id)
            people.seat(tx, person, ())
            tx.put(PERSONS, [gone])
        details = {"before": before, "reason": reason}
        notes.record(tx, office.ctx, What.PERSON_REMOVED, who.id, person, details)
        return gone

    return office.ctx.store.write("person.remove", work)


__all__ = ["StateError", "add", "change", "grant", "remove", "revoke"]
