"""Instruments by the command line, from the example to the end."""

import json
from datetime import date, timedelta

from passerelle.instruments import model
from tests.unit.cli.scene import call, channel, ok, value
from tests.unit.instruments import samples as texts


def state(scene, name, digest):
    return value("instrument", "show", scene.of(name), digest)["state"]


def test_examples_are_printed_and_can_be_proposed(strangers):
    for kind in ("agreement", "channel", "channel-alerts", "channel-identification", "channel-search"):
        shown = ok("instrument", "example", kind).out
        assert model.from_toml(shown).kind == kind.partition("-")[0]
        assert value("instrument", "example", kind) == {"kind": kind, "toml": shown}
    path = strangers.write("agreement.toml", ok("instrument", "example", "agreement").out)
    made = value("instrument", "propose", strangers.be, "ma", path, "--as", "carl")
    assert made["digest"] == model.from_file(path).digest
    assert call("instrument", "example", "treaty").code == 3


def test_an_instrument_governs_when_both_have_signed(strangers):
    path = strangers.folder / "agreement.json"
    path.write_bytes(texts.agreement())
    digest = value("instrument", "propose", strangers.be, "ma", path, "--as", "carl")["digest"]
    assert state(strangers, "be", digest) == "waiting for the signature of be and ma"
    assert value("instrument", "list", strangers.ma) == []
    assert ok("instrument", "list", strangers.ma).out == "no instrument yet\n"
    shown = ok("instrument", "sign", strangers.be, digest[:8], "--as", "carl").out
    assert "waiting for the signature of ma" in shown
    strangers.deliver("be")
    assert state(strangers, "ma", digest) == "waiting for the signature of ma"
    ok("instrument", "sign", strangers.ma, digest.upper(), "--as", "karima")
    assert "to send" in state(strangers, "ma", digest)
    strangers.settle()
    for name in ("be", "ma"):
        [listed] = value("instrument", "list", strangers.of(name), "--partner", "ma" if name == "be" else "be")
        assert listed["state"] == "in force"
        assert listed["may_send"] is True
    assert value("instrument", "list", strangers.be, "--partner", "zz") == []
    text = ok("instrument", "show", strangers.be, digest[:6]).out
    assert "Convention on police cooperation" in text
    assert "Signed by ma" in text
    made = value("instrument", "show", strangers.be, digest)
    assert made["instrument"]["title"] == "Convention on police cooperation"


def test_what_supersedes_is_shown_by_its_difference(partners):
    records = {one["kind"]: one for one in value("instrument", "list", partners.be)}
    body = json.loads(channel(records["agreement"]["digest"], retention="P6M"))
    path = partners.write("next.json", body | {"supersedes": records["channel"]["digest"]})
    digest = value("instrument", "propose", partners.be, "ma", path, "--as", "carl")["digest"]
    shown = value("instrument", "show", partners.be, digest, "--difference")
    assert {"path": "retention", "old": "P2Y", "new": "P6M"} in shown["changes"]
    assert "retention" in ok("instrument", "show", partners.be, digest, "--difference").out
    assert call("instrument", "show", partners.be, records["channel"]["digest"], "--difference").code == 3
    partners.deliver("be")
    for name, by in (("be", "carl"), ("ma", "karima")):
        ok("instrument", "sign", partners.of(name), digest, "--as", by)
    partners.settle()
    assert state(partners, "be", digest) == "in force"
    assert state(partners, "ma", records["channel"]["digest"]) == "ended (superseded)"


def test_a_proposal_is_rejected(strangers):
    path = strangers.folder / "agreement.json"
    path.write_bytes(texts.agreement())
    digest = value("instrument", "propose", strangers.be, "ma", path, "--as", "carl")["digest"]
    strangers.deliver("be")
    assert call("instrument", "reject", strangers.ma, digest, "--as", "karima").code == 2
    assert call("instrument", "reject", strangers.ma, digest, "--as", "karima", "--reason", "").code == 2
    ok("instrument", "reject", strangers.ma, digest, "--as", "karima", "--reason", "article 9 is missing")
    strangers.settle()
    assert state(strangers, "be", digest) == "rejected by ma"
    assert "article 9 is missing" in ok("instrument", "show", strangers.be, digest).out
    # The state of the instrument allows no signature any more.
    assert call("instrument", "sign", strangers.be, digest, "--as", "carl").code == 4
    assert call("instrument", "propose", strangers.be, "ma", path, "--as", "carl").code == 4


def test_a_channel_is_terminated_now_or_later(partners):
    digests = {one["kind"]: one["digest"] for one in value("instrument", "list", partners.be)}
    later = (date.today() + timedelta(days=30)).isoformat() + "T00:00:00Z"
    assert call("instrument", "terminate", partners.be, digests["channel"], "--reason", "x", "--from", "soon").code == 2
    made = value(
        "instrument", "terminate", partners.be, digests["channel"], "--as", "carl", "--reason", "done", "--from", later
    )
    assert made["until"].startswith(later[:10])
    assert made["state"] == "in force"
    partners.settle()
    ok("instrument", "terminate", partners.ma, digests["channel"], "--as", "karima", "--reason", "at once")
    partners.settle()
    for name in ("be", "ma"):
        assert state(partners, name, digests["channel"]) == "ended (terminated)"
    assert state(partners, "be", digests["agreement"]) == "in force"


def test_what_is_wrong_is_said(strangers):
    path = strangers.folder / "agreement.json"
    path.write_bytes(texts.agreement())
    assert call("instrument", "show", strangers.be, "abcd").code == 3
    assert call("instrument", "sign", strangers.be, "abcd", "--as", "carl").code == 3
    assert call("instrument", "propose", strangers.be, "zz", path, "--as", "carl").code == 3
    assert (
        call("instrument", "propose", strangers.be, "ma", strangers.folder / "missing.toml", "--as", "carl").code == 2
    )
    assert call("instrument", "propose", strangers.be, "ma", strangers.write("a.txt", ""), "--as", "carl").code == 2
    broken = strangers.write("b.json", json.loads(texts.agreement()) | {"nature": "handshake"})
    result = call("instrument", "propose", strangers.be, "ma", broken, "--as", "carl", "--json")
    assert result.code == 2
    assert result.error["error"] == "InstrumentFormError"
    assert "nature" in result.error["message"]
    ok("partner", "suspend", strangers.be, "ma", "--as", "eva")
    assert call("instrument", "propose", strangers.be, "ma", path, "--as", "carl").code == 4
