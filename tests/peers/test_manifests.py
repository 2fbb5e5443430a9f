"""What a holder announces of its index, as the other node takes it: what counts, what is refused, what ends."""

from typing import Any

import pytest

from passerelle.core import json
from passerelle.core.clock import MILLISECONDS_A_DAY
from passerelle.core.errors import ForbiddenError, StateError
from passerelle.exchange import announcing, governance, manifests, outbox
from passerelle.exchange.announcing import Announced, ManifestError
from passerelle.ports.records import Message
from passerelle.ports.search import INDEXES, MANIFESTS, QUESTIONS
from tests.peers.agree import recover
from tests.peers.copies import Copy, fork, restart
from tests.peers.pair import Pair, partners
from tests.peers.searching import SEARCH, announced, index_row, question_row


@pytest.fixture(scope="module")
def base() -> Pair:
    return partners(channel={"search": SEARCH})


def publish(pair: Pair, made: Announced) -> Message:
    """What ma announces to be."""
    return pair.ma.store.write(
        "test.publish", lambda tx: manifests.publish(tx, pair.ma.ctx, "be", made.text, "ma-chief")
    )


def states(pair: Pair) -> dict[tuple[str, int], str]:
    return {(one.kind, one.number): one.state for one in pair.be.all(MANIFESTS)}


def test_what_is_announced_is_known_to_the_partner_and_says_the_same(base: Pair) -> None:
    pair = fork(base)
    made = announced(pair)
    message = publish(pair, made)
    pair.settle("governance")
    (row,) = pair.be.all(MANIFESTS)
    assert (row.id, row.message, row.state) == (announcing.id_of(made.text), message.id, "announced")
    assert announcing.parse(row.body.decode()) == made
    assert not pair.ma.all(MANIFESTS)  # what it announces itself it does not ask


def test_the_older_is_asked_until_the_newer_table_is_here(base: Pair) -> None:
    pair = fork(base)
    now = pair.clock.now()
    for number in (1, 2):
        publish(pair, announced(pair, number=number))
        pair.settle("governance")
    assert states(pair) == {("base", 1): "announced", ("base", 2): "announced"}

    def current() -> int:
        found, delta = pair.be.store.read(lambda tx: manifests.current(tx, "ma", "wanted", now))
        assert delta is None
        return found.number if found else 0

    def arrive(number: int) -> None:
        row = next(one for one in pair.be.all(MANIFESTS) if one.number == number)
        pair.be.store.write("test.here", lambda tx: manifests.here(tx, pair.be.ctx, row))

    assert current() == 0
    arrive(1)
    assert current() == 1
    arrive(2)
    assert current() == 2
    assert states(pair) == {("base", 1): "over", ("base", 2): "here"}

    def named(purpose: str) -> list[str]:
        return pair.be.store.read(lambda tx: manifests.indexes(tx, "ma", pair.channel, purpose, now))

    assert named("tracing-wanted-persons") == ["wanted"]
    assert named("prosecution") == []


def test_a_question_that_named_an_older_table_is_due_when_the_newer_is_here(base: Pair) -> None:
    pair = fork(base)
    publish(pair, announced(pair))
    pair.settle("governance")
    stuck = question_row(pair, id="1" * 32, check="10", due=2**60, tries=3)
    poor = question_row(pair, id="2" * 32, check="6", due=2**60, tries=3)
    pair.be.store.write("test.questions", lambda tx: tx.put(QUESTIONS, [stuck, poor]))
    (row,) = pair.be.all(MANIFESTS)
    pair.be.store.write("test.here", lambda tx: manifests.here(tx, pair.be.ctx, row))
    first, second = pair.be.all(QUESTIONS)
    assert (first.check, first.due, first.tries) == ("", pair.clock.now(), 0)
    assert second == poor


def refusal(pair: Pair, content: dict[str, Any]) -> tuple[str, ...]:
    """The numbers with which be refuses what a ma that checks nothing sends."""

    def work(tx: Any) -> Message:
        return outbox.simple(tx, pair.ma.ctx, "be", "governance", **content)

    message = pair.ma.store.write("test.forged", work)
    pair.settle("governance")
    found: tuple[str, ...] = pair.ma.message(message.id).checks
    return found


def changed(made: Announced, **fields: Any) -> str:
    value = json.parse_object(made.text) | fields
    return json.canonical({key: one for key, one in value.items() if one is not None}).decode()


