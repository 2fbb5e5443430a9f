"""Tables on their way: shard by shard, each proven, from where a stop left off; and when they go."""

import msgspec
import pytest

from passerelle.core.errors import NoteError, SearchError, SignatureError
from passerelle.exchange import announcing, claims, trust
from passerelle.exchange.checks import BatchRefusedError
from passerelle.ports.records import ALARMS
from passerelle.ports.search import (
    ASKED,
    EPOCHS,
    INDEXES,
    MANIFESTS,
    QUESTIONS,
    SEARCH_HITS,
    SHARD_BODIES,
    SHARDS,
    WITHDRAWALS,
    ShardBody,
    Withdrawn,
)
from passerelle.ports.search import WITHDRAWN as GONE
from passerelle.search import fetching, hits, sending, table, wire_tables
from tests.peers.copies import fork, restart
from tests.peers.pair import Pair, partners
from tests.peers.searching import SEARCH, Search, Table, index_row, key, publish, wait

HOUR = 60 * 60_000


@pytest.fixture(scope="module")
def large() -> Table:
    """Three shards of 65,536 keys."""
    return Table([key(number) for number in range(50)], count=3 * 65_536)


@pytest.fixture(scope="module")
def base() -> Pair:
    return partners(channel={"search": SEARCH})


@pytest.fixture
def search(base: Pair) -> Search:
    return Search(fork(base))


def states(search: Search) -> dict[tuple[str, int], str]:
    return {(one.kind, one.number): one.state for one in search.pair.be.all(MANIFESTS)}


