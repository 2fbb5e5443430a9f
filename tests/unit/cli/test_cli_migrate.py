"""Moving the records: a node goes on in another store and its partner notices nothing; a stop anywhere is mended."""

import sqlite3
import uuid
from contextlib import closing

import psycopg
import pytest

from passerelle.backup import moving
from passerelle.core.errors import StoreError
from passerelle.core.settings import load
from passerelle.core.sources import redacted, variable
from passerelle.node import Node
from passerelle.ports.records import MESSAGES
from passerelle.store import open_store
from passerelle.store.faults import Crash, FaultPlan
from tests.unit.cli.scene import FIRST, call, ok, said, served, value


@pytest.fixture(scope="module")
def opened(_partners, tmp_path_factory):
    made = _partners.copy(tmp_path_factory.mktemp("opened"))
    made.dossier = made.open()
    return made


@pytest.fixture
def scene(opened, tmp_path):
    made = opened.copy(tmp_path)
    made.dossier = opened.dossier
    return made


@pytest.fixture
def database(postgres_server):
    """An address of a schema that is not there yet."""
    schema = f"test_{uuid.uuid4().hex}"
    yield f"{postgres_server}{'&' if '?' in postgres_server else '?'}schema={schema}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def url_of(folder):
    return load(folder / "passerelle.toml").store.url


def goes_on(scene):
    """ma answers, be takes it and sends once more: over both logs, with nothing reopened."""
    scene.act("ma", said(service="police", contact="Nadia"), "act", scene.dossier, "--act", "take-charge")
    scene.settle()
    scene.act("be", said(), "act", scene.dossier, "--act", "remind")
    scene.settle()
    shown = value("dossier", "show", scene.ma, scene.dossier, "--as", "nadia")
    assert [one["act"] for one in shown["timeline"]] == ["request", "take-charge", "remind"]
    looked = call("doctor", scene.be, "--offline", "--json").json
    assert {one["level"] for one in looked if one["check"] in ("logs", "audit", "links", "keys")} == {"ok"}
    assert value("alarm", "list", scene.ma) == []


def test_there_and_back(scene, database):
    settings = scene.be / "passerelle.toml"
    settings.write_text(settings.read_text() + '\n[store]\nurl = "store.db"  # on this machine\n')
    before = settings.read_text()
    held = Node.open(scene.be)
    made = value("store", "migrate", scene.be, "--to", database)
    assert url_of(scene.be) == database
    assert settings.read_text().replace(database, "store.db") == before
    assert made["to"] == redacted(database)
    with pytest.raises(StoreError, match="takes nothing more"):
        held.store.write("test", lambda tx: tx.put(MESSAGES, tx.scan(MESSAGES, limit=1)))
    held.close()
    with pytest.raises(StoreError, match="never opens again"):
        open_store(str(scene.be / "store.db"))
    goes_on(scene)
    key = scene.folder / "b.key"
    value("backup", "key", "--out", key)
    value("backup", "create", scene.be, "--out", scene.folder / "be.backup", "--to", f"{key}.pub")
    assert value("backup", "verify", scene.folder / "be.backup", "--key", key)["wrong"] == []
    value("store", "migrate", scene.be, "--to", "back.db")
    assert url_of(scene.be) == "back.db"
    with pytest.raises(StoreError, match="never opens again"):
        open_store(database)
    assert value("dossier", "show", scene.be, scene.dossier, "--as", "ann")["timeline"][-1]["act"] == "remind"


def test_to_another_file(scene):
    made = value("store", "migrate", scene.be, "--to", "other.db")
    assert made["to"] == str(scene.be / "other.db")
    value("queue", scene.be)


def test_back_to_what_was_left_says_what_to_do(scene):
    value("store", "migrate", scene.be, "--to", "other.db")
    refused = call("store", "migrate", scene.be, "--to", "store.db")
    assert refused.code == 5
    assert "remove it, or name another" in refused.err
    for path in scene.be.glob("store.db*"):
        path.unlink()
    value("store", "migrate", scene.be, "--to", "store.db")
    value("queue", scene.be)


