"""Keys change while two nodes exchange: nothing is lost, old keys prove what they proved, and not a size more."""

import json
from contextlib import suppress
from typing import Any

import pytest

from passerelle.core import ids
from passerelle.core import json as strict
from passerelle.core.errors import ExchangeError, StateError
from passerelle.exchange import inbox, outbox, rotation, succession, trust, wire
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.identity import identity as identities
from passerelle.identity.identity import Identity
from passerelle.identity.keys import KINDS, NodeKeys, generate
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import handover
from passerelle.ledger import proof as proofs
from passerelle.ledger.handover import Handover
from passerelle.oversight import evidence, verify
from passerelle.ports.audit import WITNESSED, Witnessed
from passerelle.ports.keys import ERAS, SPANS, TOLD, Candidate
from passerelle.ports.records import ALARMS, AUDITS, LOGS, PARTNERS
from passerelle.ports.store import no_fault
from passerelle.store.faults import Crash, FaultPlan
from tests.acceptance import independent_verifier as independent
from tests.peers.agree import agree
from tests.peers.copies import Copy, restart
from tests.peers.pair import NOW, Pair, Peer, new_identity, partners
from tests.unit.exchange.forge import Forger

BOTH = ("be", "ma")
DAY = 86_400_000


def destroyed(peer: Peer) -> list[str]:
    """Have the node destroy what nobody goes by any more."""
    return sorted(row.kind for row in rotation.retire(peer.ctx, lambda ids: None))


def known(pair: Pair, name: str) -> str:
    """The fingerprint of the identity by which the other node knows this one."""
    other = pair.other(pair.peer(name))
    return other.store.read(lambda tx: tx.get(PARTNERS, name)).fingerprint


def settled(pair: Pair, name: str) -> bool:
    peer = pair.peer(name)
    return peer.store.read(lambda tx: trust.mine(tx, peer.ctx, pair.other(peer).ctx.name)).settled


def traffic(pair: Pair) -> list[Any]:
    """An act in each direction and lane, in line."""
    dossier, opening = pair.open_trace()
    pair.settle()
    return [
        opening,
        pair.answer("ma", dossier, "take-charge"),
        pair.answer("be", dossier, "ask-more"),
        pair.answer("be", dossier, "remind", lane="routine"),
    ]


def whole(pair: Pair, sent: list[Any]) -> None:
    pair.settle()
    pair.settle()
    for message in sent:
        author, other = (pair.be, pair.ma) if pair.be.message(message.id).direction == "out" else (pair.ma, pair.be)
        assert author.message(message.id).state == "sequenced"
        assert other.message(message.id).state == "applied"
    agree(pair)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("kinds", [*((kind,) for kind in KINDS), KINDS])
def test_a_rotation_under_traffic_in_both_directions(name: str, kinds: tuple[str, ...]) -> None:
    pair = partners()
    sent = traffic(pair)
    made = pair.rotate(pair.peer(name), *kinds)
    sent += traffic(pair)
    whole(pair, sent)
    assert known(pair, name) == made.fingerprint
    assert settled(pair, name)
    whole(pair, traffic(pair))
    assert not pair.be.all(ALARMS)
    assert not pair.ma.all(ALARMS)


def test_a_handover_of_the_witness_key_names_what_it_cosigned_of_the_partners_audit_log() -> None:
    pair = partners()
    pair.settle()
    row = Witnessed("ma", 1, 7, "", NOW)
    pair.be.store.write("test.witness", lambda tx: tx.put(WITNESSED, [row]))
    pair.rotate(pair.be, "witness")
    whole(pair, traffic(pair))
    assert pair.be.all(TOLD)[0].lasts == ("witness passerelle/ma/audit/1 7",)
    last = pair.ma.store.read(lambda tx: trust.theirs(tx, pair.ma.ctx, tx.get(PARTNERS, "be")))
    old = last.stages[0].keys.pair("witness")
    assert last.last(old, "witness", "passerelle/ma/audit/1") == 7


# -- evidence ----------------------------------------------------------------------------------------------------------


def proves(peer: Peer, wanted: str, *trusted: Identity) -> str:
    """The verdict of both verifiers on what a node exports."""
    return judged(evidence.collect(peer.ctx, peer.identity, wanted, "ann"), *trusted)


