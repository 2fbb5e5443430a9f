"""Carried by hand: exactly once, whatever comes twice, late, in another order, beside the network, or not at all."""

import io
import os
from typing import Any

import pytest

from passerelle.core.errors import InputError
from passerelle.exchange import comparing, courier, governance
from passerelle.exchange.courier import LEAST
from passerelle.exchange.courier_file import Writer, head
from passerelle.ports.courier import ASKED, CARRIED
from passerelle.ports.marks import MemoryMarks
from passerelle.ports.records import ALARMS, AUDITS, LOGS, MESSAGES
from passerelle.store.faults import Crash, FaultPlan
from passerelle.store.memory import MemoryStore
from tests.peers import carrying
from tests.peers.agree import agree, current
from tests.peers.copies import Copy, dump, restarted
from tests.peers.pair import NOW, Pair, Peer, partners, strangers, texts
from tests.peers.uploads import MIB, attach, files, png
from tests.peers.uploads import read as plain
from tests.peers.uploads import send as attached

DAY = 86_400_000


@pytest.fixture
def pair() -> Pair:
    """Both have compared all lanes by network; from now on there is none."""
    made = partners()
    made.settle()
    return made


def entries(taken: Any) -> int:
    return sum(one.entries for one in taken.taken)


def alarms(peer: Peer) -> list[str]:
    return [one.what for one in peer.all(ALARMS)]


def anew(pair: Pair, name: str, store: Any = None, marks: MemoryMarks | None = None) -> Peer:
    """A new process of a node; with `marks`, on a machine that did not start anew."""
    made = restarted(pair.peer(name), store)
    if marks is not None:
        object.__setattr__(made.ctx, "marks", marks)
    setattr(pair, name, made)
    return made


# -- the way -----------------------------------------------------------------------------------------------------------


def test_everything_goes_by_hand_alone() -> None:
    pair = strangers()
    record = governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=texts.agreement().decode())
    carrying.settle(pair)
    for peer in (pair.be, pair.ma):
        governance.act(peer.ctx, pair.other(peer).ctx.name, "instrument.sign", "chief", digest=record.digest)
        carrying.settle(pair)
    agree(pair)


def test_acts_and_refusals_go_by_hand(pair: Pair) -> None:
    dossier, message = pair.open_trace()
    pair.answer("be", dossier, "cancelled", lane="flash")
    carrying.settle(pair)
    agree(pair)
    assert pair.ma.message(message.id).state == "applied"


def test_files_come_twice_and_late_and_beside_the_network(pair: Pair) -> None:
    made = []
    for _ in range(4):
        pair.open_trace()
        made.append(carrying.file_of(pair, pair.be))
    assert entries(carrying.read(pair.ma, made[2])) == 3
    pair.send(pair.be, "routine")  # the network is back for a moment
    before = dump(pair.ma.store, AUDITS, ASKED, LOGS)  # receipts and questions may be newer
    assert [entries(carrying.read(pair.ma, one)) for one in (*made, *made)] == [0] * 8
    assert dump(pair.ma.store, AUDITS, ASKED, LOGS) == before
    carrying.settle(pair)
    agree(pair)
    assert alarms(pair.be) == alarms(pair.ma) == []


def test_a_file_that_is_early_waits_for_the_one_before_it(pair: Pair) -> None:
    pair.open_trace()
    first = carrying.file_of(pair, pair.be)
    pair.open_trace()
    second = carrying.file_of(pair, pair.be, onward=True)
    taken, answer = carrying.answered(pair, pair.ma, second)
    assert entries(taken) == 0
    assert "entries 0 to 1 of passerelle/be/ma/routine/1 are missing" in taken.problems[0].words
    carrying.read(pair.be, answer)
    assert alarms(pair.be) == []  # it was early, nobody refused it
    assert [entries(carrying.read(pair.ma, one)) for one in (first, second)] == [1, 1]


def test_files_of_a_bounded_size_follow_one_another(pair: Pair) -> None:
    for _ in range(120):
        pair.open_trace()
    sizes, made = [], []
    while True:
        data, told = carrying.written(pair, pair.be, most=LEAST, onward=True)
        sizes.append(len(data))
        made.append(data)
        if not told.lanes[-1].left and not told.lanes[-1].waiting:
            break
    assert len(made) > 1
    assert max(sizes) <= LEAST
    assert sum(entries(carrying.read(pair.ma, one)) for one in made) == 120
    with pytest.raises(InputError, match="or more"):
        carrying.file_of(pair, pair.be, most=1000)


