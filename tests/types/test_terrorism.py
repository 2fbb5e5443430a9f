"""`terrorism`: what was done is the ground, never what was thought; children are named for their welfare alone."""

from dataclasses import replace
from typing import Any

import pytest

from passerelle.dossiers.deadlines import runs
from passerelle.dossiers.indexing import searchable
from passerelle.dossiers.types import Catalogue
from tests.peers.pair import Pair
from tests.types.life import Life, contents, reasons, stopped
from tests.types.terrorism import CARRIED, CHILD, CONDUCT, COURIER, OPENING, SAMPLE, SISTER, TARIK, TRAVEL, WELFARE
from tests.unit.dossiers.samples import Content, statement
from tests.unit.dossiers.story import Story

pytestmark = pytest.mark.shows("terrorism", "rules")

TYPE = Catalogue.load().types["terrorism"]
KINDS = TYPE.acts["information"].schema["$defs"]["conduct-kind"]["enum"]
INCITED: Content = CONDUCT | {
    "kind": "provocation",
    "summary": "Appelle, devant une salle, à attaquer le lieu de culte d'en face le soir même.",
    "incitement": {"intent": "Désigne la cible et l'heure.", "danger": "Trois auditeurs se sont armés."},
}


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


def opening(**changes: Any) -> Content:
    return SAMPLE.act("information", **changes)


def saying(**body: Any) -> Content:
    return opening(body={key: value for key, value in {**OPENING, **body}.items() if value is not None})


# ---- opinion alone is no ground


@pytest.mark.parametrize("name", ["information", "request"])
def test_who_opens_names_a_conduct_and_how_it_is_known(pair: Pair, name: str) -> None:
    body = SAMPLE.bodies[name]
    for field in ("kind", "summary", "known", "source", "information"):
        less = {key: value for key, value in CONDUCT.items() if key != field}
        assert stopped(pair, SAMPLE.act(name, body=body | {"conduct": [less]})) == ("9",), field
    for wrong in ({key: value for key, value in body.items() if key != "conduct"}, body | {"conduct": []}):
        assert stopped(pair, SAMPLE.act(name, body=wrong)) == ("9",)


def test_a_belief_is_no_conduct(pair: Pair) -> None:
    assert "opinion" not in KINDS
    for kind in ("opinion", "belief", "sympathy", "radicalisation"):
        assert stopped(pair, saying(conduct=[CONDUCT | {"kind": kind}])) == ("9",), kind
    for kind in set(KINDS) - {"provocation"}:
        pair.post("be", saying(conduct=[CONDUCT | {"kind": kind}]))


def test_nobody_is_a_suspect_for_standing_beside_one(pair: Pair) -> None:
    both = [TARIK, COURIER]
    assert stopped(pair, opening(subjects=both)) == ("9",)
    assert reasons(pair, opening(subjects=both)) == [
        "subjects[1]: expected something in body.conduct ascribed to this suspect, got none"
    ]
    for category in ("wanted", "convicted", "to-identify"):
        assert stopped(pair, opening(subjects=[TARIK, COURIER | {"category": category}])) == ("9",)
    pair.post("be", opening(subjects=both, body=OPENING | {"conduct": [CONDUCT, CARRIED]}))
    pair.post("be", opening(subjects=[TARIK, COURIER | {"category": "contact"}]))


