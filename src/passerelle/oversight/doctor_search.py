"""What is wrong with the search, in words: the indexes that a node holds for partners, and those that it asks.

As in `doctor`: functions of values; counts and names of indexes and partners, no personal data.
"""

from collections.abc import Iterator, Sequence

import msgspec

from passerelle.core.clock import day_of, to_iso
from passerelle.core.words import _, n_
from passerelle.oversight.doctor import DAY, HOUR, Finding, found_well

CHANNEL_AHEAD = 30 * DAY
"""Milliseconds before the end of its channel from which on an index is told of."""
TABLE_LATE = HOUR
"""Milliseconds after which a table that was announced should be here."""
QUESTION_LATE = DAY
_NEAR = 0.75
"""Of what a list of withdrawn references holds: beyond it, it is near its limit."""


class Held(msgspec.Struct, frozen=True):
    """An index that this node holds. `late`: kinds of tables overdue by more than a turn, with when they were due (ms).

    `lost`: tables without a key that should have one; `withdrawn`: references of its current tables that count no more;
    `ends`: when its channel ends (ms), 0 = not soon.
    """

    name: str
    late: tuple[tuple[str, int], ...] = ()
    lost: int = 0
    withdrawn: int = 0
    ends: int = 0


class Asks(msgspec.Struct, frozen=True):
    """An index of a partner. `missing`: since when (ms) a table that was announced is not here, 0 = all are.

    `unlisted`: unverified hits without a current list of withdrawn references; `waiting`: questions that wait since
    more than a day.
    """

    name: str
    partner: str
    missing: int = 0
    unlisted: int = 0
    waiting: int = 0


def indexes(found: Sequence[Held], most: int, folder: str) -> Iterator[Finding]:
    """The indexes that are held here are published in time. `most`: references that a list may have."""
    every = (one for row in found for one in _held(row, most, folder))
    return found_well("indexes", every, _("the indexes that are held here are published in time"))


def _held(row: Held, most: int, folder: str) -> Iterator[Finding]:
    for kind, due in row.late:
        since = to_iso(due)
        if kind == "base":
            what = _("the base of index {index} is due since {since}", index=row.name, since=since)
        else:
            what = _("the delta of index {index} is due since {since}", index=row.name, since=since)
        todo = _("let a process serve that keeps the clock, or: {command}", command=_publish(folder, row.name, kind))
        yield Finding("indexes", "error", what, todo)
    if row.lost:
        what = n_(
            "{count} table of index {index} has no key: no question under it can be answered",
            "{count} tables of index {index} have no key: no question under them can be answered",
            row.lost,
            index=row.name,
        )
        todo = _("let a process serve that keeps the clock: it ends these tables and publishes new ones")
        yield Finding("indexes", "error", what, todo)
    if row.withdrawn >= most * _NEAR:
        what = _(
            "{count} references of index {index} are withdrawn; beyond {most} nobody is answered",
            count=row.withdrawn,
            index=row.name,
            most=most,
        )
        level = "error" if row.withdrawn > most else "warning"
        yield Finding("indexes", level, what, _publish(folder, row.name, "base"))  # type: ignore[arg-type]
    if row.ends:
        what = _(
            "the channel of index {index} ends on {day}, and the index with it", index=row.name, day=day_of(row.ends)
        )
        todo = _("agree on a channel that follows: {command}", command=f"passerelle instrument list {folder}")
        yield Finding("indexes", "warning", what, todo)


def _publish(folder: str, name: str, kind: str) -> str:
    return f"passerelle index publish {folder} {name}" + (" --delta" if kind == "delta" else "")


def searches(found: Sequence[Asks], folder: str) -> Iterator[Finding]:
    """Partners' indexes can be asked: tables and lists arrive, questions are answered."""
    every = (one for row in found for one in _asks(row, folder))
    return found_well("searches", every, _("the partners' indexes can be asked"))


def _asks(row: Asks, folder: str) -> Iterator[Finding]:
    names = {"index": row.name, "partner": row.partner}
    reach = _("look at the network between both, then ask {partner}'s operator", partner=row.partner)
    if row.missing:
        what = _(
            "a table of {partner}'s index {index} did not arrive, announced on {time}",
            time=to_iso(row.missing),
            **names,
        )
        yield Finding("searches", "warning", what, reach)
    if row.unlisted:
        what = n_(
            "{count} hit on {partner}'s index {index} cannot be shown without a current list of withdrawn references",
            "{count} hits on {partner}'s index {index} cannot be shown without a current list of withdrawn references",
            row.unlisted,
            **names,
        )
        yield Finding("searches", "warning", what, reach)
    if row.waiting:
        what = n_(
            "{count} question about {partner}'s index {index} waits for more than a day",
            "{count} questions about {partner}'s index {index} wait for more than a day",
            row.waiting,
            **names,
        )
        yield Finding("searches", "warning", what, f"passerelle search questions {folder} --state waiting")
