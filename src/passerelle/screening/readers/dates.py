"""Dates as lists, tables and machine-readable zones write them, as `Birth` and partial dates (`YYYY[-MM[-DD]]`).

A month or day of 00 is one that is not known. A year of two digits is a guess: never in the future, at most `OLDEST`
years back; where two centuries fit both are given, the nearer first. A day that its calendar does not have is no date.
Hijri months are taken to have up to 30 days: which of them do depends on who looks at the moon.
"""

import re
import unicodedata
from datetime import date
from functools import cache

from babel import Locale

from passerelle.persons.model import Birth

OLDEST = 120
_LONGEST = 100  # characters; what is longer is no date
_SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_SPOKEN = re.compile(r"(?:(?:(\d{1,2})\s+)?([^\W\d_]+)\.?,?\s+)?(\d{4})")
_TURNED = re.compile(r"([^\W\d_]+)\.?\s+(\d{1,2}),?\s+(\d{4})")
_SPAN = re.compile(r"(?:between\s+)?(.+?)(?:\s+(?:to|and)\s+|\s*[-–]\s*)(.+)", re.IGNORECASE)
_ABOUT = re.compile(r"(?:circa|c\.|ca\.?|approximately|approx\.?|about)\s+(.+)", re.IGNORECASE)
_NUMBERS = re.compile(r"(\d{1,4})([./\-\s])(\d{1,2})\2(\d{1,4})")
_MONTH = re.compile(r"(?P<m>\d{1,2})[./-](?P<y>\d{4})|(?P<y2>\d{4})[./](?P<m2>\d{1,2})")
_FORM = re.compile(r"yyyy|yy|mon|mm|m|dd|d")
_PIECES = {
    "yyyy": r"(?P<y>\d{4})",
    "yy": r"(?P<y>\d\d)",
    "mon": r"(?P<n>[^\W\d_]+)\.?",
    "mm": r"(?P<m>\d\d)",
    "m": r"(?P<m>\d{1,2})",
    "dd": r"(?P<d>\d\d)",
    "d": r"(?P<d>\d{1,2})",
}


