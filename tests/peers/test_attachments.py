"""Files between two nodes: announced, uploaded, answered, and nothing lost or doubled wherever it stops."""

from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest

from passerelle.core.clock import MILLISECONDS_A_DAY
from passerelle.core.errors import ExchangeError, InputError, NotFoundError, ProofError, SealError, StateError
from passerelle.exchange import attachments, attachments_in, attachments_out, erasing, outbox
from passerelle.exchange import attachments_wire as wire
from passerelle.exchange.attachments_in import AnsweredError, LaterError, UnknownFileError
from passerelle.exchange.attachments_wire import UploadError
from passerelle.exchange.context import Uploads
from passerelle.exchange.media import MEDIA
from passerelle.exchange.register import Register
from passerelle.identity import stream
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.attachments import ATTACHMENTS, BODIES, LEFTOVERS, PIECES, UNFINISHED, Unfinished
from passerelle.ports.records import ALARMS, CONTENTS, MESSAGES
from passerelle.store.faults import Crash, FaultPlan
from passerelle.store.memory import MemoryStore
from tests.peers.agree import agree
from tests.peers.copies import Copy, restart
from tests.peers.pair import Pair, Peer, Sender, acts, partners, strangers
from tests.peers.uploads import MIB, PNG, attach, files, items, png, post_one, read, rows, send, settle, upload


def answers(pair, peer):
    return [one for one in peer.all(MESSAGES) if one.kind == "attachment"]


# -- the whole way -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 65536, MIB, MIB + 1, 3 * MIB + 70_000])
def test_a_file_goes_and_is_answered(size: int) -> None:
    pair = partners()
    data = (PNG + bytes(size))[:size] if size > 8 else b"x"
    media = "image/png" if size > 8 else "application/octet-stream"
    one = attach(pair.be, data, media=media)
    message = send(pair, one)
    pair.settle()
    # The act is applied at once, and waits for its file in sight.
    assert pair.ma.message(message.id).state == "applied"
    (there,) = files(pair.ma, message.id)
    assert (there.state, there.count, attachments.whole(there)) == ("expected", 0, False)
    settle(pair)
    (there,), (here,) = files(pair.ma, message.id), files(pair.be, message.id)
    assert (there.state, there.outcome, there.key) == ("complete", "complete", b"")
    assert (here.state, here.outcome, here.answer) == ("complete", "complete", there.answer)
    assert read(pair.ma, one) == read(pair.be, one) == data
    assert len(answers(pair, pair.ma)) == len(answers(pair, pair.be)) == 1
    assert pair.ma.all(UNFINISHED) in ([], [Unfinished("be")])
    assert not pair.be.all(ALARMS)
    assert not pair.ma.all(ALARMS)
    agree(pair)


def test_many_files_of_an_act_stand_in_its_order() -> None:
    pair = partners()
    ones = [attach(pair.be, png(1000 + at), name=f"{at}.png") for at in range(20)]
    message = send(pair, *ones)
    settle(pair)
    assert [row.address for row in files(pair.ma, message.id)] == [one.address for one in ones]
    assert {row.state for row in files(pair.ma, message.id) + files(pair.be, message.id)} == {"complete"}
    agree(pair)


def test_nothing_is_uploaded_before_its_message_is_cosigned() -> None:
    pair = partners()
    one = attach(pair.be, png(5000))
    send(pair, one)
    assert attachments_out.following(pair.be.ctx, "ma", "routine") == []
    row = rows(pair.be)[0]
    with pytest.raises(UnknownFileError):
        post_one(pair, pair.be, row, (0, 1))
    pair.settle()
    assert attachments_out.following(pair.be.ctx, "ma", "routine") == [row]
    assert attachments_out.following(pair.be.ctx, "ma", "routine", lambda one: one.id != row.id) == []
    assert attachments_out.following(pair.be.ctx, "ma", "flash") == []


def test_pieces_come_in_any_order_and_any_number_of_times() -> None:
    pair = partners()
    one = attach(pair.be, png(4 * MIB + 5))
    message = send(pair, one)
    pair.settle()
    row = files(pair.be, message.id)[0]
    assert post_one(pair, pair.be, row, (0, 0)) == [(0, 5)]
    assert post_one(pair, pair.be, row, (4, 5)) == [(0, 4)]
    assert post_one(pair, pair.be, row, (1, 3)) == [(0, 1), (3, 4)]
    assert post_one(pair, pair.be, row, (0, 3)) == [(3, 4)]
    assert files(pair.ma, message.id)[0].count == 4
    assert pair.ma.all(UNFINISHED) == [Unfinished("be", 1, 4 * MIB + 5)]
    assert post_one(pair, pair.be, row, (3, 4)) == []
    with pytest.raises(AnsweredError):
        post_one(pair, pair.be, row, (3, 4))
    settle(pair)
    assert read(pair.ma, one) == read(pair.be, one)
    assert len(answers(pair, pair.ma)) == 1
    assert pair.ma.all(UNFINISHED) == [Unfinished("be")]


