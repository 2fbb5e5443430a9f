"""`mutual-legal-assistance`: what each node stops, at which check, and what only an answer or a return lets go on."""

import pytest

from passerelle.core.clock import to_iso
from passerelle.dossiers.types import Catalogue
from passerelle.office import clock
from passerelle.ports.timers import TIMERS
from tests.peers.pair import Pair, type_entry
from tests.types.life import Life, reasons, stopped
from tests.types.mutual_legal_assistance import (
    CUSTODY,
    EVIDENCE,
    FREEZING,
    HEARING,
    LETTER,
    PIECE,
    REQUEST,
    SAMPLE,
    SEARCH,
    SERVICE,
    WITNESS,
)
from tests.unit.dossiers.samples import Content

pytestmark = pytest.mark.shows("mutual-legal-assistance", "rules")

GROUND = {"ground": "sealed-for-court", "decided_by": "Chambre du conseil (exemple)", "on": "2026-11-19"}
TYPE = Catalogue.load().types["mutual-legal-assistance"]


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


def without(body: Content, *names: str) -> Content:
    return {key: value for key, value in body.items() if key not in names}


def test_opened_and_released_by_magistrates_of_the_requesting_side() -> None:
    assert all(TYPE.acts[name].judicial for name in (*TYPE.opening, "conditions-answered"))
    done = ("conditions", "postponed", "partly-executed", "executed", "evidence-sent", "evidence-lent", "refuse")
    done += ("reply", "no-trace", "interim", "correct", "withdraw", "close", "reopen", "date-set", "return-settled")
    assert all(TYPE.acts[name].magistrate and TYPE.acts[name].four_eyes for name in done)


def test_check_8_one_magistrate_alone_does_not_open_a_letter(pair: Pair) -> None:
    assert stopped(pair, SAMPLE.opening(), releaser="be-017") == ("8",)


@pytest.mark.parametrize(
    "body",
    [
        without(REQUEST, "letter"),
        REQUEST | {"letter": without(LETTER, "authority")},
        without(REQUEST, "object"),
        without(REQUEST, "offence"),
        without(REQUEST, "facts"),
        without(REQUEST, "issued_by"),
        REQUEST | {"issued_by": "police"},
        without(REQUEST, "production", "hearing", "service", "appear_on"),
        REQUEST | {"hearing": HEARING | {"as": "suspect", "mode": "telephone", "consent_required": True}},
        REQUEST | {"hearing": HEARING | {"as": "suspect", "mode": "video"}},
        REQUEST | {"hearing": HEARING | {"mode": "telephone"}},
        REQUEST | {"hearing": HEARING | {"transfer": {"return_by": "2027-03-01"}}},
        REQUEST | {"search": without(SEARCH, "order")},
        REQUEST | {"freezing": without(FREEZING, "order")},
        REQUEST | {"service": without(SERVICE, "safe_conduct")},
        without(REQUEST, "appear_on"),
        REQUEST | {"needed_by": "2027-01-10"},
    ],
    ids=[
        "no letter",
        "no authority",
        "no object",
        "no offence",
        "no facts",
        "no issuer",
        "issued by the police",
        "no measure",
        "suspect by telephone",
        "suspect by video without consent",
        "telephone without agreement",
        "transfer without consent",
        "search without order",
        "freezing without order",
        "summons without safe conduct",
        "summons without a day",
        "a day without its reason",
    ],
)
def test_check_9_what_a_letter_must_say(pair: Pair, body: Content) -> None:
    assert stopped(pair, SAMPLE.opening(body=body)) == ("9",)


@pytest.mark.parametrize("measure", ["hearing", "service"])
def test_check_9_who_is_heard_or_served_is_named(pair: Pair, measure: str) -> None:
    other = {"hearing": ("service", "appear_on"), "service": ("hearing",)}[measure]
    content = SAMPLE.opening(body=without(REQUEST, *other), subjects=[])
    [words] = reasons(pair, content)
    assert f"subjects: expected at least 1, for {measure}, got 0" in words


def test_every_measure_can_be_asked_for_in_one_letter() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin(body=REQUEST | {"search": SEARCH, "freezing": FREEZING})
    assert life.state == "opened"


@pytest.mark.parametrize(
    "body",
    [
        without(EVIDENCE, "custody"),
        EVIDENCE | {"custody": [without(CUSTODY, "seals")]},
        without(EVIDENCE, "only_for_request"),
        EVIDENCE | {"only_for_request": False},
        without(EVIDENCE, "freely_obtained"),
        EVIDENCE | {"freely_obtained": False},
        EVIDENCE | {"pieces": [PIECE | {"privileged": "lawyer"}]},
        EVIDENCE | {"pieces": [PIECE | {"privilege": GROUND}]},
    ],
    ids=[
        "custody",
        "seals",
        "use",
        "other use",
        "how obtained",
        "ill-treatment",
        "privileged without ground",
        "ground without mark",
    ],
)
def test_check_9_evidence_with_its_custody_its_use_and_the_ground_of_privilege(pair: Pair, body: Content) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    for name in ("evidence-sent", "evidence-lent"):
        assert stopped(life.pair, life.content("ma", name, body=body), by="ma") == ("9",), name


@pytest.mark.parametrize("name", ["reply", "interim"])
def test_what_was_obtained_goes_as_evidence_and_in_no_other_act(name: str) -> None:
    assert TYPE.acts[name].attachments.most == 0


def test_privileged_material_passes_with_its_ground_and_can_be_refused_with_one() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    life.say("ma", "evidence-sent", body=EVIDENCE | {"pieces": [PIECE | {"privileged": "lawyer", "privilege": GROUND}]})
    life.say("ma", "refuse", body={"ground": "privileged", "reasons": "Correspondance avec un avocat."})
    assert life.state == "refused"


