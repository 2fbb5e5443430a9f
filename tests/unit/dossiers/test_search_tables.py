"""What becomes of a hit of a blind search: three fields prove it, together or not at all, and words answer it."""

import re
from importlib import resources
from typing import Any

import pytest

from passerelle.core.clock import from_iso
from passerelle.core.words import speaking
from passerelle.dossiers.common import Common
from passerelle.dossiers.consistency import check
from passerelle.dossiers.content import problems
from passerelle.dossiers.reading import Reader
from passerelle.dossiers.schema import CatalogueError
from passerelle.dossiers.shapes import Answers, DossierType, SearchRule
from passerelle.dossiers.timeline import describe
from passerelle.dossiers.types import Catalogue
from tests.types import border_data, organised_crime, terrorism

SHIPPED = resources.files("passerelle.catalogue")
COMMON = Common(*((SHIPPED / name).read_bytes() for name in ("envelope.toml", "common.toml")))
RIGHT = (SHIPPED / "organised-crime.toml").read_text("utf-8")
INDEX = next(line for line in RIGHT.splitlines() if line.startswith("index = "))
OPENS = 'opens = "request"'
TIE = """when = { present = ["claim"] }
then = { fields = ["index", "reference"], persons = 1 }
otherwise = "nothing"
"""

# What stands there, what is put instead, the path of the refusal, and a part of what was expected and found.
BROKEN = {
    "no such act": (OPENS, 'opens = "ask"', "search.opens", "got ask"),
    "an act that opens nothing": (OPENS, 'opens = "seizure"', "search.opens", "got seizure"),
    "an act without these fields": (
        OPENS,
        'opens = "information"',
        "acts.information.body.properties.index",
        "a text of ^[a-z0-9][a-z0-9-]{0,63}$, got none",
    ),
    "a reference of another form": ("{16}$", "{12}$", "acts.request.body.properties.reference", "{16}$, got another"),
    "a claim of another form": ("{64}$", "{32}$", "acts.request.body.properties.claim", "{64}$, got another"),
    "a claim that no channel could do without": (
        'required = ["phenomenon", "offence", "facts", "questions"]',
        'required = ["phenomenon", "offence", "facts", "questions", "claim"]',
        "acts.request.body.required",
        "got claim",
    ),
    "fields that may stand alone": (
        TIE,
        TIE.replace(', "reference"]', "]"),
        "acts.request.demands",
        "fields = [index, reference]",
    ),
    "fields that need no claim": (
        'persons = 1 }\notherwise = "nothing"',
        "persons = 1 }",
        "acts.request.demands",
        "got none",
    ),
    "an answer that is no act": ('act = "reply"', 'act = "say"', "search.answers.act", "got say"),
    "an answer of who asked": ('act = "reply"', 'act = "remind"', "search.answers.confirmed.where", "got hit_outcome"),
    "an act of the asking side": (
        '{ act = "reply"',
        '{ act = "propose-operation"',
        "search.answers.act",
        "got propose-operation",
    ),
    "a field that is not there": (
        'field = "hit_outcome"',
        'field = "outcome"',
        "search.answers.confirmed.where",
        "one of text, hit_outcome, got outcome",
    ),
    "a word that cannot be": (
        'confirmed = ["confirmed"]',
        'confirmed = ["yes"]',
        "search.answers.confirmed.where.hit_outcome",
        "one of confirmed, not-the-person, got yes",
    ),
    "no word for a false hit": (
        'rejected = ["not-the-person"]',
        "rejected = []",
        "search.answers.rejected",
        "at least one word",
    ),
    "a word that means both": (
        'rejected = ["not-the-person"]',
        'rejected = ["confirmed", "not-the-person"]',
        "search.answers.rejected",
        "words that do not confirm, got confirmed",
    ),
    "another key": (OPENS, OPENS + '\nscore = "high"', "search.score", "a known key"),
}


def read(text: str) -> DossierType:
    kind = Reader(text.encode(), "organised-crime.toml", COMMON).read()
    check(kind, "organised-crime.toml")
    return kind


def test_the_types_that_open_with_a_hit() -> None:
    said = Answers("reply", "hit_outcome", ("confirmed",), ("not-the-person",))
    known = {kind.name: kind.search for kind in Catalogue.load() if kind.search}
    assert known == {
        "border-data": SearchRule(
            "screening-hit",
            True,
            Answers("hit-follow-up", "outcome", ("confirmed",), ("not-the-person", "not-the-document")),
        ),
        "organised-crime": SearchRule("request", False, said),
        "terrorism": SearchRule("request", False, said),
    }


def test_the_description_says_it() -> None:
    with speaking("en"):
        assert "A hit of a blind search opens one with: Request information" in describe(read(RIGHT), "en")


@pytest.mark.parametrize("name", BROKEN)
def test_what_contradicts_itself_does_not_load_and_says_why(name: str) -> None:
    old, new, path, words = BROKEN[name]
    assert old in RIGHT
    with pytest.raises(CatalogueError, match=re.escape(words)) as caught:
        read(RIGHT.replace(old, new, 1))
    assert caught.value.path == path


HIT = {"index": "wanted-persons", "reference": "0123456789012345", "claim": "12" * 32}


@pytest.mark.parametrize("left", [(), ("index",), ("reference",), ("claim",), ("index", "reference", "claim")])
@pytest.mark.parametrize("sample", ["border-data", "organised-crime", "terrorism"], indirect=True)
def test_a_hit_is_proven_in_full_or_not_said(sample: Any, left: tuple[str, ...]) -> None:
    kind = sample.kind
    content = sample.act(kind.search.opens)
    body = {**content["body"], **HIT}
    content["body"] = {name: value for name, value in body.items() if name not in left}
    found = [one.path for one in problems(content, kind, now=from_iso("2026-11-21T20:51:49.123Z"))]
    whole = not left or left == (("index", "claim") if kind.search.always else ("index", "reference", "claim"))
    assert (found == []) == whole


@pytest.fixture
def sample(request: pytest.FixtureRequest) -> Any:
    samples = (border_data.SAMPLE, organised_crime.SAMPLE, terrorism.SAMPLE)
    return next(one for one in samples if one.name == request.param)
