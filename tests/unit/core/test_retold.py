"""What the node wrote in English, told in the language in use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.core import words
from passerelle.core.retold import Template, in_a_row, retold
from tests.unit.core.test_words import balanced


@pytest.fixture(autouse=True)
def _french():
    with words.speaking("fr"):
        yield


def test_texts_in_a_row_are_parted_as_each_language_does():
    assert in_a_row(["a b", "c d"]) == "a b\u00a0; c d"
    words.use("ar")
    assert in_a_row(["ا ب", "ت ث"]) == "ا ب؛ ت ث"
    words.use("nl")
    assert in_a_row(["a b", "c d"]) == "a b; c d"


def test_english_is_left_alone():
    words.use("en")
    assert retold("expected a known partner, got 'x'") == "expected a known partner, got 'x'"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("expected a known partner, got 'x'", "attendu\u00a0: un partenaire connu\u00a0; reçu\u00a0: 'x'"),
        # a text inside a text, the prefix that says most first
        (
            "receipt of ma: entry 3: expected 10 bytes of content, got 9",
            "récépissé de ma\u00a0: inscription 3\u00a0: attendu\u00a0: 10 octets de contenu\u00a0; reçu\u00a0: 9",
        ),
        # words of a closed list in a field
        (
            "expected the agreement 3fa4 to be known, got nothing",
            "attendu\u00a0: que l'accord 3fa4 soit connu\u00a0; reçu\u00a0: rien",
        ),
        # a prefix that no template has
        (
            "/srv/be: expected the keys of its identity file, got others",
            "/srv/be: attendu\u00a0: les clés de son fichier d'identité\u00a0; reçu\u00a0: d'autres",
        ),
    ],
)
def test_texts_of_the_node(text, told):
    assert retold(text) == told


def test_several_errors_in_one_line():
    told = retold("purpose: expected one of a, b, got nothing; basis: expected one of c, got nothing")
    assert told.count("attendu") == 2
    assert "expected" not in told


@pytest.mark.parametrize("text", ["", "what a person wrote", "a: b", "awaited", "{field} of a person", "x" * 5000])
def test_other_texts_stay(text):
    assert retold(text) == text


@pytest.mark.parametrize("language", ["fr", "nl", "ar"])
@given(*[st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=60)] * 2)
def test_nothing_that_a_field_holds_is_lost(language, one, two):
    text = f"expected {one}, got {two}"
    with words.speaking(language):
        told = retold(f"act: {text}")
    if language == "ar":
        assert balanced(told)
        return
    for value in (one, two):
        for word in (word for word in value.split() if not word.isascii()):
            assert word in told


def test_a_template_finds_its_fields():
    one = Template("entry {index}: {error}", "inscription {index} : {error}")
    assert one.match("entry 3: expected: more") == {"index": "3", "error": "expected: more"}
    assert one.match("entry 3") is None
    assert Template("a {{b}} {c}").match("a {b} x") == {"c": "x"}
