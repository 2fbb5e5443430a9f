"""Two nodes: what waits, what overlaps, what forks, what was put back from an old copy, and what crosses."""

import os
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from passerelle.core import ids, json
from passerelle.core.errors import PasserelleError, StateError
from passerelle.exchange import answering, desk, generation, governance, inbox, links, outbox
from passerelle.exchange.cases import Cases
from passerelle.exchange.checks import Check
from passerelle.exchange.sender import Sender
from passerelle.identity.keys import b64, unb64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle, proof
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.records import (
    ALARMS,
    CONFLICTS,
    CONTENTS,
    DOSSIERS,
    INSTRUMENTS,
    LOGS,
    MESSAGES,
    USAGE,
    WAITS,
    Content,
    Log,
)
from passerelle.store.faults import Crash, FaultPlan
from passerelle.store.memory import MemoryStore
from tests.peers.agree import agree, receipts_behind_storage, recover
from tests.peers.copies import Copy, dump, restart, rows
from tests.peers.pair import NOW, BatchRefusedError, ExchangeError, Pair, Peer, acts, partners, strangers, texts
from tests.unit.exchange.forge import Forger

DAY = 86_400_000


def state(peer: Peer, message: Any) -> str:
    found = peer.message(message if isinstance(message, str) else message.id)
    return found.state if found else "unknown"


def log_of(peer: Peer, direction: str = "out", lane: str = "routine") -> Log:
    log = peer.store.read(lambda tx: links.current(tx, peer.sender.partner, direction, lane))
    assert log is not None
    return log


def put_back(pair: Pair, name: str, copy: Copy) -> Peer:
    """Start the node again with an old copy of its store. Like every start it compares first."""
    peer = restart(pair, name, copy.open())
    for lane in LANES:
        pair.compare(peer, lane)
    return peer


def settle(pair: Pair) -> None:
    """Bring everything to both, with the comparison that a refusal brings about and the persons that a stop needs."""
    for _ in range(6):
        try:
            recover(pair)
            pair.settle()
            return
        except BatchRefusedError:
            for peer in (pair.be, pair.ma):
                peer.sender.compared.clear()
    raise AssertionError("the nodes do not come to rest")


def tampered(peer: Peer, message_id: str, body: bytes) -> None:
    """Another content under the own message, as a node that checks nothing would have written it."""
    row = peer.message(message_id)
    salt = os.urandom(32)
    changed = msgspec.structs.replace(row, size=len(body), commitment=entries.commit(salt, body))

    def work(tx: Any) -> None:
        tx.put(MESSAGES, [changed])
        tx.put(CONTENTS, [Content(message=message_id, salt=salt, body=body)])

    peer.store.write("test.tamper", work)


def content_of(peer: Peer, message_id: str) -> dict[str, Any]:
    found = peer.store.read(lambda tx: tx.get(CONTENTS, message_id))
    assert found is not None
    return json.parse_object(found.body)


def spoiled(peer: Peer, message_id: str, **changes: Any) -> None:
    """Fields of an own content changed, whatever its own check says."""
    tampered(peer, message_id, json.canonical(content_of(peer, message_id) | changes))


def unchecked(pair: Pair, by: str, dossier: str, name: str, lane: str = "routine", **changes: Any) -> Any:
    """An act that leaves though the own check would not let it."""
    peer = pair.peer(by)
    policy = peer.ctx.policy
    object.__setattr__(peer.ctx, "policy", replace(policy, check_own=False))
    try:
        return pair.answer(by, dossier, name, lane, **changes)
    finally:
        object.__setattr__(peer.ctx, "policy", policy)


# -- waiting -----------------------------------------------------------------------------------------------------------


def test_an_act_waits_for_one_in_another_lane_and_is_applied_when_that_has_come() -> None:
    pair = partners()
    dossier, first = pair.open_trace()
    second = pair.answer("be", dossier, "cancelled", lane="flash")
    pair.send(pair.be, "flash")
    assert state(pair.ma, second) == "waiting"
    assert pair.ma.dossier(dossier) is None
    assert log_of(pair.be, lane="flash").cosigned == 1  # it is durable there all the same
    third = unchecked(pair, "be", dossier, "cancelled", lane="flash")
    spoiled(pair.be, third.id, after=[second.id])
    pair.send(pair.be, "flash")
    assert state(pair.ma, third) == "waiting"  # for one that waits itself
    pair.send(pair.be, "routine")
    assert [state(pair.ma, one) for one in (first, second)] == ["applied"] * 2
    assert pair.ma.message(third.id).checks == ("10",)  # cancelled twice
    pair.settle()
    agree(pair)
    assert pair.ma.dossier(dossier).state == "cancelled"


def test_an_act_waits_for_the_governance_log_it_relies_on() -> None:
    pair = partners()
    more = texts.channel(pair.agreement, {"wanted-trace": dict(_types()["wanted-trace"])}, title="Second")
    record = governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=more.decode())
    outbox.sequence(pair.be.ctx, "ma", "governance", on_entered=governance.entered)
    dossier, message = pair.open_trace()
    pair.send(pair.be, "routine")
    assert state(pair.ma, message) == "waiting"
    assert [one.need for one in pair.ma.all(WAITS)] == ["governance:be"]
    pair.send(pair.be, "governance")
    assert state(pair.ma, message) == "applied"
    assert record.digest in {one.digest for one in pair.ma.all(INSTRUMENTS)}
    pair.settle()
    agree(pair)
    assert pair.be.dossier(dossier).state == "opened"


def _types() -> dict[str, Any]:
    from tests.peers.pair import TYPES

    return TYPES


def test_what_never_comes_is_waited_for_and_disturbs_nothing_else() -> None:
    pair = partners()
    dossier, first = pair.open_trace()
    stray = pair.answer("be", dossier, "ask-more")
    spoiled(pair.be, stray.id, after=[first.id, ids.new_id()])
    other, _ = pair.open_trace()
    pair.settle()
    assert state(pair.ma, stray) == "waiting"
    assert pair.ma.dossier(dossier).count == 1
    assert pair.ma.dossier(other).state == "opened"
    # A circle: two that wait for each other.
    one, two = pair.answer("be", other, "ask-more"), pair.answer("be", other, "remind")
    spoiled(pair.be, one.id, after=[two.id])
    pair.settle()
    assert (state(pair.ma, one), state(pair.ma, two)) == ("waiting", "waiting")
    pair.post("be", acts.wanted_request())
    pair.settle()
    assert pair.ma.all(DOSSIERS)[-1].state == "opened"


def test_one_partner_s_message_never_waits_for_another_partner_s() -> None:
    """An id of a message with somebody else is as unknown as one that was never made."""
    pair = partners()
    foreign = ids.new_id()
    row = next(one for one in pair.ma.all(MESSAGES) if one.direction == "in")
    alien = msgspec.structs.replace(row, id=foreign, partner="fr", origin="", index=-1, dossier="", kind="act")
    pair.ma.store.write("test", lambda tx: tx.put(MESSAGES, [alien]))
    dossier, first = pair.open_trace()
    stray = pair.answer("be", dossier, "ask-more")
    spoiled(pair.be, stray.id, after=[first.id, foreign])
    pair.settle()
    assert state(pair.ma, stray) == "waiting"


# -- refused predecessors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two batches"])
@pytest.mark.parametrize("kind", ["content", "channel", "malformed"])
def test_what_builds_on_a_refused_act_is_judged_at_what_that_built_on(together: bool, kind: str) -> None:
    """However the messages are cut into batches."""
    pair = partners()
    dossier, first = pair.open_trace()
    pair.settle()
    bad = pair.answer("be", dossier, "ask-more")
    good = pair.answer("be", dossier, "remind")
    assert content_of(pair.be, good.id)["after"] == [bad.id]
    if kind == "content":
        spoiled(pair.be, bad.id, urgency="whenever")
    elif kind == "channel":
        spoiled(pair.be, bad.id, purpose="tracing-of-goods")
    else:
        tampered(pair.be, bad.id, b'{"v":1,')
    if not together:
        object.__setattr__(pair.be.ctx, "policy", replace(pair.be.ctx.policy, batch_entries=1))
    pair.settle()
    number = {"content": ("9",), "channel": ("8",), "malformed": ("9",)}[kind]
    for peer in (pair.be, pair.ma):
        assert (state(peer, bad), peer.message(bad.id).checks) == ("refused", number)
    if kind == "malformed":
        # Nothing is known of what it built on: what builds on it alone builds on nothing.
        assert pair.be.message(good.id).checks == ("10",)
        assert pair.ma.dossier(dossier).heads == (first.id,)
    else:
        assert state(pair.ma, good) == "applied"
        assert pair.ma.dossier(dossier).count == 2
    agree(pair)


