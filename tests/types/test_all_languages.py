"""Everything that a type says is there in four languages: forms, the description, every label and help."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from passerelle.cli.forms import example_of, toml_of
from passerelle.dossiers.shapes import LANGUAGES, Labels
from passerelle.dossiers.timeline import describe
from tests.types import Sample, every


def labels_of(sample: Sample) -> Iterator[tuple[str, Labels | dict[str, str]]]:
    """Each text of a type in four languages, with its place."""
    kind = sample.kind
    for what, one in [("type", kind), *kind.states.items(), *kind.acts.items()]:
        yield f"{what}.labels", one.labels
        yield f"{what}.help", one.help
    yield from ((f"{name}.labels", one.labels) for name, one in (*kind.deadlines.items(), *kind.figures.items()))
    yield from kind.grounds.items()
    for act in kind.acts.values():
        yield from ((f"{act.name}.attest.{name}", one) for name, one in act.attest.items())
        yield from _annotations(act.schema, act.name)


def _annotations(schema: Any, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name in ("x-labels", "x-help"):
                yield f"{path}.{name}", value
            elif name == "x-values":
                yield from ((f"{path}.{name}.{word}", one) for word, one in value.items())
            else:
                yield from _annotations(value, f"{path}.{name}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from _annotations(value, f"{path}[{number}]")


def text_of(labels: Labels | dict[str, str], language: Any) -> str:
    return labels.get(language, "") if isinstance(labels, dict) else labels.text(language)


def arabic(text: str) -> bool:
    """Whether the letters are Arabic ones, but for codes and names that have no Arabic form."""
    letters = [one for one in text if one.isalpha()]
    return sum("ARABIC" in unicodedata.name(one, "") for one in letters) * 2 > len(letters)


def latin(text: str) -> bool:
    return not any("ARABIC" in unicodedata.name(one, "") for one in text if one.isalpha())


@pytest.mark.parametrize("sample", every("languages"))
def test_every_text_is_there_in_four_languages_and_in_its_script(sample: Sample) -> None:
    for path, labels in labels_of(sample):
        for language in LANGUAGES:
            text = text_of(labels, language)
            assert text == text.strip() != "", (path, language)
            assert arabic(text) if language == "ar" else latin(text), (path, language, text)


@pytest.mark.parametrize("sample", every("languages"))
def test_no_two_states_acts_or_deadlines_are_called_alike(sample: Sample) -> None:
    kind = sample.kind
    for many in (kind.states, kind.acts, kind.deadlines, kind.grounds):
        for language in LANGUAGES:
            labels = [one if isinstance(one, Labels) else one.labels for one in many.values()]
            called = [one.text(language).casefold() for one in labels]
            assert sorted({one for one in called if called.count(one) > 1}) == [], language


@pytest.mark.parametrize("sample", every("languages"))
def test_forms_and_description_speak_each_language(sample: Sample) -> None:
    kind = sample.kind
    for language in LANGUAGES:
        told = describe(kind, language)
        for many in (kind.states, kind.acts, kind.deadlines):
            assert all(one.labels.text(language) in told for one in many.values())
        assert all(one.text(language) in told for one in kind.grounds.values())
        for act in kind.acts.values():
            form = toml_of(kind, act, example_of(kind, act, language, blank=True), language)
            assert act.labels.text(language) in form
            assert act.help.text(language) in form
            for field in act.schema.get("required", ()):
                schema = act.schema["properties"][field]
                assert schema["x-labels"][language] in form, (act.name, field)
