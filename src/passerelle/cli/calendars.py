"""Commands on calendars: which days nobody works, as this node counts them."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, Folder, command, group
from passerelle.cli.screen import Screen
from passerelle.core import words
from passerelle.core.words import N_, _

if TYPE_CHECKING:
    from passerelle.dossiers.calendars import Calendars, Year

Country = Annotated[str, typer.Argument(metavar="COUNTRY", help="Two capital letters, like MA.", show_default=False)]
_WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    made = group(app, "calendar", "Calendars: weekends and holidays by which deadlines are counted.")
    command(made, "show", "calendar show /srv/be MA --year 2027")(show)
    command(made, "check", "calendar check /srv/be")(check)


def _calendars(folder: Path) -> "Calendars":
    """The calendars of a node: those that are shipped and those of its own. Raises CalendarError, SettingsError."""
    from passerelle.core import settings
    from passerelle.dossiers.calendars import Calendars
    from passerelle.node import SETTINGS

    return Calendars.load(folder / settings.load(folder / SETTINGS).calendar.folder)


def _year(text: str) -> int:
    from passerelle.core.errors import InputError

    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise InputError(f"--year: expected a year like 2027, got {text[:20]!r}")
    return int(text)


def show(
    folder: Folder,
    country: Country,
    year: Annotated[str, typer.Option("--year", metavar="YEAR", help="Which year.", show_default="this one")] = "",
) -> Answer:
    """Show the weekend and the holidays of a country in a year, and where they come from."""
    from passerelle.core.clock import SystemClock, day_of
    from passerelle.core.errors import NotFoundError

    named = _year(year) if year else int(day_of(SystemClock().now())[:4])
    calendar = _calendars(folder).of(country)
    found = calendar.years.get(named)
    if found is None:
        known = f"{min(calendar.years)} to {max(calendar.years)}" if calendar.years else "no year"
        raise NotFoundError(f"expected a year that a calendar of {country[:10]} has ({known}), got {named}")
    value = _value(found, country, named)

    def tell(screen: Screen) -> None:
        screen.fields(
            [
                ("country", country),
                ("year", named),
                ("weekend", ", ".join(_(_WEEKDAYS[one]) for one in sorted(found.weekend))),
                ("source", found.source),
                ("file", found.file),
            ]
        )
        rows = [
            (one["day"], _(_WEEKDAYS[date.fromisoformat(one["day"]).weekday()]), one["name"], _mark(one["provisional"]))
            for one in value["holidays"]
        ]
        screen.table(("day", "weekday", "holiday", "note"), rows, "no holiday")

    return Answer(value, tell)


def _mark(provisional: bool) -> str:
    return _("provisional") if provisional else ""


def _value(found: "Year", country: str, year: int) -> dict[str, Any]:
    return {
        "country": country,
        "year": year,
        "weekend": [_WEEKDAYS[one].lower() for one in sorted(found.weekend)],
        "source": found.source,
        "file": found.file,
        "holidays": [
            {
                "day": day.isoformat(),
                "name": found.holidays[day].labels.text(words.language()),
                "provisional": found.holidays[day].provisional,
            }
            for day in sorted(found.holidays)
        ],
    }


def check(folder: Folder) -> Answer:
    """Read all calendars, and say from when to when each country is known and which days are provisional."""
    from passerelle.core.clock import SystemClock, day_of

    today = day_of(SystemClock().now())
    calendars = _calendars(folder)
    values: list[dict[str, Any]] = []
    for country, calendar in calendars.countries.items():
        ahead = [year for year in calendar.years if year >= int(today[:4])]
        values.append(
            {
                "country": country,
                "first": min(calendar.years),
                "last": max(calendar.years),
                "gaps": sorted(set(range(min(calendar.years), max(calendar.years))) - set(calendar.years)),
                "files": sorted({year.file for year in calendar.years.values()}),
                "provisional": [
                    holiday.day.isoformat()
                    for year in ahead
                    for holiday in calendar.holidays(year)
                    if holiday.provisional and holiday.day.isoformat() >= today
                ],
            }
        )

    def tell(screen: Screen) -> None:
        rows = [
            (
                one["country"],
                f"{one['first']}–{one['last']}",
                ", ".join(map(str, one["gaps"])),
                ", ".join(one["provisional"][:3]),
                ", ".join(one["files"]),
            )
            for one in values
        ]
        screen.table(("country", "years", "gaps", "next provisional days", "files"), rows)

    return Answer(values, tell)
