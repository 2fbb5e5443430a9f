"""Nobody is left who may manage people: seen before it happens.

Whoever may manage people can give every role to somebody, so a node with such a person can always be brought back. He
counts when the policy lets him write a person down and give the role of security officer everywhere, he holds his role
on that day, and an operating-system user may act as him.

    with watched(tx, office):
        ...                       # changes to persons, seats, grants

Rules kept here:
- after a change there is such a person today, and from today on for at least as long as there was before;
- who counts is asked of the policy itself: a service's own policy may name another role.

Left unchecked: that this person still knows his password, and that he is a good choice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from passerelle.core.errors import StateError
from passerelle.office import people
from passerelle.office.asking import Office
from passerelle.office.hard import On
from passerelle.office.policy import Action, Holder, Policy
from passerelle.ports.people import Grant
from passerelle.ports.store import Reading

NEVER = "9999-12-31"
_ANOTHER = "a new person"  # no id: nobody can be called so
_NEEDED = (
    (Action.PERSON_ADD, On(kind="person", id=_ANOTHER, person=_ANOTHER)),
    (Action.PERSON_GRANT, On(kind="person", id=_ANOTHER, person=_ANOTHER, role=people.Role.SECURITY)),
)


class LockoutError(StateError):
    """The change would leave nobody who may manage people."""


def manages(policy: Policy, who: Holder) -> bool:
    """Whether he may manage people."""
    return all(policy.decide(who, action, on).allowed for action, on in _NEEDED)


def covered_until(policy: Policy, grants: dict[str, list[Grant]], today: str) -> str:
    """The last day up to which, from today on without a gap, somebody may manage people; `NEVER` when it has no end.

    `grants`: by person, of those whom an operating-system user may act as. Empty when there is nobody today.
    """
    every = [one for held in grants.values() for one in held]
    ends = {_after(one.until) for one in every if one.until and one.until >= today}
    days = sorted({today, *ends, *(one.begin for one in every if one.begin > today)})
    last = ""
    for number, day in enumerate(days):
        if not any(manages(policy, _holder(person, held, day)) for person, held in grants.items()):
            return last
        last = _before(days[number + 1]) if number + 1 < len(days) else NEVER
    return last


def _holder(person: str, held: list[Grant], day: str) -> Holder:
    return Holder(person, tuple(sorted({(one.role, one.domain) for one in held if people.in_force(one, day)})))


def _after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat() if day < NEVER else NEVER


def _before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def reachable(tx: Reading) -> dict[str, list[Grant]]:
    """What everybody holds whom an operating-system user may act as."""
    present = [one.id for one in people.everybody(tx) if not one.removed]
    return {one: people.grants_of(tx, one) for one in present if people.users_of(tx, one)}


@contextmanager
def watched(tx: Reading, office: Office) -> Iterator[None]:
    """Refuse the changes made inside when they would lock everybody out. Raises LockoutError."""
    policy, today = office.policy(tx), office.today()
    before = covered_until(policy, reachable(tx), today)
    yield
    check(policy, reachable(tx), today, before)


def check(policy: Policy, grants: dict[str, list[Grant]], today: str, before: str) -> None:
    """Raises LockoutError unless somebody may manage people as long as before."""
    after = covered_until(policy, grants, today)
    if not after:
        raise LockoutError(
            "expected somebody left who may manage people and give roles, got nobody: give another first"
        )
    if after < before:
        until = "without end" if before == NEVER else f"until {before}"
        raise LockoutError(
            f"expected somebody who may manage people {until}, got nobody after {after}: give another first"
        )


def is_last(tx: Reading, office: Office, person: str) -> bool:
    """Whether nobody but this person may manage people today."""
    policy, today = office.policy(tx), office.today()
    others = {one: held for one, held in reachable(tx).items() if one != person}
    return not any(manages(policy, _holder(one, held, today)) for one, held in others.items())