def test_a_refused_opening_takes_down_what_follows_and_both_say_so() -> None:
    pair = partners()
    dossier, first = pair.open_trace()
    follow = pair.answer("be", dossier, "remind")
    spoiled(pair.be, first.id, purpose="tracing-of-goods")
    pair.settle()
    assert pair.ma.message(first.id).checks == ("8",)
    assert pair.be.message(follow.id).checks == ("10",)
    assert pair.ma.dossier(dossier) is None
    assert (pair.be.dossier(dossier).status, pair.be.dossier(dossier).count) == ("ended", 0)
    agree(pair)


def test_one_refusal_goes_back_for_a_batch_and_none_for_a_refusal() -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    bad = [pair.answer("be", dossier, "ask-more") for _ in range(3)]
    for one in bad:
        spoiled(pair.be, one.id, urgency="whenever")
    pair.settle()
    refusals = [one for one in pair.ma.all(MESSAGES) if one.kind == "refusal"]
    assert [one.direction for one in refusals] == ["out"]
    named = content_of(pair.ma, refusals[0].id)["refused"]
    assert named == [{"message": one.id, "checks": ["9"]} for one in bad]
    # ma's next act builds on the refusal, so be knows that ma knew.
    answer = pair.answer("ma", dossier, "take-charge")
    assert refusals[0].id in answer.after
    pair.settle()
    agree(pair)


WRONG_REFUSALS: dict[str, dict[str, Any]] = {
    "governance malformed": {"governance": "x"},
    "after malformed": {"after": ["x"]},
    "after twice": {"after": ["0190a000-0000-7000-8000-000000000000"] * 2},
    "another id": {"id": "0190a000-0000-7000-8000-000000000000"},
    "version": {"v": 2},
    "no list": {"refused": "all"},
    "empty list": {"refused": []},
    "no checks": {"refused": [{"message": "0190a000-0000-7000-8000-000000000000", "checks": []}]},
    "check 4": {"refused": [{"message": "0190a000-0000-7000-8000-000000000000", "checks": ["4"]}]},
    "a number for a check": {"refused": [{"message": "0190a000-0000-7000-8000-000000000000", "checks": [7]}]},
    "checks twice": {"refused": [{"message": "0190a000-0000-7000-8000-000000000000", "checks": ["7", "7"]}]},
    "more": {"more": 1},
    "unknown message": {"refused": [{"message": "0190a000-0000-7000-8000-000000000000", "checks": ["7"]}]},
    "no id": {"refused": [{"message": "../..", "checks": ["7"]}]},
    "a very long id": {"refused": [{"message": "x" * 100_000, "checks": ["7"]}]},
    "dossier of wrong type": {"dossier": 7, "four_eyes": [], "channel": {}},
}


@pytest.mark.parametrize("name", WRONG_REFUSALS)
def test_a_refusal_is_never_refused_however_wrong(name: str) -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    bad = pair.answer("be", dossier, "ask-more")
    spoiled(pair.be, bad.id, urgency="whenever")
    pair.send(pair.be, "routine")
    refusal = next(one for one in pair.ma.all(MESSAGES) if one.kind == "refusal")
    spoiled(pair.ma, refusal.id, **WRONG_REFUSALS[name])
    before = {one.id: one.state for one in pair.be.all(MESSAGES) if one.direction == "out"}
    pair.settle()
    assert {one.id: one.state for one in pair.be.all(MESSAGES) if one.direction == "out"} == before
    assert not [one for one in pair.be.all(MESSAGES) if one.kind == "refusal" and one.direction == "out"]
    assert state(pair.be, refusal) == "applied"
    assert [one.what for one in pair.be.all(ALARMS)] == ["refusal.ignored"]
    assert len(pair.be.all(ALARMS)[0].text) < 1000
    # And the log goes on.
    answer = pair.answer("ma", dossier, "acknowledge")
    spoiled(pair.ma, answer.id, after=list(pair.ma.dossier(dossier).heads)[:1])
    pair.settle()


def test_a_refusal_of_a_refusal_or_of_a_partner_s_own_message_is_ignored() -> None:
    pair = partners()
    dossier, first = pair.open_trace()
    bad = pair.answer("be", dossier, "ask-more")
    spoiled(pair.be, bad.id, urgency="whenever")
    pair.settle()
    refusal = next(one for one in pair.ma.all(MESSAGES) if one.kind == "refusal")
    own = pair.answer("be", dossier, "remind")
    pair.settle()
    for named in (refusal.id, own.id):  # be refuses ma's refusal, and a message of its own

        def forged(tx: Any, named: str = named) -> Any:
            return outbox.simple(
                tx, pair.be.ctx, "ma", "routine", "refusal", refused=[{"message": named, "checks": ["9"]}]
            )

        pair.be.store.write("test", forged)
    before = {one.id: one.state for one in pair.ma.all(MESSAGES)}
    pair.settle()
    assert {name: state(pair.ma, name) for name in before} == before
    assert [one.what for one in pair.ma.all(ALARMS)].count("refusal.ignored") == 2
    assert state(pair.ma, first) == "applied"


# -- withheld ----------------------------------------------------------------------------------------------------------


def test_a_withheld_entry_holds_up_no_log() -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    gone = pair.answer("be", dossier, "ask-more")
    behind = pair.answer("be", dossier, "remind")
    other, _ = pair.open_trace()
    outbox.sequence(pair.be.ctx, "ma", "routine")
    row = msgspec.structs.replace(pair.be.message(gone.id), state="withheld")

    def erase(tx: Any) -> None:
        tx.delete(CONTENTS, [(gone.id,)])
        tx.put(MESSAGES, [row])

    pair.be.store.write("test.erase", erase)
    pair.be.store.write("test.recount", lambda tx: Cases(tx, pair.be.ctx).recount({dossier}))
    pair.settle()
    assert (state(pair.ma, gone), pair.ma.message(gone.id).reason) == ("withheld", "withdrawn")
    assert pair.ma.store.read(lambda tx: tx.get(CONTENTS, gone.id)) is None
    assert pair.ma.dossier(other).state == "opened"
    # What builds on what nobody can read any more builds on nothing; what is written now does not.
    assert pair.be.message(behind.id).checks == ("10",)
    now = pair.answer("be", dossier, "remind")
    pair.settle()
    assert state(pair.ma, now) == "applied"
    agree(pair)


# -- equivocation ------------------------------------------------------------------------------------------------------


def two_logs(pair: Pair) -> tuple[Any, Any]:
    """be, put back without a comparison, gives an index a second time: ma has one leaf, be now has another."""
    dossier, _ = pair.open_trace()
    pair.settle()
    copy = Copy(pair.be.store)
    first = pair.answer("be", dossier, "ask-more")
    pair.settle()
    peer = restart(pair, "be", copy.open())
    peer.sender.compared.update(LANES)
    second = pair.answer("be", dossier, "remind")
    return first, second


def test_another_leaf_at_a_known_index_freezes_the_log_and_the_proof_stands_alone() -> None:
    pair = partners()
    _, second = two_logs(pair)
    with pytest.raises(BatchRefusedError) as error:
        pair.send(pair.be, "routine")
    assert error.value.check == Check.LEAVES
    kept = pair.ma.all(CONFLICTS)
    assert len(kept) == 1
    assert log_of(pair.ma, "in").state == "frozen"
    assert [one.what for one in pair.ma.all(ALARMS)] == ["link.frozen"]
    assert state(pair.ma, second) == "unknown"
    leaves = [log_leaf(pair.ma, "in", 1), log_leaf(pair.be, "out", 1)]
    proves_two_leaves(pair, kept[0], leaves)
    # Everything of that log is refused from now on; other lanes go on.
    before = dump(pair.ma.store)
    for body in (pair.sent[-1], Forger(pair, start=1).build()):
        with pytest.raises(BatchRefusedError) as error:
            inbox.receive(pair.ma.ctx, body)
        assert error.value.check == Check.ORIGIN
    assert dump(pair.ma.store) == before
    governance.act(pair.be.ctx, "ma", "instrument.propose", "o", instrument=texts.agreement(title="Another").decode())
    assert pair.send(pair.be, "governance")


def log_leaf(peer: Peer, direction: str, index: int) -> bytes:
    log = log_of(peer, direction)
    return peer.store.read(lambda tx: links.entries(tx, log.origin, index, index + 1))[0].leaf


