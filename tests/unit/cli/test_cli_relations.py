"""Relations and traces by the command line: noted, listed, drawn, withdrawn, in four languages."""

import pytest

from passerelle.cli.relations import tree
from tests.unit.cli.scene import call, ok, request, said, value
from tests.unit.cli.test_cli_work import hire

HOW = ("--source", "B", "--information", "2", "--nature", "assessment")
WHY = ("--reason", "weekly threat review", "--as", "ada")


@pytest.fixture(scope="module")
def _related(_partners, tmp_path_factory):
    made = _partners.copy(tmp_path_factory.mktemp("related"))
    hire(made, "be", "ada", "analyst")
    return made, made.open(), made.open(request(reference="BE-2026-0018"))


@pytest.fixture
def related(_related, tmp_path):
    """Two traces of be, and ada, an analyst."""
    model, first, second = _related
    made = model.copy(tmp_path)
    made.first, made.second = first, second
    return made


def message_of(scene, dossier):
    return value("dossier", "show", scene.be, dossier)["timeline"][0]["message"]


def test_a_relation_is_added_listed_shown_and_withdrawn(related):
    be, first = related.be, message_of(related, related.first)
    made = value(
        *("relation", "add", be, "BE-2026-0017:p1", "same-person", "BE-2026-0018:p1", *HOW),
        *("--because", first[:13], "--note", "same scar", *WHY),
    )
    assert (made["one"]["reference"], made["one"]["key"]) == ("BE-2026-0017", "p1")
    assert made["one"]["names"][0] == "Youssef El Amraoui"
    assert (made["because"], made["note"], made["by"], made["state"]) == ([first], "same scar", "ada", "noted")
    assert "relations: 1; see relation graph" in ok("dossier", "show", be, related.first).out
    assert "relation graph" not in ok("dossier", "show", related.ma, related.first).out
    for end in ("BE-2026-0017:p1", "BE-2026-0018", related.second):
        assert [one["relation"] for one in value("relation", "list", be, end, *WHY)] == [made["relation"]]
    shown = ok("relation", "show", be, made["relation"][:13], *WHY).out
    assert "BE-2026-0017:p1 Youssef El Amraoui — same person as — BE-2026-0018:p1 Youssef El Amraoui" in shown
    assert "evaluation: B2, assessment" in " ".join(shown.split())
    refused = call("relation", "add", be, "BE-2026-0018:p1", "same-person", "BE-2026-0017:p1", *HOW, *WHY)
    assert (refused.code, made["relation"] in refused.err) == (4, True)
    ok("relation", "withdraw", be, made["relation"], "--reason", "another scar", "--as", "ada")
    assert value("relation", "list", be, "BE-2026-0017:p1", *WHY) == []
    [gone] = value("relation", "list", be, "BE-2026-0017:p1", "--ended", *WHY)
    assert (gone["state"], gone["reason"], gone["ended_by"]) == ("withdrawn", "another scar", "ada")


def test_a_reason_is_asked_of_who_has_nothing_to_do_with_it(related):
    asked = ("relation", "add", related.be, "BE-2026-0017:p1", "travelled-with", "BE-2026-0018:p1", *HOW)
    refused = call(*asked, "--as", "ada")
    assert (refused.code, "--reason: expected why dossier" in refused.err) == (2, True)
    ok(*asked, "--as", "ann")  # she wrote both
    assert call(*asked, "--as", "luc").code == 4


def test_the_graph_is_a_tree_and_json(related):
    be = related.be
    for one, kind, other in (
        ("BE-2026-0017:p1", "same-person", "BE-2026-0018:p1"),
        ("BE-2026-0018:p1", "member-of", "BE-2026-0018:group=Casa Nord"),
        ("BE-2026-0017:p1", "member-of", "BE-2026-0018:group=Casa Nord"),
    ):
        ok("relation", "add", be, one, kind, other, *HOW, "--as", "ann")
    assert ok("relation", "graph", be, "BE-2026-0018:group=Casa Nord", "--as", "ann").out.splitlines() == [
        "group Casa Nord (BE-2026-0018)",
        "├─ has as member (B2, assessment): BE-2026-0017:p1 Youssef El Amraoui",
        "│  └─ same person as (B2, assessment): BE-2026-0018:p1 Youssef El Amraoui",
        "└─ has as member (B2, assessment): BE-2026-0018:p1 Youssef El Amraoui (see above)",
    ]
    found = value("relation", "graph", be, "BE-2026-0017", "--depth", "1", "--as", "ann")
    assert {one["kind"] for one in found["relations"]} == {"same-person", "member-of"}
    assert {one["kind"] for one in found["ends"]} == {"dossier", "person", "thing"}
    assert not found["cut"]
    assert len(tree(found)) == 4
    narrow = ok("relation", "graph", be, "BE-2026-0017:p1", "--most", "2", "--as", "ann").out
    assert "There are more than were looked at." in narrow


