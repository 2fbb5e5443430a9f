"""What is PostgreSQL's alone: conflicts, lost connections, a server that refuses, the way of every look."""

import re
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from passerelle.core.errors import AlreadyThereError, BusyError, FullError, StoreError
from passerelle.ports.records import ENTRIES, KINDS, META, PARTNERS, Entry, Meta
from passerelle.ports.store import Store
from passerelle.store import open_store, postgres
from passerelle.store.postgres import split_schema
from passerelle.store.postgres_plans import PostgresPlan
from passerelle.store.shapes import Shape
from tests.frozen import frozen


def meta(name: str, value: str) -> Meta:
    return Meta(name=name, value=value)


def entries(*indexes: int) -> list[Entry]:
    return [Entry(origin="log", index=index, leaf=b"", nodes=b"", message="m") for index in indexes]


def get(store: Store, name: str) -> str | None:
    found = store.read(lambda tx: tx.get(META, name))
    return found.value if found else None


def refuse(place: Any, table: str, state: str, deferred: bool = False) -> None:
    """From now on the server refuses every insert into the table, at once or at COMMIT."""
    place.execute(
        f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused' "
        f"USING ERRCODE = '{state}', DETAIL = 'a secret', HINT = 'a secret'; END $$"
    )
    how = "CONSTRAINT TRIGGER refuse AFTER INSERT" if deferred else "TRIGGER refuse BEFORE INSERT"
    when = "DEFERRABLE INITIALLY DEFERRED" if deferred else ""
    place.execute(f"CREATE {how} ON {table} {when} FOR EACH ROW EXECUTE FUNCTION refuse()")


def kill_all(place: Any) -> None:
    place.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE application_name = 'passerelle' AND pid <> pg_backend_pid()"
    )


# Conflicts


def test_a_transaction_that_conflicts_is_done_again(postgres_place: Any) -> None:
    """Write skew: each may leave if the other stays. One of two at once must see that the other has left."""
    store, other = postgres_place.open(), postgres_place.open()
    store.write("test", lambda tx: tx.put(META, [meta("a", "on"), meta("b", "on")]))
    calls: list[str] = []

    def leave(tx: Any, name: str, friend: str) -> bool:
        if tx.get(META, friend).value == "off":
            return False
        tx.put(META, [meta(name, "off")])
        return True

    def work(tx: Any) -> bool:
        calls.append("call")
        left = leave(tx, "a", "b")
        if len(calls) == 1:
            assert other.write("test", lambda tx: leave(tx, "b", "a"))
        return left

    assert store.write("test", work) is False
    assert len(calls) == 2
    assert (get(store, "a"), get(store, "b")) == ("on", "off")


@pytest.mark.parametrize("swallow", ["nothing", "the error", "the error and raises another"])
def test_a_conflict_in_the_middle_is_done_again_whatever_work_makes_of_it(postgres_place: Any, swallow: str) -> None:
    store, other = postgres_place.open(), postgres_place.open()
    store.write("test", lambda tx: tx.put(META, [meta("a", "0")]))
    calls: list[str] = []

    def increment(tx: Any) -> None:
        tx.put(META, [meta("a", str(int(tx.get(META, "a").value) + 1))])

    def work(tx: Any) -> None:
        calls.append("call")
        tx.get(META, "a")
        if len(calls) == 1:
            other.write("test", increment)
        try:
            increment(tx)
        except BusyError:
            assert len(calls) == 1
            if swallow == "nothing":
                raise
            if swallow != "the error":
                raise ValueError from None

    store.write("test", work)
    assert get(store, "a") == "2"
    assert len(calls) == 2


@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_conflicts_without_end(postgres_place: Any, state: str, deferred: bool) -> None:
    store = postgres_place.open(busy=0.05)
    refuse(postgres_place, "entries", state, deferred)
    with pytest.raises(BusyError, match="nothing was changed") as caught:
        store.write("test", lambda tx: (tx.put(META, [meta("a", "0")]), tx.add(ENTRIES, entries(1))))
    assert type(caught.value) is BusyError
    assert get(store, "a") is None


def test_of_two_that_add_one_key_the_second_is_told(postgres_place: Any) -> None:
    store, other = postgres_place.open(), postgres_place.open()

    def work(tx: Any) -> None:
        tx.count(PARTNERS)
        other.write("test", lambda tx: tx.add(META, [meta("a", "other")]))
        tx.add(META, [meta("a", "own")])

    with pytest.raises(AlreadyThereError):
        store.write("test", work)
    assert get(store, "a") == "other"


