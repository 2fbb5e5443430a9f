"""Making and running a node by the command line."""

import json
import shutil
import signal
import socket
import sqlite3
import subprocess
from contextlib import closing

import pytest

from passerelle.core import settings as configuration
from passerelle.office.asking import this_user
from tests.unit.cli.scene import (
    call,
    command,
    configure,
    environment,
    ok,
    process,
    request,
    served,
    value,
)

INIT = ("--name", "be", "--country", "BE", "--languages", "fr,nl", "--timezone", "Europe/Brussels")


# -- init --------------------------------------------------------------------------------------------------------------


def test_init_makes_a_node(tmp_path):
    folder = tmp_path / "deep" / "be"
    made = value("init", folder, *INIT, "--endpoint", "https://a.example:1", "--endpoint", "https://b.example:2")
    assert made["name"] == "be"
    assert made["endpoints"] == ["https://a.example:1", "https://b.example:2"]
    assert len(made["fingerprint"].split()) == 12
    assert folder.stat().st_mode & 0o077 == 0
    assert configuration.load(folder / "passerelle.toml").node.languages == ("fr", "nl")
    shown = value("config", "show", folder)
    written = {name for name, one in shown.items() if one["source"] == "file"}
    asked = {"node.name", "node.country", "node.languages", "node.timezone", "server.listen", "server.endpoints"}
    assert written == asked
    assert (made["person"], made["user"]) == (this_user(), this_user())
    assert value("partner", "self", folder, "--as", this_user())["sha256"] == made["sha256"]
    assert value("queue", folder, "--as", this_user())["in_line"] == []
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "fingerprint" in ok("init", empty, *INIT).out


def test_init_refuses_a_folder_with_something_in_it(tmp_path):
    (tmp_path / "kept.txt").write_text("kept")
    result = call("init", tmp_path, *INIT)
    assert result.code == 2
    assert "new or empty folder" in result.err
    assert [one.name for one in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize(
    "changes",
    [
        {"--name": "B E"},
        {"--country": "Belgium"},
        {"--languages": "de"},
        {"--languages": ""},
        {"--timezone": "Europe/Atlantis"},
        {"--listen": "nowhere"},
        {"--endpoint": "http://plain.example"},
    ],
)
def test_init_refuses_what_is_not_of_its_form(tmp_path, changes):
    options = dict(zip(INIT[::2], INIT[1::2], strict=True)) | changes
    result = call("init", tmp_path / "be", *(part for pair in options.items() for part in pair))
    assert (result.code, result.out) == (2, "")
    assert not (tmp_path / "be").exists()
    assert list(tmp_path.iterdir()) == []


# -- serve -------------------------------------------------------------------------------------------------------------


def refused(folder, code):
    """A serve that must end by itself, without a word on standard output."""
    result = process("serve", folder)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith("error: ")
    assert "Traceback" not in result.err
    return result.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_ready_and_stops_cleanly(strangers, number):
    port = configuration.load(strangers.be / "passerelle.toml").server.listen
    with subprocess.Popen(
        command("serve", strangers.be), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout.readline() == f"ready be listens on {port}\n"
        started.send_signal(number)
        out, err = started.communicate(timeout=30)
    assert started.returncode == 0
    assert out == ""
    lines = [json.loads(line) for line in err.splitlines()]
    assert lines[-1]["event"] == "node.stopped"
    assert all({"event", "time"} <= set(line) for line in lines)
    # The folder is free again.
    with served(strangers.be):
        pass


def test_a_folder_serves_once(strangers):
    with served(strangers.be):
        assert "in use" in refused(strangers.be, 5)
        # Commands work beside it.
        assert value("queue", strangers.be)["serving"] is True
    assert value("queue", strangers.be)["serving"] is False


def test_serve_refuses_a_newer_store(strangers):
    with closing(sqlite3.connect(strangers.be / "store.db")) as connection, connection:
        connection.execute("UPDATE meta SET value = '999' WHERE name = 'schema'")
    assert "schema" in refused(strangers.be, 5)
    assert call("queue", strangers.be).code == 5


def test_serve_refuses_keys_that_are_not_its_own(strangers):
    shutil.rmtree(strangers.be / "keys")
    shutil.copytree(strangers.ma / "keys", strangers.be / "keys")
    refused(strangers.be, 7)


def test_serve_refuses_the_store_of_other_keys(strangers):
    for path in strangers.be.glob("store.db*"):
        path.unlink()
    shutil.copy2(strangers.ma / "store.db", strangers.be / "store.db")
    refused(strangers.be, 7)


@pytest.mark.parametrize("name", ["keys/log.key", "keys/sealing.key", "tls.key"])
def test_serve_refuses_key_files_that_others_read(strangers, name):
    (strangers.be / name).chmod(0o644)
    assert "0600" in refused(strangers.be, 7)


@pytest.mark.parametrize("name", ["keys/log.key", "tls.key", "identity.json"])
def test_serve_refuses_missing_keys(strangers, name):
    (strangers.be / name).unlink()
    refused(strangers.be, 7)


def test_serve_refuses_a_store_that_is_gone(strangers):
    for path in strangers.be.glob("store.db*"):
        path.unlink()
    refused(strangers.be, 5)
    assert not (strangers.be / "store.db").exists()


def test_serve_refuses_an_address_that_is_taken(strangers):
    host, _, port = configuration.load(strangers.be / "passerelle.toml").server.listen.rpartition(":")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, int(port)))
        taken.listen()
        assert "free address" in refused(strangers.be, 5)


def test_serve_refuses_what_is_no_node(tmp_path):
    refused(tmp_path, 2)


def test_readable_log(strangers):
    with served(strangers.be, "--plain"):
        pass
    log = (strangers.be / "serve.log").read_text()
    assert "node.stopped" in log
    assert not log.startswith("{")
    assert "\x1b[" not in log


# -- two served nodes --------------------------------------------------------------------------------------------------


def _until(get, wanted):
    """Ask until the answer comes; each question is a process's worth of work, so nothing sleeps."""
    for _ in range(2000):
        if (found := get()) == wanted:
            return found
    raise AssertionError(found)


def test_two_nodes_exchange_and_nothing_personal_is_logged(partners):
    made = partners.draft("be", request(), "open", "ma", "--type", "wanted-trace")
    with served(partners.ma), served(partners.be):
        ok("dossier", "release", partners.be, made["draft"], "--as", "luc")

        def delivery():
            return value("dossier", "show", partners.be, made["dossier"])["timeline"][0]["delivery"]["state"]

        _until(delivery, "stored")
        assert value("dossier", "show", partners.ma, made["dossier"])["state"] == "opened"
    for name in ("be", "ma"):
        log = (partners.of(name) / "serve.log").read_text()
        assert "Amraoui" not in log
        assert "العمراوي" not in log
        assert "BR-2025" not in log


def test_a_failed_try_is_told_with_its_reason(strangers):
    configure(strangers.be, "exchange", retry_most_ms=50)
    ok(
        "instrument",
        "propose",
        strangers.be,
        "ma",
        strangers.write("a.toml", ok("instrument", "example", "agreement").out),
    )
    with served(strangers.be):
        found = _until(lambda: bool(value("queue", strangers.be)["retries"]), True)
    assert found
    retry = value("queue", strangers.be)["retries"][0]
    assert retry["partner"] == "ma"
    assert retry["failures"] >= 1
    assert "127.0.0.1" in retry["reason"]
    assert retry["next_try"] > retry["failed"]
