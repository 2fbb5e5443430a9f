from dataclasses import replace
from typing import Any

import pytest

from passerelle.core.clock import from_iso, to_iso
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.deadlines import Happening, Run, runs, span, state_of
from passerelle.dossiers.shapes import Deadline, Moment
from passerelle.dossiers.timing import Place
from passerelle.dossiers.types import Catalogue, Labels

WANTED = Catalogue.load().types["wanted-trace"]
BE = Place("Europe/Brussels", Calendars.load().of("BE"))
START = from_iso("2026-11-21T12:00:00Z")
HOUR = 3_600_000


def did(number: int, act: str, by: str = "answerer", **more: Any) -> Happening:
    """An act, an hour after the one before."""
    values = {"urgency": "standard"} | more
    return Happening(f"m{number}", act, by, START + number * HOUR, **values)  # type: ignore[arg-type]


def named(history: list[Happening], name: str) -> list[Run]:
    return [run for run in runs(WANTED, history) if run.deadline.name == name]


def request(urgency: str = "standard") -> Happening:
    return did(0, "request", "opener", urgency=urgency, state="opened")


def test_a_request_starts_what_is_owed_for_its_urgency() -> None:
    assert {run.deadline.name for run in runs(WANTED, [request()])} == {"acknowledge", "answer"}
    assert {run.deadline.name for run in runs(WANTED, [request("urgent")])} == {
        "acknowledge",
        "answer-direct",
        "answer",
    }


def test_the_first_act_that_answers_ends_it() -> None:
    (run,) = named(
        [request(), did(1, "acknowledge"), did(2, "take-charge"), did(3, "no-trace"), did(4, "reply")], "answer"
    )
    assert (run.start.id, run.end and run.end.id, run.met) == ("m0", "m3", True)


def test_words_of_the_body_decide() -> None:
    history = [request("urgent"), did(1, "interim", facts={"reason": "in-progress"})]
    assert named(history, "answer-direct")[0].end is None
    history.append(did(2, "interim", facts={"reason": "not-directly-available"}))
    (run,) = named(history, "answer-direct")
    assert run.end
    assert run.end.id == "m2"
    assert named(history, "answer")[0].end is None


def test_what_starts_it_again_while_it_runs_moves_nothing_and_behind_its_end_it_runs_anew() -> None:
    history = [request(), did(1, "arrested"), did(2, "arrested"), did(3, "release-due"), did(4, "arrested")]
    one, two = named(history, "extradition-request")
    assert (one.start.id, one.end and one.end.id) == ("m1", "m3")
    assert (two.start.id, two.end) == ("m4", None)


def test_an_overtaken_act_starts_and_ends_nothing() -> None:
    assert named([request(), did(1, "reply", applied=False)], "answer")[0].end is None
    assert named([request(), did(1, "arrested", applied=False)], "extradition-request") == []


def test_a_message_that_was_revoked_ends_nothing_and_what_it_started_lapses() -> None:
    history = [request(), did(1, "arrested"), did(2, "withdraw", facts={"message": "m1"})]
    (run,) = named(history, "extradition-request")
    assert run.end
    assert (run.end.id, run.met) == ("m2", False)
    # The arrest had been an answer too; it is one no more.
    assert named(history, "answer")[0].end is None


def test_a_deadline_lapses_with_its_dossier_unless_it_began_with_that_end() -> None:
    history = [
        request(),
        did(1, "arrested"),
        did(2, "cancelled", "opener", state="cancelled", status="ended", facts={"indexed": True}),
    ]
    assert named(history, "index-withdrawal")[0].end is None
    history.append(did(3, "index-withdrawn", "opener", status="ended", facts={"message": "m2"}))
    assert named(history, "index-withdrawal")[0].met
    ended = [request(), did(1, "close", "opener", state="closed", status="ended")]
    assert named(ended, "answer")[0].met  # the file says so
    other = [request(), did(1, "withdraw", "opener", state="withdrawn", status="ended", facts={"message": "mx"})]
    (run,) = named(other, "answer")
    assert run.end
    assert not run.met
    assert state_of(run, START + 2 * HOUR, START) == "lapsed"
    assert state_of(run, START, START) == "late"


