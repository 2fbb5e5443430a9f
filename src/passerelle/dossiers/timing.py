"""When a time that was promised ends: pure arithmetic on a moment, a duration, a zone and a calendar.

Rules kept here (ISO 8601 durations; days as in Regulation (EEC, Euratom) 1182/71, article 3(1)):
- a duration with a part behind T (`PT8H`, `P1DT2H`) runs by the clock: elapsed time, whatever the clocks on walls do.
  Years and months in front of it move the calendar in UTC;
- any other (`P7D`, `P2W`, `P1M`) is counted in days of the owing side's time zone and ends at the end of the last of
  them, a millisecond before the next day begins there. The day of the beginning does not count;
- by calendar, weeks are seven days; years and months move the calendar and end on the last day of a shorter month;
- by working days, years and months move the calendar, and then so many days that people work there are counted, five
  for a week. The time ends on the last of them;
- a period may be counted back from a day: it ends at the end of the day that lies so long before. Years and months move
  back to the last day of a shorter month; then so many days, weekends and holidays left out where working days count;
- a period by calendar may end on a holiday: who wants it otherwise counts working days;
- a time that rested goes on with what was left: by the clock it ends later by the length of the rest; by days, by as
  many days (working days where those count) as came with the rest;
- half and nine tenths are those of the real time between beginning and end.

A day begins at the first instant that bears its date: where clocks skip midnight, at the skip. A day that a zone never
had (it crossed the date line) ends when the day before it does. Zones whose clocks went back across midnight for some
minutes (none since 2011) could end a period a day later that began a minute earlier.

Left unchecked: that a duration is sensible. `check` says when a calendar did not know all the years it was asked.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from passerelle.core.clock import add_duration, parse_duration
from passerelle.core.errors import InputError
from passerelle.dossiers.calendars import Calendar

Days = Literal["calendar", "working"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Place:
    """Where a duty runs: an IANA time zone and a country's calendar."""

    zone: str
    calendar: Calendar


class End(NamedTuple):
    """When a time ends, in milliseconds; `unknown`: the first year whose holidays no calendar file says, or 0."""

    due: int
    unknown: int = 0


class Stages(NamedTuple):
    """When somebody is reminded: at half and at nine tenths of the time, and at its end. Milliseconds."""

    half: int
    late: int
    due: int


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name. Raises InputError when this machine knows none."""
    try:
        return _zone(name)
    except (KeyError, ValueError, OSError):
        raise InputError(f"expected an IANA time zone that this machine knows, got {name[:60]!r}") from None


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def day_there(moment: int, zone: str) -> date:
    """The date that a moment (milliseconds) bears in a zone."""
    return (_EPOCH + timedelta(milliseconds=moment)).astimezone(zone_of(zone)).date()


def day_begins(day: date, zone: str) -> int:
    """The first millisecond of a day in a zone."""
    # Of a midnight that is skipped, fold 0 is the instant of the skip; of one that comes twice, it is the first.
    return (datetime.combine(day, time(), zone_of(zone)).astimezone(UTC) - _EPOCH) // _MILLISECOND


def day_ends(day: date, zone: str) -> int:
    """The last millisecond of a day in a zone."""
    return day_begins(day + _DAY, zone) - 1


def first_of(day: str, zone: str) -> int:
    """The first millisecond of an ISO day in a zone. Raises InputError."""
    try:
        return day_begins(date.fromisoformat(day), zone)
    except (ValueError, OverflowError):
        raise InputError(f"expected a day like 2026-11-21, got {day[:30]!r}") from None


def last_of(day: str, zone: str) -> int:
    """The last millisecond of an ISO day in a zone. Raises InputError."""
    try:
        return day_ends(date.fromisoformat(day), zone)
    except (ValueError, OverflowError):
        raise InputError(f"expected a day like 2026-11-21, got {day[:30]!r}") from None


def end_of(start: int, duration: str, days: Days, place: Place) -> End:
    """When a duration that begins at `start` (milliseconds) has run out there.

    Raises InputError when the text is no duration, ends beyond the year 9998, or the zone is not known.
    """
    part = parse_duration(duration)
    if "T" in duration:
        return End(add_duration(start, duration))
    try:
        first = day_there(start, place.zone)
        moved = _moved(first, part["years"] * 12 + part["months"])
        if days == "calendar":
            return End(day_ends(moved + timedelta(weeks=part["weeks"], days=part["days"]), place.zone))
        last = _working(moved, part["weeks"] * 5 + part["days"], place.calendar)
        unknown = (year for year in range(first.year, last.year + 1) if not place.calendar.covers(year))
        return End(day_ends(last, place.zone), next(unknown, 0))
    except OverflowError:
        raise InputError(f"expected a duration that ends before the year 9999, got {duration!r}") from None


def end_before(day: str, duration: str, days: Days, place: Place) -> End:
    """The end of the day there that lies a duration of days before an ISO day.

    Raises InputError when the day is none, the duration is none or has a part by the clock, or the zone is not known.
    """
    part = parse_duration(duration)
    if "T" in duration:
        raise InputError(f"expected a duration by days like P21D, to be counted back, got {duration!r}")
    try:
        last = date.fromisoformat(day)
        moved = _moved(last, -part["years"] * 12 - part["months"])
        if days == "calendar":
            return End(day_ends(moved - timedelta(weeks=part["weeks"], days=part["days"]), place.zone))
        first = _working(moved, part["weeks"] * 5 + part["days"], place.calendar, -_DAY)
        unknown = (year for year in range(first.year, last.year + 1) if not place.calendar.covers(year))
        return End(day_ends(first, place.zone), next(unknown, 0))
    except (ValueError, OverflowError):
        raise InputError(f"expected a day like 2026-11-21 with {duration} before it, got {day[:30]!r}") from None


def later(end: int, rest: tuple[int, int], duration: str, days: Days, place: Place) -> End:
    """When a time that would end at `end` ends, after it rested from one moment to another (milliseconds).

    By the clock it rests as long as the rest was; by days, as many days there as the rest brought, the one of its
    beginning not counted. Raises InputError when the zone is not known.
    """
    if "T" in duration:
        return End(end + rest[1] - rest[0])
    first, last = (day_there(moment, place.zone) for moment in rest)
    day, count = day_there(end, place.zone), (last - first).days
    if days == "calendar":
        return End(day_ends(day + count * _DAY, place.zone))
    moved = _working(day, sum(place.calendar.working(first + (one + 1) * _DAY) for one in range(count)), place.calendar)
    unknown = (year for year in range(first.year, moved.year + 1) if not place.calendar.covers(year))
    return End(day_ends(moved, place.zone), next(unknown, 0))


def _moved(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 0 < year <= 9998:
        raise OverflowError
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - _DAY).day
    return date(year, month + 1, min(day.day, last))


def _working(day: date, count: int, calendar: Calendar, step: timedelta = _DAY) -> date:
    while count:
        day += step
        count -= calendar.working(day)
    return day


def stages(start: int, due: int) -> Stages:
    """Half, nine tenths and end of the real time from `start` to `due`; all at the end when that lies before."""
    length = max(0, due - start)
    begin = due - length
    return Stages(begin + length // 2, begin + length * 9 // 10, due)