def proves_two_leaves(pair: Pair, kept: Any, leaves: list[bytes]) -> None:
    """From the kept text and be's public keys alone: be signed two trees with different leaves at one index."""
    first, second = proof.parse(kept.ours), proof.parse(kept.theirs)
    for given, leaf in ((first, leaves[0]), (second, leaves[1])):
        assert (given.index, given.checkpoint.origin) == (kept.index, kept.origin)
        given.verify(leaf)
        checkpoints.verify(given.checkpoint, pair.be.identity.log)
    assert leaves[0] != leaves[1]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_a_signed_root_of_a_smaller_size_that_is_not_of_the_known_leaves_is_proof_too(size: int) -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    for _ in range(5):
        pair.answer("be", dossier, "ask-more")
    pair.settle()
    assert log_of(pair.ma, "in").size == 6
    forger = Forger(pair, start=size - 1)
    honest = {"items": lambda v: v[:1]}
    wrong = os.urandom(32)
    before = dump(pair.ma.store)
    inbox.receive(pair.ma.ctx, forger.build(dict(honest)))
    assert dump(pair.ma.store) == before
    with pytest.raises(BatchRefusedError) as error:
        inbox.receive(pair.ma.ctx, forger.build(honest | {"checkpoint.root": b64(wrong)}))
    assert error.value.check == Check.LEAVES
    (kept,) = pair.ma.all(CONFLICTS)
    assert (kept.origin, kept.index) == (forger.log.origin, size)
    # The text alone: two checkpoints that be signed, and the proof that the later one has another root at the size.
    theirs = checkpoints.parse(kept.theirs)
    head, _, tail = kept.ours.partition("\n\n")
    ours = checkpoints.parse(tail)
    for one in (theirs, ours):
        checkpoints.verify(one, pair.be.identity.log)
        assert one.origin == kept.origin
    lines = head.split("\n")
    assert lines[0] == f"consistency {size}"
    root = unb64(lines[1])
    merkle.verify_consistency(size, ours.size, [unb64(line) for line in lines[2:]], root, ours.root)
    assert (theirs.size, theirs.root) == (size, wrong)
    assert root != wrong
    assert log_of(pair.ma, "in").state == "frozen"


def test_a_batch_that_contradicts_what_is_known_and_its_own_root_proves_nothing() -> None:
    pair = partners()
    two_logs(pair)
    before = dump(pair.ma.store)
    body = Forger(pair, start=1).build({"checkpoint.root": b64(os.urandom(32))})
    with pytest.raises(BatchRefusedError) as error:
        inbox.receive(pair.ma.ctx, body)
    assert error.value.check == Check.LEAVES
    assert dump(pair.ma.store) == before


def test_a_frozen_log_is_reopened_by_persons_on_both_sides() -> None:
    pair = partners()
    first, second = two_logs(pair)
    with pytest.raises(BatchRefusedError):
        pair.send(pair.be, "routine")
    pair.be.sender.failed("routine", "refused")
    assert not pair.compare(pair.be, "routine")
    assert log_of(pair.be).state == "frozen"
    # The sender's persons alone are not enough.
    pair.reopen(pair.be, "routine")
    with pytest.raises(BatchRefusedError) as error:
        pair.send(pair.be, "routine")
    assert error.value.check == Check.ORIGIN
    with pytest.raises(StateError):
        generation.allow(pair.be.ctx, "ma", "routine", "op")  # ma's log is not frozen here
    generation.allow(pair.ma.ctx, "be", "routine", "ma-op")
    pair.settle()
    # What ma had stands; what be wrote meanwhile comes in the new generation.
    assert [state(pair.ma, one) for one in (first, second)] == ["applied", "applied"]
    assert log_of(pair.ma, "in").generation == 2
    agree(pair)
    (kept,) = pair.be.all(CONFLICTS)  # be, too, keeps what it once signed
    assert entries.parse(kept.ours.encode()).message == second.id