def test_the_day_that_the_owing_side_announces_is_shown_and_moves_nothing() -> None:
    facts = {"reason": "third-party"}
    history = [request(), did(1, "interim", facts=facts, days={"until": "2026-12-15"})]
    (run,) = named(history, "answer")
    assert run.promised == "2026-12-15"
    history.append(did(2, "interim", facts=facts, days={"until": "2027-01-10"}))
    assert named(history, "answer")[0].promised == "2027-01-10"
    plain, promised = (span(one, BE) for one in (named([request()], "answer")[0], named(history, "answer")[0]))
    assert plain == promised


def test_figures() -> None:
    (run,) = named([request()], "answer")
    default, own = span(run, BE), span(run, BE, "P2D")
    assert default
    assert own
    assert (to_iso(default.due), default.duration) == ("2026-11-28T22:59:59.999Z", "P7D")
    assert (to_iso(own.due), own.duration) == ("2026-11-23T22:59:59.999Z", "P2D")


def test_a_day_in_the_body_and_the_limit_of_the_treaty() -> None:
    (run,) = named([request(), did(1, "arrested", days={"on": "2026-11-15"})], "extradition-request")
    usual, longer = span(run, BE), span(run, BE, "P60D")
    assert usual
    assert longer
    assert to_iso(usual.started) == "2026-11-14T23:00:00.000Z"
    assert to_iso(usual.due) == "2026-12-03T22:59:59.999Z"
    # ETS 24, article 16(4): in no case more than 40 days.
    assert (to_iso(longer.due), longer.duration) == ("2026-12-25T22:59:59.999Z", "P40D")


def test_without_a_figure_it_runs_only_where_the_channel_gives_one() -> None:
    words = Labels("Paper", "Papier", "Papier", "ورقة")
    deadline = Deadline("paper", "answerer", (Moment("request"),), (Moment("reply"),), {}, "calendar", words)
    run = Run(deadline, request())
    assert span(run, BE) is None
    own = span(run, BE, "P10D")
    assert own
    assert to_iso(own.due) == "2026-12-01T22:59:59.999Z"


@pytest.mark.parametrize(
    ("end", "due", "now", "state"),
    [
        (None, 10, 10, "running"),
        (None, 10, 11, "missed"),
        (10, 10, 99, "met"),
        (11, 10, 99, "late"),
    ],
)
def test_how_it_stands(end: int | None, due: int, now: int, state: str) -> None:
    deadline = WANTED.deadlines["answer"]
    over = None if end is None else Happening("e", "reply", "answerer", end)
    assert state_of(Run(deadline, request(), over, met=over is not None), due, now) == state


# ---- towards an event

WORDS = Labels("Assessment", "Évaluation", "Beoordeling", "تقييم")


def assessment(**more: Any) -> Deadline:
    """21 days before the day in the request, begun anew when it is moved."""
    moments = (Moment("request"),), (Moment("reply"),)
    given = {"since": "day", "back": True, "anew": True} | more
    return Deadline("assessment", "answerer", *moments, {"standard": "P21D"}, "calendar", WORDS, **given)


def event(number: int, day: str, **more: Any) -> Happening:
    return did(number, "request", "opener", days={"day": day}, **more)


def towards(history: list[Happening], **more: Any) -> list[Run]:
    kind = replace(WANTED, deadlines={"assessment": assessment(**more)})
    return runs(kind, history)


def test_counted_back_it_runs_from_the_act_to_so_many_days_before_the_event() -> None:
    (run,) = towards([event(0, "2027-02-10")])
    found, own = span(run, BE), span(run, BE, "P30D")
    assert found
    assert own
    assert (found.started, to_iso(found.due)) == (START, "2027-01-20T22:59:59.999Z")
    assert (to_iso(own.due), own.duration) == ("2027-01-11T22:59:59.999Z", "P30D")


