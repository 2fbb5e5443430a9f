"""The fault plan: which point it raises at, and what it remembers."""

import pytest

from passerelle.store.faults import Crash, FaultPlan


def passes(plan: FaultPlan, *points: str) -> None:
    for point in points:
        plan(point)


def test_a_plan_that_only_listens() -> None:
    plan = FaultPlan()
    passes(plan, "a:begin", "a:commit", "b:begin", "a:begin")
    assert plan.passed == ["a:begin", "a:commit", "b:begin", "a:begin"]
    assert plan.counts == {"a:begin": 2, "a:commit": 1, "b:begin": 1}


def test_the_first_time_of_a_point() -> None:
    plan = FaultPlan("a:commit")
    passes(plan, "a:begin")
    with pytest.raises(Crash):
        plan("a:commit")
    passes(plan, "a:commit", "b:begin")
    assert plan.passed == ["a:begin", "a:commit", "a:commit", "b:begin"]


def test_the_nth_time_of_a_point() -> None:
    plan = FaultPlan("a:begin", 3, OSError("here"))
    passes(plan, "a:begin", "b:begin", "a:begin", "b:begin", "b:begin")
    with pytest.raises(OSError, match="here"):
        plan("a:begin")


def test_the_nth_of_all_points() -> None:
    plan = FaultPlan(nth=3)
    passes(plan, "a:begin", "b:begin")
    with pytest.raises(Crash):
        plan("c:begin")
    passes(plan, "c:begin")


def test_a_crash_is_not_an_error_that_is_handled() -> None:
    assert not issubclass(Crash, Exception)
