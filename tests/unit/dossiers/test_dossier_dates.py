from datetime import date, timedelta
from typing import Any

import pytest

from passerelle.dossiers.dates import born, days_of, minor_of, years_before


def birth(date_: str, calendar: str = "gregorian", kind: str = "exact", **more: str) -> dict[str, Any]:
    return {"date": date_, "calendar": calendar, "kind": kind, **more}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1966", ("1966-01-01", "1966-12-31")),
        ("1966-02", ("1966-02-01", "1966-02-31")),
        ("2024-02-29", ("2024-02-29", "2024-02-29")),
        ("2023-02-29", None),
        ("1900-02-29", None),
        ("1966-13", None),
        ("1966-00-10", None),
        ("1966-04-31", None),
        ("0000", None),
    ],
)
def test_gregorian_dates_that_exist(text: str, expected: tuple[str, str] | None) -> None:
    assert days_of(text) == expected


@pytest.mark.parametrize(
    ("text", "day"),
    # Days on which the observed calendar of Saudi Arabia and the tabular one agree within two days.
    [
        ("1400-01-01", "1979-11-20"),
        ("1421-01-01", "2000-04-06"),
        ("1445-09-01", "2024-03-11"),
        ("1343-06-15", "1925-01-10"),
    ],
)
def test_hijri_days_are_converted_with_two_days_on_each_side(text: str, day: str) -> None:
    days = days_of(text, "hijri")
    assert days is not None
    assert days[0] <= day <= days[1]
    assert date.fromisoformat(days[1]) - date.fromisoformat(days[0]) == timedelta(days=4)


def test_hijri_year_and_month_cover_their_days() -> None:
    year, month, day = days_of("1399", "hijri"), days_of("1399-08", "hijri"), days_of("1399-08-30", "hijri")
    assert year is not None
    assert month is not None
    assert day is not None
    assert year[0] < month[0] < day[0] < day[1] <= month[1] < year[1]
    assert days_of("1399-02-30", "hijri") is not None, "observed months may have 30 days where the table has 29"
    assert days_of("1399-13", "hijri") is None
    assert days_of("1399-12-31", "hijri") is None
    assert days_of("9999", "hijri") is None


def test_born_widens_what_is_not_exact() -> None:
    assert born(birth("1990-05-17")) == ("1990-05-17", "1990-05-17")
    assert born(birth("1990-05-17", kind="claimed")) == ("1988-05-17", "1992-05-17")
    assert born(birth("1990", kind="approximate")) == ("1988-01-01", "1992-12-31")
    assert born(birth("1990", kind="between", until="1993-02")) == ("1990-01-01", "1993-02-31")
    assert born(birth("1990", kind="between", until="1993-14")) is None
    assert years_before("2028-02-29", 18) == "2010-02-29"


@pytest.mark.parametrize(
    ("births", "day", "expected"),
    [
        ([birth("2008-11-21")], "2026-11-21", "no"),
        ([birth("2008-11-22")], "2026-11-21", "yes"),
        ([birth("2008")], "2026-11-21", "doubt"),
        ([birth("2007")], "2026-11-21", "no"),
        ([birth("2009")], "2026-11-21", "yes"),
        ([birth("2008-02-29")], "2026-02-28", "yes"),
        ([birth("2008-02-29")], "2026-03-01", "no"),
        ([birth("2007-01-01", kind="claimed")], "2026-11-21", "doubt"),
        ([birth("2006-01-01", kind="claimed")], "2026-11-21", "no"),
        ([birth("2008", kind="between", until="2010")], "2027-11-21", "doubt"),
        ([birth("2000"), birth("2012")], "2026-11-21", "doubt"),
        ([birth("2000"), birth("1999-05")], "2026-11-21", "no"),
        ([birth("2012"), birth("2011")], "2026-11-21", "yes"),
        ([birth("1399", "hijri")], "2026-11-21", "no"),
        ([birth("1445", "hijri")], "2026-11-21", "yes"),
        ([birth("2000-02-30")], "2026-11-21", "doubt"),
        ([], "2026-11-21", "doubt"),
    ],
)
def test_minor(births: list[dict[str, Any]], day: str, expected: str) -> None:
    assert minor_of(births, day) == expected