def test_the_longest_that_a_type_allows_binds_when_counted_back_too() -> None:
    (run,) = towards([event(0, "2027-02-10")], most="P28D")
    longer, shorter = span(run, BE, "P60D"), span(run, BE, "P7D")
    assert longer
    assert shorter
    assert (to_iso(longer.due), longer.duration) == ("2027-01-13T22:59:59.999Z", "P28D")
    assert to_iso(shorter.due) == "2027-02-03T22:59:59.999Z"


@pytest.mark.parametrize("day", ["2026-11-25", "2026-12-11", "2026-11-01"])
def test_told_too_late_it_is_due_on_the_day_of_the_act(day: str) -> None:
    """A near one, one whose 21 days ended the day before, one that is over: nothing is missed before it is known."""
    (run,) = towards([event(0, day)])
    found = span(run, BE)
    assert found
    assert to_iso(found.due) == "2026-11-21T22:59:59.999Z"
    assert state_of(run, found.due, START) == "running"


def test_without_the_day_it_does_not_run() -> None:
    (run,) = towards([did(0, "request", "opener", days={})])
    assert span(run, BE) is None


def test_an_event_that_is_moved_begins_it_anew() -> None:
    history = [event(0, "2027-02-10"), event(1, "2027-03-10"), did(2, "reply")]
    one, two = towards(history)
    assert (one.start.id, one.end and one.end.id, one.met) == ("m0", "m1", False)
    assert (two.start.id, two.end and two.end.id, two.met) == ("m1", "m2", True)
    # Without `anew` the first act binds.
    (first,) = towards(history, anew=False)
    assert (first.start.id, first.met) == ("m0", True)
    # Nor is it begun anew by an urgency that has no figure.
    (same,) = towards([history[0], event(1, "2027-03-10", urgency="urgent")])
    assert (same.start.id, same.end) == ("m0", None)


def test_what_had_been_missed_stays_missed_when_the_event_is_moved() -> None:
    first, later = event(0, "2026-12-15"), event(24 * 10, "2027-03-10")
    one, two = towards([first, later])
    due = span(one, BE)
    assert due
    assert state_of(one, due.due, later.time) == "late"
    assert two.end is None
    # Moved in time, it has lapsed.
    sooner, _ = towards([first, event(1, "2027-03-10")])
    assert state_of(sooner, due.due, later.time) == "lapsed"


def test_a_move_that_was_withdrawn_moved_nothing() -> None:
    history = [event(0, "2027-02-10"), event(1, "2027-03-10"), did(2, "withdraw", "opener", facts={"message": "m1"})]
    (run,) = towards(history)
    assert (run.start.id, run.end) == ("m0", None)


# ---- while the dossier is suspended


def owed(*history: Happening, figure: str = "P7D", **more: Any) -> tuple[Run, str]:
    """The newest run of a deadline that a reply meets, and when it is due."""
    moments = (Moment("request"),), (Moment("reply"),)
    given = {"days": "calendar", "labels": WORDS} | more
    deadline = Deadline("answer", "answerer", *moments, {"standard": figure}, **given)  # type: ignore[arg-type]
    run = runs(replace(WANTED, deadlines={"answer": deadline}), list(history))[-1]
    found = span(run, BE)
    return run, to_iso(found.due) if found else ""


def suspended(number: int) -> Happening:
    return did(number, "suspend", state="suspended")


def resumed(number: int) -> Happening:
    return did(number, "resume", state="in-charge")


@pytest.mark.parametrize(
    ("figure", "days", "due"),
    [
        ("P7D", "calendar", "2026-12-01T22:59:59.999Z"),  # of the 28th, three days later
        ("P7D", "working", "2026-12-02T22:59:59.999Z"),  # of the 1st, one working day later
        ("PT168H", "calendar", "2026-12-01T12:00:00.000Z"),  # of the 28th at noon, 72 hours later
    ],
)
def test_a_suspension_pauses_what_is_owed(figure: str, days: str, due: str) -> None:
    """Suspended on Friday the 27th at noon, resumed on Monday: three days, of which people work on one."""
    run, told = owed(request(), suspended(144), resumed(216), figure=figure, days=days)
    assert told == due
    found = span(run, BE)
    assert found
    assert state_of(run, found.due, from_iso(due)) == "running"
    assert state_of(run, found.due, from_iso(due) + 1) == "missed"


