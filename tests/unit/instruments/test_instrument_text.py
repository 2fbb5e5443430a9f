import json

import pytest

from passerelle.core import words
from passerelle.core.clock import to_iso
from passerelle.instruments.decide import decide
from passerelle.instruments.kinds import KINDS
from passerelle.instruments.model import parse
from passerelle.instruments.standing import standing
from passerelle.instruments.text import Change, difference, explain, labels, render, render_difference, show
from passerelle.instruments.verdict import CODES
from tests.unit.instruments.samples import (
    NOW,
    PROPOSED,
    SIGNED,
    agreement,
    channel,
    prepared,
    proposed,
    request,
    signed,
)


@pytest.fixture(autouse=True)
def _in_english():
    with words.speaking("en"):
        yield


AGREEMENT = signed(agreement())
SEARCH = {"purposes": ["criminal-investigation"], "categories": ["wanted"], "quota": {"burst": 512, "day": 9000}}
UNDER = standing(AGREEMENT)


def scalars(value):
    if isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from scalars(child)
    else:
        yield str(value)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_whole_text_is_shown(language):
    words.use(language)
    named = {raw: text for values in labels()["values"].values() for raw, text in values.items()}
    types = {"x": {"digest": "11" * 32, "deadlines": {"answer": "PT8H"}}}
    for body in (agreement(), channel(AGREEMENT.digest, types, links=["aa" * 32], search=SEARCH)):
        text = render(parse(body))
        for scalar in scalars(json.loads(body)):
            assert scalar in text or named[scalar] in text


def test_some_lines():
    text = render(parse(channel(AGREEMENT.digest, {"x": {"digest": "11" * 32, "deadlines": {"answer": "P1DT8H"}}})))
    for line in (
        "Title: Wanted persons",
        "Kept at most: 2 years (P2Y)",
        "      answer: 1 day 8 hours (P1DT8H)",
        "    Acts: all acts of the type",
        "    - be: restricted, ma: diffusion-restreinte",
        "      Ground: appropriate safeguards",
    ):
        assert line in text.splitlines()
    shown = render(parse(channel(AGREEMENT.digest, search=SEARCH))).splitlines()
    at = shown.index("Blind search:")
    assert shown[at + 1 : at + 6] == [
        "  Purposes: criminal-investigation",
        "  Categories of the persons of an index: wanted",
        "  Elements that one side may ask of an index:",
        "    at once: 512",
        "    a day (UTC): 9000",
    ]
    assert "  - 7(1): Tracing of wanted persons" in render(parse(agreement())).splitlines()


def paths(schema, whole, path=""):
    while "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    for key, child in schema.get("properties", {}).items():
        yield path + key
        yield from paths(child, whole, f"{path}{key}.")
    if isinstance(schema.get("additionalProperties"), dict):
        yield f"{path}*"
        yield from paths(schema["additionalProperties"], whole, f"{path}*.")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_key_and_code_has_a_label(language):
    words.use(language)
    table = labels()
    for kind in KINDS.values():
        assert set(paths(kind.schema, kind.schema)) <= table["fields"].keys()
    assert table["codes"].keys() == CODES.keys()


def test_lines_of_the_text_cannot_pass_for_ours():
    territory = "Belgium\nSigned by ma at 2026-01-01T00:00:00.000Z"
    body = agreement(scope={"be": {"territory": territory}})
    assert not [line for line in render(parse(body)).splitlines() if line.startswith("Signed by ma")]
    record = signed(channel(AGREEMENT.digest), terminated=NOW, terminated_by="ma", reason="no\nSigned by fr")
    assert "\nSigned by fr" not in show(record, standing(record, UNDER), NOW)


def shown(record, under=UNDER, successors=(), now=NOW):
    text = show(record, standing(record, under, successors), now)
    head, _, body = text.partition("\n\n")
    assert body == render(parse(record.body))
    return head.splitlines()


def test_show_a_proposal():
    record = proposed(channel(AGREEMENT.digest), by="ma")
    assert shown(record) == [
        f"Digest: {record.digest}",
        "NOT IN FORCE, and never was",
        "Lacking: channel: expected signed by be, got no signature",
        "Lacking: channel: expected signed by ma, got no signature",
        f"Proposed by ma at {to_iso(PROPOSED)}",
        "Not signed by be (this node)",
        "Not signed by ma",
        f"Under the agreement {AGREEMENT.digest}: Convention on police cooperation",
    ]


