"""`human-trafficking`: victims apart from suspects, protected, not asked for papers, helped when they consent."""

from dataclasses import replace
from typing import Any

import pytest

from passerelle.dossiers.indexing import searchable
from passerelle.dossiers.types import Catalogue
from tests.peers.pair import Pair
from tests.types.human_trafficking import CONSENT, FACTS, GIRL, GUARDIAN, NAJAT, RECRUITER, SAMPLE, SUPPORT
from tests.types.life import Life, stopped
from tests.unit.dossiers.samples import Content, statement

pytestmark = pytest.mark.shows("human-trafficking", "rules")

TYPE = Catalogue.load().types["human-trafficking"]
PLEDGE: Content = {"not_used_against": True}


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


@pytest.fixture(scope="module")
def life(pair: Pair) -> Life:
    begun = Life(pair, SAMPLE)
    begun.begin()
    return begun


def about(*persons: Content, **changes: Any) -> Content:
    body = FACTS | changes.pop("body", PLEDGE)
    return SAMPLE.act("information", subjects=list(persons), body=body, **changes)


# ---- victims separated from suspects


def test_victims_stand_in_no_act_beside_suspects(pair: Pair) -> None:
    for protected in ("victim", "witness", "relative"):
        for harmful in ("suspect", "wanted", "convicted", "contact", "to-identify"):
            persons = [RECRUITER | {"category": harmful}, NAJAT | {"category": protected}]
            body = PLEDGE if protected == "victim" else {}
            assert stopped(pair, about(*persons, body=body)) == ("9",), (protected, harmful)
    pair.post("be", about(RECRUITER, body={}))
    pair.post("be", about(NAJAT))


def test_a_statement_is_about_persons_of_its_own_act(pair: Pair, life: Life) -> None:
    of_suspect = life.content("answerer", "reply", statements=[statement("p1")])
    assert stopped(pair, of_suspect, by="ma") == ("9",)
    life.say("answerer", "reply", statements=[statement("p2")])


def test_in_a_later_act_too(pair: Pair, life: Life) -> None:
    both = [RECRUITER | {"key": "p7"}, NAJAT]
    assert stopped(pair, life.content("answerer", "reply", subjects=both), by="ma") == ("9",)
    assert stopped(pair, life.content("answerer", "ask-more", subjects=both), by="ma") == ("9",)


# ---- H1 and H2


@pytest.mark.parametrize("codes", [["H0"], ["H1"], ["H2"], ["H0", "H2"]])
def test_victim_data_always_carries_h1_and_h2(pair: Pair, life: Life, codes: list[str]) -> None:
    assert stopped(pair, about(NAJAT, handling=codes)) == ("9",)
    assert stopped(pair, about(NAJAT | {"category": "witness"}, body={}, handling=codes)) == ("9",)
    for name in ("reply", "ask-more", "interim"):
        body = SAMPLE.bodies.get(name)
        more = {"body": body} if body else {}
        content = life.content("answerer", name, subjects=[NAJAT], handling=codes, **more)
        assert stopped(pair, content, by="ma") == ("9",), name
    assert stopped(pair, life.content("opener", "victim-support", handling=codes)) == ("9",)
    pair.post("be", about(RECRUITER, body={}, handling=["H0"]))


def test_what_the_type_starts_with_protects_victims() -> None:
    assert {"H1", "H2"} <= set(TYPE.defaults.handling)


# ---- never asked for the immigration status

SAID = (
    "Quel est son titre de séjour ?",
    "Is she in irregular stay?",
    "Heeft zij een verblijfsvergunning?",
    "هل إقامته قانونية أم هي إقامة غير قانونية؟",
    "A reçu un ordre de quitter le territoire",
    "sans-papiers",
    "بطاقة الإقامة رقم 17",
    "Entrée clandestine par la mer",
    "Elle est en séjour précaire",
    "ضحية الهجرة السرية",
)


@pytest.mark.parametrize("said", SAID)
def test_nobody_asks_or_tells_a_victims_immigration_status(pair: Pair, life: Life, said: str) -> None:
    asked = FACTS | {"questions": [said]}
    assert stopped(pair, SAMPLE.act("request", body=asked)) == ("9",)
    for name, body in (("ask-more", {"questions": [said]}), ("reply", PLEDGE | {"text": said})):
        assert stopped(pair, life.content("answerer", name, body=body), by="ma") == ("9",), name
    assert stopped(pair, about(NAJAT, statements=[statement("p2", text=said)])) == ("9",)


def test_papers_of_a_victim_are_no_field_here(pair: Pair) -> None:
    for field, value in (
        ("documents", [{"kind": "residence", "number": "1"}]),
        ("documents", [{"kind": "passport", "number": "1"}]),
        ("nationalities_text", "inconnue"),
    ):
        assert stopped(pair, about(NAJAT | {field: value})) == ("9",)
    assert "documents" in RECRUITER, "a suspect's are"
    assert TYPE.areas == {"criminal"}, "and no channel for migration carries the type"


def test_no_service_for_migration_receives_it() -> None:
    pair = replace(SAMPLE, services={"police": "police", "aliens": "migration"}).pair()
    assert stopped(pair, SAMPLE.act("information", recipient="aliens")) == ("8",)
    pair.post("be", SAMPLE.act("information"))


# ---- not punished for what was done to him


