"""The rules of `identification`, each by its name."""

from copy import deepcopy
from typing import Any

import pytest

from passerelle.core.clock import MILLISECONDS_A_DAY
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.content import problems
from passerelle.dossiers.deadlines import runs, span
from passerelle.dossiers.state import next_acts
from passerelle.dossiers.timing import Place
from passerelle.dossiers.types import LANGUAGES, Catalogue
from passerelle.dossiers.unsaid import folded
from tests.unit.dossiers import samples
from tests.unit.dossiers.samples import ACCOMPANIED, ALONE, ILYAS, NOW, SALMA, Content
from tests.unit.dossiers.story import Story, Told

KIND = Catalogue.load().types["identification"]
pytestmark = pytest.mark.shows("identification", "rules")
FORBIDDEN = ("asylum", "asile", "asiel", "لجوء", "refug", "réfug", "vluchteling", "protection")


def told(content: Content) -> list[str]:
    return [one.path for one in problems(content, KIND, now=NOW)]


def act(name: str, **envelope: Any) -> Content:
    return samples.act("identification", name, **envelope)


def less(content: Content, *steps: str) -> Content:
    """The content without the field at the end of the steps."""
    made = deepcopy(content)
    at = made
    for step in steps[:-1]:
        at = at[step]
    del at[steps[-1]]
    return made


# ---- the request


def test_request_identity_as_claimed_documents_and_an_enforceable_return_decision() -> None:
    request = samples.identification_request()
    assert told(request) == []
    assert told(less(request, "body", "claim")) == ["body.claim"]
    assert told(less(request, "body", "return_decision")) == ["body.return_decision"]
    for name in ("reference", "authority", "date", "enforceable"):
        assert told(less(request, "body", "return_decision", name)) == [f"body.return_decision.{name}"]
    not_yet = deepcopy(request)
    not_yet["body"]["return_decision"]["enforceable"] = False
    assert told(not_yet) == ["body.return_decision.enforceable"]
    tomorrow = deepcopy(request)
    tomorrow["body"]["return_decision"]["date"] = "2026-11-24"
    assert told(tomorrow) == ["body.return_decision.date"]


def test_request_is_about_one_person_to_be_identified() -> None:
    for persons, where in (
        ([], "subjects"),
        ([SALMA, SALMA | {"key": "p2"}], "subjects"),
        ([SALMA | {"category": "suspect"}], "subjects[0].category"),
        ([{key: value for key, value in SALMA.items() if key != "names"}], "subjects[0].names"),
    ):
        assert where in told(samples.identification_request(subjects=persons))


def test_fingerprints_wait_for_attachments_and_no_field_pretends_otherwise() -> None:
    names = {name for one in KIND.acts.values() for name in one.schema.get("properties", {})}
    assert not names & {"prints", "fingerprints", "photo", "attachments", "biometrics"}


# ---- local attestation, never sent


def test_local_attestation_no_protection_claim_is_asked_of_whoever_goes_on() -> None:
    asked = {one.name for one in KIND.acts.values() if one.attest}
    assert asked == {"request", "more-information", "resume", "reopen"}
    for one in asked:
        assert set(KIND.acts[one].attest) == {"no-protection-claim"}
        assert all(KIND.acts[one].attest["no-protection-claim"].text(language) for language in LANGUAGES)


def test_local_attestation_has_no_place_in_any_message() -> None:
    for key in ("attest", "attested", "attestation", "no-protection-claim"):
        assert told(samples.identification_request() | {key: True}) == [key]
        content = samples.identification_request()
        content["body"] = content["body"] | {key: True}
        assert told(content) == [f"body.{key}"]


# ---- nothing may reveal that asylum was ever sought


def fields_of_schemas() -> list[tuple[str, str]]:
    """Every name of a field and every word of a list that an act of this type can say, with its label."""
    found = []

    def walk(schema: Any) -> None:
        if isinstance(schema, dict):
            for name, child in schema.get("properties", {}).items():
                found.append((name, str(child.get("x-labels", "")) if isinstance(child, dict) else ""))
            if isinstance(schema.get("enum"), list):
                found.extend((str(word), str(schema.get("x-values", {}).get(word, ""))) for word in schema["enum"])
            for child in schema.values():
                walk(child)
        elif isinstance(schema, list):
            for child in schema:
                walk(child)

    for one in KIND.acts.values():
        walk({key: value for key, value in one.schema.items() if key != "$defs"})
        walk(one.schema["$defs"])
    return found


