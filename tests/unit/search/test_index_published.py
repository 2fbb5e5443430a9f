"""An index becomes tables: what they hold, when they are due, what stays of one that was broken off."""

import pytest

from passerelle.exchange import manifests
from passerelle.ports.search import CLAIMS, MANIFESTS, SHARD_BODIES
from passerelle.search import oprf, publishing, table
from tests.unit.search.holder import Holder


@pytest.fixture
def holder(tmp_path):
    made = Holder(tmp_path)
    made.take()
    made.create(lists=(("watch", "wanted"),))
    made.follow()
    return made


def found(holder, epoch, keys):
    """Which of these match keys the partner would find in a table."""
    secret = holder.read(lambda tx: tx.get(publishing.EPOCH_KEYS, epoch.id)).secret
    outputs = dict(zip(keys, oprf.outputs(secret, [key.encode() for key in keys]), strict=True))
    return table.find(outputs, epoch.count, lambda number: shard(holder, epoch, number))


def shard(holder, epoch, number):
    return holder.read(lambda tx: tx.get(SHARD_BODIES, epoch.id, number)).body


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
    said = manifests.parse(epoch.manifest.decode())
    assert (said.purposes, said.delta_every) == (("criminal-investigation", "tracing-wanted-persons"), "PT2H")
    [record] = holder.audits("index.published")
    assert record["who"] == "node"
    assert record["count"] == 1024
    assert "keys" not in record
