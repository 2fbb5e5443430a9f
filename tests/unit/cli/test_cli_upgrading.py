"""A node whose store is of an older program: refused, then brought up to date, with everything that it held."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from passerelle import upgrading
from passerelle.cli.door import permitted
from passerelle.core.errors import BusyError
from passerelle.node import Node
from passerelle.ports.records import AUDITS
from passerelle.store.base import SCHEMA
from passerelle.store.faults import Crash, FaultPlan
from tests.unit.cli.scene import age, call, make_node, ok, request, served, value

SCHEMA_2 = Path(__file__).parents[2] / "contract" / "schema-2"


@pytest.fixture
def aged(partners):
    partners.open()
    age(partners.be)
    return partners


def schema(path):
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT name, value FROM meta").fetchall())["schema"]


def test_an_older_store_is_refused_and_upgraded_and_the_node_goes_on(aged):
    refused = call("dossier", "list", aged.be, "--as", "ann")
    assert (refused.code, "passerelle store upgrade" in refused.err) == (5, True)
    assert call("serve", aged.be).code == 5
    done = value("store", "upgrade", aged.be, "--as", "eva")
    copy = aged.be / "store.db.schema-2"
    assert done == {"before": 2, "after": SCHEMA, "copy": str(copy)}
    assert (schema(copy), schema(aged.be / "store.db")) == ("2", str(SCHEMA))
    assert copy.stat().st_mode & 0o777 == 0o600
    assert len(value("dossier", "list", aged.be, "--as", "ann")) == 1
    assert value("store", "upgrade", aged.be, "--as", "eva") == {"before": SCHEMA, "after": SCHEMA, "copy": None}
    aged.open(request(reference="BE-2026-0018"))
    node = Node.open(aged.be)
    try:
        records = [one.what for one in node.store.read(lambda tx: tx.scan(AUDITS, limit=1000))]
    finally:
        node.close()
    assert records.count("store.upgraded") == 1
    with served(aged.be):
        pass


def test_a_store_in_postgresql_is_upgraded_the_same_way(postgres_place, tmp_path):
    node = tmp_path / "be"
    make_node(node, "be", "--store", postgres_place.url)
    schema = postgres_place.schema
    postgres_place.execute(f'ALTER SCHEMA "{schema}" RENAME TO "{schema}_now"')
    postgres_place.execute(f'CREATE SCHEMA "{schema}"')
    for statement in (SCHEMA_2 / "postgresql.sql").read_text().split(";\n"):
        if statement.strip():
            postgres_place.execute(statement)
            if name := re.match(r'\s*CREATE TABLE "(\w+)"', statement):
                columns = ", ".join(re.findall(r'^\s+("\w+")', statement[name.end() :], re.MULTILINE))
                now = f'"{schema}_now"."{name[1]}"'
                postgres_place.execute(f'INSERT INTO "{name[1]}" ({columns}) SELECT {columns} FROM {now}')
    postgres_place.execute("UPDATE meta SET value = '2' WHERE name = 'schema'")
    postgres_place.execute(f'DROP SCHEMA "{schema}_now" CASCADE')
    assert call("person", "list", node, "--as", "eva").code == 5
    done = value("store", "upgrade", node, "--as", "eva")
    assert (done["before"], done["after"]) == (2, SCHEMA)
    assert done["copy"] == f"{schema}_schema_2"
    assert [one["person"] for one in value("person", "list", node, "--as", "eva")] == ["eva"]
    postgres_place.execute(f'DROP SCHEMA "{done["copy"]}" CASCADE')


def test_only_an_operator_upgrades_and_nobody_may_serve(aged, tmp_path):
    refused = call("store", "upgrade", aged.be, "--as", "ann")
    assert (refused.code, schema(aged.be / "store.db")) == (4, "2")
    assert not (aged.be / "store.db.schema-2").exists()
    with served(aged.ma):
        assert call("store", "upgrade", aged.ma, "--as", "omar").code == 5
    with closing(sqlite3.connect(aged.be / "store.db")) as other:
        other.execute("SELECT * FROM meta").fetchall()
        with pytest.raises(BusyError, match="expected a store that nobody has open"):
            upgrading._alone(str(aged.be / "store.db"))
    there = tmp_path / "there"
    there.touch()
    assert call("store", "upgrade", aged.be, "--backup", there, "--as", "eva").code == 2
    assert (there.stat().st_size, schema(aged.be / "store.db")) == (0, "2")
    ok("store", "upgrade", aged.be, "--backup", tmp_path / "copy.db", "--as", "eva")
    assert schema(tmp_path / "copy.db") == "2"


def test_a_damaged_log_is_found_before_anything_changes(aged):
    with closing(sqlite3.connect(aged.be / "store.db", isolation_level=None)) as store:
        store.execute("UPDATE entries SET leaf = x'00' WHERE \"index\" = 0")
    found = call("store", "upgrade", aged.be, "--as", "eva")
    assert (found.code, "expected logs that hold" in found.err) == (5, True)
    assert schema(aged.be / "store.db") == "2"
    assert not (aged.be / "store.db.schema-2").exists()


@pytest.mark.parametrize("point", ["upgrade.rehearse:begin", "upgrade.2:begin", "upgrade.2:commit", "upgrade.2:done"])
def test_a_stop_leaves_the_one_or_the_other(aged, point):
    def permit(node):
        return permitted(node, "eva", "store.upgrade")

    with pytest.raises(Crash):
        upgrading.upgrade(aged.be, permit, fault=FaultPlan(point))
    assert schema(aged.be / "store.db") == ("3" if point.endswith("done") else "2")
    upgrading.upgrade(aged.be, permit)
    assert schema(aged.be / "store.db") == str(SCHEMA)
    assert len(value("dossier", "list", aged.be, "--as", "ann")) == 1
