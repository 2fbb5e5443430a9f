"""An index becomes tables: what they hold, when they are due, what stays of one that was broken off."""

import msgspec
import pytest

from passerelle.core.errors import StateError
from passerelle.exchange import announcing
from passerelle.ports.search import CLAIMS, EPOCH_KEYS, INDEXES, MANIFESTS, SHARD_BODIES, SHARDS, WITHDRAWN, Withdrawn
from passerelle.search import oprf, publishing, table, wire_tables, withdrawing
from passerelle.store.memory import MemoryStore
from tests.unit.search.holder import DAY, HOUR, NAME_, WANTED, Holder, entry


@pytest.fixture
def holder(tmp_path):
    return Holder.watching(tmp_path)


def found(holder, epoch, keys):
    """Which of these match keys the partner would find in a table."""
    secret = holder.read(lambda tx: tx.get(EPOCH_KEYS, epoch.id)).secret
    outputs = dict(zip(keys, oprf.outputs(secret, [key.encode() for key in keys]), strict=True))
    return table.find(outputs, epoch.count, lambda number: shard(holder, epoch, number))


def shard(holder, epoch, number):
    return holder.read(lambda tx: tx.get(SHARD_BODIES, epoch.id, number)).body


def due_of(holder):
    row = holder.row()
    return holder.read(lambda tx: publishing.due(tx, row, holder.clock.now()))


def numbered(number):
    """Somebody of many, each with a document of his own."""
    return entry(f"N{number}", f"Person {number}", passport=f"AB{number:07d}", birth="1970-01-02")


def test_a_base_holds_the_match_keys_of_all_and_nothing_else(holder):
    epoch = holder.publish()
    keys = [key for one in holder.held().values() for key in one.keys]
    answer = found(holder, epoch, [*keys, "dxx|1999-01-01"])
    assert answer.keys() == set(keys)
    assert {one.reference for one in answer.values()} == holder.references(epoch)
    assert (epoch.count, epoch.shards, epoch.kind, epoch.state) == (1024, 1, "base", "current")
    claims = holder.read(lambda tx: tx.scan(CLAIMS, limit=10))
    number = holder.held()["list/watch/Q2"].number
    one = answer[holder.held()["list/watch/Q2"].keys[0]]
    assert table.claimed(claims[0].body, int(one.reference, 16), one.claim) == (number,)


def test_the_manifest_is_announced_in_the_transaction_in_which_the_table_counts(holder):
    epoch = holder.publish()
    holder.pair.settle("governance")
    there = holder.pair.ma.store.read(lambda tx: tx.get(MANIFESTS, epoch.id))
    assert (there.kind, there.count, there.public, there.root) == ("base", 1024, epoch.public, epoch.root)
    said = announcing.parse(epoch.manifest.decode())
    assert (said.purposes, said.delta_every) == (("criminal-investigation", "tracing-wanted-persons"), "PT2H")
    [record] = holder.audits("index.published")
    assert record["who"] == "node"
    assert record["count"] == 1024
    assert "keys" not in record


def test_what_is_withdrawn_makes_a_new_table_before_the_list_is_full(holder, monkeypatch):
    base = holder.publish()
    holder.publish("delta")
    holder.take(WANTED[1:])
    holder.follow()
    count = len(holder.withdrawn())
    assert count > 1
    assert due_of(holder) == []
    monkeypatch.setattr(wire_tables, "MOST_REFERENCES", 2 * count - 1)
    assert due_of(holder) == ["base"]
    holder.publish()
    assert due_of(holder) == []
    listed = holder.read(lambda tx: withdrawing.listing(tx, NAME_, count - 1))
    assert listed == withdrawing.Listing((), base.number + 1, 0)