def test_no_field_and_no_word_speaks_of_asylum() -> None:
    found = fields_of_schemas()
    assert len(found) > 200
    for name, label in found:
        assert not any(word in (name + label).casefold() for word in FORBIDDEN), (name, label)


def test_no_ground_state_or_act_speaks_of_asylum() -> None:
    for part in (*KIND.states.values(), *KIND.acts.values()):
        text = part.name + str(part.labels) + str(part.help)
        assert not any(word in text.casefold() for word in FORBIDDEN), part.name
    assert set(KIND.grounds) == {"legal-impediment", "not-competent", "insufficient"}


def test_suspension_has_no_reason_and_no_text() -> None:
    assert KIND.acts["suspend"].schema["properties"] == {}
    assert told(act("suspend")) == []
    for field, value in {"ground": "legal-impediment", "until": "2026-12-24", "reason": "x", "comment": "x"}.items():
        assert told(act("suspend", body={field: value})) == [f"body.{field}"]
    assert "legal impediment" in KIND.acts["suspend"].help.en


def test_refusal_carries_the_neutral_legal_impediment_and_no_text() -> None:
    assert set(KIND.acts["refuse"].schema["properties"]) == {"ground"}
    assert told(act("refuse", body={"ground": "legal-impediment"})) == []
    for ground in ("human-rights", "essential-interests", "opinion", "privileged", "ongoing-investigation"):
        assert told(act("refuse", body={"ground": ground})) == ["body.ground"]
    assert told(act("refuse", body={"ground": "legal-impediment", "comment": "x"})) == ["body.comment"]


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("resume", "reason", "x"),
        ("reopen", "reason", "La demande a été rejetée"),
        ("close", "comment", "x"),
        ("no-trace", "comment", "x"),
        ("interim", "comment", "x"),
        ("assign", "reason", "x"),
    ],
)
def test_no_text_where_a_reason_could_tell(name: str, field: str, value: str) -> None:
    body = samples.OWN_BODIES["identification"].get(name, samples.BODIES[name])
    assert told(act(name)) == []
    assert told(act(name, body=body | {field: value})) == [f"body.{field}"]


def test_withdrawing_tells_no_unlawful_transmission() -> None:
    message = samples.new_id()
    for reason, where in (("no-longer-needed", []), ("wrong-person", []), ("unlawful", ["body.reason"])):
        assert told(act("withdraw", body={"reason": reason, "message": message})) == where
    assert told(act("withdraw", message=message)) == []


def test_statements_and_notes_on_persons_are_not_taken() -> None:
    assert told(samples.identification_request(statements=[samples.statement()])) == ["statements"]
    assert told(samples.identification_request(subjects=[SALMA | {"note": "x"}])) == ["subjects[0].note"]
    assert not any(name.startswith("statements") or name == "subjects.note" for name in KIND.fields)


TEXTS = {
    "necessity": lambda text: samples.identification_request(necessity=f"Retour. {text}."),
    "reference": lambda text: samples.identification_request(reference=text),
    "also_via[0]": lambda text: samples.identification_request(also_via=[text]),
    "body.return_decision.reference": lambda text: samples.identification_request(
        body={"return_decision": samples.RETURN | {"reference": text}, "claim": samples.CLAIM}
    ),
    "body.claim.last_address": lambda text: samples.identification_request(
        body={"return_decision": samples.RETURN, "claim": samples.CLAIM | {"last_address": text}}
    ),
    "subjects[0].documents[0].note": lambda text: samples.identification_request(
        subjects=[SALMA | {"documents": [{"kind": "other", "number": "1", "note": text}]}]
    ),
    "body.questions[0]": lambda text: act("ask-more", body={"questions": [text]}),
    "body.answers[0]": lambda text: act("more-information", body={"answers": [text]}),
    "body.corrections[0].value": lambda text: act(
        "correct",
        body={
            "message": samples.new_id(),
            "reason": "inaccurate",
            "corrections": [{"field": "body.claim.mother", "value": text}],
        },
    ),
}
SAID = [
    "rejected asylum seeker",
    "ASYLUM",
    "Demande d'asile clôturée",
    "protection   internationale",
    "protection-internationale",
    "REFUGIE",
    "réfugiée",
    "afgewezen asielzoeker",
    "internationale bescherming",
    "CGRA 17/00321",
    "annexe 26quater",
    "Bijlage 13quinquies",
    "كان قد قدم طلب اللجوء",
    "لاجِئ",
    "لاجئون",
    "الحمايـة الدولية",
]


