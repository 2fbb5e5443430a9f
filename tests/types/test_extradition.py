"""`extradition`: what stands before an arrest, a decision, a surrender and whatever comes after it."""

from typing import Any

import pytest

from passerelle.dossiers.types import Catalogue
from tests.peers.pair import Pair, type_entry
from tests.types.extradition import (
    ASSURANCES,
    DECISION,
    EXAMINED,
    GRANTED,
    PAPERS,
    RE_EXTRADITION,
    REQUEST,
    REVIEWED,
    SAMPLE,
    SIMPLIFIED,
    SPECIALITY,
)
from tests.types.life import Life, reasons, stopped, stops
from tests.unit.dossiers.samples import LIEVE, YOUSSEF, Content

pytestmark = pytest.mark.shows("extradition", "rules")

TYPE = Catalogue.load().types["extradition"]
HELD = ("arrested", "consented", "granted", "postponed")


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


def without(body: Content, *names: str) -> Content:
    return {key: value for key, value in body.items() if key not in names}


def begun(*steps: tuple[Any, ...], pair: Pair | None = None, **opening: Any) -> Life:
    """A dossier after these steps: who acts, the act, and what it says otherwise."""
    life = Life(pair or SAMPLE.pair(), SAMPLE)
    life.begin(**opening)
    for by, name, *more in steps:
        life.say(by, name, **(more[0] if more else {}))
    return life


REVIEW = ("ma", "review")
SURRENDER = (REVIEW, ("ma", "arrested"), ("ma", "decision"), ("ma", "surrender"))


def test_magistrates_write_and_release_what_may_lead_to_an_arrest_or_a_surrender() -> None:
    judicial = {act.name for act in TYPE.acts.values() if act.judicial}
    asked = {"request", "speciality-request", "re-extradition-request", "other-proceedings", "re-extradited"}
    asked |= {"renounced-proceedings"}
    decided = {"simplified", "decision", "surrender-set", "temporary-surrender", "refuse"}
    assert judicial == asked | decided | {"speciality-answer", "re-extradition-answer"}


@pytest.mark.parametrize(
    "body",
    [
        *(without(REQUEST, name) for name in ("warrant", "facts", "provisions", "documents", "assurances", "purpose")),
        *(REQUEST | {"documents": without(PAPERS, name)} for name in PAPERS),
        *(
            REQUEST | {"assurances": without(ASSURANCES, name)}
            for name in ("death_penalty", "ill_treatment", "fair_trial")
        ),
        without(REQUEST, "maximum_penalty"),
        REQUEST | {"purpose": "sentence", "sentence": "P3Y"},
    ],
)
def test_check_9_the_request_with_its_documents_and_assurances(pair: Pair, body: Content) -> None:
    assert stopped(pair, SAMPLE.opening(body=body)) == ("9",)


def test_one_person_with_names_and_births(pair: Pair) -> None:
    for persons in ([], [YOUSSEF, LIEVE | {"key": "p2"}], [without(YOUSSEF, "births") | {"minor": "doubt"}]):
        assert stopped(pair, SAMPLE.opening(subjects=persons)) == ("9",)


SERVED = without(REQUEST, "maximum_penalty") | {"purpose": "sentence"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (REQUEST | {"maximum_penalty": "P11M"}, "body.maximum_penalty: expected at least P1Y"),
        (SERVED | {"sentence": "P3M", "remaining": "P3M"}, "body.sentence: expected at least P4M"),
        (SERVED | {"sentence": "P4M", "remaining": "P0D"}, "body.remaining: expected at least P1D"),
    ],
)
def test_check_8_below_the_threshold(pair: Pair, body: Content, words: str) -> None:
    assert stopped(pair, SAMPLE.opening(body=body)) == ("8",)
    [told] = reasons(pair, SAMPLE.opening(body=body))
    assert words in told


def test_the_channel_says_the_threshold() -> None:
    entry = type_entry("extradition") | {"figures": {"maximum-penalty": "P6Y"}}
    pair = SAMPLE.pair(types={"extradition": entry})
    assert stopped(pair, SAMPLE.opening()) == ("8",)
    begun(pair=pair, body=without(REQUEST, "maximum_penalty") | {"penalty": "life"})
    begun(pair=pair, body=REQUEST | {"maximum_penalty": "P6Y"})


