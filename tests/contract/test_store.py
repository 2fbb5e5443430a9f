"""What `ports.store` promises, on every implementation."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_type_hints

import msgspec
import pytest

from passerelle.core.errors import AlreadyThereError, BusyError, SchemaError, StoreError
from passerelle.ports.records import (
    CONTENTS,
    DOSSIERS,
    ENTRIES,
    KINDS,
    META,
    WAITS,
    Content,
    Dossier,
    Entry,
    Meta,
    Record,
    Wait,
)
from passerelle.ports.store import Kind, Store
from passerelle.store.base import SCHEMA
from passerelle.store.faults import Crash, FaultPlan


class Odd(Record, frozen=True):
    """Every type of a field, and names that SQL reserves."""

    order: str
    select: int
    group: bool = False
    table: bytes = b""
    words: tuple[str, ...] = ()
    note: str | None = None
    size: int | None = None
    sure: bool | None = None
    raw: bytes | None = None
    parts: tuple[str, ...] | None = None


ODD = Kind("odd", Odd, ("order", "select"), by_table=("table",), by_group=("group", "select"))
LAST, FIRST = 2**63 - 1, -(2**63)


def entry(index: int, origin: str = "log", leaf: bytes = b"leaf") -> Entry:
    return Entry(origin=origin, index=index, leaf=leaf, nodes=b"", message=f"m{index}")


def entries(*indexes: int) -> list[Entry]:
    return [entry(index) for index in indexes]


def dossier(name: str, status: str = "open", updated: int = 0) -> Dossier:
    values = dict.fromkeys(("partner", "type", "channel", "opener", "state"), "x")
    return Dossier(id=name, status=status, updated=updated, **values)


def add(store: Store, kind: Kind[Any], *records: Record) -> None:
    store.write("test", lambda tx: tx.add(kind, records))


def put(store: Store, kind: Kind[Any], *records: Record) -> None:
    store.write("test", lambda tx: tx.put(kind, records))


def all_of(store: Store, kind: Kind[Any]) -> list[Any]:
    return store.read(lambda tx: tx.scan(kind, limit=100_000))


@pytest.fixture
def odd(place: Any) -> Store:
    found: Store = place.open(kinds=[ODD])
    return found


# What is written is read


def test_every_kind_of_the_node_is_kept(store: Store) -> None:
    values = {str: "text", int: 7, bool: True, bytes: b"bytes", tuple[str, ...]: ("one", "two")}
    for kind in KINDS:
        record = kind.record(**{name: values[hint] for name, hint in get_type_hints(kind.record).items()})
        key = kind.key_of(record)
        add(store, kind, record)
        assert store.read(lambda tx, kind=kind, key=key: tx.get(kind, *key)) == record
        assert store.read(lambda tx, kind=kind, key=key: tx.get_many(kind, [key])) == {key: record}
        for index in kind.indexes:
            place = kind.place_of(index, record)
            assert store.read(lambda tx, a=(kind, index, place): tx.scan(*a, limit=2)) == [record]
            assert store.read(lambda tx, a=(kind, index, place): tx.count(*a)) == 1
        rest = [name for name in kind.fields if name not in kind.key]
        other = msgspec.structs.replace(record, **{name: type(getattr(record, name))() for name in rest})
        put(store, kind, other)
        assert store.read(lambda tx, kind=kind, key=key: tx.get(kind, *key)) == other
        store.write("test", lambda tx, kind=kind, key=key: tx.delete(kind, [key]))
        assert store.read(lambda tx, kind=kind, key=key: tx.get(kind, *key)) is None


@pytest.mark.parametrize(
    "record",
    [
        Odd(order="", select=0),
        Odd(order="", select=0, words=("",), note="", size=0, sure=False, raw=b"", parts=()),
        Odd(order="a", select=LAST, size=FIRST, group=True, sure=True, table=b"\x00\xff", raw=bytes(range(256))),
        Odd(
            order="😀\U0010fffd",
            select=FIRST,
            note="é\u0301 عربى\u200d \n\t",
            words=("😀", '"', "\\", ""),
            parts=("x",),
        ),
        Odd(order="'; DROP TABLE odd; --", select=1, note='%s ? :x $1 "quoted"', words=("a,b", "[]", "null")),
        Odd(order="x" * 500, select=1, note="n" * 100_000, raw=os.urandom(2**20)),
    ],
    ids=["none", "empty", "extremes", "unicode", "sql", "large"],
)
def test_values_come_back_as_they_were(odd: Store, record: Odd) -> None:
    add(odd, ODD, record)
    (found,) = all_of(odd, ODD)
    assert found == record
    assert [type(value) for value in msgspec.structs.astuple(found)] == [
        type(value) for value in msgspec.structs.astuple(record)
    ]
    # COPY and INSERT, where a store has both, keep the same.
    more = [msgspec.structs.replace(record, order=f"{number}") for number in range(20)]
    add(odd, ODD, *more)
    put(odd, ODD, *more)
    assert all_of(odd, ODD) == sorted([record, *more], key=ODD.key_of)


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("deed", [add, put])
@pytest.mark.parametrize(
    "change",
    [{"select": LAST + 1}, {"size": FIRST - 1}, {"order": "\ud800"}, {"words": ("\ud800",)}, {"table": None}],
    ids=str,
)
def test_what_no_column_can_hold_is_refused(
    odd: Store, deed: Callable[..., None], change: dict[str, Any], count: int
) -> None:
    good = [Odd(order=f"good{number}", select=0) for number in range(count)]
    with pytest.raises(StoreError):
        deed(odd, ODD, *good, msgspec.structs.replace(good[0], **{"order": "bad"} | change))
    assert all_of(odd, ODD) == []


@pytest.mark.parametrize("deed", [add, put])
def test_many_records_with_nothing_or_something_in_a_field(odd: Store, deed: Callable[..., None]) -> None:
    nothing = [Odd("nothing", number) for number in range(8)]
    full = Odd("full", 1, True, b"\0", ("a",), "", -1, False, b"", ())
    mixed = [full, *(Odd("mixed", number, note="x" * number or None) for number in range(8))]
    deed(odd, ODD, *nothing)
    deed(odd, ODD, *mixed)
    assert sorted(all_of(odd, ODD), key=repr) == sorted([*nothing, *mixed], key=repr)


def test_a_store_is_empty_at_first_but_for_its_schema(by_url: Store) -> None:
    assert [record for kind in KINDS for record in all_of(by_url, kind)] == [Meta(name="schema", value=str(SCHEMA))]


# Looking


def test_get_many_of_very_many(store: Store) -> None:
    add(store, ENTRIES, *entries(*range(1300)))
    asked = [("log", index) for index in range(1299, -5, -1)]
    found = store.read(lambda tx: tx.get_many(ENTRIES, asked))
    assert list(found.items()) == [(("log", index), entry(index)) for index in range(1299, -1, -1)]
    asked_once = store.read(lambda tx: tx.get_many(ENTRIES, (key for key in [("log", 7), ("log", 7), ("other", 7)])))
    assert asked_once == {("log", 7): entry(7)}
    assert store.read(lambda tx: tx.get_many(ENTRIES, [])) == {}


def test_get_many_by_a_key_of_one_field(store: Store) -> None:
    made = [dossier(f"d{number:04}") for number in range(1001)]
    add(store, DOSSIERS, *made)
    for count in (1, 2, 3, 4, 5, 17, 499, 500, 501, 1001):
        found = store.read(
            lambda tx, count=count: tx.get_many(DOSSIERS, [(one.id,) for one in made[:count]] + [("?",)])
        )
        assert list(found.values()) == made[:count]


TEXTS = [
    "",
    "\t",
    " ",
    "!",
    "0",
    "10",
    "9",
    "A",
    "B",
    "Z",
    "_",
    "a",
    "aa",
    "b",
    "z",
    "é",
    "א",
    "ﬁ",
    "\uffff",
    "\U00010000",
]


def test_text_is_ordered_by_code_point_and_numbers_by_value(odd: Store) -> None:
    assert sorted(TEXTS) == TEXTS
    add(odd, ODD, *(Odd(order=text, select=0, table=text.encode()) for text in reversed(TEXTS)))
    assert [one.order for one in all_of(odd, ODD)] == TEXTS
    by_bytes = odd.read(lambda tx: tx.scan(ODD, "by_table", limit=100, descending=True))
    assert [one.table for one in by_bytes] == sorted((text.encode() for text in TEXTS), reverse=True)
    numbers = [FIRST, -10, -9, 0, 9, 10, 100, LAST]
    add(odd, ODD, *(Odd(order="#", select=number, group=number > 0) for number in numbers))
    assert [one.select for one in odd.read(lambda tx: tx.scan(ODD, "key", ("#",), limit=100))] == numbers
    by_group = odd.read(lambda tx: tx.scan(ODD, "by_group", (True,), limit=100, descending=True))
    assert [one.select for one in by_group] == [LAST, 100, 10, 9]


def test_ties_are_broken_by_the_key(store: Store) -> None:
    add(store, DOSSIERS, *(dossier(name, updated=number % 2) for number, name in enumerate("edcba")))
    for descending, order in ((False, "acebd"), (True, "dbeca")):
        found = store.read(lambda tx, d=descending: tx.scan(DOSSIERS, "by_status", ("", "open"), limit=9, descending=d))
        assert "".join(one.id for one in found) == order


def test_a_place_may_be_partial(store: Store) -> None:
    add(store, DOSSIERS, *(dossier(f"{name}{number}", updated=number) for number in (1, 2, 3) for name in "ab"))

    def look(after: tuple[Any, ...] | None, *, descending: bool = False, prefix: tuple[Any, ...] = ("", "open")) -> str:
        found = store.read(
            lambda tx: tx.scan(DOSSIERS, "by_status", prefix, after=after, limit=9, descending=descending)
        )
        return " ".join(one.id for one in found)

    assert look(None) == look(()) == "a1 b1 a2 b2 a3 b3"
    assert look((2,)) == "a3 b3"
    assert look((2, "a2")) == "b2 a3 b3"
    assert look((2, "a")) == "a2 b2 a3 b3"
    assert look((2,), descending=True) == "b1 a1"
    assert look((2, "b2"), descending=True) == "a2 b1 a1"
    assert look((3, "b3")) == look((1, "a1"), descending=True) == look((4,)) == look((0,), descending=True) == ""
    assert look(("", "open"), prefix=()) == look(("", "open"), prefix=(), descending=True) == ""
    assert look(("", "ended"), prefix=()) == look(None)
    assert look(None, prefix=("", "closed")) == look((1,), prefix=("", "closed")) == ""
    assert look(None, prefix=("", "open", 2, "a2")) == look(None, prefix=("", "open", 2, "a2"), descending=True) == "a2"
    assert look(("a2",), prefix=("", "open", 2)) == "b2"


def test_pages_show_each_record_once(store: Store) -> None:
    add(store, DOSSIERS, *(dossier(f"d{number:02}", updated=number // 5) for number in range(50)))
    for descending in (False, True):
        seen: list[str] = []
        after = None
        while page := store.read(
            lambda tx, a=after, d=descending: tx.scan(
                DOSSIERS, "by_status", ("", "open"), after=a, limit=7, descending=d
            )
        ):
            assert len(page) <= 7
            seen += [one.id for one in page]
            after = DOSSIERS.place_of("by_status", page[-1])[2:]
        assert seen == sorted((f"d{number:02}" for number in range(50)), reverse=descending)


def test_limit_and_count(store: Store) -> None:
    add(store, ENTRIES, *entries(*range(10)), entry(0, "other"))
    assert store.read(lambda tx: tx.scan(ENTRIES, limit=0)) == []
    assert store.read(lambda tx: tx.scan(ENTRIES, "key", ("log",), limit=1, descending=True)) == entries(9)
    assert len(store.read(lambda tx: tx.scan(ENTRIES, limit=sys.maxsize))) == 11
    assert store.read(lambda tx: tx.count(ENTRIES)) == 11
    assert store.read(lambda tx: tx.count(ENTRIES, "key", ("log",))) == 10
    assert store.read(lambda tx: tx.count(ENTRIES, "key", ("log", 3))) == 1
    assert store.read(lambda tx: tx.count(ENTRIES, "key", ("none",))) == 0


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda tx: tx.scan(ENTRIES, "by_name", limit=1), "by_name"),
        (lambda tx: tx.count(ENTRIES, "by_name"), "by_name"),
        (lambda tx: tx.scan(ENTRIES, "key", ("log", 1), after=(1,), limit=1), "at most 2"),
        (lambda tx: tx.count(ENTRIES, "key", ("log", 1, 2)), "at most 2"),
        (lambda tx: tx.scan(ENTRIES, limit=-1), "limit"),
        (lambda tx: tx.get(ENTRIES, "log"), "2 values, got 1"),
        (lambda tx: tx.get_many(ENTRIES, [("log", 1), ("log",)]), "2 values, got 1"),
        (lambda tx: tx.delete(ENTRIES, [("log", 1, 1)]), "2 values, got 3"),
        (lambda tx: tx.get(ODD, "x", 1), "odd"),
        (lambda tx: tx.add(ENTRIES, [Meta(name="x", value="x")]), "Entry, got Meta"),
        (lambda tx: tx.put(ENTRIES, [entry(5), Meta(name="x", value="x")]), "Entry, got Entry, Meta"),
    ],
)
def test_what_is_asked_out_of_form_is_refused_without_a_loss(
    store: Store, ask: Callable[[Any], Any], said: str
) -> None:
    def work(tx: Any) -> None:
        tx.add(ENTRIES, entries(1))
        with pytest.raises(StoreError, match=said):
            ask(tx)
        tx.add(ENTRIES, entries(2))

    store.write("test", work)
    assert all_of(store, ENTRIES) == entries(1, 2)


# Changing


def test_a_transaction_sees_its_own_writes(store: Store) -> None:
    def work(tx: Any) -> str:
        tx.add(DOSSIERS, [dossier("a"), dossier("b")])
        assert [one.id for one in tx.scan(DOSSIERS, "by_status", ("", "open"), limit=9)] == ["a", "b"]
        tx.put(DOSSIERS, [dossier("a", "ended"), dossier("c")])
        assert [one.id for one in tx.scan(DOSSIERS, "by_status", ("", "open"), limit=9)] == ["b", "c"]
        assert tx.count(DOSSIERS, "by_status", ("", "ended")) == 1
        tx.delete(DOSSIERS, [("b",)])
        assert tx.get(DOSSIERS, "b") is None
        assert list(tx.get_many(DOSSIERS, [("a",), ("b",), ("c",)])) == [("a",), ("c",)]
        return "learnt"

    assert store.write("test", work) == "learnt"
    assert [one.id for one in all_of(store, DOSSIERS)] == ["a", "c"]


@pytest.mark.parametrize("count", [0, 30])
def test_add_of_what_is_there_loses_the_transaction(store: Store, count: int) -> None:
    add(store, ENTRIES, *entries(1, 2))
    more = entries(*range(10, 10 + count))
    for double in (entries(3, 2), entries(4, 4)):

        def work(tx: Any, double: list[Entry] = double) -> None:
            tx.put(ENTRIES, entries(9))
            tx.add(ENTRIES, [*more, *double])

        with pytest.raises(AlreadyThereError, match="entries"):
            store.write("test", work)
        assert all_of(store, ENTRIES) == entries(1, 2)


@pytest.mark.parametrize("count", [0, 30])
def test_a_lost_transaction_stays_lost_when_the_error_is_swallowed(place: Any, count: int) -> None:
    plan = FaultPlan()
    store = place.open(plan)
    add(store, ENTRIES, entry(1))
    plan.passed.clear()

    def work(tx: Any) -> str:
        tx.add(ENTRIES, entries(2))
        with pytest.raises(AlreadyThereError):
            tx.add(ENTRIES, entries(1, *range(10, 10 + count)))
        for ask in (lambda: tx.get(ENTRIES, "log", 1), lambda: tx.put(ENTRIES, entries(3)), lambda: tx.count(ENTRIES)):
            with pytest.raises(StoreError, match="lost"):
                ask()
        return "all is well"

    with pytest.raises(AlreadyThereError):
        store.write("test", work)
    assert plan.passed == ["test:begin"]
    assert all_of(store, ENTRIES) == entries(1)
    add(store, ENTRIES, entry(2))


def test_of_two_with_one_key_the_last_stays(store: Store) -> None:
    put(store, ENTRIES, entry(1, leaf=b"1"), entry(2), entry(1, leaf=b"2"), entry(1, leaf=b"3"))
    assert all_of(store, ENTRIES) == [entry(1, leaf=b"3"), entry(2)]
    put(store, ENTRIES, *(entry(number % 7, leaf=bytes([number])) for number in range(100)))
    assert [one.leaf[0] for one in all_of(store, ENTRIES)] == [98, 99, 93, 94, 95, 96, 97]


def test_put_and_delete_of_a_kind_that_is_all_key(store: Store) -> None:
    waits = [Wait(message=message, need=need) for message in "ab" for need in "xy"]
    put(store, WAITS, *waits)
    put(store, WAITS, *waits)
    store.write("test", lambda tx: tx.delete(WAITS, [("a", "x"), ("b", "y")]))
    found = store.read(lambda tx: tx.scan(WAITS, "by_need", limit=9))
    assert found == [Wait(message="b", need="x"), Wait(message="a", need="y")]


def test_delete_of_very_many_and_of_unknown(store: Store) -> None:
    add(store, ENTRIES, *entries(*range(1200)))
    store.write("test", lambda tx: tx.delete(ENTRIES, (("log", index) for index in range(1, 3000))))
    assert all_of(store, ENTRIES) == entries(0)
    store.write("test", lambda tx: tx.delete(ENTRIES, [("log", 0), ("log", 0), ("none", 0)]))
    store.write("test", lambda tx: tx.delete(ENTRIES, []))
    assert all_of(store, ENTRIES) == []


def test_nothing_to_add_is_no_error(store: Store) -> None:
    add(store, ENTRIES)
    put(store, ENTRIES)
    assert all_of(store, ENTRIES) == []


# Atomic


class SomethingElseError(Exception):
    pass


@pytest.mark.parametrize("error", [SomethingElseError, StoreError, KeyboardInterrupt, Crash])
def test_what_raises_writes_nothing(store: Store, error: type[BaseException]) -> None:
    add(store, DOSSIERS, dossier("a"), dossier("b"))
    before = all_of(store, DOSSIERS)

    def work(tx: Any) -> None:
        tx.put(DOSSIERS, [dossier("a", "ended", 5), dossier("c")])
        tx.put(DOSSIERS, [dossier("a", "ended", 6)])
        tx.delete(DOSSIERS, [("b",), ("c",)])
        tx.add(DOSSIERS, [dossier("b", "ended", 7)])
        raise error

    with pytest.raises(error):
        store.write("test", work)
    assert all_of(store, DOSSIERS) == before
    assert store.read(lambda tx: tx.scan(DOSSIERS, "by_status", limit=9)) == before
    assert store.read(lambda tx: tx.count(DOSSIERS, "by_status", ("", "ended"))) == 0
    put(store, DOSSIERS, dossier("a", "ended"))
    assert store.read(lambda tx: tx.count(DOSSIERS, "by_status", ("", "ended"))) == 1


@pytest.mark.parametrize("error", [Crash, OSError("refused")], ids=str)
@pytest.mark.parametrize(("step", "kept"), [("begin", False), ("commit", False), ("done", True)])
def test_a_fault_at_each_point(place: Any, step: str, kept: bool, error: Any) -> None:
    plan = FaultPlan(f"accept:{step}", error=error)
    store = place.open(plan)

    def work(tx: Any) -> None:
        tx.add(ENTRIES, entries(*range(50)))
        tx.add(CONTENTS, [Content(message="m", salt=b"s", body=b"b" * 100_000)])

    with pytest.raises((Crash, OSError)):
        store.write("accept", work)
    points = ["accept:begin", "accept:commit", "accept:done"]
    assert plan.passed == points[: points.index(f"accept:{step}") + 1]
    assert len(all_of(store, ENTRIES)) == 50 * kept
    assert len(all_of(store, CONTENTS)) == kept
    if place.durable:
        store.close()
        store = place.open()
        assert len(all_of(store, ENTRIES)) == 50 * kept
    store.write("accept", lambda tx: tx.put(ENTRIES, entries(0)))
    assert len(all_of(store, ENTRIES)) == (50 if kept else 1)


def test_reads_pass_no_fault_point(place: Any) -> None:
    plan = FaultPlan()
    store = place.open(plan)
    assert all_of(store, ENTRIES) == []
    assert plan.passed == []


def test_the_hook_may_look_once_all_is_done(place: Any) -> None:
    seen: list[Entry] = []
    store = place.open(lambda point: seen.extend(all_of(store, ENTRIES)) if point == "test:done" else None)
    add(store, ENTRIES, entry(1))
    assert seen == entries(1)


def test_nothing_is_seen_by_others_before_it_is_committed(durable_place: Any) -> None:
    seen: list[int] = []
    other = durable_place.open()
    store = durable_place.open(lambda point: seen.append(len(all_of(other, ENTRIES))))
    add(store, ENTRIES, *entries(1, 2, 3))
    assert seen == [0, 0, 3]


# What is refused


def test_one_transaction_at_a_time_in_a_thread(store: Store) -> None:
    nothing: Callable[[Any], None] = lambda tx: None  # noqa: E731
    for outer in (store.read, lambda work: store.write("outer", work)):
        for inner in (lambda: store.read(nothing), lambda: store.write("inner", nothing), store.close):
            with pytest.raises(StoreError, match=r"in a thread|running transaction"):
                outer(lambda tx, inner=inner: inner())
    add(store, ENTRIES, entry(1))
    assert all_of(store, ENTRIES) == entries(1)


def test_a_read_does_not_write(store: Store) -> None:
    add(store, ENTRIES, entry(1))
    for ask in (
        lambda tx: tx.add(ENTRIES, entries(2)),
        lambda tx: tx.put(ENTRIES, entries(2)),
        lambda tx: tx.delete(ENTRIES, [("log", 1)]),
        lambda tx: tx.put(ENTRIES, []),
    ):
        with pytest.raises(StoreError, match="only reading"):
            store.read(ask)
    assert all_of(store, ENTRIES) == entries(1)


@pytest.mark.parametrize("fails", [False, True])
def test_a_transaction_has_an_end(store: Store, fails: bool) -> None:
    kept: list[Any] = []

    def work(tx: Any) -> None:
        kept.append(tx)
        if fails:
            raise SomethingElseError

    for begin in (store.read, lambda work: store.write("test", work)):
        try:
            begin(work)
        except SomethingElseError:
            assert fails
        for ask in (
            lambda tx: tx.get(ENTRIES, "log", 1),
            lambda tx: tx.get_many(ENTRIES, []),
            lambda tx: tx.scan(ENTRIES, limit=0),
            lambda tx: tx.count(ENTRIES),
            lambda tx: tx.add(ENTRIES, []),
            lambda tx: tx.put(ENTRIES, []),
            lambda tx: tx.delete(ENTRIES, []),
        ):
            with pytest.raises(StoreError, match="ended"):
                ask(kept[-1])


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.read(lambda tx: tx.get(ENTRIES, "log", 1))
    with pytest.raises(StoreError, match="closed"):
        add(store, ENTRIES, entry(1))


# Serializable


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_concurrent_increments_lose_nothing(place: Any, several: bool) -> None:
    """In one store, and in several that stand in one place, as those of several processes do."""
    stores = [place.open(busy=60) for _ in range(3 if several and place.durable else 1)]
    store = stores[0]
    put(store, META, Meta(name="count", value="0"))

    def increment(tx: Any) -> int:
        now = int(tx.get(META, "count").value) + 1
        tx.put(META, [Meta(name="count", value=str(now))])
        return now

    with ThreadPoolExecutor(6) as pool:
        learnt = list(pool.map(lambda turn: stores[turn % len(stores)].write("increment", increment), range(120)))
    assert sorted(learnt) == list(range(1, 121))
    assert store.read(lambda tx: tx.get(META, "count")) == Meta(name="count", value="120")


def test_a_read_sees_one_moment(place: Any) -> None:
    """A writer moves one unit from one record to another, again and again: every reader counts the same sum."""
    store = place.open(busy=60)
    put(store, ENTRIES, entry(100, "a"), entry(0, "b"))
    stop = threading.Event()

    def move(tx: Any) -> None:
        (a,) = tx.scan(ENTRIES, "key", ("a",), limit=1)
        (b,) = tx.scan(ENTRIES, "key", ("b",), limit=1)
        tx.delete(ENTRIES, [("a", a.index), ("b", b.index)])
        tx.add(ENTRIES, [entry(a.index - 1, "a"), entry(b.index + 1, "b")])

    def total(tx: Any) -> int:
        (a,) = tx.scan(ENTRIES, "key", ("a",), limit=9)
        (b,) = tx.scan(ENTRIES, "key", ("b",), limit=9)
        return int(a.index + b.index)

    def watch() -> set[int]:
        seen = {store.read(total)}
        while not stop.is_set():
            seen.add(store.read(total))
        return seen

    with ThreadPoolExecutor(3) as pool:
        watchers = [pool.submit(watch) for _ in range(2)]
        try:
            for _ in range(100):
                store.write("move", move)
        finally:
            stop.set()
        assert [watcher.result() for watcher in watchers] == [{100}, {100}]


def test_a_read_is_not_disturbed_by_another_store(durable_place: Any) -> None:
    store, other = durable_place.open(), durable_place.open()
    add(store, ENTRIES, *entries(1, 2))

    def work(tx: Any) -> None:
        assert tx.count(ENTRIES) == 2
        other.write("test", lambda tx: (tx.delete(ENTRIES, [("log", 1)]), tx.add(ENTRIES, entries(3, 4, 5))))
        assert tx.count(ENTRIES) == 2
        assert tx.scan(ENTRIES, limit=9) == entries(1, 2)

    store.read(work)
    assert all_of(store, ENTRIES) == all_of(other, ENTRIES) == entries(2, 3, 4, 5)


def test_many_threads_use_one_store(place: Any) -> None:
    store = place.open(busy=60)

    def work(number: int) -> None:
        add(store, ENTRIES, *(entry(index, f"log{number}") for index in range(20)))
        assert len(store.read(lambda tx: tx.scan(ENTRIES, "key", (f"log{number}",), limit=100))) == 20

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(36)))
    assert store.read(lambda tx: tx.count(ENTRIES)) == 36 * 20


def test_a_write_that_waits_for_another_gives_up(place: Any) -> None:
    """A thread within `work` that writes itself would wait for ever, and `work` for it."""
    store = place.open(busy=0.05)

    def work(tx: Any) -> None:
        tx.put(ENTRIES, entries(1))
        with ThreadPoolExecutor(1) as pool, pytest.raises(BusyError):
            pool.submit(put, store, ENTRIES, entry(1)).result()

    store.write("test", work)
    assert all_of(store, ENTRIES) == entries(1)


# Durable, and opened again


def test_what_was_written_is_there_when_the_store_is_opened_again(durable_place: Any) -> None:
    store = durable_place.open()
    add(store, DOSSIERS, *(dossier(f"d{number}", updated=number) for number in range(100)))
    before = store.read(lambda tx: tx.scan(DOSSIERS, "by_status", limit=1000, descending=True))
    store.close()
    again = durable_place.open()
    assert again.read(lambda tx: tx.scan(DOSSIERS, "by_status", limit=1000, descending=True)) == before
    add(again, DOSSIERS, dossier("new"))


DYING = """
import os, sys
from passerelle.ports.records import CONTENTS, ENTRIES, Content, Entry
from passerelle.store import open_store

