"""Partners by the command line: nothing is trusted before a person has compared the fingerprint."""

import json

import pytest

from passerelle.identity import fingerprint as forms
from passerelle.node import Node
from passerelle.office.asking import this_user
from passerelle.ports.records import AUDITS, PARTNERS
from tests.unit.cli.scene import PEOPLE, Scene, call, make_node, ok, staff, value


@pytest.fixture
def apart(tmp_path):
    """Two nodes that have never heard of each other."""
    scene = Scene(tmp_path)
    for name in PEOPLE:
        make_node(scene.of(name), name)
        staff(scene.of(name), name)
    return scene


def status(scene):
    return value("partner", "show", scene.be, "ma")["status"]


def test_the_own_identity_is_shown_and_written(apart):
    made = value("partner", "self", apart.be, "--words", "nl", "--qr", "--out", apart.folder / "be.json")
    assert made["name"] == "be"
    assert made["fingerprint"] == forms.digits(made["sha256"])
    assert made["words"] == forms.words(made["sha256"], "nl")
    assert made["qr"] == forms.qr_text("be", made["sha256"])
    assert (apart.folder / "be.json").read_bytes() == (apart.be / "identity.json").read_bytes()
    shown = ok("partner", "self", apart.be, "--words", "ar", "--qr").out
    assert forms.digits(made["sha256"])[:35] in shown
    assert forms.words(made["sha256"], "ar")[0] in shown
    assert "█" in shown or "▄" in shown
    again = call("partner", "self", apart.be, "--out", apart.folder / "be.json")
    assert again.code == 2


def test_a_partner_is_added_compared_confirmed_suspended(apart):
    made = value("partner", "add", apart.be, apart.ma / "identity.json", "--as", "eva")
    assert (made["name"], made["status"], made["by"]) == ("ma", "unconfirmed", "eva")
    assert "confirm" in ok("partner", "add", apart.be, apart.ma / "identity.json", "--as", "eva").out
    ok("partner", "confirm", apart.be, "ma", "--as", "eva", "--fingerprint", made["fingerprint"])
    assert status(apart) == "confirmed"
    [listed] = value("partner", "list", apart.be)
    assert listed["fingerprint"] == made["fingerprint"]
    assert made["fingerprint"] in ok("partner", "list", apart.be).out
    ok("partner", "suspend", apart.be, "ma", "--as", "eva")
    assert value("partner", "show", apart.be, "ma")["by"] == "eva"
    assert status(apart) == "suspended"


@pytest.mark.parametrize("form", ["digits", "bare", "dashes", "hex", "words-ar", "words-fr", "qr"])
def test_every_form_confirms(apart, form):
    ok("partner", "add", apart.be, apart.ma / "identity.json", "--as", "eva")
    known = value("partner", "self", apart.ma, "--qr")
    digits, sha = known["fingerprint"], known["sha256"]
    given = {
        "digits": digits,
        "bare": digits.replace(" ", ""),
        "dashes": digits.replace(" ", "-"),
        "hex": sha.upper(),
        "words-ar": " ".join(forms.words(sha, "ar")),
        "words-fr": ", ".join(forms.words(sha, "fr")).upper(),
        "qr": known["qr"],
    }[form]
    ok("partner", "confirm", apart.be, "ma", "--as", "eva", "--fingerprint", given)
    assert status(apart) == "confirmed"


def test_another_fingerprint_confirms_nothing(apart):
    ok("partner", "add", apart.be, apart.ma / "identity.json", "--as", "eva")
    other = value("partner", "self", apart.be)
    right = value("partner", "self", apart.ma)
    result = call("partner", "confirm", apart.be, "ma", "--as", "eva", "--fingerprint", other["fingerprint"])
    assert result.code == 7
    # What it should have been is not said: it is to be heard from the partner.
    assert right["fingerprint"][:5] not in result.err
    assert right["sha256"] not in result.err
    assert status(apart) == "unconfirmed"
    for half in ("12345 67890", "abeille", right["sha256"][:40], "", "nonsense of no list at all"):
        assert call("partner", "confirm", apart.be, "ma", "--as", "eva", "--fingerprint", half).code == 2, half
    assert status(apart) == "unconfirmed"


def test_a_wrong_identity_file_is_refused(apart):
    body = json.loads((apart.ma / "identity.json").read_bytes())
    for content, code in (
        ("{}", 7),
        ("no json", 7),
        (json.dumps(body, indent=1), 7),
        ((apart.be / "identity.json").read_text(), 2),  # the node's own
    ):
        path = apart.write("wrong.json", content)
        assert call("partner", "add", apart.be, path, "--as", "eva").code == code
    assert call("partner", "add", apart.be, apart.folder / "missing.json", "--as", "eva").code == 2
    assert value("partner", "list", apart.be) == []
    assert ok("partner", "list", apart.be).out == "no partner yet\n"


def test_other_keys_under_a_confirmed_name_bind_nothing_before_they_were_compared(apart):
    ok("partner", "add", apart.be, apart.ma / "identity.json", "--as", "eva")
    known = value("partner", "self", apart.ma)
    ok("partner", "confirm", apart.be, "ma", "--as", "eva", "--fingerprint", known["sha256"])
    make_node(apart.folder / "other", "ma")
    other = value("partner", "self", apart.folder / "other", "--as", "omar")
    added = value("partner", "add", apart.be, apart.folder / "other" / "identity.json", "--as", "eva")
    assert (added["waits"], added["sha256"]) == (True, other["sha256"])
    assert value("partner", "show", apart.be, "ma")["sha256"] == known["sha256"]
    assert call("partner", "confirm", apart.be, "ma", "--as", "eva", "--fingerprint", "0" * 64).code == 7
    # What is in force may be confirmed again; the other file goes on to wait.
    ok("partner", "confirm", apart.be, "ma", "--as", "eva", "--fingerprint", known["sha256"])
    assert value("partner", "show", apart.be, "ma")["sha256"] == known["sha256"]
    ok("partner", "confirm", apart.be, "ma", "--as", "eva", "--fingerprint", other["sha256"])
    assert value("partner", "show", apart.be, "ma")["sha256"] == other["sha256"]
    assert call("partner", "add", apart.be, apart.ma / "identity.json", "--as", "eva").code == 7  # never back


def test_unknown_partners_and_languages(apart):
    for verb in (("show",), ("suspend", "--as", "eva"), ("confirm", "--as", "eva", "--fingerprint", "0" * 64)):
        name, *options = verb
        assert call("partner", name, apart.be, "zz", *options).code == 3
    assert call("partner", "self", apart.be, "--words", "de").code == 3


def test_the_person_is_the_one_that_the_user_may_act_as(apart, monkeypatch):
    monkeypatch.setenv("LOGNAME", "officer-7")  # the environment is no proof of anything
    arguments = ("add", apart.be, apart.ma / "identity.json", "--as")
    assert call("partner", *arguments, "officer-7").code == 4
    assert call("partner", *arguments, " ").code == 4
    assert call("partner", *arguments, "ann").code == 4  # who may act, but has not the role
    assert value("partner", *arguments, "eva")["by"] == "eva"
    node = Node.open(apart.be)
    try:
        written = node.store.read(lambda tx: (tx.scan(AUDITS, limit=100), tx.get(PARTNERS, "ma")))
    finally:
        node.close()
    assert [one.who for one in written[0] if one.what == "partner.added"] == ["eva"]
    refused = [one.who for one in written[0] if one.what == "access.refused"]
    assert sorted(refused) == sorted([f"user {this_user()}"] * 2 + ["ann"])