def test_nor_for_being_named_in_an_answer(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    bare = SAMPLE.act("reply", dossier=life.dossier, body={"text": "نعم"})
    assert stopped(pair, bare, by="ma") == ("9",)
    assert stopped(pair, SAMPLE.act("ask-more", dossier=life.dossier, subjects=[COURIER]), by="ma") == ("9",)
    life.say("answerer", "reply")


def test_a_conduct_is_of_somebody_who_is_in_the_dossier(pair: Pair) -> None:
    assert stopped(pair, saying(conduct=[CONDUCT, CARRIED])) == ("9",), "p4 is not here"
    life = Life(pair, SAMPLE)
    life.begin()
    of_p1 = {"text": "نعم", "conduct": [CONDUCT]}
    life.say("answerer", "reply", body=of_p1, subjects=[])
    unknown = {"text": "نعم", "conduct": [CONDUCT | {"who": ["p9"]}]}
    content = life.content("answerer", "reply", body=unknown, subjects=[])
    assert stopped(pair, content, by="ma") == ("10",)


def test_provocation_needs_intent_danger_and_a_second_approver(pair: Pair) -> None:
    for field in ("intent", "danger"):
        less = {key: value for key, value in INCITED["incitement"].items() if key != field}
        assert stopped(pair, saying(conduct=[INCITED | {"incitement": less}]), second="be-099") == ("9",)
    bare = {key: value for key, value in INCITED.items() if key != "incitement"}
    assert stopped(pair, saying(conduct=[bare]), second="be-099") == ("9",)
    assert stopped(pair, saying(conduct=[INCITED])) == ("9",)
    assert stopped(pair, saying(conduct=[INCITED]), second="be-003") == ("9",), "the releaser"
    pair.post("be", saying(conduct=[INCITED]), second="be-099")


def test_an_offence_of_opinion_stops_for_a_second_approver(pair: Pair) -> None:
    for said in (
        {"offence": "Apologie du terrorisme"},
        {"offence": "الإشادة بأفعال إرهابية"},
        {"conduct": [CONDUCT | {"summary": "Verheerlijking van de aanslag"}]},
    ):
        assert stopped(pair, saying(**said)) == ("9",)
        pair.post("be", saying(**said), second="be-099")


def test_opinion_is_a_ground_of_refusal(pair: Pair) -> None:
    for ground in ("opinion", "discrimination", "armed-conflict", "humanitarian-activity"):
        life = Life(pair, SAMPLE)
        life.begin()
        life.say("answerer", "refuse", body={"ground": ground})
        assert life.state == "refused"


# ---- categories, victims, witnesses


def test_each_person_has_a_category(pair: Pair) -> None:
    nobody = {key: value for key, value in TARIK.items() if key != "category"}
    assert stopped(pair, opening(subjects=[nobody])) == ("9",)
    assert stopped(pair, opening(subjects=[TARIK | {"category": "listed"}])) == ("9",)


@pytest.mark.parametrize("category", ["victim", "witness"])
def test_victims_and_witnesses_carry_h1_and_h2(pair: Pair, category: str) -> None:
    persons = [TARIK, SISTER | {"category": category}]
    for codes in (["H0"], ["H0", "H1"], ["H0", "H2"]):
        assert stopped(pair, opening(subjects=persons, handling=codes)) == ("9",)
    pair.post("be", opening(subjects=persons, handling=["H1", "H2"]))
    pair.post("be", opening(subjects=[TARIK, SISTER], handling=["H0"]))


def test_relatives_contacts_and_children_are_never_searchable() -> None:
    for category in ("relative", "contact", "victim", "witness", "to-identify"):
        assert not searchable(TYPE, SISTER | {"category": category})
    assert searchable(TYPE, TARIK)
    for minor in ("yes", "doubt"):
        assert not searchable(TYPE, TARIK | {"minor": minor})


# ---- a request that comes of a hit

HIT = {"index": "fighters", "reference": "00ab17cd22ef3344", "claim": "5e" * 32}


def test_a_hit_alone_is_no_conduct_and_the_reply_says_whether_it_was_the_person(pair: Pair) -> None:
    body = SAMPLE.bodies["request"] | HIT
    life = Life(pair, SAMPLE)
    life.begin("request", body=body)
    life.say("ma", "reply", body={"text": "نعم.", "hit_outcome": "confirmed"}, subjects=[])
    assert life.state == "answered"
    without = {key: value for key, value in body.items() if key != "conduct"}
    assert stopped(pair, SAMPLE.act("request", body=without)) == ("9",)


@pytest.mark.parametrize("name", HIT)
def test_check_9_a_hit_is_proven_in_full_or_not_said(pair: Pair, name: str) -> None:
    hit = {key: value for key, value in HIT.items() if key != name}
    assert stopped(pair, SAMPLE.act("request", body=SAMPLE.bodies["request"] | hit)) == ("9",)


# ---- children


def test_a_child_is_named_in_the_note_on_its_welfare_alone(pair: Pair) -> None:
    for category in ("suspect", "relative", "victim", "contact"):
        child = CHILD | {"category": category}
        conduct = [CONDUCT, CARRIED | {"who": ["p3"]}]
        content = opening(subjects=[TARIK, child], body=OPENING | {"conduct": conduct})
        assert stopped(pair, content) == ("9",), category
        assert "subjects[1].minor: expected no: a minor stands in minor-welfare alone, got yes" in reasons(
            pair, content
        )


@pytest.mark.parametrize("category", ["relative", "victim", "witness"])
def test_no_line_about_the_family_names_a_child(pair: Pair, category: str) -> None:
    mother = SISTER | {"category": category, "note": "Mère de Yahya, né en 2019"}
    content = opening(subjects=[TARIK, mother], handling=["H1", "H2"])
    assert stopped(pair, content) == ("9",)
    assert f"subjects[1].note: expected no such field of a {category}, got a value" in reasons(pair, content)


def test_who_may_be_a_child_is_one(pair: Pair) -> None:
    without = {key: value for key, value in TARIK.items() if key != "births"} | {"minor": "doubt"}
    assert stopped(pair, opening(subjects=[without])) == ("9",)
    estimated = [{"date": "1990", "until": "1996", "calendar": "gregorian", "kind": "between"}]
    pair.post("be", opening(subjects=[TARIK | {"births": estimated}]))


def test_a_note_names_children_as_relatives_or_victims_and_no_suspicion(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()

    def note(**changes: Any) -> Content:
        return SAMPLE.act("minor-welfare", dossier=life.dossier, **changes)

    for category in ("suspect", "wanted", "convicted", "contact", "witness", "to-identify"):
        assert stopped(pair, note(subjects=[CHILD | {"category": category}])) == ("9",), category
    for wrong in (
        note(subjects=[]),
        note(subjects=[CHILD | {"note": "x"}]),
        note(subjects=[SISTER]),
        note(statements=[statement("p3")]),
        note(body=WELFARE | {"conduct": [CONDUCT]}),
        note(body=WELFARE | {"outcome": "prosecution"}),
        note(handling=["H0"]),
        note(handling=["H1"]),
        note(body={key: value for key, value in WELFARE.items() if key != "welfare_authority"}),
        note(body=WELFARE | {"needs": []}),
    ):
        assert stopped(pair, wrong) == ("9",)
    life.say("opener", "minor-welfare")
    life.say("opener", "minor-welfare", subjects=[CHILD | {"key": "p4", "category": "victim"}])


def test_a_childs_need_does_not_end_with_the_dossier(pair: Pair) -> None:
    for end in ("close", "refuse"):
        life = Life(pair, SAMPLE)
        life.begin()
        life.say("answerer", end)
        life.say("opener", "minor-welfare")
        assert contents(pair.ma, "minor-welfare")


# ---- services


def test_it_passes_between_police_justice_and_intelligence() -> None:
    pair = replace(SAMPLE, services={"police": "police", "justice": "justice", "aliens": "migration"}).pair()
    assert stopped(pair, SAMPLE.act("information", recipient="aliens")) == ("8",)
    pair.post("be", SAMPLE.act("information", recipient="justice"))


def test_intelligence_services_use_it_behind_their_wall() -> None:
    sample = replace(SAMPLE, area="security", services={"intelligence": "intelligence"}, envelope={})
    pair = sample.pair()
    pair.post("be", sample.act("information", purpose="national-security", handling=["H1", "H2"]))
    assert stopped(pair, sample.act("information", purpose="counter-terrorism", handling=["H1", "H2"])) == ("8",)


# ---- what is known of travel, and what became of it


def test_of_a_foreign_fighter_the_travel_is_said(pair: Pair) -> None:
    assert stopped(pair, saying(travel=None)) == ("9",)
    assert stopped(pair, saying(travel={"from": "Charleroi"})) == ("9",)
    pair.post("be", saying(phenomenon="lone-actor", travel=None))
    pair.post("be", saying(travel=TRAVEL | {"stage": "prevented"}))
    assert stopped(pair, saying(phenomenon="radical")) == ("9",)


def test_who_is_held_may_have_the_consulate_notified_and_no_arrest_is_asked_for(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    held = {"outcome": "investigation", "held": True}
    assert stopped(pair, SAMPLE.act("follow-up", dossier=life.dossier, body=held), by="ma") == ("9",)
    life.say("answerer", "follow-up", body=held | {"consular": {"told": True, "wish": "notify"}})
    assert not any("arrest" in name for name in TYPE.acts)


def test_what_became_of_it_is_never_overtaken() -> None:
    for ending in ("close", "withdraw"):
        story = Story(TYPE).play(("opener", "request", {"subjects": ["p1"]}))
        facts = {"message": "a"} if ending == "withdraw" else {}
        crossed = story.crossed(("opener", ending, facts), ("answerer", "follow-up", {}))
        assert (crossed.now.status, crossed.lost) == ("ended", ())


# ---- deadlines


def test_urgent_pt8h_or_p3d_standard_p7d() -> None:
    figures = {name: dict(one.duration) for name, one in TYPE.deadlines.items()}
    assert figures == {
        "acknowledge": {"standard": "P1D", "urgent": "PT8H", "immediate": "PT8H"},
        "answer-direct": {"urgent": "PT8H", "immediate": "PT8H"},
        "answer": {"standard": "P7D", "urgent": "P3D", "immediate": "P3D"},
    }


def test_spontaneous_information_owes_an_acknowledgement_and_no_answer() -> None:
    def running(opening: str, *acts: Any) -> set[str]:
        story = Story(TYPE).play(("opener", opening, {"subjects": ["p1"]}), *acts)
        return {run.deadline.name for run in runs(TYPE, story.happenings()) if run.end is None}

    assert running("information") == {"acknowledge"}
    assert running("request") == {"acknowledge", "answer"}
    assert running("request", ("answerer", "acknowledge", {})) == {"answer"}
    assert running("request", ("answerer", "reply", {})) == set()