@pytest.mark.parametrize("where", TEXTS)
def test_no_free_text_may_say_it(where: str) -> None:
    assert told(TEXTS[where]("Dossier 417 du 3 mars")) == []
    for text in SAID:
        assert where in told(TEXTS[where](text)), text


def test_towns_names_and_ordinary_words_are_not_mistaken() -> None:
    for text in (
        "Né à Asilah",
        "Dublin, Irlande",
        "annexe 2",
        "bijlage 2, 600 bladzijden",
        "protection civile",
        "حماية",
    ):
        assert told(TEXTS["necessity"](text)) == [], text
    named = SALMA | {"names": [{"text": "Nour Asile", "script": "Latn", "kind": "primary"}]}
    assert told(samples.identification_request(subjects=[named])) == []


def test_a_problem_never_repeats_what_must_not_be_said() -> None:
    [problem] = problems(TEXTS["necessity"]("demande d'asile"), KIND, now=NOW)
    assert "asile" not in str(problem)


def test_every_word_left_unsaid_is_found_in_a_text() -> None:
    assert len(KIND.unsaid) > 50
    for word in KIND.unsaid:
        assert "necessity" in told(TEXTS["necessity"](word.removesuffix("*"))), word
        assert folded(word), word


# ---- migration purpose


def test_migration_purpose_only() -> None:
    assert KIND.areas == {"migration"}
    assert not KIND.indexed


def test_no_handling_code_speaks_of_fighting_crime() -> None:
    assert KIND.defaults.handling == ("H1", "H2")
    for codes in (["H0"], ["H0", "H1", "H2"], ["H1"], ["H2"]):
        assert told(samples.identification_request(handling=codes)) == ["handling"] * (2 if codes == ["H0"] else 1)
    assert told(samples.identification_request(handling=["H1", "H2"])) == []


def test_its_data_cannot_even_be_asked_for_another_use() -> None:
    assert not {"ask-onward", "ask-evidence", "consent", "reply"} & set(KIND.acts)


# ---- minors


@pytest.mark.parametrize("birth", ["2010-09", "2008-11-22", "2008"])
def test_unaccompanied_minors_refused_without_guardian_and_best_interests_decision(birth: str) -> None:
    births = [{"date": birth, "calendar": "gregorian", "kind": "exact"}]
    child = ILYAS | {"births": births, "minor": "doubt" if birth == "2008" else "yes"}

    def refused(situation: Content | None) -> list[str]:
        return told(samples.minor_request(situation, subjects=[child]))

    assert refused(None) == ["body.minor"]
    assert refused(ALONE) == []
    assert refused(less(ALONE, "guardian")) == ["body.minor.guardian"]
    assert refused(less(ALONE, "best_interests")) == ["body.minor.best_interests"]
    assert refused(less(less(ALONE, "guardian"), "best_interests")) == [
        "body.minor.guardian",
        "body.minor.best_interests",
    ]
    against = ALONE | {"best_interests": ALONE["best_interests"] | {"return_in_best_interests": False}}
    assert refused(against) == ["body.minor.best_interests.return_in_best_interests"]


def test_accompanied_minors_say_with_whom() -> None:
    assert told(samples.minor_request(ACCOMPANIED)) == []
    assert told(samples.minor_request({"accompanied": True})) == ["body.minor.with"]
    assert told(samples.minor_request({"accompanied": True, "with": {"relation": "mother"}})) == [
        "body.minor.with.name"
    ]


