"""Bundles of STIX 2.1: what the standard asks for, what a person's data would need, markings and patterns."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.dossiers import stix_pattern
from passerelle.dossiers.stix import Stix
from passerelle.dossiers.stix_objects import EXTENSIONS, OBJECTS, TLP, TLP_EXTENSION, TLP_ORDER
from tests.types.cyber import AMBER, INDICATOR, MADE, bundle
from tests.types.cyber import OBJECTS as SAMPLE

CHECK = Stix(field="bundle", tlp="tlp", pap="pap", objects=tuple(OBJECTS))
Content = dict[str, Any]


def told(text: str, tlp: str = "amber", pap: str = "green", check: Stix = CHECK) -> list[str]:
    return [str(one) for one in check.problems({"body": {"bundle": text, "tlp": tlp, "pap": pap}})]


def paths(text: str, **words: str) -> list[str]:
    return [one.split(": expected")[0].removeprefix("body.bundle.") for one in told(text, **words)]


def changed(number: int, **changes: Any) -> str:
    """The sample's bundle with other properties in one object; None takes one away."""
    objects = deepcopy(SAMPLE)
    objects[number] = {name: one for name, one in {**objects[number], **changes}.items() if one is not None}
    return bundle(*objects)


def observable(kind: str, **properties: Any) -> str:
    return bundle({"type": kind, "id": f"{kind}--1e2d3c4b-5a69-5788-96a5-b4c3d2e1f005", **properties})


def domain(kind: str, **properties: Any) -> str:
    return bundle({"type": kind, "id": f"{kind}--0d5c9f4a-6f6e-4b1b-8a55-5d2f1e7c9a06", **MADE, **properties})


def test_the_sample_is_a_bundle() -> None:
    assert told(bundle()) == []
    assert told(bundle(id="bundle--x")) == ["body.bundle.id: expected an id like bundle--UUID, got bundle--x"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "7",
        '{"type": "bundle"}',
        bundle(spec_version="2.0"),
        bundle(objects=[]),
        bundle(objects={}),
        bundle(objects=[7]),
        bundle(objects=SAMPLE * 101),
        bundle().replace('"type": "bundle"', '"type": "bundle", "type": "bundle"'),
        '{"a": ' * 40 + "1" + "}" * 40,
        bundle().replace("6.2", "1e999"),
        bundle().replace("6.2", "NaN"),
    ],
)
def test_what_is_no_bundle_is_refused_and_told_in_few_words(text: str) -> None:
    [problem] = told(text) or [""]
    assert problem.startswith("body.bundle")
    assert len(problem) < 900


@pytest.mark.parametrize(
    ("number", "changes", "path"),
    [
        (1, {"id": "indicator--7"}, "objects[1].id"),
        (1, {"id": MADE["created"]}, "objects[1].id"),
        (1, {"id": "malware--0d5c9f4a-6f6e-4b1b-8a55-5d2f1e7c9a02"}, "objects[1].id"),
        (1, {"spec_version": "2.0"}, "objects[1].spec_version"),
        (1, {"created": None}, "objects[1].created"),
        (1, {"pattern": None}, "objects[1].pattern"),
        (1, {"valid_from": None}, "objects[1].valid_from"),
        (1, {"valid_from": "2026-02-30T00:00:00Z"}, "objects[1].valid_from"),
        (1, {"valid_from": "2026-11-20"}, "objects[1].valid_from"),
        (1, {"valid_until": "2026-11-19T00:00:00Z"}, "objects[1].valid_until"),
        (1, {"modified": "2026-11-20T07:59:59.999Z"}, "objects[1].modified"),
        (1, {"confidence": 101}, "objects[1].confidence"),
        (1, {"confidence": True}, "objects[1].confidence"),
        (1, {"revoked": "no"}, "objects[1].revoked"),
        (1, {"labels": []}, "objects[1].labels"),
        (0, {"extensions": 7}, "objects[0].extensions"),
        (1, {"name": " "}, "objects[1].name"),
        (1, {"x_analyst": "somebody"}, "objects[1].x_analyst"),
        (1, {"pattern_type": "prose"}, "objects[1].pattern_type"),
        (1, {"pattern": "[domain-name:value = ]"}, "objects[1].pattern"),
        (1, {"created_by_ref": "identity--7"}, "objects[1].created_by_ref"),
        (1, {"external_references": [{"source_name": "x"}]}, "objects[1].external_references[0]"),
        (1, {"granular_markings": [{"selectors": ["name"]}]}, "objects[1].granular_markings[0]"),
        (2, {"name": None}, "objects[2].name"),
        (3, {"source_ref": "user-account--0d5c9f4a-6f6e-4b1b-8a55-5d2f1e7c9a02"}, "objects[3].source_ref"),
        (4, {"hashes": {"SHA-256": "9c"}}, "objects[4].hashes.SHA-256"),
        (4, {"hashes": {"CRC": "9c"}}, "objects[4].hashes"),
        (4, {"hashes": None}, "objects[4]"),
        (4, {"extensions": {"unix-account-ext": {"gid": 1}}}, "objects[4].extensions"),
        (4, {"extensions": {"windows-pebinary-ext": {"owner": "x"}}}, "objects[4].extensions.windows-pebinary-ext"),
        (4, {"size": -1}, "objects[4].size"),
        (4, {"type": "user-account"}, "objects[4].type"),
    ],
)
def test_each_rule_of_the_standard_by_the_property_that_breaks_it(number: int, changes: Content, path: str) -> None:
    assert path in paths(changed(number, **changes))


