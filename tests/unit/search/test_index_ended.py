"""What leaves an index is withdrawn at once; tables, their keys and whole indexes end, also after a restore."""

import pytest

from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.exchange import governance
from passerelle.office.asking import NotAllowedError
from passerelle.ports.records import PARTNERS
from passerelle.ports.search import (
    CLAIMS,
    EPOCH_KEYS,
    EPOCHS,
    FOLLOWED,
    INDEX_ENTRIES,
    MANIFESTS,
    SHARD_BODIES,
    SHARDS,
    WITHDRAWN,
)
from passerelle.search import choosing, ending, looking
from passerelle.service import indexing
from passerelle.store.sqlite import SqliteStore
from tests.peers.pair import texts, types_for
from tests.unit.search.holder import DAY, HOUR, NAME_, SEARCH, WANTED, Holder, entry


@pytest.fixture
def holder(tmp_path):
    return Holder.watching(tmp_path)


# ---- withdrawn -------------------------------------------------------------------------------------------------------


def test_who_leaves_is_withdrawn_from_every_table_in_the_same_transaction(holder):
    number = holder.held()["list/watch/Q1"].number
    past, current = holder.publish(), holder.publish()
    delta = holder.publish("delta")
    holder.take(WANTED[1:])
    assert holder.follow() == (0, 1)
    for epoch in (past, current):
        assert holder.withdrawn(epoch) == holder.references(epoch, number) != set()
    assert holder.withdrawn(delta) == set()
    gone = holder.read(lambda tx: tx.get(INDEX_ENTRIES, NAME_, number))
    assert (gone.state, gone.keys, gone.body, gone.gone) == ("out", (), b"", holder.clock.now())


def test_a_cancellation_is_withdrawn_within_an_hour(tmp_path):
    """The service looks once a minute; here the hour is let go by but for that."""
    holder = Holder(tmp_path)
    holder.create(types=("wanted-trace",))
    dossier, message = holder.pair.open_trace()
    holder.pair.settle()
    holder.follow()
    base = holder.publish()
    references = holder.references(base)
    shown = holder.read(lambda tx: looking.references(tx, holder.office, holder.ann, holder_row(holder, tx), dossier))
    assert {one["reference"] for one in shown} == references != set()
    holder.clock.advance(3 * HOUR)
    body = {"reason": "warrant-lifted", "indexed": True, "references": sorted(references)}
    holder.pair.answer("be", dossier, "cancelled", body=body, after=[message.id])
    cancelled = holder.clock.now()
    holder.clock.advance(60_000)
    holder.look()
    assert holder.withdrawn(base) == references
    assert {one.time - cancelled for one in holder.read(lambda tx: tx.scan(WITHDRAWN, limit=100))} == {60_000}
    shown = holder.read(lambda tx: looking.references(tx, holder.office, holder.ann, holder_row(holder, tx), dossier))
    assert {(one["reference"], one["withdrawn"]) for one in shown} == {(one, True) for one in references}


def holder_row(holder, tx):
    from passerelle.ports.search import INDEXES

    return tx.get(INDEXES, NAME_)


def test_a_reference_that_somebody_else_stands_behind_stays(tmp_path):
    holder = Holder(tmp_path)
    namesake = entry("Q9", "Rachid Bensalem", birth="1970-02-01")
    holder.take([WANTED[0], namesake])
    holder.create(lists=(("watch", "wanted"),))
    holder.follow()
    base = holder.publish()
    one, other = (holder.held()[f"list/watch/{name}"].number for name in ("Q1", "Q9"))
    shared = holder.references(base, one) & holder.references(base, other)
    assert shared
    holder.take([namesake])
    holder.follow()
    assert holder.withdrawn(base) == holder.references(base, one) - shared != set()
    holder.take([WANTED[1]], fewer=True)
    holder.follow()
    assert holder.withdrawn(base) == holder.references(base, one, other)


def test_who_comes_back_is_found_in_the_next_table_and_not_in_the_old_one(holder):
    base = holder.publish()
    holder.take(WANTED[1:])
    holder.follow()
    before = holder.withdrawn(base)
    holder.take()
    assert holder.follow() == (1, 0)
    assert holder.withdrawn(base) == before
    delta = holder.publish("delta")
    assert holder.references(delta)
    assert holder.withdrawn(delta) == set()


def test_of_a_table_whose_key_is_destroyed_references_are_withdrawn_too(holder):
    number = holder.held()["list/watch/Q1"].number
    base = holder.publish()
    ending.expire(holder.office, holder.carl, NAME_, [], "lost")
    assert holder.secrets() == set()
    holder.remove("list/watch", "Q1")
    assert holder.withdrawn(base) == holder.references(base, number)


