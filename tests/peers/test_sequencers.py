"""Whoever gives out indexes beside the pump (a second process, the command line): each is given once."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from passerelle.core.errors import BusyError
from passerelle.exchange import answering, generation, inbox, outbox
from passerelle.exchange.checks import BatchRefusedError
from passerelle.exchange.generation import Reopening
from passerelle.ledger import merkle
from passerelle.ports.records import ENTRIES, LOGS
from tests.peers.agree import agree
from tests.peers.copies import restarted, rows
from tests.peers.pair import NOW, Pair, acts, partners
from tests.unit.exchange.forge import Forger

LANE = "routine"


def at_once(*works: Callable[[], Any]) -> None:
    """Begin all together, each in a thread; a store that had too many conflicts is asked again."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> None:
        start.wait()
        while True:
            try:
                work()
                return
            except BusyError:
                continue

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result()


def sequencer(pair: Pair, store: Any) -> Callable[[], None]:
    """A process of `be` that gives out indexes, three at a time, until nothing is in line."""
    peer = restarted(pair.be, store)

    def work() -> None:
        while outbox.sequence(peer.ctx, "ma", LANE, limit=3):
            pass

    return work


def whole(pair: Pair) -> None:
    """Every log of be is gap-free, and its tree that of its leaves."""
    for log in [one for one in rows(pair.be.store, LOGS) if one.direction == "out"]:
        mine = [one for one in rows(pair.be.store, ENTRIES) if one.origin == log.origin]
        assert [one.index for one in mine] == list(range(log.size))
        tree = merkle.Tree()
        assert [tree.append(one.leaf) for one in mine] == [one.nodes for one in mine]
        assert tree.frontier == log.frontier


@pytest.fixture
def pair(durable_place: Any) -> Pair:
    return partners(be=durable_place.open())


def test_two_that_give_out_indexes_at_once(pair: Pair, durable_place: Any) -> None:
    names = [pair.post("be", acts.wanted_request()).id for _ in range(18)]
    at_once(*(sequencer(pair, durable_place.open()) for _ in range(2)))
    whole(pair)
    assert sorted(pair.be.message(one).index for one in names) == list(range(18))
    pair.settle()
    assert {pair.ma.message(one).state for one in names} == {"applied"}


def test_a_new_generation_while_others_give_out_indexes(pair: Pair, durable_place: Any) -> None:
    """`link reopen` of a log that the partner froze for a forger: here it goes on all the time."""
    _, first = pair.open_trace()
    pair.settle()
    with pytest.raises(BatchRefusedError):
        inbox.receive(pair.ma.ctx, Forger(pair, start=0).build({"entry.0.leaf.time": str(NOW + 1)}))
    names = [first.id, *(pair.post("be", acts.wanted_request()).id for _ in range(18))]
    generation.allow(pair.ma.ctx, "be", LANE, "ma-op")
    job = Reopening(pair.be.ctx, "ma", LANE, although_open=True)
    nonce = os.urandom(16)
    job.told(nonce, answering.status(pair.ma.ctx, job.question(nonce)))
    while (request := job.request(os.urandom(16))) is not None:
        job.recovered(answering.recover(pair.ma.ctx, request))
    at_once(
        lambda: job.finish("be-op", "frozen for a forger"),
        *(sequencer(pair, durable_place.open()) for _ in range(2)),
    )
    whole(pair)
    pair.be.sender.compared.clear()
    pair.settle()
    assert {pair.ma.message(one).state for one in names} == {"applied"}
    agree(pair)
