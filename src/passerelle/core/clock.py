"""Time, in whole milliseconds since 1970-01-01T00:00:00Z, from a clock that can be put in.

Nothing in the product reads the machine's clock but `SystemClock`. Decisions take `now` as a value.
"""

import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from passerelle.core.errors import InputError

MILLISECONDS_A_DAY = 86_400_000


class Clock(Protocol):
    """Gives the present time."""

    def now(self) -> int:
        """Milliseconds since the epoch, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is moved: for tests and for what-if questions."""

    def __init__(self, now: int) -> None:
        self.time = now

    def now(self) -> int:
        return self.time

    def advance(self, milliseconds: int) -> None:
        self.time += milliseconds


def to_iso(milliseconds: int) -> str:
    """RFC 3339 text in UTC with milliseconds, e.g. `2026-11-21T20:51:49.123Z`."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def from_iso(text: str) -> int:
    """Milliseconds of an RFC 3339 moment with a zone (`Z` or an offset).

    Raises InputError when the text is no such moment.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"expected a moment like 2026-11-21T20:51:49Z, got {text!r}") from error
    if moment.tzinfo is None:
        raise InputError(f"expected a moment with a zone (Z or +01:00), got {text!r}")
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def day_of(milliseconds: int) -> str:
    """The UTC day of a moment, e.g. `2026-11-21`."""
    return date.fromordinal(719_163 + milliseconds // MILLISECONDS_A_DAY).isoformat()


_DURATION = re.compile(
    r"P(?!$)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?!$)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def parse_duration(text: str) -> dict[str, int]:
    """The parts of an ISO 8601 duration of whole numbers: years, months, weeks, days, hours, minutes, seconds.

    Raises InputError when the text is none.
    """
    found = _DURATION.fullmatch(text)
    if not found:
        raise InputError(f"expected an ISO 8601 duration like PT8H or P3D, got {text!r}")
    return {name: int(value or 0) for name, value in found.groupdict().items()}


def check_duration(text: str) -> None:
    """Raise InputError unless the text is an ISO 8601 duration of whole numbers, e.g. `PT8H`, `P3D`, `P1Y`."""
    if not _DURATION.fullmatch(text):
        raise InputError(f"expected an ISO 8601 duration like PT8H or P3D, got {text!r}")


def add_duration(start: int, text: str) -> int:
    """The moment that lies an ISO 8601 duration after `start` (milliseconds), by the UTC calendar.

    Years and months move the calendar and end on the last day of a shorter month (31 January + P1M = 28 or 29
    February); the rest is exact. Raises InputError when the text is no duration or the sum leaves the years 1-9999.
    """
    part = parse_duration(text)
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=start)
        months = moment.year * 12 + moment.month - 1 + part["years"] * 12 + part["months"]
        year, month = divmod(months, 12)
        last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        moment = moment.replace(year=year, month=month + 1, day=min(moment.day, last))
        moment += timedelta(
            weeks=part["weeks"],
            days=part["days"],
            hours=part["hours"],
            minutes=part["minutes"],
            seconds=part["seconds"],
        )
        # The subtraction stays exact in integers: total_seconds() would lose milliseconds far from the epoch.
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise InputError(f"expected a duration that ends before the year 10000, got {text!r}") from error