def test_minority_follows_from_the_births_and_doubt_is_a_minor() -> None:
    claimed = [{"date": "2007-05-02", "calendar": "gregorian", "kind": "claimed"}]  # 19 by this, 17 within the margin
    child = ILYAS | {"births": claimed, "minor": "doubt"}
    assert told(samples.minor_request(None, subjects=[child])) == ["body.minor"]
    assert told(samples.minor_request(ALONE, subjects=[child])) == []
    # Saying that he is none does not help: the flag is the one that the births give.
    assert told(samples.minor_request(None, subjects=[child | {"minor": "no"}])) == ["subjects[0].minor"]
    both = [*claimed, {"date": "1990", "calendar": "gregorian", "kind": "exact"}]
    assert told(samples.minor_request(None, subjects=[child | {"births": both}])) == ["body.minor"]


def test_for_an_adult_nothing_is_asked_about_minors() -> None:
    assert told(samples.minor_request(ALONE, subjects=[SALMA])) == ["body.minor"]


def test_who_turns_out_to_be_a_minor_later_is_protected_from_then_on() -> None:
    body = samples.BODIES["more-information"]
    assert told(act("more-information", subjects=[ILYAS])) == ["body.minor"]
    assert told(act("more-information", subjects=[ILYAS], body=body | {"minor": ALONE})) == []
    assert told(act("more-information")) == []


# ---- acts and deadlines


def test_another_identity_is_given() -> None:
    other = samples.BODIES["nationality-confirmed"] | {"identity": "other"}
    assert told(act("nationality-confirmed", body=other)) == ["subjects"]
    assert told(act("nationality-confirmed", body=other, subjects=[SALMA])) == []


def test_a_laissez_passer_is_valid_for_some_time_yet() -> None:
    body = samples.BODIES["laissez-passer-issued"]
    assert told(act("laissez-passer-issued", body=body | {"valid_until": "2026-11-19"})) == ["body.valid_until"]
    content = act("laissez-passer-issued", retention="2027-11-21")
    assert problems(content, KIND, now=NOW + 40 * MILLISECONDS_A_DAY)[0].path == "body.valid_until"


def test_deadlines_acknowledge_p1d_answer_p45d_laissez_passer_as_the_channel_says() -> None:
    figures = {name: set(one.duration.values()) for name, one in KIND.deadlines.items()}
    assert figures == {"acknowledge": {"P1D"}, "answer": {"P45D"}, "laissez-passer": set()}
    assert (KIND.deadlines["acknowledge"].days, KIND.deadlines["answer"].days) == ("working", "calendar")
    assert all(one.owner == "answerer" for one in KIND.deadlines.values())


# ---- the life of a dossier

REQUEST: Told = ("opener", "request", {"subjects": ["p1"]})
CHARGE: Told = ("answerer", "take-charge", {})
CONFIRM: Told = ("answerer", "nationality-confirmed", {"laissez_passer": "will-be-issued"})
NOT: Told = ("answerer", "nationality-not-confirmed", {})
ISSUE: Told = ("answerer", "laissez-passer-issued", {})
EXPIRE: Told = ("opener", "laissez-passer-expired", {})
RETURN: Told = ("opener", "returned", {})
MORE: Told = ("opener", "more-information", {})
SUSPEND: Told = ("opener", "suspend", {})
RESUME: Told = ("opener", "resume", {})


def at(*acts: Told) -> Story:
    return Story(KIND).play(REQUEST, *acts)


def test_from_request_to_return() -> None:
    story = Story(KIND)
    states = []
    for one in (
        REQUEST,
        CHARGE,
        ("answerer", "consular-interview", {}),
        NOT,
        MORE,
        CONFIRM,
        ISSUE,
        EXPIRE,
        ISSUE,
        RETURN,
    ):
        story.play(one)  # type: ignore[arg-type]
        states.append(story.now.state)
    assert states == [
        "opened",
        "in-charge",
        "interview",
        "not-confirmed",
        "in-charge",
        "confirmed",
        "laissez-passer",
        "confirmed",
        "laissez-passer",
        "returned",
    ]
    assert story.now.status == "ended"
    assert not story.lost


