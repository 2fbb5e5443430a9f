"""What persons should look at: alarms, drafts, deadlines, reviews, who manages people, calendars, agreed types.

The rules are those of `doctor`: what was found, how bad it is, the next step; counts and types, no personal data.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from passerelle.core.words import _, n_
from passerelle.oversight.doctor import DAY, HOUR, Finding, found_well

OLD_DRAFT = 7 * DAY
CALENDAR_AHEAD = 90 * DAY
LIST_AHEAD = 14 * DAY
HIT_WAITS = HOUR
LOCKOUT_AHEAD = 30
"""Days."""


def alarms(count: int, folder: str) -> Iterator[Finding]:
    """Nobody has an alarm unseen."""
    if count:
        what = n_("{count} alarm was not looked at", "{count} alarms were not looked at", count)
        yield Finding("alarms", "warning", what, f"passerelle alarm list {folder}")
    else:
        yield Finding("alarms", "ok", _("every alarm was looked at"))


def drafts(old: int, folder: str) -> Iterator[Finding]:
    """Drafts do not lie about. `old`: how many did not move for long."""
    if old:
        what = n_(
            "{count} draft did not move for {days} days",
            "{count} drafts did not move for {days} days",
            old,
            days=OLD_DRAFT // DAY,
        )
        yield Finding("drafts", "warning", what, f"passerelle dossier drafts {folder}")
    else:
        yield Finding("drafts", "ok", _("no draft lies about"))


def deadlines(overdue: int, folder: str) -> Iterator[Finding]:
    """What this node owes is done in time."""
    if overdue:
        what = n_(
            "{count} answer that is owed here is overdue", "{count} answers that are owed here are overdue", overdue
        )
        yield Finding("deadlines", "warning", what, f"passerelle due {folder}")
    else:
        yield Finding("deadlines", "ok", _("nothing that is owed here is overdue"))


def reviews(overdue: int, folder: str) -> Iterator[Finding]:
    """What one person released alone was looked at by another in time."""
    if overdue:
        what = n_("{count} review is overdue", "{count} reviews are overdue", overdue)
        yield Finding("reviews", "warning", what, f"passerelle dossier reviews {folder} --overdue")
    else:
        yield Finding("reviews", "ok", _("no review is overdue"))


def lockout(covered_until: str, today: str, soon: str, folder: str) -> Iterator[Finding]:
    """Somebody can manage people. Days like 2026-11-21; `covered_until` "" when nobody can today."""
    todo = f"passerelle person grant {folder} PERSON security"
    if covered_until < today:
        yield Finding("people", "error", _("nobody may manage people and roles"), todo)
    elif covered_until < soon:
        what = _("after {day} nobody may manage people and roles", day=covered_until)
        yield Finding("people", "warning", what, todo)
    else:
        yield Finding("people", "ok", _("somebody may manage people and roles"))


def calendars(covered: Mapping[str, int], now_year: int, ahead_year: int) -> Iterator[Finding]:
    """The holidays of each country are known for as long as deadlines run. `covered`: the last year known, 0 = none."""
    return found_well("calendars", _calendars(covered, now_year, ahead_year), _("calendars reach far enough"))


def _calendars(covered: Mapping[str, int], now_year: int, ahead_year: int) -> Iterator[Finding]:
    todo = _("add a file of holidays to a folder of calendars (how-to/duty.md)")
    for country, last in sorted(covered.items()):
        if last < now_year:
            what = _(
                "the holidays of {country} are not known: deadlines in working days count weekends alone",
                country=country,
            )
            yield Finding("calendars", "error", what, todo)
        elif last < ahead_year:
            what = _("the holidays of {country} are known until the end of {year} only", country=country, year=last)
            yield Finding("calendars", "warning", what, todo)


def lists(behind: Sequence[str], over: Sequence[str], soon: Mapping[str, str], folder: str) -> Iterator[Finding]:
    """Lists in clear are current. `behind`: put back to before an import; `over`: without entries, as their time is
    over; `soon`: those whose time ends soon, with the day.
    """
    return found_well("lists", _lists(behind, over, soon, folder), _("lists are current"))


def _lists(behind: Sequence[str], over: Sequence[str], soon: Mapping[str, str], folder: str) -> Iterator[Finding]:
    for name in behind:
        what = _("list {name} was put back to before its latest import; nobody is screened against it", name=name)
        yield Finding("lists", "error", what, f"passerelle list import {folder} {name} FILE")
    for name in over:
        what = _("list {name} has no entries: its time is over", name=name)
        yield Finding("lists", "error", what, f"passerelle list import {folder} {name} FILE")
    for name, day in soon.items():
        what = _("the entries of list {name} go on {day} unless an import confirms them", name=name, day=day)
        yield Finding("lists", "warning", what, f"passerelle list import {folder} {name} FILE")


def hits(waiting: int, folder: str) -> Iterator[Finding]:
    """Hits do not wait for a person for long. `waiting`: how many do since more than an hour."""
    if waiting:
        what = n_("{count} hit waits for a person", "{count} hits wait for a person", waiting)
        yield Finding("hits", "warning", what, f"passerelle screen list {folder}")
    else:
        yield Finding("hits", "ok", _("no hit waits for a person"))


class Named(msgspec.Struct, frozen=True):
    """A dossier type as a channel in force names it."""

    channel: str
    partner: str
    type: str
    digest: str


def catalogue(named: Sequence[Named], held: Mapping[str, str], folder: str) -> Iterator[Finding]:
    """The dossier types that channels in force name are those of this node. `held`: digests by name."""
    return found_well("catalogue", _catalogue(named, held, folder), _("channels in force name the types of this node"))


def _catalogue(named: Sequence[Named], held: Mapping[str, str], folder: str) -> Iterator[Finding]:
    for one in named:
        fields = {"type": one.type, "channel": one.channel[:12], "partner": one.partner}
        if one.type not in held:
            what = _("channel {channel} with {partner} names the type {type}, which is not here", **fields)
            todo = _("put the type's file into a folder of the catalogue (catalogue.folders)")
            yield Finding("catalogue", "error", what, todo)
        elif held[one.type] != one.digest:
            what = _("channel {channel} with {partner} names another version of the type {type}", **fields)
            todo = _(
                "put the signed version back, or propose a channel with the new one: {command}",
                command=f"passerelle instrument list {folder}",
            )
            yield Finding("catalogue", "error", what, todo)
