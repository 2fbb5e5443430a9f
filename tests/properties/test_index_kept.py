"""Whatever happens to lists, persons and tables: who is not in an index is found in none of its tables."""

import itertools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.ports.search import CLAIMS, EPOCH_KEYS, INDEX_ENTRIES
from passerelle.search import keys, table
from tests.unit.search.holder import DAY, HOUR, NAME_, Holder, entry

NAMES = ("Rachid Bensalem", "Khadija Ait Ourir", "Karim Belkacem")
BIRTHS = ("1970-02-01", "1991-11-30")
# Few names and births, so that persons share match keys.
PERSONS = [
    entry(f"Q{number}", name, birth=birth) for number, (name, birth) in enumerate(itertools.product(NAMES, BIRTHS))
]
LISTED = st.lists(st.sampled_from(PERSONS), min_size=1, unique_by=lambda one: one.id).map(tuple)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), LISTED),
        st.tuples(st.just("remove"), st.sampled_from([one.id for one in PERSONS])),
        st.tuples(st.just("add"), st.sampled_from([one.id for one in PERSONS])),
        st.tuples(st.just("publish"), st.sampled_from(["base", "delta"])),
        st.tuples(st.just("wait"), st.sampled_from([HOUR, 3 * HOUR, DAY, 40 * DAY])),
    ),
    max_size=8,
)


@settings(max_examples=12, deadline=None)
@given(first=LISTED, steps=STEPS)
def test_who_is_not_in_an_index_is_found_in_none_of_its_tables(first, steps):
    with tempfile.TemporaryDirectory() as folder:
        holder = Holder(Path(folder))
        holder.take(first)
        holder.create(lists=(("watch", "wanted"),))
        holder.follow()
        here, out = {one.id for one in first}, set()
        for what, which in steps:
            if what == "take":
                holder.take(which, fewer=True)
                here = {one.id for one in which}
            elif what == "remove":
                holder.remove("list/watch", which)
                out.add(which)
            elif what == "add" and which in here:
                holder.add("list/watch", which)
                out.discard(which)
            elif what == "publish":
                holder.publish(which)
            elif what == "wait":
                holder.clock.advance(which)
            holder.look()
            check(holder, here - out)


def check(holder, wanted):
    held = {one.entry: one for one in holder.held().values()}
    assert held.keys() == wanted
    for epoch in holder.epochs("current", "past"):
        secret = holder.read(lambda tx, epoch=epoch: tx.get(EPOCH_KEYS, epoch.id)).secret
        found = shown(holder, epoch, secret)
        alive = {key for one in held.values() if one.number <= epoch.upto for key in one.keys}
        assert found <= alive  # nobody who left, however many he shared a match key with
        for one in held.values():
            if in_table(holder, epoch, one.number):
                assert set(one.keys) <= found


def shown(holder, epoch, secret):
    """The match keys that the partner would be shown as hits in a table."""
    drawn, withdrawn = table.referring(secret), holder.withdrawn(epoch)
    by_reference = {
        table.written(table.reference(drawn, key)): key for one in PERSONS for key in keys.keys_of(one.person)
    }
    return {by_reference[one] for one in holder.references(epoch) - withdrawn}


def in_table(holder, epoch, number):
    there = holder.read(lambda tx: tx.get(INDEX_ENTRIES, NAME_, number))
    bodies = holder.read(lambda tx: tx.scan(CLAIMS, "key", (epoch.id,), limit=10))
    return there is not None and any(
        number == int.from_bytes(one.body[at - 4 : at], "big")
        for one in bodies
        for at in range(table.ROW, len(one.body) + 1, table.ROW)
    )