def test_a_table_of_several_shards_comes_from_where_a_stop_left_off(
    search: Search, large: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passerelle.search.answering.TABLE_BYTES", 1)  # a shard an answer
    publish(search.pair, large)
    search.pair.settle("governance")
    wanted = fetching.next_table(search.pair.be.ctx, "ma")
    assert wanted is not None
    assert wanted.first == 0
    assert not fetching.keep(search.pair.be.ctx, wanted, search.table(wanted.body))
    restart(search.pair, "be")
    assert states(search) == {("base", 1): "announced"}
    following = fetching.next_table(search.pair.be.ctx, "ma")
    assert following is not None
    assert following.first == 1
    answer = search.table(following.body)
    fetching.keep(search.pair.be.ctx, following, answer)
    assert not fetching.keep(search.pair.be.ctx, following, answer)  # twice is once
    assert list(search.fetch()) == [True]
    assert states(search) == {("base", 1): "here"}
    assert [one.body for one in search.pair.be.all(SHARD_BODIES)] == large.shards
    done = search.ask(wait(search.pair, [7, 60]))
    assert [one.reference for one in search.pair.be.all(SEARCH_HITS)] == [large.references[key(7)]]
    assert done.hits == 1


def test_only_the_shards_are_read_in_which_something_may_stand(
    search: Search, large: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(search.pair, large)
    search.arrive()
    posting = search.post(wait(search.pair, [7]))
    answer = search.desk.question(posting.body)
    read: list[int] = []
    opened = table.Shard.__init__

    def counted(self: table.Shard, body: bytes, capacity: int) -> None:
        read.append(len(body))
        opened(self, body, capacity)

    monkeypatch.setattr(table.Shard, "__init__", counted)
    assert sending.take(search.pair.be.ctx, posting, answer).hits == 1
    assert len(read) == 1


def other_body(large: Table) -> Table:
    """The same table but for its second shard: one in good form, which the root does not name."""
    made = Table([key(1)], count=1024)
    made.secret, made.count, made.digests = large.secret, large.count, large.digests
    made.shards = [large.shards[0], large.shards[2], large.shards[2]]
    return made


def test_a_table_that_does_not_match_its_manifest_is_never_asked(search: Search, large: Table) -> None:
    publish(search.pair, Table([key(1)]))
    search.arrive()
    publish(search.pair, other_body(large), number=2, published=search.pair.clock.now() + 1)
    search.pair.settle("governance")
    for _ in range(2):
        with pytest.raises(SearchError, match="expected shards of the table"):
            list(search.fetch())
    assert states(search) == {("base", 1): "here", ("base", 2): "announced"}
    assert [one.what for one in search.pair.be.all(ALARMS)] == ["search.table-wrong"]  # once
    assert len(search.pair.be.all(SHARD_BODIES)) == 1  # nothing of an answer that is wrong anywhere
    assert search.ask(wait(search.pair, [1])).hits == 1  # the one before goes on
    rows = [ShardBody(one.id, 1, large.shards[1]) for one in search.pair.ma.all(EPOCHS) if one.number == 2]
    search.pair.ma.store.write("test.mend", lambda tx: tx.put(SHARD_BODIES, rows))
    assert list(search.fetch()) == [True]  # it was changed on the way, and comes right at last
    assert states(search) == {("base", 1): "over", ("base", 2): "here"}


def test_a_manifest_whose_sizes_are_not_those_of_a_table(search: Search) -> None:
    made = Table([key(1)])
    publish(search.pair, made, shard_size=len(made.shards[0]) + 1)
    search.pair.settle("governance")
    with pytest.raises(SearchError, match="expected shards of"):
        list(search.fetch())
    assert states(search) == {("base", 1): "over"}
    assert [one.what for one in search.pair.be.all(ALARMS)] == ["search.table-wrong"]


def changed_answer(how: str, answer: bytes) -> bytes:
    if how == "cut":
        return answer[:-1]
    if how == "more":
        return answer + b"x"
    if how == "another number":
        return b"\x00\x00\x00\x01" + answer[4:]
    if how == "nothing":
        return b""
    assert how == "endless path"
    return answer[:4] + b"\xff" + answer[5:]


@pytest.mark.parametrize("how", ["cut", "more", "another number", "nothing", "endless path"])
def test_an_answer_out_of_form_is_no_table(search: Search, how: str) -> None:
    publish(search.pair, Table([key(1)]))
    search.pair.settle("governance")
    wanted = fetching.next_table(search.pair.be.ctx, "ma")
    assert wanted is not None
    with pytest.raises(SearchError, match="expected shards of the table"):
        fetching.keep(search.pair.be.ctx, wanted, changed_answer(how, search.table(wanted.body)))
    assert not search.pair.be.all(SHARDS)
    assert states(search) == {("base", 1): "announced"}


def test_a_table_is_for_its_partner_alone_and_not_for_ever(search: Search) -> None:
    epoch = publish(search.pair, Table([key(1)]))
    search.pair.settle("governance")
    wanted = fetching.next_table(search.pair.be.ctx, "ma")
    assert wanted is not None

    def number() -> str:
        with pytest.raises(BatchRefusedError) as found:
            search.table(wanted.body)
        return str(found.value.check)

    row = search.pair.ma.all(EPOCHS)[0]
    for changes in ({"partner": "fr"}, {"state": "over"}, {"ends": search.pair.clock.now()}, {"expires": 0}):
        changed = msgspec.structs.replace(row, **changes)
        search.pair.ma.store.write("test.put", lambda tx, changed=changed: tx.put(EPOCHS, [changed]))
        assert number() == "10"
    search.pair.ma.store.write("test.put", lambda tx: tx.put(EPOCHS, [row]))
    be = search.pair.be
    mine = be.store.read(lambda tx: trust.mine(tx, be.ctx, "ma"))
    now = search.pair.clock.now()
    for names, first, time, expected in (
        (("be", "ma"), 1, now, "10"),
        (("be", "fr"), 0, now, "2"),
        (("be", "ma"), 0, now - HOUR, "2"),
        (("fr", "ma"), 0, now, "1"),
    ):
        body = wire_tables.ask_table(names, epoch, first, bytes(16), time, mine.envelopes)
        wanted = wanted._replace(body=body)
        assert number() == expected
    wanted = wanted._replace(body=body.replace(b"passerelle-table-request/1", b"passerelle-table-request/2"))
    assert number() == "0"


def test_the_newest_of_each_kind_is_fetched_the_base_first(search: Search) -> None:
    now = search.pair.clock.now()
    publish(search.pair, Table([key(1)]))
    publish(search.pair, Table([key(2)]), number=2, published=now + 1)
    publish(search.pair, Table([key(3)]), kind="delta", published=now + 2)
    search.pair.settle("governance")
    fetched = []
    while (wanted := fetching.next_table(search.pair.be.ctx, "ma")) is not None:
        fetched.append((wanted.manifest.kind, wanted.manifest.number))
        fetching.keep(search.pair.be.ctx, wanted, search.table(wanted.body))
    assert fetched == [("base", 2), ("delta", 1)]
    assert states(search) == {("base", 1): "over", ("base", 2): "here", ("delta", 1): "here"}


def test_what_is_over_goes_once_no_question_waits_for_it(search: Search) -> None:
    publish(search.pair, Table([key(2)]))
    search.arrive()
    posting = search.post(wait(search.pair, [2]))
    answer = search.desk.question(posting.body)
    publish(search.pair, Table([key(2)]), number=2, published=search.pair.clock.now() + 1)
    search.arrive()
    assert not fetching.tidy(search.pair.be.ctx)
    assert len(search.pair.be.all(SHARD_BODIES)) == 2
    assert sending.take(search.pair.be.ctx, posting, answer).hits == 1  # of the table that it was sent under
    assert fetching.tidy(search.pair.be.ctx)
    assert len(search.pair.be.all(SHARD_BODIES)) == 1
    search.pair.clock.advance(39 * 24 * HOUR)
    while fetching.tidy(search.pair.be.ctx):
        pass
    assert not search.pair.be.all(SHARD_BODIES)
    search.pair.clock.advance(7 * 24 * HOUR)
    while fetching.tidy(search.pair.be.ctx):
        pass
    assert states(search) == {("base", 2): "over"}  # so that numbers go on rising


# ---- lists of withdrawn references -----------------------------------------------------------------------------------


def test_a_list_is_fetched_while_somebody_may_look_hit_or_none(search: Search) -> None:
    ctx = search.pair.be.ctx
    publish(search.pair, Table([key(1)]))
    search.arrive()
    assert fetching.lists_due(ctx, "ma") == []
    assert search.ask(wait(search.pair, [60])).hits == 0
    (row,) = search.pair.be.all(WITHDRAWALS)  # it came with the answer
    assert (row.time, row.until - row.time, len(row.references)) == (search.pair.clock.now(), HOUR, 64)
    assert fetching.lists_due(ctx, "ma") == []
    search.pair.clock.advance(HOUR // 2)
    assert fetching.lists_due(ctx, "ma") == ["wanted"]
    assert fetching.lists_due(ctx, "fr") == []
    fetching.keep_list(ctx, "ma", "wanted", search.list())
    assert fetching.lists_due(ctx, "ma") == []
    search.pair.clock.advance(HOUR)
    (question,) = search.pair.be.all(QUESTIONS)
    over = msgspec.structs.replace(question, state="over")
    search.pair.be.store.write("test.over", lambda tx: tx.put(QUESTIONS, [over]))
    assert fetching.lists_due(ctx, "ma") == []


def test_a_list_has_every_withdrawn_reference_and_its_length_tells_little(search: Search) -> None:
    made = Table([key(number) for number in range(70)])
    epoch = publish(search.pair, made)
    lists = [wire_tables.read_withdrawals(search.list())]
    rows = [Withdrawn(epoch, one, "wanted", 1, "cancelled") for one in sorted(made.references.values())]
    for count in (1, 64, 65):
        search.pair.ma.store.write("test.withdraw", lambda tx, count=count: tx.put(GONE, rows[:count]))
        lists.append(wire_tables.read_withdrawals(search.list()))
        named = [claims.named(one.reference, lists[-1].salt) for one in rows]
        assert [one in lists[-1].references for one in named] == [True] * count + [False] * (70 - count)
    assert [len(one.references) for one in lists] == [64, 64, 64, 128]
    # Neither what was withdrawn nor what fills stands in two of them: nobody sees what came in between.
    every = [name for one in (*lists, wire_tables.read_withdrawals(search.list())) for name in one.references]
    assert len(set(every)) == len(every)
    assert not set(every) & set(made.references.values())


def test_a_list_of_another_index_partner_or_time_is_not_taken(search: Search) -> None:
    ctx, ma = search.pair.be.ctx, search.pair.ma
    publish(search.pair, Table([key(1)]))
    good = search.list()
    found = wire_tables.read_withdrawals(good)
    signer = ma.store.read(lambda tx: trust.mine(tx, ma.ctx, "be")).envelopes
    now = search.pair.clock.now()

    def take(data: bytes) -> None:
        fetching.keep_list(ctx, "ma", "wanted", data)

    refs = found.references
    for names, index, time, until in (
        (("ma", "fr"), "wanted", now, now + HOUR),
        (("fr", "be"), "wanted", now, now + HOUR),
        (("ma", "be"), "stolen", now, now + HOUR),
        (("ma", "be"), "wanted", now, now + HOUR + 1),
        (("ma", "be"), "wanted", now + HOUR, now + 2 * HOUR),
    ):
        with pytest.raises(NoteError, match="expected a list"):
            take(wire_tables.withdrawals(names, index, (time, until), found.salt, refs, signer))
    for others in (refs[:-1], (*refs[1:], refs[0]), (*refs[:-1], refs[-2]), (*refs[:-1], "xyz"), ()):
        with pytest.raises(NoteError, match="expected"):
            take(wire_tables.withdrawals(("ma", "be"), "wanted", (now, now + HOUR), found.salt, others, signer))
    last = f"{(int(refs[-1], 16) - 1):016x}"  # still in order
    with pytest.raises(SignatureError):
        take(good.replace(refs[-1].encode(), last.encode()))
    assert not search.pair.be.all(WITHDRAWALS)
    take(good)
    search.pair.clock.advance(1000)
    newer = search.list()
    take(newer)
    take(good)  # an older one never takes its place
    (row,) = search.pair.be.all(WITHDRAWALS)
    assert row.note == newer


def test_an_index_of_somebody_else_has_no_list(search: Search) -> None:
    publish(search.pair, Table([key(1)]))
    row = index_row(search.pair, name="theirs", partner="fr")
    search.pair.ma.store.write("test.theirs", lambda tx: tx.put(INDEXES, [row]))
    for name in ("stolen", "theirs"):
        with pytest.raises(BatchRefusedError) as found:
            search.list(name)
        assert str(found.value.check) == "10"


def test_an_index_that_ended_has_no_list(search: Search) -> None:
    """Nobody withdraws anything of it any more: who shows hits by its lists would stop somebody who is not sought."""
    publish(search.pair, Table([key(1)]))
    search.list()
    row = index_row(search.pair, state="ended")
    search.pair.ma.store.write("test.ended", lambda tx: tx.put(INDEXES, [row]))
    with pytest.raises(BatchRefusedError) as found:
        search.list()
    assert str(found.value.check) == "10"


def test_what_be_refuses_is_answered_no_more(base: Pair) -> None:
    pair = fork(base)
    first = publish(pair, Table([key(1)]))
    pair.settle("governance")
    (epoch,) = pair.ma.all(EPOCHS)
    assert epoch.state == "current"
    again = publish(pair, Table([key(1)]), published=pair.clock.now() + 1)  # the same number
    pair.settle("governance")
    rows = {one.id: one for one in pair.ma.all(EPOCHS)}
    assert rows[first].state == "current"
    assert (rows[again].state, rows[again].ends) == ("past", pair.clock.now())
    assert announcing.id_of(rows[first].manifest.decode()) == first


def test_more_withdrawals_than_a_list_holds_are_told_and_answered_later(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = publish(search.pair, Table([key(1)]))
    search.arrive()
    posting = search.post(wait(search.pair, [1]))
    rows = [Withdrawn(epoch, f"{number:016x}", "wanted", 1, "cancelled") for number in range(3)]
    search.pair.ma.store.write("test.withdraw", lambda tx: tx.put(GONE, rows))
    monkeypatch.setattr(wire_tables, "MOST_REFERENCES", 2)
    with pytest.raises(SearchError, match="publish a base"):
        search.desk.question(posting.body)
    with pytest.raises(SearchError, match="publish a base"):
        search.list()
    assert [one.what for one in search.pair.ma.all(ALARMS)] == ["search.list-full"]
    assert not search.pair.ma.all(ASKED)
    monkeypatch.undo()
    assert sending.take(search.pair.be.ctx, posting, search.desk.question(posting.body)).left_day == 19_990


def test_a_new_base_makes_room_on_a_full_list_and_of_the_older_nobody_shows_a_hit(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, ma = search.pair.be.ctx, search.pair.ma

    def hit() -> str:
        (one,) = search.pair.be.all(SEARCH_HITS)
        return str(one.epoch)

    first = publish(search.pair, Table([key(1)]))
    search.arrive()
    found = search.ask(wait(search.pair, [1]))
    waits = search.post(wait(search.pair, [1]))
    second = publish(search.pair, Table([key(1)]), number=2)
    past = msgspec.structs.replace(ma.store.read(lambda tx: tx.get(EPOCHS, first)), state="past")
    rows = [Withdrawn(first, f"{number:016x}", "wanted", 1, "cancelled") for number in range(3)]
    ma.store.write("test.past", lambda tx: (tx.put(EPOCHS, [past]), tx.put(GONE, rows)))
    fetching.keep_list(ctx, "ma", "wanted", search.list())
    assert wire_tables.read_withdrawals(search.list()).first == (0, 0)
    assert ctx.store.write("test.shown", lambda tx: hits.withdraw(tx, ctx, found)).withdrawn == 0
    assert hit() == first
    monkeypatch.setattr(wire_tables, "MOST_REFERENCES", 2)
    listed = wire_tables.read_withdrawals(search.list())
    assert (listed.first, len(listed.references)) == ((2, 0), 64)
    fetching.keep_list(ctx, "ma", "wanted", search.list())
    assert ctx.store.write("test.shown", lambda tx: hits.withdraw(tx, ctx, found)).withdrawn == 1
    assert search.pair.be.all(SEARCH_HITS) == []
    with pytest.raises(BatchRefusedError) as refused:  # a hit of it could not be shown
        search.desk.question(waits.body)
    assert str(refused.value.check) == "10"
    sending.refused(ctx, waits.question, "10")
    search.arrive()
    (again,) = (one for one in search.pair.be.all(QUESTIONS) if one.id == waits.question.id)
    assert search.ask(again).hits == 1
    assert hit() == second