# -- sealing in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "how", "words"),
    [
        (b"", {}, "at least 1 byte"),
        (b"\x7fELF" + bytes(100), {"media": "application/octet-stream"}, "a program"),
        (b"MZ" + bytes(100), {"media": "image/png"}, "a program"),
        (b"#!/bin/sh\nrm -rf /\n", {"media": "text/plain"}, "a script"),
        (b"<?php system('ls');", {"media": "text/plain"}, "a script"),
        (b"@ECHO OFF\r\ndel /q *\r\n", {"media": "text/plain"}, "a script"),
        (b"\n <HTML><script>", {"media": "text/plain"}, "HTML"),
        (b"<svg xmlns=''>", {"media": "application/octet-stream"}, "HTML, SVG or XML"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", {"media": "text/plain"}, "HTML, SVG or XML"),
        (b"%PDF-1.7", {"media": "image/png"}, "begins otherwise"),
        (b"caf\xe9", {"media": "text/plain"}, "no text in UTF-8"),
        (b"a\x00b", {"media": "text/csv"}, "NUL"),
        (PNG, {"media": "text/html"}, "media: expected one of"),
        (PNG, {"name": "../etc/passwd"}, "name: expected"),
        (PNG, {"name": "a\u202egnp.exe"}, "U\\+202E"),
        (PNG, {"name": ""}, "name: expected"),
        (PNG, {"name": "photo. "}, "no blank or dot at its ends"),
    ],
)
def test_what_cannot_be_attached_is_told_and_leaves_nothing(data: bytes, how: dict[str, str], words: str) -> None:
    pair = strangers()
    with pytest.raises(InputError, match=words):
        attach(pair.be, data, **how)
    while attachments.tidy(pair.be.ctx):
        pass
    assert not [row for kind in (ATTACHMENTS, PIECES, BODIES, LEFTOVERS) for row in pair.be.all(kind)]


def test_a_file_is_held_to_the_size_that_this_node_sends() -> None:
    pair = strangers(uploads=Uploads(file_bytes=5 * MIB))
    attach(pair.be, png(5 * MIB))
    with pytest.raises(InputError, match=f"expected at most {5 * MIB} bytes"):
        attach(pair.be, png(5 * MIB + 1))
    while attachments.tidy(pair.be.ctx):
        pass
    assert len(pair.be.all(BODIES)) == 5


def test_an_act_names_files_that_are_here_and_free() -> None:
    pair = partners()
    one, other = attach(pair.be, png(500)), attach(pair.be, png(600))
    (good,) = items([one])
    for forged, words in (
        ({"address": "ab" * 32}, "not there"),
        ({"size": 501}, "expected 500 bytes of image/png"),
        ({"media": "image/jpeg"}, "expected 500 bytes of image/png"),
        ({"key": items([other])[0]["key"]}, "expected the key"),
    ):
        with pytest.raises(InputError, match=words):
            pair.post("be", pair_content(good | forged))
    send(pair, one)
    with pytest.raises(InputError, match="bound"):
        send(pair, one)
    assert {row.state for row in rows(pair.be)} == {"bound", "sealed"}


def pair_content(item):
    return acts.wanted_request(attachments=[item])


def test_a_file_that_no_act_names_expires_and_one_of_a_draft_is_kept() -> None:
    pair = strangers()
    one, other = attach(pair.be, png(500)), attach(pair.be, png(3 * MIB))
    pair.clock.advance(29 * MILLISECONDS_A_DAY)
    pair.be.store.write("test.keep", lambda tx: attachments.keep(tx, pair.be.ctx, [one.address]))
    pair.clock.advance(2 * MILLISECONDS_A_DAY)
    while attachments.tidy(pair.be.ctx):
        pass
    assert [row.address for row in rows(pair.be)] == [one.address]
    assert len(pair.be.all(BODIES)) == len(pair.be.all(PIECES)) == 1
    with pytest.raises(NotFoundError):
        read(pair.be, other)
    with pytest.raises(SealError):
        list(attachments.open_stream(pair.be.ctx, one.address, stream.new_key()))


