"""What holds of every time that was promised, whatever the zone, the calendar and the words."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from passerelle.core.clock import from_iso
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.timing import Days, Place, day_begins, day_ends, day_there, end_of, stages

CALENDARS = Calendars.load()
# Both sides; clocks that change at midnight, by half an hour, in the other half of the year; the ends of the earth.
ZONES = (
    "Europe/Brussels",
    "Africa/Casablanca",
    "Africa/Cairo",
    "America/Havana",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kathmandu",
    "UTC",
)
STARTS = st.integers(from_iso("2024-12-31T00:00:00Z"), from_iso("2038-01-01T00:00:00Z"))
PLACES = st.builds(Place, st.sampled_from(ZONES), st.sampled_from([CALENDARS.of(one) for one in ("BE", "MA", "FR")]))
DAYS: st.SearchStrategy[Days] = st.sampled_from(["calendar", "working"])
COUNTS = st.integers(0, 60)


@given(STARTS, STARTS, COUNTS, DAYS, PLACES)
def test_who_begins_later_ends_no_earlier(one: int, other: int, count: int, days: Days, place: Place) -> None:
    first, second = sorted((one, other))
    for duration in (f"P{count}D", f"PT{count}H", f"P{count}W", f"P{count}M"):
        assert end_of(first, duration, days, place).due <= end_of(second, duration, days, place).due


@given(STARTS, COUNTS, COUNTS, DAYS, PLACES)
def test_a_longer_time_ends_no_earlier(start: int, one: int, other: int, days: Days, place: Place) -> None:
    shorter, longer = sorted((one, other))
    for form in ("P{}D", "PT{}H", "P{}W", "P{}M", "P{}Y"):
        first, second = (end_of(start, form.format(count), days, place).due for count in (shorter, longer))
        assert start <= first <= second


@given(STARTS, COUNTS, PLACES)
def test_working_days_take_no_less_than_calendar_days_and_end_on_a_working_day(
    start: int, count: int, place: Place
) -> None:
    working = end_of(start, f"P{count}D", "working", place).due
    assert working >= end_of(start, f"P{count}D", "calendar", place).due
    if count:
        assert place.calendar.working(day_there(working, place.zone))


@given(STARTS, st.integers(1, 60), PLACES)
def test_working_days_are_counted_one_by_one(start: int, count: int, place: Place) -> None:
    first, last = (
        day_there(moment, place.zone) for moment in (start, end_of(start, f"P{count}D", "working", place).due)
    )
    between = [first + timedelta(days=one) for one in range(1, (last - first).days + 1)]
    assert sum(place.calendar.working(day) for day in between) == count


@given(STARTS, COUNTS, DAYS, PLACES)
def test_days_end_with_the_last_millisecond_of_a_day(start: int, count: int, days: Days, place: Place) -> None:
    due = end_of(start, f"P{count}D", days, place).due
    assert day_there(due + 1, place.zone) == day_there(due, place.zone) + timedelta(days=1)


@given(STARTS, st.integers(0, 2000), DAYS, PLACES)
def test_hours_are_hours_everywhere(start: int, count: int, days: Days, place: Place) -> None:
    assert end_of(start, f"PT{count}H", days, place).due == start + count * 3_600_000


@given(STARTS, STARTS)
def test_half_lies_before_nine_tenths_and_both_before_the_end(start: int, due: int) -> None:
    half, late, end = stages(start, due)
    assert half <= late <= end == due
    assert half >= min(start, due)


@given(st.dates(date(2025, 1, 1), date(2037, 12, 31)), st.sampled_from(ZONES))
def test_one_day_ends_where_the_next_begins(day: date, zone: str) -> None:
    assert day_ends(day, zone) + 1 == day_begins(day + timedelta(days=1), zone)
    assert day_there(day_begins(day, zone), zone) == day
    assert day_there(day_begins(day, zone) - 1, zone) == day - timedelta(days=1)
