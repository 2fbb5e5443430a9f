"""The rules of `financial-intelligence`: between FIUs, who reported unnamed, nothing passed on without consent."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from passerelle.core.errors import InputError
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.deadlines import runs, span
from passerelle.dossiers.timing import Place
from tests.types.financial_intelligence import CONSENT, KARIM, REPORT, REQUEST, SAMPLE
from tests.types.life import Life, reasons, stopped, stops
from tests.unit.dossiers.samples import Content
from tests.unit.dossiers.story import Story

pytestmark = pytest.mark.shows("financial-intelligence", "rules")
KIND = SAMPLE.kind


@pytest.fixture
def life() -> Life:
    """A request that was answered."""
    made = Life(SAMPLE.pair(), SAMPLE)
    made.begin()
    made.say("answerer", "reply")
    return made


# ---- between FIUs only


def test_no_other_service_can_be_the_recipient() -> None:
    pair = replace(SAMPLE, services={"fiu": "fiu", "police": "police"}).pair()
    assert stopped(pair, SAMPLE.opening(recipient="police")) == ("8",)
    life = Life(pair, SAMPLE)
    life.begin()
    assert life.state == "opened"


def test_no_channel_without_fius_can_be_signed_with_it() -> None:
    with pytest.raises(InputError, match="expected a service of the kind fiu"):
        replace(SAMPLE, services={"police": "police"}).pair()


def test_no_index_and_no_assignment_to_another_service() -> None:
    assert not KIND.indexed
    assert "assign" not in KIND.acts


# ---- who reported is never named


def fields(schema: Any) -> Iterator[str]:
    """Every name of a field that an act of the type can have, in forms too."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for child in schema.values():
            yield from fields(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from fields(child)


def test_there_is_no_field_for_who_reported() -> None:
    named = {name for act in KIND.acts.values() for name in fields(act.schema)}
    goaml = {"rentity_id", "rentity_branch", "reporting_person", "entity_reference", "submission_code", "teller"}
    assert not [name for name in named if name in goaml or ("report" in name and name != "report")]


@pytest.mark.parametrize("name", ["rentity_id", "reporting_person", "location", "reason", "my_client"])
def test_elements_of_a_report_that_name_it_are_refused(name: str) -> None:
    report = REPORT | {name: "Banque X"}
    assert stopped(SAMPLE.pair(), SAMPLE.opening(body=REQUEST | {"report": report})) == ("9",)


@pytest.mark.parametrize(
    "words",
    [
        "The reporting entity is a bank in Antwerp.",
        "L'établissement déclarant a bloqué le virement.",
        "The bank which reported it knows the client.",
        "An STR filed by Exemple Bank in May.",
        "Déclaration de soupçon faite par la Banque Exemple.",
        "Le déclarant connaît le client depuis 2019.",
        "De meldplichtige entiteit kent de cliënt.",
        "أفادت الجهات المصرحة بذلك.",
        "De meldende instelling kent de cliënt sinds 2019.",
        "وقد أفادت المؤسسة المصرِّحة بأن الحساب جديد.",
    ],
)
def test_no_text_says_it_in_any_language(words: str) -> None:
    pair = SAMPLE.pair()
    assert stopped(pair, SAMPLE.opening(body=REQUEST | {"facts": words})) == ("9",)
    [told] = reasons(pair, SAMPLE.opening(necessity=words))
    assert words not in told


def test_a_report_speaks_of_persons_accounts_and_entities_of_its_own_act() -> None:
    pair = SAMPLE.pair()
    report = deepcopy(REPORT)
    report["transactions"][0]["to"]["party"] = "a9"
    [told] = reasons(pair, SAMPLE.opening(body=REQUEST | {"report": report}))
    assert "body.report.transactions[0].to.party: expected one of a1, a2, e1, p1, got a9" in told
    twice = deepcopy(REPORT)
    twice["accounts"][1]["key"] = "a1"
    assert stopped(pair, SAMPLE.opening(body=REQUEST | {"report": twice})) == ("9",)
    assert stopped(pair, SAMPLE.opening(subjects=[KARIM | {"key": "p2"}])) == ("9",)


# ---- nothing is passed on without consent


@pytest.mark.parametrize("codes", [["H0"], ["H0", "H1"], ["H0", "H2"]])
def test_every_act_bars_court_and_passing_on(codes: list[str]) -> None:
    assert KIND.handling.always == ("H1", "H2")
    assert stopped(SAMPLE.pair(), SAMPLE.opening(handling=codes)) == ("9",)


def test_nothing_is_passed_on_before_the_consent(life: Life) -> None:
    answer = life.last["reply"]
    assert stops(life, "be", "disseminated", message=answer) == ("10",)
    life.say("be", "ask-onward", message=answer)
    question = life.last["ask-onward"]
    assert stops(life, "be", "disseminated", message=question) == ("10",), "asking is no consent"
    life.say("ma", "consent", message=answer)
    life.say("be", "disseminated")
    assert life.pair.ma.message(life.last["disseminated"]).state == "applied"


REFUSED: Content = {
    "decision": "refused",
    "refusal": "impairs-investigation",
    "explanation": "Enquête en cours",
    "authority": CONSENT["authority"],
    "purpose": CONSENT["purpose"],
}


@pytest.fixture
def agreed(life: Life) -> Life:
    """The answer may be passed on: asked, and consented to."""
    life.answer = life.last["reply"]
    life.say("be", "ask-onward", message=life.answer)
    life.say("ma", "consent", message=life.answer)
    return life


def answered(life: Life, **body: Any) -> Content:
    """What the unit says of the answer that was asked about; without conditions where it does not grant any."""
    conditions = {} if body.get("decision") == "refused" else {"conditions": CONSENT["conditions"]}
    plain = {"message": life.answer, "question": life.last["question"]}
    return {name: CONSENT[name] for name in ("decision", "authority", "purpose")} | conditions | plain | body


def test_a_refusal_is_no_consent(life: Life) -> None:
    life.answer = life.last["reply"]
    life.say("be", "ask-onward", message=life.answer)
    life.say("ma", "consent", body=answered(life, **REFUSED))
    assert stops(life, "be", "disseminated", message=life.last["consent"]) == ("10",)


@pytest.mark.parametrize(("question", "other"), [("ask-onward", "used-as-evidence"), ("ask-evidence", "disseminated")])
def test_a_consent_is_for_what_was_asked_alone(life: Life, question: str, other: str) -> None:
    answer = life.last["reply"]
    life.say("be", question, message=answer)
    life.say("ma", "consent", message=answer)
    assert stops(life, "be", other, message=life.last["consent"]) == ("10",)


def test_whom_and_what_for_stands_in_the_consent_alone() -> None:
    for name in ("disseminated", "used-as-evidence"):
        assert not {"authority", "purpose", "court"} & set(KIND.acts[name].schema["properties"])


def test_the_newest_answer_to_a_question_counts(agreed: Life) -> None:
    first = agreed.last["consent"]
    agreed.say("ma", "consent", body=answered(agreed, **REFUSED))
    assert stops(agreed, "be", "disseminated", message=first) == ("10",), "the unit changed its mind"
    agreed.say("ma", "consent", body=answered(agreed))
    assert stops(agreed, "be", "disseminated", message=first) == ("10",), "the first one was replaced"
    agreed.say("be", "disseminated")


def test_another_question_leaves_a_consent_as_it_is(agreed: Life) -> None:
    first = agreed.last["consent"]
    agreed.say("be", "ask-onward", message=agreed.answer)
    agreed.say("ma", "consent", body=answered(agreed, **REFUSED))
    agreed.say("be", "disseminated", message=first)


@pytest.mark.parametrize("act", ["withdraw", "restrict"])
@pytest.mark.parametrize("what", ["reply", "consent"])
def test_nothing_rests_on_what_was_withdrawn_or_restricted(agreed: Life, act: str, what: str) -> None:
    agreed.say("ma", act, message=agreed.last[what])
    assert stops(agreed, "be", "disseminated", message=agreed.last["consent"]) == ("10",)
    if act == "restrict" and what == "reply":
        agreed.say("ma", "withdraw", message=agreed.last["restrict"])
        agreed.say("be", "disseminated", message=agreed.last["consent"])


def test_a_question_taken_back_has_no_answer(agreed: Life) -> None:
    agreed.say("be", "withdraw", message=agreed.last["question"])
    assert stops(agreed, "be", "disseminated", message=agreed.last["consent"]) == ("10",)


def test_an_answer_to_no_question_is_no_consent(agreed: Life) -> None:
    for wrong in (agreed.last["request"], agreed.answer, "01932f3a-1234-7abc-8def-000000000017"):
        agreed.say("ma", "consent", body=answered(agreed, question=wrong))
        assert stops(agreed, "be", "disseminated", message=agreed.last["consent"]) == ("10",)
    agreed.say("ma", "interim")
    agreed.say("ma", "consent", body=answered(agreed, message=agreed.last["interim"]))
    assert stops(agreed, "be", "disseminated", message=agreed.last["consent"]) == ("10",), "asked about another message"


def test_nothing_was_passed_on_before_its_consent_came(agreed: Life) -> None:
    assert stops(agreed, "be", "disseminated", body={"message": agreed.last["consent"], "on": "2026-11-20"}) == ("10",)


@pytest.mark.parametrize("field", ["authority", "purpose", "decision", "question"])
def test_a_consent_names_question_authority_and_purpose(life: Life, field: str) -> None:
    body = {name: value for name, value in CONSENT.items() if name != field}
    assert stops(life, "ma", "consent", body={**body, "message": life.last["reply"]}) == ("9",)


def test_conditions_and_grounds_stand_with_the_decision_they_belong_to(life: Life) -> None:
    message = {"message": life.last["reply"]}
    bare = {name: value for name, value in CONSENT.items() if name != "conditions"}
    for wrong in (
        bare | {"decision": "conditional"},
        bare | {"decision": "refused"},
        bare | {"decision": "refused", "refusal": "outside-scope"},
        bare | {"decision": "granted", "refusal": "outside-scope"},
    ):
        assert stops(life, "ma", "consent", body=wrong | message) == ("9",)


def test_the_unit_itself_consents_not_a_magistrate() -> None:
    assert KIND.acts["consent"].four_eyes
    assert not KIND.acts["consent"].magistrate


# ---- request, dissemination, reply


@pytest.mark.parametrize("field", ["matter", "facts", "link", "sought", "use"])
def test_a_request_says_what_is_known_and_what_it_is_for(field: str) -> None:
    body = {name: value for name, value in REQUEST.items() if name != field}
    assert stopped(SAMPLE.pair(), SAMPLE.opening(body=body)) == ("9",)


def test_information_is_told_without_being_asked() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    states = life.play(
        ("opener", "request"),  # of another dossier, to show that the two differ
    )
    content = SAMPLE.act("disseminate")
    life.pair.post("be", content)
    life.pair.settle("routine")
    life.dossier = content["dossier"]
    assert (states, life.state) == (["opened"], "informed")
    life.say("ma", "reply")
    assert life.state == "informed", "it may be answered, and nothing is owed"


def test_a_refusal_is_explained_but_for_the_neutral_ground() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    assert stops(life, "ma", "refuse", body={"ground": "ongoing-investigation"}) == ("9",)
    for ground in set(KIND.grounds) - {"legal-impediment"}:
        [told] = reasons(life.pair, life.content("ma", "refuse", body={"ground": ground}), by="ma")
        assert "body.comment" in told
    life.say("ma", "refuse", body={"ground": "legal-impediment"})
    assert life.state == "refused"


def test_files_are_documents_alone() -> None:
    """A report as it was filed, which names who filed it, finds no place as data of a device."""
    kinds = {one.name for act in KIND.acts.values() for one in act.attachments.kinds}
    assert kinds == {"documents"}


def test_answers_are_due_after_thirty_days_or_one_when_urgent_and_none_for_what_nobody_asked() -> None:
    place = Place("Africa/Casablanca", Calendars.load().of("MA"))
    deadline = KIND.deadlines["answer"]
    assert dict(deadline.duration) == {"standard": "P30D", "urgent": "P1D", "immediate": "P1D"}
    asked = Story(KIND).play(("opener", "request", {}))
    [run] = runs(KIND, asked.happenings())
    counted = span(run, place)
    assert counted is not None
    assert counted.duration == "P30D"
    asked.play(("answerer", "reply", {}))
    [run] = runs(KIND, asked.happenings())
    assert run.end is not None
    told = Story(KIND).play(("opener", "disseminate", {}), ("answerer", "take-charge", {}))
    assert runs(KIND, told.happenings()) == []
