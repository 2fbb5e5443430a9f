"""What the benchmark of persons does to births, and how it ranks."""

import random

import pytest

from benchmarks import persons
from passerelle.persons.model import Birth


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("as listed", Birth(date="1966-05-03")),
        ("year only", Birth(date="1966")),
        ("1 January", Birth(date="1966-01-01")),
        ("swapped", Birth(date="1966-03-05")),
    ],
)
def test_a_date_is_written_in_each_way(way: str, expected: Birth) -> None:
    assert persons.written(["1966-05-03"], way, random.Random(1)) == (expected,)


def test_a_hijri_date_is_up_to_a_day_off() -> None:
    made = {persons.written(["1966-05-03"], "Hijri", random.Random(seed))[0] for seed in range(20)}
    assert made == {Birth(date=f"1386-01-{day}", calendar="hijri") for day in (12, 13, 14)}


def test_one_digit_and_differing_dates_exist_and_partial_ones_stay() -> None:
    chance = random.Random(2)
    for _ in range(200):
        (digit,) = persons.written(["1966-05-13"], "one digit", chance)
        assert sum(a != b for a, b in zip(digit.date, "1966-05-13", strict=True)) == 1
        (differing,) = persons.written(["1966-05-13"], "differing", chance)
        assert len(differing.date) == 10
    assert persons.written(["1966"], "swapped", chance) == (Birth(date="1966"),)
    assert persons.written([], "as listed", chance) == ()


def test_a_birth_brings_the_right_namesake_to_the_top() -> None:
    listed = [
        {"id": 5, "names": ["Yassine El Hammouti"], "birth": ["1950-11-20"]},
        {"id": 7, "names": ["Yassine El Hammouti"], "birth": ["1966-05-03"]},
        {"id": 9, "names": ["Eva De Smet"], "birth": []},
    ]
    query = {"query": "ياسين الحموتي", "birth": ["1966-05-03"], "candidates": [[7, 1, "pos"], [5, 0, "hard"]]}
    other = {"query": "Eva Desmet", "birth": ["1971"], "candidates": [[9, 1, "pos"]]}
    ranks = persons.ranked(listed, [query, other])
    assert ranks[persons.ALONE] == [2, 1]
    assert all(ranks[way] == [1, 1] for way in persons.WAYS if way != "differing")


def test_speed_is_measured() -> None:
    assert [figure.unit for figure in persons.speed(1)] == ["1/s", "ms", "1/s"]
    assert all(figure.value > 0 for figure in persons.speed(1))
