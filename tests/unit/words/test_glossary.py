"""The terms of the glossary are those of the catalogues and of the dossier types."""

import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from tools.words import catalogues

GLOSSARY = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text("utf-8")
LANGUAGES = ("fr", "nl", "ar")


def terms():
    """Each English term with its French, Dutch and Arabic."""
    for line in GLOSSARY.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and line.startswith("|") and cells[0] not in ("English", "---"):
            english = [plain(one) for one in re.sub(r"\(.*?\)", "", cells[0]).split(",")]
            others = [re.split(r"[,،]", re.sub(r"\(.*?\)", "", cell)) for cell in cells[1:4]]
            for place, one in enumerate(english):
                if all(len(cell) == len(english) for cell in others):
                    yield one, tuple(plain(cell[place]) for cell in others)


def plain(text):
    """A term as it is compared: without capitals and articles."""
    made = text.strip().casefold().removeprefix("to ")
    return re.sub(r"(^|\s)ال", r"\1", made).replace("l'", "")


def same(one, two):
    """Whether two terms are one, an inflection aside."""
    short, long = sorted((one, two), key=len)
    return long.startswith(short) and len(long) - len(short) <= 1


TERMS = dict(terms())


def labels():
    """Every text that a dossier type has in four languages."""

    def texts(value):
        if isinstance(value, dict):
            if {"en", "fr", "nl", "ar"} <= value.keys():
                yield value
            for child in value.values():
                yield from texts(child)
        elif isinstance(value, list):
            for child in value:
                yield from texts(child)

    for file in resources.files("passerelle.catalogue").iterdir():
        if file.name.endswith(".toml"):
            data = tomllib.loads(file.read_text("utf-8"))
            for act in data.get("acts", {}).values():
                act.pop("labels", None)  # what one does; the glossary names things
            yield from texts(data)


def test_the_glossary_is_read():
    assert len(TERMS) > 80
    assert TERMS["channel"] == ("canal", "kanaal", "قناة")
    assert TERMS["release"] == ("validation de envoi", "vrijgave", "إذن بالإرسال")


@pytest.mark.parametrize("place", range(3), ids=LANGUAGES)
def test_the_catalogues_use_its_terms(place):
    compared = 0
    for message in catalogues.read(LANGUAGES[place]):
        if message.context is None and isinstance(message.id, str) and plain(message.id) in TERMS and message.string:
            compared += 1
            assert same(plain(message.string), TERMS[plain(message.id)][place]), message.id
    assert compared > 10


@pytest.mark.parametrize("place", range(3), ids=LANGUAGES)
def test_the_dossier_types_use_its_terms(place):
    compared = 0
    for one in labels():
        if plain(one["en"]) in TERMS:
            compared += 1
            assert same(plain(one[LANGUAGES[place]]), TERMS[plain(one["en"])][place]), one
    assert compared > 5