def test_a_reference_is_withdrawn_by_hand_with_who_stands_behind_it(holder):
    base = holder.publish()
    number = holder.held()["list/watch/Q2"].number
    some = sorted(holder.references(base, number))[:1]
    with pytest.raises(InputError, match="REFERENCE: expected 16 hex digits, got 'Q2'"):
        choosing.withdraw(holder.office, holder.register, holder.ann, NAME_, ["Q2"], "asked for")
    with pytest.raises(NotFoundError, match="REFERENCE: expected one of a table of index sought, got 0000000000000000"):
        choosing.withdraw(holder.office, holder.register, holder.ann, NAME_, ["0" * 16], "asked for")
    with pytest.raises(NotAllowedError):
        choosing.withdraw(holder.office, holder.register, holder.carl, NAME_, some, "asked for")
    left = choosing.withdraw(holder.office, holder.register, holder.dana, NAME_, some, "asked for")
    assert (left.persons, left.references) == (1, len(holder.references(base, number)))
    assert holder.withdrawn(base) == holder.references(base, number)
    assert holder.follow() == (0, 0)
    [record] = holder.audits("index.withdrawn")
    assert (record["who"], record["entry"], record["references"]) == ("dana", "Q2", some)


# ---- tables ----------------------------------------------------------------------------------------------------------


def test_at_the_end_of_a_table_its_key_is_destroyed_and_its_claims_go_a_week_later(holder):
    first = holder.publish()
    holder.clock.advance(31 * DAY)
    second = holder.publish()
    assert holder.look() == 0
    holder.clock.advance(HOUR - 1)
    assert holder.look() == 0
    assert holder.secrets() == {first.id, second.id}
    holder.clock.advance(1)
    assert holder.look() == 1
    assert holder.secrets() == {second.id}
    assert holder.audits("index.key-destroyed")[-1]["epoch"] == first.id
    count = lambda kind, epoch: holder.read(lambda tx: tx.count(kind, "key", (epoch.id,)))  # noqa: E731
    assert [count(kind, first) for kind in (SHARDS, SHARD_BODIES, CLAIMS)] == [0, 0, 1]
    assert [count(kind, second) for kind in (SHARDS, SHARD_BODIES, CLAIMS)] == [1, 1, 1]
    holder.clock.advance(first.expires + 7 * DAY - holder.clock.now() - 1)
    holder.look()
    assert count(CLAIMS, first) == 1
    holder.clock.advance(1)
    holder.look()
    assert count(CLAIMS, first) == 0
    assert {one.id for one in holder.epochs()} == {second.id}


def test_a_table_that_nothing_took_the_place_of_ends_when_its_manifest_says(holder):
    epoch = holder.publish()
    delta = holder.publish("delta")
    holder.clock.advance(delta.expires - holder.clock.now())
    assert holder.look() == 1
    assert holder.secrets() == {epoch.id}
    assert delta.expires - delta.published == 5 * HOUR
    holder.clock.advance(epoch.expires - holder.clock.now())
    assert holder.look() == 1
    assert holder.secrets() == set()


def test_no_backup_has_a_key_and_what_comes_back_without_one_ends(holder):
    first, _ = holder.publish(), holder.publish("delta")
    rows = holder.taken()
    assert first.id.encode() in b"".join(rows)
    secret = holder.read(lambda tx: tx.get(EPOCH_KEYS, first.id)).secret
    assert secret not in b"".join(rows)
    holder.clock.advance(DAY)
    assert holder.remove("list/watch", "Q1").persons == 1  # nor of this; the list stays as it was
    holder.publish()  # of this one the backup knows nothing
    holder.pair.settle("governance")
    holder.put_back(rows)
    assert "watch/Q1" in holder.names()
    assert holder.look() == 0
    assert holder.names() == {"watch/Q2", "watch/Q3"}
    assert [said["epochs"] for said in holder.sent("index.expire")] == [[]]  # so all are ended
    assert holder.epochs("current", "past") == []
    assert holder.alarms() == ["index.keys-lost"]
    row = holder.row()
    assert (row.due_base, row.due_delta) == (holder.clock.now(), holder.clock.now())
    assert holder.audits("index.expired")[-1]["reason"] == "keys-lost"
    again = holder.publish()
    assert again.number > first.number