def die(point):
    if point == sys.argv[2]:
        os._exit(7)

def work(tx):
    tx.add(ENTRIES, [Entry(origin=sys.argv[2], index=i, leaf=b"", nodes=b"", message="m") for i in range(50)])
    tx.add(CONTENTS, [Content(message=sys.argv[2], salt=b"", body=bytes(3_000_000))])

open_store(sys.argv[1], die).write("accept", work)
"""


def test_a_process_dies(durable_place: Any) -> None:
    store = durable_place.open()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    kept = {"accept:begin": 0, "accept:commit": 0, "accept:done": 50}
    for step in kept:
        command = [sys.executable, "-c", DYING, durable_place.url, step]
        assert subprocess.run(command, env=environment, check=False).returncode == 7
    for one in (store, durable_place.open()):
        assert {step: one.read(lambda tx, s=step: tx.count(ENTRIES, "key", (s,))) for step in kept} == kept
        assert {content.message for content in all_of(one, CONTENTS)} == {"accept:done"}
    add(store, ENTRIES, entry(1))


def test_several_open_a_fresh_store_at_once(durable_place: Any) -> None:
    together = threading.Barrier(4)

    def work(number: int) -> None:
        together.wait()
        add(durable_place.open(busy=60), ENTRIES, entry(number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert all_of(durable_place.open(), ENTRIES) == entries(0, 1, 2, 3)


@pytest.mark.parametrize("got", ["1", "0", "", None])
def test_a_store_of_another_schema_is_not_opened(durable_place: Any, got: str | None) -> None:
    store = durable_place.open()
    if got is None:
        store.write("test", lambda tx: tx.delete(META, [("schema",)]))
    else:
        put(store, META, Meta(name="schema", value=got))
    store.close()
    with pytest.raises(SchemaError, match=f"expected schema {SCHEMA}, got {got or 'none'}"):
        durable_place.open()


def test_a_store_that_was_moved_never_opens_again(durable_place: Any) -> None:
    store = durable_place.open()
    put(store, META, Meta(name="moved", value="postgresql://elsewhere/node"), Meta(name="schema", value="9"))
    store.close()
    with pytest.raises(StoreError, match="moved to postgresql://elsewhere/node"):
        durable_place.open()