@pytest.mark.parametrize("outcome", ["", "found", "undecided"])
def test_check_10_nobody_acts_before_a_review_that_found_nothing(outcome: str) -> None:
    reviewed = [("ma", "review", {"body": REVIEWED | {"outcome": outcome}})] if outcome else []
    life = begun(*reviewed)
    for name in ("arrested", "simplified", "decision"):
        assert stopped(life.pair, life.content("ma", name), by="ma") == ("10",), name
    life.say("ma", "refuse", body={"ground": "political", "reasons": "Infraction politique."})
    assert life.state == "refused"


def test_a_later_review_counts_again_before_the_surrender() -> None:
    life = begun(REVIEW, ("ma", "decision"), ("ma", "review", {"body": REVIEWED | {"outcome": "found"}}))
    for name in ("surrender-set", "temporary-surrender", "surrender"):
        assert stopped(life.pair, life.content("ma", name), by="ma") == ("10",), name


def test_check_9_an_arrest_says_what_became_of_the_consulate() -> None:
    life = begun(REVIEW)
    body = without(SAMPLE.bodies["arrested"], "consular")
    assert stopped(life.pair, life.content("ma", "arrested", body=body), by="ma") == ("9",)


@pytest.mark.parametrize(
    "body",
    [
        without(SIMPLIFIED, "judge"),
        without(SIMPLIFIED, "counsel"),
        SIMPLIFIED | {"counsel": False},
        SIMPLIFIED | {"informed": False},
        SIMPLIFIED | {"voluntary": False},
        without(SIMPLIFIED, "speciality_renounced"),
        without(SIMPLIFIED, "assurances_examined"),
    ],
)
def test_check_9_consent_before_a_judge_with_counsel_informed_and_free(pair: Pair, body: Content) -> None:
    life = begun(REVIEW, pair=pair)
    assert stopped(pair, life.content("ma", "simplified", body=body), by="ma") == ("9",)


PART = DECISION | {
    "outcome": "granted-in-part",
    "refused_offences": "Désertion",
    "refused_ground": "military",
    "reasons": "Infraction purement militaire.",
}


def test_a_decision_in_part_says_what_is_refused_on_which_ground_and_why() -> None:
    life = begun(REVIEW)
    for body in (
        *(without(PART, name) for name in ("refused_offences", "refused_ground", "reasons")),
        PART | {"outcome": "granted"},
        without(DECISION, "dual_criminality"),
        DECISION | {"assurances_examined": EXAMINED | {"sufficient": False}},
        without(DECISION, "assurances_examined"),
    ):
        assert stopped(life.pair, life.content("ma", "decision", body=body), by="ma") == ("9",)
    life.say("ma", "decision", body=PART)
    assert life.state == "granted"


@pytest.mark.parametrize("name", ["surrender-set", "temporary-surrender", "surrender"])
def test_assurances_are_examined_in_every_act_that_hands_the_person_over(pair: Pair, name: str) -> None:
    life = begun(REVIEW, ("ma", "decision"), pair=pair)
    body = without(SAMPLE.bodies[name], "assurances_examined")
    assert stopped(pair, life.content("ma", name, body=body), by="ma") == ("9",)


def test_no_surrender_without_a_decision_also_when_the_person_consents() -> None:
    life = begun(REVIEW, ("ma", "arrested"), ("ma", "simplified"))
    for name in ("surrender-set", "temporary-surrender", "surrender", "postponed"):
        assert stopped(life.pair, life.content("ma", name), by="ma") == ("10",), name


def test_every_ground_of_the_treaty_is_a_word_of_its_own_and_reasons_are_given() -> None:
    words = "political discrimination military own-national ne-bis-in-idem lapse-of-time amnesty death-penalty torture"
    more = "in-absentia dual-criminality threshold humanitarian fiscal place pending-proceedings"
    assert {*words.split(), *more.split()} <= set(TYPE.grounds)
    life = begun()
    content = life.content("ma", "refuse", body={"ground": "humanitarian"})
    assert stopped(life.pair, content, by="ma") == ("9",)


WAYS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "arrested": (REVIEW, ("ma", "arrested")),
    "consented": (REVIEW, ("ma", "arrested"), ("ma", "simplified")),
    "granted": (REVIEW, ("ma", "arrested"), ("ma", "decision")),
    "postponed": (REVIEW, ("ma", "arrested"), ("ma", "decision"), ("ma", "postponed")),
}


