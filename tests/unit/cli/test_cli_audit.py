"""The audit log and its witnesses by the command line: read, proven, verified without a node, watched over."""

import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from passerelle.node import Node
from passerelle.oversight import audit_log
from passerelle.ports.records import ALARMS, AUDITS
from tests.unit.cli.scene import (
    FIRST,
    Scene,
    call,
    command,
    configure,
    environment,
    free_port,
    ok,
    process,
    served,
    this_user,
    value,
)


@pytest.fixture
def audited(partners: Scene) -> tuple[Scene, str]:
    """A dossier that went through, and an auditor on be."""
    ok("person", "add", partners.be, "rita", "--user", this_user(), "--as", FIRST["be"])
    ok("person", "grant", partners.be, "rita", "auditor", "--as", FIRST["be"])
    return partners, partners.open()


def faster(folder: Path, every: str) -> None:
    """The interval of a node's blocks, in its settings."""
    configure(folder, "audit", every=every)
    configure(folder, "exchange", poll_ms=50)


def test_a_dossier_s_trail_is_read_in_order_and_reading_is_written_down(audited: tuple[Scene, str]) -> None:
    scene, dossier = audited
    found = value("audit", "list", scene.be, "--dossier", "BE-2026-0017", "--as", "rita")
    words = [one["what"] for one in found]
    assert words[0] == "act.drafted"
    assert "act.released" in words
    assert {one["dossier"] for one in found} == {dossier}
    assert {one["state"] for one in found} == {"line"}
    assert [one["who"] for one in found if one["what"] == "act.released"] == ["luc"]
    again = value("audit", "list", scene.be, "--what", "audit.read", "--as", "rita")
    assert [(one["who"], one["dossier"], one["details"]) for one in again] == [
        ("rita", dossier, {"records": len(found)})
    ]
    assert [one["operation"] for one in again] == ["consultation"]
    assert {one["who"] for one in value("audit", "list", scene.be, "--who", "luc", "--as", "rita")} == {"luc"}
    late = value("audit", "list", scene.be, "--from", "2200-01-01", "--as", "rita")
    assert late == []
    newest = value("audit", "list", scene.be, "--limit", 2, "--as", "rita")
    assert [one["what"] for one in newest] == ["audit.read"] * 2


def test_who_may_not_read_it_is_refused_with_the_reason(audited: tuple[Scene, str]) -> None:
    scene, dossier = audited
    for arguments in (("list",), ("list", "--dossier", dossier), ("verify",)):
        refused = call("audit", arguments[0], scene.be, *arguments[1:], "--as", "ann", "--json")
        assert refused.code == 4
        assert "auditor" in refused.error["message"]
    assert call("audit", "close", scene.be, "--as", "rita").code == 4
    refusals = value("audit", "list", scene.be, "--what", "access.refused", "--who", "ann", "--as", "rita")
    assert [one["details"]["action"] for one in refusals] == ["audit.read"] * 3
    assert dossier in {one["dossier"] for one in refusals}


def test_a_record_is_proven_without_the_node(audited: tuple[Scene, str]) -> None:
    scene, dossier = audited
    closed = value("audit", "close", scene.be, "--as", FIRST["be"])
    assert closed["index"] == 0
    (release,) = value("audit", "list", scene.be, "--dossier", dossier, "--what", "act.released", "--as", "rita")
    assert release["state"] == "closed"
    shown = value("audit", "show", scene.be, release["record"], "--as", "rita")
    assert shown["place"].startswith("passerelle/be/audit/1 block 0 place ")
    file = scene.folder / "record.json"
    ok("audit", "prove", scene.be, release["record"], "--out", file, "--as", "rita")
    done = process("verify", file, "--trust", scene.be / "identity.json", "--json")
    assert (done.code, done.json["verdict"]) == (0, "verified")
    assert any(one["detail"].startswith("act.released by luc") for one in done.json["statements"])
    assert call("audit", "prove", scene.be, release["record"], "--out", file, "--as", "rita").code == 2
    file.write_text(file.read_text().replace("luc", "ann"))
    assert call("verify", file).code == 1