def test_while_it_pauses_nothing_is_missed_and_what_is_done_meanwhile_is_in_time() -> None:
    run, due = owed(request(), suspended(48))
    assert state_of(run, from_iso(due), from_iso(due) + 1000 * HOUR) == "paused"
    run, due = owed(request(), suspended(48), did(400, "reply"))
    assert state_of(run, from_iso(due), START + 900 * HOUR) == "met"


def test_each_suspension_adds_its_own_time_and_no_more() -> None:
    twice = [suspended(24), resumed(48), suspended(96), did(97, "suspend"), resumed(120)]
    assert owed(request(), *twice)[1] == "2026-11-30T22:59:59.999Z"
    within_a_day = [suspended(1), resumed(2)]
    assert owed(request(), *within_a_day)[1] == owed(request())[1]
    assert owed(request(), *within_a_day, figure="PT8H")[1] == "2026-11-21T21:00:00.000Z"


def test_what_had_been_missed_stays_missed_when_the_dossier_is_suspended() -> None:
    run, due = owed(request(), suspended(500), resumed(900))
    assert due == owed(request())[1]
    assert state_of(run, from_iso(due), START + 999 * HOUR) == "missed"


def test_what_begins_while_the_dossier_is_suspended_waits_for_the_end_of_that() -> None:
    _, due = owed(suspended(0), did(24, "request", "opener"), resumed(72), figure="PT8H")
    assert due == to_iso(START + 80 * HOUR)


def test_a_limit_that_no_suspension_stops_runs_on() -> None:
    run, due = owed(request(), suspended(48), resumed(120), pauses=False)
    assert due == owed(request())[1]
    run, due = owed(request(), suspended(48), pauses=False)
    assert state_of(run, from_iso(due), from_iso(due) + 1) == "missed"
    custody = {one.name for one in WANTED.deadlines.values() if not one.pauses}
    assert custody == {"extradition-request", "index-withdrawal"}


def test_an_event_does_not_wait_but_nobody_misses_what_rested() -> None:
    history = [event(0, "2027-02-10"), suspended(24), resumed(48)]
    (run,) = towards(history)
    found = span(run, BE)
    assert found
    assert to_iso(found.due) == "2027-01-20T22:59:59.999Z"
    (run,) = towards([history[0], suspended(24), did(24 * 80, "resume", state="in-charge")])
    found = span(run, BE)
    assert found
    assert to_iso(found.due) == "2027-02-09T22:59:59.999Z"


# ---- runs of their own, and such as outlive the dossier


def test_each_act_has_its_own_run_which_the_act_that_names_it_ends() -> None:
    deadline = replace(assessment(since="", back=False, anew=False), each=True)
    kind = replace(WANTED, deadlines={"assessment": deadline})
    history = [request(), did(1, "request", "opener"), did(2, "reply", facts={"message": "m1"})]
    one, two = runs(kind, history)
    assert (one.start.id, one.end) == ("m0", None)
    assert (two.start.id, two.end and two.end.id, two.met) == ("m1", "m2", True)
    # A withdrawal takes back the one that it names; a state that ends them ends them all.
    one, two = runs(kind, [*history[:2], did(2, "withdraw", "opener", facts={"message": "m0"})])
    assert (one.end and one.end.id, one.met, two.end) == ("m2", False, None)
    kind = replace(WANTED, deadlines={"assessment": replace(deadline, ends_at=(Moment(state="answered"),))})
    assert [one.met for one in runs(kind, [*history[:2], did(2, "no-trace", state="answered")])] == [True, True]


def test_what_outlives_the_dossier_is_owed_until_it_is_done() -> None:
    over = did(1, "close", "opener", state="closed", status="ended")
    run, _ = owed(request(), over, outlives=True)
    assert run.end is None
    run, _ = owed(request(), over, replace(did(2, "reply"), status="ended"), outlives=True)
    assert (run.end and run.end.id, run.met) == ("m2", True)
    assert owed(request(), over)[0].end == over