def test_what_a_list_leaves_out_is_the_oldest_first_and_nothing_that_is_current(tmp_path):
    holder = Holder(tmp_path)
    holder.create()
    made = [holder.publish(kind) for kind in ("base", "delta", "base", "delta", "delta")]
    rows = [Withdrawn(one.id, f"{10 * n + m:016x}", NAME_, 0, "gone") for n, one in enumerate(made) for m in range(2)]
    holder.ctx.store.write("test", lambda tx: tx.add(WITHDRAWN, rows))
    found = {most: holder.read(lambda tx, most=most: withdrawing.listing(tx, NAME_, most)) for most in range(4, 11)}
    sizes = {most: (len(one.references), *one[1:]) for most, one in found.items()}
    one, two, three, four, _ = (each.number for each in made)
    assert sizes[10] == (10, 0, 0)
    assert sizes[8] == sizes[9] == (8, one + 1, 0)
    assert sizes[6] == sizes[7] == (6, one + 1, two + 1)
    assert sizes[4] == sizes[5] == (4, one + 1, four + 1)
    assert three > one
    with pytest.raises(withdrawing.ListFullError, match="expected at most 3 withdrawn references, got more"):
        holder.read(lambda tx: withdrawing.listing(tx, NAME_, 3))


def test_a_delta_holds_what_came_since_the_base_and_nobody_sees_whether_anything_did(holder):
    base = holder.publish()
    empty = holder.publish("delta")
    holder.take([*WANTED, entry("Q4", "Omar Tazi", birth="1975-03-03")])
    holder.follow()
    delta = holder.publish("delta")
    keys = {name: one.keys for name, one in holder.held().items()}
    assert found(holder, delta, keys["list/watch/Q4"]).keys() == set(keys["list/watch/Q4"])
    assert found(holder, delta, keys["list/watch/Q1"]) == {}
    assert found(holder, base, keys["list/watch/Q4"]) == {}
    assert len(shard(holder, empty, 0)) == len(shard(holder, delta, 0))
    assert (empty.count, empty.upto, delta.upto) == (1024, 3, 4)
    holder.take([*WANTED, entry("Q4", "Omar Tazi", birth="1975-03-03"), entry("Q5", "Ali Amrani", birth="1988-01-02")])
    holder.follow()
    cumulative = holder.publish("delta")
    keys = {name: one.keys for name, one in holder.held().items()}
    wanted = {*keys["list/watch/Q4"], *keys["list/watch/Q5"]}
    assert found(holder, cumulative, wanted).keys() == wanted


def test_a_delta_costs_as_many_evaluations_whatever_is_in_it(holder, monkeypatch):
    evaluated, outputs = [], oprf.outputs

    def counted(secret, inputs):
        found = list(inputs)
        evaluated[-1] += len(found)
        return outputs(secret, found)

    monkeypatch.setattr(oprf, "outputs", counted)
    evaluated.append(0)
    holder.publish()
    for entries in (WANTED, [*WANTED, entry("Q4", "Omar Tazi", birth="1975-03-03")]):
        holder.take(entries)
        holder.follow()
        evaluated.append(0)
        holder.publish("delta")
    assert evaluated[1:] == [1024, 1024]


def test_what_does_not_fit_a_delta_makes_a_base(holder):
    holder.publish()
    some = [numbered(number) for number in range(1100)]
    holder.take([*WANTED, *some])
    holder.follow()
    made = holder.publish("delta")
    assert made.kind == "base"
    assert made.count > 1024
    assert holder.publish("delta").upto == made.upto


def test_an_index_with_a_fixed_size_says_when_it_has_outgrown_it(tmp_path):
    holder = Holder(tmp_path)
    holder.take([numbered(number) for number in range(1100)])
    holder.create(lists=(("watch", "wanted"),), base_size=1024)
    holder.follow()
    made = holder.publish()
    assert made.count == 4096
    assert holder.alarms() == ["index.too-small"]
    assert {one.epoch for one in holder.read(lambda tx: tx.scan(SHARDS, limit=10))} == {made.id}


def test_tables_are_due_by_the_clock_whatever_happens(holder):
    def due():
        return due_of(holder)

    assert due() == ["base", "delta"]
    holder.publish()
    assert due() == ["delta"]
    holder.publish("delta")
    assert due() == []
    row = holder.row()
    assert row.due_delta % (2 * HOUR) == 0
    assert 0 < row.due_delta - holder.clock.now() <= 2 * HOUR
    assert 27 * DAY < row.due_base - holder.clock.now() < 32 * DAY
    holder.clock.advance(row.due_delta - holder.clock.now())
    assert due() == ["delta"]
    holder.publish("delta")
    holder.clock.advance(31 * DAY)
    assert due() == ["base", "delta"]


