"""When both copies are compared anew: a partner was put back behind the back of a node that has nothing new to send."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.exchange import answering, attachments_in, attachments_out, comparing
from passerelle.exchange.attachments_in import AnsweredError
from passerelle.exchange.sender import Sender
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.attachments import ATTACHMENTS
from passerelle.ports.courier import DOUBTS
from passerelle.ports.records import ALARMS
from tests.peers import uploads
from tests.peers.copies import Copy, restart, rows
from tests.peers.pair import Pair, Peer, partners, strangers

MINUTE = 60_000


def ask(pair: Pair, peer: Peer, number: int = 1) -> None:
    """A status question alone, as a service asks at its start where all its logs stand still."""
    answering.status(pair.other(peer).ctx, peer.sender.question(number.to_bytes(16)))


def alarms(peer: Peer) -> list[str]:
    return [one.what for one in rows(peer.store, ALARMS)]


def quiet(pair: Pair) -> None:
    """Everything has arrived, and each has looked at each lane since."""
    pair.settle()
    pair.settle()


def test_what_a_partner_lost_goes_again_though_the_sender_has_nothing_new() -> None:
    pair = partners()
    copy = Copy(pair.ma.store)
    photo = uploads.attach(pair.be, uploads.png(3000))
    message = uploads.send(pair, photo)
    uploads.settle(pair)
    goes_on = pair.be.sender
    restart(pair, "ma", copy.open())
    pair.send(pair.be, "routine")
    assert pair.ma.message(message.id) is None  # nothing told be
    ask(pair, pair.ma)
    pair.send(pair.be, "routine")
    assert pair.be.sender is goes_on
    assert pair.ma.message(message.id).state == "applied"
    assert alarms(pair.be) == ["link.partner-behind"]
    uploads.upload(pair, pair.be)
    assert [one.state for one in rows(pair.ma.store, ATTACHMENTS)] == ["complete"]


def test_a_sender_that_takes_over_learns_of_it_from_the_store() -> None:
    """The process that is asked need not be the one that sends."""
    pair = partners()
    copy = Copy(pair.ma.store)
    _, message = pair.open_trace()
    quiet(pair)
    restart(pair, "ma", copy.open())
    asked = Peer(pair.be.ctx, pair.be.identity, Sender(pair.be.ctx, "ma"))
    ask(Pair(pair.clock, asked, pair.ma), pair.ma)
    pair.send(pair.be, "routine")
    assert pair.ma.message(message.id).state == "applied"


def test_an_hour_is_enough_where_nobody_says_anything() -> None:
    pair = partners()
    copy = Copy(pair.ma.store)
    _, message = pair.open_trace()
    quiet(pair)
    restart(pair, "ma", copy.open())
    pair.seconds += 3000
    pair.send(pair.be, "routine")
    assert pair.ma.message(message.id) is None
    pair.seconds += 900
    pair.send(pair.be, "routine")
    assert pair.ma.message(message.id).state == "applied"


def test_questions_of_one_start_are_answered_by_one_comparison() -> None:
    pair = strangers()
    quiet(pair)
    count = rows(pair.ma.store, DOUBTS)
    for number in range(5):
        ask(pair, pair.be, number)
    assert rows(pair.ma.store, DOUBTS) == count
    restart(pair, "be")
    ask(pair, pair.be)
    assert [one.count for one in rows(pair.ma.store, DOUBTS)] == [one.count + 1 for one in count]


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["be", "ma"]), st.sampled_from([*LANES, "restart"]), st.floats(0, 30)), max_size=80
    )
)
def test_two_nodes_do_not_ask_each_other_without_end(steps: list[tuple[str, str, float]]) -> None:
    """Each start of a node brings about one question a lane of its own and one a lane of the other, in any order."""
    pair = strangers()
    asked, starts, now = 0, 2, 0.0

    def step(peer: Peer, lane: str) -> None:
        nonlocal asked
        peer.sender.look(lane, now)
        if lane not in peer.sender.compared:
            asked += 1
            pair.compare(peer, lane)

    for name, what, seconds in steps:
        now += seconds
        if what == "restart":
            restart(pair, name)
            starts += 1
        else:
            step(pair.peer(name), what)
    for _ in range(20):
        now += 10
        for peer in (pair.be, pair.ma):
            for lane in LANES:
                step(peer, lane)
    assert asked <= 2 * len(LANES) * starts
    assert now < 3500


@pytest.mark.parametrize("lost", ["answer", "message"])
def test_a_file_that_is_asked_for_in_vain_has_both_copies_compared(lost: str) -> None:
    """ma's answer that be forgot, or be's message that ma forgot."""
    pair = partners()
    photo = uploads.attach(pair.be, uploads.png(3000))
    copy = Copy(pair.ma.store)
    message = uploads.send(pair, photo)
    pair.settle()
    before = Copy(pair.be.store)
    if lost == "answer":
        uploads.settle(pair)
        quiet(pair)
        restart(pair, "be", before.open())
    else:
        restart(pair, "ma", copy.open())
    sure = pair.other(pair.be) if lost == "answer" else pair.be
    pair.clock.advance(MINUTE)
    counts = []
    for _ in range(3):
        (row,) = [one for one in rows(pair.be.store, ATTACHMENTS) if one.message == message.id]
        with suppress(AnsweredError, attachments_in.UnknownFileError):
            attachments_in.admit(pair.ma.ctx, attachments_out.ask(pair.be.ctx, row), row.address, brings=False)
        if lost == "message":
            comparing.doubt(pair.be.ctx, "ma", message.id)  # as the service does on 404
        counts += [one.count for one in rows(sure.store, DOUBTS)]
    assert len(set(counts)) == 1, "more than once a minute"
    pair.send(sure, "routine")
    if lost == "answer":
        assert [one.state for one in rows(pair.be.store, ATTACHMENTS)] == ["complete"]
    else:
        assert pair.ma.message(message.id).state == "applied"
    assert alarms(sure) == ["link.partner-behind"]
