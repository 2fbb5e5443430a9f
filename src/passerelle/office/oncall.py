"""Who is on call: for a domain or for all, in which order, from when until when.

Rules kept here:
- who is on call holds the role `duty` there, at the beginning of his time: nobody is called who may not act;
- a place of the order belongs to one person at a time;
- what is over stays, so that it can be seen later who had been on call; what has not begun may be taken back, and what
  runs may be ended;
- every change is an audit record.

Left unchecked: that somebody is on call at every hour. An alert that finds nobody is told to those who decide, and is
an alarm.
"""

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.dossiers.timing import day_there
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.office import people
from passerelle.ports.store import Reading, Writing
from passerelle.ports.timers import NEVER, ONCALL, OnCall

MOST = 100_000
PLACES = 99


def put(
    tx: Writing, ctx: Context, by: str, *, domain: str, place: int, person: str, begins: int, ends: int = NEVER
) -> OnCall:
    """A person is called in this place of the order, from a moment until another (milliseconds).

    Raises InputError, NotFoundError or StateError saying what was expected.
    """
    people.check_domain(domain)
    found = people.find(tx, person)
    if not 1 <= place <= PLACES:
        raise InputError(f"place: expected 1 to {PLACES}, got {place}")
    if ends <= begins:
        raise InputError(f"until: expected a moment behind {to_iso(begins)}, got {to_iso(ends)}")
    if ends <= ctx.clock.now():
        raise InputError(f"until: expected a moment to come, got {to_iso(ends)}")
    day = day_there(max(begins, ctx.clock.now()), ctx.zone).isoformat()
    duty = [one for one in people.grants_of(tx, person) if one.role == people.Role.DUTY and people.in_force(one, day)]
    if not any(people.overlap(one.domain, domain) for one in duty):
        raise StateError(f"expected a person who holds duty in {domain} on {day}, got {found.id}, who does not")
    for one in tx.scan(ONCALL, prefix=(domain, place), limit=MOST):
        if one.begins != begins and one.begins < ends and begins < one.ends:
            until = "no end" if one.ends >= NEVER else to_iso(one.ends)
            raise StateError(
                f"expected a place that is free then, got {place} of {domain}, which {one.person} has "
                f"from {to_iso(one.begins)} until {until}"
            )
    made = OnCall(domain, place, begins, person, ends, by, ctx.clock.now())
    tx.put(ONCALL, [made])
    _note(tx, ctx, by, made, "set")
    return made


def end(tx: Writing, ctx: Context, by: str, *, domain: str, place: int) -> OnCall:
    """Who has a place now is called no more; one who was to have it next is not. Raises NotFoundError."""
    now = ctx.clock.now()
    there = [one for one in tx.scan(ONCALL, prefix=(domain, place), limit=MOST) if one.ends > now]
    if not there:
        raise NotFoundError(f"expected a place that somebody has, got {place} of {domain[:64]}, which nobody has")
    first = there[0]
    if first.begins >= now:
        tx.delete(ONCALL, [ONCALL.key_of(first)])
    else:
        tx.put(ONCALL, [msgspec.structs.replace(first, ends=now, set_by=by, set_at=now)])
    _note(tx, ctx, by, first, "ended")
    return first


def listed(tx: Reading, now: int, *, over: bool = False) -> list[OnCall]:
    """By domain, place and beginning: who is or will be on call; `over`: who was, too."""
    return [one for one in tx.scan(ONCALL, limit=MOST) if over or one.ends > now]


def _note(tx: Writing, ctx: Context, by: str, row: OnCall, what: str) -> None:
    details: dict[str, object] = {
        "change": what,
        "domain": row.domain,
        "place": row.place,
        "from": row.begins,
        "until": 0 if row.ends >= NEVER else row.ends,
    }
    notes.record(tx, ctx, What.ONCALL_CHANGED, by, row.person, details)
