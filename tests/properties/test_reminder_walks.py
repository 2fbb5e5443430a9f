"""Whatever the clock does, and however often the node starts: each stage at most once, a missed end exactly once."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from passerelle.office.reminders import told
from passerelle.ports.timers import NEVER, Timer

PLACES = st.integers(-50, 3000)
ROSTERS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


@st.composite
def timers(draw: st.DrawFn) -> Timer:
    started = draw(st.integers(0, 500))
    due = started + draw(st.integers(0, 1000))
    half, late = started + (due - started) // 2, started + (due - started) * 9 // 10
    every = draw(st.sampled_from([0, 0, 1, 7, 100]))
    promised = draw(st.sampled_from([0, due - 1, due + 300]))
    figures = {"started": started, "half": half, "late": late, "due": due, "next": started}
    return Timer("d", "x", "m", "p", "t", "c", "w", "own", "P1D", every=every, promised=promised, **figures)


@given(timers(), st.lists(PLACES, max_size=30), ROSTERS)
def test_any_walk_of_the_clock_tells_each_stage_once(timer: Timer, moments: list[int], roster: list[str]) -> None:
    said: Counter[str] = Counter()
    called: list[str] = []
    for now in moments:
        timer, words = told(timer, now, roster)
        for word in words:
            assert word.moment <= now
            (called.append(word.person) if word.what == "call" else said.update([word.what]))
        assert len([word for word in words if word.what not in ("call", "exhausted")]) <= 1
        # Told again at once, it has nothing to say, and it names a moment that is to come.
        again, silence = told(timer, now, roster)
        assert (again, silence) == (timer, [])
        assert timer.next > now
    assert all(count == 1 for count in said.values())
    assert len(called) == len(set(called))
    latest = max(moments, default=-1)
    assert said["end"] == (latest > timer.due)
    assert (timer.state == "missed") == (latest > timer.due)
    if moments and moments[-1] > max(timer.due, timer.promised):
        assert timer.next == NEVER


@given(timers(), ROSTERS)
def test_who_always_comes_when_called_is_told_everything_in_time(timer: Timer, roster: list[str]) -> None:
    said = []
    while timer.next != NEVER:
        now = timer.next
        timer, words = told(timer, now, roster)
        said += [(word.what, word.person) for word in words]
        assert all(now - word.moment <= 1 for word in words)
    assert said.count(("end", "")) == 1
    if not timer.every and timer.half < timer.late < timer.due:
        assert [what for what, _ in said][:3] == ["half", "nine-tenths", "end"]
    if timer.every:
        wanted = [person for place, person in enumerate(roster) if timer.started + place * timer.every < timer.due]
        assert [person for what, person in said if what == "call"] == wanted


@given(timers(), st.lists(PLACES, max_size=30), ROSTERS)
def test_to_be_asked_more_often_tells_no_more(timer: Timer, moments: list[int], roster: list[str]) -> None:
    often = sorted(moments)
    seldom = often[-1:]

    def ends(asked: list[int]) -> tuple[Timer, set[str]]:
        after, words = timer, set()
        for now in asked:
            after, some = told(after, now, roster)
            words |= {word.what for word in some}
        return after, words

    one, all_words = ends(often)
    other, last_words = ends(seldom)
    assert (one.state, one.stage, one.called) == (other.state, other.stage, other.called)
    assert last_words <= all_words | {"end"}