def test_show_what_is_in_force():
    record = signed(channel(AGREEMENT.digest))
    lines = shown(record)
    assert "IN FORCE since 2026-01-01T00:00:00.000Z, until 2028-01-01T00:00:00.000Z" in lines
    assert f"Signed by be (this node) at {to_iso(SIGNED)}; ma has receipted it" in lines
    assert f"Signed by ma at {to_iso(SIGNED)}" in lines
    assert "NOT YET IN FORCE: from 2026-01-01T00:00:00.000Z, until 2028-01-01T00:00:00.000Z" in shown(
        record, now=SIGNED
    )
    assert "IN FORCE since 2025-12-01T09:00:00.000Z, until it is ended" in shown(AGREEMENT, None)


def test_show_what_is_lacking_only_to_send():
    record = signed(channel(AGREEMENT.digest), own_cosigned=False)
    lines = shown(record)
    assert f"Signed by be (this node) at {to_iso(SIGNED)}; ma has not receipted it yet" in lines
    assert "Lacking to send: channel: expected the signature of be receipted by ma, got no receipt" in lines


def test_show_the_end():
    old = signed(channel(AGREEMENT.digest))
    new = signed(channel(AGREEMENT.digest, title="Second", supersedes=old.digest), at=NOW - 1000)
    successor = standing(new, UNDER)
    assert f"Superseded by {new.digest} from {to_iso(NOW - 1000)}" in shown(old, successors=[successor])
    assert f"Supersedes {old.digest}" in shown(new)
    gone = signed(channel(AGREEMENT.digest), terminated=NOW, terminated_by="ma", reason="moved on")
    lines = shown(gone)
    assert f"Terminated by ma, from {to_iso(NOW)}: moved on" in lines
    assert any(line.startswith("NO LONGER IN FORCE") for line in lines)
    refused = signed(channel(AGREEMENT.digest), own_signed=0, rejected=NOW, rejected_by="be", reason="too wide")
    assert f"Rejected by be (this node) at {to_iso(NOW)}: too wide" in shown(refused)
    assert f"Under the agreement {AGREEMENT.digest}, which this node does not have" in shown(old, None)


def test_difference():
    old = parse(channel(AGREEMENT.digest))
    new = parse(
        channel(
            AGREEMENT.digest,
            {"wanted-trace": {"digest": "33" * 32, "four_eyes": ["request"]}},
            purposes=["prosecution", "criminal-investigation", "extradition"],
            retention="P1Y",
            supersedes=old.digest,
        )
    )
    assert difference(old, new) == [
        Change("purposes", "execution-of-sentences", None),
        Change("purposes", "tracing-wanted-persons", None),
        Change("purposes", None, "extradition"),
        Change("purposes", json.loads(old.body)["purposes"], json.loads(new.body)["purposes"]),
        Change("retention", "P2Y", "P1Y"),
        Change("supersedes", None, old.digest),
        Change("types.listed-person", json.loads(old.body)["types"]["listed-person"], None),
        Change("types.wanted-trace.digest", "11" * 32, "33" * 32),
        Change("types.wanted-trace.four_eyes", None, ["request"]),
    ]
    lines = render_difference(difference(old, new)).splitlines()
    assert "retention: P2Y -> P1Y" in lines
    assert "purposes: removed execution-of-sentences" in lines
    assert "purposes: added extradition" in lines


def test_difference_of_articles_is_by_number():
    articles = json.loads(agreement())["articles"]
    new = agreement(articles=[articles[0], {"number": "7(1)", "subject": "Finding wanted persons"}, *articles[2:]])
    assert difference(parse(agreement()), parse(new)) == [
        Change("articles[7(1)].subject", "Tracing of wanted persons", "Finding wanted persons")
    ]


def test_difference_of_levels_is_by_place():
    levels = json.loads(channel(AGREEMENT.digest))["classification"]["levels"]
    new = parse(channel(AGREEMENT.digest, classification={"levels": levels[:2]}))
    changes = difference(parse(channel(AGREEMENT.digest)), new)
    assert changes == [Change("classification.levels.2", levels[2], None)]


def test_no_difference():
    made = parse(agreement())
    assert difference(made, made) == []
    assert render_difference([]) == "No difference.\n"


def test_reasons_in_words():
    here = prepared(channel(AGREEMENT.digest), agreement(), partner="be")
    [reason] = decide(request(purpose="return"), here, NOW).reasons
    assert explain(reason).startswith("the channel does not serve this purpose (purpose: return; one of ")
