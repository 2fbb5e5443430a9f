"""The rules of `experience`: nothing personal, a programme that the other side agrees to, what came of it."""

import pytest

from tests.types.experience import DAYS, OFFER, SAMPLE
from tests.types.life import Life, stopped, stops
from tests.unit.dossiers.samples import YOUSSEF, Content, statement

pytestmark = pytest.mark.shows("experience", "rules")
KIND = SAMPLE.kind


# ---- nothing personal


@pytest.mark.parametrize(
    "words",
    ["Contact: formation@example.org", "Tél. +32 2 000 00 17", "Mme Peeters geeft de les", "تلقيه السيدة بناني"],
)
@pytest.mark.parametrize("act", ["offer", "programme", "material", "evaluation", "follow-up"])
def test_no_text_says_anything_about_a_person(life: Life, act: str, words: str) -> None:
    places: dict[str, Content] = {
        "offer": {"subject": words},
        "programme": {"days": [{"day": "2027-03-01", "theme": words}]},
        "material": {"text": words},
        "evaluation": {"better": words},
        "follow-up": {"points": [{"point": words, "status": "done"}]},
    }
    body = SAMPLE.bodies[act] | places[act]
    if act == "offer":
        assert stopped(SAMPLE.pair(), SAMPLE.opening(body=body)) == ("9",)
        return
    life.say("ma", "programme")
    life.say("be", "agree")
    assert stops(life, "be", act, body=body) == ("9",)


def test_no_persons_no_statements_no_index() -> None:
    pair = SAMPLE.pair()
    assert stopped(pair, SAMPLE.opening(subjects=[YOUSSEF | {"category": "contact"}])) == ("9",)
    assert stopped(pair, SAMPLE.opening(statements=[statement(about=[])])) == ("9",)
    assert not KIND.indexed


def test_who_sends_files_attests_that_nobody_is_named_in_them() -> None:
    with_files = {name for name, act in KIND.acts.items() if act.attachments.most}
    assert with_files == {"offer", "request", "programme", "material"}
    assert all(list(KIND.acts[name].attest) == ["nobody-named"] for name in with_files)


def test_who_writes_freely_attests_that_nobody_is_named() -> None:
    for name in ("evaluation", "follow-up", "reply", "interim", "ask-more", "correct"):
        assert list(KIND.acts[name].attest) == ["nobody-named"], name


def test_participants_are_a_number_and_nobody_is_graded() -> None:
    fields = KIND.acts["evaluation"].schema["properties"]
    assert fields["participants"]["type"] == "integer"
    assert not {"names", "grades", "results"} & set(fields)


# ---- offer or request, programme, material, evaluation


@pytest.mark.parametrize("name", ["offer", "request"])
def test_it_begins_with_an_offer_or_with_a_request(name: str) -> None:
    pair = SAMPLE.pair()
    content = SAMPLE.act(name)
    pair.post("be", content)
    pair.settle("routine")
    assert pair.ma.dossier(content["dossier"]).state == "opened"
    backwards = SAMPLE.act(name, body=SAMPLE.bodies[name] | {"until_day": "2027-02-01"})
    assert stopped(pair, backwards) == ("9",)


def test_one_agrees_to_the_programme_of_the_other(life: Life) -> None:
    life.say("ma", "programme")
    programme = life.last["programme"]
    assert life.state == "answered"
    assert stops(life, "ma", "agree", message=programme) == ("10",), "not to its own"
    assert stops(life, "ma", "evaluation") == ("10",), "nothing took place yet"
    life.say("be", "agree", message=programme)
    assert life.state == "agreed"
    life.say("ma", "programme", body=DAYS | {"place": "الرباط"})
    assert life.state == "answered", "a new programme is agreed to anew"
    assert stops(life, "be", "agree", message=programme) == ("10",), "the first was replaced"
    life.say("be", "agree")
    assert life.state == "agreed"


def test_what_was_learnt_comes_back_and_is_followed_up(life: Life) -> None:
    life.say("ma", "programme")
    life.say("be", "agree")
    life.say("be", "evaluation")
    assert life.state == "evaluated"
    life.say("ma", "follow-up")
    body = {"points": [{"point": "Traduire le manuel", "status": "soon"}]}
    assert stops(life, "be", "follow-up", body=body) == ("9",)


def test_a_visit_can_be_followed_up() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin(body=OFFER | {"kind": "follow-up-of-visit", "visit": "V-2026-07"})
    life.say("ma", "follow-up")
    assert life.state == "opened"


def test_an_answer_is_due_within_thirty_days() -> None:
    assert set(KIND.deadlines["answer"].duration.values()) == {"P30D"}
    assert KIND.deadlines["answer"].owner == "answerer"
