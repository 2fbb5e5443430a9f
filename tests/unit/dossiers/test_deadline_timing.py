"""Vectors reckoned by hand: Belgium and Morocco, where clocks change on different days."""

from datetime import date

import pytest

from passerelle.core.clock import from_iso, to_iso
from passerelle.core.errors import InputError
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.timing import Days, Place, day_begins, day_ends, end_before, end_of, first_of, last_of, stages

CALENDARS = Calendars.load()
BE = Place("Europe/Brussels", CALENDARS.of("BE"))
MA = Place("Africa/Casablanca", CALENDARS.of("MA"))


def due(start: str, duration: str, days: Days, place: Place) -> str:
    return to_iso(end_of(from_iso(start), duration, days, place).due)


@pytest.mark.parametrize(
    ("start", "duration", "place", "expected"),
    [
        # Hours are hours: over the night that has 23 of them in Brussels, the one that has 25, and into Ramadan.
        ("2026-03-28T23:30:00Z", "PT8H", BE, "2026-03-29T07:30:00.000Z"),
        ("2026-10-24T23:30:00Z", "PT8H", BE, "2026-10-25T07:30:00.000Z"),
        ("2026-02-15T01:00:00Z", "PT8H", MA, "2026-02-15T09:00:00.000Z"),
        ("2026-03-28T12:00:00Z", "PT24H", BE, "2026-03-29T12:00:00.000Z"),
        ("2026-03-28T12:00:00Z", "P1DT2H", BE, "2026-03-29T14:00:00.000Z"),
        ("2026-11-21T12:00:00.250Z", "PT15M", MA, "2026-11-21T12:15:00.250Z"),
        # Days end at the end of the last one, there. Brussels, ordinary winter and summer.
        ("2026-01-10T10:00:00Z", "P1D", BE, "2026-01-11T22:59:59.999Z"),
        ("2026-07-10T10:00:00Z", "P1D", BE, "2026-07-11T21:59:59.999Z"),
        # Clocks in Brussels go forward on 29 March and back on 25 October.
        ("2026-03-28T10:00:00Z", "P1D", BE, "2026-03-29T21:59:59.999Z"),
        ("2026-10-24T10:00:00Z", "P1D", BE, "2026-10-25T22:59:59.999Z"),
        # A millisecond before and at midnight there.
        ("2026-01-10T22:59:59.999Z", "P1D", BE, "2026-01-11T22:59:59.999Z"),
        ("2026-01-10T23:00:00.000Z", "P1D", BE, "2026-01-12T22:59:59.999Z"),
        ("2026-01-10T10:00:00Z", "P0D", BE, "2026-01-10T22:59:59.999Z"),
        # Morocco is at UTC+1, but for Ramadan: in 2026 from 15 February until 22 March at UTC.
        ("2026-02-13T12:00:00Z", "P1D", MA, "2026-02-14T22:59:59.999Z"),
        ("2026-02-14T12:00:00Z", "P1D", MA, "2026-02-15T23:59:59.999Z"),
        ("2026-02-14T23:30:00Z", "P1D", MA, "2026-02-16T23:59:59.999Z"),
        ("2026-03-20T12:00:00Z", "P1D", MA, "2026-03-21T23:59:59.999Z"),
        ("2026-03-21T12:00:00Z", "P1D", MA, "2026-03-22T22:59:59.999Z"),
        ("2026-02-10T12:00:00Z", "P45D", MA, "2026-03-27T22:59:59.999Z"),
        # The same words end at different moments on the two sides.
        ("2026-03-01T12:00:00Z", "P7D", BE, "2026-03-08T22:59:59.999Z"),
        ("2026-03-01T12:00:00Z", "P7D", MA, "2026-03-08T23:59:59.999Z"),
        # Leap days, and months of unequal length.
        ("2028-02-28T12:00:00Z", "P1D", BE, "2028-02-29T22:59:59.999Z"),
        ("2028-02-29T12:00:00Z", "P1Y", BE, "2029-02-28T22:59:59.999Z"),
        ("2027-02-28T12:00:00Z", "P1Y", BE, "2028-02-28T22:59:59.999Z"),
        ("2028-01-31T12:00:00Z", "P1M", BE, "2028-02-29T22:59:59.999Z"),
        ("2027-01-31T12:00:00Z", "P1M", BE, "2027-02-28T22:59:59.999Z"),
        ("2026-12-31T12:00:00Z", "P2M", BE, "2027-02-28T22:59:59.999Z"),
        ("2026-11-02T12:00:00Z", "P2W", BE, "2026-11-16T22:59:59.999Z"),
        ("2026-11-02T12:00:00Z", "P1M1W2D", BE, "2026-12-11T22:59:59.999Z"),
        # European Convention on Extradition, article 16(4): 18 and 40 days after the arrest.
        ("2026-11-20T23:00:00Z", "P18D", BE, "2026-12-09T22:59:59.999Z"),
        ("2026-11-20T23:00:00Z", "P40D", BE, "2026-12-31T22:59:59.999Z"),
    ],
)
def test_by_clock_and_by_calendar(start: str, duration: str, place: Place, expected: str) -> None:
    assert due(start, duration, "calendar", place) == expected