# -- what is not taken -------------------------------------------------------------------------------------------------


def test_a_stranger_and_another_request_are_turned_away() -> None:
    pair = partners()
    one = attach(pair.be, png(2 * MIB))
    message = send(pair, one)
    pair.settle()
    row = files(pair.be, message.id)[0]
    good = attachments_out.bring(pair.be.ctx, row, (0, 1))

    def status(header: str, address: str = one.address, brings: bool = True) -> int:
        with pytest.raises(UploadError) as caught:
            attachments_in.admit(pair.ma.ctx, header, address, brings=brings)
        return caught.value.status

    signers = [pair.ma.ctx.keys.envelope]
    forged = wire.request("be", "ma", one.address, (0, 1), pair.clock.now(), signers)
    assert status(forged) == 403
    assert status(wire.request("fr", "ma", one.address, (0, 1), pair.clock.now(), signers)) == 403
    own = [pair.be.ctx.keys.envelope]
    assert status(wire.request("be", "fr", one.address, (0, 1), pair.clock.now(), own)) == 403
    assert status(wire.request("be", "ma", "cd" * 32, (0, 1), pair.clock.now(), own)) == 403
    for late in (-wire.WINDOW - 1, wire.WINDOW + 1):
        assert status(wire.request("be", "ma", one.address, (0, 1), pair.clock.now() + late, own)) == 403
    assert status(good, brings=False) == 400
    assert status(wire.request("be", "ma", one.address, (0, 0), pair.clock.now(), own)) == 400
    assert status(wire.request("be", "ma", one.address, (1, 3), pair.clock.now(), own)) == 400
    assert status(wire.request("be", "ma", one.address, (0, 17), pair.clock.now(), own)) == 400
    for broken in ("", "x", good[:-8], "é"):
        assert status(broken) == 400
    assert attachments_in.admit(pair.ma.ctx, good, one.address, brings=True).row.address == one.address
    header = wire.request("ma", "be", one.address, (0, 1), pair.clock.now(), signers)
    with pytest.raises(UnknownFileError):  # announced by be, so it is not there for anybody else
        attachments_in.admit(pair.be.ctx, header, one.address, brings=True)


def test_bytes_of_another_file_are_not_kept() -> None:
    pair = partners()
    one = attach(pair.be, png(3 * MIB))
    message = send(pair, one)
    pair.settle()
    row, there = files(pair.be, message.id)[0], files(pair.ma, message.id)[0]
    frame = attachments_out.frame(pair.be.ctx, row, 1)
    path, body = wire.split_path(frame[1:65]), frame[65:]
    for number, hashes, data in (
        (0, path, body),
        (1, path[::-1], body),
        (1, path[:1], body),
        (1, path, body[:-1]),
        (1, path, body[:-1] + bytes([body[-1] ^ 1])),
        (3, path, body),
    ):
        with pytest.raises(ProofError):
            attachments_in.take(pair.ma.ctx, there, number, hashes, data)
    assert not pair.ma.all(BODIES)
    assert not attachments_in.take(pair.ma.ctx, there, 1, path, body)


def forged(pair: Pair, data: bytes, **changes):
    """A file that a sender without conscience announces: sealed by the rules, but not what it says it is."""
    one = attach(pair.be, data, media="application/octet-stream")
    item = items([one])[0] | changes
    message = pair.post("be", pair_content(item))

    def bind(tx):
        row = attachments.own(tx, one.address)
        named = {"state": "bound", "partner": "ma", "lane": "routine", "message": message.id, "expires": 0}
        tx.put(ATTACHMENTS, [msgspec.structs.replace(row, **named)])

    pair.be.store.write("test.bind", bind)
    return message