@pytest.mark.parametrize("state", HELD)
@pytest.mark.parametrize("end", ["withdraw", "refuse"])
def test_who_may_be_held_is_not_forgotten(state: str, end: str) -> None:
    life = begun(*WAYS[state])
    assert life.state == state
    assert stopped(life.pair, life.content("be", "close"), by="be") == ("10",)
    if end == "withdraw":
        life.say("be", "withdraw", message=life.last["request"])
    else:
        life.say("ma", "refuse")
    assert life.state == "release-pending"
    assert stopped(life.pair, life.content("be", "close"), by="be") == ("10",)
    life.say("ma", "released")
    life.say("be", "close")
    assert life.state == "closed"


def test_an_arrest_that_crosses_a_withdrawal_waits_for_the_release() -> None:
    life = begun(REVIEW)
    life.pair.post("be", life.content("be", "withdraw", message=life.last["request"]))
    life.pair.post("ma", life.content("ma", "arrested"))
    life.pair.settle("routine")
    assert life.state == "release-pending"


def test_a_surrender_that_crosses_a_withdrawal_stays_one() -> None:
    life = begun(REVIEW, ("ma", "arrested"), ("ma", "decision"))
    life.pair.post("be", life.content("be", "withdraw", message=life.last["request"]))
    life.pair.post("ma", life.content("ma", "surrender"))
    life.pair.settle("routine")
    assert life.state == "surrendered"


def test_who_was_lent_comes_back_before_the_surrender() -> None:
    life = begun(REVIEW, ("ma", "decision"), ("ma", "postponed"), ("ma", "temporary-surrender"))
    for by, name in (("be", "close"), ("ma", "surrender"), ("ma", "refuse")):
        assert stopped(life.pair, life.content(by, name), by=by) == ("10",), name
    life.say("be", "withdraw", message=life.last["request"])
    assert life.state == "temporarily-surrendered"
    life.say("be", "returned")
    assert life.state == "release-pending", "the request was withdrawn meanwhile"


def test_prosecution_instead_also_after_a_refusal() -> None:
    life = begun(("ma", "refuse"), ("ma", "prosecution-instead"))
    assert life.state == "prosecution"
    life.say("ma", "prosecution-result")
    life.say("be", "close")
    assert life.state == "closed"


def test_check_10_no_proceedings_but_on_the_answer_that_consents() -> None:
    life = begun(*SURRENDER)
    first = life.say("be", "speciality-request").id
    assert stops(life, "be", "other-proceedings", message=first) == ("10",)
    second = life.say("be", "speciality-request").id
    granted = life.say("ma", "speciality-answer", message=first).id
    refused = {"decision": "refused", "on": "2026-11-21", "ground": "political", "reasons": "Délit politique."}
    no = life.say("ma", "speciality-answer", body=refused | {"message": second}).id
    assert stops(life, "be", "other-proceedings", message=no) == ("10",)
    life.say("be", "other-proceedings", message=granted)
    body = SAMPLE.bodies["other-proceedings"] | {"message": granted, "offence": "Assassinat"}
    assert stops(life, "be", "other-proceedings", body=body) == ("9",), "the offence is the one of the request"
    life.say("ma", "withdraw", message=granted)
    assert stops(life, "be", "other-proceedings", message=granted) == ("10",), "an answer that was withdrawn"


def test_speciality_that_was_renounced_before_the_judge() -> None:
    life = begun(REVIEW, ("ma", "arrested"), ("ma", "simplified"), ("ma", "decision"), ("ma", "surrender"))
    assert stops(life, "be", "renounced-proceedings") == ("10",)
    consent = ("ma", "simplified", {"body": SIMPLIFIED | {"speciality_renounced": True}})
    life = begun(REVIEW, ("ma", "arrested"), consent, ("ma", "decision"), ("ma", "surrender"))
    life.say("be", "renounced-proceedings")
    assert life.state == "surrendered"


# ---- what is withdrawn, judged or lost ends nowhere but at liberty

REFUSED_THEN = ("arrested", "simplified", "decision", "surrender-set", "temporary-surrender", "surrender", "postponed")


def test_check_10_nobody_is_surrendered_on_a_request_that_was_withdrawn() -> None:
    """Lent meanwhile, and come back; or closed, and opened again."""
    life = begun(REVIEW, ("ma", "decision"), ("ma", "temporary-surrender"))
    life.say("be", "withdraw", message=life.last["request"])
    life.say("be", "returned")
    assert life.state == "release-pending"
    for name in REFUSED_THEN:
        assert stops(life, "ma", name) == ("10",), name
    life.say("ma", "released")
    life.say("be", "close")
    assert stops(life, "be", "reopen") == ("10",)


