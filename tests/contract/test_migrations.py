"""Stores of an older schema, as they were made then, become stores of this program's, in SQLite and PostgreSQL."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from passerelle.core.errors import BusyError, SchemaError, StoreError
from passerelle.ports.records import KINDS, META, PARTNERS, Meta, Partner
from passerelle.ports.store import Kind, Record
from passerelle.store import migrations
from passerelle.store.base import SCHEMA, SCHEMA_KEY
from passerelle.store.faults import Crash, FaultPlan
from passerelle.store.migrations import copies, tables

HERE = Path(__file__).parent
PARTNER = Partner("ma", b"identity", "f" * 64, "confirmed", 1, 2, "eva")


def old(place, number, *rows):
    """A store of schema `number` at a place, with a node's facts and rows of `table: values`."""
    database = "postgresql" if place.url.startswith("postgres") else "sqlite"
    if database == "postgresql":
        place.execute(f'CREATE SCHEMA "{place.schema}"')
    else:
        place.execute("PRAGMA journal_mode = WAL")
    for statement in (HERE / f"schema-{number}" / f"{database}.sql").read_text().split(";\n"):
        if statement.strip():
            place.execute(statement)
    hexed = "x'{}'" if database == "sqlite" else "'\\x{}'"
    place.execute(f"INSERT INTO meta VALUES ('schema', '{number}'), ('node', 'be')")
    place.execute(
        f"INSERT INTO partners (name, identity, fingerprint, status, added, changed, changed_by) VALUES "
        f"('ma', {hexed.format(b'identity'.hex())}, '{'f' * 64}', 'confirmed', 1, 2, 'eva')"
    )


def upgrade(place, *, fault=None, after=lambda store, at: None):
    plan = fault or FaultPlan()
    store = place.open(plan, opening="upgrade")
    try:
        return migrations.upgrade(store, after)
    finally:
        store.close()


def found(place):
    """The tables at a place."""
    seen = []
    store = place.open(opening="upgrade")
    try:
        store.write("look", lambda tx: seen.append(tables.found(tx)))
    finally:
        store.close()
    return seen[-1]


@pytest.mark.parametrize("number", range(2, SCHEMA))
def test_an_upgraded_store_is_as_a_new_one(durable_place, number):
    old(durable_place, number)
    assert upgrade(durable_place) == list(range(number, SCHEMA))
    there = found(durable_place)
    assert there == {kind.name: tables.wanted(kind, _database(durable_place)) for kind in KINDS}
    store = durable_place.open()
    assert store.read(lambda tx: tx.get(PARTNERS, "ma")) == PARTNER
    assert store.read(lambda tx: tx.get(META, SCHEMA_KEY)) == Meta("schema", str(SCHEMA))
    assert upgrade(durable_place) == []


def _database(place):
    return "postgresql" if place.url.startswith("postgres") else "sqlite"


def test_a_new_store_has_the_tables_that_an_upgrade_looks_for(durable_place):
    durable_place.open()
    assert found(durable_place) == {kind.name: tables.wanted(kind, _database(durable_place)) for kind in KINDS}


def test_an_older_store_names_the_command_and_a_newer_one_the_newer_program(durable_place):
    old(durable_place, 2)
    with pytest.raises(
        SchemaError, match=f"expected schema {SCHEMA}, got 2, of an older program: passerelle store upgrade"
    ):
        durable_place.open()
    for number, words in ((SCHEMA + 1, "of a newer program: use that one"), (1, "which no step leads from")):
        durable_place.execute(f"UPDATE meta SET value = '{number}' WHERE name = 'schema'")
        for opening in ("use", "upgrade"):
            with pytest.raises(SchemaError, match=f"expected schema {SCHEMA}, got {number}, {words}"):
                durable_place.open(opening=opening)


def test_a_stop_anywhere_leaves_the_one_or_the_other_and_the_next_try_ends_it(durable_place):
    listening = FaultPlan()
    old(durable_place, 2)
    before = found(durable_place)
    for point in ("upgrade.2:begin", "upgrade.2:commit", "upgrade.2:done"):
        with pytest.raises(Crash):
            upgrade(durable_place, fault=FaultPlan(point))
        if point.endswith("done"):
            break
        assert found(durable_place) == before
        with pytest.raises(SchemaError):
            durable_place.open()
    assert upgrade(durable_place, fault=listening) == list(range(3, SCHEMA))
    durable_place.open()


def test_what_looks_at_it_may_undo_the_step(durable_place):
    old(durable_place, 2)
    before = found(durable_place)

    def refuse(store, at):
        assert store.read(lambda tx: tx.get(PARTNERS, "ma")) == PARTNER
        store.write("x", lambda tx: tx.put(META, [Meta("note", str(at))]))
        raise StoreError("expected sound logs, got damaged ones")

    with pytest.raises(StoreError, match="expected sound logs"):
        upgrade(durable_place, after=refuse)
    assert found(durable_place) == before