def judged(data: bytes, *trusted: Identity) -> str:
    verdict = verify.verify(data, trusted).verdict
    assert independent.verify(data, [one.body for one in trusted]).verdict() == verdict
    return verdict


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("kinds", [("log",), ("receipt",), ("envelope", "sealing"), KINDS])
def test_evidence_of_before_and_after_verifies_with_old_and_with_new_identities(
    name: str, kinds: tuple[str, ...]
) -> None:
    pair = partners()
    old = {one: pair.peer(one).identity for one in BOTH}
    dossier, opening = pair.open_trace()
    pair.settle()
    before = evidence.collect(pair.be.ctx, pair.be.identity, dossier, "ann")
    pair.rotate(pair.peer(name), *kinds)
    pair.settle()
    late = pair.answer("ma", dossier, "take-charge")
    pair.settle()
    pair.rotate(pair.peer(name), *kinds)
    pair.settle()
    for peer in (pair.be, pair.ma):
        destroyed(peer)
    assert judged(before, *old.values()) == verify.VERIFIED
    new = {one: pair.peer(one).identity for one in BOTH}
    for peer in (pair.be, pair.ma):
        for wanted in (dossier, opening.id, late.id):
            assert proves(peer, wanted, *old.values()) == verify.VERIFIED
            assert proves(peer, wanted, *new.values()) == verify.VERIFIED
            assert proves(peer, wanted) == verify.UNCONFIRMED
            stranger = keys_of_a_stranger(name)
            assert proves(peer, wanted, stranger, old["ma" if name == "be" else "be"]) == verify.FAILED


def keys_of_a_stranger(name: str) -> Identity:
    made = NodeKeys(name, generate(name))
    return identities.make(
        made, country="BE", languages=("fr",), timezone="Europe/Brussels", endpoints=(), tls="0" * 64
    )


