"""By hand, by the command line: two folders, and files carried between them."""

import os
import stat
import time
from contextlib import closing

import pytest

from passerelle.node import Node
from passerelle.ports.attachments import ATTACHMENTS
from passerelle.ports.records import LOGS
from tests.peers.uploads import MIB, png
from tests.unit.cli.scene import call, make_node, ok, request, said, served, value

OTHER = {"be": "ma", "ma": "be"}


@pytest.fixture
def met(partners):
    """Both have compared their copies by network, as after every start."""
    for name in ("be", "ma"):
        partners.deliver(name)
    return partners


def test_a_folder_that_was_copied_asks_before_it_gives_out_an_index(partners):
    """The fixture is a copy of two folders: for all the node knows, an old one."""
    partners.act("be", request(), "open", "ma", "--type", "wanted-trace")
    first = export(partners, "be", "1")
    assert lanes(first, "entries", "without_index", "state")["routine"] == (0, 1, "asks")
    text = ok("courier", "export", partners.be, "ma", "--out", partners.folder / "1b").out
    assert "1 message waits for the comparison" in text
    take(partners, "ma", "1", "--answer", partners.folder / "2")
    assert take(partners, "be", "2")["compared"] == ["governance", "flash", "routine"]
    assert lanes(export(partners, "be", "3"), "entries", "without_index", "state")["routine"] == (1, 0, "compared")


def export(scene, name, out, *more):
    return value("courier", "export", scene.of(name), OTHER[name], "--out", scene.folder / out, *more)


def take(scene, name, file, *more):
    return value("courier", "import", scene.of(name), scene.folder / file, *more)


def lanes(made, *keys):
    return {one["lane"]: tuple(one[key] for key in keys) for one in made["lanes"]}


def test_a_dossier_is_opened_and_answered_by_hand(met):
    made = met.act("be", request(), "open", "ma", "--type", "wanted-trace")
    first = export(met, "be", "1")
    assert lanes(first, "entries", "state")["governance"] == (0, "compared")
    assert lanes(first, "entries", "without_index", "state")["routine"] == (1, 0, "compared")
    answer = take(met, "ma", "1", "--answer", met.folder / "2")
    assert lanes(answer, "new", "known") == {"routine": (1, 0)}
    back = take(met, "be", "2")
    assert back["receipts"] == ["routine"]
    assert value("queue", met.be)["without_receipt"] == []
    met.act("ma", said(ground="not-competent"), "act", made["dossier"], "--act", "refuse")
    export(met, "ma", "3", "--lane", "routine")
    assert lanes(take(met, "be", "3"), "new") == {"routine": (1,)}
    assert value("dossier", "show", met.be, made["dossier"])["state"] == "refused"


def test_the_file_is_of_its_owner_alone_and_never_written_over(met):
    export(met, "be", "1")
    path = met.folder / "1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    assert call("courier", "export", met.be, "ma", "--out", path).code == 2
    assert path.read_bytes() == before
    assert call("courier", "import", met.ma, path, "--answer", path).code == 2
    assert [one.name for one in met.folder.iterdir() if one.name.endswith(".new")] == []


def test_importing_twice_changes_nothing_and_says_so(met):
    met.act("be", request(), "open", "ma", "--type", "wanted-trace")
    export(met, "be", "1")
    take(met, "ma", "1")
    assert lanes(take(met, "ma", "1"), "new", "known") == {"routine": (0, 1)}
    assert "routine" in ok("courier", "import", met.ma, met.folder / "1").out


def test_a_damaged_file_is_taken_up_to_the_damage(met):
    met.act("be", request(), "open", "ma", "--type", "wanted-trace")
    export(met, "be", "1")
    data = (met.folder / "1").read_bytes()
    cut = met.folder / "cut"
    cut.write_bytes(data[:-10])
    result = call("courier", "import", met.ma, cut, "--json")
    assert result.code == 1
    assert lanes(result.json, "new") == {"routine": (1,)}
    assert "byte" in result.json["damage"]
    assert call("courier", "show", cut).code == 1


@pytest.mark.parametrize("data", [b"", b"not a courier file", b"passerelle-courier/1\n", bytes(100)])
def test_what_is_no_courier_file_changes_nothing(met, data):
    path = met.folder / "strange"
    path.write_bytes(data)
    assert call("courier", "import", met.be, path).code == 2
    assert call("courier", "show", path).code == 2