DAY = MILLISECONDS_A_DAY
FORGED = {
    "no JSON": lambda pair, made: "manifest",
    "not canonical": lambda pair, made: made.text.replace(":", ": "),
    "a field more": lambda pair, made: changed(made, more=1),
    "a field less": lambda pair, made: changed(made, delta_every=None),
    "another version": lambda pair, made: changed(made, v=2),
    "for somebody else": lambda pair, made: changed(made, partner="fr"),
    "of somebody else": lambda pair, made: changed(made, holder="fr"),
    "a name that is none": lambda pair, made: changed(made, index="../wanted"),
    "another kind": lambda pair, made: changed(made, kind="whole"),
    "number nought": lambda pair, made: changed(made, number=0),
    "a number as text": lambda pair, made: changed(made, number="1"),
    "a short key": lambda pair, made: changed(made, public="AAAA"),
    "a root that is no base64": lambda pair, made: changed(made, root="*"),
    "no shard": lambda pair, made: changed(made, shards=0),
    "shards that do not fit the count": lambda pair, made: changed(made, shards=2),
    "far too many keys": lambda pair, made: changed(made, count=65_536 * 5000, shards=5000),
    "a shard too large for its keys": lambda pair, made: changed(made, shard_size=10**9),
    "an end before the beginning": lambda pair, made: changed(made, expires="2026-01-01T00:00:00.000Z"),
    "for ever": lambda pair, made: changed(made, expires="2036-01-01T00:00:00.000Z"),
    "from tomorrow": lambda pair, made: changed(
        made, published="2026-11-22T12:00:01.000Z", expires="2026-11-23T12:00:00.000Z"
    ),
    "another spelling of a moment": lambda pair, made: changed(made, published="2026-11-21T12:00:01Z"),
    "a clock that is none": lambda pair, made: changed(made, delta_every="hourly"),
    "less at once than a question": lambda pair, made: changed(made, burst=9),
    "more at once than a day": lambda pair, made: changed(made, burst=2000, day=1999),
    "purposes unsorted": lambda pair, made: changed(made, purposes=["tracing-wanted-persons", "prosecution"]),
    "no purpose": lambda pair, made: changed(made, purposes=[]),
}


@pytest.fixture(scope="module")
def forged(base: Pair) -> Pair:
    return fork(base)


@pytest.mark.parametrize("how", FORGED)
def test_a_manifest_of_another_form_is_refused(forged: Pair, how: str) -> None:
    text = FORGED[how](forged, announced(forged))
    assert refusal(forged, {"kind": "index.publish", "manifest": text, "by": "x"}) == ("9",)
    assert not forged.be.all(MANIFESTS)
    with pytest.raises(ManifestError, match="expected"):
        forged.ma.store.write("test.publish", lambda tx: manifests.publish(tx, forged.ma.ctx, "be", text, "x"))


def test_a_purpose_or_a_channel_that_does_not_allow_it(base: Pair) -> None:
    pair = fork(base)
    foreign = announced(pair, purposes=("prosecution",))
    with pytest.raises(ForbiddenError, match="purposes: expected among tracing-wanted-persons"):
        publish(pair, foreign)
    assert refusal(pair, {"kind": "index.publish", "manifest": foreign.text, "by": "x"}) == ("8",)
    unknown = announced(pair, channel="0" * 64)
    with pytest.raises(StateError, match="expected one with be"):
        publish(pair, unknown)
    assert refusal(pair, {"kind": "index.publish", "manifest": unknown.text, "by": "x"}) == ("7",)


def test_never_more_may_be_asked_than_the_channel_allows(base: Pair) -> None:
    pair = fork(base)
    for quota in ({"burst": 2001}, {"day": 20_001}):
        with pytest.raises(ForbiddenError, match="expected at most 2000 and 20000 elements, got"):
            publish(pair, announced(pair, **quota))
        forged = changed(announced(pair), **quota)
        assert refusal(pair, {"kind": "index.publish", "manifest": forged, "by": "x"}) == ("8",)
    publish(pair, announced(pair, burst=50, day=70))
    pair.settle("governance")
    assert [(one.burst, one.day) for one in pair.be.all(MANIFESTS)] == [(50, 70)]


def test_a_channel_without_a_search_and_one_that_has_ended(base: Pair) -> None:
    plain = partners()
    with pytest.raises(ForbiddenError, match="that allows to search"):
        publish(plain, announced(plain))
    assert refusal(plain, {"kind": "index.publish", "manifest": announced(plain).text, "by": "x"}) == ("8",)
    pair = fork(base)
    moment = {"from": "2026-11-21T12:00:00Z"}
    governance.act(pair.be.ctx, "ma", "instrument.terminate", "chief", digest=pair.channel, reason="x", **moment)
    pair.settle("governance")
    pair.clock.advance(1000)
    with pytest.raises(StateError, match="expected one in force"):
        publish(pair, announced(pair))
    assert refusal(pair, {"kind": "index.publish", "manifest": announced(pair).text, "by": "x"}) == ("7",)