def resigned(pair: Pair, data: bytes, origin: str, signers: Any, receipt: Any = None) -> bytes:
    """The evidence with every checkpoint of a log signed by these keys, and cosigned by those."""
    value = json.loads(data)
    for item in value["messages"]:
        proof = proofs.parse(item["proof"])
        held = proof.checkpoint
        if held.origin != origin:
            continue
        made = checkpoints.sign(signers, origin, held.size, held.root)
        if receipt is not None:
            made = checkpoints.with_signatures(made, checkpoints.cosign(receipt, made, pair.clock.now() // 1000))
        item["proof"] = str(proofs.make(proof.index, proof.path, made))
    value["digest"] = verify.digest_of(value)
    return strict.canonical(value)


def test_a_checkpoint_of_an_old_key_past_its_last_size_proves_nothing() -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    stolen, receipt = pair.be.ctx.keys.log, pair.ma.ctx.keys.receipt
    pair.rotate(pair.be, "log")
    pair.rotate(pair.ma, "receipt")
    pair.settle()
    trusted = (pair.be.identity, pair.ma.identity)
    origin = "passerelle/be/ma/routine/1"
    data = evidence.collect(pair.be.ctx, pair.be.identity, dossier, "ann")
    assert judged(resigned(pair, data, origin, stolen, receipt), *trusted) == verify.VERIFIED  # not past it
    assert judged(resigned(pair, data, origin, stolen, stolen), *trusted) == verify.FAILED
    pair.answer("ma", dossier, "take-charge")
    pair.answer("be", dossier, "ask-more")
    pair.settle()
    data = evidence.collect(pair.be.ctx, pair.be.identity, dossier, "ann")
    assert judged(data, *trusted) == verify.VERIFIED
    new, cosigning = pair.be.ctx.keys.log, pair.ma.ctx.keys.receipt
    assert judged(resigned(pair, data, origin, new, cosigning), *trusted) == verify.VERIFIED
    assert judged(resigned(pair, data, origin, stolen, cosigning), *trusted) == verify.FAILED
    assert judged(resigned(pair, data, origin, new, receipt), *trusted) == verify.FAILED


# -- when --------------------------------------------------------------------------------------------------------------


def test_both_rotate_at_once() -> None:
    pair = partners()
    sent = traffic(pair)
    made = {name: pair.rotate(pair.peer(name), *KINDS) for name in BOTH}
    sent += traffic(pair)
    whole(pair, sent)
    assert {name: known(pair, name) for name in BOTH} == {name: one.fingerprint for name, one in made.items()}


@pytest.mark.parametrize("name", BOTH)
def test_two_in_a_row_are_told_as_one_or_one_after_the_other(name: str) -> None:
    pair = partners()
    peer = pair.peer(name)
    sent = traffic(pair)
    pair.rotate(peer, "log", "receipt")
    pair.rotate(peer, "log", "sealing")  # before anybody was told of the first
    sent += traffic(pair)
    whole(pair, sent)
    assert len(peer.all(TOLD)) == 1
    pair.rotate(peer, "log", "envelope")
    lost = []
    while len(peer.all(TOLD)) == 1:  # told, but its receipt is lost
        with pytest.raises(ConnectionError):
            pair.send(peer, "governance", lambda body: lost.append(body) or gone())
    made = pair.rotate(peer, "log", "receipt")
    peer.sender.compared.clear()
    whole(pair, traffic(pair))
    assert len(peer.all(TOLD)) == 3
    assert known(pair, name) == made.fingerprint


def gone() -> bytes:
    raise ConnectionError


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("arrives", [False, True])
def test_a_handover_whose_receipt_is_lost_stops_nothing(name: str, arrives: bool) -> None:
    pair = partners()
    peer, other = pair.peer(name), pair.other(pair.peer(name))
    pair.settle()
    pair.rotate(peer, *KINDS)

    def lose(body: bytes) -> bytes:
        if arrives:
            inbox.receive(other.ctx, body)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        pair.send(peer, "governance", lose)
    assert (known(pair, name) == peer.identity.fingerprint) is arrives
    # What the other sends meanwhile is taken and receipted; what this node sends beyond the last size waits.
    dossier, opening = pair.open_trace()
    while pair.send(pair.be, "routine"):
        pass
    assert (pair.ma.message(opening.id) is None) is (name == "be")
    assert not settled(pair, name)
    peer.sender.compared.clear()
    pair.settle()
    pair.settle()
    whole(pair, [opening, pair.answer("ma", dossier, "take-charge")])
    assert settled(pair, name)


def test_a_partner_that_is_away_for_long_is_told_of_the_newest_when_it_is_back() -> None:
    pair = partners()
    pair.settle()
    for _ in range(3):
        pair.rotate(pair.be, *KINDS)
        pair.clock.advance(90 * DAY)
        destroyed(pair.be)
    first = pair.be.store.read(lambda tx: trust.mine(tx, pair.be.ctx, "ma")).sets[0]
    assert pair.be.ctx.keys.signers(first.log)  # ma goes by them still
    assert pair.be.ctx.keys.opener(first.sealing.id)
    assert len(pair.be.ctx.keys.held) == 17  # of those in between nobody ever heard; one sealing key has its grace
    whole(pair, traffic(pair))
    assert len(pair.be.all(TOLD)) == 1
    assert not pair.be.all(ALARMS)


def test_old_keys_are_destroyed_when_nobody_goes_by_them_and_sealing_keys_after_the_grace() -> None:
    pair = partners()
    pair.settle()
    pair.rotate(pair.ma, *KINDS)
    assert destroyed(pair.ma) == []
    pair.settle()
    assert destroyed(pair.ma) == ["envelope", *["log"] * 2, *["receipt"] * 2, *["witness"] * 2]
    assert destroyed(pair.ma) == []
    # What was sealed before is on its way still, as a courier may be.
    old = pair.be.store.read(lambda tx: tx.scan(SPANS, "key", ("ma",), limit=1))[0]
    pair.open_trace()
    sender = pair.be.sender
    pair.compare(pair.be, "routine")
    posting = sender.step("routine")
    assert posting is not None
    header, _ = wire.parse_header(posting.body)
    assert header.seal == pair.ma.ctx.keys.sealing.id
    slow = Forger(pair)
    slow.to = identities.parse(old.identity).sealing
    pair.clock.advance(DAY // 2)
    assert destroyed(pair.ma) == []
    sender.received(posting, inbox.receive(pair.ma.ctx, slow.build()))
    grace = max(DAY, 2 * DAY)
    pair.clock.advance(30 * DAY + grace)
    assert destroyed(pair.ma) == ["sealing"]
    with pytest.raises(BatchRefusedError) as refused:
        inbox.receive(pair.ma.ctx, slow.build())
    assert refused.value.check == Check.SIGNATURE
    whole(pair, traffic(pair))
    assert [one.what for one in pair.ma.all(AUDITS)].count("key.destroyed") == 8


def test_keys_do_not_change_while_a_log_stands_still() -> None:
    pair = partners()
    pair.settle()
    copy = Copy(pair.be.store)
    pair.open_trace()
    pair.settle()
    restart(pair, "be", copy.open())
    assert not pair.compare(pair.be, "routine")
    with pytest.raises(StateError, match="routine/1, which is stopped"):
        pair.rotate(pair.be, "log")


# -- stores that are put back ------------------------------------------------------------------------------------------


def back(pair: Pair, name: str, copy: Copy, *between: Identity) -> None:
    """A node's store is what it was; its folder, with the keys and the identity, is as it is."""
    peer = restart(pair, name, copy.open())
    pair.be.sender.compared.clear()
    pair.ma.sender.compared.clear()
    if rotation.newest(pair_read(peer)).fingerprint != peer.identity.fingerprint:
        peer.store.write("test.adopt", lambda tx: rotation.adopt(tx, peer.ctx, [*between, peer.identity], "op"))


def pair_read(peer: Peer) -> Any:
    class One:
        def scan(self, *more: Any, **how: Any) -> Any:
            return peer.store.read(lambda tx: tx.scan(*more, **how))

    return One()


def reopened(pair: Pair) -> None:
    """What persons do until every lane goes on."""
    for _ in range(4):
        pair.settle()
        for peer in (pair.be, pair.ma):
            for log in peer.all(LOGS):
                if log.direction == "out" and log.state in ("stopped", "frozen"):
                    pair.reopen(peer, log.lane)
    pair.settle()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("destroy", [False, True])
def test_a_node_put_back_to_before_its_own_rotation_takes_it_back(name: str, destroy: bool) -> None:
    pair = partners()
    sent = traffic(pair)
    pair.settle()
    copy = Copy(pair.peer(name).store)
    pair.rotate(pair.peer(name), *KINDS)
    sent += traffic(pair)
    pair.settle()
    if destroy:
        destroyed(pair.peer(name))
    back(pair, name, copy)
    reopened(pair)
    whole(pair, sent)
    assert settled(pair, name)
    whole(pair, traffic(pair))
    pair.rotate(pair.peer(name), *KINDS)
    whole(pair, traffic(pair))


@pytest.mark.parametrize("name", BOTH)
def test_a_node_put_back_past_two_rotations_of_which_one_was_told(name: str) -> None:
    pair = partners()
    peer = pair.peer(name)
    sent = traffic(pair)
    pair.settle()
    copy = Copy(peer.store)
    between = pair.rotate(peer, *KINDS)
    pair.settle()
    destroyed(peer)
    pair.rotate(peer, *KINDS)
    back(pair, name, copy, between)
    destroyed(pair.peer(name))
    reopened(pair)
    whole(pair, sent)
    whole(pair, traffic(pair))
    assert settled(pair, name)


@pytest.mark.parametrize("name", BOTH)
def test_a_partner_put_back_to_before_a_rotation_is_told_again(name: str) -> None:
    pair = partners()
    other = pair.other(pair.peer(name)).ctx.name
    sent = traffic(pair)
    pair.settle()
    copy = Copy(pair.peer(other).store)
    pair.rotate(pair.peer(name), *KINDS)
    sent += traffic(pair)
    pair.settle()
    back(pair, other, copy)  # and the old keys are there still
    reopened(pair)
    whole(pair, sent)
    assert known(pair, name) == pair.peer(name).identity.fingerprint


@pytest.mark.parametrize("name", BOTH)
def test_a_partner_put_back_to_before_a_rotation_whose_old_keys_are_gone_needs_persons(name: str) -> None:
    pair = partners()
    peer = pair.peer(name)
    other = pair.other(peer).ctx.name
    sent = traffic(pair)
    pair.settle()
    copy = Copy(pair.peer(other).store)
    pair.rotate(peer, *KINDS)
    sent += traffic(pair)
    pair.settle()
    destroyed(peer)
    back(pair, other, copy)
    with pytest.raises((BatchRefusedError, ExchangeError)):
        pair.settle()
    persons(pair, name)
    reopened(pair)
    whole(pair, sent)
    whole(pair, traffic(pair))


def persons(pair: Pair, name: str) -> None:
    """The partner's people compare the node's present identity file."""
    other, identity = pair.other(pair.peer(name)), pair.peer(name).identity
    waiting = Candidate(name, identity.body, identity.fingerprint, NOW, "op")

    def work(tx: Any) -> None:
        succession.rebind(tx, other.ctx, tx.get(PARTNERS, name), waiting, "op")

    other.store.write("test.rebind", work)
    with suppress(StateError):  # it was told before it was put back
        rotation.compared(pair.peer(name).ctx, other.ctx.name, "op")
    pair.be.sender.compared.clear()
    pair.ma.sender.compared.clear()


@pytest.mark.parametrize("name", BOTH)
def test_persons_may_be_quicker_than_a_handover_that_is_on_its_way(name: str) -> None:
    pair = partners()
    peer = pair.peer(name)
    pair.settle()
    pair.rotate(peer, *KINDS)
    with pytest.raises(ConnectionError):
        pair.send(peer, "governance", lambda body: gone())
    made = pair.rotate(peer, *KINDS)
    persons(pair, name)
    whole(pair, traffic(pair))
    assert known(pair, name) == made.fingerprint
    assert settled(pair, name)
    whole(pair, traffic(pair))


def test_entries_that_come_back_may_be_signed_by_old_keys() -> None:
    """Recovery across a rotation: two generations, the old keys' entries and the new keys'."""
    pair = partners()
    copy = Copy(pair.be.store)
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.rotate(pair.be, "log")
    pair.settle()
    late = pair.answer("be", dossier, "cancelled", lane="flash")
    pair.settle()
    destroyed(pair.be)
    back(pair, "be", copy)
    reopened(pair)
    assert pair.be.dossier(dossier) is not None
    assert pair.be.message(late.id).state == "sequenced"
    whole(pair, traffic(pair))
    pair.rotate(pair.be, "log")
    whole(pair, traffic(pair))


def test_a_handover_that_was_never_cosigned_is_told_anew_in_a_new_generation() -> None:
    pair = partners()
    pair.settle()
    made = pair.rotate(pair.be, "log")
    with pytest.raises(ConnectionError):
        pair.send(pair.be, "governance", lambda body: gone())
    [first] = pair.be.all(TOLD)
    pair.reopen(pair.be, "governance", although_open=True)
    assert pair.be.message(first.message).state == "withdrawn"
    assert pair.be.all(TOLD) == []
    pair.be.sender.compared.clear()
    whole(pair, traffic(pair))
    assert known(pair, "be") == made.fingerprint


# -- lost and stolen ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_a_revoked_key(kind: str, name: str, lost: bool) -> None:
    """Stolen, the node has it still; lost, it has not. A lost envelope key alone needs persons."""
    pair = partners()
    peer = pair.peer(name)
    sent = traffic(pair)
    pair.settle()
    before = peer.identity
    old = before.keys
    made = pair.rotate(peer, kind, revoked=kind, reason="it was lost")
    if lost:
        peer.ctx.keys.forget(set(old.ids(kind)))
    sent += [] if lost and kind in ("receipt", "sealing") else [pair.open_trace()[1]]
    if lost and kind == "envelope":
        with pytest.raises((BatchRefusedError, ExchangeError)):
            pair.settle()
        persons(pair, name)
        reopened(pair)
    elif lost and name == "ma" and kind in ("receipt", "sealing"):
        pair.settle("governance")
    whole(pair, sent)
    assert known(pair, name) == made.fingerprint
    assert settled(pair, name)
    whole(pair, traffic(pair))
    if kind != "envelope" or not lost:
        [alarm] = [one for one in pair.other(peer).all(ALARMS) if one.what == "keys.revoked"]
        assert kind in alarm.text
    for one in (pair.be, pair.ma):
        # Where persons compared, nothing in the file leads from one identity to the other: the reader has both.
        by_persons = (before,) if kind == "envelope" and lost else ()
        assert proves(one, sent[0].id, pair.be.identity, pair.ma.identity, *by_persons) == verify.VERIFIED


def test_a_thief_of_log_and_envelope_keys_is_refused_once_they_are_revoked() -> None:
    pair = partners()
    sent = traffic(pair)
    pair.settle()
    stolen, envelope = pair.be.ctx.keys.log, pair.be.ctx.keys.envelope
    pair.rotate(pair.be, "log", revoked="log")
    pair.settle()
    pair.open_trace()
    forger = Forger(pair)
    assert forger.keys.envelope is envelope
    body = forger.build({})
    held = pair.ma.all(LOGS)
    forger.keys = NodeKeys("be", {})
    for kind in ("receipt", "witness", "envelope", "sealing"):
        setattr(forger.keys, kind, getattr(pair.be.ctx.keys, kind))
    forger.keys.log = stolen
    with pytest.raises(BatchRefusedError) as refused:
        inbox.receive(pair.ma.ctx, forger.build({}))
    assert refused.value.check == Check.CHECKPOINT
    assert pair.ma.all(LOGS) == held
    inbox.receive(pair.ma.ctx, body)
    whole(pair, sent)


def test_what_only_a_revoked_key_signed_is_no_evidence() -> None:
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    stolen = pair.be.ctx.keys.log
    pair.rotate(pair.be, "log", revoked="log")
    pair.settle()
    pair.open_trace()
    pair.settle()
    trusted = (pair.be.identity, pair.ma.identity)
    receipt = pair.ma.ctx.keys.receipt
    data = evidence.collect(pair.be.ctx, pair.be.identity, dossier, "ann")
    assert judged(data, *trusted) == verify.VERIFIED
    origin = "passerelle/be/ma/routine/1"
    assert judged(resigned(pair, data, origin, stolen), *trusted) == verify.FAILED  # nobody cosigned it
    pair.clock.advance(DAY)
    assert judged(resigned(pair, data, origin, stolen, receipt), *trusted) == verify.FAILED  # and not in time


# -- forged ------------------------------------------------------------------------------------------------------------


def forged(pair: Pair, change: Any) -> int:
    """The check with which ma refuses a batch of be whose handover was changed; nothing of it is kept."""
    pair.settle()
    assert pair.be.ctx.store.read(lambda tx: trust.mine(tx, pair.be.ctx, "ma")).settled
    before = pair.ma.all(PARTNERS), pair.ma.all(LOGS)
    old = pair.be.identity
    made = new_identity(pair.be, *KINDS)
    log = next(one for one in pair.be.all(LOGS) if one.origin == "passerelle/be/ma/governance/1")
    values = {
        "sender": "be",
        "receiver": "ma",
        "message": ids.new_id(),
        "time": pair.clock.now(),
        "before": old.key_digest,
        "after": made.fingerprint,
        "lasts": tuple(
            ("log", one.origin, one.size + (one.lane == "governance"))
            for one in pair.be.all(LOGS)
            if one.direction == "out"
        ),
    }
    own = values["message"]
    keys = {"before": old.keys, "after": made.keys, "identity": made.body.decode(), "kind": "keys.rotate"}
    change(values, keys)
    said = Handover(**values)
    signed = handover.sign(said, pair.be.ctx.keys, keys["before"], keys["after"])
    fields = {"statement": said.text, "signed": str(signed), "identity": keys["identity"], "by": "x", "reason": "y"}
    fields |= keys.get("fields", {})

    def work(tx: Any) -> None:
        message = outbox.simple(tx, pair.be.ctx, "ma", "governance", keys["kind"], message_id=own, **fields)
        outbox.enter(tx, pair.be.ctx, log, message, pair.clock.now())

    pair.be.store.write("test.forge", work)
    with pytest.raises(BatchRefusedError) as refused:
        pair.send(pair.be, "governance")
    assert (pair.ma.all(PARTNERS), pair.ma.all(LOGS)) == before
    return int(refused.value.check)


def stranger_signs(values: Any, keys: Any) -> None:
    """Signed by the new keys alone: as a thief would who cannot sign with the old."""
    keys["before"] = keys["after"]


FORGED = {
    "a true one": lambda values, keys: None,
    "without the old keys": stranger_signs,
    "without the new keys": lambda values, keys: keys.update(after=keys["before"]),
    "from another identity": lambda values, keys: values.update(before="0" * 64),
    "to another identity": lambda values, keys: values.update(after="0" * 64),
    "to another partner": lambda values, keys: values.update(receiver="fr"),
    "of another sender": lambda values, keys: values.update(sender="fr"),
    "of another message": lambda values, keys: values.update(message=ids.new_id()),
    "a smaller last size": lambda values, keys: values.update(
        lasts=tuple((kind, origin, size - 1) for kind, origin, size in values["lasts"])
    ),
    "no last sizes": lambda values, keys: values.update(lasts=()),
    "a revocation said to be a rotation": lambda values, keys: values.update(revoked="log"),
    "a rotation said to be a revocation": lambda values, keys: keys.update(kind="keys.revoke"),
    "a field more": lambda values, keys: keys.update(fields={"more": "x"}),
    "a statement out of form": lambda values, keys: keys.update(fields={"statement": "passerelle-keys/1"}),
    "signatures out of form": lambda values, keys: keys.update(fields={"signed": "x"}),
    "no identity": lambda values, keys: keys.update(fields={"identity": "{}"}),
}


@pytest.mark.parametrize("name", [name for name in FORGED if name != "a true one"])
def test_a_forged_handover_refuses_its_batch(name: str) -> None:
    pair = partners()
    pair.open_trace()
    assert forged(pair, FORGED[name]) == 3


def test_the_forger_of_these_tests_can_be_honest() -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        forged(partners(), FORGED["a true one"])


def test_a_handover_that_is_replayed_or_comes_back_changes_nothing() -> None:
    pair = partners()
    pair.settle()
    pair.rotate(pair.be, *KINDS)
    while not pair.be.all(TOLD):
        pair.settle()
    bodies = list(pair.sent)
    made = pair.rotate(pair.be, *KINDS)
    pair.settle()
    for body in bodies:
        with suppress(BatchRefusedError):
            inbox.receive(pair.ma.ctx, body)
    assert known(pair, "be") == made.fingerprint
    assert len(pair.ma.all(SPANS)) == 3
    whole(pair, traffic(pair))


# -- crashes -----------------------------------------------------------------------------------------------------------


def rotating(pair: Pair) -> list[Any]:
    """A rotation of all keys with what was in line, to its end."""
    dossier, opening = pair.open_trace()
    if pair.be.store.read(lambda tx: tx.count(ERAS)) == 1:
        pair.rotate(pair.be, *KINDS)
    pair.settle()
    pair.settle()
    destroyed(pair.be)
    return [opening, pair.answer("ma", dossier, "take-charge")]


@pytest.mark.parametrize("name", BOTH)
def test_a_crash_at_any_point_of_a_rotation_can_be_gone_on_from(name: str) -> None:
    pair = partners()
    pair.peer(name).store._fault = plan = FaultPlan()  # type: ignore[attr-defined]
    rotating(pair)
    wanted = (
        {"keys.start:commit", "keys.tell:commit", "keys.retire:commit"} if name == "be" else {"inbox.accept:commit"}
    )
    assert wanted <= set(plan.passed)
    for number in range(1, len(plan.passed) + 1):
        pair = partners()
        pair.peer(name).store._fault = FaultPlan(None, number)  # type: ignore[attr-defined]
        with pytest.raises(Crash):
            rotating(pair)
        for one in BOTH:
            pair.peer(one).store._fault = no_fault  # type: ignore[attr-defined]
            restart(pair, one)
        newest = rotation.newest(pair_read(pair.be))
        pair.be.identity = identities.parse(newest.identity)  # as opening the folder makes it
        pair.be.ctx.keys.turn(pair.be.identity.keys)
        sent = rotating(pair)
        whole(pair, sent)
        assert known(pair, "be") == pair.be.identity.fingerprint
        assert len(pair.be.all(ERAS)) == 2
        assert [one.what for one in pair.be.all(AUDITS)].count("key.destroyed") == 7
