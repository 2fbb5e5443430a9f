"""Evidence by the command line: written on a node, verified without one."""

import json

import pytest

from passerelle.node import Node
from passerelle.ports.records import AUDITS
from tests.unit.cli.scene import call, ok, process, request, value


@pytest.fixture
def evidence(partners):
    made = partners.open()
    path = partners.folder / "evidence.json"
    written = value("evidence", partners.be, "BE-2026-0017", "--out", path, "--as", "ann")
    assert written == {"id": made, "file": str(path), "bytes": path.stat().st_size}
    return partners, path


def trust(scene):
    return tuple(part for name in ("be", "ma") for part in ("--trust", scene.of(name) / "identity.json"))


def test_evidence_is_verified_without_a_node(evidence):
    scene, path = evidence
    assert path.stat().st_mode & 0o077 == 0
    done = process("verify", path, *trust(scene), "--json")
    assert done.code == 0
    report = done.json
    assert report["verdict"] == "verified"
    assert {one["result"] for one in report["statements"]} == {"holds", "attested"}
    assert [one["name"] for one in report["trusted"]] == ["be", "ma"]
    plain = ok("verify", path).out
    assert plain.endswith("consistent, identities unconfirmed\n")
    assert "absent" in plain
    assert "attested" in plain
    known = value("partner", "self", scene.be)
    assert known["fingerprint"] in plain
    assert known["sha256"] not in plain


def test_a_changed_byte_fails(evidence):
    scene, path = evidence
    path.write_text(path.read_text("utf-8").replace("BE-2026-0017", "BE-2026-0018"), "utf-8")
    result = call("verify", path, *trust(scene))
    assert result.code == 1
    assert result.err == ""
    assert result.out.endswith("failed\n")
    assert call("verify", path, "--json").json["verdict"] == "failed"


def test_identities_of_others_fail(evidence):
    scene, path = evidence
    body = json.loads((scene.be / "identity.json").read_bytes())
    other = json.loads((scene.ma / "identity.json").read_bytes())
    assert call("verify", path, "--trust", scene.write("no.json", "{}")).code == 7
    assert call("verify", path, "--trust", scene.folder / "missing.json").code == 2
    assert body["name"] != other["name"]


def test_what_is_no_evidence(tmp_path):
    path = tmp_path / "no.json"
    path.write_text("{}")
    assert call("verify", path).code == 1
    assert call("verify", tmp_path / "missing.json").code == 2


def test_evidence_of_a_message_and_its_audit(partners):
    made = partners.open()
    message = value("dossier", "show", partners.be, made)["timeline"][0]["message"]
    path = partners.folder / "message.json"
    arguments = ("evidence", partners.ma, message, "--out", path, "--as", "nadia")
    assert call(*arguments).code == 2  # she neither has it nor acted in it: why?
    assert "check it with" in ok(*arguments, "--reason", "asked by the court").out
    assert json.loads(path.read_bytes())["subject"] == {"kind": "message", "id": message}
    node = Node.open(partners.ma)
    try:
        audits = node.store.read(lambda tx: tx.scan(AUDITS, limit=1000))
    finally:
        node.close()
    assert [one.who for one in audits if one.what == "evidence.exported"] == ["nadia"]


def test_what_stands_in_the_way(partners):
    made = partners.open()
    out = partners.folder / "evidence.json"
    assert call("evidence", partners.be, "00000000", "--out", out, "--as", "ann").code == 3
    assert call("evidence", partners.be, made, "--out", out / "below", "--as", "ann").code == 2
    out.write_text("kept")
    assert call("evidence", partners.be, made, "--out", out, "--as", "ann").code == 2
    assert out.read_text() == "kept"
    fresh = partners.act("be", request(reference="BE-new"), "open", "ma", "--type", "wanted-trace")
    new = partners.folder / "new.json"
    assert call("evidence", partners.be, fresh["dossier"], "--out", new, "--as", "ann").code == 4
    assert not new.exists()


def test_a_whole_log_is_written_and_verified_without_a_node(evidence):
    scene, _ = evidence
    path = scene.folder / "routine.log"
    arguments = ("evidence", "log", scene.be, "ma", "--lane", "routine", "--direction", "out", "--out", path)
    made = value(*arguments, "--as", "eva")
    assert (made["origin"], made["entries"], made["cosigned"]) == ("passerelle/be/ma/routine/1", 1, 1)
    assert path.stat().st_mode & 0o077 == 0
    report = process("verify", path, *trust(scene), "--json").json
    assert report["verdict"] == "verified"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert call("verify", path, *trust(scene), "--json").json["verdict"] == "failed"
    assert call(*arguments, "--as", "eva").code == 2
    path.unlink()
    assert call(*arguments, "--as", "ann").code == 4
    assert call(*(one if one != "routine" else "flash" for one in arguments), "--as", "eva").code == 3
    assert not path.exists()


def test_the_usual_command_of_evidence_need_not_be_named(evidence):
    scene, path = evidence
    other = scene.folder / "other.json"
    value("evidence", "of", scene.be, "BE-2026-0017", "--out", other, "--as", "ann")
    assert value("verify", other)["verdict"] == value("verify", path)["verdict"]
