"""Dates as they are known: a year, a month or a day, in the Gregorian or the Hijri calendar, more or less certain.

Rules kept here:
- a date is turned into the first and the last day it can mean, and everything is decided on these two;
- Hijri dates are converted by the tabular (civil) calendar. Observed calendars differ from it by up to two days, so a
  converted date is widened by two days on each side, and day 30 is taken in every month;
- an approximate or merely claimed birth is widened by two years on each side;
- who may be under 18 (Convention on the Rights of the Child, article 1) is a minor in doubt. So is who has no birth
  date. A person born on 29 February becomes 18 on 1 March.

Days are ISO text, `2026-11-21`: they compare as text. The last day of a month is written as its 31st, which compares
right and is never shown.

Left alone: other calendars, and whether a date fits the person. A birth more than 130 years ago is refused, because it
is nearly always a date of the other calendar.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

Minor = Literal["no", "yes", "doubt"]

ADULT = 18  # years
MARGIN = 2  # years, on each side of an approximate or claimed birth
OLDEST = 130  # years
_HIJRI_EPOCH = 227_015  # 1 Muharram 1 as a day number of `date.fromordinal`
_HIJRI_MARGIN = 2  # days
_LAST = date.max.toordinal()


def _hijri_day(year: int, month: int, day: int) -> int:
    """The day number of a date of the tabular calendar (Reingold and Dershowitz, Calendrical Calculations)."""
    return day + 29 * (month - 1) + month // 2 + 354 * (year - 1) + (3 + 11 * year) // 30 + _HIJRI_EPOCH - 1


def _hijri(year: int, month: int, day: int) -> tuple[str, str] | None:
    if day:
        first = last = _hijri_day(year, month, day)
    elif month:
        first, last = _hijri_day(year, month, 1), _hijri_day(year, month, 30)
    else:
        first, last = _hijri_day(year, 1, 1), _hijri_day(year, 12, 30)
    first, last = first - _HIJRI_MARGIN, last + _HIJRI_MARGIN
    if first < 1 or last > _LAST:
        return None
    return date.fromordinal(first).isoformat(), date.fromordinal(last).isoformat()


def days_of(text: str, calendar: str = "gregorian") -> tuple[str, str] | None:
    """The first and the last day that `1966`, `1966-05` or `1966-05-17` can mean; None when no such date exists.

    The text has one of these three forms; `calendar` is `gregorian` or `hijri`.
    """
    if calendar == "gregorian" and len(text) == 10:
        try:
            date.fromisoformat(text)
        except ValueError:
            return None
        return text, text
    year, month, day = int(text[:4]), int(text[5:7] or 0), int(text[8:10] or 0)
    if year < 1 or not (len(text) == 4 or 1 <= month <= 12) or not (len(text) < 10 or 1 <= day <= 30):
        return None
    if calendar == "hijri":
        return _hijri(year, month, day)
    return (f"{text}-01-01", f"{text}-12-31") if len(text) == 4 else (f"{text}-01", f"{text}-31")


def years_before(day: str, years: int) -> str:
    """The same day so many years earlier, as text that compares right (29 February stays 29). Not before year 0."""
    return f"{max(0, int(day[:4]) - years):04d}{day[4:]}"


def born(birth: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first and the last day of a birth, margins included; None when its date or its `until` does not exist."""
    calendar = birth["calendar"]
    days = days_of(birth["date"], calendar)
    if days is None:
        return None
    kind = birth["kind"]
    if kind == "exact":
        return days
    first, last = days
    if kind == "between" and "until" in birth:
        until = days_of(birth["until"], calendar)
        if until is None:
            return None
        return first, until[1]
    return years_before(first, MARGIN), years_before(last, -MARGIN)


def minor_of(births: Iterable[Mapping[str, Any]], day: str) -> Minor:
    """Whether the person of these births is under 18 on the day (ISO text): by every birth, by none, or in doubt.

    `births` are those of a person in an act. One that does not exist, or none at all, is a doubt.
    """
    limit = years_before(day, ADULT)
    adult = minor = 0
    for birth in births:
        days = born(birth)
        if days is None:
            return "doubt"
        if days[1] <= limit:
            adult += 1
        elif days[0] > limit:
            minor += 1
        else:
            return "doubt"
    if adult and not minor:
        return "no"
    return "yes" if minor and not adult else "doubt"