def test_a_log_that_the_partner_froze_for_a_forger_with_stolen_keys_is_reopened_too() -> None:
    """be's own log is as it should be; only the partner refuses it."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    before = dump(pair.be.store)
    forged = Forger(pair, start=0).build({"entry.0.leaf.time": str(NOW + 1)})
    with pytest.raises(BatchRefusedError):
        inbox.receive(pair.ma.ctx, forged)
    assert log_of(pair.ma, "in").state == "frozen"
    assert dump(pair.be.store) == before
    message = pair.answer("be", dossier, "remind")
    with pytest.raises(BatchRefusedError) as error:
        pair.send(pair.be, "routine")
    pair.be.sender.failed("routine", str(error.value))
    assert pair.compare(pair.be, "routine")
    generation.allow(pair.ma.ctx, "be", "routine", "ma-op")
    pair.reopen(pair.be, "routine", although_open=True)
    pair.settle()
    assert state(pair.ma, message) == "applied"
    agree(pair)


def test_a_log_in_order_is_not_reopened() -> None:
    pair = partners()
    pair.open_trace()
    pair.settle()
    before = dump(pair.be.store)
    with pytest.raises(StateError):
        pair.reopen(pair.be, "routine")
    assert dump(pair.be.store) == before


# -- put back from an old copy -----------------------------------------------------------------------------------------


def busy(pair: Pair, turns: int = 2) -> list[str]:
    """Some acts of both in two dossiers, all arrived."""
    names = []
    for _ in range(turns):
        dossier, _ = pair.open_trace()
        pair.settle()
        pair.answer("ma", dossier, "take-charge")
        pair.answer("be", dossier, "ask-more")
        pair.settle()
        pair.answer("ma", dossier, "review")
        pair.settle()
        names.append(dossier)
    pair.settle()
    agree(pair)
    return names


def fates(peer: Peer) -> dict[str, str]:
    return {one.id: one.state for one in peer.all(MESSAGES) if one.kind == "act"}


def test_an_answer_that_a_receipt_has_overtaken_puts_nobody_back() -> None:
    pair = partners()
    pair.open_trace()
    pair.settle()
    pair.open_trace()
    nonce = os.urandom(16)
    answer = answering.status(pair.ma.ctx, pair.be.sender.question(nonce))
    other = Sender(pair.be.ctx, "ma")  # brings the batch meanwhile, as a person with a courier file does
    again = os.urandom(16)
    assert other.compare(again, answering.status(pair.ma.ctx, other.question(again)), "routine")
    posting = other.step("routine")
    assert posting is not None
    other.received(posting, inbox.receive(pair.ma.ctx, posting.body))
    assert not pair.be.sender.compare(nonce, answer, "routine")
    log = pair.be.store.read(lambda tx: links.current(tx, "ma", "out", "routine"))
    assert log is not None
    assert log.cosigned == log.size == 2
    assert [one.what for one in pair.be.all(ALARMS)] == []
    assert pair.compare(pair.be, "routine")


def test_a_receiver_put_back_gets_everything_again_once() -> None:
    pair = partners()
    copy = Copy(pair.ma.store)
    busy(pair)
    before = fates(pair.be)
    put_back(pair, "ma", copy)
    settle(pair)
    agree(pair)
    assert fates(pair.be) == before
    assert fates(pair.ma) == {
        name: "applied" if pair.ma.message(name).direction == "in" else "sequenced" for name in before
    }


def test_a_partner_that_is_behind_is_sent_what_it_lacks_even_before_its_persons_act() -> None:
    """be resends at once; what ma cannot judge without its own lost messages waits for them and is then applied."""
    pair = partners()
    names = busy(pair, 1)
    copy = Copy(pair.ma.store)
    names += busy(pair, 1)
    pair.answer("ma", names[0], "interim")
    pair.settle()
    last = pair.answer("be", names[0], "remind")  # builds on ma's act, which ma will have lost
    pair.settle()
    put_back(pair, "ma", copy)
    assert log_of(pair.ma).state == "stopped"
    pair.be.sender.failed("routine", "refused: a gap")
    pair.be.sender.failed("governance", "x")
    pair.settle()
    assert state(pair.ma, last) == "waiting"
    settle(pair)
    assert state(pair.ma, last) == "applied"
    agree(pair)


def test_a_sender_put_back_stops_is_given_back_its_own_and_goes_on_in_a_new_generation() -> None:
    pair = partners()
    names = busy(pair, 1)
    copy = Copy(pair.be.store)
    names += busy(pair, 1)
    before = fates(pair.be)
    peer = put_back(pair, "be", copy)
    assert log_of(peer).state == "stopped"
    assert "link.stopped" in {one.what for one in peer.all(ALARMS)}
    # It writes on meanwhile; nothing gets an index.
    late = pair.answer("be", names[0], "remind")
    assert pair.send(peer, "routine") is False
    assert state(peer, late) == "unsequenced"
    settle(pair)
    assert log_of(peer).generation == 2
    assert {name: fate for name, fate in fates(peer).items() if name != late.id} == before
    assert state(pair.ma, late) == "applied"
    agree(pair)
    assert {one.id: one.state for one in pair.be.all(DOSSIERS)} == {one.id: one.state for one in pair.ma.all(DOSSIERS)}


def test_an_index_is_not_used_twice_after_a_restore() -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    copy = Copy(pair.be.store)
    pair.answer("be", dossier, "ask-more")
    pair.settle()
    held = log_leaf(pair.ma, "in", 1)
    peer = put_back(pair, "be", copy)
    pair.answer("be", dossier, "remind")
    settle(pair)
    old = peer.store.read(lambda tx: links.entries(tx, "passerelle/be/ma/routine/1", 0, 2))
    assert old[1].leaf == held
    assert not peer.all(CONFLICTS)


@pytest.mark.parametrize("first", ["be", "ma"])
def test_both_put_back_at_once(first: str) -> None:
    pair = partners()
    names = busy(pair, 1)
    copies = {}
    second = "ma" if first == "be" else "be"
    copies[first] = Copy(pair.peer(first).store)
    names += busy(pair, 1)
    copies[second] = Copy(pair.peer(second).store)
    names += busy(pair, 1)
    for name in ("be", "ma"):
        restart(pair, name, copies[name].open())
    for peer in (pair.be, pair.ma):
        for lane in LANES:
            pair.compare(peer, lane)
    pair.answer("be", names[0], "remind")
    pair.answer("ma", names[0], "interim")
    settle(pair)
    agree(pair)
    # What one of them had was not lost: all of the first dossier, and of the second what the later copy knew.
    assert {one.id for one in pair.be.all(DOSSIERS)} >= set(names[:2])


def test_a_sender_put_back_to_before_its_log_s_generation_gets_all_generations_back() -> None:
    pair = partners()
    names = busy(pair, 1)
    oldest = Copy(pair.be.store)
    names += busy(pair, 1)
    copy = Copy(pair.be.store)
    busy(pair, 1)
    put_back(pair, "be", copy)
    settle(pair)
    busy(pair, 1)
    assert log_of(pair.be).generation == 2
    before = fates(pair.be)
    put_back(pair, "be", oldest)
    settle(pair)
    assert log_of(pair.be).generation == 3
    assert fates(pair.be) == before
    agree(pair)


def test_a_sender_that_lost_its_store_whole_gets_its_own_back() -> None:
    """Only the partner, confirmed again, is left."""
    pair = strangers()
    copy = Copy(pair.be.store)
    pair.agreement = pair.sign(texts.agreement())
    pair.channel = pair.sign(texts.channel(pair.agreement, _types()))
    pair.clock.advance(1000)
    busy(pair, 2)
    before = fates(pair.be)
    put_back(pair, "be", copy)
    settle(pair)
    assert fates(pair.be) == before
    agree(pair)
    pair.open_trace()
    pair.settle()
    agree(pair)


@pytest.mark.parametrize("by", ["be", "ma"])
@pytest.mark.parametrize("moment", range(7))
def test_instruments_survive_a_restore_of_either_side_at_any_step(moment: int, by: str) -> None:
    """Proposals, signatures, a rejection and a termination of both sides, with acts under them."""
    pair = strangers()
    copies: list[Copy] = []

    def step() -> None:
        pair.settle()
        copies.append(Copy(pair.peer(by).store))

    step()
    pair.agreement = pair.sign(texts.agreement())
    step()
    pair.channel = pair.sign(texts.channel(pair.agreement, _types()), by="ma")
    pair.clock.advance(1000)
    step()
    dossier, _ = pair.open_trace()
    step()
    pair.answer("ma", dossier, "take-charge")
    other = texts.channel(pair.agreement, _types(), title="Other")
    record = governance.act(pair.be.ctx, "ma", "instrument.propose", "o", instrument=other.decode())
    step()
    governance.act(pair.ma.ctx, "be", "instrument.reject", "o", digest=record.digest, reason="No.")
    next_one = texts.channel(pair.agreement, _types(), title="Successor", supersedes=pair.channel)
    old = pair.channel
    pair.channel = pair.sign(next_one, by="ma")
    pair.clock.advance(1000)
    step()
    pair.answer("be", dossier, "ask-more")
    governance.act(
        pair.be.ctx, "ma", "instrument.terminate", "o", digest=old, reason="Done.", **{"from": "2026-11-22T00:00:00Z"}
    )
    step()
    agree(pair)
    before = fates(pair.be), pair.be.dossier(dossier).state
    put_back(pair, by, copies[moment])
    for peer in (pair.be, pair.ma):  # the other one resends before the persons on this side have acted
        for lane in LANES:
            peer.sender.failed(lane, "x")
    pair.settle()
    settle(pair)
    agree(pair)
    assert (fates(pair.be), pair.be.dossier(dossier).state) == before
    pair.answer("ma", dossier, "interim")
    pair.open_trace()
    pair.settle()
    agree(pair)


def test_a_refusal_that_was_lost_is_not_turned_into_something_else() -> None:
    """Whoever is put back: what was refused stays refused on both sides."""
    for by in ("be", "ma"):
        pair = partners()
        dossier, _ = pair.open_trace()
        pair.settle()
        copy = Copy(pair.peer(by).store)
        bad, good = pair.answer("be", dossier, "ask-more"), pair.answer("be", dossier, "remind")
        spoiled(pair.be, bad.id, purpose="tracing-of-goods")
        pair.settle()
        agree(pair)
        put_back(pair, by, copy)
        for peer in (pair.be, pair.ma):
            peer.sender.failed("routine", "x")
        pair.settle()
        settle(pair)
        for peer in (pair.be, pair.ma):
            assert (state(peer, bad), peer.message(bad.id).checks, by) == ("refused", ("8",), by)
        assert state(pair.ma, good) == "applied"
        agree(pair, exact=by == "ma")


def test_a_batch_from_before_the_restore_that_arrives_late_does_no_harm() -> None:
    """It was on its way when be was put back: be's new generation no longer fits, and persons open the next."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    copy = Copy(pair.be.store)
    late = pair.answer("be", dossier, "ask-more")
    posting = pair.be.sender.step("routine")
    assert posting is not None
    second = pair.answer("be", dossier, "ask-more")
    whole = pair.be.sender.step("routine")
    assert whole is not None
    inbox.receive(pair.ma.ctx, posting.body)
    peer = put_back(pair, "be", copy)
    assert log_of(peer).state == "stopped"
    pair.reopen(peer, "routine")
    assert pair.compare(peer, "routine")
    fresh = peer.sender.step("routine")
    assert fresh is not None
    inbox.receive(pair.ma.ctx, whole.body)  # only now
    with pytest.raises(BatchRefusedError) as error:
        inbox.receive(pair.ma.ctx, fresh.body)
    assert error.value.check == Check.ORIGIN
    peer.sender.failed("routine", str(error.value))
    settle(pair)
    assert [state(pair.ma, one) for one in (late, second)] == ["applied", "applied"]
    assert [state(peer, one) for one in (late, second)] == ["sequenced", "sequenced"]
    agree(pair)
    dossier, _ = pair.open_trace()
    pair.settle()
    agree(pair)


def test_what_a_restore_loses_is_what_nobody_else_had() -> None:
    pair = partners()
    names = busy(pair, 1)
    copy = Copy(pair.be.store)
    lost = pair.answer("be", names[0], "remind")
    put_back(pair, "be", copy)
    settle(pair)
    assert state(pair.be, lost) == "unknown"
    assert log_of(pair.be).generation == 1  # nobody noticed anything, and nothing was used twice
    agree(pair)


@pytest.mark.parametrize("order", [("governance", "routine"), ("routine", "governance")])
def test_what_was_refused_before_a_restore_stays_refused_though_it_would_be_allowed_now(order: tuple[str, ...]) -> None:
    """be acts under a channel before ma has signed it; ma refuses, signs, and is put back to before both."""
    pair = partners()
    text = texts.channel(pair.agreement, _types(), title="Signed a moment later")
    digest = governance.act(pair.be.ctx, "ma", "instrument.propose", "o", instrument=text.decode()).digest
    governance.act(pair.be.ctx, "ma", "instrument.sign", "chief", digest=digest)
    pair.settle()
    copy = Copy(pair.ma.store)
    object.__setattr__(pair.be.ctx, "policy", replace(pair.be.ctx.policy, check_own=False))
    pair.channel = digest
    dossier, early = pair.open_trace()
    pair.settle()
    governance.act(pair.ma.ctx, "be", "instrument.sign", "chief", digest=digest)  # within the same millisecond
    pair.settle()
    assert (state(pair.be, early), pair.be.message(early.id).checks) == ("refused", ("7",))
    put_back(pair, "ma", copy)
    pair.settle()
    assert state(pair.ma, early) == "waiting"  # not judged without the own signature
    for lane in order:
        pair.reopen(pair.ma, lane)
        pair.settle("routine" if lane == "governance" else "governance")
    assert (state(pair.ma, early), pair.ma.message(early.id).checks) == ("refused", ("7",))
    settle(pair)
    agree(pair)
    assert pair.ma.dossier(dossier) is None or pair.ma.dossier(dossier).count == 0