def test_the_evidence_s_four_eyes_are_held_against_the_log(audited: tuple[Scene, str]) -> None:
    scene, dossier = audited
    evidence, trail, early = (scene.folder / f"{name}.json" for name in ("evidence", "trail", "early"))
    ok("audit", "close", scene.be, "--as", FIRST["be"])
    ok("evidence", scene.be, dossier, "--out", evidence, "--as", "ann")
    ok("audit", "export", scene.be, "--dossier", dossier, "--out", trail, "--as", "rita")
    trust = ("--trust", scene.be / "identity.json", "--trust", scene.ma / "identity.json")
    done = value("verify", evidence, "--audit", trail, *trust)
    assert done["verdict"] == "verified"
    (told,) = [one for one in done["statements"] if "its release is in the audit log of be" in one["says"]]
    assert told["result"] == "holds"
    assert "ann wrote, luc released" in told["detail"]
    # An export of a time that does not have the release says nothing of it.
    ok("audit", "close", scene.be, "--as", FIRST["be"])
    node = Node.open(scene.be)
    (later,) = node.store.read(lambda tx: tx.scan(audit_log.AUDIT_BLOCKS, limit=1, descending=True))
    node.close()
    from passerelle.core.clock import to_iso

    ok("audit", "export", scene.be, "--from", to_iso(later.time), "--out", early, "--as", "rita")
    done = value("verify", evidence, "--audit", early, *trust)
    assert done["verdict"] == "verified"
    (told,) = [one for one in done["statements"] if "its release is in the audit log of be" in one["says"]]
    assert told["result"] == "absent"


def test_a_whole_log_is_exported_and_gone_over(audited: tuple[Scene, str]) -> None:
    scene, dossier = audited
    ok("audit", "close", scene.be, "--as", FIRST["be"])
    file = scene.folder / "all.json"
    made = value("audit", "export", scene.be, "--out", file, "--as", "rita")
    assert made["waiting"] == 0
    done = value("verify", file, "--trust", scene.be / "identity.json")
    assert done["verdict"] == "verified"
    found = value("audit", "verify", scene.be, "--as", "rita")
    assert found["wrong"] == []
    assert found["blocks"] == 1

    def change(tx: Any) -> None:
        import msgspec

        one = tx.scan(AUDITS, "by_dossier", (dossier,), limit=1)[0]
        tx.put(AUDITS, [msgspec.structs.replace(one, who="luc")])

    node = Node.open(scene.be)
    node.store.write("test.change", change)
    node.close()
    wrong = call("audit", "verify", scene.be, "--as", "rita", "--json")
    assert wrong.code == 1
    assert len(wrong.json["wrong"]) == 1


def test_records_that_lost_their_details_are_said(audited: tuple[Scene, str]) -> None:

    scene, dossier = audited
    ok("audit", "close", scene.be, "--as", FIRST["be"])

    def lose(tx: Any) -> None:
        found = tx.scan(AUDITS, "by_dossier", (dossier,), limit=2)
        lost = {"salt": b"", "details": b"", "what": "", "who": "", "on": ""}
        tx.put(AUDITS, [msgspec.structs.replace(one, **lost) for one in found])

    node = Node.open(scene.be)
    node.store.write("test.lose", lose)
    node.close()
    result = call("audit", "verify", scene.be, "--as", "rita", "--language", "en")
    assert result.code == 1
    assert "2 audit records have lost their details; nothing in this node erases them yet" in result.out
    assert "the log holds" not in result.out
    found = call("audit", "verify", scene.be, "--as", "rita", "--json")
    assert (found.code, found.json["erased"], found.json["wrong"]) == (1, 2, [])
    told = [one for one in call("doctor", scene.be, "--offline", "--json").json if one["check"] == "audit"]
    assert [(one["level"], one["what"][:15]) for one in told] == [("warning", "2 audit records")]


