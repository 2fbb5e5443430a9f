from typing import Any

import pytest

from passerelle.persons import telling
from passerelle.persons.births import at_odds, compared, readings
from passerelle.persons.finding import Finding
from passerelle.persons.model import Birth


def found(one: Birth | str, other: Birth | str) -> Finding:
    sides = [readings([Birth(date=side) if isinstance(side, str) else side]) for side in (one, other)]
    made = compared(*sides)
    assert made is not None
    return made


def hijri(text: str, **more: Any) -> Birth:
    return Birth(date=text, calendar="hijri", **more)


@pytest.mark.parametrize(
    ("one", "other", "level", "verdict"),
    [
        ("1966-05-17", "1966-05-17", "overlap", "agrees"),
        ("1966-05", "1966-05-17", "overlap", "agrees"),
        ("1966", "1966-05-17", "overlap", "agrees"),
        ("1966-01-01", "1966-05-17", "overlap", "agrees"),
        ("1966-12-31", "1966-07-01", "overlap", "agrees"),
        ("1966-05-03", "1966-03-05", "swapped", "close"),
        ("1966-01-07", "1966-07-01", "swapped", "close"),
        ("1966-05-17", "1966-05-11", "digit", "close"),
        ("1966-05-17", "1976-05-17", "digit", "close"),
        ("1966-05-17", "1966-05-28", "month", "close"),
        ("1966-05-17", "1966-11-28", "year", "close"),
        ("1966-05-17", "1985-05-17", "anniversary", "close"),
        ("1966-05-17", "1967-11-28", "near", "differs"),
        ("1966", "1968", "near", "differs"),
        ("1966-05-17", "1970-11-28", "apart", "differs"),
        ("1966-05-17", "1985-11-28", "far", "contradicts"),
        ("1966", "1985-11", "far", "contradicts"),
    ],
)
def test_how_two_dates_go_together(one: str, other: str, level: str, verdict: str) -> None:
    there, back = found(one, other), found(other, one)
    assert (there.level, there.verdict) == (level, verdict)
    assert there.bits == back.bits


def test_the_more_is_known_the_more_it_says() -> None:
    said = [found(one, "1966-05-17").bits for one in ("1966-05-17", "1966-05", "1966")]
    about = found(Birth(date="1967", kind="approximate"), "1966-05-17").bits
    wide = found(Birth(date="1950", kind="between", until="1990"), "1966-05-17").bits
    assert said == sorted(said, reverse=True)
    assert said[-1] > about > wide >= 0


def test_first_of_january_says_no_more_than_its_year() -> None:
    assert found("1966-01-01", "1966-01-01").bits == found("1966", "1966").bits
    assert found("1966-01-01", "1967-01-01").bits <= found("1966", "1967").bits
    assert found(hijri("1386-07-01"), hijri("1386-03-12")).verdict == "agrees"


def test_swapped_days_count_for_more_where_the_source_leaves_them_open() -> None:
    open_ = found(Birth(date="1966-05-03", uncertain=True), "1966-03-05")
    assert open_.level == "turned"
    assert found("1966-05-03", "1966-03-05").bits < open_.bits < found("1966-05-03", "1966-05-03").bits


def test_day_and_month_cannot_be_swapped_when_one_is_no_month() -> None:
    assert found("1966-05-17", "1966-05-18").level == "digit"
    assert found("1966-05-17", "1966-10-05").level == "year"


def test_a_guessed_century_is_tried_both_ways() -> None:
    there = found(Birth(date="2031-05-17", uncertain=True), "1931-05-17")
    assert there.verdict == "agrees"
    assert there.bits < found("1931-05-17", "1931-05-17").bits
    assert "in another century" in telling.sentence(there)
    assert found("2031-05-17", "1931-05-17").verdict != "agrees"


@pytest.mark.parametrize(("one", "other"), [("1386-01-26", "1966-05-17"), ("1386-01", "1966-05"), ("1386", "1966")])
def test_a_hijri_date_agrees_with_the_day_that_it_is(one: str, other: str) -> None:
    there = found(hijri(one), other)
    assert there.verdict == "agrees"
    assert there.bits < found(other, other).bits


def test_two_hijri_dates_are_compared_as_they_stand() -> None:
    assert found(hijri("1386-01-26"), hijri("1386-01-26")).bits == found("1966-05-17", "1966-05-17").bits
    assert found(hijri("1386-01-26"), hijri("1386-01-27")).level == "digit"
    assert found(hijri("1386-01-06"), hijri("1386-06-01")).level == "swapped"


def test_a_year_that_nobody_now_living_was_born_in_is_tried_as_hijri() -> None:
    there = found("1386-01-26", "1966-05-17")
    assert there.verdict == "agrees"
    assert there.bits < found(hijri("1386-01-26"), "1966-05-17").bits
    assert "Hijri" in telling.sentence(there)


def test_the_best_pair_counts() -> None:
    many = readings([Birth(date="1950"), Birth(date="1966-05-17"), Birth(date="1971-01-01")])
    other = readings([Birth(date="1944"), Birth(date="1966-05-17")])
    made = compared(many, other)
    assert made is not None
    assert made.bits == found("1966-05-17", "1966-05-17").bits


def test_dates_that_do_not_exist_are_not_compared() -> None:
    assert readings([Birth(date="1966-02-30"), Birth(date="soon"), Birth(date="1970", kind="between", until="x")]) == ()
    assert compared((), readings([Birth(date="1966")])) is None


def test_between_may_be_written_the_wrong_way_round() -> None:
    assert found(Birth(date="1970", kind="between", until="1960"), "1966").verdict == "agrees"


def test_a_number_at_odds_with_the_claimed_birth() -> None:
    claimed, numbered = readings([Birth(date="1990")]), readings([Birth(date="1985-07-30")], numbered=True)
    assert at_odds(claimed, numbered)
    assert not at_odds(readings([Birth(date="1985")]), numbered)
    assert not at_odds((), numbered)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("1966", "1966", "born 1966: year only"),
        ("1966-05", "1966-05-17", "born 1966-05 ~ 1966-05-17: year and month only"),
        ("1966-05-17", "1966-05-17", "born 1966-05-17: the same day"),
        ("1966-05-03", "1966-03-05", "born 1966-05-03 ~ 1966-03-05: day and month swapped"),
        (Birth(date="1967", kind="approximate"), "1966", "born about 1967 ~ 1966: within the time that is given"),
        (
            Birth(date="1960", kind="between", until="1970"),
            "1980",
            "born between 1960 and 1970 ~ 1980: more than five years apart",
        ),
        (
            "1966-01-01",
            "1966-05-17",
            "born 1966-01-01 ~ 1966-05-17: year only; 1 January, 1 July and 31 December often stand for a day that is "
            "not known",
        ),
        (
            hijri("1386-01-26"),
            "1966-05-17",
            "born 1386-01-26 (Hijri) ~ 1966-05-17: the same day, as far as the moon allows; the Hijri date is between "
            "1966-05-14 and 1966-05-18",
        ),
    ],
)
def test_it_is_told_in_words(one: Birth | str, other: Birth | str, told: str) -> None:
    assert telling.sentence(found(one, other)) == told