def test_who_brings_a_victim_binds_himself_not_to_use_it_against_him(pair: Pair, life: Life) -> None:
    assert stopped(pair, about(NAJAT, body={})) == ("9",)
    assert stopped(pair, about(NAJAT, body={"not_used_against": False})) == ("9",)
    assert stopped(pair, about(RECRUITER)) == ("9",), "nobody is bound about a suspect"
    bare = {"text": "تم التعرف عليها."}
    assert stopped(pair, life.content("answerer", "reply", body=bare), by="ma") == ("9",)


def test_a_note_says_whether_the_victim_is_prosecuted(pair: Pair, life: Life) -> None:
    less = {key: value for key, value in SUPPORT.items() if key != "non_punishment"}
    assert stopped(pair, life.content("opener", "victim-support", body=less)) == ("9",)
    for word in ("no-proceedings", "raised", "applied"):
        life.say("opener", "victim-support", body=SUPPORT | {"non_punishment": word})


def test_for_an_adult_the_means_are_named_and_for_a_child_none_is_needed(pair: Pair) -> None:
    without = {key: value for key, value in FACTS.items() if key != "means"}
    adult = SAMPLE.act("information", subjects=[NAJAT], body=without | PLEDGE)
    assert stopped(pair, adult) == ("9",)
    told = {"child_protection": "Jeugdzorg, dienst Brussel"}
    pair.post("be", SAMPLE.act("information", subjects=[GIRL], body=without | PLEDGE | told))


# ---- support, with consent


def note(life: Life, person: Content = NAJAT, **body: Any) -> Content:
    made = {key: value for key, value in {**SUPPORT, **body}.items() if value is not None}
    return life.content("opener", "victim-support", body=made, subjects=[person])


@pytest.mark.parametrize(
    "consent",
    [
        None,
        {key: value for key, value in CONSENT.items() if key != "given"},
        CONSENT | {"given": False},
        CONSENT | {"on": "2026-11-25"},
        CONSENT | {"by": "police"},
        CONSENT | {"by": "guardian"},
        {key: value for key, value in CONSENT.items() if key != "explained_in"},
    ],
)
def test_a_note_on_support_needs_the_victims_consent(pair: Pair, life: Life, consent: Content | None) -> None:
    assert stopped(pair, note(life, consent=consent)) == ("9",)


def test_of_a_minor_the_guardian_consents(pair: Pair, life: Life) -> None:
    in_doubt = {key: value for key, value in GIRL.items() if key != "births"} | {"minor": "doubt"}
    for child in (GIRL, in_doubt):
        assert stopped(pair, note(life, child)) == ("9",)
        assert stopped(pair, note(life, child, guardian=GUARDIAN)) == ("9",), "not the child alone"
        less = {key: value for key, value in GUARDIAN.items() if key != "child_protection"}
        by_guardian = CONSENT | {"by": "guardian"}
        assert stopped(pair, note(life, child, guardian=less, consent=by_guardian)) == ("9",)
        pair.post("be", note(life, child, guardian=GUARDIAN, consent=by_guardian))
    assert stopped(pair, note(life, guardian=GUARDIAN, consent=CONSENT | {"by": "guardian"})) == ("9",), "of an adult"


def test_a_child_is_known_to_a_child_protection_authority(pair: Pair) -> None:
    assert stopped(pair, about(GIRL)) == ("9",)
    pair.post("be", about(GIRL, body=PLEDGE | {"child_protection": "Jeugdzorg, dienst Brussel"}))


def test_a_note_is_about_one_victim_and_bears_no_statements(pair: Pair, life: Life) -> None:
    for wrong in (
        life.content("opener", "victim-support", subjects=[]),
        life.content("opener", "victim-support", subjects=[NAJAT, NAJAT | {"key": "p5"}]),
        life.content("opener", "victim-support", subjects=[RECRUITER]),
        life.content("opener", "victim-support", statements=[statement("p2")]),
    ):
        assert stopped(pair, wrong) == ("9",)


def test_need_does_not_end_with_the_dossier(pair: Pair) -> None:
    ended = Life(pair, SAMPLE)
    ended.begin()
    ended.say("answerer", "close")
    ended.say("opener", "victim-support")
    assert ended.state == "closed"


# ---- the rest


def test_victims_witnesses_relatives_and_minors_are_never_searchable() -> None:
    assert TYPE.indexed == {"suspect", "wanted", "convicted"}
    assert searchable(TYPE, RECRUITER)
    assert not searchable(TYPE, RECRUITER | {"minor": "doubt"})
    for category in ("victim", "witness", "relative", "contact", "to-identify"):
        assert not searchable(TYPE, NAJAT | {"category": category})


def test_an_offence_of_opinion_stops_for_a_second_approver(pair: Pair) -> None:
    for name in ("information", "request"):
        body = SAMPLE.bodies[name] | {"offence": "Blasphème"}
        assert stopped(pair, SAMPLE.act(name, body=body)) == ("9",)
        pair.post("be", SAMPLE.act(name, body=body), second="be-099")


def test_urgent_pt8h_or_p3d_standard_p7d() -> None:
    figures = {name: dict(one.duration) for name, one in TYPE.deadlines.items()}
    assert figures["answer"] == {"standard": "P7D", "urgent": "P3D", "immediate": "P3D"}
    assert figures["answer-direct"] == {"urgent": "PT8H", "immediate": "PT8H"}
