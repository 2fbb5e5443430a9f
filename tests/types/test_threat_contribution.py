"""The rules of `threat-contribution`: nothing personal, levels on named scales, scales mapped and never merged."""

from copy import deepcopy

import pytest

from tests.types.life import Life, reasons, stopped, stops
from tests.types.threat_contribution import HERE, SAMPLE, THERE
from tests.unit.dossiers.samples import YOUSSEF, Content, statement

pytestmark = pytest.mark.shows("threat-contribution", "rules")
KIND = SAMPLE.kind
ASSESSMENT: Content = dict(SAMPLE.bodies["assessment"])
JOINT: Content = dict(SAMPLE.bodies["joint-assessment"])


@pytest.fixture
def life() -> Life:
    """Both have given their view."""
    made = Life(SAMPLE.pair(), SAMPLE)
    made.begin()
    made.say("ma", "own-assessment")
    return made


# ---- what an assessment says


@pytest.mark.parametrize("field", ["phenomenon", "region", "view", "trend", "confidence", "sources", "text"])
def test_an_assessment_is_whole(field: str) -> None:
    body = {name: value for name, value in ASSESSMENT.items() if name != field}
    assert stopped(SAMPLE.pair(), SAMPLE.opening(body=body)) == ("9",)


def test_sources_are_kinds_of_a_closed_list() -> None:
    pair = SAMPLE.pair()
    for sources in ([], ["our man in the port"], ["open-source", "open-source"]):
        assert stopped(pair, SAMPLE.opening(body=ASSESSMENT | {"sources": sources})) == ("9",)


# ---- a level stands on its author's own named scale


def test_the_level_is_one_of_the_scale_that_stands_beside_it() -> None:
    pair = SAMPLE.pair()
    content = SAMPLE.opening(body=ASSESSMENT | {"view": HERE | {"level": "5 extrême"}})
    [told] = reasons(pair, content)
    assert "body.view.level: expected one of 1 faible, 2 moyen, 3 grave, 4 très grave, got 5 extrême" in told
    assert stopped(pair, content) == ("9",)


@pytest.mark.parametrize(
    "view",
    [
        {"level": "3 grave"},
        {"scale": {"levels": ["a", "b"]}, "level": "a"},
        {"scale": {"name": "x", "levels": ["a"]}, "level": "a"},
        {"scale": {"name": "x", "levels": ["a", "a"]}, "level": "a"},
    ],
    ids=["no scale", "no name", "one level", "twice the same"],
)
def test_a_scale_has_a_name_and_levels(view: Content) -> None:
    assert stopped(SAMPLE.pair(), SAMPLE.opening(body=ASSESSMENT | {"view": view})) == ("9",)


# ---- scales are mapped, never merged


def test_a_joint_assessment_has_no_level_of_its_own(life: Life) -> None:
    fields = KIND.acts["joint-assessment"].schema["properties"]
    assert set(fields) == {"opener", "answerer", "mapping", "text", "differences"}
    for merged in ({"level": "3 grave"}, {"view": HERE}, {"scale": HERE["scale"]}):
        assert stops(life, "be", "joint-assessment", body=JOINT | merged) == ("9",)


@pytest.mark.parametrize("side", ["opener", "answerer", "mapping"])
def test_both_levels_and_their_mapping_are_there(life: Life, side: str) -> None:
    body = {name: value for name, value in JOINT.items() if name != side}
    assert stops(life, "be", "joint-assessment", body=body) == ("9",)


def test_the_mapping_speaks_of_levels_of_both_scales(life: Life) -> None:
    for side in ("opener", "answerer"):
        body = deepcopy(JOINT)
        body["mapping"][0][side] = "6"
        assert stops(life, "be", "joint-assessment", body=body) == ("9",)
    swapped = JOINT | {"opener": THERE, "answerer": HERE}
    assert stops(life, "be", "joint-assessment", body=swapped) == ("9",)


def test_two_sides_have_two_scales(life: Life) -> None:
    body = deepcopy(JOINT)
    body["answerer"] = deepcopy(body["opener"])
    for pair in body["mapping"]:
        pair["answerer"] = pair["opener"]
    assert stops(life, "be", "joint-assessment", body=body) == ("9",)


def test_neither_speaks_for_both_before_both_have_spoken() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    assert stops(life, "be", "joint-assessment") == ("10",)


def test_one_side_proposes_and_the_other_adopts(life: Life) -> None:
    life.say("be", "joint-assessment")
    proposal = life.last["joint-assessment"]
    assert stops(life, "be", "joint-adopted", message=proposal) == ("10",), "not its own"
    assert stops(life, "ma", "joint-adopted", message=life.last["assessment"]) == ("10",), "not another message"
    life.say("ma", "joint-adopted", message=proposal)
    assert life.state == "adopted"


def test_a_view_given_anew_takes_the_proposal_back(life: Life) -> None:
    life.say("be", "joint-assessment")
    life.say("ma", "own-assessment")
    assert life.state == "both-assessed"


# ---- nothing personal


@pytest.mark.parametrize(
    "words",
    [
        "Write to m.dupont@example.org.",
        "Appeler le +212 6 00 00 00 17.",
        "Rijksregisternummer 86.03.14-000.00.",
        "Passport ZX0000017 was seen.",
        "Monsieur Amraoui dirige le réseau.",
        "السيد العمراوي يدير الشبكة.",
    ],
)
def test_no_text_says_anything_about_a_person(life: Life, words: str) -> None:
    assert stops(life, "be", "comment", body={"text": words}) == ("9",)
    assert stopped(SAMPLE.pair(), SAMPLE.opening(body=ASSESSMENT | {"text": words})) == ("9",)


def test_no_persons_no_statements_no_files_no_index() -> None:
    pair = SAMPLE.pair()
    assert stopped(pair, SAMPLE.opening(subjects=[YOUSSEF | {"category": "suspect"}])) == ("9",)
    assert stopped(pair, SAMPLE.opening(statements=[statement(about=[])])) == ("9",)
    assert not any(act.attachments.most for act in KIND.acts.values())
    assert not KIND.indexed


def test_the_author_attests_that_nobody_is_named() -> None:
    for name in ("assessment", "own-assessment", "comment", "joint-assessment", "ask-more", "correct"):
        assert list(KIND.acts[name].attest) == ["nobody-named"]


def test_nothing_is_owed() -> None:
    assert not KIND.deadlines
