import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest

from passerelle.dossiers.calendars import CalendarError, Calendars, easter, parse

SHIPPED = Calendars.load()

FILE = """
country = "MA"
years = [2027, 2027]
weekend = ["saturday", "sunday"]
source = "announced"
[[holidays]]
days = ["2027-03-10", "2027-03-11"]
labels = { en = "Eid al-Fitr", fr = "Aïd al-Fitr", nl = "Suikerfeest", ar = "عيد الفطر" }
"""


# Published dates of Easter Sunday.
@pytest.mark.parametrize(
    "day",
    ["1961-04-02", "2000-04-23", "2008-03-23", "2024-03-31", "2026-04-05", "2027-03-28", "2038-04-25", "2049-04-18"],
)
def test_easter(day: str) -> None:
    assert easter(int(day[:4])) == date.fromisoformat(day)


def test_easter_is_a_sunday_between_22_march_and_25_april() -> None:
    for year in range(1900, 2201):
        day = easter(year)
        assert day.weekday() == 6
        assert (3, 22) <= (day.month, day.day) <= (4, 25)


def test_the_ten_days_of_belgium() -> None:
    days = [holiday.day.isoformat()[5:] for holiday in SHIPPED.of("BE").holidays(2026)]
    assert days == ["01-01", "04-06", "05-01", "05-14", "05-25", "07-21", "08-15", "11-01", "11-11", "12-25"]


def test_fixed_days_of_morocco_and_the_one_since_2026() -> None:
    fixed = ["01-01", "01-11", "01-14", "05-01", "07-30", "08-14", "08-20", "08-21", "11-06", "11-18"]
    morocco = SHIPPED.of("MA")
    sure = [holiday.day.isoformat()[5:] for holiday in morocco.holidays(2026) if not holiday.provisional]
    assert sure == sorted([*fixed, "10-31"])
    assert morocco.working(date(2025, 10, 31))


def test_every_year_of_morocco_has_its_religious_days() -> None:
    morocco = SHIPPED.of("MA")
    for year in morocco.years:
        if year > 2025:
            moving = [holiday for holiday in morocco.holidays(year) if holiday.provisional]
            assert 6 <= len(moving) <= 10, year
    assert not any(holiday.provisional for holiday in morocco.holidays(2025))


def test_holidays_of_the_moon_move_back_by_a_lunar_year() -> None:
    days = sorted(
        holiday.day
        for year in SHIPPED.of("MA").years
        for holiday in SHIPPED.of("MA").holidays(year)
        if holiday.labels.en == "Hijri New Year"
    )
    for one, other in itertools.pairwise(days):
        assert 353 <= (other - one).days <= 356


def test_weekends_are_off() -> None:
    for country in ("BE", "MA", "FR"):
        calendar = SHIPPED.of(country)
        assert calendar.working(date(2026, 6, 5))  # a Friday
        assert not calendar.working(date(2026, 6, 6))
        assert not calendar.working(date(2026, 6, 7))


def test_a_country_without_a_file_covers_nothing_and_still_counts() -> None:
    calendar = SHIPPED.of("FR")
    assert not calendar.covers(2026)
    assert calendar.holidays(2026) == []
    assert calendar.working(date(2026, 7, 14))


def test_a_file_of_the_service_replaces_its_years_wholly(tmp_path: Path) -> None:
    (tmp_path / "MA-2027.toml").write_text(FILE, "utf-8")
    calendar = Calendars.load(tmp_path).of("MA")
    assert [holiday.day.isoformat() for holiday in calendar.holidays(2027)] == ["2027-03-10", "2027-03-11"]
    assert calendar.holidays(2028) == SHIPPED.of("MA").holidays(2028)
    assert calendar.working(date(2027, 11, 18))
    assert calendar.years[2027].file == "MA-2027.toml"


def test_the_later_file_by_name_counts(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(FILE, "utf-8")
    (tmp_path / "b.toml").write_text(FILE.replace("2027-03-11", "2027-03-12"), "utf-8")
    assert not Calendars.load(tmp_path).of("MA").working(date(2027, 3, 12))


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert Calendars.load(tmp_path / "none").of("BE").covers(2026)


def test_another_weekend() -> None:
    country, years = parse(FILE.replace('"saturday", "sunday"', '"friday"').encode(), "x.toml")
    assert country == "MA"
    assert years[2027].weekend == {4}


def test_29_february_each_year_is_there_in_leap_years_only() -> None:
    text = FILE.replace("[2027, 2027]", "[2027, 2032]").replace('days = ["2027-03-10", "2027-03-11"]', 'on = "02-29"')
    _, years = parse(text.encode(), "x.toml")
    assert [day.isoformat() for year in years.values() for day in year.holidays] == ["2028-02-29", "2032-02-29"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('country = "MA"', 'country = "ma"', "country: expected two capital letters, got ma"),
        ("[2027, 2027]", "[2028, 2027]", "years: expected the first and the last year"),
        ("[2027, 2027]", "[27, 27]", "years: expected the first and the last year"),
        ('"announced"', '" "', "source: expected where the holidays come from"),
        ('"saturday", "sunday"', '"saterday"', "saterday"),
        (
            '"saturday", "sunday"',
            '"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"',
            "weekend: expected a day that is worked",
        ),
        ("2027-03-11", "2028-03-11", "days: expected days of 2027 to 2027, got 2028-03-11"),
        ("2027-03-11", "2027-02-30", "days: expected days like 2026-03-20, got 2027-02-30"),
        ("days =", "dais =", "unknown field `dais`"),
        ("days =", 'on = "05-01"\ndays =', "expected one of on, easter, days, got 2 of them"),
        ('days = ["2027-03-10", "2027-03-11"]', 'on = "13-01"', "on: expected a day like 05-01, got 2027-13-01"),
        ('days = ["2027-03-10", "2027-03-11"]', "easter = 1\nsince = 2030", "since: expected a year of the file"),
        ('days = ["2027-03-10", "2027-03-11"]', "easter = 400", "easter: expected days from Easter Sunday, got 400"),
        ('country = "MA"', "country =", "expected a calendar file, got"),
        (', ar = "عيد الفطر"', "", "ar"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_what_was_expected(old: str, new: str, words: str) -> None:
    assert old in FILE
    with pytest.raises(CalendarError) as error:
        parse(FILE.replace(old, new).encode(), "MA-2027.toml")
    assert str(error.value).startswith("MA-2027.toml: ")
    assert words in str(error.value)


def test_the_shipped_years_have_no_hole() -> None:
    for country, calendar in SHIPPED.countries.items():
        years = sorted(calendar.years)
        assert years == list(range(years[0], years[-1] + 1)), country
        assert date(years[0], 1, 1) + timedelta(days=365 * 5) < date(years[-1], 12, 31)
