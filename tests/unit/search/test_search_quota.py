"""What a quota lets pass: never more than it says, to the last element, whatever the clock does."""

from hypothesis import given
from hypothesis import strategies as st

from passerelle.core.clock import MILLISECONDS_A_DAY, day_of, from_iso
from passerelle.ports.search import Quota
from passerelle.search.quota import PARTS, Terms, ask, filled

NOW = from_iso("2026-11-21T12:00:00Z")
NOON = MILLISECONDS_A_DAY // 2


USUAL = Terms(100, 1000)


def asked(row: Quota | None, elements: int, now: int, terms: Terms = USUAL) -> tuple[bool, Quota]:
    verdict = ask(row, "be", "wanted", terms, elements, now)
    assert verdict.left_burst == verdict.row.level // PARTS
    assert verdict.left_day == terms.day - verdict.row.used
    return verdict.allowed, verdict.row


def test_at_once_and_in_a_day() -> None:
    allowed, row = asked(None, 100, NOW)
    assert allowed
    assert (row.level, row.used, row.day) == (0, 100, "2026-11-21")
    assert asked(row, 1, NOW)[0] is False
    assert asked(None, 101, NOW)[0] is False
    row = None
    for _ in range(10):  # a bucket is full again after a tenth of a day
        allowed, row = asked(row, 100, NOW if row is None else row.at + MILLISECONDS_A_DAY // 10, Terms(100, 1000))
        assert allowed
    assert row is not None


def test_the_day_ends_at_midnight_and_the_bucket_does_not() -> None:
    used = Quota(partner="be", index="wanted", day="2026-11-21", used=1000, level=10 * PARTS, at=NOW + NOON)
    assert asked(used, 10, NOW + NOON - 1)[0] is False
    allowed, row = asked(used, 10, NOW + NOON)  # at midnight
    assert allowed
    assert (row.day, row.used, row.level) == ("2026-11-22", 10, 0)
    assert asked(used, 11, NOW + NOON)[0] is False


def test_a_clock_that_goes_back_gives_nothing() -> None:
    _, row = asked(None, 90, NOW)
    for back in (1, NOON, 3 * MILLISECONDS_A_DAY):
        allowed, later = asked(row, 11, NOW - back)
        assert allowed is False
        assert (later.used, later.level) == (90, 10 * PARTS)
    assert filled(row, "be", "wanted", Terms(100, 1000), NOW - NOON).at == NOW


def test_a_clock_that_was_years_ahead_locks_nobody_out() -> None:
    _, row = asked(None, 90, NOW + 700 * MILLISECONDS_A_DAY)
    allowed, row = asked(row, 11, NOW)
    assert allowed is False
    assert asked(row, 100, NOW + MILLISECONDS_A_DAY)[0]


def test_less_than_a_fifth_left_is_near() -> None:
    def near(elements: int, terms: Terms) -> tuple[bool, bool]:
        verdict = ask(None, "be", "wanted", terms, elements, NOW)
        return verdict.near, verdict.near_day

    assert near(79, Terms(100, 1000)) == (False, False)
    assert near(80, Terms(100, 1000)) == (True, False)
    assert near(80, Terms(100, 100)) == (True, True)
    assert near(101, Terms(100, 100)) == (False, False)  # refused, and nothing is used


def test_terms_that_shrink_count_at_once() -> None:
    _, row = asked(None, 10, NOW, Terms(1000, 1000))
    allowed, less = asked(row, 51, NOW, Terms(50, 1000))
    assert allowed is False
    assert less.level == 50 * PARTS


STEPS = st.lists(st.tuples(st.integers(0, MILLISECONDS_A_DAY), st.integers(0, 120)), max_size=40)


@given(STEPS, st.integers(10, 100), st.integers(1, 10))
def test_never_more_than_the_bucket_gained_nor_than_the_day_has(
    steps: list[tuple[int, int]], burst: int, more: int
) -> None:
    terms, now, row = Terms(burst, burst * more), NOW, None
    passed: list[tuple[int, int]] = []
    for pause, elements in steps:
        now += pause
        allowed, row = asked(row, elements, now, terms)
        if allowed:
            passed.append((now, elements))
        assert 0 <= row.level <= burst * PARTS
        for begin, _ in passed:
            within = sum(count for moment, count in passed if begin <= moment)
            assert within <= burst + (now - begin) * terms.day / MILLISECONDS_A_DAY + 1e-6
        today = sum(count for moment, count in passed if day_of(moment) == day_of(now))
        assert today <= terms.day


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
def test_looking_often_fills_no_slower(pauses: list[int]) -> None:
    terms = Terms(10**6, 10**7)
    often = once = Quota(partner="be", index="wanted", day=day_of(NOW), used=0, level=0, at=NOW)
    now = NOW
    for pause in pauses:
        now += pause
        often = filled(often, "be", "wanted", terms, now)
    assert often.level == filled(once, "be", "wanted", terms, now).level