def test_a_refusal_by_number_comes_back_and_is_told_once(pair: Pair) -> None:
    pair.open_trace()
    data = carrying.file_of(pair, pair.be)
    pair.clock.advance(-10 * 60_000)  # ma's clock, too: entries are ahead of it
    taken, answer = carrying.answered(pair, pair.ma, data)
    assert len(taken.refusals) == 1
    for _ in range(2):
        back = carrying.read(pair.be, answer)
    assert back.refused == 1
    assert alarms(pair.be) == ["link.refused"]
    pair.clock.advance(10 * 60_000)
    carrying.settle(pair)
    assert carrying.read(pair.be, answer).refused == 0  # it was taken since
    agree(pair)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_of_a_damaged_file_what_stands_before_is_taken(pair: Pair, share: float) -> None:
    object.__setattr__(pair.be.ctx.policy, "batch_entries", 1)
    for _ in range(5):
        pair.open_trace()
    data = carrying.file_of(pair, pair.be)
    at = int(share * len(data))
    for spoiled in (data[:at], data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]):
        if at < 2000:
            with pytest.raises(InputError):
                carrying.read(pair.ma, spoiled)
        else:
            assert carrying.read(pair.ma, spoiled).damage
    assert not carrying.read(pair.ma, data).damage
    carrying.settle(pair)
    agree(pair)


def test_a_stranger_s_file_and_one_for_others_change_nothing(pair: Pair) -> None:
    pair.open_trace()
    data = carrying.file_of(pair, pair.be)
    with pytest.raises(InputError, match="own"):
        carrying.read(pair.be, data)
    for sender, receiver, signer in (("be", "fr", pair.be), ("be", "ma", pair.ma), ("fr", "ma", pair.be)):
        file = io.BytesIO()
        made = head(sender, receiver, os.urandom(16), NOW, signer.ctx.keys.envelope)
        Writer(file, made).end()
        with pytest.raises(InputError):
            carrying.read(pair.ma, file.getvalue())
    assert not [one for one in pair.ma.all(MESSAGES) if one.dossier]


def test_the_keys_that_sealed_a_file_may_change_meanwhile(pair: Pair) -> None:
    pair.open_trace()
    old = carrying.file_of(pair, pair.be)
    pair.rotate(pair.ma, "sealing", "receipt")
    pair.rotate(pair.be, "log", "envelope")
    carrying.settle(pair)
    with pytest.raises(InputError):
        carrying.read(pair.ma, old)  # signed by an envelope key that is replaced
    agree(pair)


def test_an_act_that_is_carried_within_the_grace_is_applied() -> None:
    pair = partners(channel={"valid": {"from": "2026-11-01", "until": "2026-11-22"}, "grace": "P7D"})
    pair.settle()
    _, message = pair.open_trace()
    data = carrying.file_of(pair, pair.be)
    pair.clock.advance(5 * DAY)
    assert entries(carrying.read(pair.ma, data)) == 1
    assert pair.ma.message(message.id).state == "applied"


# -- comparing ---------------------------------------------------------------------------------------------------------


def test_nothing_gets_an_index_before_both_copies_were_compared(pair: Pair) -> None:
    anew(pair, "be")  # the machine started anew: so do the marks
    pair.open_trace()
    data, told = carrying.written(pair, pair.be)
    assert [(one.lane, one.state, one.entries, one.waiting) for one in told.lanes][2] == ("routine", "asks", 0, 1)
    _, answer = carrying.answered(pair, pair.ma, data)
    assert carrying.read(pair.be, answer).compared == ("governance", "flash", "routine")
    assert carrying.written(pair, pair.be)[1].lanes[2].entries == 1


def test_what_has_an_index_goes_while_the_rest_waits(pair: Pair) -> None:
    pair.open_trace()
    pair.be.sender.step("routine")  # it has its index, and the network fails
    pair.open_trace()
    anew(pair, "be")
    told = carrying.written(pair, pair.be)[1].lanes[2]
    assert (told.state, told.entries, told.waiting) == ("asks", 1, 1)


def test_what_the_network_compared_holds_in_another_process(pair: Pair) -> None:
    anew(pair, "be", marks=pair.be.ctx.marks)
    pair.open_trace()
    assert carrying.written(pair, pair.be)[1].lanes[2].state == "compared"


def test_a_store_that_was_put_back_compares_anew_and_no_old_answer_does(pair: Pair) -> None:
    """The heart of it: what a restored store still knows, it knows from before."""
    anew(pair, "be")
    marks = pair.be.ctx.marks
    _, answer = carrying.answered(pair, pair.ma, carrying.file_of(pair, pair.be))  # asked, not read yet
    copy = Copy(pair.be.store)
    carrying.read(pair.be, answer)
    pair.open_trace()
    carrying.read(pair.ma, carrying.file_of(pair, pair.be))  # index 0 is used
    anew(pair, "be", copy.open(), marks)
    pair.open_trace()
    assert carrying.read(pair.be, answer).compared != ("governance", "flash", "routine")
    assert carrying.written(pair, pair.be)[1].lanes[2].state != "compared"
    assert carrying.written(pair, pair.be)[1].lanes[2].entries == 0
    carrying.there_and_back(pair, pair.be)
    assert current(pair.be, "out", "routine").state == "stopped"  # ma holds what this store forgot


