"""Commands on people and on the policy."""

import json

import pytest

from passerelle.core.json import parse_object
from passerelle.node import Node
from passerelle.office.asking import this_user
from passerelle.office.policy import default_text
from passerelle.ports.records import AUDITS
from tests.unit.cli.scene import call, make_node, ok, process, request, value

OPEN = ("open", "ma", "--type", "wanted-trace")


@pytest.fixture
def be(strangers):
    return strangers.be


def audits(folder, what):
    node = Node.open(folder)
    try:
        found = node.store.read(lambda tx: tx.scan(AUDITS, limit=1000))
    finally:
        node.close()
    return [parse_object(one.details) | {"who": one.who} for one in found if one.what == what]


def test_who_makes_a_node_is_operator_and_security_officer(tmp_path):
    folder = tmp_path / "be"
    make_node(folder, "be", "--person-name", "Eva Claes", "--language", "nl")
    [eva] = value("person", "list", folder)
    assert (eva["person"], eva["name"], eva["language"], eva["users"]) == ("eva", "Eva Claes", "nl", [this_user()])
    assert [(one["role"], one["domain"], one["until"]) for one in eva["grants"]] == [
        ("operator", "*", ""),
        ("security", "*", ""),
    ]
    [made] = audits(folder, "node.created")
    assert (made["who"], made["roles"]) == ("eva", ["operator", "security"])
    # She is the only person of this user: no name is needed, and she is spoken to in her language.
    assert process("partner", "list", folder).code == 0


def test_a_person_is_written_down_changed_and_removed(be):
    ok("person", "add", be, "lea", "--name", "Léa Dubois", "--speaks", "fr", "--user", "ldubois")
    ok("person", "grant", be, "lea", "officer", "--domain", "wanted-persons", "--until", "2099-12-31")
    shown = value("person", "show", be, "lea")
    assert (shown["name"], shown["language"], shown["users"]) == ("Léa Dubois", "fr", ["ldubois"])
    [given] = shown["grants"]
    assert (given["role"], given["domain"], given["until"], given["state"]) == (
        "officer",
        "wanted-persons",
        "2099-12-31",
        "in force",
    )
    assert "officer" in ok("person", "show", be, "lea").out
    assert "ldubois" in ok("person", "list", be).out
    ok("person", "change", be, "lea", "--user", "lea1", "--user", "lea2")
    assert value("person", "show", be, "lea")["users"] == ["lea1", "lea2"]
    ok("person", "revoke", be, "lea", "officer", "--reason", "moved")
    assert call("person", "revoke", be, "lea", "officer", "--reason", "again").code == 3
    ok("person", "remove", be, "lea", "--reason", "left")
    assert "lea" not in {one["person"] for one in value("person", "list", be)}
    assert "lea" in {one["person"] for one in value("person", "list", be, "--all")}
    result = call("person", "add", be, "lea")
    assert (result.code, "nobody has or had here" in result.err) == (2, True)


def test_everybody_sees_himself_and_no_other(be):
    assert value("person", "show", be, "ann", "--as", "ann")["person"] == "ann"
    assert call("person", "show", be, "luc", "--as", "ann").code == 4
    assert [one["person"] for one in value("person", "list", be, "--as", "ann")] == ["ann"]
    ok("person", "change", be, "ann", "--speaks", "nl", "--as", "ann")
    assert call("person", "change", be, "ann", "--name", "Queen", "--as", "ann").code == 4


def test_a_person_speaks_his_language(be):
    ok("person", "change", be, "carl", "--speaks", "fr", "--as", "carl")
    assert ok("partner", "list", be, "--as", "carl").out != ok("partner", "list", be, "--as", "eva").out


def test_a_person_without_a_role_is_refused_with_the_reason(be):
    ok("person", "add", be, "new", "--user", this_user())
    result = call("partner", "list", be, "--as", "new", "--json")
    assert result.code == 4
    assert result.error["error"] == "NotAllowedError"
    assert result.error["message"] == "expected a person with a role in force, got new, who was never given one"
    assert [(one["who"], one["action"]) for one in audits(be, "access.refused")] == [("new", "partner.look")]


def test_of_several_persons_the_one_who_acts_is_named(be):
    result = process("partner", "list", be, "--as", "")
    assert (result.code, "--as: expected one of ann, carl, eva, luc, got nothing" in result.err) == (2, True)


def test_the_last_security_officer_stays(be):
    for verb in (("revoke", "security"), ("remove",)):
        name, *rest = verb
        result = call("person", name, be, "eva", *rest, "--reason", "x")
        assert (result.code, "give another first" in result.err) == (4, True)