def test_a_process_that_serves_signs_with_the_keys_that_another_changed(partners: Scene) -> None:
    """Checkpoints for everybody, and cosignatures for a partner, right after the keys changed at the command line."""
    from passerelle.identity import identity
    from passerelle.ledger import checkpoint as checkpoints
    from passerelle.oversight import audit_export, witnesses
    from passerelle.oversight.verify_audit import verify
    from passerelle.oversight.witness_desk import StoreDesk

    serving, other = Node.open(partners.be), Node.open(partners.ma)
    try:
        before = serving.identity
        ok("keys", "rotate", partners.be, "log", "witness", "--as", FIRST["be"], "--reason", "every year")
        after = identity.parse((partners.be / "identity.json").read_bytes())
        assert after.log != before.log
        audit_log.close_now(serving.ctx)
        log = serving.store.read(lambda tx: audit_log.current(tx, "be"))
        made = serving.store.read(lambda tx: audit_log.checkpoint(tx, serving.ctx, log))
        checkpoints.verify(made, after.log)
        # The partner has not been told yet: it is shown lines of both, and asks for those it knows.
        (watcher,) = serving.store.read(lambda tx: witnesses.watchers(tx, serving.ctx, "always"))
        request = witnesses.request(serving.ctx, watcher)
        assert request is not None
        for keys in (before.log, after.log):
            checkpoints.verify(request.checkpoint, keys)
        answer = StoreDesk(other.ctx).add(request.encode())
        assert witnesses.cosigned(serving.ctx, watcher, request, answer)
        audit_log.close_now(other.ctx)
        (watching,) = other.store.read(lambda tx: witnesses.watchers(tx, other.ctx, "always"))
        asked = witnesses.request(other.ctx, watching)
        assert asked is not None
        lines = StoreDesk(serving.ctx).add(asked.encode())
        assert {before.witness[0].id.hex(), after.witness[0].id.hex()} == keys_of(lines, after.witness[0].name)
        assert witnesses.cosigned(other.ctx, watching, asked, lines)
        data = audit_export.collect(serving.ctx, after, {"kind": "time"}, "rita", (0, 2**60))
        assert verify(data, (after, other.identity)).verdict == "verified"
    finally:
        serving.close()
        other.close()


def keys_of(lines: bytes, name: str) -> set[str]:
    """The ids of the classical keys of this name that signed, in hex."""
    from base64 import b64decode

    found = [line.split(" ") for line in lines.decode().splitlines()]
    signed = {b64decode(one[2])[:4].hex(): len(b64decode(one[2])) for one in found if one[1] == name}
    return {key for key, size in signed.items() if size < 100}


@pytest.mark.parametrize(
    "wrong",
    [
        ("--what", "act.forgotten"),
        ("--operation", "interception"),
        ("--from", "yesterday"),
        ("--until", "2026-13-01"),
        ("--limit", "0"),
    ],
)
def test_bad_questions_are_told(audited: tuple[Scene, str], wrong: tuple[str, str]) -> None:
    result = call("audit", "list", audited[0].be, *wrong, "--as", "rita")
    assert result.code == 2
    assert wrong[0] in result.err


