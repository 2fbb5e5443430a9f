"""What Arabic output looks like after the bidirectional algorithm, as a terminal that knows it shows it."""

import re

import pytest
from bidi import get_display

from passerelle.core import words
from tests.unit.cli.scene import call, ok
from tests.unit.cli.test_cli_terminal import on_terminal
from tests.unit.core.test_words import balanced

MARKS = re.compile("[\u200e\u2066-\u2069]")


@pytest.fixture(autouse=True)
def _arabic(monkeypatch):
    monkeypatch.setenv("PASSERELLE_LANGUAGE", "ar")


def displayed(text):
    """The lines as they are seen, from left to right."""
    return [MARKS.sub("", get_display(line)) for line in text.splitlines()]


def test_what_is_filled_in_keeps_its_order():
    with words.speaking("ar"):
        for value in ("019ab3-17", "BE-2026/0017", "2026-11-21T20:51:49Z", "نادية", "1,2,3", "(a) b."):
            made = words.filled("المسودة {value} من {other}.", {"value": value, "other": "be"})
            assert balanced(made)
            seen = displayed(made)[0]
            assert (value if value.isascii() else value[::-1]) in seen  # a name runs from the right, a number does not
            assert seen.startswith(".be ")  # the sentence ends on the left


def test_columns_keep_their_order(partners):
    out = ok("partner", "list", partners.be, "--language", "ar").out
    assert balanced(out)
    rows = out.splitlines()
    assert all(row.startswith("\u200e") for row in rows)
    seen = displayed(out)
    assert seen[1].startswith("ma ")
    assert seen[1].index("MA") < seen[1].index(ok("partner", "list", partners.be, "--json").json[0]["fingerprint"][:5])
    # Heads and cells begin at the same places.
    heads, cells = (MARKS.sub("", row) for row in rows[:2])
    assert heads.index(heads.split("  ")[1].strip() or " ") == cells.index("MA")


@pytest.mark.parametrize("arguments", [("queue",), ("partner", "list"), ("link", "list"), ("dossier", "list")])
def test_isolates_are_balanced_everywhere(partners, arguments):
    partners.open()
    typed = (*arguments, partners.be, "--language", "ar")
    for seen in (ok(*typed).out, on_terminal(*typed)):
        assert balanced(seen)
        assert "\ufffd" not in seen


def test_rows_of_help_keep_their_columns():
    out = ok("link", "reopen", "--help").out
    assert balanced(out.replace("\u2067", "\u2068"))
    row = next(line for line in displayed(out) if "--reason" in line)
    assert row.startswith("  --reason")


def test_an_id_copied_out_of_a_sentence_is_found(partners):
    assert call("partner", "show", partners.be, "\u2068ma\u2069").code == 0
