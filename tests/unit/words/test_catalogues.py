"""What is wrong with a translation is said."""

import pytest
from babel.messages.catalog import Message

from passerelle.core.words import ERRORS
from tools.words import catalogues
from tools.words.catalogues import LANGUAGES, forms, problems
from tools.words.find import all_texts


def wrong(text, string, language="fr", context=None, flags=()):
    return list(problems(Message(text, string, context=context, flags=flags), language))


def test_good_translations():
    assert wrong("draft {draft} waits", "le projet {draft} attend") == []
    assert wrong(("{count} day", "{count} days"), ("{count} jour", "{count} jours")) == []
    assert wrong("a { alone", "une { seule") == []
    six = ("{count} يوم", "يوم واحد", "يومان", "{count} أيام", "{count} يوما", "{count} يوم")
    assert wrong(("{count} day", "{count} days"), six, "ar") == []


@pytest.mark.parametrize(
    ("text", "string", "said"),
    [
        ("draft {draft}", "", "not translated"),
        (("{count} day", "{count} days"), ("{count} jour", ""), "not translated"),
        ("draft {draft} of {by}", "projet {draft} de {author}", "expected the fields ['by', 'draft']"),
        ("draft {draft}", "projet {draft", "braces that do not match"),
        (" and ", "et", "other white space at the ends"),
        ("open", "ouvert\u202e", "a character that acts on a terminal, U+202E"),
        (
            ("{count} day of {by}", "{count} days of {by}"),
            ("{count} jour", "{count} jours"),
            "expected the fields ['by']",
        ),
    ],
)
def test_wrong_translations(text, string, said):
    assert any(said in problem for problem in wrong(text, string)), wrong(text, string)


def test_what_else_is_wrong():
    assert wrong("open", "ouvert", flags=("fuzzy",)) == ["to be looked at again (fuzzy)"]
    assert wrong(("{count} day", "{count} days"), ("{count} يوم", "{count} أيام"), "ar") == [
        "expected 6 plural forms, got 2"
    ]
    assert wrong("expected {{x}}", "attendu {x}", context=ERRORS) == ["expected the fields [], got ['x']"]


def test_plural_forms():
    assert [forms(language) for language in LANGUAGES] == [2, 2, 6]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_source_is_translated_and_compiled(language):
    assert list(catalogues.wrong(all_texts(), language)) == []