# -- the policy --------------------------------------------------------------------------------------------------------


def test_the_policy_is_shown_checked_and_adopted(be, tmp_path):
    assert ok("policy", "show", be).out.rstrip("\n") == default_text().rstrip("\n")
    assert "entity Person" in ok("policy", "show", be, "--schema").out
    assert value("policy", "check", "--as", "eva")["good"]
    own = tmp_path / "policy.cedar"
    own.write_text(
        default_text() + '\n@id("own") forbid (principal, action == Action::"alarm.seen", resource)\n'
        "unless { principal.operator.contains(resource.domain) };\n"
    )
    [shared] = value("policy", "check", own, "--node", be, "--as", "eva")["findings"]
    assert shared["words"] == (
        "expected two operating-system users for ann, who writes, and luc, who releases in *, "
        f"got {this_user()} for both"
    )
    assert "the policy is in force" in ok("policy", "adopt", be, own, "--reason", "operators alone").out
    assert '@id("own")' in ok("policy", "show", be).out
    ok("policy", "adopt", be, "--shipped", "--reason", "back")
    history = value("policy", "show", be, "--history")
    assert [one["reason"] for one in history] == ["operators alone", "back"]
    assert '@id("own")' in ok("policy", "show", be, "--version", history[0]["version"]).out
    assert call("policy", "adopt", be, own, "--reason", "x", "--as", "carl").code == 4


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("permit (", 2, "expected Cedar policies"),
        ('@id("a") permit (principal, action, resource) when { principal.king };', 2, "keep to the schema"),
        ('@id("a") permit (principal, action in Action::"look", resource);', 1, "everybody would be locked out"),
        ("", 2, "got nothing"),
    ],
)
def test_a_bad_policy_is_said_to_be_bad_and_not_adopted(be, tmp_path, text, code, words):
    path = tmp_path / "bad.cedar"
    path.write_text(text)
    result = call("policy", "adopt", be, path, "--reason", "x")
    assert (result.code, words in result.err) == (2, True)
    assert value("policy", "show", be, "--history") == []
    checked = call("policy", "check", path, "--as", "eva")
    if text:
        assert (checked.code, words in checked.out + checked.err) == (code, True)
    else:
        assert checked.code == 1  # it validates, and leaves nobody who could do anything


def test_why_says_what_decides_it(partners):
    be = partners.be
    made = partners.draft("be", request(), *OPEN)
    asked = ("policy", "why", be, "luc", "draft.release", "--of", made["draft"], "--as", "eva")
    luc = value(*asked)
    assert luc["allowed"]
    assert [one["id"] for one in luc["policies"]] == ["approvers-release"]
    assert luc["on"]["domain"] == "wanted-persons"
    shown = ok(*asked).out
    assert "luc may do draft.release" in shown
    assert "approvers release what others wrote in their domains" in shown
    ann = value("policy", "why", be, "ann", "draft.release", "--of", made["draft"], "--as", "eva")
    assert not ann["allowed"]
    assert "another person than the author" in ann["reason"]
    carl = value("policy", "why", be, "carl", "dossier.read", "--domain", "wanted-persons", "--as", "eva")
    assert (carl["allowed"], carl["needed"][:2]) == (False, ["officer", "approver"])
    assert [one["id"] for one in carl["policies"]] == ["content-is-for-those-who-work-on-it"]
    past = value("policy", "why", be, "luc", "draft.release", "--on", "2020-01-01", "--as", "eva")
    assert (past["allowed"], past["holds"]) == (False, [])


def test_why_refuses_what_it_does_not_know(be):
    assert call("policy", "why", be, "zoe", "draft.release").code == 3
    assert call("policy", "why", be, "ann", "read").code == 3  # which of both?
    assert call("policy", "why", be, "ann", "draft.release", "--of", "00000000").code == 3
    assert call("policy", "why", be, "luc", "draft.release", "--as", "ann").code == 4
    assert value("policy", "why", be, "ann", "draft.release", "--as", "ann")["allowed"] is False


def test_refusals_of_one_command_are_one_record(partners):
    made = partners.draft("be", request(), *OPEN)
    result = call("dossier", "release", partners.be, made["draft"], "--as", "carl", "--json")
    assert result.code == 4
    [refused] = audits(partners.be, "access.refused")
    assert (refused["who"], refused["action"]) == ("carl", "draft.release")
    assert json.loads(result.err)["message"] == refused["reason"]
