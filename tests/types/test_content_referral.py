"""The rules of `content-referral`: public content only, protected expression excluded, nothing ordered."""

from typing import Any

import pytest

from tests.types.content_referral import EXAMINED, REFERRAL, SAMPLE
from tests.types.life import Life, reasons, stopped, stops
from tests.unit.dossiers.samples import YOUSSEF, statement

pytestmark = pytest.mark.shows("content-referral", "rules")
KIND = SAMPLE.kind


def referral(**body: Any) -> Any:
    return SAMPLE.opening(body=REFERRAL | body)


# ---- address, hash, why it is illegal


@pytest.mark.parametrize("field", ["url", "hash", "media", "seen_on", "kinds", "law", "offence", "why"])
def test_a_referral_says_where_what_and_why(field: str) -> None:
    body = {name: value for name, value in REFERRAL.items() if name != field}
    assert stopped(SAMPLE.pair(), SAMPLE.opening(body=body)) == ("9",)


def test_what_it_does_is_of_a_closed_list() -> None:
    pair = SAMPLE.pair()
    for kinds in ([], ["offends"], ["incites", "incites"]):
        assert stopped(pair, referral(kinds=kinds)) == ("9",)


# ---- public content only


@pytest.mark.parametrize(
    "address",
    [
        "https://intranet/417",
        "http://127.0.0.1/417",
        "https://192.168.0.17/417",
        "https://user:secret@videos.example.org/417",
        "ftp://videos.example.org/417",
        "https://hidden.onion/417",
    ],
)
def test_only_an_address_that_everybody_can_open(address: str) -> None:
    pair = SAMPLE.pair()
    assert stopped(pair, referral(url=address)) == ("9",)
    assert stopped(pair, referral(mirrors=[address])) == ("9",)


def test_a_person_says_that_it_is_public() -> None:
    pair = SAMPLE.pair()
    assert stopped(pair, referral(public=False)) == ("9",)
    assert stopped(pair, SAMPLE.opening(body={k: v for k, v in REFERRAL.items() if k != "public"})) == ("9",)


# ---- journalistic, artistic, academic content excluded


@pytest.mark.parametrize("finding", EXAMINED)
def test_content_that_is_protected_expression_cannot_be_referred(finding: str) -> None:
    assert stopped(SAMPLE.pair(), referral(review={"examined": EXAMINED, "finding": finding})) == ("9",)


@pytest.mark.parametrize("examined", [EXAMINED[:5], [*EXAMINED[:5], "journalistic"], []])
def test_all_of_it_was_looked_at(examined: list[str]) -> None:
    assert stopped(SAMPLE.pair(), referral(review={"examined": examined, "finding": "none"})) == ("9",)


def test_the_answering_side_looks_itself_and_has_a_ground(life: Life) -> None:
    found = {"outcome": "referable", "review": "found", "law": "القانون 03-03"}
    assert stops(life, "ma", "assessed", body=found) == ("9",)
    assert stops(life, "ma", "assessed", body={"outcome": "referable", "review": "none"}) == ("9",), (
        "under which article"
    )
    life.say("ma", "refuse", body={"ground": "protected-expression"})
    assert life.state == "refused"


def test_an_offence_of_opinion_waits_for_a_second_approver() -> None:
    pair = SAMPLE.pair()
    content = referral(offence="Apologie du terrorisme")
    [told] = reasons(pair, content)
    assert "four_eyes.second" in told
    assert stopped(pair, content) == ("9",)
    message = pair.post("be", referral(offence="Apologie du terrorisme"), second="be-009")
    pair.settle("routine")
    assert pair.ma.message(message.id).state == "applied"


# ---- a referral is no removal order


@pytest.mark.parametrize(
    "words",
    [
        "This removal order was issued by a court.",
        "Une injonction de retrait suit.",
        "Een verwijderingsbevel volgt.",
        "صدر أمرٌ بالحذف.",
    ],
)
def test_no_text_orders_anything_in_any_language(words: str) -> None:
    pair = SAMPLE.pair()
    assert stopped(pair, referral(why=words)) == ("9",)
    assert stopped(pair, SAMPLE.opening(necessity=words)) == ("9",)


def test_no_act_and_no_word_of_a_list_orders() -> None:
    assert not [name for name in KIND.acts if "order" in name or "remov" in name]
    said = KIND.acts["forwarded"].schema["properties"]
    assert (said["nature"]["const"], said["decides"]["const"]) == ("referral", "host-by-its-own-terms")
    assert "kept" in KIND.acts["host-outcome"].schema["properties"]["outcome"]["enum"], "the host may decide otherwise"


@pytest.mark.parametrize(
    ("field", "value"), [("nature", "order"), ("nature", None), ("decides", "the service"), ("decides", None)]
)
def test_what_is_told_to_a_host_says_that_the_host_decides(life: Life, field: str, value: str | None) -> None:
    life.say("ma", "assessed")
    body = {**SAMPLE.bodies["forwarded"], field: value}
    assert stops(life, "ma", "forwarded", body={name: one for name, one in body.items() if one}) == ("9",)


def test_no_host_is_told_without_an_assessment(life: Life) -> None:
    assert stops(life, "ma", "forwarded") == ("10",)
    life.say("ma", "assessed", body={"outcome": "not-referable", "review": "undecided"})
    assert stops(life, "ma", "forwarded") == ("10",)
    life.say("ma", "assessed")
    life.say("ma", "forwarded")
    assert life.state == "forwarded"


def test_a_withdrawal_reaches_a_host_that_was_told(life: Life) -> None:
    opening = life.last["referral"]
    life.say("ma", "assessed")
    life.say("ma", "forwarded")
    life.say("ma", "host-outcome")
    life.say("be", "withdraw", message=opening)
    assert life.state == "recall-due"
    assert stops(life, "be", "close") == ("10",)
    life.say("ma", "host-recalled")
    assert life.state == "withdrawn"


def test_a_withdrawal_before_that_ends_it(life: Life) -> None:
    life.say("ma", "assessed")
    life.say("be", "withdraw", message=life.last["referral"])
    assert life.state == "withdrawn"


# ---- no persons, one day


def test_no_persons_no_statements_no_files() -> None:
    pair = SAMPLE.pair()
    assert stopped(pair, SAMPLE.opening(subjects=[YOUSSEF | {"category": "suspect"}])) == ("9",)
    assert stopped(pair, SAMPLE.opening(statements=[statement(about=[])])) == ("9",)
    assert not any(act.attachments.most for act in KIND.acts.values())


def test_it_is_assessed_within_a_day() -> None:
    assert set(KIND.deadlines["assessment"].duration.values()) == {"P1D"}
    assert KIND.deadlines["assessment"].owner == "answerer"