def test_tables_end_early_and_the_partner_is_told(holder):
    base, delta = holder.publish(), holder.publish("delta")
    holder.pair.settle("governance")
    with pytest.raises(NotFoundError, match="EPOCH: expected a table of index sought that is asked, got 'ffff'"):
        ending.expire(holder.office, holder.carl, NAME_, ["ffff"], "lost")
    with pytest.raises(NotAllowedError):
        ending.expire(holder.office, holder.ann, NAME_, [base.id], "lost")
    assert [one.id for one in ending.expire(holder.office, holder.carl, NAME_, [base.id], "lost")] == [base.id]
    assert holder.secrets() == {delta.id}
    holder.pair.settle("governance")
    there = holder.pair.ma.all(MANIFESTS)
    assert {one.id: one.state for one in there}[base.id] == "over"
    assert {one.id: one.state for one in there}[delta.id] != "over"
    ending.expire(holder.office, holder.carl, NAME_, [], "lost")
    assert holder.secrets() == set()
    with pytest.raises(StateError, match="expected a table of index sought that is asked, got none"):
        ending.expire(holder.office, holder.carl, NAME_, [], "lost")


def test_a_destroyed_key_is_in_no_file_of_the_store(tmp_path):
    holder = Holder(tmp_path, SqliteStore(tmp_path / "be.db"))
    holder.take()
    holder.create(lists=(("watch", "wanted"),))
    holder.follow()
    epoch = holder.publish()
    secret = holder.read(lambda tx: tx.get(EPOCH_KEYS, epoch.id)).secret

    def files():
        return b"".join(path.read_bytes() for path in tmp_path.glob("be.db*"))

    assert secret in files()
    ending.expire(holder.office, holder.carl, NAME_, [], "lost")
    assert holder.ctx.store.settle(1.0)
    assert secret not in files()


# ---- indexes ---------------------------------------------------------------------------------------------------------


def test_an_index_ends_with_its_channel(holder):
    holder.publish()
    holder.pair.settle("governance")
    governance.act(
        holder.ctx, "ma", "instrument.terminate", "carl", digest=holder.pair.channel, reason="over",
        **{"from": "2026-12-01T00:00:00Z"},
    )  # fmt: skip
    holder.look()
    assert holder.row().state == "open"
    holder.clock.advance(20 * DAY)
    holder.look()
    gone(holder)
    holder.pair.settle("governance")
    assert {one.state for one in holder.pair.ma.all(MANIFESTS)} == {"over"}
    with pytest.raises(StateError, match="expected an index that goes on, got sought, which ended with its channel"):
        holder.publish()
    assert "its channel is not in force any more" in holder.audits("index.ended")[-1]["reason"]


def test_an_index_goes_on_under_the_channel_that_takes_the_place_of_its_own(holder):
    """It need not be made anew; who may not stand in it any more is withdrawn at once."""
    holder.take([entry("S1", "Omar Tazi", birth="1975-03-03")], "suspects")
    holder.add("list/suspects", "S1", category="suspect")
    base = holder.publish()
    holder.pair.settle("governance")
    before = holder.row()
    search = {
        "purposes": ["criminal-investigation", "prosecution"],
        "categories": ["wanted"],
        "quota": {"burst": 500, "day": 9000},
    }
    kinds = types_for("criminal")
    text = texts.channel_for(
        "criminal", holder.pair.agreement, kinds, title="Next", supersedes=before.channel, search=search
    )
    digest = holder.pair.sign(text, by="ma")
    holder.look()
    row = holder.row()
    assert (row.state, row.channel, row.due_base) == ("open", digest, holder.clock.now())
    assert (row.purposes, row.categories, row.burst, row.day) == (("criminal-investigation",), ("wanted",), 500, 9000)
    assert (row.lists, row.entries, row.created) == (before.lists, before.entries, before.created)
    assert holder.names() == {"watch/Q1", "watch/Q2", "watch/Q3"}
    assert holder.withdrawn(base) == holder.references(base, 4) != set()
    holder.publish()
    holder.pair.settle("governance")
    named = {one.number: one.channel for one in holder.pair.ma.all(MANIFESTS)}
    assert [named[one] for one in sorted(named)] == [before.channel, digest]
    assert holder.look() == 0
    assert [one.state for one in sorted(holder.epochs(), key=lambda one: one.number)] == ["past", "current"]


def test_nothing_is_announced_under_a_next_channel_before_the_partner_has_cosigned_it(holder):
    """Who leaves is withdrawn all the same: tables of the channel before are still with the partner."""
    base, pair = holder.publish(), holder.pair
    pair.settle("governance")
    text = texts.channel_for(
        "criminal", pair.agreement, types_for("criminal"), title="Next", supersedes=pair.channel, search=SEARCH
    ).decode()
    record = governance.act(pair.ma.ctx, "be", "instrument.propose", "officer", instrument=text)
    governance.act(pair.ma.ctx, "be", "instrument.sign", "chief", digest=record.digest)
    pair.settle("governance")
    governance.act(holder.ctx, "ma", "instrument.sign", "chief", digest=record.digest)
    pair.be.sender.step("governance")  # in the log, and on its way
    holder.take(WANTED[1:])
    holder.look()
    assert holder.row().channel == record.digest
    assert holder.withdrawn(base)
    assert indexing.look(holder.office)[0] is None
    pair.settle("governance")
    assert indexing.look(holder.office)[0].kind == "base"