@pytest.mark.parametrize(
    ("start", "duration", "place", "expected"),
    [
        # Thursday before Christmas: 25 is a holiday, 26 and 27 a weekend; Monday, Tuesday, Wednesday.
        ("2026-12-24T10:00:00Z", "P3D", BE, "2026-12-30T22:59:59.999Z"),
        # Good Friday is worked, Easter Monday is not.
        ("2026-04-03T10:00:00Z", "P1D", BE, "2026-04-07T21:59:59.999Z"),
        # Over Ascension Day, a Thursday; the Friday behind it is worked.
        ("2026-05-13T10:00:00Z", "P1D", BE, "2026-05-15T21:59:59.999Z"),
        # Begun on a Saturday: Monday is the first day.
        ("2026-11-21T12:00:00Z", "P1D", BE, "2026-11-23T22:59:59.999Z"),
        # 11 November is a holiday in Belgium, the 6th and the 18th in Morocco.
        ("2026-11-10T10:00:00Z", "P1D", BE, "2026-11-12T22:59:59.999Z"),
        ("2026-11-10T10:00:00Z", "P1D", MA, "2026-11-11T22:59:59.999Z"),
        ("2026-11-05T10:00:00Z", "P1D", MA, "2026-11-09T22:59:59.999Z"),
        ("2026-11-17T10:00:00Z", "P1D", MA, "2026-11-19T22:59:59.999Z"),
        # Eid al-Fitr on Friday and Saturday, and the clocks go forward on Sunday.
        ("2026-03-19T10:00:00Z", "P1D", MA, "2026-03-23T22:59:59.999Z"),
        # A week of work is five days.
        ("2026-11-20T10:00:00Z", "P1W", BE, "2026-11-27T22:59:59.999Z"),
        ("2026-11-20T10:00:00Z", "P5D", BE, "2026-11-27T22:59:59.999Z"),
        # A month by the calendar, and two days of work behind it.
        ("2026-10-20T10:00:00Z", "P1M2D", BE, "2026-11-24T22:59:59.999Z"),
        ("2026-11-21T12:00:00Z", "P0D", BE, "2026-11-21T22:59:59.999Z"),
        # Hours pay no heed to holidays.
        ("2026-12-24T20:00:00Z", "PT8H", BE, "2026-12-25T04:00:00.000Z"),
    ],
)
def test_by_working_days(start: str, duration: str, place: Place, expected: str) -> None:
    assert due(start, duration, "working", place) == expected


@pytest.mark.parametrize(
    ("day", "duration", "days", "place", "expected"),
    [
        ("2026-06-20", "P21D", "calendar", BE, "2026-05-30T21:59:59.999Z"),
        ("2026-06-20", "P3W", "calendar", MA, "2026-05-30T22:59:59.999Z"),
        # The clocks go forward between the two days, and the end is still the end of the day there.
        ("2026-04-10", "P21D", "calendar", BE, "2026-03-20T22:59:59.999Z"),
        ("2026-06-20", "P0D", "calendar", BE, "2026-06-20T21:59:59.999Z"),
        # Months go back to the last day of a shorter one; over a leap day.
        ("2028-03-31", "P1M", "calendar", BE, "2028-02-29T22:59:59.999Z"),
        ("2028-03-01", "P1D", "calendar", BE, "2028-02-29T22:59:59.999Z"),
        ("2028-02-29", "P1Y", "calendar", BE, "2027-02-28T22:59:59.999Z"),
        # Five days of work before a Tuesday, over Easter Monday and a weekend: 3, 2, 1 April, 31, 30 March.
        ("2026-04-07", "P5D", "working", BE, "2026-03-30T21:59:59.999Z"),
        # 11 November is a holiday in Belgium, the 6th in Morocco (a Friday).
        ("2026-11-12", "P1D", "working", BE, "2026-11-10T22:59:59.999Z"),
        ("2026-11-09", "P1D", "working", MA, "2026-11-05T22:59:59.999Z"),
        # The event is on a Sunday: the Friday is the first day of work before.
        ("2026-11-22", "P1D", "working", BE, "2026-11-20T22:59:59.999Z"),
    ],
)
def test_counted_back_from_a_day(day: str, duration: str, days: Days, place: Place, expected: str) -> None:
    assert to_iso(end_before(day, duration, days, place).due) == expected


