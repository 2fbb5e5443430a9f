"""`wanted-trace`: no warrant, no dossier; review, assurances; who is no longer sought is no longer found."""

from typing import Any

import pytest

from passerelle.core.ids import new_id
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.deadlines import runs, span
from passerelle.dossiers.indexing import searchable
from passerelle.dossiers.timing import Place
from passerelle.dossiers.types import Catalogue
from tests.peers.pair import Pair
from tests.types import samples
from tests.types.life import Life, reasons, stopped
from tests.unit.dossiers.samples import ASSURANCES, BODIES, LIEVE, WARRANT, YOUSSEF, Content, statement
from tests.unit.dossiers.story import Story, Told

pytestmark = pytest.mark.shows("wanted-trace", "rules")

SAMPLE = samples()["wanted-trace"]
TYPE = Catalogue.load().types["wanted-trace"]
HOUR = 3_600_000


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


def request(**warrant: Any) -> Content:
    made = {key: value for key, value in {**WARRANT, **warrant}.items() if value is not None}
    return SAMPLE.act("request", body={"warrant": made})


# ---- no warrant or enforceable judgment, no dossier


def test_no_warrant_or_judgment_no_dossier(pair: Pair) -> None:
    assert TYPE.opening == ("request",)
    assert stopped(pair, SAMPLE.act("request", body={"danger": "Peut être armé"})) == ("9",)
    for field in ("kind", "reference", "court", "date", "offence", "sentence"):
        assert stopped(pair, request(**{field: None})) == ("9",), field
    assert stopped(pair, request(kind="notice")) == ("9",)
    assert stopped(pair, request(date="2026-12-24")) == ("9",), "one that is still to come"
    pair.post("be", request(kind="judgment"))


def test_of_one_person_with_identity(pair: Pair) -> None:
    for persons in (
        [],
        [YOUSSEF, LIEVE | {"key": "p2"}],
        [YOUSSEF | {"category": "suspect"}],
        [{key: value for key, value in YOUSSEF.items() if key != "names"}],
        [{key: value for key, value in YOUSSEF.items() if key != "births"} | {"minor": "doubt"}],
    ):
        assert stopped(pair, SAMPLE.act("request", subjects=persons)) == ("9",)


def test_an_offence_of_opinion_stops_for_a_second_approver(pair: Pair) -> None:
    for offence in ("Lèse-majesté", "Outrage à corps constitué", "الإساءة إلى الدين", "Beledigen van het staatshoofd"):
        assert stopped(pair, request(offence=offence)) == ("9",)
        assert reasons(pair, request(offence=offence))[0].startswith("four_eyes.second: expected a second approver")
        pair.post("be", request(offence=offence), second="be-099")
    pair.post("be", request(offence="Vol à main armée"))


# ---- the receiver's review


