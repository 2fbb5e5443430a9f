"""The rules of `urgent-alert`, each by its name."""

from copy import deepcopy
from typing import Any

import pytest

from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.content import problems
from passerelle.dossiers.deadlines import runs, span
from passerelle.dossiers.state import next_acts
from passerelle.dossiers.timing import Place
from passerelle.dossiers.types import Catalogue
from tests.unit.dossiers import samples
from tests.unit.dossiers.samples import DANGER, ILYAS, NOW, Content
from tests.unit.dossiers.story import Story, Told

KIND = Catalogue.load().types["urgent-alert"]
pytestmark = pytest.mark.shows("urgent-alert", "rules")
SOMEBODY: Content = {"key": "p1", "category": "suspect", "minor": "doubt"}


def told(content: Content) -> list[str]:
    return [one.path for one in problems(content, KIND, now=NOW)]


def act(name: str, **envelope: Any) -> Content:
    return samples.act("urgent-alert", name, **envelope)


def alert(**body: Any) -> Content:
    return samples.urgent_alert(body=DANGER | body)


# ---- what, where, when, how sure


@pytest.mark.parametrize("field", ["danger", "what", "where", "when", "certainty", "source", "information", "contact"])
def test_alert_says_what_where_when_and_how_sure(field: str) -> None:
    content = samples.urgent_alert()
    assert told(content) == []
    less = deepcopy(content)
    del less["body"][field]
    assert told(less) == [f"body.{field}"]


def test_how_sure_is_a_word_of_a_closed_list_and_the_4x4() -> None:
    for field, wrong in (("certainty", "quite sure"), ("source", "D"), ("information", "5"), ("danger", "rumour")):
        assert told(alert(**{field: wrong})) == [f"body.{field}"]
    assert set(KIND.acts["alert"].schema["$defs"]["certainty"]["enum"]) == {
        "confirmed",
        "probable",
        "possible",
        "unverified",
    }


def test_when_is_now_soon_a_day_or_unknown() -> None:
    for when, where in (
        ({"moment": "now"}, []),
        ({"moment": "unknown"}, []),
        ({"moment": "on-day"}, ["body.when.day"]),
        ({"moment": "on-day", "day": "2026-11-21"}, []),
        ({"moment": "on-day", "day": "2026-11-19"}, ["body.when.day"]),
        ({"moment": "on-day", "day": "2026-11-22", "time": "24:00"}, ["body.when.time"]),
        ({"moment": "soon"}, ["body.when.moment"]),
    ):
        assert told(alert(when=when)) == where, when


def test_where_is_at_least_one_place() -> None:
    assert told(alert(where=[])) == ["body.where"]
    assert told(alert(where=[{"text": "Rabat"}])) == ["body.where[0].precision"]


# ---- persons, and what it may not contain


def test_persons_are_optional_and_have_a_category() -> None:
    assert told(samples.urgent_alert(subjects=[])) == []
    for category in ("suspect", "contact", "to-identify"):
        assert told(samples.urgent_alert(subjects=[SOMEBODY | {"category": category}])) == []
    assert told(samples.urgent_alert(subjects=[{"key": "p1", "minor": "doubt"}])) == ["subjects[0].category"]
    many = [SOMEBODY | {"key": f"p{number}"} for number in range(1, 22)]
    assert told(samples.urgent_alert(subjects=many[:20])) == []
    assert told(samples.urgent_alert(subjects=many)) == ["subjects"]


@pytest.mark.parametrize("category", ["relative", "wanted", "convicted", "listed"])
def test_may_not_contain_relatives_nor_persons_of_other_types(category: str) -> None:
    assert told(samples.urgent_alert(subjects=[SOMEBODY | {"category": category}])) == ["subjects[0].category"]


@pytest.mark.parametrize("category", ["victim", "witness"])
def test_may_not_contain_victims_or_witnesses_without_h1_and_h2(category: str) -> None:
    for name, made in (("alert", samples.urgent_alert), ("action-taken", lambda **more: act("action-taken", **more))):
        persons = [SOMEBODY, SOMEBODY | {"key": "p2", "category": category}]
        for codes, where in (
            (["H0"], ["handling"]),
            (["H0", "H1"], ["handling"]),
            (["H0", "H1", "H2"], []),
            (["H1", "H2"], []),
        ):
            assert told(made(subjects=persons, handling=codes)) == where, name


