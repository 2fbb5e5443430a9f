"""Where private keys are kept, by the command line, on real folders and with a real token."""

import os
from pathlib import Path

import msgspec
import pytest

from passerelle import ceremony
from passerelle.core.errors import KeyFileError
from passerelle.core.settings import KeysSettings
from passerelle.exchange.sender import Sender
from passerelle.identity import protecting
from passerelle.identity.custody import Custody
from passerelle.node import Node
from passerelle.ports.records import AUDITS
from passerelle.service.custodian import Watch
from tests.softhsm import MODULE, PIN
from tests.unit.cli import scene
from tests.unit.cli.scene import call, make_node, ok, process, request, served, value

WHY = ("--as", "eva", "--reason", "into the token")
PASS = "correct horse battery"


def configure(folder, **values):
    """`[keys]` says this, and nothing else."""
    scene.configure(folder, "keys", **msgspec.structs.asdict(KeysSettings()) | values)


def secret(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o600)
    return f"file:{path}"


@pytest.fixture
def protected(partners):
    configure(partners.be, passphrase=secret(partners.folder / "pass", PASS))
    assert len(value("keys", "protect", partners.be, "--as", "eva")["sealed"]) == 9
    custody = Custody(partners.be / "keys", KeysSettings(passphrase=f"file:{partners.folder / 'pass'}"))
    protecting.change(custody, PASS, 10)  # cheap to open from here on: it is opened often
    return partners


def places(folder):
    return {one["label"]: one["place"] for one in value("keys", "list", folder, "--as", "eva") if one["in_use"]}


def test_sealed_keys_work_for_those_who_have_the_passphrase(protected):
    assert set(places(protected.be).values()) == {"sealed"}
    assert value("keys", "check", protected.be, "--as", "eva") == {"ready": True}
    protected.open()
    with served(protected.be):
        assert call("doctor", protected.be, "--offline", "--as", "eva").code in (0, 1)
    (protected.folder / "pass").write_text("another passphrase")
    wrong = call("keys", "check", protected.be, "--as", "eva")
    assert (wrong.code, "expected the passphrase of these keys, got another" in wrong.err) == (7, True)
    # Who signs nothing is not asked for it.
    ok("dossier", "list", protected.be, "--as", "ann")
    protected.act("be", request(), "open", "ma", "--type", "wanted-trace")


def test_the_passphrase_is_changed_and_the_keys_come_back_into_clear(protected):
    new = secret(protected.folder / "new", "another passphrase")
    assert value("keys", "protect", protected.be, "--new", new, "--as", "eva")["changed"] is True
    assert call("keys", "check", protected.be, "--as", "eva").code == 7
    configure(protected.be, passphrase=new)
    ok("keys", "check", protected.be, "--as", "eva")
    assert len(value("keys", "unprotect", protected.be, "--as", "eva")["clear"]) == 9
    assert set(places(protected.be).values()) == {"clear"}
    assert call("keys", "unprotect", protected.be, "--as", "eva").code == 4
    assert call("keys", "protect", protected.be, "--new", new, "--as", "eva").code == 4
    node = Node.open(protected.be)
    try:
        records = node.store.read(lambda tx: tx.scan(AUDITS, limit=10_000))
        assert [one.what for one in records].count("keys.protected") == 3
        assert not any(PASS.encode() in one.details for one in records)
    finally:
        node.close()
    protected.open()


def test_what_is_wrong_is_said_and_nothing_changes(partners):
    configure(partners.be, passphrase=secret(partners.folder / "pass", "short"))
    short = call("keys", "protect", partners.be, "--as", "eva")
    assert (short.code, "12 characters or more, got 5" in short.err) == (7, True)
    assert set(places(partners.be).values()) == {"clear"}
    configure(partners.be)
    asked = call("keys", "protect", partners.be, "--as", "eva")
    assert (asked.code, "or a terminal to ask at" in asked.err) == (7, True)
    assert call("keys", "protect", partners.be, "--as", "ann").code == 4
    assert call("keys", "protect", partners.be, "--new", PASS, "--as", "eva").code in (2, 7)
    configure(partners.be, passphrase=PASS)
    told = call("keys", "list", partners.be, "--as", "eva")
    assert (told.code, PASS in told.err) == (2, False)


def test_the_serving_process_has_the_passphrase_from_its_credential(partners, monkeypatch):
    secret(partners.folder / "passphrase", PASS)
    configure(partners.be, passphrase="credential:passphrase")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(partners.folder))
    ok("keys", "protect", partners.be, "--as", "eva")
    with served(partners.be):
        pass
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert call("serve", partners.be).code == 7


