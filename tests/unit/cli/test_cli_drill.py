"""The restore drill, with real folders and real processes, for each side of a link and for both.

What is done after the backup: be sends, ma answers, both erase something of before. Then one side, or both, is lost and
put back. Nothing that anybody holds is lost or there twice; logs verify; what was erased is nowhere; what the partner
proves is still proven.
"""

import shutil
import time

import pytest

from passerelle.exchange import attachments
from passerelle.node import Node
from passerelle.office.asking import this_user
from passerelle.ports.attachments import ATTACHMENTS
from passerelle.ports.records import LOGS, MESSAGES
from tests.unit.cli.scene import FIRST, Scene, call, ok, request, said, served, value

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 9000
WHY = ("--ground", "request", "--reason", "decision 2026/114 of the authority")
SECRET = "Trace the one who was seen at the blue door"


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def in_line(tx):
    """What is not where it goes: messages without an index, or that wait; entries without a receipt."""
    moving = [one for one in tx.scan(MESSAGES, limit=10_000) if one.state in ("unsequenced", "waiting")]
    moving += [one for one in tx.scan(ATTACHMENTS, limit=100) if one.state in ("bound", "expected")]
    open_ = [one for one in tx.scan(LOGS, limit=1000) if one.direction == "out" and one.state == "open"]
    return moving or [one for one in open_ if one.cosigned < one.size]


class Drill(Scene):
    """A scene whose nodes are stopped, backed up and put back."""

    def settle(self):
        """Both have everything that both have."""
        nodes = [Node.open(self.of(name)) for name in ("be", "ma")]
        try:
            until(lambda: not any(node.store.read(in_line) for node in nodes))
        finally:
            for node in nodes:
                node.close()

    def backup(self, name):
        value("backup", "create", self.of(name), "--out", self.folder / f"{name}.backup", "--to", self.public)

    def lose(self, name):
        """The machine is lost; its folder is still readable."""
        self.of(name).rename(self.folder / f"{name}.lost")

    def put_back(self, name):
        out, lost = self.folder / f"{name}.backup", self.folder / f"{name}.lost"
        return value("restore", out, self.of(name), "--key", self.key, "--old", lost)

    def reopen(self, name):
        other = "ma" if name == "be" else "be"
        why = "restored from the backup of Monday"
        return value("link", "reopen", self.of(name), other, "--reason", why, "--as", FIRST[name])

    def messages(self, name):
        node = Node.open(self.of(name))
        try:
            return {one.id: one for one in node.store.read(lambda tx: tx.scan(MESSAGES, limit=10_000))}
        finally:
            node.close()

    def files(self, name, message):
        """How the files of a message stand."""
        node = Node.open(self.of(name))
        try:
            return [one.state for one in node.store.read(lambda tx: attachments.progress(tx, message))]
        finally:
            node.close()

    def acts(self, name, dossier):
        by = {"be": "ann", "ma": "nadia"}[name]
        shown = value("dossier", "show", self.of(name), dossier, "--as", by)
        return sorted((one["message"], one["act"]) for one in shown["timeline"])


@pytest.fixture
def drill(_partners, tmp_path):
    shutil.copytree(_partners.be, tmp_path / "be")
    shutil.copytree(_partners.ma, tmp_path / "ma")
    made = Drill(tmp_path)
    made.key, made.public = tmp_path / "b.key", tmp_path / "b.key.pub"
    value("backup", "key", "--out", made.key)
    for name in ("be", "ma"):
        ok("person", "add", made.of(name), "dana", "--user", this_user())
        ok("person", "grant", made.of(name), "dana", "dpo")
    return made


def opening(drill, reference, **more):
    """A dossier that be opens. Its id, and the id of the message."""
    made = drill.act("be", request(reference=reference, **more), "open", "ma", "--type", "wanted-trace")
    return made["dossier"], made["message"]


def with_file(drill, reference):
    """The same with a photograph, which goes after the message."""
    path = drill.write("act.json", request(reference=reference))
    made = value("dossier", "open", drill.be, "ma", "--type", "wanted-trace", "--file", path, "--as", "ann")
    photograph = drill.folder / "passport.jpg"
    photograph.write_bytes(JPEG)
    value("attach", drill.be, made["draft"], photograph, "--as", "ann")
    ok("dossier", "submit", drill.be, made["draft"], "--as", "ann")
    sent = value("dossier", "release", drill.be, made["draft"], "--as", "luc")[0]
    return sent["dossier"], sent["message"]