@pytest.mark.parametrize(
    ("day", "duration", "told"),
    [
        ("2026-06-20", "PT8H", "a duration by days like P21D"),
        ("20 June", "P1D", "a day like 2026-11-21"),
        ("0001-01-05", "P1M", "a day like 2026-11-21 with P1M before it"),
        ("0001-01-05", "P9D", "a day like 2026-11-21 with P9D before it"),
    ],
)
def test_what_cannot_be_counted_back_is_said(day: str, duration: str, told: str) -> None:
    with pytest.raises(InputError, match=f"expected {told}"):
        end_before(day, duration, "calendar", BE)


def test_a_table_of_holidays_that_begins_later_is_told_when_counted_back() -> None:
    first = min(MA.calendar.years)
    assert end_before(f"{first}-01-05", "P30D", "working", MA).unknown == first - 1
    assert end_before(f"{first}-12-05", "P3D", "working", MA).unknown == 0


def test_a_table_of_holidays_that_ends_is_told_and_counted_beyond() -> None:
    last = max(MA.calendar.years)
    known = end_of(from_iso(f"{last}-12-20T10:00:00Z"), "P3D", "working", MA)
    assert known.unknown == 0
    beyond = end_of(from_iso(f"{last}-12-20T10:00:00Z"), "P30D", "working", MA)
    assert beyond.unknown == last + 1
    assert to_iso(beyond.due)[:4] == str(last + 1)
    assert end_of(from_iso(f"{last}-12-20T10:00:00Z"), "P30D", "calendar", MA).unknown == 0


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Europe/Brussels", "2026-03-29", "2026-03-28T23:00:00.000Z"),
        # Midnight is skipped: clocks go from 23:59:59 to 01:00.
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00.000Z"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000Z"),
        # Midnight comes twice: clocks go from 01:00 back to 00:00.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z"),
        # The day before comes to its last hour twice.
        ("Africa/Cairo", "2026-10-30", "2026-10-29T22:00:00.000Z"),
    ],
)
def test_where_a_day_begins(zone: str, day: str, begins: str) -> None:
    assert to_iso(day_begins(date.fromisoformat(day), zone)) == begins
    assert first_of(day, zone) == from_iso(begins)


def test_a_day_that_a_zone_never_had_ends_with_the_one_before() -> None:
    # Samoa went from 29 to 31 December 2011.
    assert day_ends(date(2011, 12, 30), "Pacific/Apia") == day_ends(date(2011, 12, 29), "Pacific/Apia")


def test_half_and_nine_tenths_are_of_the_real_time() -> None:
    start, end = from_iso("2026-03-28T12:00:00Z"), from_iso("2026-03-29T12:00:00Z")
    half, late, over = stages(start, end)
    assert to_iso(half) == "2026-03-29T00:00:00.000Z"
    assert to_iso(late) == "2026-03-29T09:36:00.000Z"
    assert over == end
    assert stages(end, start) == (start, start, start)


@pytest.mark.parametrize(
    ("duration", "zone", "words"),
    [
        ("8 hours", "Europe/Brussels", "expected an ISO 8601 duration like PT8H or P3D, got '8 hours'"),
        ("P", "Europe/Brussels", "expected an ISO 8601 duration"),
        ("P9000Y", "Europe/Brussels", "expected a duration that ends before the year 9999"),
        ("P9000000D", "Europe/Brussels", "expected a duration that ends before the year 9999"),
        ("PT9999999999H", "Europe/Brussels", "expected a duration that ends before the year 10000"),
        ("P1D", "Europe/Bruges", "expected an IANA time zone that this machine knows, got 'Europe/Bruges'"),
        ("P1D", "../etc/passwd", "expected an IANA time zone that this machine knows"),
    ],
)
@pytest.mark.parametrize("days", ["calendar", "working"])
def test_what_cannot_be_counted_says_what_was_expected(duration: str, zone: str, words: str, days: Days) -> None:
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        end_of(from_iso("2026-11-21T12:00:00Z"), duration, days, Place(zone, BE.calendar))


@pytest.mark.parametrize("day", ["2026-02-30", "tomorrow", "9999-12-31T"])
def test_a_day_that_is_none(day: str) -> None:
    for function in (first_of, last_of):
        with pytest.raises(InputError, match="expected a day like 2026-11-21"):
            function(day, "Europe/Brussels")
