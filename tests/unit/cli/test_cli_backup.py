"""Backups by the command line: made beside a node that serves, proven, put back; and what must not open them."""

import hashlib
import json
import re
import sqlite3
import stat
import uuid
from contextlib import closing

import psycopg
import pytest

from passerelle.backup import archive, making, restoring
from passerelle.core.clock import SystemClock
from passerelle.core.errors import InputError, StoreError
from passerelle.core.sources import variable
from passerelle.identity import stream
from passerelle.node import Node
from passerelle.office.asking import this_user
from passerelle.ports.backups import BACKUPS
from passerelle.ports.leases import LEASES, PROCESSES, Lease, Process
from passerelle.store import open_store
from passerelle.store.faults import Crash, FaultPlan
from tests.unit.cli.scene import FIRST, call, configure, ok, served, value

WHY = ("--ground", "order", "--reason", "order 2026/114 of the authority")
NONE = ("--no-newer-erasures", "the disk is lost")


@pytest.fixture(scope="module")
def whole(_partners, tmp_path_factory):
    """A dossier on both sides, a backup key that be's settings name, and a backup sealed to it."""
    made = _partners.copy(tmp_path_factory.mktemp("backed"))
    made.dossier = made.open()
    made.key = made.folder / "backup.key"
    value("backup", "key", "--out", made.key)
    (made.be / "backup.pub").write_bytes((made.folder / "backup.key.pub").read_bytes())
    configure(made.be, "backup", recipients=("backup.pub",))
    made.out, made.said = create(made)
    return made


@pytest.fixture
def scene(whole, tmp_path):
    """A copy of it, to be changed."""
    made = whole.copy(tmp_path)
    made.dossier, made.key, made.out, made.said = whole.dossier, whole.key, tmp_path / "be.backup", whole.said
    made.out.write_bytes(whole.out.read_bytes())
    return made


def create(scene, name="be.backup", *more):
    out = scene.folder / name
    return out, value("backup", "create", scene.be, "--out", out, *more)


def verify(scene, file):
    return value("backup", "verify", file, "--key", scene.key)


def test_a_backup_is_made_while_the_node_serves_and_says_what_it_is(scene):
    with served(scene.be):
        out, made = create(scene, "served.backup")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.stat().st_size == made["bytes"]
    assert made["keys"] is True
    assert made["digest"] == hashlib.sha256(out.read_bytes()).hexdigest()
    shown = value("backup", "show", out)
    own = value("partner", "self", scene.be)
    assert (shown["node"], shown["fingerprint"], shown["to"]) == ("be", own["sha256"], made["to"])
    assert shown["records"]["contents"] == 7  # an act, and what proposed and signed two instruments on both sides
    sizes = {one["origin"]: one["size"] for one in shown["logs"]}
    assert sizes["passerelle/be/ma/routine/1"] == 1
    assert {"passerelle.toml", "identity.json", "keys/log.key", "tls.key", "backup.pub"} <= shown["files"].keys()
    head = out.read_bytes()[: archive.read(out).begin]
    for name in ("eva", "ann", "luc", scene.dossier, "Amraoui"):  # any three letters may stand inside base64
        assert not re.search(rf"(?<![\w+/]){name}(?![\w+/=])".encode(), head)
    assert b"Amraoui" not in out.read_bytes()
    found = verify(scene, out)
    assert (found["opened"], found["wrong"], found["digest"]) == (True, [], made["digest"])
    assert shown["digest"] == made["digest"]
    assert "everything opens" in ok("backup", "verify", out, "--key", scene.key).out
    assert value("backup", "verify", out)["opened"] is False
    records = value("audit", "list", scene.be, "--what", "backup.made", "--as", auditor(scene))
    assert [one["who"] for one in records] == [FIRST["be"]] * 2


def auditor(scene):
    ok("person", "add", scene.be, "ada", "--user", this_user())
    ok("person", "grant", scene.be, "ada", "auditor")
    return "ada"