def test_a_rehearsal_sees_all_and_leaves_nothing(durable_place):
    old(durable_place, 2)
    before, seen = found(durable_place), []

    def look(store, at):
        seen.append((at, store.read(lambda tx: tx.get(PARTNERS, "ma"))))
        store.write("x", lambda tx: tx.put(META, [Meta("note", "x")]))

    store = durable_place.open(opening="upgrade")
    migrations.rehearse(store, look)
    assert seen == [(2, PARTNER)]
    assert store.read(lambda tx: tx.get(META, "note")) is None
    store.close()
    assert found(durable_place) == before


class _Then(Record, frozen=True):
    id: str
    gone: str
    kept: int


class _Now(Record, frozen=True):
    id: str
    kept: int
    text: str = "it's"
    number: int = 7
    flag: bool = True
    data: bytes = b"\x00'"
    names: tuple[str, ...] = ("a", "b")
    empty: str | None = None


class _Required(Record, frozen=True):
    id: str
    kept: int
    more: str


class _Other(Record, frozen=True):
    id: str
    kept: str


THEN = Kind("things", _Then, ("id",), by_kept=("kept",), by_gone=("gone",))
NOW = Kind("things", _Now, ("id",), by_kept=("text", "kept"), by_text=("text",))


def test_columns_and_indexes_come_and_go_and_rows_stay(durable_place):
    store = durable_place.open(kinds=(THEN,))
    store.write("fill", lambda tx: tx.add(THEN, [_Then("a", "x", 1), _Then("b", "y", 2)]))

    def work(tx):
        tables.add(tx, (NOW,))
        tables.remove(tx, (NOW,))
        return tables.found(tx)

    assert store.write("change", work)["things"] == tables.wanted(NOW, _database(durable_place))
    store.close()
    store = durable_place.open(kinds=(NOW,))
    assert store.read(lambda tx: tx.scan(NOW, "by_kept", ("it's",), limit=9)) == [_Now("a", 1), _Now("b", 2)]
    store.write("more", lambda tx: tx.add(NOW, [_Now("c", 3, "t", 1, False, b"", (), "e")]))
    assert store.read(lambda tx: tx.get(NOW, "c")) == _Now("c", 3, "t", 1, False, b"", (), "e")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Kind("things", _Required, ("id",)), r"things\.more: expected a default for rows that are there, got none"),
        (Kind("things", _Other, ("id",)), r"things\.kept: expected a column \w+, got \w+"),
        (Kind("things", _Now, ("kept",)), r"things: expected the key kept, got id"),
    ],
)
def test_what_needs_a_step_of_its_own_is_refused(durable_place, kind, words):
    store = durable_place.open(kinds=(THEN,))
    with pytest.raises(SchemaError, match=words):
        store.write("change", lambda tx: tables.add(tx, (kind,)))


def test_a_copy_of_a_file_is_the_store_as_it_was(sqlite_place, tmp_path):
    old(sqlite_place, 2)
    to = tmp_path / "copy.db"
    copies.copy_file(sqlite_place.path, to)
    copies.copy_file(sqlite_place.path, to)
    upgrade(sqlite_place)
    assert to.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(".copy*")] == []
    with closing(sqlite3.connect(to)) as connection:
        assert dict(connection.execute("SELECT * FROM meta").fetchall()) == {"schema": "2", "node": "be"}
        made = {re.sub(r"\s+", " ", text) for (text,) in connection.execute("SELECT sql FROM sqlite_schema") if text}
    text = (HERE / "schema-2" / "sqlite.sql").read_text().split(";\n")
    assert made == {re.sub(r"\s+", " ", one.strip()) for one in text if one.strip()}


def test_a_copy_of_a_schema_is_the_store_as_it_was(postgres_place):
    old(postgres_place, 2)
    before = found(postgres_place)
    address, schema = postgres_place.server, postgres_place.schema
    to = f"{schema[:50]}_before_3"
    for _ in range(2):
        copies.copy_schema(address, schema, to)
    upgrade(postgres_place)
    postgres_place.schema, kept = to, schema
    try:
        assert {name: (one.columns, one.key) for name, one in found(postgres_place).items()} == {
            name: (one.columns, one.key) for name, one in before.items()
        }
        with pytest.raises(SchemaError, match="got 2, of an older program"):
            postgres_place.open()
        postgres_place.execute(f"COMMENT ON SCHEMA \"{to}\" IS 'mine'")
        with pytest.raises(StoreError, match=f"expected no schema {to} in the database, got one"):
            copies.copy_schema(address, kept, to)
        postgres_place.execute(f'DROP SCHEMA "{to}" CASCADE')
    finally:
        postgres_place.schema = kept


def test_somebody_else_is_noticed(sqlite_place, postgres_place):
    old(sqlite_place, 2)
    copies.alone_with_file(sqlite_place.path)
    with closing(sqlite3.connect(sqlite_place.path)) as other:
        other.execute("SELECT * FROM meta").fetchall()
        with pytest.raises(BusyError, match="expected a store that nobody has open, got one in use"):
            copies.alone_with_file(sqlite_place.path)
    copies.alone_with_file(sqlite_place.path)
    with psycopg.connect(postgres_place.server, application_name="passerelle") as other:
        other.execute("SELECT 1")
        with pytest.raises(BusyError, match="expected a database that no node has open, got"):
            copies.alone_with_schema(postgres_place.server)