def test_a_clock_that_was_ahead_delays_no_table(holder):
    holder.publish()
    holder.publish("delta")
    row = holder.row()
    assert due_of(holder) == []
    ahead = {"due_base": row.due_base + 3 * DAY, "due_delta": row.due_delta + 2 * HOUR}
    for name, moment in ahead.items():
        put = msgspec.structs.replace(row, **{name: moment})
        holder.ctx.store.write("x", lambda tx, put=put: tx.put(INDEXES, [put]))
        assert due_of(holder) == [name.removeprefix("due_")]


def test_a_manifest_says_the_hour_of_the_clock_and_no_more(holder):
    holder.clock.advance(12_345_678)
    base = holder.publish()
    assert (base.published % 60_000, 0 <= holder.clock.now() - base.published < 60_000) == (0, True)
    holder.publish("delta")
    holder.clock.advance(holder.row().due_delta - holder.clock.now() + 54_321)
    delta = holder.publish("delta")
    assert delta.published % (2 * HOUR) == 0
    assert delta.expires == delta.published + 5 * HOUR
    assert holder.row().due_delta == delta.published + 2 * HOUR
    holder.clock.advance(7 * 60_000)
    by_hand = holder.publish("delta")
    assert (by_hand.published - delta.published) == 7 * 60_000


def test_the_table_before_is_asked_an_hour_longer(holder):
    first = holder.publish()
    holder.clock.advance(DAY)
    second = holder.publish()
    assert {one.id: one.state for one in holder.epochs()} == {first.id: "past", second.id: "current"}
    assert holder.epochs("past")[0].ends == holder.clock.now() + HOUR
    assert second.number > first.number
    assert first.public != second.public
    assert holder.references(first).isdisjoint(holder.references(second))


def test_who_leaves_while_a_table_is_made_is_withdrawn_from_it(holder):
    number = holder.held()["list/watch/Q2"].number

    def leave(done, of):
        if "watch/Q2" in holder.names():
            holder.remove("list/watch", "Q2")

    epoch = holder.publish(advance=leave)
    assert holder.withdrawn(epoch) == holder.references(epoch, number) != set()


def test_of_two_who_publish_at_once_the_first_counts(holder):
    made = []

    def other(done, of):
        if not made:
            made.append(holder.publish())

    with pytest.raises(StateError, match="expected index sought as it was when the table was begun, got a newer table"):
        holder.publish(advance=other)
    assert [one.id for one in holder.epochs("current")] == [made[0].id]


@pytest.mark.parametrize("point", ["index.shards:commit", "index.publish:commit"])
def test_what_a_stop_left_counts_nowhere_and_goes(tmp_path, point):
    class StoppedError(Exception):
        pass

    armed = []

    def fault(where):
        if armed and where == point:
            raise StoppedError

    holder = Holder(tmp_path, MemoryStore(fault))
    holder.take()
    holder.create(lists=(("watch", "wanted"),))
    holder.follow()
    armed.append(point)
    with pytest.raises(StoppedError):
        holder.publish()
    armed.clear()
    assert holder.epochs("current") == []
    holder.clock.advance(HOUR)
    holder.look()
    assert holder.epochs() == []
    assert [holder.read(lambda tx, kind=kind: tx.count(kind)) for kind in (SHARDS, SHARD_BODIES, CLAIMS)] == [0, 0, 0]
    assert holder.secrets() == set()
    assert holder.publish().state == "current"


def test_the_partner_refuses_and_what_was_announced_is_answered_no_more(holder):
    epoch = holder.publish()
    governance_of_ma = holder.pair.ma
    governance_of_ma.store.write("test.forget", lambda tx: tx.put(MANIFESTS, [_newer(epoch)]))
    holder.pair.settle("governance")
    assert "message.refused" in holder.alarms()
    assert holder.look() == 1
    assert [one.state for one in holder.epochs()] == ["over"]
    assert due_of(holder) == []


def _newer(epoch):
    from passerelle.ports.search import Manifest

    return Manifest(
        id="f" * 64, partner="be", index=epoch.index, channel="", purposes=(), kind="base", number=epoch.number + 5,
        public=b"", root=b"", count=0, shards=0, published=0, expires=2**60, body=b"", message="",
    )  # fmt: skip
