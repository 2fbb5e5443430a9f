"""Births of persons in dossiers: the days that they can mean, and who is a minor. Both sides compute them alike.

Rules kept here:
- a date is turned into the first and the last day it can mean (`persons.dates.days_of`), and everything is decided on
  these two;
- an approximate or merely claimed birth is widened by two years on each side;
- who may be under 18 (Convention on the Rights of the Child, article 1) is a minor in doubt. So is who has no birth
  date. A person born on 29 February becomes 18 on 1 March.

Left alone: whether a date fits the person. A birth more than 130 years ago is refused, because it is nearly always a
date of the other calendar.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from passerelle.persons.dates import MARGIN, days_of, years_before

__all__ = ["ADULT", "MARGIN", "OLDEST", "Minor", "born", "days_of", "minor_of", "years_before"]

Minor = Literal["no", "yes", "doubt"]

ADULT = 18  # years
OLDEST = 130  # years


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
