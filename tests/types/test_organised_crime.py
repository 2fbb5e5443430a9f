"""`organised-crime`: an operation is agreed before it begins and not lost sight of; whom the type protects."""

from typing import Any

import pytest

from passerelle.dossiers.deadlines import runs
from passerelle.dossiers.indexing import searchable
from passerelle.dossiers.state import next_acts
from passerelle.dossiers.types import Catalogue
from passerelle.office import workflow
from passerelle.office.asking import NotAllowedError
from tests.peers.pair import Pair, type_entry
from tests.peers.staff import Desk
from tests.types.life import Life, stopped
from tests.types.organised_crime import AUTHORITY, BRAM, DELIVERY, DOCKER, FACTS, GROUP, RISK, SAMPLE
from tests.unit.dossiers.samples import Content, statement
from tests.unit.dossiers.story import Story, Told

pytestmark = pytest.mark.shows("organised-crime", "rules")

TYPE = Catalogue.load().types["organised-crime"]


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


def proposal(**body: Any) -> Content:
    body = {key: value for key, value in {**DELIVERY, **body}.items() if value is not None}
    return SAMPLE.act("propose-operation", body=body)


# ---- what a dossier is about


def test_drugs_firearms_groups_and_smuggling_of_migrants(pair: Pair) -> None:
    words = ["drugs", "firearms", "migrant-smuggling"]
    for word in words:
        pair.post("be", SAMPLE.act("information", body=FACTS | {"phenomenon": word}))
    pair.post("be", SAMPLE.act("information", body=FACTS | {"phenomenon": "criminal-group", "group": GROUP}))
    assert stopped(pair, SAMPLE.act("information", body=FACTS | {"phenomenon": "migration"})) == ("9",)


def test_a_criminal_group_is_three_persons_or_more(pair: Pair) -> None:
    about = FACTS | {"phenomenon": "criminal-group"}
    assert stopped(pair, SAMPLE.act("information", body=about)) == ("9",)
    assert stopped(pair, SAMPLE.act("information", body=about | {"group": GROUP | {"persons": 2}})) == ("9",)


def test_an_offence_of_opinion_stops_for_a_second_approver(pair: Pair) -> None:
    for name in ("information", "request", "propose-operation"):
        body = SAMPLE.bodies[name] | {"offence": "Offense envers une autorité et outrage"}
        assert stopped(pair, SAMPLE.act(name, body=body)) == ("9",)
        pair.post("be", SAMPLE.act(name, body=body), second="be-099")


# ---- a request that comes of a hit

HIT = {"index": "criminal-groups", "reference": "00ab17cd22ef3344", "claim": "5e" * 32}


