"""Erasing by the command line: who may, what is shown afterwards, what a served node does at its start."""

import asyncio
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest

from passerelle.exchange.register import NAME
from passerelle.node import Node
from passerelle.office.asking import this_user
from passerelle.service import keeping
from passerelle.service.serving import PARTS
from tests.unit.cli.scene import FIRST, call, ok, served, value

WHY = ("--ground", "order", "--reason", "order 2026/114 of the authority")


@pytest.fixture
def scene(partners):
    """A dossier on both sides, and a data protection officer at ma."""
    partners.dossier = partners.open()
    ok("person", "add", partners.ma, "dana", "--user", this_user(), "--as", FIRST["ma"])
    ok("person", "grant", partners.ma, "dana", "dpo", "--as", FIRST["ma"])
    return partners


def opening(scene):
    return value("dossier", "show", scene.ma, scene.dossier, "--as", "nadia")["timeline"][0]["message"]


def test_the_dpo_erases_and_everybody_sees_that_it_was_done(scene):
    message = opening(scene)
    made = value("erase", scene.ma, message[:23], *WHY, "--as", "dana")
    assert (made["message"], made["by"], made["ground"], made["dossier"]) == (message, "dana", "order", scene.dossier)
    assert made.pop("settled")
    assert value("erasures", scene.ma, "--as", "nadia") == [made]
    shown = value("dossier", "show", scene.ma, scene.dossier, "--content", "--as", "dana", "--reason", "to check it")
    assert shown["timeline"][0]["erased"] == made["time"]
    assert "content" not in shown["timeline"][0]
    words = ok("dossier", "show", scene.ma, scene.dossier, "--as", "dana").out
    assert "content erased on 20" in words
    assert "El Amraoui" not in words
    assert message in (scene.ma / NAME).read_text()
    again = call("erase", scene.ma, message, *WHY, "--as", "dana")
    assert again.code == 4
    assert "erased by dana" in again.err


def test_bytes_that_a_reader_keeps_go_when_it_ends(scene):
    def found():
        return [one.name for one in scene.ma.glob("store.db*") if b"El Amraoui" in one.read_bytes()]

    message = opening(scene)
    with closing(Node.open(scene.ma)) as node:
        with closing(sqlite3.connect(scene.ma / "store.db")) as reader:
            reader.execute("BEGIN")
            reader.execute('SELECT count(*) FROM "contents"').fetchall()
            said = ok("erase", scene.ma, message, *WHY, "--as", "dana").out
            assert "somebody is still reading" in said
        assert found()
        assert keeping.ERASING in PARTS

        async def tidied():
            async with keeping.ERASING.begin(SimpleNamespace(node=node), node.ctx) as step:
                return await step()

        assert asyncio.run(tidied()) == keeping.ERASING_SECONDS
        assert found() == []


def test_nobody_but_the_dpo_erases(scene):
    message = opening(scene)
    for person in ("nadia", "samir", FIRST["ma"]):
        refused = call("erase", scene.ma, message, *WHY, "--as", person)
        assert refused.code == 4, refused
        assert "a role among dpo" in refused.err
    assert value("erasures", scene.ma, "--as", "dana") == []
    assert message not in (scene.ma / NAME).read_text()


def test_a_ground_is_one_of_the_list_and_a_reason_is_given(scene):
    message = opening(scene)
    wrong = call("erase", scene.ma, message, "--ground", "because", "--reason", "why not", "--as", "dana")
    assert wrong.code == 2
    assert "time-limit" in wrong.err
    assert call("erase", scene.ma, message, "--ground", "order", "--reason", "", "--as", "dana").code == 2


def test_a_node_that_starts_erases_what_its_register_names(scene):
    message = opening(scene)
    backup = (scene.ma / "store.db").read_bytes()
    value("erase", scene.ma, message, *WHY, "--as", "dana")
    for part in ("store.db-wal", "store.db-shm"):
        (scene.ma / part).unlink(missing_ok=True)
    (scene.ma / "store.db").write_bytes(backup)
    assert value("erasures", scene.ma, "--as", "dana") == []
    with served(scene.ma):
        pass
    assert [one["message"] for one in value("erasures", scene.ma, "--as", "dana")] == [message]
    assert b"El Amraoui" not in (scene.ma / "store.db").read_bytes()
    assert "erasures.replayed" in (scene.ma / "serve.log").read_text()


def test_a_damaged_register_stops_the_start(scene):
    with (scene.ma / NAME).open("a") as file:
        file.write('{"v":1}\n')
    refused = call("serve", scene.ma)
    assert refused.code == 2
    assert f"{NAME}, line 2" in refused.err
