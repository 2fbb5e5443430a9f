"""A sender whose store was put back, once and again: nothing that the partner holds is lost, nothing is there twice."""

import shutil

import pytest

from passerelle.core.errors import ExchangeError, StateError
from passerelle.exchange import answering
from passerelle.exchange.checks import BatchRefusedError
from passerelle.exchange.generation import Reopening, allow
from passerelle.ledger import merkle
from passerelle.ports.records import ENTRIES, LOGS, MESSAGES
from passerelle.store import open_store
from tests.peers.pair import Peer, acts, introduce, make_peer, partners


class Copies:
    """Cold copies of be's store, and nodes on them."""

    def __init__(self, tmp_path, pair):
        self.folder, self.pair = tmp_path, pair

    def take(self, name):
        self.pair.be.store.close()
        for path in self.folder.glob("be.db*"):
            shutil.copy2(path, self.folder / path.name.replace("be.db", f"{name}.copy"))
        self._open()

    def put_back(self, name):
        self.pair.be.store.close()
        for path in self.folder.glob("be.db*"):
            path.unlink()
        for path in self.folder.glob(f"{name}.copy*"):
            shutil.copy2(path, self.folder / path.name.replace(f"{name}.copy", "be.db"))
        self._open()

    def _open(self):
        policy = {"batch_entries": self.pair.be.ctx.policy.batch_entries}
        self.pair.be = make_peer("be", "ma", self.pair.clock, open_store(str(self.folder / "be.db")), **policy)


@pytest.fixture
def copies(tmp_path):
    pair = partners(be=open_store(str(tmp_path / "be.db")), batch_entries=4)
    made = Copies(tmp_path, pair)
    yield made
    pair.be.store.close()


def _post(pair, count):
    return [pair.post("be", acts.listed_notice()).id for _ in range(count)]


def _whole(peer: Peer):
    """Each log verifies from its leaves, and no entry is missing."""
    for log in peer.all(LOGS):
        tree = merkle.Tree()
        rows = [row for row in peer.all(ENTRIES) if row.origin == log.origin]
        for row in sorted(rows, key=lambda one: one.index):
            assert row.index == tree.size
            tree.append(row.leaf)
        assert (tree.size, tree.frontier) == (log.size, log.frontier)


def _applied(pair, names):
    return [pair.ma.message(name).state for name in names] == ["applied"] * len(names)


def test_put_back_and_reopened(copies):
    pair = copies.pair
    first = _post(pair, 3)
    pair.settle()
    copies.take("one")
    lost = _post(pair, 6)
    pair.settle()
    copies.put_back("one")
    fresh = _post(pair, 2)
    assert pair.be.message(lost[0]) is None
    assert not pair.send(pair.be, "routine")
    assert [log.state for log in pair.be.all(LOGS) if log.origin == "passerelle/be/ma/routine/1"] == ["stopped"]
    assert not pair.send(pair.be, "routine")
    pair.reopen(pair.be, "routine")
    pair.be.sender.compared.clear()
    pair.settle()
    assert _applied(pair, [*first, *lost, *fresh])
    for name in lost:
        assert pair.be.message(name).state == "sequenced"
        assert pair.be.dossier(pair.be.message(name).dossier).state == "opened"
    _whole(pair.be)
    _whole(pair.ma)


def test_put_back_behind_an_earlier_generation(copies):
    pair = copies.pair
    first = _post(pair, 3)
    pair.settle()
    copies.take("one")
    second = _post(pair, 5)
    pair.settle()
    copies.put_back("one")
    pair.send(pair.be, "routine")
    pair.reopen(pair.be, "routine")
    third = _post(pair, 7)
    pair.settle()
    copies.put_back("one")
    assert not pair.send(pair.be, "routine")
    pair.reopen(pair.be, "routine")
    fourth = _post(pair, 2)
    pair.settle()
    every = [*first, *second, *third, *fourth]
    assert _applied(pair, every)
    assert all(pair.be.message(name).state == "sequenced" for name in every)
    logs = {log.generation: log for log in pair.be.all(LOGS) if log.lane == "routine"}
    assert [logs[number].state for number in (1, 2, 3)] == ["closed", "closed", "open"]
    assert [logs[number].size for number in (1, 2)] == [8, 8]
    _whole(pair.be)
    _whole(pair.ma)


def test_everything_of_a_link_came_back_to_an_empty_store(copies):
    pair = copies.pair
    copies.take("signed")
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "take-charge")
    pair.settle()
    pair.answer("be", dossier, "remind")
    pair.settle()
    copies.put_back("signed")
    pair.send(pair.be, "routine")
    pair.reopen(pair.be, "routine")
    pair.ma.sender.compared.clear()
    pair.settle()
    ours, theirs = pair.be.dossier(dossier), pair.ma.dossier(dossier)
    assert (ours.state, ours.heads, ours.opener) == (theirs.state, theirs.heads, "be")
    assert ours.count == 3


def test_a_partner_put_back_gets_it_all_again(copies):
    pair = copies.pair
    dossier, _ = pair.open_trace()
    pair.settle()
    copies.take("one")
    for name in ("take-charge", "review", "sighting"):
        pair.answer("ma", dossier, name)
        pair.settle()
    copies.put_back("one")
    assert pair.be.dossier(dossier).count == 1
    pair.ma.sender.compared.clear()
    pair.settle()
    assert pair.be.dossier(dossier).heads == pair.ma.dossier(dossier).heads
    assert len([one for one in pair.be.all(MESSAGES) if one.dossier == dossier]) == 4


def test_nobody_reopens_a_log_that_goes_on(copies):
    pair = copies.pair
    _post(pair, 1)
    pair.settle()
    with pytest.raises(StateError, match="expected a log to ma in lane routine that is stopped or frozen, got open"):
        Reopening(pair.be.ctx, "ma", "routine")
    with pytest.raises(StateError, match="got none"):
        Reopening(pair.be.ctx, "ma", "flash")


def test_what_a_stranger_offers_back_is_refused(copies):
    pair = copies.pair
    copies.take("one")
    _post(pair, 2)
    pair.settle()
    copies.put_back("one")
    pair.send(pair.be, "routine")
    job = Reopening(pair.be.ctx, "ma", "routine")
    with pytest.raises(StateError, match="status first"):
        job.request(bytes(16))
    nonce = bytes(16)
    with pytest.raises(ExchangeError, match="this question"):
        job.told(b"1" * 16, answering.status(pair.ma.ctx, job.question(nonce)))
    job.told(nonce, answering.status(pair.ma.ctx, job.question(nonce)))
    with pytest.raises(StateError, match="all entries"):
        job.finish("op", "why")
    answer = answering.recover(pair.ma.ctx, job.request(nonce))
    with pytest.raises(ExchangeError):
        job.recovered(answer[:-1] + bytes([answer[-1] ^ 1]))
    job.recovered(answer)
    assert job.finish("op", "why").generation == 2


def test_a_stranger_gets_nothing_back(copies):
    pair = copies.pair
    _post(pair, 2)
    pair.settle()
    stranger = make_peer("fr", "ma", pair.clock)
    introduce(stranger, pair.ma)
    with pytest.raises(BatchRefusedError, match="check 1"):
        answering.status(pair.ma.ctx, stranger.sender.question(bytes(16)))


def test_only_persons_let_a_frozen_log_go_on(copies):
    pair = copies.pair
    with pytest.raises(StateError, match="expected a frozen log"):
        allow(pair.ma.ctx, "be", "routine", "op")