def test_a_hit_is_of_somebody_and_the_reply_says_whether_it_was_the_person(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin("request", body=SAMPLE.bodies["request"] | HIT, subjects=[BRAM])
    life.say("ma", "reply", body={"text": "Autre date de naissance.", "hit_outcome": "not-the-person"})
    assert life.state == "answered"
    assert stopped(pair, SAMPLE.act("request", body=SAMPLE.bodies["request"] | HIT, subjects=[])) == ("9",)
    body = {"text": "Peut-être.", "hit_outcome": "perhaps"}
    assert stopped(pair, life.content("ma", "reply", body=body), by="ma") == ("9",)


@pytest.mark.parametrize("name", HIT)
def test_check_9_a_hit_is_proven_in_full_or_not_said(pair: Pair, name: str) -> None:
    hit = {key: value for key, value in HIT.items() if key != name}
    assert stopped(pair, SAMPLE.act("request", body=SAMPLE.bodies["request"] | hit, subjects=[BRAM])) == ("9",)


# ---- the proposal of an operation


@pytest.mark.parametrize(
    "body",
    [
        {"goods": None},
        {"route": None},
        {"route": DELIVERY["route"][:1]},
        {"handled": None},
        {"authority": None},
        {"authority": {key: value for key, value in AUTHORITY.items() if key != "reference"}},
        {"risk": None},
        {"risk": {key: value for key, value in RISK.items() if key != "stop_when"}},
        {"contact": None},
        {"until_day": "2026-11-23"},
        {"from_day": "2026-11-10"},
        {"goods": [{"kind": "persons", "description": "x", "quantity": "3"}]},
        {"operation": "interception"},
    ],
    ids=" ".join,
)
def test_a_controlled_delivery_says_goods_route_authority_and_risk(pair: Pair, body: Content) -> None:
    assert stopped(pair, proposal(**body)) == ("9",)


def test_another_operation_lets_nothing_through(pair: Pair) -> None:
    for operation in ("joint-investigation", "simultaneous-action"):
        assert stopped(pair, proposal(operation=operation)) == ("9",)
        pair.post("be", proposal(operation=operation, goods=None, route=None, handled=None))


def test_the_other_sides_authority_agrees_or_declines_with_a_reason(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    assert stopped(pair, life.content("ma", "agree-operation", body={"contact": "x"}), by="ma") == ("9",)
    assert stopped(pair, life.content("ma", "decline-operation", body={"reason": "no"}), by="ma") == ("9",)
    assert stopped(pair, life.content("be", "operation-log"), by="be") == ("10",), "nothing begins before"
    life.say("answerer", "decline-operation")
    assert life.state == "declined"


# ---- a magistrate, where the channel says so


def released(magistrates: list[str]) -> tuple[Desk, Any]:
    """A proposal that waits for its release, under a channel that keeps these acts for magistrates."""
    entry = type_entry("organised-crime") | {"magistrate": magistrates}
    desk = Desk(SAMPLE.pair(types={"organised-crime": entry}))
    return desk, workflow.draft(desk.office, desk.ann, desk.pair.act("be", proposal()), submit=True)


def test_operations_need_a_magistrates_release_where_the_channel_says_so() -> None:
    desk, made = released(["propose-operation", "agree-operation"])
    with pytest.raises(NotAllowedError, match="judicial act: expected the role magistrate"):
        workflow.release(desk.office, desk.luc, [made.id])
    assert workflow.release(desk.office, desk.zoe, [made.id])[0].releaser == "zoe"
    desk.pair.settle()
    assert desk.pair.ma.dossier(made.dossier).state == "proposed"


def test_and_an_approvers_where_it_does_not() -> None:
    desk, made = released([])
    assert workflow.release(desk.office, desk.luc, [made.id])[0].releaser == "luc"
    assert not any(TYPE.acts[name].magistrate for name in ("propose-operation", "agree-operation"))


def test_both_nodes_refuse_one_person_alone_for_an_operation(pair: Pair) -> None:
    assert stopped(pair, proposal(), releaser="be-017") == ("8",)


# ---- what is let through is not lost sight of

PROPOSE: Told = ("opener", "propose-operation", {})
AGREE: Told = ("answerer", "agree-operation", {})
LOG: Told = ("opener", "operation-log", {})
STOP: Told = ("answerer", "stop-operation", {})
RESULT: Told = ("opener", "result", {})
CLOSE: Told = ("opener", "close", {})
SUSPEND: Told = ("opener", "suspend", {"ground": "capacity"})
WITHDRAW: Told = ("opener", "withdraw", {"message": "a"})
SEIZE: Told = ("answerer", "seizure", {})


def at(*acts: Told) -> Story:
    return Story(TYPE).play(PROPOSE, *acts)


def test_an_agreed_operation_ends_with_a_result_and_with_nothing_else() -> None:
    for acts in ([AGREE], [AGREE, LOG], [AGREE, LOG, STOP]):
        story = at(*acts)
        for side in ("opener", "answerer"):
            assert not {"close", "suspend", "refuse"} & set(next_acts(TYPE, story.now, side)), acts
            assert {"result", "stop-operation", "seizure", "operation-log"} <= set(next_acts(TYPE, story.now, side))
        assert story.refused("opener", "withdraw", {"message": "a"}) != []
        assert story.play(RESULT, CLOSE).now.state == "closed"


def test_an_agreement_that_is_withdrawn_stops_it() -> None:
    for acts in ([AGREE], [AGREE, LOG]):
        story = at(*acts, ("answerer", "withdraw", {"message": "b"}))
        assert story.now.state == "stopped"
        assert story.play(LOG).now.state == "stopped", "what was seen is on record, and nothing goes on"
        assert story.refused("opener", "close") != []
        assert story.play(RESULT, CLOSE).now.state == "closed"
    asked: Told = ("answerer", "ask-more", {})
    assert at(AGREE, LOG, asked, ("answerer", "withdraw", {"message": "d"})).now.state == "under-way"


def test_either_side_stops_it_alone_and_at_once() -> None:
    assert not TYPE.acts["stop-operation"].four_eyes
    for side in ("opener", "answerer"):
        for acts in ([AGREE], [AGREE, LOG]):
            assert at(*acts, (side, "stop-operation", {})).now.state == "stopped"


@pytest.mark.parametrize(
    ("base", "one", "other", "state", "lost"),
    [
        # Agreed while the other side took it back, closed or suspended: it is agreed, and somebody must end it.
        ([], WITHDRAW, AGREE, "stopped", ()),
        ([], CLOSE, AGREE, "agreed", ("close",)),
        ([], SUSPEND, AGREE, "agreed", ("suspend",)),
        # What happened is on record, whatever was decided at the same time.
        ([AGREE], LOG, STOP, "stopped", ()),
        ([AGREE, LOG], RESULT, STOP, "concluded", ()),
        ([AGREE, LOG, RESULT], CLOSE, SEIZE, "closed", ()),
        ([AGREE, LOG], RESULT, ("answerer", "operation-log", {}), "concluded", ()),
        ([AGREE], ("opener", "stop-operation", {}), STOP, "stopped", ()),
        # Declined beside a withdrawal: nothing is let through either way.
        ([], WITHDRAW, ("answerer", "decline-operation", {}), "withdrawn", ()),
        ([], CLOSE, ("answerer", "decline-operation", {}), "declined", ("close",)),
    ],
)
def test_crossing(base: list[Told], one: Told, other: Told, state: str, lost: tuple[str, ...]) -> None:
    for first, second in ((one, other), (other, one)):
        story = at(*base).crossed(first, second)
        assert (story.now.state, story.lost) == (state, lost)


def test_a_seizure_names_goods_place_and_report_and_who_is_held_is_told_of_his_consulate(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    body = SAMPLE.bodies["seizure"]
    for field in ("goods", "place", "report", "on", "held"):
        less = {key: value for key, value in body.items() if key != field}
        assert stopped(pair, life.content("ma", "seizure", body=less), by="ma") == ("9",), field
    for name in ("seizure", "result"):
        held = SAMPLE.bodies[name] | {"held": True}
        assert stopped(pair, life.content("ma", name, body=held), by="ma") == ("9",)
    life.say("ma", "seizure", body=body | {"held": True, "consular": {"told": True, "wish": "do-not-notify"}})


# ---- persons


def test_smuggled_migrants_are_no_suspects_beside_their_smugglers(pair: Pair) -> None:
    assert stopped(pair, SAMPLE.act("information", subjects=[BRAM, DOCKER], handling=["H1", "H2"])) == ("9",)
    assert stopped(pair, SAMPLE.act("information", subjects=[DOCKER], statements=[statement("p1")])) == ("9",)
    for codes in (["H0"], ["H0", "H2"]):
        assert stopped(pair, SAMPLE.act("information", subjects=[DOCKER], handling=codes)) == ("9",)
    pair.post("be", SAMPLE.act("information", subjects=[DOCKER], handling=["H1", "H2"]))


def test_who_is_still_to_be_identified_stands_in_no_act_beside_a_witness(pair: Pair) -> None:
    unknown = BRAM | {"category": "to-identify"}
    assert stopped(pair, SAMPLE.act("information", subjects=[unknown, DOCKER], handling=["H1", "H2"])) == ("9",)


def test_searchable_are_suspects_wanted_and_convicted_persons_alone() -> None:
    assert TYPE.indexed == {"suspect", "wanted", "convicted"}
    assert searchable(TYPE, BRAM)
    assert not searchable(TYPE, DOCKER)


def test_urgent_pt8h_or_p3d_standard_p7d() -> None:
    figures = {name: dict(one.duration) for name, one in TYPE.deadlines.items()}
    assert figures["answer"] == {"standard": "P7D", "urgent": "P3D", "immediate": "P3D"}
    assert figures["answer-direct"] == {"urgent": "PT8H", "immediate": "PT8H"}
    assert figures["decision"] == figures["answer"]


def test_a_proposal_is_answered_by_a_decision_and_not_by_a_word() -> None:
    def running(*acts: Told) -> set[str]:
        return {run.deadline.name for run in runs(TYPE, at(*acts).happenings()) if run.end is None}

    reply: Told = ("answerer", "reply", {})
    assert at(reply).now.state == "proposed"
    assert running(reply) == {"decision"}
    assert running(AGREE) == running(("answerer", "decline-operation", {})) == set()
    assert at(AGREE, LOG, reply).now.state == "under-way"