def test_a_transaction_that_stands_still_is_ended_and_holds_up_nobody(postgres_place: Any) -> None:
    """Its process was frozen in the middle of a step: what it has locked is free, and what it had begun is not kept."""
    frozen, other = postgres_place.open(idle=0.2), postgres_place.open()
    frozen.write("test", lambda tx: tx.put(META, [meta("a", "0")]))

    def work(tx: Any) -> None:
        tx.put(META, [meta("a", "late")])
        other.write("test", lambda tx: tx.put(META, [meta("a", "other")]))  # waits for the lock until it is free

    with pytest.raises(StoreError, match="stood still too long; nothing was changed"):
        frozen.write("test", work)
    assert get(other, "a") == "other"
    assert get(frozen, "a") == "other"


def test_a_copy_may_wait_as_long_as_it_likes(postgres_place: Any) -> None:
    store = postgres_place.open(idle=0.05)

    def slow(tx: Any) -> tuple[str | None, str | None]:
        found = tx.get(META, "schema")
        postgres_place.execute("SELECT pg_sleep(0.2)")
        return found.value, tx.get(META, "schema").value

    assert len(set(store.read(slow))) == 1


def test_a_lock_that_stays(postgres_place: Any, postgres_server: str) -> None:
    store = postgres_place.open(busy=0.05)
    options = f"-c search_path={postgres_place.schema}"
    with psycopg.connect(postgres_server, options=options) as connection:
        connection.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(BusyError):
            store.write("test", lambda tx: (tx.put(META, [meta("a", "0")]), tx.add(ENTRIES, entries(1))))
        with pytest.raises(BusyError):
            store.read(lambda tx: tx.count(ENTRIES))
    assert get(store, "a") is None
    store.write("test", lambda tx: tx.add(ENTRIES, entries(1)))


def test_more_threads_than_connections(postgres_place: Any) -> None:
    store = postgres_place.open(busy=0.05, connections=1)
    caught: list[BaseException] = []

    def second() -> None:
        try:
            store.read(lambda tx: tx.count(ENTRIES))
        except StoreError as error:
            caught.append(error)

    def work(tx: Any) -> None:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    store.write("test", work)
    assert [type(error) for error in caught] == [BusyError]


# The server


@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize(
    ("state", "error"), [("53100", FullError), ("55P03", BusyError), ("XX000", StoreError), ("23514", StoreError)]
)
@pytest.mark.parametrize("count", [1, 20])
def test_what_the_server_refuses(
    postgres_place: Any, state: str, error: type[StoreError], deferred: bool, count: int
) -> None:
    store = postgres_place.open()
    refuse(postgres_place, "entries", state, deferred)
    with pytest.raises(StoreError) as caught:
        store.write("test", lambda tx: (tx.put(META, [meta("a", "0")]), tx.add(ENTRIES, entries(*range(count)))))
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert get(store, "a") is None


def test_dead_connections_are_replaced(postgres_place: Any) -> None:
    store = postgres_place.open()
    store.write("test", lambda tx: tx.put(META, [meta("a", "0")]))
    kill_all(postgres_place)
    assert get(store, "a") == "0"
    kill_all(postgres_place)
    store.write("test", lambda tx: tx.put(META, [meta("a", "1")]))
    assert get(store, "a") == "1"


@pytest.mark.parametrize("ask", [lambda tx: tx.count(META), lambda tx: None], ids=["asks", "commits"])
def test_a_connection_lost_in_the_middle(postgres_place: Any, ask: Callable[[Any], Any]) -> None:
    store = postgres_place.open()
    calls: list[str] = []

    def work(tx: Any) -> None:
        calls.append("call")
        tx.put(META, [meta("a", "0")])
        kill_all(postgres_place)
        ask(tx)

    with pytest.raises(StoreError, match=r"expected an answer|terminating|is not known"):
        store.write("test", work)
    assert len(calls) == 1
    assert get(store, "a") is None


def test_a_server_that_is_not_there(tmp_path: Any) -> None:
    with pytest.raises(StoreError, match="expected an answer from PostgreSQL, got none"):
        open_store(f"postgresql://user:pass-word@/db?host={tmp_path}")


@pytest.mark.parametrize("url", ["postgresql://user:pass word@h/db", "postgresql://user:pass-word@h/db?pass-word=1"])
def test_an_address_that_cannot_be_read_is_not_shown(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("schema", ["", "Public", "a-b", 'a"b', "1a", "x" * 64, "a;b"])
def test_a_schema_name_that_is_none(schema: str) -> None:
    with pytest.raises(StoreError, match="expected a schema name"):
        open_store(f"postgresql://h/db?schema={schema}")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql://h/db", ("postgresql://h/db", "passerelle")),
        ("postgresql://h/db?schema=x", ("postgresql://h/db", "x")),
        ("postgresql:///db?host=/a+b&schema=x&options=-c%20a", ("postgresql:///db?host=/a+b&options=-c%20a", "x")),
    ],
)
def test_the_schema_is_taken_from_the_url(url: str, found: tuple[str, str]) -> None:
    assert split_schema(url) == found


