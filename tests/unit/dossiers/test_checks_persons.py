"""Content rules about persons: what each finds, and what a type file may not say of them."""

from typing import Any

import pytest

from passerelle.dossiers.check import Check
from passerelle.dossiers.checks_persons import Ascribed, MinorsOnly, NoStatements, PersonsWithout, Protected
from passerelle.dossiers.content import problems
from passerelle.dossiers.types import CatalogueError
from tests.unit.dossiers import samples
from tests.unit.dossiers.samples import NOW, Content
from tests.unit.dossiers.test_dossier_checks import CHARGE, FOUR, OPENING, read

SUSPECT: Content = {"key": "p1", "category": "suspect", "minor": "no"}
VICTIM: Content = {"key": "p2", "category": "victim", "minor": "doubt"}
CHILD: Content = {"key": "p3", "category": "relative", "minor": "yes"}


def found(check: Check, *persons: Content, **more: Any) -> list[str]:
    content = {"act": "notice", "handling": ["H0"], "subjects": list(persons), "body": {}} | more
    return [one.path for one in check.problems(content)]


def test_whoever_is_a_suspect_has_something_ascribed_to_him() -> None:
    check = Ascribed(categories=("suspect",), field="deeds")
    other = SUSPECT | {"key": "p4"}
    assert found(check, SUSPECT, VICTIM) == ["subjects[0]"], "the act has no such field"
    assert found(check, SUSPECT, other, body={"deeds": [{"who": ["p1"]}, {}]}) == ["subjects[1]"]
    assert found(check, SUSPECT, other, body={"deeds": [{"who": ["p1", "p4"]}]}) == []
    assert found(check, VICTIM, CHILD) == []


def test_minors_stand_in_acts_of_their_own() -> None:
    check = MinorsOnly(acts=("welfare",))
    assert found(check, SUSPECT, VICTIM, CHILD) == ["subjects[1].minor", "subjects[2].minor"]
    assert found(check, SUSPECT, VICTIM, CHILD, act="welfare") == ["subjects[0].minor"]


def test_who_is_protected_carries_codes() -> None:
    check = Protected(categories=("victim",), handling=("H1", "H2"))
    assert found(check, VICTIM) == found(check, VICTIM, handling=["H1"]) == ["handling"]
    assert found(check, VICTIM, handling=["H2", "H1"]) == found(check, SUSPECT, CHILD) == []
    assert found(Protected(minors=True, handling=("H2",)), CHILD) == ["handling"]
    assert found(Protected(minors=True, handling=("H2",)), VICTIM) == ["handling"], "doubt is a minor"


def test_fields_that_persons_of_a_category_do_not_have() -> None:
    check = PersonsWithout(categories=("victim",), fields=("documents", "note"))
    assert found(check, VICTIM | {"note": "x", "documents": []}) == ["subjects[0].documents", "subjects[0].note"]
    assert found(check, SUSPECT | {"note": "x"}, VICTIM) == []


def test_an_act_that_says_all_in_fields() -> None:
    assert found(NoStatements(), statements=[{}]) == ["statements"]
    assert found(NoStatements(), statements=[]) == found(NoStatements()) == []


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ('{ ascribed = { categories = ["suspects"], field = "list" } }', "one of suspect, wanted"),
        ('{ ascribed = { categories = [], field = "list" } }', "one category or more"),
        ('{ ascribed = { categories = ["suspect"], field = "deeds" } }', "one of "),
        ('{ minors_only = { acts = ["welfare"] } }', "one of "),
        ("{ minors_only = { acts = [] } }", "one act or more"),
        ('{ protected = { handling = ["H9"], minors = true } }', "one of H0, H1, H2, H3"),
        ('{ protected = { handling = ["H1"] } }', "handling, and categories or minors"),
        ("{ protected = { handling = [], minors = true } }", "handling, and"),
        ('{ persons_without = { categories = ["victim"], fields = ["key"] } }', "one of names"),
        ('{ persons_without = { categories = ["victim"], fields = [] } }', "categories and fields"),
        ("{ no_statements = { acts = [] } }", "a known key"),
    ],
)
def test_a_rule_that_names_what_is_not_there_does_not_load(check: str, expected: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read(("privileged = false\n", f"privileged = false\nchecks = [{check}]\n"))
    assert caught.value.expected.startswith(expected)


# ---- persons whom the body names


KEYS = 'who = { type = "array", maxItems = 3, items = { "$ref" = "#/$defs/key" }, x-labels = ' + FOUR


def test_a_body_names_persons_who_are_there() -> None:
    kind = read((OPENING, OPENING + KEYS + "\n"))
    content = samples.listed_notice(type="sample")
    assert kind.acts["notice"].keyed == (("who", "*"),)
    for who, where in ((["p1"], []), (["p1", "p9"], ["body.who[1]"])):
        content["body"]["who"] = who
        assert [one.path for one in problems(content, kind, now=NOW)] == where


# ---- words of a list that are an offence of opinion

LISTED = CHARGE.replace(
    'type = "string", maxLength = 200, x-offence = true', 'enum = ["theft", "speech"], x-offence = {}'
)
ONE = '{ en = "a", fr = "a", nl = "a", ar = "a" }'
WORDS = f"x-values = {{ theft = {ONE}, speech = {ONE} }}, "


def listed(words: str) -> tuple[str, str]:
    return OPENING, OPENING + LISTED.replace("{}", words, 1).replace("x-labels", WORDS + "x-labels") + FOUR + "\n"


def test_a_word_of_a_list_that_is_one_of_opinion_needs_a_second_approver() -> None:
    kind = read(listed('["speech"]'))
    content = samples.listed_notice(type="sample")
    for word, where in (("theft", []), ("speech", ["four_eyes.second"])):
        content["body"]["charge"] = word
        assert [one.path for one in problems(content, kind, now=NOW)] == where
    content["four_eyes"] = {**content["four_eyes"], "second": "be-099"}
    assert problems(content, kind, now=NOW) == ()


@pytest.mark.parametrize("words", ["true", "[]", '["opinion"]', '"speech"'])
def test_such_words_are_words_of_the_list(words: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read(listed(words))
    assert (caught.value.path, caught.value.expected) == (
        "acts.notice.body.properties.charge.x-offence",
        "words of the list",
    )
