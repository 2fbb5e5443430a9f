"""Carried by hand: exactly once, whatever comes twice, late, in another order, beside the network, or not at all."""

from passerelle.exchange import governance
from tests.peers import carrying
from tests.peers.agree import agree
from tests.peers.pair import partners, strangers, texts


def test_everything_goes_by_hand_alone() -> None:
    pair = strangers()
    record = governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=texts.agreement().decode())
    carrying.settle(pair)
    for peer in (pair.be, pair.ma):
        governance.act(peer.ctx, pair.other(peer).ctx.name, "instrument.sign", "chief", digest=record.digest)
        carrying.settle(pair)
    agree(pair)


def test_acts_go_by_hand() -> None:
    pair = partners()
    dossier, message = pair.open_trace()
    pair.answer("be", dossier, "cancelled", lane="flash")
    carrying.settle(pair)
    agree(pair)
    assert pair.ma.message(message.id).state == "applied"
