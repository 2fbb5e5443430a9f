"""Deadlines on two nodes: both count what is owed, each reminds its own people, nobody twice."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from passerelle.core.clock import from_iso, to_iso
from passerelle.core.errors import InputError, NotFoundError
from passerelle.dossiers.calendars import Calendars
from passerelle.exchange.cases import Cases, marks
from passerelle.office import clock, timers
from passerelle.ports.people import GRANTS, PERSONS, Grant, Person
from passerelle.ports.records import ALARMS, AUDITS, CONTENTS, MESSAGES
from passerelle.ports.store import Store
from passerelle.ports.timers import NOTICES, ONCALL, TIMERS, TOUCHED, OnCall, Timer
from passerelle.store.faults import Crash, FaultPlan
from passerelle.store.memory import MemoryStore
from passerelle.store.sqlite import SqliteStore
from tests.peers.pair import NOW, TYPES, Pair, Peer, acts, partners, strangers, texts

HOUR, DAY = 3_600_000, 86_400_000


def staff(peer: Peer, **roles: str) -> None:
    """Persons of a node by id, each with the roles named, everywhere."""
    persons = [Person(one, one, "en", NOW, "op", NOW, "op", service="police") for one in roles]
    grants = [
        Grant(f"{one}-{role}", one, role, "*", "2026-01-01", "", NOW, "op")
        for one, some in roles.items()
        for role in some.split()
    ]
    peer.store.write("test.staff", lambda tx: (tx.put(PERSONS, persons), tx.put(GRANTS, grants)))


@pytest.fixture
def pair() -> Pair:
    made = partners()
    staff(made.be, ann="officer", eva="approver", dan="dispatcher")
    staff(made.ma, nadia="officer", omar="approver")
    return made


def now_is(pair: Pair, text: str) -> None:
    pair.clock.time = from_iso(text)
    for peer in (pair.be, pair.ma):
        clock.tick(peer.ctx)


def timers_of(peer: Peer, **fields: Any) -> list[Timer]:
    return [one for one in peer.all(TIMERS) if all(getattr(one, key) == value for key, value in fields.items())]


def told(peer: Peer) -> list[tuple[str, str, str]]:
    return sorted((one.person, one.deadline, one.what) for one in peer.all(NOTICES))


def sighted(pair: Pair, dossier: str) -> None:
    """ma answers."""
    for name in ("review", "sighting"):
        pair.answer("ma", dossier, name)
    pair.settle()


def asked_to_arrest(pair: Pair) -> str:
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "review")
    pair.settle()
    pair.answer("be", dossier, "provisional-arrest")
    pair.settle()
    return dossier


def missed(peer: Peer) -> list[str]:
    return [one.on for one in peer.all(AUDITS) if one.what == "deadline.missed"]


def test_both_sides_count_the_same_in_the_zone_and_calendar_of_who_owes(pair: Pair) -> None:
    dossier, message = pair.open_trace()
    pair.settle()
    now_is(pair, "2026-11-21T12:10:00Z")
    here, there = (sorted(timers_of(peer), key=lambda one: one.deadline) for peer in (pair.be, pair.ma))
    assert [(one.deadline, one.owner) for one in here] == [("acknowledge", "partner"), ("answer", "partner")]
    assert [(one.deadline, one.owner) for one in there] == [("acknowledge", "own"), ("answer", "own")]
    for one, other in zip(here, there, strict=True):
        assert (one.started, one.half, one.late, one.due) == (other.started, other.half, other.late, other.due)
        assert one.started == pair.be.message(message.id).time
        assert (one.domain, one.channel, one.dossier) == ("wanted-persons", pair.channel, dossier)
    # P1D of work from a Saturday, and P7D by the calendar, both in Morocco at UTC+1.
    assert [to_iso(one.due) for one in there] == ["2026-11-23T22:59:59.999Z", "2026-11-28T22:59:59.999Z"]


def test_what_the_partner_owes_does_not_run_before_the_act_has_left(pair: Pair) -> None:
    pair.open_trace()
    now_is(pair, "2026-12-01T12:00:00Z")
    assert timers_of(pair.be) == []
    pair.settle()
    now_is(pair, "2026-12-01T12:00:01Z")
    assert {to_iso(one.started) for one in timers_of(pair.be)} == {"2026-12-01T12:00:00.000Z"}
    assert {one.state for one in timers_of(pair.be)} == {"running"}


def test_while_a_dossier_is_suspended_nobody_is_reminded_and_then_what_was_left_is_left(pair: Pair) -> None:
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "acknowledge")
    pair.settle()
    now_is(pair, "2026-11-23T12:00:00Z")
    pair.answer("ma", dossier, "suspend", body={"ground": "capacity"})
    pair.settle()
    now_is(pair, "2026-12-05T12:00:00Z")
    assert told(pair.ma) == told(pair.be) == []
    for peer in (pair.be, pair.ma):
        (timer,) = timers_of(peer, deadline="answer")
        assert (timer.state, to_iso(timer.paused)) == ("paused", "2026-11-23T12:00:00.000Z")
    pair.answer("ma", dossier, "resume")
    pair.settle()
    now_is(pair, "2026-12-05T12:00:01Z")
    for peer in (pair.be, pair.ma):
        (timer,) = timers_of(peer, deadline="answer")
        # Of the 28th: twelve days came meanwhile. Half of the time that runs is over two days later.
        assert (timer.state, timer.paused, to_iso(timer.due)) == ("running", 0, "2026-12-10T22:59:59.999Z")
        assert to_iso(timer.half)[:10] == "2026-12-07"
    now_is(pair, "2026-12-08T12:00:00Z")
    assert told(pair.ma) == [("nadia", "answer", "half")]
    # Counted anew from what is left when the content is gone: the pause is added once.
    for peer in (pair.be, pair.ma):
        opening = timers_of(peer, deadline="answer")[0].message
        peer.store.write("test.gone", lambda tx, opening=opening: tx.delete(CONTENTS, [(opening,)]))
        peer.store.write(
            "test.touch", lambda tx, peer=peer: tx.put(TOUCHED, marks(peer.ctx, {dossier: "wanted-trace"}))
        )
    now_is(pair, "2026-12-11T12:00:00Z")
    assert [to_iso(one.due) for one in timers_of(pair.ma, deadline="answer")] == ["2026-12-10T22:59:59.999Z"]
    assert missed(pair.ma) == []
    assert [one.state for one in timers_of(pair.be, deadline="answer")] == ["missed"]


def test_half_nine_tenths_and_end_are_told_once_each_on_each_side(pair: Pair) -> None:
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "acknowledge")
    pair.settle()
    for text in ("2026-11-25T12:00:00Z", "2026-11-28T08:00:00Z", "2026-11-28T22:59:59.999Z"):
        now_is(pair, text)
        now_is(pair, text)
    assert told(pair.ma) == [("nadia", "answer", "half"), ("nadia", "answer", "nine-tenths")]
    now_is(pair, "2026-11-28T23:00:00Z")
    assert told(pair.ma)[0:1] == [("nadia", "answer", "end")]
    assert told(pair.ma)[-1:] == [("omar", "answer", "escalated")]
    assert ("ann", "answer", "end") in told(pair.be)
    assert ("eva", "answer", "escalated") in told(pair.be)
    assert ("dan", "answer", "end") in told(pair.be)
    (timer,) = timers_of(pair.ma, deadline="answer")
    assert (timer.state, timer.stage) == ("missed", 3)
    assert missed(pair.ma) == []  # P7D is the parties' figure, no treaty's
    before = told(pair.be), told(pair.ma)
    now_is(pair, "2027-06-01T00:00:00Z")
    assert (told(pair.be), told(pair.ma)) == before


def test_an_answer_in_time_ends_it_and_one_behind_its_end_is_late(pair: Pair) -> None:
    dossier, _ = pair.open_trace()
    pair.settle()
    now_is(pair, "2026-11-23T12:00:00Z")
    answer = pair.answer("ma", dossier, "acknowledge")
    pair.settle()
    now_is(pair, "2026-11-24T12:00:00Z")
    for peer in (pair.be, pair.ma):
        (timer,) = timers_of(peer, deadline="acknowledge")
        assert (timer.state, timer.ended_by) == ("met", answer.id)
        assert timer.ended == peer.message(answer.id).time
    now_is(pair, "2026-11-30T12:00:00Z")
    sighted(pair, dossier)
    now_is(pair, "2026-12-10T12:00:00Z")
    assert [one.state for one in timers_of(pair.be, deadline="answer")] == ["late"]
    assert ("ann", "acknowledge", "end") not in told(pair.be)


def test_an_answer_that_arrived_is_never_followed_by_a_reminder(pair: Pair) -> None:
    dossier, _ = pair.open_trace()
    pair.settle()
    now_is(pair, "2026-11-21T12:10:00Z")
    sighted(pair, dossier)
    pair.clock.time = from_iso("2026-11-28T22:00:00Z")
    assert pair.be.all(TOUCHED)
    assert clock.tell(pair.be.ctx)[0] == 0  # counted first
    assert told(pair.be) == []
    clock.tick(pair.be.ctx)
    assert [one.state for one in timers_of(pair.be, deadline="answer")] == ["met"]
    assert {one.deadline for one in pair.be.all(NOTICES)} == {"acknowledge"}  # which a sighting does not end


def test_a_refused_act_takes_its_timers_with_it(pair: Pair) -> None:
    dossier = asked_to_arrest(pair)
    message = pair.answer("ma", dossier, "arrested")
    now_is(pair, "2026-11-21T12:10:00Z")
    assert timers_of(pair.ma, deadline="extradition-request") == []  # be owes it, and has not got it
    pair.settle()
    now_is(pair, "2026-11-21T12:11:00Z")
    assert len(timers_of(pair.ma, deadline="extradition-request")) == 1

    def refuse(tx: Any) -> None:
        tx.put(MESSAGES, [msgspec.structs.replace(tx.get(MESSAGES, message.id), state="refused")])
        Cases(tx, pair.ma.ctx).recount({dossier})

    pair.ma.store.write("test.refuse", refuse)
    now_is(pair, "2026-11-21T12:12:00Z")
    assert timers_of(pair.ma, deadline="extradition-request") == []
    assert [one.state for one in timers_of(pair.ma, deadline="answer")] == ["running"]


def test_the_figure_of_the_channel_counts() -> None:
    made = strangers()
    made.agreement = made.sign(texts.agreement())
    types = {**TYPES, "wanted-trace": {**TYPES["wanted-trace"], "deadlines": {"answer": "P2D"}}}
    made.channel = made.sign(texts.channel(made.agreement, types))
    made.open_trace()
    made.settle()
    now_is(made, "2026-11-21T12:10:00Z")
    (timer,) = timers_of(made.be, deadline="answer")
    assert (timer.duration, to_iso(timer.due)) == ("P2D", "2026-11-23T22:59:59.999Z")


def arrest(pair: Pair) -> tuple[str, Any]:
    """ma arrested the person: the limit of the treaty runs for be. Gives dossier and message."""
    dossier = asked_to_arrest(pair)
    message = pair.answer("ma", dossier, "arrested")
    pair.settle()
    now_is(pair, "2026-11-21T13:00:00Z")
    return dossier, message


def test_a_missed_limit_of_a_treaty_is_an_audit_record_on_both_sides_once(pair: Pair) -> None:
    dossier, _ = arrest(pair)
    (timer,) = timers_of(pair.be, deadline="extradition-request")
    # 18 days behind the day of the arrest, in Brussels.
    assert (timer.owner, timer.legal, to_iso(timer.due)) == ("own", True, "2026-12-09T22:59:59.999Z")
    for text in ("2026-12-09T23:00:00Z", "2026-12-09T23:00:01Z", "2026-12-20T00:00:00Z"):
        now_is(pair, text)
    assert missed(pair.be) == missed(pair.ma) == [dossier]
    pair.answer("be", dossier, "extradition-announced")
    pair.settle()
    now_is(pair, "2026-12-20T01:00:00Z")
    assert missed(pair.be) == missed(pair.ma) == [dossier]
    assert [one.state for one in timers_of(pair.be, deadline="extradition-request")] == ["late"]


def test_a_limit_that_was_missed_while_no_clock_ran_is_written_down_all_the_same(pair: Pair) -> None:
    dossier, _ = arrest(pair)
    pair.clock.time = from_iso("2026-12-20T00:00:00Z")
    pair.answer("be", dossier, "extradition-announced")
    pair.settle()
    now_is(pair, "2026-12-20T00:01:00Z")
    assert missed(pair.be) == missed(pair.ma) == [dossier]
    assert [word for _, name, word in told(pair.be) if name == "extradition-request"] == []


def test_the_figures_of_a_timer_outlive_the_content_it_began_with(pair: Pair) -> None:
    dossier, message = arrest(pair)
    before = timers_of(pair.be, deadline="extradition-request")
    pair.be.store.write("test.erase", lambda tx: tx.delete(CONTENTS, [(message.id,)]))
    pair.answer("ma", dossier, "remind")
    pair.settle()
    now_is(pair, "2026-11-22T00:00:00Z")
    assert timers_of(pair.be, deadline="extradition-request") == before


def test_an_announced_day_is_shown_beside_and_told_when_it_is_over_too(pair: Pair) -> None:
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "interim", body={"reason": "in-progress", "until": "2026-12-15"})
    pair.settle()
    now_is(pair, "2026-11-21T13:00:00Z")
    (timer,) = timers_of(pair.be, deadline="answer")
    assert (to_iso(timer.due), to_iso(timer.promised)) == ("2026-11-28T22:59:59.999Z", "2026-12-15T22:59:59.999Z")
    now_is(pair, "2026-11-29T00:00:00Z")
    now_is(pair, "2026-12-15T22:59:59.999Z")
    assert ("ann", "answer", "promised") not in told(pair.be)
    now_is(pair, "2026-12-15T23:00:00Z")
    now_is(pair, "2026-12-16T23:00:00Z")
    assert told(pair.be).count(("ann", "answer", "promised")) == 1


def test_a_table_of_holidays_that_ends_raises_one_alarm_and_stops_nothing(pair: Pair) -> None:
    pair.be.ctx = replace(pair.be.ctx, calendars=Calendars())
    for _ in range(2):
        pair.open_trace()
        pair.settle()
        now_is(pair, "2026-11-21T12:10:00Z")
    alarms = [one for one in pair.be.all(ALARMS) if one.what == "calendar.ends"]
    assert [one.text for one in alarms] == [
        "expected the holidays of MA for 2026, got no calendar; deadlines are counted without them"
    ]
    assert [one for one in pair.ma.all(ALARMS) if one.what == "calendar.ends"] == []
    assert len(timers_of(pair.be, deadline="acknowledge")) == 2


def test_other_holidays_have_all_that_runs_counted_anew(pair: Pair, tmp_path: Path) -> None:
    pair.open_trace()
    pair.settle()
    now_is(pair, "2026-11-21T12:10:00Z")
    assert clock.refresh(pair.be.ctx)
    clock.tick(pair.be.ctx)
    assert not clock.refresh(pair.be.ctx)
    (before,) = timers_of(pair.be, deadline="acknowledge")
    labels = '{ en = "Feast", fr = "Fête", nl = "Feest", ar = "عيد" }'
    (tmp_path / "MA.toml").write_text(
        'country = "MA"\nyears = [2026, 2026]\nweekend = ["saturday", "sunday"]\nsource = "decree"\n'
        f'[[holidays]]\ndays = ["2026-11-23"]\nlabels = {labels}\n',
        "utf-8",
    )
    pair.be.ctx = replace(pair.be.ctx, calendars=Calendars.load(tmp_path))
    assert clock.refresh(pair.be.ctx)
    clock.tick(pair.be.ctx)
    (after,) = timers_of(pair.be, deadline="acknowledge")
    assert after.due == before.due + DAY


# ---- alerts ----------------------------------------------------------------------------------------------------------


def alert(pair: Pair) -> tuple[str, Any]:
    content = acts.urgent_alert(purpose="criminal-investigation")
    message = pair.post("be", content, "flash")
    pair.settle()
    return content["dossier"], message


def on_call(peer: Peer, *persons: str, domain: str = "*") -> None:
    rows = [OnCall(domain, place, 0, person, 2**62, "op", NOW) for place, person in enumerate(persons, 1)]
    peer.store.write("test.oncall", lambda tx: tx.put(ONCALL, rows))


def test_an_alert_calls_the_first_on_call_at_once_and_the_next_until_a_person_acknowledges(pair: Pair) -> None:
    staff(pair.ma, rachid="duty", salma="duty", omar="approver")
    on_call(pair.ma, "rachid", "salma", "nobody-here")
    dossier, _ = alert(pair)
    started = pair.clock.time
    clock.tick(pair.ma.ctx)
    assert told(pair.ma) == [("rachid", "acknowledge", "call")]
    pair.clock.time = started + 5 * 60_000
    clock.tick(pair.ma.ctx)
    assert told(pair.ma) == [("rachid", "acknowledge", "call"), ("salma", "acknowledge", "call")]
    pair.post("ma", acts.act("urgent-alert", "acknowledge", dossier=dossier, purpose="criminal-investigation"), "flash")
    pair.settle()
    before = told(pair.ma)
    pair.clock.time = started + 60 * 60_000
    clock.tick(pair.ma.ctx)
    assert told(pair.ma) == before
    assert [one.state for one in timers_of(pair.ma, deadline="acknowledge")] == ["met"]


def test_an_alert_that_nobody_takes_up_is_an_alarm_and_an_audit_record_once(pair: Pair) -> None:
    staff(pair.ma, rachid="duty", omar="approver")
    on_call(pair.ma, "rachid")
    dossier, _ = alert(pair)
    started = pair.clock.time
    for minute in range(20):
        pair.clock.time = started + minute * 60_000
        clock.tick(pair.ma.ctx)
        clock.tick(pair.be.ctx)
    assert missed(pair.ma) == missed(pair.be) == [dossier]
    words = [one.what for one in pair.ma.all(ALARMS)]
    assert sorted(words) == ["deadline.missed", "oncall.exhausted"]
    assert told(pair.ma).count(("rachid", "acknowledge", "call")) == 1
    assert ("omar", "acknowledge", "exhausted") in told(pair.ma)


# ---- timers of this node alone ---------------------------------------------------------------------------------------


def test_a_review_is_owed_until_it_is_done(pair: Pair) -> None:
    dossier, message = pair.open_trace()
    ctx = pair.be.ctx

    def begin(tx: Any) -> Timer:
        return timers.begin(tx, ctx, message, "review", "PT24H", tell="approver")

    one = pair.be.store.write("test.begin", begin)
    assert pair.be.store.write("test.begin", begin) == one
    assert (one.owner, one.legal, one.due - one.started) == ("own", True, DAY)
    pair.clock.advance(12 * HOUR)
    clock.tick(ctx)
    assert told(pair.be) == [("eva", "review", "half")]
    done = pair.be.store.write("test.meet", lambda tx: timers.meet(tx, ctx, message, "review", "eva"))
    assert (done.state, done.ended_by) == ("met", "eva")
    assert pair.be.store.write("test.meet", lambda tx: timers.meet(tx, ctx, message, "review", "dan")) == done
    pair.clock.advance(5 * DAY)
    pair.settle()
    clock.tick(ctx)
    assert [one.state for one in timers_of(pair.be, dossier=dossier, deadline="review")] == ["met"]
    assert missed(pair.be) == []


def test_a_review_that_comes_too_late_is_written_down_once(pair: Pair) -> None:
    dossier, message = pair.open_trace()
    ctx = pair.be.ctx
    pair.be.store.write("test.begin", lambda tx: timers.begin(tx, ctx, message, "review", "PT24H", tell="approver"))
    pair.clock.advance(2 * DAY)
    pair.be.store.write("test.meet", lambda tx: timers.meet(tx, ctx, message, "review", "eva"))
    clock.tick(ctx)
    assert missed(pair.be) == [dossier]
    assert told(pair.be) == []


def test_a_local_deadline_in_the_past_is_refused_with_what_was_expected(pair: Pair) -> None:
    _, message = pair.open_trace()
    pair.clock.advance(2 * DAY)
    with pytest.raises(InputError, match="expected a deadline in the future, got PT24H from a moment that is over"):
        pair.be.store.write(
            "test.begin", lambda tx: timers.begin(tx, pair.be.ctx, message, "review", "PT24H", tell="approver")
        )
    with pytest.raises(NotFoundError, match="expected a review that is owed"):
        pair.be.store.write("test.meet", lambda tx: timers.meet(tx, pair.be.ctx, message, "review", "eva"))


# ---- stops, jumps, company -------------------------------------------------------------------------------------------


def _story(store: Store, fault: FaultPlan | None = None) -> tuple[list[Any], list[Any]]:
    """A limit that is missed and an answer that is not, ticked at each stage; the node stops where the plan says."""
    pair = partners(be=store)
    staff(pair.be, ann="officer", eva="approver")
    dossier = asked_to_arrest(pair)
    pair.answer("ma", dossier, "arrested")
    pair.settle()
    for day in range(0, 24, 3):
        pair.clock.time = from_iso("2026-11-21T13:00:00Z") + day * DAY
        while True:
            try:
                clock.tick(pair.be.ctx)
                break
            except Crash:
                continue
    notices = [(one.person, one.deadline, one.what, one.moment) for one in pair.be.all(NOTICES)]
    return notices, missed(pair.be)


def test_a_stop_at_any_point_of_the_clock_reminds_nobody_twice_and_forgets_nobody() -> None:
    listening = FaultPlan()
    expected, missed_once = _story(MemoryStore(listening))
    assert len({what for _, _, what, _ in expected}) >= 4
    assert len(missed_once) == 1
    points = [
        (point, nth)
        for point, count in listening.counts.items()
        if point.startswith("clock.")
        for nth in range(1, count + 1)
    ]
    assert len(points) >= 12
    for point, nth in points:
        notices, written = _story(MemoryStore(FaultPlan(point, nth)))
        assert (notices, len(written)) == (expected, 1), (point, nth)


def test_two_processes_on_one_store_remind_once(tmp_path: Path) -> None:
    one, other = SqliteStore(tmp_path / "be.db"), SqliteStore(tmp_path / "be.db")
    pair = partners(be=one)
    staff(pair.be, ann="officer", eva="approver")
    for _ in range(6):
        pair.open_trace()
    pair.settle()
    contexts = [pair.be.ctx, replace(pair.be.ctx, store=other)]
    for text in ("2026-11-25T12:00:00Z", "2026-11-28T10:00:00Z", "2026-11-29T12:00:00Z"):
        pair.clock.time = from_iso(text)
        threads = [threading.Thread(target=clock.tick, args=(ctx,)) for ctx in contexts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    answers = [one for one in pair.be.all(NOTICES) if one.deadline == "answer"]
    assert len(answers) == 6 * (1 + 1 + 2)  # half, nine tenths, end; and the end once more for who decides
    assert {one.state for one in timers_of(pair.be)} == {"missed"}
    other.close()


def test_what_people_are_called_for_is_counted_before_all_others(pair: Pair) -> None:
    ctx = pair.be.ctx
    before = [f"019ab300-0000-7000-8000-{number:012d}" for number in range(3)]
    alert = "019ab3ff-0000-7000-8000-000000000000"
    kinds = {**dict.fromkeys(before, "wanted-trace"), alert: "urgent-alert"}
    ctx.store.write("test.touch", lambda tx: tx.put(TOUCHED, marks(ctx, kinds)))
    clock.count(ctx, limit=1)
    assert [one.dossier for one in pair.be.all(TOUCHED)] == before


def test_rounds_of_the_clock_come_to_the_same_end_as_all_at_once(pair: Pair) -> None:
    dossier, _ = pair.open_trace()
    pair.settle()
    while clock.step(pair.ma.ctx)[0]:
        pass
    assert not pair.ma.all(TOUCHED)
    assert timers_of(pair.ma, dossier=dossier, state="running")
    assert clock.step(pair.ma.ctx)[1] == min(one.next for one in timers_of(pair.ma))