def test_a_decision_that_was_made_anew_before_the_own_log_was_compared_is_taken_back() -> None:
    """The partner's batch comes in before the restarted node could ask what it had sent itself."""
    pair = partners()
    text = texts.channel(pair.agreement, _types(), title="Signed a moment later")
    digest = governance.act(pair.be.ctx, "ma", "instrument.propose", "o", instrument=text.decode()).digest
    governance.act(pair.be.ctx, "ma", "instrument.sign", "chief", digest=digest)
    pair.settle()
    governance.act(pair.ma.ctx, "be", "instrument.sign", "chief", digest=digest)
    pair.settle("governance")
    copy = Copy(pair.ma.store)
    dossier, opening = pair.open_trace()
    pair.settle()
    bad = unchecked(pair, "be", dossier, "ask-more")
    tampered(pair.be, bad.id, b"{}")
    pair.settle()
    # ma's decision is forged into another one: as if its copy had known something else.
    good = content_of(pair.be, opening.id) | {"id": bad.id, "act": "ask-more", "after": [opening.id]}
    good["body"] = acts.act("wanted-trace", "ask-more")["body"]
    good = {key: part for key, part in good.items() if key not in ("subjects", "statements")}
    row = msgspec.structs.replace(pair.be.message(bad.id), after=(opening.id,), dossier=dossier, kind="act")
    pair.be.store.write("test", lambda tx: tx.put(MESSAGES, [row]))
    put_back(pair, "ma", copy)
    peer = pair.ma
    frozen = [one for one in rows(peer.store, LOGS) if one.direction == "out" and one.state == "stopped"]
    assert [one.lane for one in frozen] == ["routine"]
    pair.settle()
    decided = msgspec.structs.replace(
        peer.message(bad.id), state="applied", kind="act", dossier=dossier, act="ask-more"
    )
    body = Content(message=bad.id, salt=bytes(32), body=json.canonical(good))

    def apply(tx: Any) -> None:
        tx.put(MESSAGES, [decided])
        tx.put(CONTENTS, [body])
        Cases(tx, peer.ctx).recount({dossier})

    peer.store.write("test", apply)
    assert peer.dossier(dossier).count == 2
    settle(pair)
    assert (state(pair.ma, bad), state(pair.be, bad)) == ("refused", "refused")
    assert pair.ma.dossier(dossier).count == pair.be.dossier(dossier).count == 1


def test_a_partner_that_holds_a_generation_which_this_store_never_had_stops_the_log() -> None:
    """Both were put back, to different days; persons are told, and then it goes on."""
    pair = partners()
    empty = Copy(pair.ma.store)
    young = Copy(pair.be.store)
    dossier, first = pair.open_trace()
    pair.settle()
    full = Copy(pair.ma.store)
    put_back(pair, "ma", empty)
    copy = Copy(pair.be.store)
    put_back(pair, "be", young)
    put_back(pair, "be", copy)
    frozen = msgspec.structs.replace(log_of(pair.be), state="frozen")
    pair.be.store.write("test", lambda tx: tx.put(LOGS, [frozen]))
    pair.reopen(pair.be, "routine")  # generation 2, which continues nothing
    pair.settle()
    late = Copy(pair.be.store)
    put_back(pair, "be", young)
    settle(pair)
    put_back(pair, "ma", full)
    settle(pair)
    assert state(pair.ma, first) == "applied"
    agree(pair)
    assert late is not None
    assert pair.be.dossier(dossier).state == "opened"


def test_a_receipt_that_proves_more_is_kept() -> None:
    """ma cosigned five entries and was put back to one; be's next generation does not forget the five."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    copy = Copy(pair.ma.store)
    for _ in range(4):
        pair.answer("be", dossier, "ask-more")
    pair.settle()
    assert checkpoints.parse(log_of(pair.be).receipt).size == 5
    put_back(pair, "ma", copy)
    pair.be.sender.failed("routine", "a gap")
    pair.reopen(pair.be, "routine", although_open=True)
    settle(pair)
    old = pair.be.store.read(lambda tx: tx.get(LOGS, "passerelle/be/ma/routine/1"))
    assert old is not None
    held = checkpoints.parse(old.receipt)
    assert (old.closing, old.cosigned, held.size) == (1, 1, 5)
    checkpoints.verify_cosignature(held, pair.ma.identity.receipt)
    agree(pair)


def test_a_refused_act_goes_again_with_what_builds_on_it() -> None:
    """The partner lost both, and would wait for the first for ever."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    copy = Copy(pair.ma.store)
    bad, good = pair.answer("be", dossier, "ask-more"), pair.answer("be", dossier, "remind")
    spoiled(pair.be, bad.id, purpose="tracing-of-goods")
    pair.settle()
    put_back(pair, "ma", copy)
    pair.reopen(pair.be, "routine", although_open=True)
    settle(pair)
    assert [state(pair.ma, one) for one in (bad, good)] == ["refused", "applied"]
    agree(pair)
    assert len([one for one in pair.be.all(MESSAGES) if one.kind == "refusal"]) == 2


def test_what_a_past_day_had_no_room_for_counts_for_the_day_of_its_arrival() -> None:
    """A sender that forgot what it had sent is refused that day and not for ever; nor can it send twice as much."""
    pair = small(entries=3)
    made = [pair.open_trace()[1] for _ in range(3)]
    pair.settle()
    pair.be.store.write("test", lambda tx: tx.delete(USAGE, [(pair.channel, "2026-11-21", "out")]))
    made += [pair.open_trace()[1] for _ in range(2)]
    with pytest.raises(BatchRefusedError) as error:
        pair.settle()
    assert error.value.check == Check.LIMITS
    pair.be.sender.failed("routine", "6")
    pair.clock.advance(DAY)
    made += [pair.open_trace()[1] for _ in range(3)]
    with pytest.raises(BatchRefusedError):
        pair.settle()  # five at once: two of yesterday and three of today are more than a day holds
    pair.be.sender.failed("routine", "6")
    pair.clock.advance(DAY)
    pair.settle()
    assert [state(pair.ma, one) for one in made] == ["applied"] * 8
    used = {one.day: one.entries for one in pair.ma.all(USAGE) if one.direction == "in"}
    assert used == {"2026-11-21": 3, "2026-11-22": 3, "2026-11-23": 2}
    agree(pair)


def test_acts_that_came_back_without_their_content_count_for_the_limit_too() -> None:
    pair = small(entries=4)
    copy = Copy(pair.be.store)
    for _ in range(3):
        _, one = pair.open_trace()
        spoiled(pair.be, one.id, urgency="whenever")
    pair.settle()
    put_back(pair, "be", copy)
    settle(pair)
    late = [pair.open_trace()[1] for _ in range(2)]
    pair.settle()
    assert [state(pair.ma, one) for one in late] == ["applied", "unknown"]


def test_messages_of_other_lanes_that_build_on_one_that_may_no_longer_leave_are_told_too() -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    first = pair.answer("be", dossier, "ask-more")
    second = pair.answer("be", dossier, "remind")
    third = pair.answer("be", dossier, "cancelled", lane="flash")
    moment = {"from": "2026-11-21T12:00:01Z"}
    governance.act(pair.be.ctx, "ma", "instrument.terminate", "chief", digest=pair.channel, reason="x", **moment)
    pair.settle("governance")
    pair.clock.advance(5 * DAY)
    pair.settle("routine")
    assert [state(pair.be, one) for one in (first, second, third)] == ["withdrawn"] * 3
    assert {one.what for one in pair.be.all(ALARMS)} == {"message.not-sent"}
    again = pair.answer("be", dossier, "cancelled", lane="flash")
    pair.settle()
    assert state(pair.ma, again) == "applied"
    agree(pair)


