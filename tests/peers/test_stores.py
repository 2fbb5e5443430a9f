"""The exchange on every store: the same story on memory, SQLite and PostgreSQL, and between unlike ones."""

import pytest

from passerelle.exchange import attachments
from passerelle.oversight import evidence, verify
from passerelle.ports.attachments import ATTACHMENTS, BODIES, PIECES
from passerelle.ports.records import CONTENTS, ENTRIES, MESSAGES
from tests.peers import uploads
from tests.peers.pair import acts, partners


def _story(pair):
    """A dossier from opening to closing, with crossing acts and one that the other side refuses."""
    dossier, opened = pair.open_trace()
    pair.settle()
    for name in ("take-charge", "review", "sighting"):
        pair.answer("ma", dossier, name)
        pair.settle()
    pair.answer("ma", dossier, "located", lane="flash")
    pair.answer("be", dossier, "remind")
    pair.settle()
    pair.answer("be", dossier, "cancelled", lane="flash")
    crossing = pair.answer("ma", dossier, "sighting")
    pair.settle()
    return dossier, opened, crossing


def test_the_same_story_on_every_store(place):
    pair = partners(be=place.open())
    dossier, opened, _ = _story(pair)
    assert pair.be.dossier(dossier).state == pair.ma.dossier(dossier).state == "cancelled"
    assert pair.be.dossier(dossier).heads == pair.ma.dossier(dossier).heads
    for peer in (pair.be, pair.ma):
        messages = peer.all(MESSAGES)
        assert len({entry.message for entry in peer.all(ENTRIES)}) == len(messages)
        assert {one.state for one in messages} <= {"sequenced", "applied"}
        assert len(peer.all(CONTENTS)) == len(messages)
    data = evidence.collect(pair.be.ctx, pair.be.identity, dossier, "auditor")
    assert verify.verify(data, [pair.be.identity, pair.ma.identity]).verdict == verify.VERIFIED
    assert pair.be.message(opened.id).index == 0


def test_both_sides_on_databases_that_outlive_the_process(durable_place):
    pair = partners(ma=durable_place.open())
    dossier, _, crossing = _story(pair)
    again = durable_place.open()
    held = again.read(lambda tx: tx.get(MESSAGES, crossing.id))
    assert held.state == "sequenced"
    assert held.act == "sighting"
    assert pair.ma.dossier(dossier).state == "cancelled"


@pytest.mark.parametrize("size", [1, 3])
def test_a_batch_size_changes_nothing_of_what_arrives(place, size):
    pair = partners(be=place.open(), batch_entries=size)
    names = [pair.post("be", acts.listed_notice()).id for _ in range(7)]
    pair.settle()
    assert [pair.ma.message(name).state for name in names] == ["applied"] * 7
    assert [pair.ma.message(name).index for name in names] == list(range(7))


def test_files_go_between_stores_of_any_kind_and_outlive_the_process(durable_place):
    pair = partners(ma=durable_place.open())
    there, back = uploads.attach(pair.be, uploads.png(2 * uploads.MIB + 7)), uploads.attach(pair.ma, uploads.png(500))
    uploads.send(pair, there)
    uploads.send(pair, back, by="ma")
    gone = uploads.attach(pair.ma, uploads.png(6 * uploads.MIB))
    uploads.settle(pair)
    pair.clock.advance(31 * 86_400_000)
    uploads.settle(pair)
    again = durable_place.open()
    states = again.read(lambda tx: tx.scan(ATTACHMENTS, limit=100))
    assert sorted((one.source, one.state) for one in states) == [("", "complete"), ("be", "complete")]
    assert again.read(lambda tx: tx.count(PIECES)) == again.read(lambda tx: tx.count(BODIES)) == 4
    assert again.read(lambda tx: attachments.held(tx, gone.address)) is None
    assert uploads.read(pair.ma, there) == uploads.read(pair.be, there)
    assert uploads.read(pair.be, back) == uploads.read(pair.ma, back)