def test_no_trace_is_an_answer_that_can_be_followed_by_another() -> None:
    story = at(("answerer", "no-trace", {}))
    assert story.now.state == "answered"
    assert story.play(MORE).now.state == "in-charge"


def test_no_return_and_no_document_without_a_confirmation_that_stands() -> None:
    story = at(CHARGE)
    assert "returned" not in next_acts(KIND, story.now, "opener")
    assert "laissez-passer-issued" not in next_acts(KIND, story.now, "answerer")
    story.play(CONFIRM)
    confirmation = story.events[-1].id
    assert story.refused("answerer", "laissez-passer-issued") == []
    story.tell("answerer", "withdraw", message=confirmation)
    assert story.refused("answerer", "laissez-passer-issued") == [
        "act: expected nationality-confirmed before, got none"
    ]
    assert story.refused("opener", "returned") == ["act: expected nationality-confirmed before, got none"]
    assert story.refused("answerer", "nationality-not-confirmed") == []


def test_only_who_suspended_resumes_and_where_it_stood() -> None:
    story = at(CHARGE, CONFIRM, ISSUE, SUSPEND)
    assert (story.now.state, story.now.back) == ("suspended", "laissez-passer")
    assert story.refused("answerer", "resume") != []
    assert story.play(RESUME).now.state == "laissez-passer"


def test_a_return_that_took_place_is_not_undone_by_a_withdrawal() -> None:
    story = at(CHARGE, CONFIRM, RETURN)
    assert story.refused("opener", "withdraw", {"message": "a"}) == []
    story.tell("opener", "withdraw", message="a")
    assert story.now.state == "returned"
    before = at(CHARGE, CONFIRM)
    before.tell("opener", "withdraw", message="a")
    assert before.now.state == "withdrawn"


def test_the_answering_side_does_not_close_what_it_has_confirmed() -> None:
    for story in (at(CONFIRM), at(CONFIRM, ISSUE), at(SUSPEND)):
        assert "close" not in next_acts(KIND, story.now, "answerer")
        assert "close" in next_acts(KIND, story.now, "opener")


# ---- when time runs


def ran(*acts: Told) -> dict[str, list[tuple[str, str]]]:
    """For each deadline the acts from which and to which it ran, "" where it still runs."""
    found: dict[str, list[tuple[str, str]]] = {}
    for run in runs(KIND, at(*acts).happenings()):
        found.setdefault(run.deadline.name, []).append((run.start.act, run.end.act if run.end else ""))
    return found


def test_the_answer_is_due_from_the_request_to_the_answer() -> None:
    assert ran() == {"acknowledge": [("request", "")], "answer": [("request", "")]}
    assert ran(CHARGE, CONFIRM) == {
        "acknowledge": [("request", "take-charge")],
        "answer": [("request", "nationality-confirmed")],
        "laissez-passer": [("nationality-confirmed", "")],
    }


def test_the_opening_side_acknowledges_nothing_for_the_other() -> None:
    assert ran(("opener", "acknowledge", {}))["acknowledge"] == [("request", "")]
    assert ran(("answerer", "acknowledge", {}))["acknowledge"] == [("request", "acknowledge")]


def test_after_more_information_an_answer_is_due_anew_and_after_a_suspension_the_same_goes_on() -> None:
    [_, suspended] = runs(KIND, at(CHARGE, SUSPEND).happenings())
    assert (suspended.deadline.name, suspended.end, suspended.resting is None) == ("answer", None, False)
    assert ran(CHARGE, SUSPEND, RESUME)["answer"] == [("request", "")]
    assert ran(NOT, MORE, CONFIRM)["answer"] == [
        ("request", "nationality-not-confirmed"),
        ("more-information", "nationality-confirmed"),
    ]
    assert ran(CONFIRM, SUSPEND, RESUME)["answer"] == [("request", "nationality-confirmed")], "it was answered"


def test_the_laissez_passer_is_due_only_where_the_channel_says_when() -> None:
    place = Place("Africa/Casablanca", Calendars.load().of("MA"))
    *_, run = runs(KIND, at(CONFIRM).happenings())
    assert run.deadline.name == "laissez-passer"
    assert span(run, place) is None
    assert span(run, place, "P5D") is not None
    not_needed = ("answerer", "nationality-confirmed", {"laissez_passer": "not-needed"})
    assert "laissez-passer" not in ran(not_needed)  # type: ignore[arg-type]


