"""Who may be told: the roles and the list of those on call, read from the store at one moment."""

from passerelle.dossiers.timing import day_there
from passerelle.exchange.context import Context
from passerelle.office import people
from passerelle.office.people import Role
from passerelle.office.reminders import Circle
from passerelle.ports.people import GRANTS, PERSONS
from passerelle.ports.store import Reading
from passerelle.ports.timers import ONCALL

_ALL = 1_000_000


def circle_of(tx: Reading, ctx: Context, now: int) -> Circle:
    """Who holds what on the day that it is here, and who is on call."""
    there = [one for one in tx.scan(PERSONS, limit=_ALL) if not one.removed]
    persons = frozenset(one.id for one in there)
    day = day_there(now, ctx.zone).isoformat()
    holders: dict[tuple[str, str], dict[str, None]] = {}
    for grant in tx.scan(GRANTS, limit=_ALL):
        if grant.person in persons and people.in_force(grant, day):
            holders.setdefault((grant.role, grant.domain), {})[grant.person] = None
    on_duty = {(person, domain) for (role, domain), some in holders.items() if role == Role.DUTY for person in some}
    rosters: dict[str, list[str]] = {}
    for one in tx.scan(ONCALL, limit=_ALL):  # by domain, place, begin
        # Whose role was taken since is not called: he could do nothing, and the time would run.
        may = any(person == one.person and people.overlap(domain, one.domain) for person, domain in on_duty)
        if one.begins <= now < one.ends and may:
            rosters.setdefault(one.domain, []).append(one.person)
    return Circle(
        {place: tuple(some) for place, some in holders.items()},
        {domain: tuple(some) for domain, some in rosters.items()},
        persons,
        {one.id: one.service for one in there if one.service},
    )
