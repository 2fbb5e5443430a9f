"""The keys ceremony by the command line, on real folders."""

import shutil

import pytest

from passerelle.identity import files
from passerelle.node import Node
from passerelle.ports.records import AUDITS
from tests.unit.cli.scene import call, ok, value

WHY = ("--as", "eva", "--reason", "every year")


def identities(scene, name="be"):
    return value("keys", "show", scene.of(name))


def settle(scene):
    for _ in range(3):
        for name in ("be", "ma"):
            scene.deliver(name)


def test_keys_are_shown_changed_and_told(partners):
    [first] = identities(partners)
    assert (first["number"], first["how"]) == (0, "made")
    changed = value("keys", "rotate", partners.be, "log", "receipt", *WHY)
    status = value("keys", "status", partners.be)
    assert [(one["partner"], one["knows"], one["told"]) for one in status["partners"]] == [("ma", 0, 0)]
    assert len(status["old_keys"]) == 4
    settle(partners)
    status = value("keys", "status", partners.be)
    assert [(one["knows"], one["waits_for"]) for one in status["partners"]] == [(1, "")]
    assert value("partner", "show", partners.ma, "be")["sha256"] == changed["sha256"]
    old, new = identities(partners)
    assert old["keys"]["log"] != new["keys"]["log"]
    assert old["keys"]["sealing"] == new["keys"]["sealing"]
    out = partners.folder / "before.json"
    ok("keys", "show", partners.be, "--number", "0", "--out", out)
    assert out.read_bytes() == (partners.be / "keys" / f"identity-{first['sha256']}.json").read_bytes()
    assert call("keys", "show", partners.be, "--number", "9").code == 3
    assert "identity 1" in ok("keys", "status", partners.be).out


def test_only_a_security_officer_changes_keys(partners):
    for command in (("rotate", "log"), ("revoke", "log"), ("renew",)):
        name, *more = command
        assert call("keys", name, partners.be, *more, "--as", "ann", "--reason", "x").code == 4
    assert call("keys", "show", partners.be, "--as", "ann").code == 4
    assert len(identities(partners)) == 1


def test_what_is_wrong_is_said_and_nothing_changes(partners):
    assert call("keys", "rotate", partners.be, *WHY).code == 2
    assert call("keys", "rotate", partners.be, "lock", *WHY).code == 2
    assert call("keys", "revoke", partners.be, "tls", *WHY).code == 2
    assert call("keys", "rotate", partners.be, "log", "--as", "eva", "--reason", " ").code == 2
    assert call("keys", "adopt", partners.be, "--as", "eva").code == 4
    assert len(identities(partners)) == 1
    assert len(list((partners.be / "keys").glob("*.key"))) == 8


def test_a_store_of_before_the_change_is_told_from_another_and_adopted(partners):
    copy = partners.folder / "store.copy"
    shutil.copy(partners.be / "store.db", copy)
    ok("keys", "rotate", partners.be, "log", "envelope", *WHY)
    settle(partners)
    for path in partners.be.glob("store.db*"):
        path.unlink()
    shutil.copy(copy, partners.be / "store.db")
    refused = call("keys", "show", partners.be)
    assert refused.code == 4
    assert "keys adopt" in refused.err
    assert call("keys", "revoke", partners.be, "log", *WHY).code == 4  # it would throw away what partners go by
    ok("keys", "adopt", partners.be, "--as", "eva")
    assert len(identities(partners)) == 2
    partners.deliver("be")
    links = {one["origin"]: one for one in value("link", "list", partners.be)}
    assert links["passerelle/be/ma/governance/1"]["state"] == "stopped"  # ma holds the change, which be forgot


def test_an_identity_file_of_before_the_change_is_made_anew(partners):
    before = (partners.be / "identity.json").read_bytes()
    changed = value("keys", "rotate", partners.be, "sealing", *WHY)
    (partners.be / "identity.json").write_bytes(before)  # as if the process had ended before it was replaced
    assert value("partner", "self", partners.be)["sha256"] == changed["sha256"]
    assert (partners.be / "identity.json").read_bytes() != before


def test_lost_key_files_are_named_and_a_lost_key_is_revoked(partners):
    (partners.be / "keys" / "log.key").unlink()
    refused = call("keys", "show", partners.be)
    assert refused.code == 7
    assert "log" in refused.err
    assert "keys renew" in refused.err
    changed = value("keys", "revoke", partners.be, "log", "--as", "eva", "--reason", "the disk is broken")
    settle(partners)
    assert value("partner", "show", partners.ma, "be")["sha256"] == changed["sha256"]
    assert "keys.revoked" in {one["what"] for one in value("alarm", "list", partners.ma)}


def test_keys_that_are_all_lost_are_renewed_and_compared_by_voice(partners):
    for path in (partners.be / "keys").glob("*.key"):
        path.unlink()
    made = value("keys", "renew", partners.be, "--as", "eva", "--reason", "the disk is broken")
    ok("partner", "add", partners.ma, partners.be / "identity.json", "--as", "omar")
    ok("partner", "confirm", partners.ma, "be", "--as", "omar", "--fingerprint", made["sha256"])
    partners.open()
    settle(partners)
    assert value("partner", "show", partners.ma, "be")["sha256"] == made["sha256"]
    assert {one["state"] for one in value("link", "list", partners.be)} == {"open"}


def test_destroyed_keys_leave_the_folder_and_the_audit_says_so(partners):
    from passerelle import ceremony

    ok("keys", "rotate", partners.be, "log", *WHY)
    node = Node.open(partners.be)
    try:
        assert ceremony.tidy(node) == []  # ma goes by them still
    finally:
        node.close()
    settle(partners)
    before = {label for label, _ in files.read(partners.be / "keys")}
    node = Node.open(partners.be)
    try:
        assert sorted(one.kind for one in ceremony.tidy(node)) == ["log", "log"]
        assert ceremony.tidy(node) == []
        written = node.store.read(lambda tx: tx.scan(AUDITS, limit=10_000))
        assert [one.what for one in written].count("key.destroyed") == 2
    finally:
        node.close()
    assert len(list((partners.be / "keys").glob("*.key"))) == 8
    assert {label for label, _ in files.read(partners.be / "keys")} == before
    assert not list((partners.be / "keys").glob("*.gone"))


@pytest.mark.parametrize("kind", ["tls", ""])
def test_an_address_or_a_certificate_changes_the_same_way(partners, kind):
    more = ("--endpoint", "https://node.example.be:9443")
    made = value("keys", "rotate", partners.be, *([kind] if kind else []), *more, *WHY)
    settle(partners)
    shown = value("partner", "show", partners.ma, "be")
    assert (shown["sha256"], shown["endpoints"]) == (made["sha256"], ["https://node.example.be:9443"])
    node = Node.open(partners.be)
    try:
        key, certificate = node.certificate()
        assert key.name.startswith("tls-" if kind else "tls.")
        assert certificate.exists()
    finally:
        node.close()