def test_one_that_something_under_way_builds_on_goes_though_it_is_late() -> None:
    """It is refused with its number; what built on it is judged and not left waiting."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    first = pair.answer("be", dossier, "ask-more")
    last = pair.answer("be", dossier, "cancelled", lane="flash")
    moment = {"from": "2026-11-21T12:00:01Z"}
    governance.act(pair.be.ctx, "ma", "instrument.terminate", "chief", digest=pair.channel, reason="x", **moment)
    pair.settle("governance", "flash")
    assert state(pair.ma, last) == "waiting"
    pair.clock.advance(5 * DAY)
    pair.settle()
    assert (state(pair.ma, first), pair.be.message(first.id).checks) == ("refused", ("7",))
    assert state(pair.ma, last) == "applied"
    agree(pair)


def test_an_opening_under_the_older_channel_comes_after_the_own_act_under_the_newer() -> None:
    """ma's own act came back before be's opening was sent again, and says nothing of the dossier's first channel."""
    pair = partners()
    copy = Copy(pair.ma.store)
    dossier, opening = pair.open_trace()
    pair.settle()
    pair.channel = pair.sign(texts.channel(pair.agreement, _types(), title="Next", supersedes=pair.channel), by="ma")
    pair.clock.advance(1000)
    own = pair.answer("ma", dossier, "take-charge")
    pair.settle()
    put_back(pair, "ma", copy)
    pair.reopen(pair.ma, "routine")
    assert (state(pair.ma, own), state(pair.ma, opening)) == ("sequenced", "unknown")
    settle(pair)
    assert state(pair.ma, opening) == "applied"
    assert pair.ma.dossier(dossier).state == "in-charge"
    agree(pair)


def test_a_partner_put_back_twice_to_before_and_to_after_a_generation_began() -> None:
    """First it lacks the old generation's end, then it holds the new one after all: nothing is sent in a closed log."""
    pair = partners()
    names = busy(pair, 1)
    early = Copy(pair.ma.store)
    copy = Copy(pair.be.store)
    names += busy(pair, 1)
    put_back(pair, "be", copy)
    settle(pair)
    names += busy(pair, 1)
    late = Copy(pair.ma.store)
    assert log_of(pair.ma, "in").generation == 2
    put_back(pair, "ma", early)
    assert pair.compare(pair.be, "routine")
    put_back(pair, "ma", late)
    message = pair.answer("be", names[0], "remind")
    settle(pair)
    assert state(pair.ma, message) == "applied"
    agree(pair)


def test_what_rests_on_an_own_act_waits_for_what_that_rests_on() -> None:
    """ma's own act came back; the act of be on which it rests has come again and still waits for its opening."""
    pair = partners()
    copy = Copy(pair.ma.store)
    dossier, opening = pair.open_trace()
    alert = pair.answer("be", dossier, "cancelled", lane="flash")
    pair.settle()
    own = pair.answer("ma", dossier, "report-deletion")
    pair.settle()
    last = pair.answer("be", dossier, "correct", message=alert.id)
    pair.settle()
    put_back(pair, "ma", copy)
    pair.reopen(pair.ma, "routine")
    pair.settle("flash")
    assert (state(pair.ma, own), state(pair.ma, alert)) == ("sequenced", "waiting")
    pair.settle("routine")  # the opening and the correction in one batch
    assert [state(pair.ma, one) for one in (opening, alert, last)] == ["applied"] * 3
    settle(pair)
    agree(pair)


def test_a_step_that_stands_in_a_new_generation_counts_from_its_newest_entry_for_both() -> None:
    pair = strangers()
    empty = Copy(pair.ma.store)
    pair.agreement = pair.sign(texts.agreement())
    pair.channel = pair.sign(texts.channel(pair.agreement, _types()))
    full = Copy(pair.ma.store)
    pair.clock.advance(5000)
    put_back(pair, "ma", empty)
    pair.reopen(pair.be, "governance", although_open=True)
    assert {one.state for one in pair.be.all(MESSAGES) if one.kind == "instrument.sign" and one.direction == "out"} == {
        "unsequenced"
    }
    put_back(pair, "ma", full)
    settle(pair)
    agree(pair)
    (record,) = (one for one in pair.ma.all(INSTRUMENTS) if one.digest == pair.channel)
    assert (record.own_signed, record.partner_signed) == (NOW, NOW + 5000)
    pair.clock.advance(1000)
    _, message = pair.open_trace()
    pair.settle()
    assert state(pair.ma, message) == "applied"


# -- one row each ------------------------------------------------------------------------------------------------------


def test_a_message_that_goes_again_in_a_new_generation_keeps_one_row() -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    copy = Copy(pair.be.store)
    pair.answer("be", dossier, "ask-more")
    pair.settle()
    peer = restart(pair, "be", copy.open())
    peer.sender.compared.update(LANES)
    again = pair.answer("be", dossier, "remind")
    peer.sender.step("routine")  # it has an index in a log that ma will never accept
    assert peer.message(again.id).origin.endswith("/1")
    peer.sender.failed("routine", "x")
    settle(pair)
    for one in (pair.be, pair.ma):
        found = one.message(again.id)
        assert (found.origin, found.index) == ("passerelle/be/ma/routine/2", 1)
    assert len([one for one in rows(pair.ma.store, MESSAGES) if one.id == again.id]) == 1
    agree(pair)


# -- lanes -------------------------------------------------------------------------------------------------------------


def test_flash_is_not_behind_routine() -> None:
    pair = partners()
    first, _ = pair.open_trace()
    second, _ = pair.open_trace()
    pair.settle()
    before = [one.id for one in pair.ma.all(MESSAGES)]
    for _ in range(20):
        pair.open_trace()
    assert pair.be.sender.step("routine") is not None  # on its way for as long as it likes
    alert = pair.answer("be", first, "cancelled", lane="flash")
    pair.send(pair.be, "flash")
    assert state(pair.ma, alert) == "applied"
    assert [one.id for one in pair.ma.all(MESSAGES)] == [*before, alert.id]
    # Nor does a log that stands still hold up another.
    still = msgspec.structs.replace(log_of(pair.be), state="stopped")
    pair.be.store.write("test", lambda tx: tx.put(LOGS, [still]))
    another = pair.answer("be", second, "cancelled", lane="flash")
    pair.settle()
    assert state(pair.ma, another) == "applied"


# -- crossing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["be first", "ma first", "both at once"])
@pytest.mark.parametrize(
    ("one", "two"),
    [("cancelled", "take-charge"), ("ask-more", "refuse"), ("remind", "review"), ("cancelled", "refuse")],
)
def test_acts_that_cross_lead_both_to_one_state(order: str, one: str, two: str) -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    ours, theirs = pair.answer("be", dossier, one), pair.answer("ma", dossier, two)
    assert ours.after == theirs.after
    if order == "both at once":
        mine, other = pair.be.sender.step("routine"), pair.ma.sender.step("routine")
        assert mine is not None
        assert other is not None
        answers = inbox.receive(pair.ma.ctx, mine.body), inbox.receive(pair.be.ctx, other.body)
        pair.be.sender.received(mine, answers[0])
        pair.ma.sender.received(other, answers[1])
    else:
        pair.send(pair.be if order == "be first" else pair.ma, "routine")
    pair.settle()
    agree(pair)
    assert pair.be.dossier(dossier).count == 3


@pytest.mark.parametrize("bad", ["be", "ma"])
def test_acts_that_cross_and_one_is_refused(bad: str) -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    made = {"be": pair.answer("be", dossier, "ask-more"), "ma": pair.answer("ma", dossier, "take-charge")}
    spoiled(pair.peer(bad), made[bad].id, urgency="whenever")
    after = {name: pair.answer(name, dossier, "remind") for name in ("be", "ma")}
    pair.settle()
    good = "ma" if bad == "be" else "be"
    for peer in (pair.be, pair.ma):
        assert state(peer, made[bad]) == "refused"
    assert state(pair.peer(bad), made[good]) == "applied"
    assert state(pair.peer(good), after[bad]) == "applied"
    assert pair.be.dossier(dossier).count == 4
    agree(pair)


# -- instruments -------------------------------------------------------------------------------------------------------


def test_open_dossiers_go_on_under_what_supersedes_their_channel() -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    old = pair.channel
    pair.channel = pair.sign(texts.channel(pair.agreement, _types(), title="Next", supersedes=old), by="ma")
    pair.clock.advance(5 * DAY)
    on = pair.answer("be", dossier, "ask-more")
    answer = pair.answer("ma", dossier, "take-charge")
    fresh, _ = pair.open_trace()
    pair.settle()
    assert (state(pair.ma, on), state(pair.be, answer)) == ("applied", "applied")
    assert pair.ma.dossier(fresh).channel == pair.channel
    pair.channel = old
    with pytest.raises(desk.RefusedError) as error:
        pair.open_trace()
    assert {str(one.check) for one in error.value.objections} == {"7"}
    agree(pair)


def test_a_terminated_channel_lets_open_dossiers_wind_down_and_nothing_else() -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    governance.act(
        pair.ma.ctx,
        "be",
        "instrument.terminate",
        "chief",
        digest=pair.channel,
        reason="No longer needed.",
        **{"from": "2026-11-21T12:00:00Z"},
    )
    pair.settle()
    pair.clock.advance(5 * DAY)
    with pytest.raises(desk.RefusedError):
        pair.answer("be", dossier, "ask-more")
    with pytest.raises(desk.RefusedError):
        pair.open_trace()
    gone = pair.answer("be", dossier, "cancelled")
    read = pair.answer("ma", dossier, "acknowledge")
    pair.settle()
    assert (state(pair.ma, gone), state(pair.be, read)) == ("applied", "applied")
    assert pair.ma.dossier(dossier).state == "cancelled"
    agree(pair)


