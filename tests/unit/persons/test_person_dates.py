from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.persons.dates import days_of, span, tabular


def days(first: str, last: str) -> tuple[int, int]:
    return date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1966", ("1966-01-01", "1966-12-31")),
        ("1966-02", ("1966-02-01", "1966-02-28")),
        ("2024-02", ("2024-02-01", "2024-02-29")),
        ("2024-02-29", ("2024-02-29", "2024-02-29")),
    ],
)
def test_a_date_spans_the_days_that_it_can_mean(text: str, expected: tuple[str, str]) -> None:
    assert span(text) == days(*expected)


@pytest.mark.parametrize(
    "text", ["", "66", "1966-2", "1966-13", "1966-00", "1966-02-30", "1966-05-00", "0000", "١٩٦٦", "1966-05-17T00", "x"]
)
def test_what_is_no_date_spans_nothing(text: str) -> None:
    assert span(text) is None


@pytest.mark.parametrize("text", ["1386-13", "1386-01-31", "0000-01-01", "9999-01-01", "1386-1-1"])
def test_what_is_no_hijri_date_spans_nothing(text: str) -> None:
    assert span(text, "hijri") is None


@pytest.mark.parametrize(
    ("text", "day"),
    # Inside the calendar of Umm al-Qura, then before it: there the tabular calendar is used.
    [
        ("1400-01-01", "1979-11-20"),
        ("1421-01-01", "2000-04-06"),
        ("1343-06-15", "1925-01-10"),
        ("1300-01-01", "1882-11-12"),
    ],
)
def test_a_hijri_day_has_two_days_on_each_side(text: str, day: str) -> None:
    found = span(text, "hijri")
    assert found is not None
    assert found[0] <= date.fromisoformat(day).toordinal() <= found[1]
    assert found[1] - found[0] == 4


def test_day_30_is_taken_in_every_hijri_month() -> None:
    for month in range(1, 13):
        assert span(f"1400-{month:02d}-30", "hijri") is not None


@given(st.dates(date(1924, 8, 10), date(2070, 1, 1)))
def test_a_day_lies_within_the_hijri_date_that_it_is(day: date) -> None:
    from hijridate import Gregorian

    found = span(Gregorian.fromdate(day).to_hijri().isoformat(), "hijri")
    assert found is not None
    assert sum(found) // 2 == day.toordinal()


@given(st.integers(1, 1600), st.integers(1, 12), st.integers(1, 30))
def test_a_hijri_year_holds_its_months_and_they_their_days(year: int, month: int, day: int) -> None:
    texts = (f"{year:04d}", f"{year:04d}-{month:02d}", f"{year:04d}-{month:02d}-{day:02d}")
    whole, part, single = (span(text, "hijri") for text in texts)
    assert whole
    assert part
    assert single
    # Day 30 of a month of 29 is the first of the next one.
    assert whole[0] <= part[0] <= single[0] <= single[1] <= part[1] + 1 <= whole[1] + 2
    own = [tabular(text) or (0, 0) for text in texts]
    assert 0 < own[0][0] <= own[1][0] <= own[2][0] == own[2][1] <= own[1][1] <= own[0][1] + 1


@given(st.integers(1343, 1500), st.integers(1, 12), st.integers(1, 29))
def test_both_ways_of_reading_a_hijri_date_have_days_in_common(year: int, month: int, day: int) -> None:
    text = f"{year}-{month:02d}-{day:02d}"
    compared, agreed = span(text, "hijri"), days_of(text, "hijri")
    assert compared
    assert agreed
    first, last = (date.fromisoformat(one).toordinal() for one in agreed)
    assert max(first, compared[0]) <= min(last, compared[1])
    assert timedelta(days=last - first) == timedelta(days=4)