def test_a_witness_is_added_with_the_fingerprint_that_was_heard(strangers: Scene, tmp_path: Path) -> None:
    place, sam = tmp_path / "witness", FIRST["be"]
    ok("witness", "init", place, "--name", "oversight", "--listen", f"127.0.0.1:{free_port()}")
    own = value("witness", "self", place, "--words", "fr", "--out", tmp_path / "oversight.json")
    assert len(own["words"]) == 24
    wrong = call(
        "audit", "witness", "add", strangers.be, tmp_path / "oversight.json", "--fingerprint", "0" * 64, "--as", sam
    )
    assert wrong.code == 7
    ok(
        "audit",
        "witness",
        "add",
        strangers.be,
        tmp_path / "oversight.json",
        "--fingerprint",
        own["fingerprint"],
        "--as",
        sam,
    )
    (listed,) = value("audit", "witness", "list", strangers.be, "--as", sam)
    assert (listed["name"], listed["kind"], listed["size"]) == ("oversight", "witness", 0)
    assert value("audit", "status", strangers.be, "--as", sam)["watched_by"] == [listed]
    assert call("audit", "witness", "remove", strangers.be, "nobody", "--as", sam).code == 3
    ok("audit", "witness", "remove", strangers.be, "oversight", "--as", sam)
    (partner,) = value("audit", "witness", "list", strangers.be, "--as", sam)
    assert (partner["name"], partner["kind"]) == ("ma", "partner")
    known = value("partner", "self", strangers.be, "--as", sam)
    assert call("witness", "add", place, strangers.be / "identity.json", "--fingerprint", "0" * 64).code == 7
    ok("witness", "add", place, strangers.be / "identity.json", "--fingerprint", known["fingerprint"])
    assert [one["node"] for one in value("witness", "show", place)] == ["be"]
    assert call("witness", "show", tmp_path / "none").code == 2
    assert call("witness", "init", place, "--name", "oversight").code == 2


def test_two_processes_a_node_and_its_witness(strangers: Scene, tmp_path: Path) -> None:
    """The witness cosigns what the node shows; put back, the node stands still, and is reopened by a person."""
    import shutil
    import signal
    import subprocess

    place, sam, be = tmp_path / "witness", FIRST["be"], strangers.be
    ok("witness", "init", place, "--name", "oversight", "--listen", f"127.0.0.1:{free_port()}")
    own = value("witness", "self", place, "--out", tmp_path / "oversight.json")
    known = value("partner", "self", be, "--as", sam)
    ok("witness", "add", place, be / "identity.json", "--fingerprint", known["sha256"])
    ok("audit", "witness", "add", be, tmp_path / "oversight.json", "--fingerprint", own["sha256"], "--as", sam)
    faster(be, "PT1S")
    backup = tmp_path / "backup.db"
    with subprocess.Popen(
        command("witness", "serve", place, "--json"), env=environment(), stdout=subprocess.PIPE, text=True
    ) as witness:
        assert witness.stdout is not None
        try:
            assert json.loads(witness.stdout.readline())["ready"] is True
            with served(be):
                until(lambda: cosigned(be, sam) >= 1)
            shutil.copy(be / "store.db", backup)
            with served(be):
                until(lambda: cosigned(be, sam) >= 3)
            for name in ("store.db", "store.db-wal", "store.db-shm"):
                (be / name).unlink(missing_ok=True)
            shutil.copy(backup, be / "store.db")
            with served(be):
                until(lambda: value("audit", "status", be, "--as", sam)["state"] == "stopped")
            reopened = value("audit", "reopen", be, "--reason", "restored from the backup of Monday", "--as", sam)
            assert reopened["generation"] == 2
            with served(be):
                until(lambda: cosigned(be, sam) >= 1)
        finally:
            witness.send_signal(signal.SIGTERM)
            assert witness.wait(30) == 0
    (seen,) = value("witness", "show", place)
    assert [one["origin"] for one in seen["logs"]] == ["passerelle/be/audit/1", "passerelle/be/audit/2"]
    node = Node.open(be)
    alarms = [one.what for one in node.store.read(lambda tx: tx.scan(ALARMS, limit=10))]
    node.close()
    assert sorted(alarms) == ["audit.stopped", "store.put-back"]


def cosigned(folder: Path, who: str) -> int:
    (one,) = value("audit", "witness", "list", folder, "--as", who)
    return int(one["size"])


def until(done: Any) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)