def test_may_not_contain_privileged_material() -> None:
    for who in ("lawyer", "journalist", "physician"):
        said = samples.statement(about=[], privileged=who)
        assert told(samples.urgent_alert(statements=[said])) == ["statements[0].privileged"]


def test_may_not_contain_a_request_for_arrest() -> None:
    assert not any("arrest" in name for name in KIND.acts)
    assert not any("arrest" in word for word in KIND.acts["alert"].schema["$defs"]["measure"]["enum"])
    for field in ("assurances", "warrant", "arrest"):
        assert told(alert(**{field: "x"})) == [f"body.{field}"]


def test_what_was_obtained_by_ill_treatment_is_barred_here_too() -> None:
    tainted = [samples.statement(about=[], risk_of_ill_treatment=True)]
    assert told(samples.urgent_alert(statements=tainted)) == ["handling"]
    assert told(samples.urgent_alert(statements=tainted, handling=["H0", "H1", "H2"])) == []


def test_a_minor_is_marked_as_one() -> None:
    child = ILYAS | {"category": "suspect"}
    assert told(samples.urgent_alert(subjects=[child])) == []
    assert told(samples.urgent_alert(subjects=[child | {"minor": "no"}])) == ["subjects[0].minor"]


# ---- acknowledge, by a person


def test_acknowledge_by_a_person_and_personal() -> None:
    assert told(act("acknowledge")) == []
    assert told(act("acknowledge", body={})) == ["body.person"]
    assert told(act("acknowledge", body={"person": " "})) == ["body.person"]
    assert KIND.acts["acknowledge"].by == "answerer"
    assert problems(act("acknowledge"), KIND, now=NOW, sender_is_opener=True)[0].path == "act"


def test_acknowledge_pt15m_escalate_pt5m() -> None:
    deadline = KIND.deadlines["acknowledge"]
    assert set(deadline.duration) == {"standard", "urgent", "immediate"}
    assert set(deadline.duration.values()) == {"PT15M"}
    assert (deadline.escalate, deadline.owner, deadline.since) == ("PT5M", "answerer", "")
    assert {moment.act for moment in deadline.runs_from} == {"alert"}
    ends = {(moment.act, moment.by, moment.state) for moment in deadline.ends_at}
    assert ("acknowledge", "", "") in ends
    assert ("action-taken", "answerer", "") in ends, "measures of the side that alerts are no answer"


def test_the_time_runs_from_the_entry_until_a_person_of_the_answering_side_answers() -> None:
    place = Place("Africa/Casablanca", Calendars.load().of("MA"))

    def ends(*acts: Told) -> tuple[str, int]:
        [run] = runs(KIND, at(*acts).happenings())
        counted = span(run, place)
        assert counted is not None
        assert counted.started == NOW, "the time of the entry"
        return run.end.act if run.end else "", counted.due - counted.started

    quarter = 15 * 60_000
    assert ends() == ("", quarter)
    assert ends(("opener", "remind", {}), OWN_ACT) == ("", quarter), "nothing that the opener does but ending it"
    for one in (ACK, CHARGE, ACT, REFUSE):
        assert ends(one) == (one[1], quarter)
    assert ends(CLEAR) == ("all-clear", quarter)


# ---- flash lane, duty officer alone, review


def test_flash_lane_and_review_pt24h() -> None:
    assert all(one.lanes == {"flash", "routine"} for one in KIND.acts.values())
    assert {one.name: one.review for one in KIND.acts.values() if one.review} == {
        "alert": "PT24H",
        "all-clear": "PT24H",
    }
    assert KIND.acts["alert"].four_eyes
    assert KIND.defaults.urgency == "immediate"


# ---- action taken, consular notification


def test_who_is_held_may_have_the_consulate_notified() -> None:
    held = samples.BODIES["action-taken"] | {"held": True}
    assert told(act("action-taken", body=held)) == ["body.consular"]
    assert told(act("action-taken", body=held | {"consular": {"told": True, "wish": "notify"}})) == []
    assert told(act("action-taken", body={"measures": ["none"]})) == ["body.held"]


# ---- the life of an alert

ALERT: Told = ("opener", "alert", {})
ACK: Told = ("answerer", "acknowledge", {})
CHARGE: Told = ("answerer", "take-charge", {})
ACT: Told = ("answerer", "action-taken", {})
OWN_ACT: Told = ("opener", "action-taken", {})
CLEAR: Told = ("opener", "all-clear", {})
REFUSE: Told = ("answerer", "refuse", {})
CLOSE: Told = ("opener", "close", {})
REST: Told = ("answerer", "close", {})
REPLY: Told = ("answerer", "reply", {})
WITHDRAW: Told = ("opener", "withdraw", {"message": "a"})


