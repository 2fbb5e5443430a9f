"""Days, moments, durations, numbers and lists in the language in use, as prose has them (Unicode CLDR, through Babel;
durations from the catalogues).

Tables and JSON keep ISO 8601 and plain digits: they are compared, sorted and copied. Arabic follows Moroccan usage:
its names of months, digits as in French.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from passerelle.core.clock import from_iso
from passerelle.core.errors import InputError
from passerelle.core.words import Language, language, n_

_LOCALES: dict[Language, str] = {"en": "en_GB", "fr": "fr", "nl": "nl", "ar": "ar_MA"}
_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_UNITS: tuple[Callable[[int], str], ...] = (
    lambda count: n_("{count} year", "{count} years", count),
    lambda count: n_("{count} month", "{count} months", count),
    lambda count: n_("{count} week", "{count} weeks", count),
    lambda count: n_("{count} day", "{count} days", count),
    lambda count: n_("{count} hour", "{count} hours", count),
    lambda count: n_("{count} minute", "{count} minutes", count),
    lambda count: n_("{count} second", "{count} seconds", count),
)


def locale() -> str:
    """The locale of the language in use."""
    return _LOCALES[language()]


def number(value: float) -> str:
    """A number with the marks of the language."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=locale())


def day(text: str) -> str:
    """An ISO day in words, like 21 November 2026. Raises InputError."""
    from babel.dates import format_date

    try:
        return format_date(date.fromisoformat(text), "long", locale=locale())
    except ValueError:
        raise InputError(f"expected a day like 2026-11-21, got {text[:40]!r}") from None


def moment(time: int | str, zone: str = "UTC") -> str:
    """A moment (milliseconds since 1970, or ISO 8601) in words, in a time zone. Raises InputError."""
    from babel.dates import format_datetime

    milliseconds = from_iso(time) if isinstance(time, str) else time
    there = datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(zone))
    return f"{format_datetime(there, 'd MMMM y, HH:mm', locale=locale())} ({zone})"


def duration(text: str) -> str:
    """An ISO 8601 duration in words: 8 hours, 45 days. Raises InputError."""
    found = _PERIOD.fullmatch(text)
    if not found or not any(found.groups()):
        raise InputError(f"expected an ISO 8601 duration like PT8H or P3D, got {text[:40]!r}")
    return " ".join(tell(int(amount)) for amount, tell in zip(found.groups(), _UNITS, strict=True) if amount)


def listed(names: Iterable[str]) -> str:
    """Names as a sentence lists them: a, b and c."""
    from babel.lists import format_list

    return format_list(list(names), locale=locale())