@pytest.mark.parametrize("value", [None, [], {}, 7, "x", {"x": None}])
@pytest.mark.parametrize("name", ["definition", "extensions", "labels", "name", "object_marking_refs"])
def test_a_marking_of_another_form_is_refused_and_looked_into_no_further(name: str, value: Any) -> None:
    marking = {key: one for key, one in SAMPLE[0].items() if not key.startswith("definition")}
    told_of = told(bundle({**marking, name: value}))
    assert told_of
    assert all(one.startswith("body.bundle.objects[0].") for one in told_of)


def test_versions_of_an_object_stand_beside_each_other_and_none_twice() -> None:
    newer = {**SAMPLE[2], "modified": "2026-11-21T00:00:00Z"}
    assert told(bundle(*SAMPLE, newer)) == []
    assert paths(bundle(*SAMPLE, SAMPLE[2])) == ["objects[5].id"]


# ---- what an indicator does not need


@pytest.mark.parametrize(
    "kind", ["user-account", "mac-addr", "threat-actor", "opinion", "language-content", "x-person"]
)
def test_objects_about_persons_are_not_taken(kind: str) -> None:
    assert paths(domain(kind, name="x")) == ["objects[0].type"]


@pytest.mark.parametrize("kind", ["individual", "unknown", None])
def test_an_identity_is_never_a_person(kind: str | None) -> None:
    more = {"identity_class": kind} if kind else {}
    assert "objects[0].identity_class" in paths(domain("identity", name="x", **more))
    assert told(domain("identity", name="Exemple SA", identity_class="organization")) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            domain("identity", name="x", identity_class="group", contact_information="a@example.org"),
            "contact_information",
        ),
        (domain("location", region="western-europe", latitude=50.8, longitude=4.3), "latitude"),
        (domain("location", country="BE", street_address="x"), "street_address"),
        (domain("note", content="x", object_refs=[INDICATOR], authors=["x"]), "authors"),
        (observable("email-addr", value="a@example.org", display_name="x"), "display_name"),
        (observable("email-message", is_multipart=False, body="x"), "body"),
        (observable("email-message", is_multipart=False, to_refs=["x"]), "to_refs"),
        (observable("email-message", is_multipart=True, body_multipart=[]), "body_multipart"),
        (
            observable("email-message", is_multipart=False, additional_header_fields={"To": "x"}),
            "additional_header_fields",
        ),
        (observable("process", pid=7, environment_variables={"USER": "x"}), "environment_variables"),
        (observable("process", pid=7, creator_user_ref="x"), "creator_user_ref"),
        (observable("artifact", hashes={"MD5": "a" * 32}, payload_bin="eA=="), "payload_bin"),
    ],
)
def test_properties_about_persons_are_not_taken(text: str, name: str) -> None:
    assert f"objects[0].{name}" in paths(text)


