"""Keys change while two nodes exchange: nothing is lost, old keys prove what they proved, and not a size more."""

import json
from typing import Any

import pytest

from passerelle.core import json as strict
from passerelle.exchange import rotation, trust
from passerelle.identity import identity as identities
from passerelle.identity.identity import Identity
from passerelle.identity.keys import KINDS, NodeKeys, generate
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import proof as proofs
from passerelle.oversight import evidence, verify
from passerelle.ports.records import ALARMS, PARTNERS
from tests.acceptance import independent_verifier as independent
from tests.peers.agree import agree
from tests.peers.pair import Pair, Peer, partners

BOTH = ("be", "ma")


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