@pytest.mark.parametrize("again", [False, True])
def test_check_10_nobody_is_extradited_for_what_was_judged_here(again: bool) -> None:
    life = begun(REVIEW, ("ma", "prosecution-instead"), ("ma", "prosecution-result"))
    if again:
        life.say("be", "close")
        life.say("be", "reopen")
    assert life.state == "prosecuted"
    for name in REFUSED_THEN:
        assert stops(life, "ma", name) == ("10",), name


@pytest.mark.parametrize("by", ["be", "ma"])
@pytest.mark.parametrize("what", ["deceased", "escaped", "set-free"])
def test_who_was_lent_and_does_not_come_back(by: str, what: str) -> None:
    life = begun(REVIEW, ("ma", "decision"), ("ma", "temporary-surrender"))
    life.say(by, "not-returned", body={"what": what, "on": "2026-11-21"})
    assert life.state == "release-pending"
    assert (stops(life, by, "returned") if what != "escaped" else ("10",)) == ("10",)
    custody = {"set-free": "not-held"}.get(what, what)
    life.say("ma", "released", body={"custody": custody, "reason": "other"})
    life.say("be", "close")
    assert life.state == "closed"


def test_the_answering_side_may_say_that_who_was_lent_is_back() -> None:
    life = begun(REVIEW, ("ma", "decision"), ("ma", "temporary-surrender"), ("ma", "returned"))
    assert life.state == "postponed"


def test_check_9_speciality_is_asked_with_the_same_papers_and_what_the_person_said() -> None:
    life = begun(*SURRENDER)
    for name in ("warrant", "facts", "provisions", "documents", "assurances", "person_heard"):
        content = life.content("be", "speciality-request", body=without(SPECIALITY, name))
        assert stopped(life.pair, content) == ("9",), name
    content = life.content("be", "speciality-request", body=SPECIALITY | {"maximum_penalty": "P6M"})
    assert stopped(life.pair, content) == ("8",)


def test_an_answer_names_the_request_and_gives_ground_or_examined_assurances() -> None:
    life = begun(*SURRENDER, ("be", "speciality-request"))
    asked, other = life.last["speciality-request"], life.last["request"]
    for body, checks in (
        (GRANTED | {"message": other}, ("10",)),
        (without(GRANTED, "assurances_examined") | {"message": asked}, ("9",)),
        ({"decision": "refused", "on": "2026-11-21", "message": asked}, ("9",)),
    ):
        assert stopped(life.pair, life.content("ma", "speciality-answer", body=body), by="ma") == checks


def test_check_10_no_re_extradition_but_on_the_answer_that_consents() -> None:
    life = begun(*SURRENDER)
    content = life.content("be", "re-extradition-request", body=without(RE_EXTRADITION, "assurances"))
    assert stopped(life.pair, content) == ("9",)
    asked = life.say("be", "re-extradition-request").id
    assert stops(life, "be", "re-extradited", message=asked) == ("10",)
    granted = life.say("ma", "re-extradition-answer").id
    body = SAMPLE.bodies["re-extradited"] | {"message": granted}
    assert stops(life, "be", "re-extradited", body=body | {"state": "DZ"}) == ("9",), "the state of the request"
    life.say("be", "re-extradited", body=body)


def test_speciality_outlives_the_dossier() -> None:
    life = begun(*SURRENDER, ("be", "close"), ("be", "reopen"))
    assert life.state == "surrendered"
    assert stops(life, "be", "other-proceedings", message=life.last["request"]) == ("10",)


def test_an_offence_of_opinion_stops_for_a_second_approver(pair: Pair) -> None:
    warrant = REQUEST["warrant"] | {"offence": "المس بالمقدسات"}
    assert stopped(pair, SAMPLE.opening(body=REQUEST | {"warrant": warrant})) == ("9",)
    begun(pair=pair, body=REQUEST | {"warrant": warrant}, second="be-099")


def test_the_day_of_the_surrender_is_bound_by_the_treaty_alone() -> None:
    assert {text for one in TYPE.deadlines.values() for text in one.duration.values()} == set()
    bound = {name for name, one in TYPE.deadlines.items() if one.treaty}
    assert {"surrender", "taking-over", "decision", "simplified-decision"} <= bound
    assert TYPE.deadlines["taking-over"].then == "released"