def test_what_was_corrected_is_to_be_looked_at_again(related):
    be = related.be
    made = value("relation", "add", be, "BE-2026-0017:p1", "same-person", "BE-2026-0018:p1", *HOW, "--as", "ann")
    assert value("relation", "list", be) == []
    message = message_of(related, related.first)
    fix = {"message": message, "reason": "inaccurate", "corrections": [{"field": "subjects[0].sex", "value": "male"}]}
    related.act("be", said(**fix), "act", related.first, "--act", "correct")
    [marked] = value("relation", "list", be)
    assert (marked["relation"], bool(marked["again"])) == (made["relation"], True)
    assert "look at it again" in ok("relation", "list", be).out


def test_a_trace_leads_back_to_the_release_and_on_to_relations_and_readers(related):
    be, first = related.be, message_of(related, related.first)
    made = value("relation", "add", be, "BE-2026-0017:p1", "same-person", "BE-2026-0018:p1", *HOW, "--as", "ann")
    for what in (first, "BE-2026-0017:p1"):
        [source] = value("trace", be, what)["sources"]
        assert (source["message"], source["sender"], source["author"], source["releaser"]) == (
            first,
            "be",
            "ann",
            "luc",
        )
        assert (source["index"], source["receipted"], source["domain"]) == (0, True, "wanted-persons")
        assert [one["relation"] for one in source["relations"]] == [made["relation"]]
        assert source["readers"][0]["who"] == "ann"
        assert len(source["audit"]) == 64
    traced = value("trace", be, made["relation"][:13])
    assert traced["relation"]["relation"] == made["relation"]
    assert [one["reference"] for one in traced["sources"]] == ["BE-2026-0017", "BE-2026-0018"]
    there = value("trace", related.ma, first, "--reason", "which service asked?")["sources"][0]
    assert (there["sender"], there["releaser"], there["relations"]) == ("be", "luc", [])
    text = ok("trace", be, first).out
    for words in (
        "ann / luc",
        "Convention on police cooperation",
        "rests on it: BE-2026-0017:p1",
        "read by ann (relations): acted in it",
    ):
        assert words in text, words


def test_what_is_not_there_is_said(related):
    be = related.be
    for end, words in (
        ("BE-2026-0017:p9", "expected a person of dossier"),
        ("nothing:p1", "expected a dossier"),
        ("BE-2026-0017:group=Nord", "expected a thing of dossier"),
    ):
        refused = call("relation", "graph", be, end)
        assert (refused.code, words in refused.err) == (3, True), refused
    assert call("trace", be, "nothing-of-this").code == 3
    assert call("trace", be, f"{message_of(related, related.first)}#7").code == 2
    unknown = call("relation", "add", be, "BE-2026-0017:p1", "friend-of", "BE-2026-0018:p1", *HOW)
    assert (unknown.code, "expected one of same-person" in unknown.err) == (2, True)


def test_relations_speak_four_languages(related):
    be = related.be
    made = value("relation", "add", be, "BE-2026-0017:p1", "travelled-with", "BE-2026-0018:p1", *HOW)
    labels = {"en": "travelled with", "fr": "a voyagé avec", "nl": "reisde met", "ar": "سافر مع"}
    for language, label in labels.items():
        for words in (("graph", be, "BE-2026-0017:p1"), ("show", be, made["relation"]), ("kinds",)):
            assert label in ok("relation", *words, "--language", language).out
        [known] = [one for one in value("relation", "kinds", "--language", language) if one["kind"] == made["kind"]]
        assert known["label"] == label
