from typing import Any

import msgspec
import pytest

from passerelle.office.reminders import Circle, Word, notices, told
from passerelle.ports.timers import NEVER, Timer

MINUTE = 60_000
CIRCLE = Circle(
    {
        ("officer", "wanted-persons"): ("ann", "bob"),
        ("dispatcher", "*"): ("dan",),
        ("approver", "wanted-persons"): ("eva", "bob"),
        ("approver", "other"): ("zoe",),
        ("duty", "*"): ("gil", "dan"),
    },
    {"wanted-persons": ("gil", "hal"), "*": ("ida", "gil")},
    frozenset({"ann", "bob", "dan", "eva", "gil", "hal", "ida", "zoe"}),
)


def timer(**more: Any) -> Timer:
    values: dict[str, Any] = {
        "dossier": "d",
        "deadline": "answer",
        "message": "m",
        "partner": "ma",
        "type": "wanted-trace",
        "channel": "c",
        "domain": "wanted-persons",
        "owner": "own",
        "duration": "PT100M",
        "started": 0,
        "half": 50,
        "late": 90,
        "due": 100,
        "next": 50,
    }
    return Timer(**(values | more))


def words(one: Timer, now: int) -> tuple[Timer, list[str]]:
    after, said = told(one, now)
    return after, [word.what for word in said]


def test_each_stage_at_its_moment_and_no_sooner() -> None:
    one, said = words(timer(), 49)
    assert (said, one.next) == ([], 50)
    one, said = words(one, 50)
    assert (said, one.next) == (["half"], 90)
    assert words(one, 89)[1] == []
    one, said = words(one, 90)
    assert (said, one.next, one.state) == (["nine-tenths"], 101, "running")
    one, said = words(one, 100)
    assert (said, one.state) == ([], "running")  # its last millisecond
    one, said = words(one, 101)
    assert (said, one.state, one.next) == (["end"], "missed", NEVER)
    assert words(one, 10_000)[1] == []


@pytest.mark.parametrize(("now", "said"), [(95, ["nine-tenths"]), (500, ["end"])])
def test_a_clock_that_jumps_forward_tells_the_newest_stage_only(now: int, said: list[str]) -> None:
    assert words(timer(), now)[1] == said


def test_a_clock_that_goes_back_tells_nothing_again() -> None:
    one, _ = words(timer(), 90)
    for now in (10, 50, 60, 90):
        one, said = words(one, now)
        assert said == []
    assert words(one, 101)[1] == ["end"]


def test_the_day_that_was_announced_is_told_behind_the_end_once() -> None:
    one, said = words(timer(promised=200), 101)
    assert (said, one.next, one.stage) == (["end"], 201, 3)
    one, said = words(one, 201)
    assert (said, one.next, one.stage) == (["promised"], NEVER, 4)
    assert words(one, 300)[1] == []
    assert words(timer(promised=200), 300)[1] == ["end"]
    assert words(timer(promised=80), 300)[1] == ["end"]


def alert(**more: Any) -> Timer:
    figures = {"half": 7 * MINUTE, "late": 13 * MINUTE, "due": 15 * MINUTE, "every": 5 * MINUTE, "next": 0}
    return timer(deadline="acknowledge", **(figures | more))


def test_the_next_on_call_is_called_each_time_and_at_the_end_those_who_decide() -> None:
    roster = CIRCLE.roster("wanted-persons")
    assert roster == ("gil", "hal", "ida")
    one, said = alert(), []
    for minute in range(17):
        one, now = told(one, minute * MINUTE, roster)
        said += [(minute, word.what, word.person) for word in now]
    assert said == [(0, "call", "gil"), (5, "call", "hal"), (10, "call", "ida"), (16, "end", "")]


def test_when_nobody_else_is_on_call_those_who_decide_are_told_once() -> None:
    one, said = told(alert(), 0, ())
    assert [word.what for word in said] == ["exhausted"]
    assert {(notice.person, notice.what) for notice in notices(one, said, CIRCLE, 0)} == {
        ("gil", "exhausted"),
        ("dan", "exhausted"),
        ("eva", "exhausted"),
        ("bob", "exhausted"),
    }
    one, said = told(one, 11 * MINUTE, ())
    assert said == []


def test_who_should_have_been_called_while_the_node_was_off_is_called_now() -> None:
    _, said = told(alert(), 11 * MINUTE, ("gil", "hal", "ida"))
    assert [(word.person, word.moment) for word in said] == [("gil", 0), ("hal", 5 * MINUTE), ("ida", 10 * MINUTE)]


def test_a_call_each_second_of_a_long_time_stays_within_the_list() -> None:
    _, said = told(alert(every=1, due=10**12), 10**11, ("gil",))
    assert [word.what for word in said] == ["call", "exhausted"]


def whom(one: Timer, what: str) -> dict[str, str]:
    return {notice.person: notice.what for notice in notices(one, [Word(what, one.due)], CIRCLE, 7)}


def test_the_person_in_charge_is_told_else_those_who_follow() -> None:
    assert whom(timer(person="eva"), "half") == {"eva": "half"}
    assert whom(timer(), "half") == {"ann": "half", "bob": "half", "dan": "half"}
    assert whom(timer(person="gone"), "half") == whom(timer(), "half")


def test_at_the_end_those_who_decide_are_told_too_and_nobody_twice() -> None:
    assert whom(timer(person="ann"), "end") == {
        "ann": "end",
        "eva": "escalated",
        "bob": "escalated",
        "dan": "escalated",
    }
    assert whom(timer(), "end") == {"ann": "end", "bob": "end", "dan": "end", "eva": "escalated"}
    assert whom(timer(domain="nowhere"), "end") == {"dan": "end"}


def test_a_role_of_its_own_is_told_of_a_local_timer() -> None:
    assert whom(timer(tell="approver", person="ann"), "half") == {"eva": "half", "bob": "half"}
    assert whom(timer(tell="approver", domain="nowhere"), "half") == {"dan": "half"}


def test_a_notice_says_when_what_and_of_which_timer() -> None:
    (notice,) = notices(timer(person="ann"), [Word("half", 50)], CIRCLE, 77)
    assert msgspec.structs.astuple(notice) == (
        *("ann", False, 50, "d", "answer", "m", "half", "own", "wanted-trace", 100, 77),
    )
