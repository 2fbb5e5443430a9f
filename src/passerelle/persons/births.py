"""Births compared: every date of one side against every date of the other, the best pair counts.

Rules kept here:
- a date is the days that it can mean, and two that have a day in common agree. What that is worth depends on how many
  days they leave open: a day says more than a year. So a partial date never speaks against what it contains;
- 1 January, 1 July and 31 December are what registries write for an unknown day (Morocco and Belgium among them): such
  a date counts as its year, in the Hijri calendar as well;
- an approximate or claimed date is compared as it is written, and two years wider;
- day and month swapped, one digit that differs, the same day in another year are findings of their own, told as such;
- where the source itself leaves open which is the day, or guessed the century (`Birth.uncertain`), both are tried;
- a Gregorian year between 1250 and 1500 is tried in the Hijri calendar: nobody now living was born in it;
- two Hijri dates are compared as they stand. Only against a Gregorian date is a Hijri one converted, with a margin;
- a national number that holds a birth date adds that date to its person's.

Left alone: how many dates a person has. Someone with ten of them agrees more easily by chance; all ten are shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from math import log2
from operator import ne
from typing import NamedTuple

from passerelle.persons.dates import MARGIN, fields_of, span, tabular
from passerelle.persons.finding import Finding
from passerelle.persons.model import Birth
from passerelle.persons.weights import Weight, levels, table

_YEAR = 365.2425  # days
_HIJRI_YEARS = range(1250, 1501)
_CENTURY = 100
_MOST = 64  # dates of one person that are compared; lists have been seen with eight
_Days = tuple[int, int]


class Reading(NamedTuple):
    """One way to read a date. `days`: first and last day number; `own`: the same in its own calendar, without margin.

    `digits`: year, month and day as eight digits where all three are written, else empty. `why`: what was done to read
    it.
    """

    birth: Birth
    days: _Days
    own: _Days
    digits: str
    hijri: bool
    cost: float
    why: tuple[str, ...]


def readings(births: Iterable[Birth], *, numbered: bool = False) -> tuple[Reading, ...]:
    """All ways to read these dates; those that do not exist yield none. `numbered`: from a national number."""
    found: list[Reading] = []
    for birth in list(births)[:_MOST]:
        for one in _read(birth):
            found.append(one._replace(why=("numbered", *one.why)) if numbered else one)
    return tuple(found)


@lru_cache(maxsize=65_536)
def _read(birth: Birth) -> tuple[Reading, ...]:
    found = _ways(birth, birth.calendar, 0.0, ())
    fields = fields_of(birth.date)
    if not found or fields is None:
        return tuple(found)
    costs = table().birth.costs
    if birth.calendar == "gregorian" and fields[0] in _HIJRI_YEARS:
        found += _ways(birth, "hijri", costs["misread"], ("misread",))
    elif birth.uncertain and birth.calendar == "gregorian":
        for years in (-_CENTURY, _CENTURY):
            if 0 < fields[0] + years < 10_000:
                moved = f"{fields[0] + years:04d}{birth.date[4:]}"
                until = _moved(birth.until, years)
                found += _ways(birth, "gregorian", costs["century"], ("century",), moved, until)
    return tuple(found)


def _moved(text: str, years: int) -> str:
    fields = fields_of(text)
    return f"{fields[0] + years:04d}{text[4:]}" if fields and 0 < fields[0] + years < 10_000 else text


def _ways(
    birth: Birth, calendar: str, cost: float, why: tuple[str, ...], text: str = "", until: str = ""
) -> list[Reading]:
    """The date as it is written, and wider where its kind says so."""
    text, until, hijri = text or birth.date, until or birth.until, calendar == "hijri"
    days, own = span(text, calendar), tabular(text) if hijri else span(text)
    if days is None or own is None:
        return []
    if birth.kind == "between" and until:
        ends, own_ends = span(until, calendar), tabular(until) if hijri else span(until)
        if ends is None or own_ends is None:
            return []
        return [Reading(birth, _both(days, ends), _both(own, own_ends), "", hijri, cost, (*why, "between"))]
    found = []
    whole = text.replace("-", "") if len(text) == 10 else ""
    if whole and text[5:] in table().birth.placeholders:
        year = span(text[:4], calendar)
        own_year = tabular(text[:4]) if hijri else year
        if year and own_year:
            # The day stays known for what is swapped, but is no agreement of days.
            found.append(Reading(birth, year, own_year, whole, hijri, cost, (*why, "placeholder")))
    else:
        found.append(Reading(birth, days, own, whole, hijri, cost, why))
    if birth.kind in ("approximate", "claimed"):
        wide = round(MARGIN * _YEAR)
        found.append(Reading(birth, _wider(days, wide), _wider(own, wide), "", hijri, cost, (*why, birth.kind)))
    return found


def _both(one: _Days, other: _Days) -> _Days:
    return min(one[0], other[0]), max(one[1], other[1])


def _wider(days: _Days, by: int) -> _Days:
    return days[0] - by, days[1] + by


# ---- two sides -------------------------------------------------------------------------------------------------------


def compared(one: Sequence[Reading], other: Sequence[Reading]) -> Finding | None:
    """The best pair; None when one side has no date that can be read."""
    best: tuple[float, str, Reading, Reading] | None = None
    for left in one:
        for right in other:
            bits, level = _pair(left, right)
            if best is None or bits > best[0]:
                best = bits, level, left, right
    if best is None:
        return None
    bits, level, left, right = best
    return Finding("birth", level, _weights()[level].verdict, bits, left, right)


def _pair(one: Reading, other: Reading) -> tuple[float, str]:
    same = one.hijri == other.hijri
    (first, last), (begin, end) = (one.own, other.own) if same else (one.days, other.days)
    cost = one.cost + other.cost
    if first <= end and begin <= last:
        nested = (first <= begin and end <= last) or (begin <= first and last <= end)
        length, width = last - first + 1, end - begin + 1
        bits, level = _overlap(max(length, width) if nested else length + width), "overlap"
        if length == width == 1:
            return max(0.0, bits - cost), level
    else:
        bits, level = _apart(max(first, begin) - min(last, end))
    if same and one.digits and other.digits:
        bits, level = max([(bits, level), *_alike(one, other)])
    return (max(0.0, bits - cost) if bits > 0 else bits), level


@lru_cache(maxsize=4096)
def _overlap(days: int) -> float:
    weights = table().birth
    m = weights.levels["overlap"].m
    return max(0.0, log2(m * weights.chance_years * _YEAR / days))


def _apart(days: int) -> tuple[float, str]:
    level = "near" if days <= 2 * _YEAR else "apart" if days <= 5 * _YEAR else "far"
    return _weights()[level].bits, level


def _alike(one: Reading, other: Reading) -> list[tuple[float, str]]:
    """Two whole dates of one calendar that are not the same day: in what way they are alike."""
    left, right, found = one.digits, other.digits, []
    days_known = "placeholder" not in one.why and "placeholder" not in other.why
    if left[:4] == right[:4]:
        if left[4:6] == right[6:] and left[6:] == right[4:6] and left != right:
            found.append("turned" if one.birth.uncertain or other.birth.uncertain else "swapped")
        if days_known:
            found.append("month" if left[4:6] == right[4:6] else "year")
    elif left[4:] == right[4:] and days_known:
        found.append("anniversary")
    if days_known and sum(map(ne, left, right)) == 1:
        found.append("digit")
    return [(_weights()[level].bits, level) for level in found]


@cache
def _weights() -> Mapping[str, Weight]:
    return levels("birth")


def at_odds(claimed: Sequence[Reading], numbered: Sequence[Reading]) -> bool:
    """Whether a person's own birth dates and that inside a national number of his have no day in common."""
    return bool(claimed and numbered) and not any(
        one.days[0] <= other.days[1] and other.days[0] <= one.days[1] for one in claimed for other in numbered
    )