def test_no_extension_speaks_of_a_user() -> None:
    assert "unix-account-ext" not in EXTENSIONS
    assert not any("user" in name or "owner" in name for names in EXTENSIONS.values() for name in names)


def test_a_type_takes_only_the_objects_that_it_names() -> None:
    few = Stix(field="bundle", tlp="tlp", pap="pap", objects=("indicator", "domain-name"))
    assert told(bundle(), check=few)[0].startswith(
        "body.bundle.objects[0].type: expected one of domain-name, indicator"
    )
    assert few.fault() == ""
    assert Stix(field="b", tlp="t", pap="p", objects=("user-account",)).fault()


@pytest.mark.parametrize(
    ("kind", "value", "right"),
    [
        ("ipv4-addr", "198.51.100.0/28", True),
        ("ipv4-addr", "198.51.100.300", False),
        ("ipv4-addr", "2001:db8::1", False),
        ("ipv6-addr", "2001:db8::/32", True),
        ("ipv6-addr", "198.51.100.1", False),
    ],
)
def test_addresses_are_addresses(kind: str, value: str, right: bool) -> None:
    assert (told(observable(kind, value=value)) == []) is right


# ---- markings


def test_the_highest_marking_is_the_one_of_the_body() -> None:
    assert told(bundle(), tlp="green") == ["body.tlp: expected amber, the highest TLP of the bundle, got green"]
    assert told(bundle(), tlp="red") == ["body.tlp: expected amber, the highest TLP of the bundle, got red"]
    assert told(bundle(), pap="red") == ["body.pap: expected green, the highest PAP of the bundle, got red"]
    assert told(bundle(SAMPLE[4]), tlp="red", pap="red") == [], "without markings the body alone says it"


@pytest.mark.parametrize(("marking", "word"), TLP.items())
def test_markings_of_the_standard_are_known_by_their_ids(marking: str, word: str) -> None:
    assert told(bundle({**SAMPLE[4], "object_marking_refs": [marking]}), tlp=word) == []


def test_a_part_that_is_marked_higher_counts() -> None:
    strict = next(name for name, word in TLP.items() if word == "amber-strict")
    text = changed(1, granular_markings=[{"marking_ref": strict, "selectors": ["pattern"]}])
    assert told(text) == ["body.tlp: expected amber-strict, the highest TLP of the bundle, got amber"]
    assert told(text, tlp="amber-strict") == []


def test_a_marking_that_is_not_there_is_unknown() -> None:
    unknown = "marking-definition--0d5c9f4a-6f6e-4b1b-8a55-5d2f1e7c9a09"
    assert paths(changed(1, object_marking_refs=[AMBER, unknown]), pap="green") == ["objects[1]"]


def statement(text: str, **more: Any) -> str:
    return changed(0, definition={"statement": text}, **more)


@pytest.mark.parametrize(
    "text",
    [
        statement("PAP:RED PAP:GREEN"),
        statement("PAP:GREEN PAP:RED"),
        statement("PAP: RED"),
        statement("PAP : red"),
        statement("ＰＡＰ：ＲＥＤ"),
        statement("PAP RED"),
        statement("PAP:GREEN", name="PAP:RED"),
        changed(1, labels=["pap:red"]),
    ],
)
def test_the_highest_word_counts_wherever_it_stands(text: str) -> None:
    assert told(text) == ["body.pap: expected red, the highest PAP of the bundle, got green"]
    assert told(text, pap="red") == []


@pytest.mark.parametrize("word", ["TLP: RED", "tlp:red", "TLP 2.0: RED", "TLP=RED", "TLP-RED"])
def test_tlp_in_words_counts_above_a_lower_one(word: str) -> None:
    for text in (statement(f"PAP:GREEN, {word}"), changed(1, labels=[word]), changed(0, name=word)):
        assert told(text) == ["body.tlp: expected red, the highest TLP of the bundle, got amber"]


@pytest.mark.parametrize("word", ["TLP:AMBER STRICT", "TLP:AMBER+STRICT", "TLP: amber-strict", "TLP:AMBER_STRICT"])
def test_amber_strict_is_known_however_it_is_joined(word: str) -> None:
    assert told(changed(1, labels=[word]), tlp="amber-strict") == []
    assert told(changed(1, labels=[word]))


