"""`asset-recovery`: freezing and after on a letter rogatory and by magistrates; frozen property is not forgotten."""

from typing import Any

import pytest

from passerelle.dossiers.content import problems
from passerelle.dossiers.indexing import searchable
from passerelle.dossiers.state import Standing
from passerelle.office import clock
from passerelle.ports.timers import TIMERS
from tests.peers.agree import agree
from tests.peers.pair import NOW, Pair
from tests.types.asset_recovery import FLAT, HOLDER, LETTER, RACHID, SAMPLE
from tests.types.life import Life, stopped, stops
from tests.unit.dossiers.samples import Content

pytestmark = pytest.mark.shows("asset-recovery", "rules")

REQUEST = SAMPLE.bodies["tracing-request"]
FREEZING = ("freezing-announced", "frozen", "confiscated", "shared", "returned")
SIDES = {name: ("opener" if name == "freezing-announced" else "answerer") for name in FREEZING}
TO_FROZEN = ("found", "freezing-announced", "frozen")
STAYS = {"still_frozen": True}


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


def begun(*acts: str | tuple[str, Content], pair: Pair | None = None) -> Life:
    """A dossier with these acts, each of the side that does it; with a changed body where one is given."""
    life = Life(pair or SAMPLE.pair(), SAMPLE)
    life.begin()
    for one in acts:
        name, change = (one, {}) if isinstance(one, str) else one
        say(life, name, **change)
    return life


def say(life: Life, name: str, **change: Any) -> Any:
    more = {"body": SAMPLE.bodies[name] | change} if change else {}
    return life.say(SIDES.get(name, "answerer"), name, **more)


def without(body: Content, *names: str) -> Content:
    return {key: value for key, value in body.items() if key not in names}


def overtaken(life: Life) -> tuple[str, ...]:
    return Standing.from_text(life.pair.be.dossier(life.dossier).standing).overtaken


def cross(life: Life, opener: str, answerer: str, **changes: Any) -> None:
    """Both sides act before either has seen what the other did."""
    life.pair.post("be", life.content("opener", opener, **changes), "routine")
    life.pair.post("ma", life.content("answerer", answerer), "routine")
    life.pair.settle("routine")


# ---- tracing


@pytest.mark.parametrize(
    "changes",
    [
        {"body": without(REQUEST, "case")},
        {"body": without(REQUEST, "sought")},
        {"body": without(REQUEST, "believed_because")},
        {"body": REQUEST | {"case": without(REQUEST["case"], "offence")}},
        {"subjects": []},
        {"subjects": [HOLDER]},
        {"subjects": [RACHID | {"category": "victim"}]},
    ],
    ids=["no case", "what is sought", "why there", "no offence", "nobody", "no suspect", "a victim"],
)
def test_check_9_property_is_traced_of_a_suspect_or_convicted_person_in_a_case(pair: Pair, changes: Content) -> None:
    assert stopped(pair, SAMPLE.opening(**changes)) == ("9",)


@pytest.mark.parametrize("kind", ["account", "real-estate", "vehicle", "company", "crypto-asset"])
def test_each_kind_of_property_can_be_sought_and_found(kind: str) -> None:
    sought = SAMPLE.opening(body=REQUEST | {"sought": [kind]})
    found = SAMPLE.act("found", body=SAMPLE.bodies["found"] | {"assets": [FLAT | {"kind": kind}]})
    assert problems(sought, SAMPLE.kind, now=NOW) == problems(found, SAMPLE.kind, now=NOW) == ()


def test_check_10_the_holder_of_property_is_a_person_of_the_dossier(pair: Pair) -> None:
    life = begun(pair=pair)
    assert stops(life, "answerer", "found", subjects=[]) == ("10",)


def test_whoever_holds_for_another_stands_in_no_index() -> None:
    wanted = {person["category"]: searchable(SAMPLE.kind, person) for person in (RACHID, HOLDER)}
    assert wanted == {"suspect": True, "contact": False}
    assert not searchable(SAMPLE.kind, HOLDER | {"category": "relative"})


