"""An index in each store: followed, published, withdrawn, ended; and a service that does all of it by itself."""

from passerelle.ports.search import SHARD_BODIES
from passerelle.service import indexing
from tests.unit.search.holder import DAY, HOUR, WANTED, Holder


def test_the_life_of_an_index_in_each_store(tmp_path, durable_place):
    holder = Holder(tmp_path, durable_place.open())
    holder.take()
    holder.create(lists=(("watch", "wanted"),), types=("wanted-trace",))
    holder.pair.open_trace()
    holder.pair.settle()
    made = [indexing.look(holder.office)[0] for _ in range(3)]
    assert [one and one.kind for one in made] == ["base", "delta", None]
    base = made[0]
    numbers = [one.number for one in holder.held().values() if one.entry == "Q1"]
    assert len(holder.held()) == 4
    holder.take(WANTED[1:])
    published, due = indexing.look(holder.office)
    assert published is None
    assert due == holder.row().due_delta
    assert holder.withdrawn(base) == holder.references(base, *numbers) != set()
    holder.clock.advance(due - holder.clock.now())
    assert indexing.look(holder.office)[0].kind == "delta"
    holder.clock.advance(31 * DAY)
    assert [indexing.look(holder.office)[0].kind for _ in range(2)] == ["base", "delta"]
    holder.clock.advance(HOUR)
    indexing.look(holder.office)
    assert holder.read(lambda tx: tx.get(SHARD_BODIES, base.id, 0)) is None
    assert base.id not in holder.secrets()


def test_a_node_without_an_index_looks_at_nothing(tmp_path):
    holder = Holder(tmp_path)
    assert indexing.look(holder.office) == (None, 2**62)