def test_what_is_put_back_is_the_node_and_says_that_it_was(scene):
    out, made = scene.out, scene.said
    put = scene.folder / "put" / "be"
    back = value("restore", out, put, "--key", scene.key, *NONE)
    assert back["digest"] == made["digest"]
    assert value("partner", "self", put) == value("partner", "self", scene.be)
    shown = value("dossier", "show", put, scene.dossier, "--content", "--as", "ann", "--reason", "to check it")
    assert "Amraoui" in json.dumps(shown)
    assert [one["what"] for one in value("alarm", "list", put)] == ["store.restored"]
    assert stat.S_IMODE((put / "keys" / "log.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(put.stat().st_mode) == 0o700
    looked = value("audit", "list", put, "--what", "store.restored", "--as", auditor_of(put))
    assert [one["details"]["backup"] for one in looked] == [made["digest"]]
    assert looked[0]["details"]["reason"] == "the disk is lost"


def auditor_of(folder):
    ok("person", "add", folder, "ada", "--user", this_user())
    ok("person", "grant", folder, "ada", "auditor")
    return "ada"


def test_what_was_erased_since_stays_erased(scene):
    ok("person", "add", scene.be, "dana", "--user", this_user())
    ok("person", "grant", scene.be, "dana", "dpo")
    out = scene.out
    message = value("dossier", "show", scene.be, scene.dossier, "--as", "ann")["timeline"][0]["message"]
    value("erase", scene.be, message, *WHY, "--as", "dana")
    later, _ = create(scene, "later.backup")
    refused = call("restore", out, scene.folder / "put", "--key", scene.key)
    assert refused.code == 2
    assert "would come back" in refused.err
    for name, newer in (("one", scene.be / "erasures.jsonl"), ("two", later), ("three", scene.be)):
        put = scene.folder / name / "be"
        option = "--old" if newer == scene.be else "--erasures"
        back = value("restore", out, put, "--key", scene.key, option, newer)
        assert (back["erased"], [one["entries"] for one in back["registers"]]) == (1, [1])
        assert back["registers"][0]["newest"] == value("erasures", put, "--as", "ann")[0]["time"]
        assert [one["message"] for one in value("erasures", put, "--as", "ann")] == [message]
        assert message in (put / "erasures.jsonl").read_text()
        assert not any(b"Amraoui" in path.read_bytes() for path in put.rglob("*") if path.is_file())


@pytest.mark.parametrize("wrong", ["identity", "empty", "other", "bare", "theirs", "torn", "without"])
def test_what_is_no_register_of_this_node_is_not_taken_for_an_empty_one(scene, wrong):
    given = scene.folder / "given"
    own = (scene.be / "erasures.jsonl").read_bytes()
    bodies = {
        "identity": (scene.be / "identity.json").read_bytes().rstrip(b"\n"),
        "empty": b"",
        "theirs": (scene.ma / "erasures.jsonl").read_bytes(),
        "torn": own + b"x",
    }
    if wrong in bodies:
        given.write_bytes(bodies[wrong])
    if wrong == "bare":
        given.mkdir()
    if wrong == "without":
        (scene.be / "erasures.jsonl").unlink()
    option = {"other": ("--old", scene.ma), "without": ("--old", scene.be)}.get(wrong, ("--erasures", given))
    refused = call("restore", scene.out, scene.folder / "put", "--key", scene.key, *option)
    assert refused.code == 2
    assert "expected" in refused.err
    assert not (scene.folder / "put").exists()
    if wrong == "without":
        value("restore", scene.out, scene.folder / "put", "--key", scene.key, *option, *NONE)


def test_a_register_in_which_nothing_was_erased_is_one(scene):
    newer = scene.be / "erasures.jsonl"
    back = value("restore", scene.out, scene.folder / "put", "--key", scene.key, "--erasures", newer)
    assert back["registers"] == [{"path": str(newer), "entries": 0, "newest": None}]
    assert (scene.folder / "put" / "erasures.jsonl").read_bytes() == newer.read_bytes()


def test_nobody_serves_what_was_put_back(scene):
    with closing(Node.open(scene.be)) as node:
        process, lease = Process("p", "main", "old", "/srv/be", 7), Lease("clock", "p", 7, 1)
        node.store.write("test", lambda tx: (tx.put(PROCESSES, [process]), tx.put(LEASES, [lease])))
    out, _ = create(scene, "led.backup")
    value("restore", out, scene.folder / "put", "--key", scene.key, *NONE)
    with closing(Node.open(scene.folder / "put")) as node:
        assert node.store.read(lambda tx: (tx.count(PROCESSES), tx.count(LEASES))) == (0, 0)


def test_nothing_is_put_over_anything(scene):
    out = scene.out
    before = (scene.be / "store.db").read_bytes()
    refused = call("restore", out, scene.be, "--key", scene.key, *NONE)
    assert refused.code == 2
    assert "which has something in it" in refused.err
    assert (scene.be / "store.db").read_bytes() == before
    assert call("backup", "create", scene.be, "--out", out).code == 2


class Meanwhile:
    """A clock at whose first look something else happens."""

    def __init__(self, clock, deed):
        self.clock, self.deed = clock, deed

    def now(self):
        deed, self.deed = self.deed, lambda: None
        deed()
        return self.clock.now()


def test_two_at_one_place_leave_one_whole_file_and_one_says_so(scene):
    out = scene.folder / "both.backup"
    first = []
    clock = Meanwhile(SystemClock(), lambda: first.append(create(scene, "both.backup")[1]))
    with closing(Node.open(scene.be, clock=clock)) as node:
        with pytest.raises(InputError, match="which is there"):
            making.create(node, out, making.recipients(node), FIRST["be"])
        known = node.store.read(lambda tx: tx.scan(BACKUPS, limit=9))
    assert hashlib.sha256(out.read_bytes()).hexdigest() == first[0]["digest"]
    assert verify(scene, out)["wrong"] == []
    assert {one.digest for one in known} == {scene.said["digest"], first[0]["digest"]}
    assert [path.name for path in scene.folder.glob(".*")] == []


def test_a_passphrase_opens_too(scene, tmp_path, monkeypatch):
    secret = tmp_path / "phrase"
    secret.write_text("a wall of eleven horses\n")
    secret.chmod(0o600)
    out, made = create(scene, "p.backup", "--passphrase", f"file:{secret}")
    assert made["passphrase"] is True
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert value("backup", "verify", out, "--passphrase", "credential:phrase")["wrong"] == []
    secret.write_text("a wall of twelve horses\n")
    wrong = call("backup", "verify", out, "--passphrase", f"file:{secret}")
    assert (wrong.code, "expected the passphrase of this backup" in wrong.err) == (7, True)
    secret.write_text("short\n")
    assert call("backup", "create", scene.be, "--out", tmp_path / "q", "--passphrase", f"file:{secret}").code == 2
    secret.chmod(0o644)
    assert "0600" in call("backup", "verify", out, "--passphrase", f"file:{secret}").err
    typed = call("backup", "verify", out, "--passphrase", "a wall of eleven horses")
    assert (typed.code, "eleven" in typed.err) == (2, False)


def test_keys_stay_out_when_that_is_wanted(scene):
    out, made = create(scene, "n.backup", "--without-keys")
    assert made["keys"] is False
    assert not any(name.endswith(".key") for name in value("backup", "show", out)["files"])
    put = scene.folder / "put" / "be"
    said = ok("restore", out, put, "--key", scene.key, *NONE).out
    assert f"put them into {put / 'keys'}" in said
    assert call("queue", put).code == 7
    for path in [*scene.be.glob("keys/*.key"), scene.be / "tls.key"]:
        place = put / path.relative_to(scene.be)
        place.write_bytes(path.read_bytes())
        place.chmod(0o600)
    value("queue", put)


def test_nobody_makes_a_backup_that_nobody_opens(partners):
    refused = call("backup", "create", partners.be, "--out", partners.folder / "x.backup")
    assert refused.code == 2
    assert "a backup key" in refused.err
    assert not list(partners.folder.glob("*x.backup*"))


def test_only_an_operator_makes_one(scene):
    refused = call("backup", "create", scene.be, "--out", scene.folder / "x", "--as", "ann")
    assert refused.code == 4
    assert not (scene.folder / "x").exists()


@pytest.mark.parametrize("where", ["manifest", "seals", "chunk", "last chunk", "note"])
def test_a_damaged_file_is_not_believed(scene, where):
    out = scene.out
    found, data = archive.read(out), bytearray(out.read_bytes())
    place = {
        "manifest": data.index(b'"created"') + 13,
        "seals": found.begin - 40,
        "chunk": found.begin + stream.SEALED + 9,
        "last chunk": found.end - 1,
        "note": len(data) - 20,
    }[where]
    data[place] ^= 1
    out.write_bytes(data)
    for more in ((), ("--key", scene.key)):
        assert call("backup", "verify", out, *more).code in (1, 7)
    assert call("restore", out, scene.folder / "put", "--key", scene.key, *NONE).code in (1, 7)
    assert not (scene.folder / "put").exists()


def test_a_file_that_was_cut_or_is_another_says_so(scene, tmp_path):
    out = scene.out
    data, found = out.read_bytes(), archive.read(out)
    for size in (5, 30, found.begin - 10, found.begin + 10, found.end - 5, found.end + 3, len(data) - 1):
        out.write_bytes(data[:size])
        refused = call("backup", "verify", out, "--key", scene.key)
        assert refused.code == 1, size
        assert "cut" in refused.err or "another file" in refused.err or "damaged" in refused.err, refused.err
    other = tmp_path / "other"
    other.write_bytes(b"PK\x03\x04 an archive of another program")
    assert "got another file" in call("backup", "verify", other).err
    assert call("backup", "show", tmp_path / "none").code == 2


def test_a_chunk_that_does_not_open_is_named_by_its_place(scene, monkeypatch):
    """Somebody who could sign for the node changed a chunk: the seal of the chunk tells."""
    out = scene.out
    found, data = archive.examine(out), bytearray(out.read_bytes())
    data[found.begin + stream.SEALED + 9] ^= 1
    out.write_bytes(data)
    key = archive.data_key(found, scene.key.read_bytes(), "")
    with pytest.raises(archive.BackupError, match=rf"at byte {found.begin + stream.SEALED}: expected chunk 1"):
        list(archive.opened(found, key))


def test_another_key_does_not_open_it(scene, tmp_path):
    out = scene.out
    value("backup", "key", "--out", tmp_path / "other.key")
    refused = call("backup", "verify", out, "--key", tmp_path / "other.key")
    assert refused.code == 7
    assert "expected a backup that is sealed to backup key" in refused.err


def test_whose_backup_it_is_can_be_asked_for(scene):
    out = scene.out
    sha = value("partner", "self", scene.ma)["sha256"]
    refused = call("restore", out, scene.folder / "put", "--key", scene.key, "--fingerprint", sha, *NONE)
    assert refused.code == 1
    own = value("partner", "self", scene.be)["sha256"]
    value("restore", out, scene.folder / "put", "--key", scene.key, "--fingerprint", own, *NONE)


def test_records_that_are_not_what_was_signed_are_named(scene):
    with closing(sqlite3.connect(scene.be / "store.db")) as connection:
        connection.execute("UPDATE contents SET salt = x'00'")
        connection.execute("UPDATE entries SET nodes = x'00' WHERE origin = 'passerelle/be/ma/routine/1'")
        connection.commit()
    out, _ = create(scene, "damaged.backup")
    found = call("backup", "verify", out, "--key", scene.key, "--json")
    assert found.code == 1
    wrong = found.json["wrong"]
    assert any("is not what was committed to" in one for one in wrong)
    assert any("passerelle/be/ma/routine/1" in one for one in wrong)
    refused = call("restore", out, scene.folder / "put", "--key", scene.key, *NONE)
    assert refused.code == 5
    assert not (scene.folder / "put").exists()


def test_into_a_database_and_after_a_stop_once_more(scene, postgres_server):
    schema = f"test_{uuid.uuid4().hex}"
    url = f"{postgres_server}{'&' if '?' in postgres_server else '?'}schema={schema}"
    found = archive.examine(scene.out)
    key = archive.data_key(found, scene.key.read_bytes(), "")
    put = scene.folder / "put" / "be"
    for point in ("copying.load:done", "restore.done:commit"):
        with pytest.raises(Crash):
            restoring.restore(found, key, put, "eva", without="lost", store=url, fault=FaultPlan(point))
        assert not put.exists()
        with pytest.raises(StoreError, match="a backup of be is being put back"):
            open_store(url)
    value("restore", scene.out, put, "--key", scene.key, "--store", url, *NONE)
    assert url in (put / "passerelle.toml").read_text()
    assert value("dossier", "show", put, scene.dossier, "--as", "ann")["state"] == "opened"
    refused = call("restore", scene.out, scene.folder / "two", "--key", scene.key, "--store", url, *NONE)
    assert "expected an empty store, got one with" in refused.err
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE')


def test_doctor_asks_for_a_backup(scene):
    def found():
        listed = call("doctor", scene.be, "--offline", "--json").json
        return next(one for one in listed if one["check"] == "backup")

    assert found()["level"] == "ok"
    node = Node.open(scene.be)
    node.store.write("test", lambda tx: tx.delete(BACKUPS, [(one.digest,) for one in tx.scan(BACKUPS, limit=9)]))
    node.close()
    assert found()["level"] == "warning"
    create(scene, "next.backup")
    assert found()["level"] == "ok"


def test_settings_of_the_environment_do_not_reach_into_a_restore(scene, monkeypatch):
    out = scene.out
    monkeypatch.setenv(variable("store", "url"), "elsewhere.db")
    put = scene.folder / "put"
    value("restore", out, put, "--key", scene.key, *NONE)
    assert (put / "store.db").exists()
    assert not (put / "elsewhere.db").exists()
    refused = call("restore", out, scene.folder / "two", "--key", scene.key, "--store", "there.db", *NONE)
    assert (refused.code, variable("store", "url") in refused.err) == (2, True)
    assert not (scene.folder / "two").exists()