def test_finding_and_no_trace_freeze_nothing() -> None:
    assert begun("found").state == "traced"
    assert begun("no-trace").state == "answered"


# ---- freezing and after: a letter rogatory and a magistrate


@pytest.mark.parametrize("name", FREEZING)
def test_check_9_freezing_and_after_need_a_letter_rogatory(name: str) -> None:
    body = SAMPLE.bodies[name]
    for letter in (None, *(without(LETTER, field) for field in ("authority", "reference", "date"))):
        content = SAMPLE.act(name, body=without(body, "letter") | ({"letter": letter} if letter else {}))
        found = [one.path for one in problems(content, SAMPLE.kind, now=NOW)]
        assert [one.partition(".")[2].partition(".")[0] for one in found] == ["letter"]
    content = SAMPLE.act(name, body=body | {"letter": without(LETTER, "dossier")})
    assert problems(content, SAMPLE.kind, now=NOW) == (), "its dossier is named where it has one"


def test_check_9_a_letter_missing_is_told_on_both_nodes(pair: Pair) -> None:
    life = begun("found", pair=pair)
    body = without(SAMPLE.bodies["freezing-announced"], "letter")
    assert stops(life, "opener", "freezing-announced", body=body) == ("9",)


def test_freezing_and_after_are_released_by_magistrates() -> None:
    acts = SAMPLE.kind.acts
    assert {name for name, act in acts.items() if act.magistrate} == {*FREEZING, "freezing-lifted", "consent"}
    assert not acts["tracing-request"].magistrate


def test_check_10_nothing_is_frozen_before_the_letter_was_announced(pair: Pair) -> None:
    life = begun("found", pair=pair)
    for name in ("frozen", "confiscated", "shared", "returned", "freezing-lifted"):
        assert stops(life, "answerer", name) == ("10",), name


def test_check_10_nothing_is_frozen_after_the_announcement_was_withdrawn() -> None:
    life = begun("found", "freezing-announced")
    life.say("opener", "withdraw", message=life.last["freezing-announced"])
    assert life.state == "freezing-announced"
    assert stops(life, "answerer", "frozen") == ("10",)


def test_check_10_confiscated_before_it_is_shared_and_frozen_before_it_is_confiscated() -> None:
    life = begun("found", "freezing-announced")
    assert stops(life, "answerer", "confiscated") == ("10",)
    say(life, "frozen")
    assert stops(life, "answerer", "shared") == ("10",)
    say(life, "confiscated")
    say(life, "shared")
    assert life.state == "shared"


@pytest.mark.parametrize("part", ["court", "reference", "date", "final"])
def test_check_9_a_confiscation_needs_the_final_order_of_a_court(part: str) -> None:
    body = SAMPLE.bodies["confiscated"]
    content = SAMPLE.act("confiscated", body=body | {"order": without(body["order"], part)})
    assert [one.path for one in problems(content, SAMPLE.kind, now=NOW)] == [f"body.order.{part}"]


def test_property_that_was_known_is_frozen_without_tracing() -> None:
    life = begun("freezing-announced", "frozen")
    assert life.state == "frozen"


# ---- frozen property is not forgotten


@pytest.mark.parametrize("side", ["opener", "answerer"])
@pytest.mark.parametrize("name", ["close", "refuse", "suspend"])
def test_check_10_no_act_ends_a_dossier_over_frozen_property(side: str, name: str) -> None:
    life = begun(*TO_FROZEN)
    if (side, name) != ("opener", "refuse"):
        assert stops(life, side, name) == ("10",)


@pytest.mark.parametrize("name", ["confiscated", "returned", "freezing-lifted"])
def test_check_10_the_rest_that_stays_frozen_keeps_it_open(name: str) -> None:
    life = begun(*TO_FROZEN, (name, STAYS))
    assert stops(life, "opener", "close") == ("10",)
    life.say("answerer", "freezing-lifted")
    life.say("opener", "close")
    assert life.state == "closed"
    agree(life.pair)


