"""The log says what its table says, and nothing that came from elsewhere."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.core import log, retold
from passerelle.core.log import EVENTS, Journal, fields_of

SOURCE = Path(__file__).parents[3] / "src" / "passerelle"
MARK = "Jan Janssens, 86.03.14-123.45 / 19860314"
TEMPLATES, EXACT = retold._catalogue("fr")


def said():
    """Every event that the source says, with the names of its fields."""
    for file in SOURCE.rglob("*.py"):
        for call in (one for one in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(one, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in ("say", "_say") and "instruments" not in file.parts and "demo" not in file.parts:
                words = [
                    one.value for first in call.args[:1] for one in ast.walk(first) if isinstance(one, ast.Constant)
                ]
                for word in filter(lambda one: isinstance(one, str), words):
                    if re.fullmatch(r"[a-z]+\.[a-z-]+", word):
                        yield word, {one.arg for one in call.keywords}, f"{file.name}:{call.lineno}"


def test_every_event_is_in_the_table_and_no_other():
    found = list(said())
    for event, fields, where in found:
        assert event in EVENTS, where
        assert fields - {None} <= EVENTS[event].keys(), where
    assert {event for event, _, _ in found} == set(EVENTS)
    assert {kind for fields in EVENTS.values() for kind in fields.values()} <= set(log.KINDS)


@pytest.mark.parametrize(("event", "given_"), [("node.exploded", {}), ("node.stopped", {"person": "ann"})])
def test_what_is_not_in_the_table_is_a_mistake(event, given_):
    with pytest.raises(TypeError, match="expected an event"):
        fields_of(event, given_)


@given(st.sampled_from(TEMPLATES), st.sampled_from([MARK, "Jan", "19860314", "Jan: Janssens; Jan", "Jan\nJanssens"]))
def test_no_template_lets_through_what_stands_in_its_fields(template, value):
    text = "".join(part + value for part in template.parts[:-1]) + template.parts[-1]
    for words in (text, f"check 9 (content): {text}", f"{value}: {text}; {text}"):
        told = retold.without_fields(words)
        source = "".join(template.parts)
        assert "Jan" not in told or "Jan" in source
        assert "19860314" not in told


@given(st.text(max_size=200))
def test_a_text_of_nobody_here_is_not_told(text):
    told = retold.without_fields(text)
    assert not told or told == text or "…" in told or text in EXACT


def test_words_and_small_numbers_are_told():
    told = retold.without_fields("https://node.example.ma:8443: cannot be reached: Connection refused")
    assert told == "…: cannot be reached: Connection refused"
    assert retold.without_fields("expected generation 2, got 1") == "expected generation 2, got 1"


def test_fields_are_bounded_and_of_their_kind():
    fields = fields_of("send.failed", {"partner": "Ma\n", "lane": "x" * 100, "next_ms": "5", "reason": MARK})
    assert fields == {"partner": "…", "lane": "…", "next_ms": 0, "reason": "…"}
    assert fields_of("part.failed", {"part": "audit", "reason": OSError(28, MARK)})["reason"] == "OSError: …"


def test_what_strangers_cause_is_bounded():
    now, lines = [0.0], []
    say = Journal(lambda event, fields: lines.append(fields), lambda: now[0])
    for _ in range(1000):
        say("partner.later", path="batch", why="memory")
    assert len(lines) == log.A_SECOND
    now[0] = 1.0
    say("partner.later", path="batch", why="memory")
    assert lines[-1]["left_out"] == 1000 - log.A_SECOND
    for _ in range(1000):
        say("node.stopped", node="be")
    assert len(lines) == log.A_SECOND + 1001