def test_nobody_acts_before_the_receivers_recorded_review(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    for name in ("sighting", "located", "no-trace", "reply"):
        assert stopped(pair, life.content("ma", name), by="ma") == ("10",), name
    review = BODIES["review"]
    assert stopped(pair, life.content("be", "review"), by="be") == ("9",), "the receiver's, not the sender's"
    for wrong in (
        review | {"examined": review["examined"][:3]},
        review | {"outcome": "fine"},
        {"outcome": "none-found"},
    ):
        assert stopped(pair, life.content("ma", "review", body=wrong), by="ma") == ("9",)
    for outcome in ("undecided", "found"):
        life.say("ma", "review", body=review | {"outcome": outcome})
        assert stopped(pair, life.content("ma", "located"), by="ma") == ("10",), outcome
    life.say("ma", "review")
    life.say("ma", "located")
    assert {"political", "military", "discrimination"} <= set(TYPE.grounds)


# ---- assurances before any act that may lead to an arrest


def test_assurances_are_fields_of_every_act_that_may_lead_to_an_arrest(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    for name in ("review", "located"):
        life.say("ma", name)
    for name in ("provisional-arrest", "extradition-announced"):
        assert TYPE.acts[name].magistrate
        for field in ("death_penalty", "ill_treatment", "fair_trial", "authority", "given_on"):
            less = {key: value for key, value in ASSURANCES.items() if key != field}
            content = life.content("be", name, body=BODIES[name] | {"assurances": less})
            assert stopped(pair, content) == ("9",), (name, field)
        assert stopped(pair, life.content("be", name), releaser="be-017") == ("8",), "one person alone"
    assert stopped(pair, life.content("ma", "arrested"), by="ma") == ("10",), "neither was sent"


def test_who_is_arrested_may_have_the_consulate_notified(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    for by, name in (("ma", "review"), ("be", "provisional-arrest")):
        life.say(by, name)
    less = {key: value for key, value in BODIES["arrested"].items() if key != "consular"}
    assert stopped(pair, life.content("ma", "arrested", body=less), by="ma") == ("9",)
    life.say("ma", "arrested")


# ---- deadlines


def due(*acts: Told) -> dict[str, int]:
    """What runs after these acts, and for how many milliseconds it was given."""
    place = Place("Africa/Casablanca", Calendars.load().of("MA"))
    found = {}
    for run in runs(TYPE, Story(TYPE).play(*acts).happenings()):
        counted = span(run, place) if run.end is None else None
        if counted is not None:
            found[run.deadline.name] = counted.due - counted.started
    return found


REQUEST: Told = ("opener", "request", {"subjects": ["p1"]})
CANCEL: Told = ("opener", "cancelled", {"indexed": True})


def test_urgent_pt8h_or_p3d_standard_p7d() -> None:
    figures = {name: dict(one.duration) for name, one in TYPE.deadlines.items()}
    assert figures["answer"] == {"standard": "P7D", "urgent": "P3D", "immediate": "P3D"}
    assert figures["answer-direct"] == {"urgent": "PT8H", "immediate": "PT8H"}


def test_after_provisional_arrest_the_treatys_limit_then_release_due() -> None:
    deadline = TYPE.deadlines["extradition-request"]
    assert set(deadline.duration.values()) == {"P18D"}
    assert (deadline.most, deadline.treaty, deadline.then, deadline.since) == ("P40D", True, "release-due", "on")


# ---- a cancellation withdraws the person's index references, and is certified


def test_a_cancellation_names_the_references_of_who_was_in_an_index(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    body = BODIES["cancelled"]
    bare = {key: value for key, value in body.items() if key != "references"}
    assert stopped(pair, life.content("be", "cancelled", body=bare)) == ("9",)
    assert stopped(pair, life.content("be", "cancelled", body=body | {"indexed": False})) == ("9",)
    assert stopped(pair, life.content("be", "cancelled", body=body | {"references": ["00ff"]})) == ("9",)
    life.say("be", "cancelled")
    assert life.state == "cancelled"


def test_they_are_withdrawn_within_pt1h() -> None:
    assert due(REQUEST, CANCEL) == {"index-withdrawal": HOUR}
    assert due(REQUEST, ("opener", "cancelled", {"indexed": False})) == {}
    assert TYPE.deadlines["index-withdrawal"].owner == "opener"


CLOSED: Told = ("opener", "close", {"outcome": "no-longer-needed", "indexed": True})


@pytest.mark.parametrize("end", [CANCEL, CLOSED])
def test_and_it_is_certified_by_naming_the_message_that_lists_them(pair: Pair, end: Told) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    name = end[1]
    listed = {"indexed": True, "references": ["00ff00ff00ff00ff"]}
    body = {"cancelled": {"reason": "lapsed"}, "close": {"outcome": "no-longer-needed"}}[name]
    assert stopped(pair, life.content("be", name, body=body | {"indexed": True})) == ("9",)
    ended = life.say("be", name, body=body | listed).id
    body = SAMPLE.bodies["index-withdrawn"]
    for other in (life.last["request"], new_id()):
        assert stopped(pair, life.content("be", "index-withdrawn", body=body | {"message": other})) == ("10",)
    life.say("be", "index-withdrawn", body=body | {"message": ended})

    def owed(*more: Told) -> set[str]:
        story = Story(TYPE).play(REQUEST, end)
        last = story.happenings()[-1].id
        story.play(
            *((by, act, {**said, "message": last} if act == "index-withdrawn" else said) for by, act, said in more)
        )
        return {run.deadline.name for run in runs(TYPE, story.happenings()) if run.end is None}

    assert owed(("opener", "report-deletion", {"scope": "dossier"})) == {"index-withdrawal"}
    assert owed(("opener", "index-withdrawn", {})) == set()


def test_after_a_closure_of_the_answering_side_the_opener_certifies_in_any_case() -> None:
    assert due(REQUEST, ("answerer", "close", {"indexed": False})) == {"index-withdrawal": HOUR}
    assert due(REQUEST, ("opener", "close", {"indexed": False})) == {}


# ---- nothing of the person before the review; nobody held for what was withdrawn


def test_no_part_of_an_answer_before_the_review(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    body = dict(SAMPLE.bodies["interim"])
    for content in (
        life.content("ma", "interim", body=body | {"reason": "partial"}),
        life.content("ma", "interim", body=body | {"comment": "Il a été vu hier à Tanger."}),
        life.content("ma", "interim", subjects=[YOUSSEF]),
        life.content("ma", "interim", statements=[statement()]),
    ):
        assert stopped(pair, content, by="ma") == ("9",)
    life.say("ma", "interim")


@pytest.mark.parametrize("crossing", [False, True])
def test_an_arrest_whose_request_was_withdrawn_ends_in_release(crossing: bool) -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    life.say("ma", "review")
    asked = life.say("be", "provisional-arrest").id
    if crossing:
        life.pair.post("ma", life.content("ma", "arrested"))
        life.pair.post("be", life.content("be", "withdraw", message=asked))
        life.pair.settle("routine")
    else:
        life.say("ma", "arrested")
        life.say("be", "withdraw", message=asked)
    assert life.state == "release-pending"
    assert stopped(life.pair, life.content("be", "close")) == ("10",)
    assert stopped(life.pair, life.content("be", "extradition-announced")) == ("10",)
    life.say("ma", "release-due", body={"due": "2026-11-21", "custody": "released", "released_on": "2026-11-21"})
    life.say("be", "close")
    assert life.state == "closed"


def test_an_arrest_after_the_announcement_is_answered_by_announcing_again() -> None:
    acts: tuple[Told, ...] = (
        REQUEST,
        ("answerer", "review", {"outcome": "none-found"}),
        ("answerer", "located", {}),
        ("opener", "extradition-announced", {}),
        ("answerer", "arrested", {}),
    )
    assert "extradition-request" in due(*acts), "the treaty's time runs from the arrest"
    assert "extradition-request" not in due(*acts, ("opener", "extradition-announced", {}))
    assert "acknowledge" not in due(*acts[:3]), "who has found the person has read the request"


def test_wanted_and_convicted_adults_alone_are_searchable() -> None:
    assert TYPE.indexed == {"wanted", "convicted"}
    assert searchable(TYPE, YOUSSEF)
    assert not searchable(TYPE, YOUSSEF | {"minor": "doubt"})
