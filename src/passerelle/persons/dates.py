"""Dates as they are known: a year, a month or a day, in the Gregorian or the Hijri calendar.

Two questions are answered here:

- `days_of`: which days may this date mean, as text? For what two nodes must compute alike (minors, dates that exist),
  so it rests on a formula alone: Hijri dates are converted by the tabular (civil) calendar, widened by two days on each
  side, as observed calendars differ from it by up to two, and day 30 is taken in every month.
- `span`: the same as day numbers, for comparing persons. Hijri dates of AH 1343 to 1500 are converted by the calendar
  of Umm al-Qura (library hijridate); outside of it, by the tabular one. Either way two days are left on each side:
  months begin with the moon as it was sighted where the person was born.

Days as text are ISO 8601, `2026-11-21`: they compare as text. The last day of a month is written as its 31st, which
compares right and is never shown. Day numbers are those of `date.fromordinal`.

Left alone: other calendars (the solar one of Iran above all), and whether a date fits the person.
"""

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache

from hijridate import Hijri
from hijridate.ummalqura import HIJRI_RANGE

MARGIN = 2  # years, on each side of an approximate or claimed birth
HIJRI_MARGIN = 2  # days, on each side of a converted date

_FORM = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_HIJRI_EPOCH = 227_015  # 1 Muharram 1 as a day number of `date.fromordinal`
_LAST = date.max.toordinal()
_OBSERVED = range(HIJRI_RANGE[0][0], HIJRI_RANGE[1][0] + 1)  # years AH


def hijri_day(year: int, month: int, day: int) -> int:
    """The day number of a date of the tabular calendar (Reingold and Dershowitz, Calendrical Calculations)."""
    return day + 29 * (month - 1) + month // 2 + 354 * (year - 1) + (3 + 11 * year) // 30 + _HIJRI_EPOCH - 1


def _hijri(year: int, month: int, day: int) -> tuple[str, str] | None:
    first, last = _tabular(year, month, day)
    first, last = first - HIJRI_MARGIN, last + HIJRI_MARGIN
    if first < 1 or last > _LAST:
        return None
    return date.fromordinal(first).isoformat(), date.fromordinal(last).isoformat()


def _tabular(year: int, month: int, day: int) -> tuple[int, int]:
    return hijri_day(year, month or 1, day or 1), hijri_day(year, month or 12, day or 30)


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


# ---- day numbers -----------------------------------------------------------------------------------------------------


def fields_of(text: str) -> tuple[int, int, int] | None:
    """Year, month and day of a date as it is written, 0 for what is unknown; None when it has another form."""
    found = _FORM.fullmatch(text)
    if not found:
        return None
    year, month, day = found.groups()
    return int(year), int(month or 0), int(day or 0)


@lru_cache(maxsize=65_536)
def span(text: str, calendar: str = "gregorian") -> tuple[int, int] | None:
    """The first and the last day that a date can mean, as day numbers; None when no such date exists.

    `text`: `1966`, `1966-05` or `1966-05-17`; anything else is no date. `calendar`: `gregorian` or `hijri`.
    """
    fields = fields_of(text)
    if fields is None or not _exists(text, *fields, most=31 if calendar == "gregorian" else 30):
        return None
    if calendar == "gregorian":
        return gregorian(*fields)
    first, last = _observed(*fields)
    first, last = first - HIJRI_MARGIN, last + HIJRI_MARGIN
    return (first, last) if first >= 1 and last <= _LAST else None


def _exists(text: str, year: int, month: int, day: int, *, most: int) -> bool:
    return year > 0 and (len(text) == 4 or 1 <= month <= 12) and (len(text) < 10 or 1 <= day <= most)


def gregorian(year: int, month: int, day: int) -> tuple[int, int] | None:
    """The first and the last day number of a Gregorian date, month or day 0 where unknown; None when there is none."""
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    last = first if day else date(year, month or 12, monthrange(year, month or 12)[1])
    return first.toordinal(), last.toordinal()


def tabular(text: str) -> tuple[int, int] | None:
    """The first and the last day number of a Hijri date in the tabular calendar, without margin: for comparing two."""
    fields = fields_of(text)
    return _tabular(*fields) if fields is not None and _exists(text, *fields, most=30) else None


def _observed(year: int, month: int, day: int) -> tuple[int, int]:
    """By the calendar of Umm al-Qura where it reaches. Day 30 of a month of 29 is the first of the next one."""
    if year not in _OBSERVED:
        return _tabular(year, month, day)
    begins = Hijri(year, month or 1, 1).to_gregorian().toordinal()
    if day:
        return begins + day - 1, begins + day - 1
    last = Hijri(year, month or 12, 1)
    return begins, last.to_gregorian().toordinal() + last.month_length() - 1