def test_a_word_that_tlp_and_pap_do_not_know_is_refused() -> None:
    at = "body.bundle.objects"
    assert told(statement("PAP:PURPLE"))[0].startswith(f"{at}[0]: expected PAP of clear, green, amber, red, got purple")
    assert told(changed(1, labels=["tlp:ex"])) == [f"{at}[1]: expected TLP of {', '.join(TLP_ORDER)}, got ex"]
    purple = changed(0, definition_type="tlp", definition={"tlp": "purple"})
    assert paths(purple) == ["objects[0].definition"]
    assert told(statement("Marked as TLP says; PAP:GREEN")) == []


def test_a_marking_says_the_highest_of_name_and_definition() -> None:
    green = changed(0, definition_type="tlp", definition={"tlp": "green"}, name="TLP:RED")
    assert told(green) == ["body.tlp: expected red, the highest TLP of the bundle, got amber"]


def test_the_bundle_may_bring_a_marking_of_tlp_2_and_no_other_under_its_id() -> None:
    one = {"type": "marking-definition", "spec_version": "2.1", "id": AMBER, "created": "2022-10-01T00:00:00Z"}

    def with_word(word: str) -> str:
        extension = {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": word}}
        return bundle({**one, "extensions": extension}, *SAMPLE)

    assert told(with_word("amber")) == []
    assert "objects[0]" in paths(with_word("clear"))
    assert f"objects[0].extensions.{TLP_EXTENSION}" in paths(with_word("pink"))


# ---- patterns


@pytest.mark.parametrize(
    "pattern",
    [
        "[ipv4-addr:value = '198.51.100.1']",
        "[file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f0']",
        "[file:name LIKE '%.scr' AND file:size > 1024] REPEATS 3 TIMES",
        "([ipv4-addr:value = '198.51.100.1'] AND [url:value MATCHES '^https?://']) WITHIN 300 SECONDS",
        "[domain-name:value IN ('a.example.org', 'b.example.org')] FOLLOWEDBY [mutex:name = 'x']",
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_port NOT = 443]",
        "[file:contains_refs[*].name = 'a\\'b'] START t'2026-11-20T00:00:00Z' STOP t'2026-11-21T00:00:00Z'",
        "[EXISTS windows-registry-key:values]",
        "[(url:value = 'http://example.org/a' OR domain-name:value = 'example.org')] /* seen */",
        "[x509-certificate:is_self_signed = true OR file:magic_number_hex = h'ffd8']",
    ],
)
def test_patterns_of_the_standard(pattern: str) -> None:
    assert stix_pattern.fault(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "ipv4-addr:value = '198.51.100.1'",
        "[ipv4-addr:value = '198.51.100.1'",
        "[ipv4-addr:value = 198.51.100.1]",
        "[ipv4-addr:value == ]",
        "[ipv4-addr.value = 'x']",
        "[ipv4-addr:value = 'x'] AND",
        "[ipv4-addr:value = 'x'] WITHIN SECONDS",
        "[ipv4-addr:value LIKE 7]",
        "[ipv4-addr:value IN ()]",
        "[ipv4-addr:value = 'x' AND domain-name:value = 'y']",
        "[user-account:user_id = 'x']",
        "[email-message:body = 'x']",
        "[email-addr:display_name = 'x']",
        "[ipv4-addr:value = 'x']; DROP",
        "(" * 30 + "[mutex:name = 'x']" + ")" * 30,
        "[" + "(" * 5000,
    ],
)
def test_what_is_no_pattern(pattern: str) -> None:
    found = stix_pattern.fault(pattern)
    assert found is not None
    assert len(str(found)) < 900


@given(st.text(alphabet="[]()'=<>:.*, ANDORhtbx0123/\\\n", max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    assert stix_pattern.fault(text) is None or "expected" in str(stix_pattern.fault(text))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(OBJECTS["file"].known)), inner)
        ),
        max_leaves=12,
    )
)
def test_whatever_stands_in_an_object_gets_an_answer(value: Any) -> None:
    text = json.dumps({"type": "bundle", "id": "bundle--x", "objects": [value, {"type": "file", "extensions": value}]})
    assert told(text)