def test_entries_that_left_in_a_file_stop_a_store_that_forgot_them(pair: Pair) -> None:
    """The partner agrees with the restored store, and the file is still on its way."""
    copy = Copy(pair.be.store)
    marks = pair.be.ctx.marks
    _, lost = pair.open_trace()
    under_way = carrying.file_of(pair, pair.be)
    anew(pair, "be", copy.open(), marks)
    assert not pair.compare(pair.be, "routine")
    assert current(pair.be, "out", "routine").state == "stopped"
    pair.reopen(pair.be, "routine")
    _, fresh = pair.open_trace()
    pair.compare(pair.be, "routine")
    pair.settle()
    assert pair.ma.message(fresh.id).state == "applied"
    taken = carrying.read(pair.ma, under_way)
    assert entries(taken) == 0
    assert "check 2" in taken.problems[0].words  # of a generation that is over, and no proof of two logs
    assert pair.ma.message(lost.id) is None
    assert "link.frozen" not in alarms(pair.ma)


def test_a_gate_that_is_always_open_signs_two_logs(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the comparison the partner gets proof of two logs: so the tests above can fail."""
    copy = Copy(pair.be.store)
    pair.open_trace()
    first = carrying.file_of(pair, pair.be)
    anew(pair, "be", copy.open())
    monkeypatch.setattr(comparing, "holds", lambda *_: True)
    pair.open_trace()
    second = carrying.file_of(pair, pair.be)
    carrying.read(pair.ma, first)
    carrying.read(pair.ma, second)
    assert "link.frozen" in alarms(pair.ma)


def test_a_late_answer_takes_nobody_for_put_back(pair: Pair) -> None:
    pair.open_trace()
    asked = carrying.file_of(pair, pair.be)
    _, late = carrying.answered(pair, pair.ma, asked)
    pair.open_trace()
    pair.settle()  # the network has brought more meanwhile
    carrying.read(pair.be, late)
    assert current(pair.be, "out", "routine").cosigned == 2
    assert alarms(pair.be) == []


def test_a_partner_that_was_put_back_is_noticed_by_hand(pair: Pair) -> None:
    copy = Copy(pair.ma.store)
    pair.open_trace()
    carrying.settle(pair)
    old = carrying.file_of(pair, pair.ma)  # with a receipt for what ma is about to forget
    pair.clock.advance(5000)
    anew(pair, "ma", copy.open())
    carrying.there_and_back(pair, pair.be)
    assert alarms(pair.be) == ["link.partner-behind"]
    carrying.read(pair.be, old)
    assert current(pair.be, "out", "routine").cosigned == 0  # what it once received it has not any more
    carrying.settle(pair)
    assert current(pair.be, "out", "routine").cosigned == 1


# -- files that acts bear ----------------------------------------------------------------------------------------------


def test_attachments_go_in_pieces_beside_their_messages(pair: Pair) -> None:
    one = attach(pair.be, png(3 * MIB + 7))
    message = attached(pair, one)
    data, told = carrying.written(pair, pair.be)
    assert (told.lanes[2].pieces, told.lanes[2].pieces_left) == (4, 0)
    taken = carrying.read(pair.ma, data)
    assert (taken.pieces, taken.failed) == (4, 0)
    assert carrying.read(pair.ma, data).failed == 0
    assert plain(pair.ma, one) == plain(pair.be, one)
    carrying.settle(pair)
    assert files(pair.be, message.id)[0].state == "complete"
    assert carrying.written(pair, pair.be)[1].lanes[2].pieces == 0
    agree(pair)


def test_a_file_s_answer_comes_back_with_the_answer(pair: Pair) -> None:
    message = attached(pair, attach(pair.be, png(2 * MIB)))
    data = carrying.file_of(pair, pair.be)
    carrying.read(pair.ma, data)  # without --answer, and once more with it
    taken, answer = carrying.answered(pair, pair.ma, data)
    assert taken.finished == ("routine",)
    back = carrying.read(pair.be, answer)
    assert (entries(back), back.failed, back.asked) == (1, 0, False)
    assert files(pair.be, message.id)[0].state == "complete"


def test_pieces_before_their_message_say_what_to_import_first(pair: Pair) -> None:
    attached(pair, attach(pair.be, png(3 * MIB)))
    first = carrying.file_of(pair, pair.be, files=False)
    second = carrying.file_of(pair, pair.be, onward=True)
    taken = carrying.read(pair.ma, second)
    assert (taken.pieces, taken.failed) == (0, 3)
    assert "import the file that has its message, then this one again" in taken.problems[0].words
    assert [carrying.read(pair.ma, one).failed for one in (first, second)] == [0, 0]


def test_pieces_that_find_no_room_go_with_the_next_file(pair: Pair) -> None:
    one = attach(pair.be, png(5 * MIB))
    attached(pair, one)
    count = 0
    for _ in range(9):
        data, told = carrying.written(pair, pair.be, most=2 * MIB + 300_000, onward=True)
        count += carrying.read(pair.ma, data).pieces
        if not told.lanes[2].pieces_left:
            break
    assert count == 5
    assert plain(pair.ma, one) == plain(pair.be, one)


def test_what_was_not_published_is_no_part_of_what_left(pair: Pair) -> None:
    one = attach(pair.be, png(3 * MIB))
    attached(pair, one)
    made = courier.export(pair.be.ctx, "ma", io.BytesIO(), by="op", onward=True)
    assert (made.lanes[2].entries, made.lanes[2].pieces) == (1, 3)  # and the medium is full: nobody publishes it
    data, told = carrying.written(pair, pair.be, onward=True)
    assert (told.lanes[2].entries, told.lanes[2].pieces) == (1, 3)
    assert carrying.read(pair.ma, data).failed == 0
    assert plain(pair.ma, one) == plain(pair.be, one)
    assert carrying.written(pair, pair.be, onward=True)[1].lanes[2].pieces == 0


# -- stops -------------------------------------------------------------------------------------------------------------


def points(pair: Pair, work: Any, peer: Peer) -> list[str]:
    plan = FaultPlan(None, 10**6)
    peer.store._fault = plan  # type: ignore[attr-defined]
    work()
    peer.store._fault = lambda point: None  # type: ignore[attr-defined]
    return list(plan.passed)


def made() -> tuple[Pair, bytes]:
    pair = partners(MemoryStore(), MemoryStore(), batch_entries=2)
    pair.settle()
    for _ in range(3):
        pair.open_trace()
    one = attach(pair.be, png(2 * MIB))
    attached(pair, one)
    data = carrying.file_of(pair, pair.be)
    return pair, data


def test_an_import_that_stops_between_any_two_steps_is_done_again() -> None:
    pair, data = made()
    be, ma = Copy(pair.be.store), Copy(pair.ma.store)
    passed = points(pair, lambda: carrying.read(pair.ma, data), pair.ma)
    assert len(passed) > 12
    for nth in range(1, len(passed) + 1):
        anew(pair, "be", be.open(), pair.be.ctx.marks)
        anew(pair, "ma", ma.open())
        pair.ma.store._fault = FaultPlan(None, nth)  # type: ignore[attr-defined]
        with pytest.raises(Crash):
            carrying.read(pair.ma, data)
        pair.ma.store._fault = lambda point: None  # type: ignore[attr-defined]
        anew(pair, "ma")
        assert carrying.read(pair.ma, data).failed == 0
        carrying.settle(pair)
        agree(pair)


def test_an_answer_that_stops_between_any_two_steps_is_done_again() -> None:
    def begin() -> tuple[Pair, bytes]:
        pair, data = made()
        return pair, carrying.answered(pair, pair.ma, data)[1]

    pair, answer = begin()
    passed = points(pair, lambda: carrying.read(pair.be, answer), pair.be)
    for nth in range(1, len(passed) + 1):
        pair, answer = begin()
        pair.be.store._fault = FaultPlan(None, nth)  # type: ignore[attr-defined]
        with pytest.raises(Crash):
            carrying.read(pair.be, answer)
        pair.be.store._fault = lambda point: None  # type: ignore[attr-defined]
        anew(pair, "be", marks=pair.be.ctx.marks)
        assert carrying.read(pair.be, answer).failed == 0
        assert current(pair.be, "out", "routine").cosigned == 4
        assert alarms(pair.be) == []


def test_nothing_leaves_before_it_is_noted(pair: Pair) -> None:
    pair.open_trace()
    pair.be.store._fault = FaultPlan("courier.export:begin")  # type: ignore[attr-defined]
    with pytest.raises(Crash):
        carrying.file_of(pair, pair.be)
    assert pair.be.ctx.marks.carried("ma", "routine") == ("passerelle/be/ma/routine/1", 1)
    pair.be.store._fault = lambda point: None  # type: ignore[attr-defined]
    assert pair.be.all(CARRIED) == []
    carrying.settle(pair)
    agree(pair)
