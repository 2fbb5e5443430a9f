"""What the benchmark of names says of shares counted on few cases, and what it can be asked."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks._shares import best_threshold, f1, f1_interval, wilson

ROOT = Path(__file__).parents[3]


def rounded(interval):
    return tuple(round(value, 3) for value in interval)


def test_wilson_is_that_of_the_literature():
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert rounded(wilson(81, 263)) == (0.308, 0.255, 0.366)
    assert rounded(wilson(15, 148)) == (0.101, 0.062, 0.160)
    assert rounded(wilson(0, 20)) == (0.0, 0.0, 0.161)
    assert rounded(wilson(1, 29)) == (0.034, 0.006, 0.172)


@pytest.mark.parametrize(("hits", "of"), [(1, 0), (3, 2), (-1, 2)])
def test_a_share_of_nothing_is_none(hits, of):
    with pytest.raises(ValueError, match="expected 0 to"):
        wilson(hits, of)


def test_f1_and_where_it_lies():
    said, true = [True] * 8 + [False] * 12, [True] * 6 + [False] * 10 + [True] * 4
    assert f1(said, true) == pytest.approx(2 * 6 / (8 + 10))
    low, high = f1_interval(said, true)[1:]
    assert 0.3 < low < f1(said, true) < high < 0.95
    assert f1([False, False], [True, False]) == 0


def test_the_best_threshold_is_where_f1_is_highest():
    scores, true = [0.9, 0.8, 0.8, 0.4, 0.3, 0.1], [True, True, False, True, False, False]
    best = best_threshold(scores, true)
    assert best == 0.4
    values = {at: f1([score >= at for score in scores], true) for at in scores}
    assert values[best] == max(values.values())


def test_what_it_cannot_do_is_told():
    command = [sys.executable, ROOT / "benchmarks" / "names.py"]
    for arguments, said in (
        (["--persons", "10"], "expected 1000 to 20000000, got 10"),
        (["--part", "all"], "invalid choice"),
    ):
        done = subprocess.run(
            [*command, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env={"PYTHONPATH": f"{ROOT}/src:{ROOT}"},
        )
        assert done.returncode == 2
        assert said in done.stderr
