"""The rules of `cyber`: a bundle of STIX 2.1, TLP and PAP kept, no personal data, an answer within eight hours."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from passerelle.dossiers.check import Check
from passerelle.dossiers.problem import Problem
from passerelle.ports.records import ALARMS
from tests.types.cyber import MARKS, OBJECTS, SAMPLE, SEEN, SHARE, bundle
from tests.types.life import Life, contents, reasons, stopped, stops, unchecked
from tests.unit.dossiers.samples import YOUSSEF, Content, statement

pytestmark = pytest.mark.shows("cyber", "rules")
KIND = SAMPLE.kind
LATER = ("sighting", "false-positive", "mitigation", "countermeasure")


def share(**changes: Any) -> Content:
    return SAMPLE.opening(body=SHARE | changes)


# ---- STIX 2.1


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        bundle({"type": "user-account", "id": "user-account--1e2d3c4b-5a69-5788-96a5-b4c3d2e1f005", "user_id": "x"}),
        bundle(*OBJECTS, OBJECTS[2]),
        bundle({**OBJECTS[1], "pattern": "[domain-name:value]"}),
        bundle().replace('"indicates"', '"indicates", "relationship_type": "uses"'),
    ],
    ids=["no JSON", "a user", "an object twice", "no pattern", "a key twice"],
)
def test_what_is_no_bundle_of_the_standard_is_refused_at_both_ends(text: str) -> None:
    assert stopped(SAMPLE.pair(), share(bundle=text)) == ("9",)


class Broken(Check, frozen=True):
    """A check whose own program is wrong."""

    def problems(self, content: Content) -> Iterator[Problem]:
        raise KeyError(content["id"])


def test_a_check_that_fails_refuses_the_act_and_never_stops_the_lane() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    acts = {**KIND.acts, "sighting": replace(KIND.acts["sighting"], checks=(Broken(),))}
    there = life.pair.be.ctx.catalogue
    broken = replace(there, types={**there.types, "cyber": replace(KIND, acts=acts)})
    object.__setattr__(life.pair.be.ctx, "catalogue", broken)
    life.say("ma", "sighting")
    refused = life.last["sighting"]
    life.say("ma", "mitigation")
    assert life.pair.ma.message(refused).checks == ("9",)
    assert life.pair.be.message(life.last["mitigation"]).state == "applied"
    [alarm] = [one for one in life.pair.be.all(ALARMS) if one.what == "check.failed"]
    assert "KeyError at problems:" in alarm.text, "where, and never what stood there"


@pytest.mark.parametrize("who", ["releaser", "second"])
def test_nobody_is_no_person_in_an_act_that_arrives(who: str) -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    content = life.content("ma", "mitigation")
    with unchecked(life.pair.ma):
        sent = life.pair.post("ma", content, **{who: "-"})
    life.pair.settle("routine")
    assert life.pair.ma.message(sent.id).checks == ("9",)


def test_the_bundle_arrives_as_the_text_that_was_made(life: Life) -> None:
    [read] = contents(life.pair.ma, "share")
    assert read["body"]["bundle"] == SHARE["bundle"]


# ---- TLP and PAP kept


@pytest.mark.parametrize("field", ["tlp", "pap"])
def test_every_act_of_its_own_says_tlp_and_pap(life: Life, field: str) -> None:
    for name in LATER:
        body = {key: value for key, value in SAMPLE.bodies[name].items() if key != field}
        assert stops(life, "ma", name, body=body) == ("9",)
    assert stopped(SAMPLE.pair(), SAMPLE.opening(body={k: v for k, v in SHARE.items() if k != field})) == ("9",)


@pytest.mark.parametrize("name", LATER)
def test_no_later_act_says_less_than_the_first(life: Life, name: str) -> None:
    body = SAMPLE.bodies[name]
    assert stops(life, "ma", name, body=body | {"tlp": "green"}) == ("10",)
    assert stops(life, "ma", name, body=body | {"pap": "clear"}) == ("10",)
    life.say("ma", name, body=body | {"tlp": "red", "pap": "red"})
    assert life.pair.be.message(life.last[name]).state == "applied", "more is always allowed"


@pytest.mark.parametrize("name", ["reply", "interim", "ask-more", "no-trace", "correct"])
def test_what_repeats_an_indicator_in_words_keeps_its_marks(life: Life, name: str) -> None:
    act = KIND.acts[name]
    assert {"tlp", "pap"} <= set(act.schema["required"])
    by = "be" if name == "correct" else "ma"
    body = dict(SAMPLE.bodies[name]) | ({"message": life.last["share"]} if name == "correct" else {})
    assert stops(life, by, name, body={key: one for key, one in body.items() if key != "tlp"}) == ("9",)
    assert stops(life, by, name, body=body, handling=["H0"]) == ("9",)
    assert stops(life, by, name, body=body | {"tlp": "green"}) == ("10",)
    assert stops(life, by, name, body=body | {"pap": "clear"}) == ("10",)
    life.say(by, name, body=body)


def test_the_markings_inside_say_the_same() -> None:
    pair = SAMPLE.pair()
    for field, words in (("tlp", ("green", "amber-strict")), ("pap", ("clear", "red"))):
        for word in words:
            [told] = reasons(pair, share(**{field: word}))
            assert f"body.{field}" in told
    assert stopped(pair, share(tlp="green")) == ("9",)


@pytest.mark.parametrize("word", ["amber", "amber-strict", "red"])
def test_from_amber_on_the_receiver_asks_before_it_passes_anything_on(life: Life, word: str) -> None:
    body = SEEN | MARKS | {"tlp": word}
    assert stops(life, "ma", "sighting", body=body, handling=["H0"]) == ("9",)
    assert stopped(SAMPLE.pair(), SAMPLE.opening(handling=["H0"])) == ("9",)
    life.say("ma", "sighting", body=body, handling=["H0", "H2"])
    assert life.state == "sighted"


@pytest.mark.parametrize("word", ["amber", "red"])
def test_nothing_that_shows_is_done_where_the_pap_bars_it(word: str) -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin(body=SHARE | {"bundle": bundle(OBJECTS[4]), "pap": word})
    assert stops(life, "ma", "countermeasure", body=SAMPLE.bodies["countermeasure"] | {"pap": word}) == ("10",)
    life.say("ma", "mitigation", body=SAMPLE.bodies["mitigation"] | {"pap": word})
    assert life.state == "mitigated", "what cannot be noticed may be done"


# ---- sighting, false positive, mitigation


def test_what_was_seen_wrong_and_done_is_said_about_objects(life: Life) -> None:
    for name in ("sighting", "false-positive"):
        assert stops(life, "ma", name, body=SAMPLE.bodies[name] | {"objects": ["indicator--7"]}) == ("9",)
    assert stops(life, "ma", "sighting", body=SEEN | MARKS | {"last_day": "2026-11-18"}) == ("9",)
    life.say("ma", "false-positive")
    assert life.state == "answered"
    life.say("ma", "sighting")
    life.say("be", "mitigation")
    assert life.state == "sighted", "what the author itself does moves nothing"
    life.say("ma", "countermeasure")
    assert life.state == "mitigated"


def test_no_persons_no_statements_no_files_no_index() -> None:
    pair = SAMPLE.pair()
    assert stopped(pair, SAMPLE.opening(subjects=[YOUSSEF | {"category": "suspect"}])) == ("9",)
    assert stopped(pair, SAMPLE.opening(statements=[statement(about=[])])) == ("9",)
    assert not any(act.attachments.most for act in KIND.acts.values())
    assert not KIND.indexed


def test_a_first_answer_is_due_within_eight_hours() -> None:
    deadline = KIND.deadlines["first-answer"]
    assert set(deadline.duration.values()) == {"PT8H"}
    assert deadline.owner == "answerer"
    assert {moment.act for moment in deadline.ends_at} >= {*LATER, "no-trace", "reply", "refuse"}