def test_an_index_ends_with_a_channel_that_the_next_does_not_let_go_on(holder):
    holder.publish()
    text = texts.channel_for(
        "criminal", holder.pair.agreement, types_for("criminal"), title="Next", supersedes=holder.pair.channel
    )
    holder.pair.sign(text, by="ma")
    holder.look()
    gone(holder)


def test_an_index_ends_when_the_partner_is_not_trusted_any_more(holder):
    holder.publish()
    there = holder.read(lambda tx: tx.get(PARTNERS, "ma"))
    import msgspec

    suspended = msgspec.structs.replace(there, status="suspended")
    holder.ctx.store.write("test.suspend", lambda tx: tx.put(PARTNERS, [suspended]))
    holder.look()
    gone(holder)
    holder.ctx.store.write("test.trust", lambda tx: tx.put(PARTNERS, [there]))
    before = holder.row()
    row = holder.create(lists=(("watch", "wanted"),))
    assert (row.state, row.entries, row.epochs) == ("open", before.entries, before.epochs)
    # Nobody withdrew anything of the old tables meanwhile: their hits count no more.
    holder.pair.settle("governance")
    assert [one.early for one in holder.pair.ma.all(MANIFESTS)] == [True]
    assert holder.follow() == (3, 0)
    assert holder.publish().number > before.epochs


def gone(holder):
    assert holder.row().state == "ended"
    assert holder.secrets() == set()
    assert holder.alarms() == ["index.ended"]
    kinds = (INDEX_ENTRIES, FOLLOWED, SHARDS, SHARD_BODIES)
    assert [holder.read(lambda tx, kind=kind: tx.count(kind)) for kind in kinds] == [0, 0, 0, 0]
    assert {one.state for one in holder.read(lambda tx: tx.scan(EPOCHS, limit=100))} == {"over"}


def test_rows_of_who_left_go_when_no_claim_can_name_them(holder):
    number = holder.held()["list/watch/Q1"].number
    holder.publish()
    holder.take(WANTED[1:])
    holder.follow()
    first = holder.clock.now()
    holder.clock.advance(31 * DAY)
    holder.publish()
    holder.clock.advance(7 * DAY)
    holder.look()
    assert holder.read(lambda tx: tx.get(INDEX_ENTRIES, NAME_, number)).state == "out"  # claims on the first may come
    holder.clock.advance(first + 45 * DAY - holder.clock.now())
    holder.look()
    assert holder.read(lambda tx: tx.get(INDEX_ENTRIES, NAME_, number)) is None


# ---- what is shown ---------------------------------------------------------------------------------------------------


def test_how_an_index_stands_tells_of_nobody(holder):
    epoch = holder.publish()
    value = holder.read(lambda tx: looking.standing(tx, holder_row(holder, tx), holder.clock.now()))
    said = repr(value)
    assert value["entries"] == 3
    assert value["sources"] == [
        {"source": "list/watch", "category": "wanted", "entries": 3, "followed": True, "here": True}
    ]
    assert [(one["epoch"], one["state"], one["count"], one["bytes"] > 1024 * 16) for one in value["epochs"]] == [
        (epoch.id, "current", 1024, True)
    ]
    assert value["quota"] == {"burst": 3000, "day": 10_000, "used_today": 0}
    for one in holder.held().values():
        assert not any(key in said for key in one.keys)
    assert "Rachid" not in said


def test_who_reads_who_is_in_it_is_written_down_first(holder):
    def read(who, reason):
        return holder.ctx.store.write(
            "x", lambda tx: looking.read(tx, holder.office, who, holder_row(holder, tx), reason)
        )

    with pytest.raises(InputError, match="--reason: expected why the entries of index sought are read by ann, got"):
        read(holder.ann, "")
    with pytest.raises(NotAllowedError):
        read(holder.carl, "curious")
    found = read(holder.ann, "yearly review")
    assert [(one.entry, one.names, one.category) for one in found][:1] == [("Q1", ("Rachid Bensalem",), "wanted")]
    [record] = holder.audits("index.read")
    assert (record["who"], record["reason"], len(record["entries"])) == ("ann", "yearly review", 3)