def at(*acts: Told) -> Story:
    return Story(KIND).play(ALERT, *acts)


def test_from_alert_to_all_clear() -> None:
    story = Story(KIND)
    states = []
    for one in (ALERT, ACK, CHARGE, ACT, OWN_ACT, CLEAR, REST):
        states.append(story.play(one).now.state)
    assert states == ["opened", "acknowledged", "in-charge", "acted", "acted", "all-clear", "closed"]
    assert story.now.status == "ended"


def test_correction_of_an_alert() -> None:
    story = at(ACK)
    assert story.refused("opener", "correct", {"message": "a"}) == []
    story.tell("opener", "correct", message="a")
    assert story.now.state == "acknowledged"
    assert told(act("correct", message=samples.new_id())) == []


def test_measures_reported_after_an_all_clear_want_another_one() -> None:
    story = at(ACK, CLEAR)
    assert (story.now.state, story.now.status) == ("all-clear", "open")
    assert story.play(ACT).now.state == "acted"
    assert story.play(CLEAR).now.state == "all-clear"
    assert story.play(REPLY).now.state == "all-clear", "a word in reply does not"
    assert story.play(REST, REPLY).now.status == "ended"


def test_an_alert_ends_after_an_all_clear_or_goes_on_in_another_dossier() -> None:
    story = at(ACK)
    assert "close" not in next_acts(KIND, story.now, "answerer")
    assert "close" in next_acts(KIND, story.now, "opener")
    story.play(CLEAR)
    assert "close" in next_acts(KIND, story.now, "answerer")
    assert "close" not in next_acts(KIND, story.now, "opener")
    assert not {"suspend", "resume", "reopen", "no-trace", "interim"} & set(KIND.acts)
    assert told(act("close", body={"outcome": "transferred"})) == []
    assert told(act("close", body={"outcome": "no-longer-needed"})) == ["body.outcome"]


# ---- acts that cross, each pair both ways


@pytest.mark.parametrize(
    ("base", "one", "other", "state", "lost"),
    [
        # What was done has the last word over an all-clear that had not seen it.
        ([ACK], CLEAR, ACT, "acted", ()),
        ([ACK, ACT], CLEAR, ACT, "acted", ()),
        # A receipt beside an all-clear or a withdrawal undoes neither.
        ([], CLEAR, ACK, "all-clear", ()),
        ([], WITHDRAW, ACK, "withdrawn", ()),
        ([], CLEAR, CHARGE, "all-clear", ()),
        # The danger is over; that the other side would not act no longer matters.
        ([], CLEAR, REFUSE, "all-clear", ("refuse",)),
        # Taken back: the alert was wrong. What was done on it stays on record.
        ([ACK], WITHDRAW, ACT, "withdrawn", ()),
        ([ACK], CLOSE, ACT, "closed", ()),
        ([ACK], CLOSE, REFUSE, "refused", ()),
        # Measures of both sides.
        ([ACK], OWN_ACT, ACT, "acted", ()),
        ([], OWN_ACT, REFUSE, "refused", ()),
        ([ACK], WITHDRAW, REFUSE, "withdrawn", ()),
        ([ACK, CLEAR], ("opener", "reply", {}), ACT, "acted", ()),
        ([ACK, CLEAR], ("opener", "action-taken", {}), REST, "closed", ()),
        ([ACK, CLEAR], WITHDRAW, REST, "withdrawn", ()),
    ],
)
def test_crossing(base: list[Told], one: Told, other: Told, state: str, lost: tuple[str, ...]) -> None:
    for first, second in ((one, other), (other, one)):
        story = at(*base).crossed(first, second)
        assert (story.now.state, story.lost) == (state, lost)


def test_measures_are_never_overtaken_whatever_they_came_after() -> None:
    # The answerer wrote something of a high rank first, so the opener's act is applied before the measures.
    for ending, state in (("all-clear", "acted"), ("close", "closed"), ("withdraw", "withdrawn")):
        story = at(ACK)
        heads = "".join(story.now.heads)
        story.tell("answerer", "withdraw", after=heads, id="x", message="none")
        story.tell("answerer", "action-taken", after="x", id="y")
        story.tell("opener", ending, after=heads, id="w", **({"message": "a"} if ending == "withdraw" else {}))
        assert (story.now.state, story.lost) == (state, ())