def partial(year: int, month: int = 0, day: int = 0, calendar: str = "gregorian") -> str:
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD`, or nothing when the calendar has no such date."""
    if calendar == "hijri":
        fits = 1200 <= year <= 1600 and month <= 12 and day <= 30
    else:
        fits = 1600 <= year <= 2200 and month <= 12 and _is_day(year, month, day)
    if not fits or (day and not month and calendar == "hijri"):
        return ""
    if not month:
        return f"{year:04}"
    return f"{year:04}-{month:02}-{day:02}" if day else f"{year:04}-{month:02}"


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return False
    return bool(month) or not day


def iso(text: str, calendar: str = "gregorian") -> str:
    """A date written `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, or nothing."""
    found = _ISO.fullmatch(plain_digits(text))
    year, month, day = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return partial(year, month, day, calendar) if found else ""


def plain_digits(text: str) -> str:
    """The text with the digits of any script as 0 to 9, without blanks at its ends; of a long text nothing."""
    text = text.strip() if len(text) <= _LONGEST else ""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(one)) if unicodedata.category(one) == "Nd" else one for one in text)


@cache
def _months() -> dict[str, int]:
    """Month names in English, French, Dutch and Arabic, those of Morocco and of the Mashriq too (CLDR)."""
    made: dict[str, int] = {}
    for name in ("en", "fr", "nl", "ar", "ar_MA", "ar_IQ"):
        for width in ("wide", "abbreviated"):
            for number, word in Locale.parse(name).months["format"][width].items():
                made.setdefault(word.rstrip(".").casefold(), number)
    for number, word in enumerate(_SHORT, 1):
        made[word] = number
    return made | {"sept": 9}


def spoken(text: str) -> str:
    """A date written `1948`, `Dec 1948`, `10 December 1948` or `December 10, 1948`, or nothing.

    Months may be named in any of the four languages.
    """
    bare = _TURNED.sub(r"\2 \1 \3", plain_digits(text))
    found = _SPOKEN.fullmatch(bare)
    if found is None:
        return ""
    day, word, year = found.groups()
    month = _months().get(word.casefold(), 13) if word else 0
    return partial(int(year), month, int(day or 0))


def spoken_birth(text: str) -> Birth | None:
    """`10 Dec 1948`, `circa 1958`, `1961 to 1965`, `between 1955 and 1958`; None for anything else."""
    if len(text) > _LONGEST:
        return None
    about = _ABOUT.fullmatch(text.strip())
    bare = about.group(1) if about else text
    kind = "approximate" if about else "exact"
    if made := spoken(bare) or iso(bare):
        return Birth(date=made, kind=kind)
    span = _SPAN.fullmatch(bare.strip())
    if span is None:
        return None
    first, last = (spoken(part) or iso(part) for part in span.groups())
    return Birth(date=first, until=last, kind="between") if first and last else None


def two_digits(year: int, month: int, day: int, today: date, *, uncertain: bool = False) -> tuple[Birth, ...]:
    """A birth in a year of which two digits are known: none, one, or two when two centuries fit."""
    century = today.year // 100 * 100
    fitting = [
        made
        for full in (century + year, century - 100 + year)
        if today.year - full <= OLDEST
        and (made := partial(full, month, day))
        and made <= today.isoformat()[: len(made)]
    ]
    return tuple(Birth(date=one, uncertain=uncertain or len(fitting) > 1) for one in fitting)


def near(year: int, month: int, day: int, today: date) -> str:
    """The date of a document, of whose year two digits are known: in the hundred years around today."""
    full = today.year - 50 + (year - (today.year - 50)) % 100
    return partial(full, month, day)


def known_form(form: str) -> bool:
    """Whether a form like `dd/mm/yyyy` names a year, a month and a day once each."""
    parts = [part[0] if part != "mon" else "m" for part in _FORM.findall(form.lower())]
    return sorted(parts) == ["d", "m", "y"]


@cache
def _pattern(form: str) -> "re.Pattern[str]":
    parts, at = [], 0
    for found in _FORM.finditer(form):
        parts += [re.escape(form[at : found.start()]), _PIECES[found.group()]]
        at = found.end()
    return re.compile("".join(parts) + re.escape(form[at:]))


def written(text: str, form: str, calendar: str, today: date) -> tuple[Birth, ...]:
    """A date in the cell of a table: of the form named, else ISO, spoken, or three numbers.

    Without a form, day before month is taken; where both may be either, it is `uncertain`. Nothing when it is no date.
    """
    bare = plain_digits(text)
    if made := iso(bare, calendar):
        return (Birth(date=made, calendar=calendar),)
    if form:
        found = _pattern(form.lower()).fullmatch(bare)
        parts = found.groupdict() if found else {}
        month = _months().get(parts["n"].casefold(), 13) if parts.get("n") else int(parts.get("m") or 0)
        return _made(parts["y"], month, int(parts["d"]), calendar, today) if parts else ()
    if calendar == "gregorian" and (birth := spoken_birth(bare)):
        return (birth,)
    if month_only := _MONTH.fullmatch(bare):
        parts = month_only.groupdict()
        return _made(parts["y"] or parts["y2"], int(parts["m"] or parts["m2"]), 0, calendar, today)
    numbers = _NUMBERS.fullmatch(bare)
    if numbers is None:
        return ()
    first, _, second, third = numbers.groups()
    if len(first) == 4 and len(third) <= 2:
        return _made(first, int(second), int(third), calendar, today)
    if len(first) > 2 or len(third) not in (2, 4):
        return ()
    day, month = int(first), int(second)
    if month > 12 >= day:
        return _made(third, day, month, calendar, today)
    return _made(third, month, day, calendar, today, uncertain=0 < day <= 12 and 0 < month <= 12 and day != month)


def _made(year: str, month: int, day: int, calendar: str, today: date, *, uncertain: bool = False) -> tuple[Birth, ...]:
    day = day if month else 0
    if len(year) == 2 and calendar == "gregorian":
        return two_digits(int(year), month, day, today, uncertain=uncertain)
    date_ = partial(int(year), month, day, calendar)
    return (Birth(date=date_, calendar=calendar, uncertain=uncertain),) if date_ else ()