def test_two_schemas_are_two_stores(postgres_place: Any, request: pytest.FixtureRequest) -> None:
    other_place = type(postgres_place)(postgres_place.server)
    try:
        store, other = postgres_place.open(), other_place.open()
        store.write("test", lambda tx: tx.put(META, [meta("a", "0")]))
        assert get(other, "a") is None
    finally:
        other_place.close()


def test_others_may_not_look_into_the_schema(postgres_place: Any) -> None:
    postgres_place.open()
    role = f"stranger_{postgres_place.schema}"[:60]
    postgres_place.execute(f"CREATE ROLE {role}")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            postgres_place.execute(f"SET ROLE {role}; SELECT * FROM {postgres_place.schema}.meta")
    finally:
        postgres_place.execute(f"DROP ROLE {role}")


# Every look goes through an index


def test_no_look_reads_a_table_or_sorts(postgres_place: Any) -> None:
    store = postgres_place.open()
    with store._connection("BEGIN READ ONLY") as connection:
        cursor = connection.cursor(binary=True)
        for kind in KINDS:
            plan = PostgresPlan(Shape(kind))
            types = dict(zip(kind.fields, plan.types, strict=True))
            value = {"text": "x", "int8": 1, "bool": True, "bytea": b"x"}
            asked = [("", plan.select_one, [value[types[part]] for part in kind.key])]
            asked.append(("", plan.select_many, [[value[types[part]]] * 3 for part in kind.key]))
            for index, columns in kind.indexes.items():
                name = f"{kind.name}_{'pkey' if index == 'key' else index}"
                values = [value[types[column]] for column in columns]
                for prefix in range(len(columns) + 1):
                    front = tuple(values[:prefix])
                    asked.append((name if prefix else "", plan.count(index, prefix), [*plan.values(front, ())]))
                    for length in range(prefix, len(columns) + 1):
                        for descending in (False, True):
                            text = plan.scan(index, prefix, length - prefix, descending)
                            asked.append((name, text, [*plan.values(front, tuple(values[prefix:length])), 10]))
            for name, text, parameters in asked:
                steps = "\n".join(row[0] for row in cursor.execute(f"EXPLAIN {text}", parameters, prepare=False))
                assert re.search(rf"Index (Only )?Scan (Backward )?using {name}", steps), (text, steps)
                words = ("Seq Scan", "Sort", "Bitmap", "Hash", "Filter")
                assert not any(word in steps for word in words), (text, steps)


def test_tables_that_were_made_anew_are_of_another_life(postgres_place: Any) -> None:
    store = postgres_place.open()
    before = store.life()
    store.write("test", lambda tx: tx.put(META, [meta("any", "record")]))
    assert postgres_place.open().life() == before != ""
    postgres_place.execute("TRUNCATE meta")
    assert store.life() != before


# A server that hangs


@pytest.mark.parametrize("at", ["the begin", "a step", "the end"])
def test_a_server_that_hangs_is_noticed(
    postgres_place: Any, postgres_server: str, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.setattr(postgres, "_WITHIN", 1)
    store = postgres_place.open(busy=0.1)
    store.write("test", lambda tx: tx.put(META, [meta("a", "0")]))

    def work(tx: Any) -> None:
        if at != "the begin":
            hanging.enter_context(frozen(postgres_server))
        if at == "a step":
            tx.get(META, "a")

    said = "was lost while a transaction was committed" if at == "the end" else "got none: it has said nothing for 2 s"
    with ExitStack() as hanging:
        if at == "the begin":
            hanging.enter_context(frozen(postgres_server))
        began = time.monotonic()
        with pytest.raises(StoreError, match=said):
            store.write("test", work)
        assert time.monotonic() - began < 10
    assert get(store, "a") == "0"


def test_what_makes_tables_anew_may_take_its_time(postgres_place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_WITHIN", 0.1)
    store = postgres_place.open(busy=0.1, idle=0.1)

    def slow(tx: Any) -> None:
        tx.take_time()
        postgres_place.execute("SELECT pg_sleep(0.3)")
        tx.sql("SELECT pg_sleep(0.3)")

    store.write("test", slow)
    with pytest.raises(StoreError, match="it has said nothing"):
        store.write("test", lambda tx: tx.sql("SELECT pg_sleep(3)"))
