"""Words that no shipped type may use all at once, on two nodes: what a type made for these tests says of its acts."""

import json as plain_json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from passerelle.core.clock import to_iso
from passerelle.core.errors import InputError
from passerelle.core.ids import new_id
from passerelle.dossiers.rules import RISK
from passerelle.dossiers.types import Catalogue
from passerelle.exchange import governance
from passerelle.exchange.channels import Channels
from passerelle.office import clock, facts
from passerelle.ports.records import MESSAGES
from passerelle.ports.timers import TIMERS
from passerelle.store.migrations import to_4
from tests.peers.pair import Pair, strangers, texts
from tests.types.life import reasons, stopped
from tests.unit.dossiers import made
from tests.unit.dossiers import samples as acts


@cache
def catalogue() -> Catalogue:
    """The shipped types and the one of these tests."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "sample.toml").write_text(made.text(), "utf-8")
        return Catalogue.load(Path(folder))


def pair(**entry: Any) -> Pair:
    """Two nodes with a channel for the sample; `entry`: what it says of the type."""
    nodes = strangers()
    for peer in (nodes.be, nodes.ma):
        object.__setattr__(peer.ctx, "catalogue", catalogue())
    nodes.agreement = nodes.sign(texts.agreement())
    nodes.channel = nodes.sign(channel(nodes, **entry))
    nodes.clock.advance(1000)
    return nodes


def channel(nodes: Pair, services: dict[str, str] | None = None, **entry: Any) -> bytes:
    kind = catalogue().types["sample"]
    named = {"sample": {"digest": kind.digest, "version": kind.version, "acts": ["*"], **entry}}
    return texts.channel_for("criminal", nodes.agreement, named, services)


def say(name: str, dossier: str = "", **changes: Any) -> acts.Content:
    """An act of the sample; the keys of its body as they are given."""
    body = {"notice": {"list": "UN", "number": "QDi.1", "listed_on": "2026-01-05"}, "seen": {"on": "2026-11-20"}}
    body["share"] = {}
    told = {**body.get(name, acts.BODIES.get(name) or {}), **changes.pop("body", {})}
    persons = {"subjects": [acts.HAMZA]} if name == "notice" else {}
    envelope = {"recipient": "police", "handling": ["H0"], "dossier": dossier or new_id()} | persons | changes
    return acts.act("sample", name, body=told, **envelope)


@pytest.fixture
def nodes() -> Pair:
    return pair()


def opened(nodes: Pair, **changes: Any) -> tuple[str, str]:
    """A dossier that be opened: its id, and that of the opening message."""
    message = nodes.post("be", say("notice", **changes))
    nodes.settle()
    return message.dossier, message.id


def post(nodes: Pair, by: str, content: acts.Content) -> str:
    message = nodes.post(by, content)
    nodes.settle()
    assert nodes.other(nodes.peer(by)).message(message.id).state == "applied"
    return str(message.id)


# ---- rules -----------------------------------------------------------------------------------------------------------


def test_an_act_names_a_message_of_the_act_and_with_the_words_that_its_rule_asks_for(nodes: Pair) -> None:
    dossier, opening = opened(nodes)
    doubtful = post(nodes, "ma", say("seen", dossier, body={"sure": False}))
    silent = post(nodes, "ma", say("seen", dossier))
    for message in (opening, doubtful, silent, new_id()):
        assert stopped(nodes, say("follow", dossier, body={"message": message})) == ("10",)
    sure = post(nodes, "ma", say("seen", dossier, body={"sure": True}))
    for by in ("be", "ma"):
        post(nodes, by, say("follow", dossier, body={"message": sure}))
    (told,) = reasons(nodes, say("follow", dossier, body={"message": opening}))
    assert told == "body.message: expected a message that is seen, sure True, got notice"


def test_a_message_that_was_withdrawn_is_named_by_no_act_that_a_rule_is_on(nodes: Pair) -> None:
    dossier, _ = opened(nodes)
    sure = post(nodes, "ma", say("seen", dossier, body={"sure": True}))
    post(nodes, "ma", say("withdraw", dossier, body={"message": sure, "reason": "inaccurate"}))
    assert stopped(nodes, say("follow", dossier, body={"message": sure})) == ("10",)
    (told,) = reasons(nodes, say("follow", dossier, body={"message": sure}))
    assert told.endswith("got seen, revoked")


def test_a_withdrawal_that_crossed_the_act_does_not_refuse_it(nodes: Pair) -> None:
    dossier, _ = opened(nodes)
    sure = post(nodes, "ma", say("seen", dossier, body={"sure": True}))
    nodes.post("ma", say("withdraw", dossier, body={"message": sure, "reason": "inaccurate"}))
    following = nodes.post("be", say("follow", dossier, body={"message": sure}))
    nodes.settle()
    assert nodes.ma.message(following.id).state == "applied"
    assert nodes.be.dossier(dossier).standing == nodes.ma.dossier(dossier).standing


def test_a_mark_is_never_lowered_by_either_side(nodes: Pair) -> None:
    dossier, _ = opened(nodes)
    post(nodes, "be", say("share", dossier))
    post(nodes, "be", say("share", dossier, body={"mark": "green"}))
    for lower in ({"mark": "clear"}, {}):
        for by in ("be", "ma"):
            assert stopped(nodes, say("share", dossier, body=lower), by) == ("10",)
    (told,) = reasons(nodes, say("share", dossier, body={"mark": "clear"}))
    assert told == "body.mark: expected green or red, got clear"
    post(nodes, "ma", say("share", dossier, body={"mark": "green"}))
    red = post(nodes, "ma", say("share", dossier, body={"mark": "red"}))
    assert stopped(nodes, say("share", dossier, body={"mark": "green"})) == ("10",)
    # What was withdrawn binds nobody.
    post(nodes, "ma", say("withdraw", dossier, body={"message": red, "reason": "sent-in-error"}))
    post(nodes, "be", say("share", dossier, body={"mark": "clear"}))


RISKY = {
    "about": [],
    "nature": "fact",
    "obtained": "interview",
    "risk_of_ill_treatment": True,
    "source": "X",
    "information": "4",
    "text": "Said in custody.",
}


def test_what_may_come_from_ill_treatment_is_neither_asked_for_nor_consented_to(nodes: Pair) -> None:
    dossier, _ = opened(nodes)
    risky = post(nodes, "ma", say("reply", dossier, statements=[RISKY], handling=["H0", "H1", "H2"]))
    plain = post(nodes, "ma", say("reply", dossier, statements=[RISKY | {"risk_of_ill_treatment": False}]))
    onward = {"to": "Parquet", "service": "justice", "purpose": "prosecution", "reason": "r"}
    court = {"court": "Tribunal de Bruxelles", "reason": "r"}
    for name, body in (("ask-onward", onward), ("ask-evidence", court)):
        assert stopped(nodes, say(name, dossier, body={**body, "message": risky})) == ("10",)
        question = post(nodes, "be", say(name, dossier, body={**body, "message": plain}))
    answer = {"message": risky, "question": question}
    for decision in ({"decision": "granted"}, {"decision": "conditional", "conditions": "c"}):
        content = say("consent", dossier)
        content["body"] = {**answer, **decision}
        assert stopped(nodes, content, "ma") == ("10",)
        (told,) = reasons(nodes, content, "ma")
        assert told.startswith("body.message: expected a message without a risk of ill-treatment")
    for message, decision in ((risky, "refused"), (plain, "granted")):
        content = say("consent", dossier)
        content["body"] = {"message": message, "question": question, "decision": decision}
        post(nodes, "ma", content)


def test_an_upgraded_store_remembers_it_of_the_messages_that_are_there(nodes: Pair) -> None:
    dossier, _ = opened(nodes)
    risky = post(nodes, "ma", say("reply", dossier, statements=[RISKY], handling=["H0", "H1", "H2"]))
    kept = nodes.be.message(risky)
    for text in ("", '{"message": "m"}'):
        before = msgspec.structs.replace(kept, facts=text)
        nodes.be.store.write("test.before", lambda tx, row=before: tx.put(MESSAGES, [row]))
        nodes.be.store.write("test.upgrade", to_4.work)
        assert plain_json.loads(nodes.be.message(risky).facts) == {**plain_json.loads(text or "{}"), RISK: True}
    nodes.be.store.write("test.again", to_4.work)
    assert [one.id for one in nodes.be.all(MESSAGES) if RISK in one.facts] == [risky]


# ---- what the channel says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "short", "enough"),
    [
        # From 21 November, six months are 181 days, and two are 61.
        ({}, "P180D", "P181D"),
        ({}, "P5M29D", "P26W"),
        ({"remaining": "P2M"}, "P60D", "P61D"),
        ({"remaining": "P1Y"}, "P364D", "P12M"),
    ],
)
def test_a_period_is_held_against_the_figure_of_the_channel(figure: dict[str, str], short: str, enough: str) -> None:
    nodes = pair(figures=figure)
    opened(nodes, body={"left": enough})
    assert stopped(nodes, say("notice", body={"left": short})) == ("8",)
    wanted = figure.get("remaining", "P6M")
    assert reasons(nodes, say("notice", body={"left": short})) == [
        f"body.left: expected at least {wanted}, the figure remaining, got {short}"
    ]
    opened(nodes)  # nothing to compare


def test_an_act_that_the_channel_keeps_for_magistrates_needs_two_persons_on_both_sides() -> None:
    nodes = pair(magistrate=["share"])
    dossier, _ = opened(nodes)
    one = {"author": "be-017", "releaser": "be-017"}
    assert stopped(nodes, say("share", dossier), **one) == ("8",)
    post(nodes, "be", say("share", dossier))
    nodes.post("be", say("remind", dossier), **one)


def test_the_office_knows_what_type_and_channel_keep_for_magistrates() -> None:
    nodes = pair(magistrate=["share"])
    told = {}
    for name in ("plan", "share", "follow"):
        given = {
            "kind": "draft",
            "id": "d",
            "type": "sample",
            "channel": nodes.channel,
            "lane": "routine",
            "author": "x",
        }
        on = nodes.be.store.read(
            lambda tx, name=name, given=given: facts.of_act(Channels(tx, nodes.be.ctx), nodes.be.ctx, act=name, **given)
        )
        told[name] = (on.magistrate, on.judicial, on.four_eyes)
    assert told == {"plan": (True, True, True), "share": (True, False, True), "follow": (False, False, False)}


def test_a_type_passes_between_its_kinds_of_services_alone(nodes: Pair) -> None:
    dossier, _ = opened(nodes)
    assert stopped(nodes, say("share", dossier, recipient="justice")) == ("8",)
    (told,) = reasons(nodes, say("share", dossier, recipient="justice"))
    assert told == (
        "recipient: expected a service of the kind police: police, got justice, of the kind justice "
        "(recipient-kind, check 8)"
    )


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({"figures": {"remained": "P1M"}}, "types.sample.figures: expected among remaining, got remained"),
        ({"magistrate": ["shared"]}, "types.sample.magistrate: expected among "),
        ({"services": {"justice": "justice"}}, "sides.be.services: expected a service of the kind police"),
        ({"deadlines": {"before": "PT48H"}}, "types.sample.deadlines.before: expected a period by days, as it is"),
    ],
)
def test_a_channel_that_does_not_fit_is_not_proposed(nodes: Pair, entry: dict[str, Any], path: str) -> None:
    body = channel(nodes, **entry)
    with pytest.raises(InputError, match=path):
        governance.act(nodes.be.ctx, "ma", "instrument.propose", "officer", instrument=body.decode())


# ---- time ------------------------------------------------------------------------------------------------------------


def test_both_sides_count_back_from_the_event_and_anew_when_it_is_moved() -> None:
    nodes = pair(deadlines={"before": "P10D"})
    dossier, _ = opened(nodes)
    first = post(nodes, "be", say("plan", dossier, body={"day": "2027-03-10"}))
    second = post(nodes, "be", say("plan", dossier, body={"day": "2027-03-20"}))
    for peer, owner in ((nodes.be, "own"), (nodes.ma, "partner")):
        clock.count(peer.ctx)
        timers = {one.message: one for one in peer.all(TIMERS) if one.deadline == "before"}
        assert {one: timers[one].state for one in timers} == {first: "lapsed", second: "running"}
        # The opener owes it, so both count in Brussels.
        assert to_iso(timers[second].due) == "2027-03-10T22:59:59.999Z"
        assert timers[second].owner == owner