@pytest.mark.parametrize(
    ("data", "changes", "outcome"),
    [
        (b"hello", {"media": "image/png"}, "wrong-type"),
        (b"PK\x03\x04" + bytes(3 * MIB), {"media": "application/pdf"}, "wrong-type"),
        (b"a" * (2 * MIB) + b"\xff", {"media": "text/plain"}, "wrong-type"),
        (b"a" * 10, {"key": "A" * 43 + "="}, "does-not-open"),
        (b"a" * 3 * MIB, {"key": "A" * 43 + "="}, "does-not-open"),
        (b"a" * 6 * MIB, {}, "too-large"),
    ],
)
def test_what_is_not_taken_is_answered_with_a_reason_and_not_kept(data, changes, outcome) -> None:
    pair = partners(check_own=False)
    pair.ma = pair_with(pair.ma, Uploads(file_bytes=5 * MIB))
    message = forged(pair, data, **changes)
    settle(pair)
    (there,), (here,) = files(pair.ma, message.id), files(pair.be, message.id)
    assert pair.ma.message(message.id).state == "applied"
    assert (there.state, there.outcome, there.count) == ("refused", outcome, 0)
    assert (here.state, here.outcome) == ("refused", outcome)
    assert not [row for kind in (BODIES, PIECES, LEFTOVERS) for row in pair.ma.all(kind)]
    assert pair.ma.all(UNFINISHED) in ([], [Unfinished("be")])
    assert [(one.what, one.partner) for one in pair.be.all(ALARMS)] == [("attachment.refused", "ma")]
    assert outcome in pair.be.all(ALARMS)[0].text
    agree(pair)


def pair_with(peer, uploads: Uploads):
    ctx = replace(peer.ctx, policy=replace(peer.ctx.policy, uploads=uploads))
    return Peer(ctx, peer.identity, Sender(ctx, peer.sender.partner))