def test_nothing_obtained_is_used_beyond_the_letter() -> None:
    assert TYPE.indexed == frozenset()
    assert TYPE.handling.always == ("H2",)
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    content = life.content("ma", "evidence-sent", handling=["H0"])
    assert stopped(life.pair, content, by="ma") == ("9",)
    sent = life.say("ma", "evidence-sent")
    asked = life.say("be", "ask-evidence", message=sent.id)
    body = {"message": sent.id, "question": asked.id, "decision": "refused"}
    life.say("ma", "consent", body=body)


def test_check_10_nothing_is_done_while_conditions_wait_for_an_answer() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    life.say("ma", "conditions")
    for name in ("executed", "partly-executed", "evidence-sent", "evidence-lent", "postponed"):
        assert stopped(life.pair, life.content("ma", name), by="ma") == ("10",), name
    life.say("be", "conditions-answered", body={"decision": "accepted"})
    life.say("ma", "executed")
    assert life.state == "executed"


def test_check_10_originals_come_back_before_anything_ends() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    opening = life.begin()
    life.say("ma", "executed")
    life.say("ma", "evidence-lent")
    life.say("be", "evidence-returned")
    for by, name in (("be", "close"), ("ma", "close"), ("ma", "refuse"), ("ma", "suspend")):
        assert stopped(life.pair, life.content(by, name), by=by) == ("10",), name
    life.say("be", "withdraw", message=opening.id)
    assert life.state == "evidence-lent"
    life.say("ma", "return-settled")
    assert life.state == "executed"
    life.say("be", "close")
    assert life.state == "closed"


def test_originals_of_a_letter_partly_executed_leave_it_so() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    life.say("ma", "partly-executed")
    life.say("ma", "evidence-lent")
    life.say("ma", "return-settled", body={"how": "waived"})
    assert life.state == "partly-executed"


def test_a_loan_that_crosses_a_closure_is_not_forgotten() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    life.say("ma", "executed")
    life.pair.post("be", life.content("be", "close"))
    life.pair.post("ma", life.content("ma", "evidence-lent"))
    life.pair.settle("routine")
    assert life.state == "evidence-lent"


def test_proceedings_are_handed_over_taken_over_and_their_outcome_told() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin("transfer-proceedings")
    life.say("ma", "proceedings-taken")
    life.say("be", "withdraw", message=life.last["transfer-proceedings"])
    assert life.state == "proceedings", "what was taken over goes on"
    life.say("ma", "proceedings-result")
    life.say("be", "close")
    assert life.state == "closed"


def test_check_10_measures_belong_to_a_letter_and_proceedings_to_a_transfer() -> None:
    pair = SAMPLE.pair()
    letter = Life(pair, SAMPLE)
    letter.begin()
    assert stopped(pair, letter.content("ma", "proceedings-taken"), by="ma") == ("10",)
    transfer = Life(pair, SAMPLE)
    transfer.begin("transfer-proceedings")
    done = ("executed", "partly-executed", "evidence-sent", "evidence-lent", "conditions", "postponed", "date-set")
    for name in done:
        assert stopped(pair, transfer.content("ma", name), by="ma") == ("10",), name


def test_check_9_proceedings_are_about_a_suspect(pair: Pair) -> None:
    content = SAMPLE.act("transfer-proceedings", subjects=[WITNESS])
    assert stopped(pair, content) == ("9",)


def test_a_refusal_gives_its_ground_and_reasons() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    content = life.content("ma", "refuse", body={"ground": "political"})
    assert stopped(life.pair, content, by="ma") == ("9",)
    assert {"political", "fiscal", "military", "essential-interests", "not-judicial", "privileged"} <= set(TYPE.grounds)


def test_an_offence_of_opinion_stops_for_a_second_approver(pair: Pair) -> None:
    content = SAMPLE.opening(body=REQUEST | {"offence": "Outrage à magistrat"})
    assert stopped(pair, content) == ("9",)
    life = Life(pair, SAMPLE)
    life.begin(body=content["body"], second="be-099")
    assert life.state == "opened"


# ---- deadlines -------------------------------------------------------------------------------------------------------


def running(life: Life) -> dict[str, str]:
    """The days on which what runs is due, the same on both nodes."""
    found = []
    for peer in (life.pair.be, life.pair.ma):
        clock.tick(peer.ctx)
        mine = [one for one in peer.all(TIMERS) if one.dossier == life.dossier and one.state == "running"]
        found.append({one.deadline: to_iso(one.due)[:10] for one in mine})
    assert found[0] == found[1]
    return found[0]


def test_acknowledged_within_a_week_and_executed_as_the_channel_says() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    assert running(life) == {"acknowledge": "2026-11-28"}
    entry = type_entry("mutual-legal-assistance") | {"deadlines": {"execution": "P60D", "service": "P50D"}}
    life = Life(SAMPLE.pair(types={"mutual-legal-assistance": entry}), SAMPLE)
    life.begin()
    due = {"acknowledge": "2026-11-28", "execution": "2027-01-20", "service": "2026-12-27"}
    assert running(life) == due, "a summons for 15 February is served 50 days before"
    life.say("ma", "conditions")
    assert running(life) == {"service": "2026-12-27"}, "conditions stop the execution"
    life.say("be", "conditions-answered")
    assert running(life) == {"execution": "2027-01-20", "service": "2026-12-27"}
    life.say("ma", "executed")
    assert running(life) == {}
