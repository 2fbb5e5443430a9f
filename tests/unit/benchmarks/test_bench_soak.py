"""The soak: what it concludes, and one short run of the whole."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks import soak
from benchmarks._children import ROOT
from benchmarks._machine import memory_of
from benchmarks.soak import Tenth

MIB = 1 << 20


def tenths(rates: list[float], memory: list[float]) -> list[Tenth]:
    """Of 1,000 messages each; the receiver's memory is half of the sender's."""
    return [
        Tenth(1000, 1000 / rate, (0.1, 0.2), (round(held * MIB), round(held * MIB / 2)), (1, 2))
        for rate, held in zip(rates, memory, strict=True)
    ]


STEADY, FLAT = [2000.0] * 10, [80.0, 95.0, *[100.0] * 8]


@pytest.mark.parametrize(
    ("rates", "memory", "good"),
    [
        (STEADY, FLAT, True),
        ([*STEADY[:9], 1801.0], FLAT, True),
        ([*STEADY[:9], 1799.0], FLAT, False),
        (STEADY, [*FLAT[:9], 109.0], True),
        (STEADY, [*FLAT[:9], 111.0], False),
        (STEADY, [*FLAT[:6], 111.0, *FLAT[7:]], False),
    ],
)
def test_what_it_concludes(rates: list[float], memory: list[float], good: bool) -> None:
    assert soak.judged(tenths(rates, memory)).good is good


def test_the_slope_is_of_what_comes_behind_the_warm_up() -> None:
    found = soak.judged(tenths(STEADY, [1.0, 50.0, 70.0, 70.0, 70.0, *(100.0 + one for one in range(5))]))
    assert found.slope == pytest.approx((MIB / 1000, MIB / 2000))
    assert len(soak.figures_of(tenths(STEADY, FLAT), found)) == 10 + 2 * (10 + 10 + 2)


def test_the_memory_of_a_process() -> None:
    assert memory_of(os.getpid()) > MIB
    assert memory_of(2**30) == 0


def test_a_short_soak() -> None:
    command = [sys.executable, "benchmarks/soak.py", "--messages", "2000", "--json"]
    environment = os.environ | {"PYTHONPATH": f"src{os.pathsep}."}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=150, check=False)
    assert done.stderr == b""
    assert done.returncode in (0, 1)  # with so few, the rate is whatever else the machine does
    read = {one["what"]: one["value"] for one in json.loads(done.stdout)}
    assert all(read[f"tenth {number}, receipts"] > 0 for number in range(1, 11))
    assert read["receiver, store at the end"] > 4