def photograph(drill, message):
    """The file of a message, as ma has it."""
    out = drill.folder / f"{message}.jpg"
    ok("attachment", "save", drill.ma, message, "1", "--out", out, "--as", "nadia", "--reason", "to compare")
    return out.read_bytes()


@pytest.mark.parametrize("lost", [("be",), ("ma",), ("be", "ma")], ids=["sender", "receiver", "both"])
def test_a_side_is_lost_and_put_back(drill, lost):
    with served(drill.be), served(drill.ma):
        first, message = opening(drill, "BE-1", necessity=SECRET)
        second, shown = with_file(drill, "BE-2")
        drill.settle()
        backed = {name: drill.messages(name) for name in ("be", "ma")}
        for name in ("be", "ma"):
            drill.backup(name)
            value("erase", drill.of(name), message, *WHY, "--as", "dana")
        third, later = with_file(drill, "BE-3")
        drill.settle()
        drill.act("ma", said(service="police", contact="Nadia"), "act", second, "--act", "take-charge")
        drill.settle()
        proof = drill.folder / "proof.json"
        value("evidence", drill.ma, second, "--out", proof, "--as", "nadia")
        held = {name: drill.messages(name) for name in ("be", "ma")}
    for name in lost:
        drill.lose(name)
        assert drill.put_back(name)["erased"] == 1
        assert [one["what"] for one in value("alarm", "list", drill.of(name))] == ["store.restored"]
    with served(drill.be), served(drill.ma):
        for name in lost:
            assert [one["lane"] for one in drill.reopen(name)] == ["governance", "flash", "routine"]
        drill.settle()
        fourth, _ = opening(drill, "BE-4")
        drill.act("be", said(), "act", second, "--act", "remind")
        drill.settle()
    survive = backed["be"] if len(lost) == 2 else held["be"]  # what anybody holds after the loss
    for name in ("be", "ma"):
        now = drill.messages(name)
        assert {one for one in survive if survive[one].kind == "act"} <= now.keys()
        places = [(one.origin, one.index) for one in now.values() if one.origin]
        assert len(places) == len(set(places))
        looked = call("doctor", drill.of(name), "--offline", "--json").json
        assert {one["level"] for one in looked if one["check"] in ("logs", "keys", "audit")} == {"ok"}
        for path in drill.of(name).rglob("*"):
            assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    for dossier in (first, second, fourth, *(() if len(lost) == 2 else (third,))):
        assert drill.acts("be", dossier) == drill.acts("ma", dossier)
    acts = [act for _, act in drill.acts("be", second)]
    assert sorted(acts) == sorted(["request", "remind", *(["take-charge"] if len(lost) == 1 else [])])
    assert photograph(drill, shown) == JPEG
    assert len(lost) == 2 or photograph(drill, later) == JPEG
    who = ("--trust", drill.be / "identity.json", "--trust", drill.ma / "identity.json")
    assert "verified" in ok("verify", proof, *who).out


def test_a_partner_that_goes_on_and_writes_nothing_new_sends_again_what_was_lost(drill):
    """be is not started anew and nobody there does anything: ma's start tells it what to send again."""
    with served(drill.be):
        with served(drill.ma):
            with_file(drill, "BE-1")
            drill.settle()
            drill.backup("ma")
            lost, message = with_file(drill, "BE-2")
            drill.settle()
        drill.lose("ma")
        drill.put_back("ma")
        assert message not in drill.messages("ma")
        with served(drill.ma):
            until(lambda: message in drill.messages("ma"))  # it waits for what ma signed and lost itself
            assert "link.partner-behind" in {one["what"] for one in value("alarm", "list", drill.be)}
            drill.reopen("ma")
            drill.settle()
            assert drill.files("ma", message) == ["complete"]
            assert photograph(drill, message) == JPEG
        assert drill.acts("be", lost) == drill.acts("ma", lost)
