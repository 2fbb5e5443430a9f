"""Records get places, blocks are closed, and every proof reaches the checkpoint."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerelle.core.audit import What
from passerelle.core.clock import ManualClock
from passerelle.core.errors import ProofError, StateError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.ledger import audit as texts
from passerelle.ledger import checkpoint, entry, merkle
from passerelle.oversight import audit_log
from passerelle.ports.audit import AUDIT_BLOCKS, AUDIT_LOGS
from passerelle.ports.records import AUDITS, Audit
from passerelle.store.faults import Crash, FaultPlan
from passerelle.store.memory import MemoryStore
from tests.peers.pair import NOW, make_peer

HOUR = 3_600_000


def node(store: Any = None) -> Context:
    return make_peer("be", "ma", ManualClock(NOW), store).ctx


def write(ctx: Context, count: int = 1, **changes: Any) -> list[Audit]:
    """So many records, one transaction each."""
    fields: dict[str, Any] = {"who": "ann", "on": "be"} | changes
    work = lambda tx: notes.record(tx, ctx, What.NODE_STARTED, fields["who"], fields["on"], {"n": 1})  # noqa: E731
    return [ctx.store.write("test.record", work) for _ in range(count)]


def rows(ctx: Context, kind: Any, index: str = "key") -> list[Any]:
    return ctx.store.read(lambda tx: tx.scan(kind, index, limit=100_000))


def prove(ctx: Context, record_id: str) -> None:
    """The whole way by hand: record, block, log, checkpoint. Raises where a step does not hold."""

    def work(tx: Any) -> None:
        record = tx.get(AUDITS, record_id)
        block = tx.get(AUDIT_BLOCKS, record.generation, record.index)
        log = tx.get(AUDIT_LOGS, texts.origin("be", record.generation))
        opened = texts.parse_block(block.body)
        path = merkle.inclusion(
            audit_log.BlockTree(tx, record.generation, record.index).subtree, record.place, block.size
        )
        leaf = merkle.leaf_hash(audit_log.leaf_of(record))
        merkle.verify_inclusion(record.place, opened.size, leaf, path, opened.root)
        assert texts.parse_leaf(block.leaf).commitment == entry.commit(block.salt, block.body)
        held = audit_log.checkpoint(tx, ctx, log)
        checkpoint.verify(held, (ctx.keys.log[0].verifier, ctx.keys.log[1].verifier))
        path = merkle.inclusion(audit_log.LogTree(tx, log.generation).subtree, block.index, held.size)
        merkle.verify_inclusion(block.index, held.size, merkle.leaf_hash(block.leaf), path, held.root)

    ctx.store.read(work)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 9), min_size=1, max_size=9))
def test_every_record_of_every_block_is_proven(sizes: list[int]) -> None:
    ctx = node()
    written = []
    for size in sizes:
        written += write(ctx, size)
        block = audit_log.close_now(ctx)
        assert block.size == size
    placed = rows(ctx, AUDITS, "by_place")
    assert [one.id for one in placed] == [one.id for one in written]
    for one in written:
        prove(ctx, one.id)
    (log,) = rows(ctx, AUDIT_LOGS)
    assert log.size == len(sizes)
    for size in range(1, log.size + 1):
        ctx.store.read(lambda tx, size=size: audit_log.root_of(tx, log, size))


def test_a_log_grows_by_one_leaf_an_interval_whatever_happened() -> None:
    ctx = node()
    clock: Any = ctx.clock
    assert audit_log.keep(ctx, HOUR) is not None  # the first block begins the log
    sizes = []
    for count in (0, 1, 3 * audit_log.BATCH, 0):
        write(ctx, count)
        assert audit_log.keep(ctx, HOUR) is None
        clock.advance(HOUR)
        block = audit_log.keep(ctx, HOUR)
        assert block is not None
        assert audit_log.keep(ctx, HOUR) is None
        sizes.append(block.size)
    assert sizes == [0, 1, 3 * audit_log.BATCH, 0]
    assert [len(one.leaf) for one in rows(ctx, AUDIT_BLOCKS)] == [len(rows(ctx, AUDIT_BLOCKS)[0].leaf)] * 5


def test_the_first_block_after_a_pause_covers_it_and_a_clock_put_back_stops_nothing() -> None:
    ctx = node()
    clock: Any = ctx.clock
    audit_log.keep(ctx, HOUR)
    clock.advance(100 * HOUR)
    write(ctx, 2)
    block = audit_log.keep(ctx, HOUR)
    assert block is not None
    assert (block.index, block.size) == (1, 2)
    clock.advance(-50 * HOUR)
    later = audit_log.keep(ctx, HOUR)
    assert later is not None
    assert later.index == 2


def test_an_erased_record_is_still_proven() -> None:
    ctx = node()
    one, _ = write(ctx, 2)
    audit_log.close_now(ctx)

    def erase(tx: Any) -> None:
        there = tx.get(AUDITS, one.id)
        tx.put(AUDITS, [msgspec.structs.replace(there, details=b"", salt=b"", who="", on="", what="")])

    ctx.store.write("test.erase", erase)
    prove(ctx, one.id)


def test_a_log_that_stands_still_takes_nothing_in() -> None:
    ctx = node()
    write(ctx)
    audit_log.close_now(ctx)
    (log,) = rows(ctx, AUDIT_LOGS)
    stopped = msgspec.structs.replace(log, state="stopped", reason="a witness holds more")
    ctx.store.write("test.stop", lambda tx: tx.put(AUDIT_LOGS, [stopped]))
    write(ctx)
    assert audit_log.sequence(ctx) == 0
    assert audit_log.keep(ctx, 1) is None
    with pytest.raises(StateError, match="stopped: a witness holds more"):
        audit_log.close(ctx)


POINTS = [f"audit.{step}:{part}" for step in ("sequence", "close") for part in ("begin", "commit", "done")]


@pytest.mark.parametrize("point", POINTS)
def test_it_may_stop_anywhere(point: str) -> None:
    """Whatever step is cut, the log that goes on is one log: no place twice, none left out, all proven."""
    store = MemoryStore()
    ctx = node(store)
    written = write(ctx, 3)
    audit_log.close_now(ctx)
    written += write(ctx, 3)
    before = ctx.store.read(lambda tx: audit_log.checkpoint(tx, ctx, audit_log.current(tx, "be")))
    store._fault = FaultPlan(point)
    with pytest.raises(Crash):
        audit_log.close_now(ctx)
    store._fault = lambda _: None
    written += write(ctx, 2)
    audit_log.close_now(ctx)
    places = [(one.index, one.place) for one in rows(ctx, AUDITS)]
    assert len(set(places)) == len(written)
    for one in written:
        prove(ctx, one.id)
    (log,) = rows(ctx, AUDIT_LOGS)

    def consistent(tx: Any) -> None:
        path = merkle.consistency(audit_log.LogTree(tx, 1).subtree, before.size, log.size)
        merkle.verify_consistency(before.size, log.size, path, before.root, audit_log.root_of(tx, log, log.size))

    ctx.store.read(consistent)


def test_a_changed_record_is_seen() -> None:
    ctx = node()
    one, other = write(ctx, 2)
    audit_log.close_now(ctx)

    def change(tx: Any) -> None:
        there = tx.get(AUDITS, one.id)
        tx.put(AUDITS, [msgspec.structs.replace(there, commitment=bytes(32))])

    ctx.store.write("test.change", change)
    prove(ctx, other.id)
    with pytest.raises(ProofError):
        prove(ctx, one.id)


TEXTS = [
    (texts.parse_record, texts.RecordLeaf("019a0000-0000-7000-8000-000000000001", 5, bytes(32))),
    (texts.parse_block, texts.Block(3, bytes(32))),
    (texts.parse_block, texts.Block(0, bytes(32), texts.Previous("passerelle/be/audit/1", 4, bytes(range(32))))),
    (texts.parse_leaf, texts.BlockLeaf("passerelle/be/audit/12", 7, 99, bytes(32))),
]


@pytest.mark.parametrize(("parse", "value"), TEXTS)
def test_texts_are_read_as_they_were_written_and_in_no_other_form(parse: Any, value: Any) -> None:
    data = value.encode()
    assert parse(data) == value
    for bad in (data[:-1], data + b"\n", data.replace(b"/1\n", b"/2\n", 1), b"\xff" + data, data + b"x" * 1024):
        with pytest.raises(Exception, match="expected"):
            parse(bad)


@pytest.mark.parametrize(
    "bad", ["passerelle/be/audit/0", "passerelle/be/audit/01", "be/audit/1", "passerelle/be/ma/routine/1", "x"]
)
def test_names_of_audit_logs(bad: str) -> None:
    assert texts.split_origin("passerelle/be/audit/999999999") == ("be", 999999999)
    with pytest.raises(Exception, match="expected"):
        texts.split_origin(bad)


def test_what_is_in_line_waits_while_others_need_the_store_but_not_beyond_its_block():
    ctx = node()
    audit_log.keep(ctx, HOUR)
    (record,) = write(ctx)
    in_line = ctx.store.read(lambda tx: tx.get(AUDITS, record.id)).place
    assert audit_log.keep(ctx, HOUR, busy=True) is None
    assert ctx.store.read(lambda tx: tx.get(AUDITS, record.id)).place == in_line
    ctx.clock.advance(HOUR)
    assert audit_log.keep(ctx, HOUR, busy=True) is not None
    prove(ctx, record.id)
