"""People of a node: who they are, which roles they hold where and when, which operating-system users act as them.

Rules kept here:
- a person's id is never given to another, not even after the person was removed; ended and revoked grants stay;
- a grant holds on the days from `begin` to `until`, both included, in the node's time zone; without `until` it has no
  end;
- every change is an audit record that has what was before and what is after.

Left unchecked here: who may make a change (`asking.ask`, in the same transaction) and whether somebody who may manage
people is left (`lockout`). Whoever can become the user that owns the node's folder can write its store with other
tools: against him stands the witness of the audit log, not this module.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from passerelle.core import ids
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.ports.people import GRANTS, PERSONS, SEATS, Grant, Person, Seat
from passerelle.ports.store import Reading, Writing

MOST = 100_000
LANGUAGES = ("en", "fr", "nl", "ar")
ANYWHERE = "*"
_DOMAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Role(StrEnum):
    """What a person is on the node."""

    OFFICER = "officer"
    APPROVER = "approver"
    MAGISTRATE = "magistrate"
    DISPATCHER = "dispatcher"
    ANALYST = "analyst"
    COORDINATOR = "coordinator"
    LIAISON = "liaison"
    DUTY = "duty"
    DPO = "dpo"
    AUDITOR = "auditor"
    SECURITY = "security"
    OPERATOR = "operator"


FIRST_ROLES = (Role.OPERATOR, Role.SECURITY)
"""What the person who makes a node is given."""


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person as he is written down first."""

    id: str
    name: str = ""
    language: str = "en"
    users: tuple[str, ...] = ()
    service: str = ""


# ---- forms -----------------------------------------------------------------------------------------------------------


def check_id(text: str) -> str:
    """A person's id: 1 to 64 visible characters without blanks. Raises InputError."""
    visible = all(not unicodedata.category(one).startswith(("C", "Z")) for one in text)
    if not 1 <= len(text) <= 64 or not visible or text.startswith("-") or unicodedata.normalize("NFC", text) != text:
        raise InputError(f"person: expected an id of 1 to 64 visible characters without blanks, got {text[:70]!r}")
    return text


def check_name(text: str) -> str:
    """A name as it is shown: 1 to 120 characters in one line. Raises InputError."""
    words = " ".join(text.split())
    if not 1 <= len(words) <= 120 or any(unicodedata.category(one).startswith("C") for one in words):
        raise InputError(f"name: expected 1 to 120 visible characters, got {text[:130]!r}")
    return words


def check_language(text: str) -> str:
    """One of the four languages. Raises InputError."""
    if text not in LANGUAGES:
        raise InputError(f"language: expected one of {', '.join(LANGUAGES)}, got {text[:20]!r}")
    return text


def check_role(text: str) -> Role:
    """A role. Raises InputError."""
    try:
        return Role(text)
    except ValueError:
        raise InputError(f"role: expected one of {', '.join(Role)}, got {text[:40]!r}") from None


def check_domain(text: str) -> str:
    """A channel's domain, or `*` for all of them. Raises InputError."""
    if text != ANYWHERE and (len(text) > 64 or not _DOMAIN.fullmatch(text)):
        raise InputError(f"domain: expected a channel's domain like wanted-persons, or *, got {text[:70]!r}")
    return text


def check_service(text: str) -> str:
    """The word that channels name a service with, or nothing. Raises InputError."""
    if text and (len(text) > 64 or not _DOMAIN.fullmatch(text)):
        raise InputError(f"service: expected the word of a service in a channel, like police, got {text[:70]!r}")
    return text


def check_day(text: str, what: str) -> str:
    """A day like 2026-11-21. Raises InputError."""
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise InputError(f"{what}: expected a day like 2026-11-21, got {text[:30]!r}")


def day_in(now: int, zone: ZoneInfo) -> str:
    """The day of a moment (milliseconds) in a time zone, e.g. `2026-11-21`."""
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=now)  # noqa: UP017
    return moment.astimezone(zone).date().isoformat()


# ---- reading ---------------------------------------------------------------------------------------------------------


