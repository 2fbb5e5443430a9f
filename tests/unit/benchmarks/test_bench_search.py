"""The benchmark of the blind search: what it prints, what it can be asked, and how it counts what is found."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import _search_recall as recall
from benchmarks._search_keys import asked, match_key
from benchmarks.search import verdict
from passerelle.persons.model import Birth, Name, Person

ROOT = Path(__file__).parents[3]


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "search.py", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{ROOT}/src:{ROOT}"},
    )


def test_tables_are_made_and_asked() -> None:
    done = bench("--quick", "--json", "--keys", "5000", "--part", "publish", "--part", "ask")
    assert done.returncode == 0, done.stderr
    found = {one["what"]: one["value"] for one in json.loads(done.stdout)}
    assert found["publish 5,000 match keys: bytes a padded match key"] < 18.1
    assert 96 <= found["1,500 elements: elements and proof, both ways"] <= 110
    assert found["1 person (5 match keys): both sides, one table"] < found["1,500 elements: both sides, one table"]


def test_the_whole_path_finds_whom_it_must() -> None:
    done = bench("--quick", "--json", "--part", "path")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--keys", "10"), "expected 5000 to 20000000, got 10"), (("--part", "all"), "invalid choice")],
)
def test_what_it_cannot_do_is_told(arguments: tuple[str, ...], said: str) -> None:
    done = bench(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_invented_match_keys_are_distinct_and_every_second_one_asked_about_is_known() -> None:
    known = {match_key(number) for number in range(50_000)}
    assert len(known) == 50_000
    assert [key in known for key in asked(5, 50_000)] == [True, False, True, False, True]


def test_a_verdict_says_whether_it_is_reached() -> None:
    assert verdict("4 ms", 4, 3.5) == ["Wanted: at most 4 ms. Reached: 3.5."]
    assert verdict("4 ms", 4, 4.5) == ["Wanted: at most 4 ms. Missed: 4.5."]


def test_what_is_found_and_found_wrongly_is_counted() -> None:
    born = (Birth(date="1971-03-05"),)
    both = Person(names=(Name(text="Yassine El Meskini"), Name(text="ياسين المسكيني")), births=born)
    other = Person(names=(Name(text="Karim Benali"),), births=born)
    ((place, left, question),) = recall.one_held_back([other, both], random.Random(1))
    assert (place, left.names, question) == (1, both.names[:1], Person(names=both.names[1:], births=born))
    assert recall.hits(recall.index_of([other, left]), question) == {1}
    assert recall.hits(recall.index_of([other]), question) == set()