def test_numbers_rise_for_each_kind(base: Pair) -> None:
    pair = fork(base)
    publish(pair, announced(pair, number=3))
    publish(pair, announced(pair, number=1, kind="delta"))
    pair.settle("governance")
    for number in (3, 2):
        text = announced(pair, number=number, published=pair.clock.now() - 1000).text
        assert refusal(pair, {"kind": "index.publish", "manifest": text, "by": "x"}) == ("10",)
    assert states(pair) == {("base", 3): "announced", ("delta", 1): "announced"}


def test_tables_end_before_their_time_one_or_all(base: Pair) -> None:
    pair = fork(base)
    for number, kind in ((1, "base"), (1, "delta"), (2, "base")):
        publish(pair, announced(pair, number=number, kind=kind))
    other = announced(pair, index="stolen")
    publish(pair, other)
    first = announcing.id_of(announced(pair, number=1).text)
    foreign = announcing.id_of(other.text)

    def end(*epochs: str) -> None:
        def work(tx: Any) -> Message:
            return manifests.expire(tx, pair.ma.ctx, "be", "wanted", epochs, "ma-chief", "The key may be known.")

        pair.ma.store.write("test.expire", work)
        pair.settle("governance")

    end(first, foreign)
    assert [one.id for one in pair.be.all(MANIFESTS) if one.state == "over"] == [first]
    end()
    assert {one.index for one in pair.be.all(MANIFESTS) if one.state != "over"} == {"stolen"}


def test_one_that_arrives_after_its_end_is_noted_and_never_asked(base: Pair) -> None:
    pair = fork(base)
    publish(pair, announced(pair))
    pair.clock.advance(60 * DAY)
    pair.settle("governance")
    assert states(pair) == {("base", 1): "over"}


def test_no_more_is_taken_of_a_partner_than_has_room_here(base: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = fork(base)
    monkeypatch.setattr(manifests, "MOST_INDEXES", 2)
    many = {"count": 4096 * 65_536, "shards": 4096, "shard_size": 1_100_000}  # 4 GiB
    taken = [
        ("one", "base", many), ("one", "delta", {}), ("two", "base", many), ("three", "base", {}),
        ("two", "delta", many), ("one", "delta", many | {"number": 2}), ("one", "base", {"number": 2}),
        ("one", "delta", many | {"number": 3}),
    ]  # fmt: skip
    checks = []
    for index, kind, changes in taken:
        message = publish(pair, announced(pair, index=index, kind=kind, **changes))
        pair.settle("governance")
        checks.append(pair.ma.message(message.id).checks)
    #                          a third index         too many bytes  but for a smaller one in place of another
    assert checks == [(), (), (), ("10",), (), ("10",), (), ()]


def test_the_other_lanes_carry_no_manifest(base: Pair) -> None:
    pair = fork(base)

    def work(tx: Any) -> Message:
        made = announced(pair).text
        return outbox.simple(tx, pair.ma.ctx, "be", "routine", "index.publish", manifest=made, by="x")

    message = pair.ma.store.write("test.forged", work)
    pair.settle()
    assert pair.ma.message(message.id).checks == ("9",)


def test_a_holder_that_was_put_back_gives_no_number_twice(base: Pair) -> None:
    pair = fork(base)
    pair.ma.store.write("test.index", lambda tx: tx.put(INDEXES, [index_row(pair)]))
    before = Copy(pair.ma.store)
    publish(pair, announced(pair, number=3))
    pair.settle("governance")
    restart(pair, "ma", before.open())
    recover(pair)
    pair.settle("governance")
    (index,) = pair.ma.all(INDEXES)
    assert index.epochs == 3
    publish(pair, announced(pair, number=index.epochs + 1))
    pair.settle("governance")
    assert states(pair) == {("base", 3): "announced", ("base", 4): "announced"}


def test_an_asker_that_was_put_back_takes_manifests_again(base: Pair) -> None:
    pair = fork(base)
    before = Copy(pair.be.store)
    publish(pair, announced(pair))
    pair.settle("governance")
    restart(pair, "be", before.open())
    assert not pair.be.all(MANIFESTS)
    recover(pair)
    pair.settle()
    assert states(pair) == {("base", 1): "announced"}


def test_a_manifest_that_had_been_refused_is_asked_no_more(base: Pair) -> None:
    """What a node refused before it was put back, and took anew, counts no more when its refusal comes back."""
    pair = fork(base)
    message = publish(pair, announced(pair))
    pair.settle("governance")
    row = pair.be.message(message.id)
    content = {"manifest": announced(pair).text}
    pair.be.store.write("test.away", lambda tx: manifests.take_away(tx, "ma", row, content))
    assert states(pair) == {("base", 1): "over"}