def in_force(grant: Grant, day: str) -> bool:
    """Whether a grant holds on a day."""
    return not grant.revoked and grant.begin <= day and (not grant.until or day <= grant.until)


def to_come(grant: Grant, day: str) -> bool:
    """Whether a grant holds on this day or on a later one."""
    return not grant.revoked and (not grant.until or day <= grant.until)


def overlap(one: str, other: str) -> bool:
    """Whether two domains have something in common."""
    return one == other or ANYWHERE in (one, other)


def grants_of(tx: Reading, person: str) -> list[Grant]:
    """Everything that a person was ever given, in the order of giving."""
    return tx.scan(GRANTS, "by_person", (person,), limit=MOST)


def find(tx: Reading, person: str, *, removed: bool = False) -> Person:
    """A person by id. Raises NotFoundError; StateError for one who was removed, unless `removed`."""
    there = tx.get(PERSONS, person)
    if there is None:
        raise NotFoundError(f"expected a person of this node, got {person[:64]!r}")
    if there.removed and not removed:
        raise StateError(f"expected a person of this node, got {person}, who was removed")
    return there


def users_of(tx: Reading, person: str) -> list[str]:
    """The operating-system users who may act as a person."""
    return [seat.user for seat in tx.scan(SEATS, "by_person", (person,), limit=MOST)]


def seated(tx: Reading, user: str) -> list[Person]:
    """The persons that an operating-system user may act as. Those who were removed are none."""
    seats = tx.scan(SEATS, prefix=(user,), limit=MOST)
    found = tx.get_many(PERSONS, [(seat.person,) for seat in seats])
    return [person for person in found.values() if not person.removed]


def everybody(tx: Reading) -> list[Person]:
    """All persons by id, removed ones too."""
    return tx.scan(PERSONS, limit=MOST)


# ---- writing ---------------------------------------------------------------------------------------------------------


def add(tx: Writing, new: NewPerson, now: int, by: str) -> Person:
    """Write a person down. Raises InputError when the id is or was taken, or something is not of its form."""
    if tx.get(PERSONS, check_id(new.id)) is not None:
        raise InputError(f"person: expected an id that nobody has or had here, got {new.id}")
    made = Person(
        id=new.id,
        name=check_name(new.name or new.id),
        language=check_language(new.language),
        added=now,
        added_by=by,
        changed=now,
        changed_by=by,
        service=check_service(new.service),
    )
    tx.add(PERSONS, [made])
    seat(tx, made.id, new.users)
    return made


def seat(tx: Writing, person: str, users: Iterable[str]) -> None:
    """From now on these operating-system users, and no others, act as the person."""
    wanted = [check_user(user) for user in dict.fromkeys(users)]
    there = tx.scan(SEATS, "by_person", (person,), limit=MOST)
    tx.delete(SEATS, [(one.user, one.person) for one in there])
    tx.put(SEATS, [Seat(user=user, person=person) for user in wanted])


def check_user(text: str) -> str:
    """An operating-system user's name. Raises InputError."""
    if not 1 <= len(text) <= 256 or any(one.isspace() or not one.isprintable() for one in text):
        raise InputError(f"user: expected the name of an operating-system user, got {text[:70]!r}")
    return text


def grant(
    tx: Writing, person: str, role: str, now: int, by: str, *, domain: str, begin: str, until: str, reason: str = ""
) -> Grant:
    """Give a role. Raises InputError when a day, role or domain is not of its form, or the last day lies first."""
    made = Grant(
        id=ids.new_id(),
        person=person,
        role=check_role(role).value,
        domain=check_domain(domain),
        begin=check_day(begin, "from"),
        until=check_day(until, "until") if until else "",
        given=now,
        given_by=by,
        reason=reason,
    )
    if made.until and made.until < made.begin:
        raise InputError(f"until: expected a day not before {made.begin}, got {made.until}")
    tx.add(GRANTS, [made])
    return made


def revoke(tx: Writing, given: Sequence[Grant], now: int, by: str) -> list[Grant]:
    """Take grants back: they stay, marked."""
    gone = [msgspec.structs.replace(one, revoked=now, revoked_by=by) for one in given if not one.revoked]
    tx.put(GRANTS, gone)
    return gone