def test_a_rejected_proposal_is_signed_by_nobody() -> None:
    pair = partners()
    text = texts.channel(pair.agreement, _types(), title="Rejected")
    record = governance.act(pair.be.ctx, "ma", "instrument.propose", "o", instrument=text.decode())
    pair.settle()
    governance.act(pair.ma.ctx, "be", "instrument.reject", "chief", digest=record.digest, reason="Too wide.")
    signed = governance.act(
        pair.be.ctx, "ma", "instrument.sign", "chief", digest=record.digest
    )  # crosses the rejection
    assert signed.own_signed
    pair.settle()
    agree(pair)
    for peer in (pair.be, pair.ma):
        with pytest.raises(PasserelleError):
            governance.act(peer.ctx, peer.sender.partner, "instrument.sign", "x", digest=record.digest)


@pytest.mark.parametrize("kind", ["instrument.terminate", "instrument.reject"])
@pytest.mark.parametrize("first", ["be", "ma"])
def test_ends_that_cross_are_counted_by_the_times_of_their_entries(kind: str, first: str) -> None:
    """Written first is not entered first: what both must agree on is what stands in the logs."""
    pair = partners()
    digest = pair.channel
    if kind == "instrument.reject":
        text = texts.channel(pair.agreement, _types(), title="Rejected by both")
        digest = governance.act(pair.be.ctx, "ma", "instrument.propose", "o", instrument=text.decode()).digest
        pair.settle()
    more: dict[str, Any] = {"from": "2026-11-21T12:00:00Z"} if kind == "instrument.terminate" else {}
    second = "ma" if first == "be" else "be"
    for name in (first, second):
        peer = pair.peer(name)
        governance.act(peer.ctx, peer.sender.partner, kind, f"{name}-chief", digest=digest, reason=name, **more)
        pair.clock.advance(1000)
    outbox.sequence(pair.peer(second).ctx, first, "governance", on_entered=governance.entered)
    pair.clock.advance(1000)
    pair.settle()
    agree(pair)
    (record,) = (one for one in pair.be.all(INSTRUMENTS) if one.digest == digest)
    assert (record.terminated_by or record.rejected_by, record.reason) == (second, second)


def test_an_own_end_that_the_partner_refuses_is_undone() -> None:
    """ma rejects while be signs and then terminates: ma refuses both steps, and be takes both back."""
    pair = partners()
    text = texts.channel(pair.agreement, _types(), title="Rejected meanwhile")
    digest = governance.act(pair.be.ctx, "ma", "instrument.propose", "o", instrument=text.decode()).digest
    pair.settle()
    governance.act(pair.ma.ctx, "be", "instrument.reject", "chief", digest=digest, reason="No.")
    governance.act(pair.be.ctx, "ma", "instrument.sign", "chief", digest=digest)
    moment = {"from": "2026-11-21T12:00:00Z"}
    governance.act(pair.be.ctx, "ma", "instrument.terminate", "chief", digest=digest, reason="Enough.", **moment)
    pair.send(pair.be, "governance")
    pair.settle()
    agree(pair)
    (record,) = (one for one in pair.be.all(INSTRUMENTS) if one.digest == digest)
    assert (record.own_signed, record.terminated, record.rejected_by) == (0, 0, "ma")


def test_an_own_signature_counts_for_sending_once_it_is_cosigned() -> None:
    pair = strangers()
    pair.agreement = pair.sign(texts.agreement())
    record = governance.act(
        pair.be.ctx, "ma", "instrument.propose", "o", instrument=texts.channel(pair.agreement, _types()).decode()
    )
    pair.channel = record.digest
    pair.settle()
    governance.act(pair.ma.ctx, "be", "instrument.sign", "chief", digest=record.digest)
    pair.settle()
    governance.act(pair.be.ctx, "ma", "instrument.sign", "chief", digest=record.digest)
    pair.clock.advance(1000)
    with pytest.raises(desk.RefusedError):
        pair.open_trace()
    with pytest.raises(ExchangeError):
        pair.send(pair.be, "governance", network=answer_lost(pair.ma))
    with pytest.raises(desk.RefusedError):
        pair.open_trace()  # ma has it, and be does not know yet
    pair.be.sender.failed("governance", "no answer")
    pair.compare(pair.be, "governance")
    _, message = pair.open_trace()
    pair.settle()
    assert state(pair.ma, message) == "applied"
    agree(pair)


def answer_lost(receiver: Peer) -> Any:
    """A network on which the batch arrives and the answer does not."""

    def network(body: bytes) -> bytes:
        inbox.receive(receiver.ctx, body)
        raise ExchangeError("no answer")

    return network


# -- limits ------------------------------------------------------------------------------------------------------------


def small(entries: int = 3, size: int = 100_000_000) -> Pair:
    return partners(channel={"limits": {"entries": entries, "bytes": size}})


def test_an_honest_sender_holds_back_what_passes_the_limit_and_goes_on_the_next_day() -> None:
    pair = small()
    made = [pair.open_trace()[1] for _ in range(7)]
    pair.settle()
    assert [state(pair.ma, one) for one in made] == ["applied"] * 3 + ["unknown"] * 4
    assert [state(pair.be, one) for one in made] == ["sequenced"] * 3 + ["unsequenced"] * 4
    pair.clock.advance(DAY)
    pair.settle()
    assert [state(pair.ma, one) for one in made] == ["applied"] * 6 + ["unknown"]
    pair.clock.advance(DAY)
    pair.settle()
    agree(pair)


def test_limits_are_counted_for_each_direction_and_a_refusal_is_not_counted() -> None:
    pair = small(entries=3)
    dossier, _ = pair.open_trace()
    pair.settle()
    bad = pair.answer("be", dossier, "ask-more")
    spoiled(pair.be, bad.id, urgency="whenever")
    mine = [pair.answer("ma", dossier, name) for name in ("take-charge", "acknowledge", "interim")]
    pair.settle()
    assert [state(pair.be, one) for one in mine] == ["applied"] * 3
    assert state(pair.be, bad) == "refused"


def test_a_sender_that_passes_the_limit_is_refused_whole_and_nothing_changes() -> None:
    pair = small(entries=3)
    for _ in range(3):
        pair.open_trace()
    pair.settle()
    extra = pair.open_trace()[1]
    pair.be.store.write("test", lambda tx: tx.delete(USAGE, [(pair.channel, "2026-11-21", "out")]))
    pair.be.sender.waiting.clear()
    posting = pair.be.sender.step("routine")
    assert posting is not None
    before = dump(pair.ma.store)
    with pytest.raises(BatchRefusedError) as error:
        inbox.receive(pair.ma.ctx, posting.body)
    assert error.value.check == Check.LIMITS
    assert dump(pair.ma.store) == before
    assert state(pair.ma, extra) == "unknown"


def test_bytes_a_day_are_limited_too() -> None:
    pair = small(entries=1000, size=6000)
    sizes = [pair.open_trace()[1].size for _ in range(4)]
    assert 2 * sizes[0] < 6000 < 4 * sizes[0]
    pair.settle()
    carried = [one.size for one in pair.ma.all(MESSAGES) if one.kind == "act"]
    assert sum(carried) <= 6000 < sum(sizes)
    pair.be.store.write("test", lambda tx: tx.delete(USAGE, [(pair.channel, "2026-11-21", "out")]))
    pair.be.sender.waiting.clear()
    posting = pair.be.sender.step("routine")
    assert posting is not None
    with pytest.raises(BatchRefusedError) as error:
        inbox.receive(pair.ma.ctx, posting.body)
    assert error.value.check == Check.LIMITS


def test_a_sender_put_back_still_knows_what_the_day_has_carried() -> None:
    """Or its next entries would be refused with 6 for ever: their times are given out and never change."""
    pair = small(entries=4)
    copy = Copy(pair.be.store)
    for _ in range(3):
        pair.open_trace()
    pair.settle()
    put_back(pair, "be", copy)
    settle(pair)
    late = [pair.open_trace()[1] for _ in range(3)]
    pair.settle()
    assert [state(pair.ma, one) for one in late] == ["applied", "unknown", "unknown"]
    pair.clock.advance(DAY)
    pair.settle()
    assert [state(pair.ma, one) for one in late] == ["applied"] * 3
    agree(pair)


