"""What `doctor` finds of the search: of an index that is held here, and of a partner's that is asked."""

import msgspec
import pytest

from passerelle.exchange import governance
from passerelle.oversight import checkup_search, doctor_search
from passerelle.ports.search import EPOCH_KEYS, MANIFESTS, WITHDRAWN, Withdrawn
from tests.peers.blind import Blind
from tests.unit.search.holder import DAY, HOUR, NAME_, Holder


@pytest.fixture
def holder(tmp_path):
    return Holder.watching(tmp_path)


def held(holder, most=65_536):
    found = holder.read(lambda tx: checkup_search.held(tx, holder.ctx, holder.clock.now()))
    return [(one.level, one.what, one.todo) for one in doctor_search.indexes(found, most, "/srv/be")]


def test_a_table_that_is_late_by_more_than_a_turn(holder):
    holder.clock.advance(2 * HOUR)
    assert [level for level, *_ in held(holder)] == ["ok"]
    holder.clock.advance(1)
    (base, delta) = held(holder)
    assert base[:2] == ("error", f"the base of index {NAME_} is due since 2026-11-21T12:00:01.000Z")
    assert delta[0] == "error"
    assert delta[2].endswith(f"passerelle index publish /srv/be {NAME_} --delta")
    holder.publish()
    holder.publish("delta")
    assert [level for level, *_ in held(holder)] == ["ok"]


def test_a_table_without_its_key(holder):
    holder.publish()
    lost = holder.publish("delta")
    holder.ctx.store.write("test", lambda tx: tx.delete(EPOCH_KEYS, [(lost.id,)]))
    ((level, what, _),) = held(holder)
    assert (level, what) == ("error", f"1 table of index {NAME_} has no key: no question under it can be answered")


def test_a_list_of_withdrawn_references_that_is_nearly_full(holder):
    epoch = holder.publish()
    holder.publish("delta")
    rows = [Withdrawn(epoch.id, f"{number:016x}", NAME_, 0, "gone") for number in range(9)]
    holder.ctx.store.write("test", lambda tx: tx.add(WITHDRAWN, rows))
    assert [level for level, *_ in held(holder, 13)] == ["ok"]
    assert [level for level, *_ in held(holder, 12)] == ["warning"]
    ((level, what, todo),) = held(holder, 8)
    assert (level, todo) == ("error", f"passerelle index publish /srv/be {NAME_}")
    assert what == f"9 references of index {NAME_} are withdrawn; beyond 8 nobody is answered"


def test_a_channel_that_ends_soon(holder):
    holder.publish()
    holder.publish("delta")
    governance.act(
        holder.ctx, "ma", "instrument.terminate", "carl", digest=holder.pair.channel, reason="over",
        **{"from": "2026-12-22T00:00:00Z"},
    )  # fmt: skip
    assert [level for level, *_ in held(holder)] == ["ok"]
    holder.clock.advance(DAY)
    found = {what: level for level, what, _ in held(holder)}
    assert found[f"the channel of index {NAME_} ends on 2026-12-22, and the index with it"] == "warning"


def asks(blind):
    found = blind.be.ctx.store.read(lambda tx: checkup_search.asks(tx, blind.pair.clock.now()))
    return [(one.level, one.what, one.todo) for one in doctor_search.searches(found, "/srv/be")]


def test_a_table_that_did_not_arrive():
    blind = Blind()
    blind.pair.clock.advance(HOUR - 1)
    assert [level for level, *_ in asks(blind)] == ["ok"]
    blind.pair.clock.advance(1)
    ((level, what, _),) = asks(blind)
    assert (level, what[:47]) == ("warning", "a table of ma's index wanted did not arrive, an")


def test_hits_without_a_current_list_and_questions_that_wait():
    blind = Blind()
    here = [msgspec.structs.replace(one, state="here") for one in blind.be.all(MANIFESTS)]
    blind.be.store.write("test", lambda tx: tx.put(MANIFESTS, here))
    assert [level for level, *_ in asks(blind)] == ["ok"]
    [question] = blind.ask_list()
    blind.answer(question)
    [question] = blind.ask_list()
    blind.pair.clock.advance(HOUR)
    ((level, what, _),) = asks(blind)
    assert (level, what[:53]) == ("warning", "2 hits on ma's index wanted cannot be shown without a")
    blind.current()
    assert [level for level, *_ in asks(blind)] == ["ok"]
    blind.pair.clock.advance(DAY)
    ((level, what, todo),) = asks(blind)  # of hits whose time is over nothing is said
    assert (level, what) == ("warning", "1 question about ma's index wanted waits for more than a day")
    assert todo == "passerelle search questions /srv/be --state waiting"
