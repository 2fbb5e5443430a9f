"""Keys change while two nodes exchange: nothing is lost, old keys prove what they proved, and not a size more."""

from typing import Any

import pytest

from passerelle.exchange import rotation, trust
from passerelle.identity.keys import KINDS
from passerelle.ports.records import ALARMS, PARTNERS
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