def test_nobody_may_serve_meanwhile(scene):
    with served(scene.be):
        refused = call("store", "migrate", scene.be, "--to", "other.db")
    assert refused.code == 5
    value("store", "migrate", scene.be, "--to", "other.db")


POINTS = [
    "restore.begin:done",
    "copying.load:done",
    "migrate.copy:commit",
    "migrate.copy:done",
    "migrate.open:begin",
    "migrate.open:done",
]


@pytest.mark.parametrize("point", POINTS)
def test_a_stop_leaves_one_store_and_the_next_try_ends_it(scene, point):
    plan = FaultPlan(point)
    node = Node.open(scene.be, opening="leave", fault=plan)
    with pytest.raises(Crash):
        moving.move(node, "other.db", FIRST["be"], fault=plan)
    node.close()
    usable = [name for name in ("store.db", "other.db") if opens(scene.be / name)]
    moved = POINTS.index(point) >= POINTS.index("migrate.copy:done")
    assert usable == (["store.db"] if not moved else ["other.db"] if point == "migrate.open:done" else [])
    if moved:
        refused = call("queue", scene.be)
        assert f"moved to {scene.be / 'other.db'}" in refused.err
    else:
        value("queue", scene.be)
    value("store", "migrate", scene.be, "--to", "other.db")
    assert [name for name in ("store.db", "other.db") if opens(scene.be / name)] == ["other.db"]
    assert value("dossier", "show", scene.be, scene.dossier, "--as", "ann")["state"] == "opened"


def opens(path):
    try:
        if not path.exists():
            return False
        with closing(open_store(str(path))) as store:
            return store.read(lambda tx: tx.count(MESSAGES)) > 0
    except StoreError:
        return False


def test_what_was_moved_goes_nowhere_else(scene):
    plan = FaultPlan("migrate.copy:done")
    node = Node.open(scene.be, opening="leave", fault=plan)
    with pytest.raises(Crash):
        moving.move(node, "other.db", FIRST["be"], fault=plan)
    node.close()
    refused = call("store", "migrate", scene.be, "--to", "third.db")
    assert refused.code == 4
    assert f"moved to {scene.be / 'other.db'}" in refused.err
    with closing(sqlite3.connect(scene.be / "other.db")) as connection:
        connection.execute("UPDATE messages SET reason = 'changed'")
        connection.commit()
    refused = call("store", "migrate", scene.be, "--to", "other.db")
    assert "with other records: messages" in refused.err


def test_a_damaged_store_is_not_moved(scene):
    with closing(sqlite3.connect(scene.be / "store.db")) as connection:
        connection.execute("UPDATE contents SET salt = x'00'")
        connection.commit()
    refused = call("store", "migrate", scene.be, "--to", "other.db")
    assert "is not what was committed to" in refused.err
    assert url_of(scene.be) == "store.db"
    value("queue", scene.be)


def test_only_into_an_empty_store_and_another(scene):
    assert call("store", "migrate", scene.be, "--to", "store.db").code == 2
    refused = call("store", "migrate", scene.be, "--to", str(scene.ma / "store.db"))
    assert "expected an empty store, got one with" in refused.err
    value("queue", scene.ma)
    value("queue", scene.be)


def test_a_setting_of_the_environment_is_not_changed_behind_it(scene, monkeypatch):
    monkeypatch.setenv(variable("store", "url"), "store.db")
    refused = call("store", "migrate", scene.be, "--to", "other.db")
    assert refused.code == 2
    assert variable("store", "url") in refused.err


def test_only_an_operator_moves_it(scene):
    assert call("store", "migrate", scene.be, "--to", "other.db", "--as", "ann").code == 4
    assert not (scene.be / "other.db").exists()
    ok("queue", scene.be)