def test_a_node_is_made_with_its_keys_in_a_token_and_a_passphrase(tokens, tmp_path):
    pin, pass_ = secret(tmp_path / "pin", PIN), secret(tmp_path / "pass", PASS)
    label = tokens.make()
    options = ("--token", label, "--pkcs11-module", MODULE, "--pin", pin, "--passphrase", pass_)
    make_node(tmp_path / "be", "be", *options)
    found = places(tmp_path / "be")
    in_token = {f"token {label}"}
    assert {found[one] for one in ("log", "receipt", "witness", "envelope")} == in_token
    assert {found[one] for one in ("log-pq", "receipt-pq", "witness-pq", "sealing")} == {"sealed"}
    ok("keys", "check", tmp_path / "be", "--as", "eva")
    with served(tmp_path / "be"):
        pass
    # Nothing is made when the token cannot: not the folder either.
    options = ("--token", "nowhere", *options[2:])
    made = call("init", tmp_path / "x", "--name", "x", "--country", "BE", "--languages", "fr", *options, *_ZONE)
    assert (made.code, (tmp_path / "x").exists()) == (7, False)


_ZONE = ("--timezone", "Europe/Brussels")


def test_keys_move_into_the_token_by_rotation_and_out_of_it(tokens, partners):
    label = tokens.make()
    configure(partners.be, pkcs11_module=MODULE, token=label, pin=secret(partners.folder / "pin", PIN))
    ok("keys", "rotate", partners.be, "log", "receipt", "witness", "envelope", *WHY)
    partners.open()
    assert {one for name, one in places(partners.be).items() if name in ("log", "envelope")} == {f"token {label}"}
    tidied(partners.be)
    assert not [one for one in value("keys", "list", partners.be, "--as", "eva") if not one["in_use"]]
    node = Node.open(partners.be)
    old = [one.kept for one in node.ctx.keys.log if one.kept is not None]
    node.close()
    ok("keys", "rotate", partners.be, "log", "--to", "files", *WHY)
    partners.settle()
    tidied(partners.be)
    assert places(partners.be)["log"] == "clear"
    assert not node.custody.token().has(old[0].id)  # destroyed in the token, too
    partners.open(request(reference="BE-2026-0018"))
    assert call("keys", "rotate", partners.be, "log", "--to", "moon", *WHY).code == 2


def test_a_token_that_goes_away_under_a_node_at_work_loses_nothing(tokens, partners):
    label = tokens.make()
    configure(partners.be, pkcs11_module=MODULE, token=label, pin=secret(partners.folder / "pin", PIN))
    ok("keys", "rotate", partners.be, "log", "receipt", "envelope", *WHY)
    partners.settle()
    node = Node.open(partners.be)
    try:
        node.custody.token()._pause = 0
        watch = Watch(node.ctx)
        assert watch.look() is None
        tokens.away()
        try:
            tokens.store.mkdir()
            partners.act("be", request(), "open", "ma", "--type", "wanted-trace")  # people work on
            assert "token" in (watch.look() or "")
            assert watch.look() is None
            sender = Sender(node.ctx, "ma")
            with pytest.raises(KeyFileError):
                sender.question(b"n" * 16)
            doctor = call("doctor", partners.be, "--offline", "--as", "eva")
            assert (doctor.code, "a private key in use cannot be used" in doctor.out) == (1, True)
            tokens.store.rmdir()
        finally:
            tokens.back()
        assert watch.look() == ""
        alarms = [one["what"] for one in value("alarm", "list", partners.be, "--as", "eva")]
        assert alarms.count("keys.away") == 1
    finally:
        node.close()
    partners.settle()
    assert len(value("dossier", "list", partners.ma, "--as", "nadia")) == 1


def tidied(folder):
    node = Node.open(folder)
    try:
        assert ceremony.tidy(node)
    finally:
        node.close()


def test_a_wrong_pin_or_a_missing_token_ends_a_command_clearly(tokens, partners):
    pin = partners.folder / "pin"
    settings = {"pkcs11_module": MODULE, "token": tokens.make(), "pin": secret(pin, PIN)}
    configure(partners.be, **settings)
    ok("keys", "rotate", partners.be, "log", *WHY)
    before = os.listdir(partners.be / "keys")
    pin.write_text("1111")
    # Another process: this one has logged in already.
    configure(partners.be, **settings)
    wrong = process("keys", "check", partners.be, "--as", "eva")
    assert (wrong.code, "expected the PIN of the token" in wrong.err) == (7, True)
    pin.write_text(PIN)
    held = process("keys", "check", partners.be, "--as", "eva")
    assert (held.code, "--although-refused" in held.err) == (7, True)
    assert process("keys", "check", partners.be, "--although-refused", "--as", "eva").code == 0
    assert process("keys", "check", partners.be, "--as", "eva").code == 0
    configure(partners.be, **settings | {"token": "nowhere"})
    gone = process("keys", "rotate", partners.be, "receipt", *WHY)
    assert (gone.code, "expected one token nowhere" in gone.err) == (7, True)
    assert sorted(os.listdir(partners.be / "keys")) == sorted(before)