def test_one_partner_does_not_use_up_another_s_limit() -> None:
    """be names a channel of ma with fr: refused, and nothing is counted there."""
    pair = partners()
    row = next(one for one in pair.ma.all(INSTRUMENTS) if one.digest == pair.channel)
    foreign = texts.channel(pair.agreement, _types(), parties=["fr", "ma"], limits={"entries": 2, "bytes": 50_000})
    from passerelle.instruments.model import digest_of

    alien = msgspec.structs.replace(row, digest=digest_of(foreign), body=foreign, partner="fr")
    pair.ma.store.write("test", lambda tx: tx.put(INSTRUMENTS, [alien]))
    made = [pair.open_trace()[1] for _ in range(3)]
    for one in made:
        spoiled(pair.be, one.id, channel=alien.digest)
    pair.settle()
    assert {state(pair.ma, one) for one in made} == {"refused"}
    assert [one.channel for one in pair.ma.all(USAGE)] == []


def test_a_refused_act_does_not_touch_a_dossier_with_somebody_else() -> None:
    """be names a dossier of ma with fr: the refusal must not become part of what ma sends to fr."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    foreign = ids.new_id()
    row = msgspec.structs.replace(pair.ma.dossier(dossier), id=foreign, partner="fr", opener="fr")
    pair.ma.store.write("test", lambda tx: tx.put(DOSSIERS, [row]))
    probe = pair.answer("be", dossier, "ask-more")
    spoiled(pair.be, probe.id, dossier=foreign)
    pair.settle()
    assert pair.ma.message(probe.id).checks == ("10",)
    assert pair.ma.dossier(foreign) == row


def test_messages_in_line_behind_one_that_may_no_longer_leave_do_not_wait_for_it_for_ever() -> None:
    """The channel ends while two acts are in line; the second may still leave, and builds on the first."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    first = pair.answer("be", dossier, "ask-more")
    second = pair.answer("be", dossier, "cancelled")
    assert second.after == (first.id,)
    governance.act(
        pair.be.ctx,
        "ma",
        "instrument.terminate",
        "chief",
        digest=pair.channel,
        reason="x",
        **{"from": "2026-11-21T12:00:01Z"},
    )
    pair.settle("governance")
    pair.clock.advance(5 * DAY)
    pair.settle()
    assert state(pair.be, first) == "withdrawn"
    # The one behind it went, or its author was told that it did not; it does not hang at the partner.
    if state(pair.be, second) == "sequenced":
        assert state(pair.ma, second) == "applied"
    else:
        assert state(pair.be, second) == "withdrawn"
        again = pair.answer("be", dossier, "cancelled")
        pair.settle()
        assert state(pair.ma, again) == "applied"
    agree(pair)


# -- clocks ------------------------------------------------------------------------------------------------------------


def test_a_sender_whose_clock_was_ahead_can_go_on_once_it_is_right() -> None:
    """Its log bears times of the future. Persons open a new generation, which begins with the right time."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.clock.advance(300 * DAY)
    message = pair.answer("be", dossier, "remind")
    posting = pair.be.sender.step("routine")
    assert posting is not None
    pair.clock.advance(-300 * DAY)
    with pytest.raises(BatchRefusedError) as error:
        inbox.receive(pair.ma.ctx, posting.body)
    assert error.value.check == Check.LEAVES
    pair.be.sender.failed("routine", str(error.value))
    assert pair.compare(pair.be, "routine")
    pair.reopen(pair.be, "routine", although_open=True)
    pair.settle()
    assert state(pair.ma, message) == "applied"
    agree(pair)


def test_a_full_day_of_one_channel_holds_up_nothing_else() -> None:
    """More messages wait for the next day than are looked at in one go; a refusal behind them goes all the same."""
    pair = small()
    for _ in range(3):
        pair.open_trace()
    outbox.sequence(pair.be.ctx, "ma", "routine", limit=5)
    for _ in range(11):
        pair.open_trace()

    def refuse(tx: Any) -> Any:
        return outbox.simple(tx, pair.be.ctx, "ma", "routine", "refusal", refused=[{"message": "x", "checks": ["9"]}])

    refusal = pair.be.store.write("test", refuse)
    assert outbox.sequence(pair.be.ctx, "ma", "routine", limit=5) == 1
    assert state(pair.be, refusal) == "sequenced"


def test_a_line_that_waits_for_the_next_day_is_not_looked_through_at_every_turn() -> None:
    plan = FaultPlan()
    pair = partners(be=MemoryStore(plan), channel={"limits": {"entries": 3, "bytes": 100_000_000}})
    made = [pair.open_trace()[1] for _ in range(5)]
    pair.settle()

    def looks() -> int:
        before = plan.counts["outbox.sequence:begin"]
        for _ in range(4):
            assert pair.be.sender.step("routine") is None
        return plan.counts["outbox.sequence:begin"] - before

    assert looks() == 0
    pair.open_trace()
    assert looks() == 1
    outbox.withdraw(pair.be.ctx, made[4].id, "op", "not needed")
    assert looks() == 1
    pair.clock.advance(outbox.LOOK_AGAIN)
    assert looks() == 1
    pair.clock.advance(DAY)
    pair.settle()
    assert [state(pair.ma, one) for one in made] == ["applied"] * 4 + ["unknown"]


def test_a_batch_of_the_largest_size_that_settings_allow_is_accepted() -> None:
    pair = partners(batch_bytes=8 * 1024 * 1024)
    text = "x" * 15_900
    for _ in range(9):
        content = acts.wanted_request(statements=[acts.statement(text=text) for _ in range(65)])
        pair.post("be", content)
    pair.settle()
    agree(pair)
    assert len([one for one in pair.ma.all(MESSAGES) if one.kind == "act"]) == 9


# -- faults ------------------------------------------------------------------------------------------------------------


def play(pair: Pair) -> None:
    """A little of everything, written so that it can be begun again after a crash anywhere."""
    if not pair.be.all(DOSSIERS):
        pair.open_trace()
    (dossier,) = (one.id for one in pair.be.all(DOSSIERS))
    pair.settle()
    if not [one for one in pair.ma.all(MESSAGES) if one.act == "take-charge"]:
        pair.answer("ma", dossier, "take-charge")
    bad = [one for one in pair.be.all(MESSAGES) if one.act == "ask-more"]
    if not bad:
        bad = [pair.answer("be", dossier, "ask-more")]
    if bad[0].state == "unsequenced" and "urgency" in content_of(pair.be, bad[0].id):
        spoiled(pair.be, bad[0].id, urgency="whenever")
    pair.settle()


def restarted_after(pair: Pair, plans: dict[str, FaultPlan]) -> None:
    for name in ("be", "ma"):
        pair.peer(name).store._fault = FaultPlan()  # type: ignore[attr-defined]
        restart(pair, name)


def faulted(name: str, plan: FaultPlan) -> Pair:
    pair = partners(**{name: MemoryStore()})
    pair.peer(name).store._fault = plan  # type: ignore[attr-defined]
    return pair


def points(name: str) -> list[str]:
    plan = FaultPlan()
    play(faulted(name, plan))
    return plan.passed


@pytest.mark.parametrize("name", ["be", "ma"])
def test_a_crash_at_any_point_of_either_store_loses_nothing_and_doubles_nothing(name: str) -> None:
    passed = points(name)
    assert {"inbox.accept:commit", "outbox.sequence:commit", "sender.receipt:done"} <= set(passed)
    for number in range(1, len(passed) + 1):
        pair = faulted(name, FaultPlan(None, number))
        with pytest.raises(Crash):
            play(pair)
        # Whatever a receipt was given for is there.
        receipts_behind_storage(pair)
        restarted_after(pair, {})
        play(pair)
        agree(pair)
        (dossier,) = (one.id for one in pair.be.all(DOSSIERS))
        assert pair.ma.dossier(dossier).state == "in-charge", passed[number - 1]
        acts_of = [one.act for one in pair.be.all(MESSAGES) if one.kind == "act"]
        assert sorted(acts_of) == ["ask-more", "request", "take-charge"], passed[number - 1]


@pytest.mark.parametrize("name", ["be", "ma"])
def test_a_crash_at_any_point_of_a_reopening_can_be_gone_on_from(name: str) -> None:
    def prepared() -> Pair:
        pair = partners()
        busy(pair, 1)
        copy = Copy(pair.peer(name).store)
        busy(pair, 1)
        put_back(pair, name, copy)
        return pair

    plan = FaultPlan()
    pair = prepared()
    pair.peer(name).store._fault = plan  # type: ignore[attr-defined]
    settle(pair)
    assert "generation.open:commit" in plan.passed
    for number in range(1, len(plan.passed) + 1):
        pair = prepared()
        pair.peer(name).store._fault = FaultPlan(None, number)  # type: ignore[attr-defined]
        with pytest.raises(Crash):
            settle(pair)
        restarted_after(pair, {})
        settle(pair)
        agree(pair)