def test_check_10_what_is_frozen_again_has_to_be_lifted_again() -> None:
    life = begun(*TO_FROZEN, "freezing-lifted", "frozen", ("confiscated", STAYS))
    assert stops(life, "answerer", "close") == ("10",)


def test_a_request_that_is_withdrawn_leaves_the_lifting_due() -> None:
    life = begun(*TO_FROZEN)
    life.say("opener", "withdraw", message=life.pair.be.dossier(life.dossier).opening)
    assert life.state == "lift-due"
    assert stops(life, "opener", "close") == ("10",)
    life.say("answerer", "freezing-lifted")
    life.say("answerer", "close")
    assert life.state == "closed"


def test_what_is_found_after_a_freezing_does_not_hide_it() -> None:
    life = begun(*TO_FROZEN, ("freezing-lifted", STAYS), "found")
    assert life.state == "lifted"
    for side, name in (("opener", "close"), ("answerer", "refuse"), ("answerer", "suspend")):
        assert stops(life, side, name) == ("10",), name


def test_check_10_nothing_but_lifting_follows_a_request_that_was_withdrawn() -> None:
    life = begun(*TO_FROZEN)
    life.say("opener", "withdraw", message=life.pair.be.dossier(life.dossier).opening)
    say(life, "freezing-lifted", **STAYS)
    assert life.state == "lifted"
    for name in ("frozen", "confiscated", "returned"):
        assert stops(life, "answerer", name) == ("10",), name
    assert stops(life, "opener", "freezing-announced") == ("10",)
    assert stops(life, "opener", "close") == ("10",)


def test_check_10_what_was_lifted_in_full_is_not_confiscated() -> None:
    for before in ("freezing-lifted", "confiscated"):
        life = begun(*TO_FROZEN, before)
        assert stops(life, "answerer", "confiscated") == ("10",), before
    life = begun(*TO_FROZEN, ("freezing-lifted", STAYS), "confiscated")
    assert life.state == "confiscated"


def test_a_letter_that_is_withdrawn_leaves_the_lifting_due_or_is_replaced() -> None:
    life = begun(*TO_FROZEN)
    life.say("opener", "withdraw", message=life.last["freezing-announced"])
    assert life.state == "lift-due"
    assert stops(life, "answerer", "confiscated") == ("10",)
    say(life, "freezing-announced")
    assert life.state == "frozen"
    life.say("opener", "ask-more", body={"questions": ["Où en est-on ?"]})
    life.say("opener", "withdraw", message=life.last["ask-more"])
    assert life.state == "frozen", "another message"
    agree(life.pair)


@pytest.mark.parametrize(("act", "state"), [("close", "frozen"), ("withdraw", "lift-due")])
def test_a_freezing_that_crosses_an_end_is_not_overtaken(act: str, state: str) -> None:
    life = begun("found", "freezing-announced")
    changes = {"message": life.pair.be.dossier(life.dossier).opening} if act == "withdraw" else {}
    cross(life, act, "frozen", **changes)
    assert life.state == state
    frozen = life.pair.ma.dossier(life.dossier)
    assert frozen.state == state
    assert len(overtaken(life)) == (1 if act == "close" else 0), "the closure is, the freezing is not"


def test_a_final_order_is_not_undone_by_a_withdrawal() -> None:
    life = begun(*TO_FROZEN, "confiscated")
    life.say("opener", "withdraw", message=life.pair.be.dossier(life.dossier).opening)
    assert life.state == "confiscated"


@pytest.mark.parametrize(("urgency", "duration"), [("standard", "P7D"), ("urgent", "PT8H"), ("immediate", "PT8H")])
def test_the_answer_is_due_in_eight_hours_or_seven_days(urgency: str, duration: str) -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin(urgency=urgency)
    clock.tick(life.pair.ma.ctx)
    assert [(one.deadline, one.duration, one.owner) for one in life.pair.ma.all(TIMERS)] == [
        ("answer", duration, "own")
    ]
