"""Texts in the language in use: which language, what is filled in, what direction mixing cannot do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.core import words
from passerelle.core.errors import InputError
from passerelle.core.text import visible
from passerelle.core.words import N_, _, n_

OPEN, CLOSE = "\u2068", "\u2069"


def balanced(text: str) -> bool:
    for line in text.split("\n"):
        depth = 0
        for letter in line:
            depth += (letter == OPEN) - (letter == CLOSE)
            if depth < 0:
                return False
        if depth:
            return False
    return True


def test_english_is_the_text_of_the_code():
    assert words.language() == "en"
    assert _("draft {draft} waits", draft="019a") == "draft 019a waits"
    assert _("{ of a text without fields") == "{ of a text without fields"
    assert _("") == ""
    assert n_("{count} message", "{count} messages", 1) == "1 message"
    assert n_("{count} message to {to}", "{count} messages to {to}", 2, to="ma") == "2 messages to ma"
    assert N_("open") == "open"


def test_a_language_belongs_to_its_block():
    with words.speaking("fr"):
        assert words.language() == "fr"
        words.use("ar")
        assert words.language() == "ar"
    assert words.language() == "en"
    with pytest.raises(InputError, match=r"expected one of en, fr, nl, ar, got 'de'"):
        words.use("de")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "fr_BE.UTF-8"}, "fr"),
        ({"LANG": "nl_BE@euro", "LC_MESSAGES": "ar_MA.UTF-8"}, "ar"),
        ({"LC_ALL": "C", "LANG": "fr_BE.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "fr"}, "fr"),
        ({"PASSERELLE_LANGUAGE": "nl", "LC_ALL": "fr_BE"}, "nl"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "AR-MA"}, "ar"),
    ],
)
def test_the_language_that_the_environment_asks_for(environment, language):
    assert words.from_environment(environment) == language


def test_a_name_from_right_to_left_is_isolated_in_every_language():
    assert _("signed by {by} on {day}", by="نادية", day=5) == f"signed by {OPEN}نادية{CLOSE} on 5"


def test_every_field_is_isolated_in_arabic():
    with words.speaking("ar"):
        assert words.filled("رسالة {id} إلى {to}", {"id": "019a", "to": 3}) == (
            f"رسالة {OPEN}019a{CLOSE} إلى {OPEN}3{CLOSE}"
        )
        assert words.filled("{note}", {"note": "a\nb"}) == f"{OPEN}a{CLOSE}\n{OPEN}b{CLOSE}"


@given(st.text(st.sampled_from("aب1 \n\u2066\u2067\u2068\u2069\u202e\x1b")))
def test_no_field_closes_its_isolate(value):
    with words.speaking("ar"):
        made = words.filled("س {field} ص", {"field": value})
    assert balanced(made)
    assert visible(made) == made
    first, *_more, last = made.split(" ")
    assert (first, last) == ("س", "ص")
    if value.strip("\n"):
        assert OPEN in made
        assert CLOSE in made


@given(st.text(st.sampled_from("ab\n\u2066\u2067\u2068\u2069\u202e\x1b")))
def test_what_is_shown_is_balanced(text):
    seen = visible(text)
    assert balanced(seen)
    assert not set(seen) & set("\u2066\u2067\u202e\x1b")
    assert visible(seen) == seen
    assert len(seen) == len(text)
