"""Which days nobody works: weekends and holidays of a country, as data.

    calendars = Calendars.load(Path("/srv/be/calendars"))
    calendars.of("MA").working(date(2026, 11, 18))

A file (`*.toml`) says for one country and some years what the weekend is and which days are holidays: each year on a
day (`on = "05-01"`), counted from Easter Sunday (`easter = 1`), or on the days listed (`days`). `provisional`: reckoned
beforehand, as days that follow the sighted moon must be.

Rules kept here:
- a later file replaces the earlier ones in the years it names, and wholly: the shipped files come first, then those of
  the node's folder in the order of their names;
- a file that is wrong stops the loading. A holiday that was silently left out would move a deadline;
- a year that no file names has weekends (Saturday and Sunday) and no holiday; `covers` tells, and who counts says so.

Left unchecked: whether a holiday is one. A file is the service's word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from passerelle.core.errors import DossierError
from passerelle.core.text import forbidden_character
from passerelle.dossiers.shapes import Labels

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USUAL = frozenset({5, 6})  # Saturday and Sunday, where nothing else is said


class CalendarError(DossierError):
    """A calendar file says something that cannot be."""


class Holiday(msgspec.Struct, frozen=True):
    """A day on which nobody works."""

    day: date
    labels: Labels
    provisional: bool = False


class Year(msgspec.Struct, frozen=True):
    """A year of a country. `weekend`: 0 Monday to 6 Sunday; `source`: where its holidays come from, in words."""

    weekend: frozenset[int]
    holidays: Mapping[date, Holiday]
    source: str
    file: str


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    labels: Labels
    on: str = ""
    easter: int | None = None
    days: tuple[str, ...] = ()
    since: int = 0
    until: int = 9999
    provisional: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    country: str
    years: tuple[int, int]
    source: str
    weekend: tuple[Weekday, ...]
    holidays: tuple[_Rule, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """The years of one country that files name."""

    country: str
    years: Mapping[int, Year] = field(default_factory=dict)

    def covers(self, year: int) -> bool:
        """Whether a file says what this year's holidays are."""
        return year in self.years

    def working(self, day: date) -> bool:
        """Whether people work on this day, as far as it is known."""
        year = self.years.get(day.year)
        if year is None:
            return day.weekday() not in USUAL
        return day.weekday() not in year.weekend and day not in year.holidays

    def holidays(self, year: int) -> list[Holiday]:
        """The holidays of a year by day; none when no file names it."""
        known = self.years.get(year)
        return [known.holidays[day] for day in sorted(known.holidays)] if known else []


@dataclass(frozen=True)
class Calendars:
    """The calendars by country: two capital letters (ISO 3166-1)."""

    countries: Mapping[str, Calendar] = field(default_factory=dict)

    def of(self, country: str) -> Calendar:
        """The calendar of a country; one that covers no year when there is none."""
        return self.countries.get(country) or Calendar(country)

    @classmethod
    def load(cls, *folders: Path) -> "Calendars":
        """The shipped calendars and those of the folders that are there. Raises CalendarError; OSError."""
        files: list[Traversable] = []
        for folder in (resources.files("passerelle.catalogue").joinpath("calendars"), *folders):
            if folder.is_dir():
                files += sorted(
                    (one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name
                )
        years: dict[str, dict[int, Year]] = {}
        for file in files:
            country, found = parse(file.read_bytes(), file.name)
            years.setdefault(country, {}).update(found)
        made = {country: Calendar(country, MappingProxyType(years[country])) for country in sorted(years)}
        return cls(MappingProxyType(made))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 19 * m) // 433
    month = divmod(h + m - 7 * n + 90, 25)[0]
    return date(year, month, (h + m - 7 * n + 33 * month + 19) % 32)


def parse(data: bytes, file: str) -> tuple[str, dict[int, Year]]:
    """The country and the years of a calendar file. Raises CalendarError naming the file, expected and got."""
    try:
        raw = msgspec.toml.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CalendarError(f"{file}: expected a calendar file, got: {str(error)[:200]}") from None

    def need(condition: object, path: str, expected: str, got: Any) -> None:
        if not condition:
            raise CalendarError(f"{file}: {path}: expected {expected}, got {str(got)[:60]}")

    country, (first, last) = raw.country, raw.years
    need(
        len(country) == 2 and country.isascii() and country.isalpha() and country.isupper(),
        "country",
        "two capital letters",
        country,
    )
    need(1900 <= first <= last <= 2200, "years", "the first and the last year, within 1900 to 2200", list(raw.years))
    need(
        raw.source.strip() and not forbidden_character(raw.source), "source", "where the holidays come from", raw.source
    )
    weekend = frozenset(WEEKDAYS.index(one) for one in raw.weekend)
    need(len(weekend) < 7, "weekend", "a day that is worked", ", ".join(raw.weekend))
    years: dict[int, dict[date, Holiday]] = {year: {} for year in range(first, last + 1)}
    for number, rule in enumerate(raw.holidays):
        for day in _days(rule, f"holidays[{number}]", range(first, last + 1), need):
            years[day.year].setdefault(day, Holiday(day, rule.labels, rule.provisional))
    made = {year: Year(weekend, MappingProxyType(days), raw.source, file) for year, days in years.items()}
    return country, made


def _days(rule: _Rule, path: str, years: range, need: Any) -> Iterable[date]:
    """The days of one holiday in the file's years."""
    forms = [bool(rule.on), rule.easter is not None, bool(rule.days)]
    need(sum(forms) == 1, path, "one of on, easter, days", f"{sum(forms)} of them")
    held = [year for year in years if rule.since <= year <= rule.until]
    need(held, f"{path}.since", "a year of the file", rule.since)
    if rule.easter is not None:
        need(-100 <= rule.easter <= 200, f"{path}.easter", "days from Easter Sunday", rule.easter)
        return [easter(year) + timedelta(days=rule.easter) for year in held]
    texts = [f"{year}-{rule.on}" for year in held] if rule.on else list(rule.days)
    found = []
    for text in texts:
        try:
            day = date.fromisoformat(text) if len(text) == 10 else None
        except ValueError:
            if rule.on == "02-29":
                continue
            day = None
        need(
            day,
            f"{path}.{'on' if rule.on else 'days'}",
            "a day like 05-01" if rule.on else "days like 2026-03-20",
            text,
        )
        need(day is None or day.year in years, f"{path}.days", f"days of {years[0]} to {years[-1]}", text)
        found.append(day)
    return [day for day in found if day is not None]