# ---- acts that cross, each pair both ways

OWN_SUSPEND: Told = ("answerer", "suspend", {})
REFUSE: Told = ("answerer", "refuse", {})
CLOSE: Told = ("opener", "close", {})
WITHDRAW: Told = ("opener", "withdraw", {"message": "a"})


@pytest.mark.parametrize(
    ("base", "one", "other", "state", "lost"),
    [
        # A person was returned: whatever was decided on paper at the same time.
        ([CONFIRM], RETURN, OWN_SUSPEND, "returned", ("suspend",)),
        ([CONFIRM], RETURN, REFUSE, "returned", ("refuse",)),
        ([CONFIRM, ISSUE], RETURN, ("answerer", "laissez-passer-expired", {}), "returned", ()),
        ([CONFIRM, ISSUE], RETURN, ISSUE, "returned", ()),
        ([CONFIRM], RETURN, NOT, "returned", ()),
        # A new document beside the expiry of the old one: there is a document.
        ([CONFIRM, ISSUE], EXPIRE, ISSUE, "laissez-passer", ()),
        # Both saw it expire.
        ([CONFIRM, ISSUE], EXPIRE, ("answerer", "laissez-passer-expired", {}), "confirmed", ()),
        # A suspension comes after the facts and hides none; it is where it stood after them.
        ([], SUSPEND, CONFIRM, "suspended", ()),
        ([CONFIRM], SUSPEND, ISSUE, "suspended", ()),
        ([CONFIRM], SUSPEND, OWN_SUSPEND, "suspended", ()),
        ([CONFIRM], SUSPEND, REFUSE, "refused", ()),
        # The answer had not seen what came with it: it counts, and the dossier stays open.
        ([CHARGE], MORE, NOT, "not-confirmed", ()),
        ([CHARGE], MORE, CONFIRM, "confirmed", ()),
        ([CHARGE], MORE, REFUSE, "refused", ()),
        ([NOT], MORE, ("answerer", "close", {}), "closed", ()),
        # The request is taken back: nothing of it may be used, also a document issued meanwhile.
        ([CONFIRM], WITHDRAW, ISSUE, "withdrawn", ()),
        ([], WITHDRAW, CONFIRM, "withdrawn", ()),
        ([], WITHDRAW, REFUSE, "withdrawn", ()),
        # A ground that was given is the better account of the end than a closure.
        ([], CLOSE, REFUSE, "refused", ()),
        ([CONFIRM], CLOSE, ISSUE, "closed", ()),
    ],
)
def test_crossing(base: list[Told], one: Told, other: Told, state: str, lost: tuple[str, ...]) -> None:
    for first, second in ((one, other), (other, one)):
        story = at(*base).crossed(first, second)
        assert (story.now.state, story.lost) == (state, lost)


def test_after_a_suspension_that_crossed_a_fact_it_goes_on_from_the_fact() -> None:
    story = at(CONFIRM).crossed(SUSPEND, ISSUE)
    assert story.now.back == "laissez-passer"
    assert story.refused("opener", "resume") == []


def test_a_suspension_looks_the_same_whatever_lies_behind_it() -> None:
    """Nothing that the other side holds tells one suspension from another."""
    stories = [at(CONFIRM, SUSPEND), at(CONFIRM, SUSPEND)]
    assert stories[0].now == stories[1].now
    assert stories[0].events[-1].facts == {}


def test_a_return_is_never_overtaken_whatever_it_came_after() -> None:
    # The opener wrote something of a high rank first, so the answerer's act is applied before the return.
    for by_answerer, state in (
        ("suspend", "returned"),
        ("refuse", "returned"),
        ("nationality-not-confirmed", "returned"),
    ):
        story = at(CONFIRM)
        heads = "".join(story.now.heads)
        story.tell("opener", "withdraw", after=heads, id="x", message="none")
        story.tell("opener", "returned", after="x", id="y")
        story.tell("answerer", by_answerer, after=heads, id="z")
        assert (story.now.state, story.lost) == (state, ())