def test_a_file_for_somebody_else_is_refused(met):
    export(met, "be", "1")
    result = call("courier", "import", met.be, met.folder / "1", "--json")
    assert result.code == 2
    assert "carry it to ma" in result.error["message"]


def test_a_file_is_shown_without_a_node(met):
    met.act("be", request(), "open", "ma", "--type", "wanted-trace")
    export(met, "be", "1")
    shown = value("courier", "show", met.folder / "1")
    assert (shown["from"], shown["to"], shown["damage"]) == ("be", "ma", None)
    assert shown["logs"] == [{"origin": "passerelle/be/ma/routine/1", "start": 0, "end": 1, "batches": 1}]
    text = ok("courier", "show", met.folder / "1").out
    assert "whole" in text
    assert "Amraoui" not in text


def test_only_operators_and_dispatchers_carry(met):
    assert call("courier", "export", met.be, "ma", "--out", met.folder / "1", "--as", "ann").code == 4
    assert not (met.folder / "1").exists()


def test_files_go_while_both_nodes_serve(met):
    """Two processes on one store: the one that serves, and the one that imports."""
    with served(met.ma):
        made = met.act("be", request(), "open", "ma", "--type", "wanted-trace")
        export(met, "be", "1")
        assert lanes(take(met, "ma", "1", "--answer", met.folder / "2"), "new") == {"routine": (1,)}
        with served(met.be):
            take(met, "be", "2")
            met.act("ma", said(ground="not-competent"), "act", made["dossier"], "--act", "refuse")
            export(met, "ma", "3")
            take(met, "be", "3")
            until = time.monotonic() + 20
            while not settled(met) and time.monotonic() < until:
                time.sleep(0.05)
    assert settled(met)
    assert value("dossier", "show", met.be, made["dossier"])["state"] == "refused"
    assert value("queue", met.be)["alarms"] == value("queue", met.ma)["alarms"] == []


def settled(scene):
    """All that was entered has its receipt, by whatever way."""
    for name in OTHER:
        node = Node.open(scene.of(name))
        logs = node.store.read(lambda tx: tx.scan(LOGS, limit=100))
        node.close()
        if any(log.cosigned != log.size for log in logs):
            return False
    return True


def test_a_node_that_no_network_reaches(tmp_path, met):
    folder = tmp_path / "island" / "ma"
    made = make_node(folder, "ma", "--endpoint", "none")
    assert made["name"] == "ma"
    assert value("config", "show", folder)["server.endpoints"]["value"] == []
    identity = value("partner", "self", folder, "--as", "omar")
    assert identity["endpoints"] == []


def test_a_pipe_is_refused_and_not_waited_for(met):
    pipe = met.folder / "pipe"
    os.mkfifo(pipe)
    for words in (("courier", "import", met.be, pipe), ("courier", "show", pipe), ("verify", pipe)):
        result = call(*words)
        assert result.code == 2, result
        assert "not a regular file" in result.err


def test_files_are_told_that_find_no_room_and_their_answer_comes_in_three_steps(met):
    act = met.write("act.json", request())
    draft = value("dossier", "open", met.be, "ma", "--type", "wanted-trace", "--file", act, "--as", "ann")["draft"]
    (met.folder / "passport.png").write_bytes(png(2 * MIB))
    value("attach", met.be, draft, met.folder / "passport.png", "--as", "ann")
    value("dossier", "submit", met.be, draft, "--as", "ann")
    value("dossier", "release", met.be, draft, "--as", "luc")
    for out, most, words in (
        ("0", 300_000, ("2 pieces", "takes 1 MiB")),
        ("1", 1_500_000, ("1 piece of", "add --next")),
    ):
        said = ok("courier", "export", met.be, "ma", "--out", met.folder / out, "--most", most).out
        assert all(one in said for one in words), said
    export(met, "be", "2", "--next")
    take(met, "ma", "1")
    assert take(met, "ma", "2", "--answer", met.folder / "3")["pieces"] == 1
    assert lanes(take(met, "be", "3"), "new") == {"routine": (1,)}
    with closing(Node.open(met.be)) as node:
        assert [one.state for one in node.store.read(lambda tx: tx.scan(ATTACHMENTS, limit=9))] == ["complete"]
