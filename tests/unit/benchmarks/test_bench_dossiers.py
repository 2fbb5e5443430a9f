"""The benchmark of dossiers in a short form, and that it finds what reads a table through."""

import json
import sqlite3
from contextlib import closing

import pytest

from benchmarks import dossiers as bench
from benchmarks._many import Story, stories
from benchmarks._pair import make_pair
from benchmarks._plans import Statements, _sqlite_scan
from benchmarks._samples import BE, MA
from passerelle.node import Node
from passerelle.ports.records import DOSSIERS, MESSAGES, PARTNERS

# ---- what counts as a scan -------------------------------------------------------------------------------------------


@pytest.fixture
def some(durable_place):
    return durable_place.open()


def seen_in(store, work):
    with Statements(store) as seen:
        store.read(work)
    return seen


def test_looks_through_an_index_are_no_scans(some):
    def work(tx):
        tx.get(PARTNERS, "ma")
        tx.get_many(MESSAGES, [("a",), ("b",), ("c",)])
        tx.scan(DOSSIERS, "by_status", ("wanted-persons", "open"), limit=10, descending=True)
        tx.scan(DOSSIERS, "by_status", ("wanted-persons", "open"), after=(5, "x"), limit=10)
        tx.scan(DOSSIERS, limit=10)
        tx.count(DOSSIERS, "by_partner", ("wanted-persons", "ma"))

    seen = seen_in(some, work)
    assert (seen.count, len(seen.forms)) == (6, 6)
    assert seen.scans() == []


def test_a_table_that_is_read_through_is_a_scan(some):
    (found,) = seen_in(some, lambda tx: tx.count(DOSSIERS)).scans()
    assert "dossiers" in found.statement
    assert found.why


def test_what_the_databases_say_of_scans(some):
    """Statements that the store would never make, through its own connections."""
    with Statements(some) as seen:
        with closing(some._connect()) as connection:
            seen._connected(connection, None)
            cursor = connection.cursor()
            for text in (
                'SELECT "id" FROM "dossiers" WHERE "title" = \'x\'',
                'SELECT "id" FROM "dossiers" ORDER BY "title"',
            ):
                cursor.execute(text)
                cursor.fetchall()
        assert len(seen.scans()) == 2


def test_steps_of_sqlite():
    tables = {"dossiers"}
    for step, limited, scan in (
        ("SCAN dossiers", True, True),
        ("SCAN dossiers USING INDEX dossiers_by_status", True, False),
        ("SCAN dossiers USING COVERING INDEX dossiers_by_status", False, True),
        ("SEARCH dossiers USING INDEX dossiers_by_status (domain=?)", False, False),
        ("SCAN wanted", False, False),
        ("USE TEMP B-TREE FOR ORDER BY", True, True),
    ):
        assert _sqlite_scan(step, tables, limited) is scan, step
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE dossiers (id TEXT, title TEXT)")
        ((_, _, _, step),) = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM dossiers WHERE title = 'x'"
        ).fetchall()
    assert _sqlite_scan(step, tables, False)


# ---- the benchmark ---------------------------------------------------------------------------------------------------


def _figures(capsys, *arguments):
    assert bench.main([*arguments, "--runs", "3", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_short_run_on_sqlite(capsys):
    figures = _figures(capsys, "--size", "300", "--store", "sqlite")
    named = {figure["what"] for figure in figures}
    assert {"SQLite, open a dossier, p95", "SQLite, list all, p50", "SQLite, show by id with content, p95"} <= named
    assert all(figure["value"] > 0 and figure["peer_value"] > 0 for figure in figures)


def test_a_short_run_on_postgresql(capsys, postgres_server):
    figures = _figures(capsys, "--size", "300", "--store", "postgres", "--postgres", postgres_server)
    assert "PostgreSQL, list a partner and type, p95" in {figure["what"] for figure in figures}


def test_a_scan_fails_the_benchmark(capsys, monkeypatch):
    real = bench._open

    def careless(node, acts):
        real(node, acts)
        node.store.read(lambda tx: tx.count(MESSAGES))

    monkeypatch.setattr(bench, "_open", careless)
    assert bench.main(["--size", "20", "--runs", "2", "--store", "sqlite"]) == 1
    assert "SELECT count(*)" in capsys.readouterr().err


def test_lists_need_no_more_statements_in_a_larger_store():
    """What a list reads follows from what it shows."""
    counts = []
    for size in (200, 1500):
        counts.append({})
        made = bench.stocked("store.db", size, lambda _: None)
        with made as (node, _, _), bench.using(node), Statements(node.store) as seen:
            for words, filters in bench.LISTS.items():
                before = seen.count
                bench.dossiers.list_all(node.folder, **filters, most=5, as_=bench.AUTHOR)
                counts[-1][words] = seen.count - before
    assert counts[0] == counts[1]


def test_a_copied_dossier_is_another(tmp_path):
    channel = make_pair(tmp_path, (1, 2))
    be, ma = Node.open(tmp_path / BE), Node.open(tmp_path / MA)
    try:
        told = stories(be, ma, channel)
    finally:
        be.close()
        ma.close()
    assert {story.ended for story in told} == {True, False}
    places = {}
    first, second = (Story.copy(told[0], number, 10**12, places) for number in (1, 2))
    assert first.dossier.id != second.dossier.id
    assert first.dossier.own_reference == "BE-2026-0000001"
    assert second.dossier.own_reference == "BE-2026-0000002"
    names = {message.id for message in first.messages}
    assert names.isdisjoint(message.id for message in second.messages)
    assert {content.message for content in first.contents} == names
    assert all(set(message.after) <= names and message.dossier == first.dossier.id for message in first.messages)
    assert sum(last + 1 for last in places.values()) == len(first.messages) + len(second.messages)