def test_a_text_is_read_to_its_end_across_pieces() -> None:
    pair = partners()
    text = ("é" * (MIB // 2) + "a") * 3  # a letter stands across each border between pieces
    one = attach(pair.be, text.encode(), media="text/plain", name="a.txt")
    message = send(pair, one)
    settle(pair)
    assert files(pair.be, message.id)[0].state == "complete"
    assert read(pair.ma, one).decode() == text


def test_an_address_belongs_to_one_message() -> None:
    pair = partners(check_own=False)
    item = {"address": "ab" * 32, "size": 5, "media": "image/png", "name": "a.png", "key": "A" * 43 + "="}
    first, second = pair.post("be", pair_content(item)), pair.post("be", pair_content(item))
    pair.settle()
    assert (pair.ma.message(first.id).state, pair.ma.message(second.id).state) == ("applied", "refused")
    assert pair.ma.message(second.id).checks == ("9",)
    assert len(rows(pair.ma)) == 1


def test_who_begins_too_much_comes_later() -> None:
    pair = partners()
    pair.ma = pair_with(pair.ma, Uploads(unfinished_files=1, unfinished_bytes=10 * MIB))
    one, other = attach(pair.be, png(2 * MIB)), attach(pair.be, png(2 * MIB))
    message = send(pair, one, other)
    pair.settle()
    first, second = files(pair.be, message.id)
    post_one(pair, pair.be, first, (0, 1))
    with pytest.raises(LaterError):
        post_one(pair, pair.be, second, (0, 1))
    small = attach(pair.be, png(MIB))  # what comes in one piece is never unfinished
    quick = send(pair, small)
    pair.settle()
    assert post_one(pair, pair.be, files(pair.be, quick.id)[0], (0, 1)) == []
    post_one(pair, pair.be, first, (1, 2))
    assert post_one(pair, pair.be, second, (0, 2)) == []
    settle(pair)
    assert {row.state for row in rows(pair.be)} == {"complete"}


def test_an_upload_that_does_not_go_on_expires_and_begins_again() -> None:
    pair = partners()
    one = attach(pair.be, png(5 * MIB))
    message = send(pair, one)
    pair.settle()
    row = files(pair.be, message.id)[0]
    post_one(pair, pair.be, row, (0, 4))
    pair.clock.advance(8 * MILLISECONDS_A_DAY)
    while attachments.tidy(pair.ma.ctx):
        pass
    (there,) = files(pair.ma, message.id)
    assert (there.state, there.count) == ("expected", 0)
    assert not pair.ma.all(BODIES)
    assert pair.ma.all(UNFINISHED) == [Unfinished("be")]
    assert post_one(pair, pair.be, row, (0, 0)) == [(0, 5)]
    settle(pair)
    assert read(pair.ma, one) == read(pair.be, one)


# -- messages that go away ---------------------------------------------------------------------------------------------


def test_a_message_that_is_taken_back_takes_its_files_along() -> None:
    pair = partners()
    one = attach(pair.be, png(9 * MIB))
    message = send(pair, one)
    outbox.withdraw(pair.be.ctx, message.id, "be-017", "a slip")
    assert not rows(pair.be)
    assert attachments.tidy(pair.be.ctx)
    while attachments.tidy(pair.be.ctx):
        pass
    assert not pair.be.all(BODIES)
    assert not pair.be.all(PIECES)


def test_files_of_a_refused_message_are_kept_as_its_content_is() -> None:
    pair = partners(check_own=False)
    one = attach(pair.be, png(500))
    message = pair.post("be", pair_content(items([one])[0]) | {"urgency": "whenever"})
    pair.be.store.write("test.bind", lambda tx: attachments.bind(tx, message, pair_content(items([one])[0])))
    settle(pair)
    assert pair.be.message(message.id).state == "refused"
    assert [row.state for row in files(pair.be, message.id)] == ["refused"]
    assert not rows(pair.ma)
    assert len(read(pair.be, one)) == 500
    assert attachments_out.following(pair.be.ctx, "ma", "routine") == []


def test_what_is_erased_before_it_is_whole_is_told(tmp_path) -> None:
    pair = partners()
    one = attach(pair.be, png(5 * MIB))
    message = send(pair, one)
    pair.settle()
    row = files(pair.be, message.id)[0]
    post_one(pair, pair.be, row, (0, 3))
    erasing.erase(pair.ma.ctx, Register(tmp_path / "erasures.jsonl", "ma"), message.id, "ma-dpo", "no longer needed")
    with pytest.raises(UnknownFileError):
        post_one(pair, pair.be, row, (3, 5))
    settle(pair)
    assert not rows(pair.ma)
    assert not pair.ma.all(BODIES)
    assert (files(pair.be, message.id)[0].state, files(pair.be, message.id)[0].outcome) == ("refused", "gone")


def test_what_is_erased_on_the_own_side_is_asked_for_no_more(tmp_path) -> None:
    pair = partners()
    one = attach(pair.be, png(5 * MIB))
    message = send(pair, one)
    settle(pair)
    erasing.erase(pair.be.ctx, Register(tmp_path / "erasures.jsonl", "be"), message.id, "be-dpo", "time is over")
    assert not files(pair.be, message.id)
    assert len(read(pair.ma, one)) == 5 * MIB
    while attachments.tidy(pair.be.ctx):
        pass
    assert not pair.be.all(BODIES)


def test_answers_that_make_no_sense_are_ignored_with_an_alarm() -> None:
    pair = partners()
    one = attach(pair.be, png(500))
    message = send(pair, one)
    settle(pair)
    before = files(pair.be, message.id)
    own = {"message": message.id, "address": one.address, "outcome": "complete"}
    wrong = (
        {"message": answers(pair, pair.ma)[0].id},
        {"message": "0190a000-0000-7000-8000-000000000000"},
        {"address": "ab" * 32},
        {"outcome": "lost"},
        {"more": 1},
    )
    for change in wrong:
        pair.ma.store.write(
            "test.wrong",
            lambda tx, change=change: outbox.simple(tx, pair.ma.ctx, "be", "routine", "attachment", **own | change),
        )
    pair.settle()
    assert [one.what for one in pair.be.all(ALARMS)] == ["attachment.ignored"] * len(wrong)
    assert files(pair.be, message.id) == before
    assert not [one for one in pair.be.all(MESSAGES) if one.kind == "refusal"]
    kept = [one for one in answers(pair, pair.be) if one.state == "applied"]
    assert len(kept) == len(wrong) + 1
    agree(pair)


# -- stops -------------------------------------------------------------------------------------------------------------


def play(pair: Pair) -> None:
    """Two files of one act, written so that it can be begun again after a crash anywhere."""
    if not [one for one in pair.be.all(MESSAGES) if one.kind == "act"]:
        text = "é" * MIB + "a"
        send(pair, attach(pair.be, png(2 * MIB)), attach(pair.be, text.encode(), media="text/plain"))
    settle(pair)
    pair.clock.advance(31 * MILLISECONDS_A_DAY)
    settle(pair)


@pytest.mark.parametrize("name", ["be", "ma"])
def test_a_crash_at_any_point_loses_nothing_and_doubles_nothing(name: str) -> None:
    def faulted(plan: FaultPlan) -> Pair:
        pair = partners(**{name: MemoryStore()})
        pair.peer(name).store._fault = plan
        return pair

    plan = FaultPlan()
    play(faulted(plan))
    wanted = {"attachments.seal:commit"} if name == "be" else {"attachments.take:commit", "attachments.finish:commit"}
    assert wanted <= set(plan.passed)
    for number in range(1, len(plan.passed) + 1):
        pair = faulted(FaultPlan(None, number))
        with pytest.raises(Crash):
            play(pair)
        pair.peer(name).store._fault = FaultPlan()
        for peer in (pair.be, pair.ma):
            peer.sender.compared.clear()
        play(pair)
        agree(pair)
        here, there = rows(pair.be), rows(pair.ma)
        assert [row.state for row in here] == [row.state for row in there] == ["complete"] * 2, plan.passed[number - 1]
        assert len(answers(pair, pair.ma)) == len(answers(pair, pair.be)) == 2
        assert len(pair.be.all(BODIES)) == len(pair.ma.all(BODIES)) == 5
        assert not pair.be.all(LEFTOVERS)
        assert not pair.ma.all(LEFTOVERS)
        assert pair.ma.all(UNFINISHED) == [Unfinished("be")]


# -- restored stores ---------------------------------------------------------------------------------------------------


def back(pair: Pair, name: str, copy: Copy) -> None:
    """Put a store back, and have persons open the generations that it needs."""
    peer = restart(pair, name, copy.open())
    pair.other(peer).sender.compared.clear()
    for one in (pair.be, pair.ma):
        for lane in LANES:
            if not pair.compare(one, lane):
                with suppress(StateError):
                    pair.reopen(one, lane)
    settle(pair)
    settle(pair)


@pytest.mark.parametrize("when", ["before the message", "before the file", "after the file"])
@pytest.mark.parametrize("name", ["be", "ma"])
def test_a_store_that_is_put_back_gets_its_files_again(name: str, when: str) -> None:
    pair = partners()
    one = attach(pair.be, png(2 * MIB))
    copy = Copy(pair.peer(name).store)
    message = send(pair, one)
    pair.settle()
    if when == "before the file":
        copy = Copy(pair.peer(name).store)
    upload(pair, pair.be)
    if when == "after the file":
        copy = Copy(pair.peer(name).store)
    pair.settle()
    back(pair, name, copy)
    assert [row.state for row in files(pair.be, message.id)] == ["complete"]
    assert [row.state for row in files(pair.ma, message.id)] == ["complete"]
    assert read(pair.ma, one) == read(pair.be, one)
    agree(pair)


def test_a_file_that_a_restored_sender_never_had_is_not_forgotten() -> None:
    pair = partners()
    copy = Copy(pair.be.store)
    one = attach(pair.be, png(2 * MIB))
    message = send(pair, one)
    settle(pair)
    back(pair, "be", copy)
    (here,) = files(pair.be, message.id)
    assert (here.state, here.outcome, attachments.whole(here)) == ("complete", "complete", False)
    assert len(read(pair.ma, one)) == 2 * MIB
    assert pair.be.store.read(lambda tx: tx.get(CONTENTS, message.id)) is not None


def test_the_list_of_types_has_no_active_one() -> None:
    assert not [one for one in MEDIA if "html" in one or "svg" in one or "script" in one or one.endswith("xml")]


def test_what_is_missing_is_said_in_ranges() -> None:
    assert wire.missing_text([], 5) == "0-4"
    assert wire.missing_text([0, 1, 4], 6) == "2-3,5-5"
    assert wire.missing_text([], 6, 2) == "2-5"
    assert wire.missing_text([], 6, 6) == wire.missing_text(range(6), 6) == ""
    assert wire.parse_missing("2-3,5-5", 6) == [(2, 4), (5, 6)]
    assert wire.parse_missing("", 6) == []
    assert len(wire.parse_missing(wire.missing_text(range(0, 1000, 2), 1000), 1000)) == wire.MOST_RANGES
    for wrong in ("?", "1", "3-1", "0-6", "2-3,1-1", "0-1,1-2", "-1-2", "0-01", " 0-1"):
        with pytest.raises(ExchangeError):
            wire.parse_missing(wrong, 6)


def test_a_small_file_overtakes_large_ones() -> None:
    pair = partners()
    film, photo = attach(pair.be, png(2 * MIB)), attach(pair.be, png(1000))
    first, second = send(pair, film), send(pair, photo)
    pair.settle()
    found = attachments_out.following(pair.be.ctx, "ma", "routine")
    assert [one.message for one in found] == [first.id, second.id]
    small = attachments_out.following(pair.be.ctx, "ma", "routine", lambda one: one.count == 1)
    assert [one.message for one in small] == [second.id]
