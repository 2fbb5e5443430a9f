"""A bundle of STIX 2.1 in a text of the body: read strictly, and whether it is one that may be sent.

    checks = [{ stix = { field = "bundle", tlp = "tlp", pap = "pap", objects = ["indicator", …] } }]

Checked, by OASIS STIX 2.1: the JSON (each key once, nesting, no forbidden character); the bundle; of each object its
type, id, version, properties that it must and may have, ids that it refers to, moments and their order, hashes,
numbers, flags; the pattern of an indicator (`stix_pattern`); markings. Of the markings: every one that is referred to
stands in the bundle or is a TLP marking of OASIS, and the highest TLP and PAP said by any of them are those of the
body's own fields: in a marking its definition, extension, name and statement, however spaced, and the labels of any
object. A word that TLP and PAP do not know is refused. No object says anything about a person that an indicator does
not need: see `stix_objects`.

The bundle stays the text that came: it is looked into and never written anew.

Left unchecked: whether an object that is referred to and does not stand here exists; open vocabularies; patterns of
other languages; what a description says; the inner form of extensions beyond their properties.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from passerelle.core import json
from passerelle.core.errors import JsonError
from passerelle.dossiers import stix_pattern
from passerelle.dossiers.check import Check, Content
from passerelle.dossiers.problem import Problem, shown
from passerelle.dossiers.stix_objects import (
    EXTENSIONS,
    FLAGS,
    HASHES,
    IDENTITY_CLASSES,
    MOMENTS,
    NUMBERS,
    OBJECTS,
    OBSERVABLES,
    ORDERED,
    PAP_ORDER,
    PATTERN_TYPES,
    TLP,
    TLP_EXTENSION,
    TLP_ORDER,
)

MOST_OBJECTS = 500
_ID = re.compile(r"([a-z][a-z0-9-]{1,249})--[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_SAID = re.compile(
    r"\b(TLP|PAP)(?:\s?v?[12](?:\.0)?)?(\s{0,3}[:=]\s{0,3}|[\s_-]{1,3})([A-Z0-9]{1,20}(?:[\s_+-]{1,3}STRICT\b)?)",
    re.IGNORECASE,
)
_ORDERS: Mapping[str, tuple[str, ...]] = {"TLP": TLP_ORDER, "PAP": PAP_ORDER}
Marks = dict[str, str]
Object = Mapping[str, Any]


class Stix(Check, frozen=True):
    """The text in `field` is a bundle of these objects, whose markings say what `tlp` and `pap` of the body say."""

    field: str
    tlp: str
    pap: str
    objects: tuple[str, ...]

    def named(self) -> tuple[str, ...]:
        return (self.field, self.tlp, self.pap)

    def fault(self) -> str:
        unknown = [name for name in self.objects if name not in OBJECTS]
        return f"objects of {', '.join(OBJECTS)}" if unknown or not self.objects else ""

    def problems(self, content: Content) -> Iterator[Problem]:
        body = content.get("body", {})
        if self.field not in body:
            return
        path = f"body.{self.field}"
        try:
            bundle = json.parse(body[self.field], "bundle", floats=True)
        except JsonError as error:
            yield Problem(path, "a bundle of STIX 2.1", shown(str(error)))
            return
        found = list(_bundle(bundle, path, frozenset(self.objects)))
        yield from found or _agree(bundle["objects"], body, path, self)


# ---- the bundle and its objects --------------------------------------------------------------------------------------


def _bundle(bundle: Any, path: str, allowed: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(bundle, dict) or bundle.get("type") != "bundle" or set(bundle) != {"type", "id", "objects"}:
        yield Problem(path, "a bundle with type, id and objects", shown(bundle))
        return
    if not _is_id(bundle["id"], frozenset({"bundle"})):
        yield Problem(f"{path}.id", "an id like bundle--UUID", shown(bundle["id"]))
    objects = bundle["objects"]
    if not isinstance(objects, list) or not 1 <= len(objects) <= MOST_OBJECTS:
        yield Problem(f"{path}.objects", f"1 to {MOST_OBJECTS} objects", shown(objects))
        return
    seen: set[tuple[str, str]] = set()
    for number, one in enumerate(objects):
        at = f"{path}.objects[{number}]"
        found = list(_object(one, at, allowed))
        yield from found
        if not found:
            version = (one["id"], str(one.get("modified", "")))
            if version in seen:
                yield Problem(f"{at}.id", "each version of an object once", shown(one["id"]))
            seen.add(version)


def _is_id(value: object, kinds: frozenset[str]) -> bool:
    found = _ID.fullmatch(value) if isinstance(value, str) else None
    return found is not None and found.group(1) in kinds


def _object(one: Any, at: str, allowed: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(one, dict) or not isinstance(one.get("type"), str) or one["type"] not in allowed:
        kind = one.get("type") if isinstance(one, dict) else one
        yield Problem(f"{at}.type", f"one of {', '.join(sorted(allowed))}", shown(kind))
        return
    kind, known = one["type"], OBJECTS[one["type"]]
    for name in sorted(known.required - set(one)):
        yield Problem(f"{at}.{name}", "a value", "nothing")
    for name in sorted(set(one) - known.known):
        yield Problem(f"{at}.{shown(name)}", f"no such property of {kind} here", "a value")
    if known.any_of and not known.any_of & set(one):
        yield Problem(at, f"one at least of {', '.join(sorted(known.any_of))}", "none")
    if one.get("spec_version", "2.1") != "2.1":
        yield Problem(f"{at}.spec_version", "2.1", shown(one["spec_version"]))
    if not _is_id(one.get("id"), frozenset({kind})):
        yield Problem(f"{at}.id", f"an id like {kind}--UUID", shown(one.get("id")))
    wrong = [found for name, value in one.items() for found in _value(name, value, f"{at}.{name}", allowed)]
    yield from wrong
    for first, last in ORDERED:
        if _is_moment(one.get(first)) and _is_moment(one.get(last)) and _moment(one[last]) < _moment(one[first]):
            yield Problem(f"{at}.{last}", f"not before {first}", shown(one[last]))
    if not wrong:  # what follows looks into values
        yield from _special(one, at, allowed)


def _value(name: str, value: Any, at: str, allowed: frozenset[str]) -> Iterator[Problem]:
    """What the name of a property says of its value, alike in all objects."""
    if name.endswith("_ref"):
        if not _is_id(value, allowed):
            yield Problem(at, "the id of an object that may be sent", shown(value))
    elif name.endswith("_refs"):
        if not isinstance(value, list) or not value or not all(_is_id(one, allowed) for one in value):
            yield Problem(at, "ids of objects that may be sent", shown(value))
    elif name in MOMENTS:
        if not _is_moment(value):
            yield Problem(at, "a moment like 2026-11-21T12:00:00Z", shown(value))
    elif name in NUMBERS:
        least, most = NUMBERS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            yield Problem(at, f"a whole number from {least} to {most}", shown(value))
    elif name in FLAGS:
        if not isinstance(value, bool):
            yield Problem(at, "true or false", shown(value))
    elif name in ("hashes", "file_header_hashes"):
        yield from _hashes(value, at)
    elif name == "external_references":
        yield from _references(value, at)
    elif name == "labels":
        if not isinstance(value, list) or not value or not all(isinstance(one, str) and one.strip() for one in value):
            yield Problem(at, "a list of texts", shown(value))
    elif name == "granular_markings":
        yield from _granular(value, at, allowed)
    elif name == "extensions":
        yield from _extensions(value, at)
    elif name in ("name", "description", "value", "pattern", "content", "product") and not (
        isinstance(value, str) and value.strip()
    ):
        yield Problem(at, "a text", shown(value))
    elif value in ([], {}, "", None):
        yield Problem(at, "a value that is not empty", shown(value))


def _is_moment(value: object) -> bool:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return False
    try:
        _moment(value)
    except ValueError:
        return False
    return True


def _moment(text: str) -> tuple[datetime, str]:
    """A moment as it is compared: the second, and what stands behind it."""
    return datetime.fromisoformat(text[:19]), text[20:].rstrip("Z").ljust(9, "0")


def _hashes(value: Any, at: str) -> Iterator[Problem]:
    if not isinstance(value, dict) or not value:
        yield Problem(at, "hashes by their kind", shown(value))
        return
    for kind, text in value.items():
        length = HASHES.get(kind)
        if length is None:
            yield Problem(at, f"hashes of {', '.join(HASHES)}", shown(kind))
        elif not isinstance(text, str) or (length and not (len(text) == length and _HEX.fullmatch(text))):
            yield Problem(f"{at}.{kind}", f"{length} hexadecimal digits" if length else "a text", shown(text))


def _references(value: Any, at: str) -> Iterator[Problem]:
    known = {"source_name", "description", "url", "hashes", "external_id"}
    for number, one in enumerate(value if isinstance(value, list) and value else [None]):
        if not isinstance(one, dict) or "source_name" not in one or not set(one) <= known or len(one) < 2:
            yield Problem(f"{at}[{number}]", "a source_name with a description, url or external_id", shown(one))
        elif "hashes" in one:
            yield from _hashes(one["hashes"], f"{at}[{number}].hashes")


def _granular(value: Any, at: str, allowed: frozenset[str]) -> Iterator[Problem]:
    for number, one in enumerate(value if isinstance(value, list) and value else [None]):
        right = (
            isinstance(one, dict) and set(one) == {"marking_ref", "selectors"} and isinstance(one["selectors"], list)
        )
        if not right or not one["selectors"] or not _is_id(one["marking_ref"], allowed & {"marking-definition"}):
            yield Problem(f"{at}[{number}]", "a marking_ref and its selectors", shown(one))


def _extensions(value: Any, at: str) -> Iterator[Problem]:
    for name, one in value.items() if isinstance(value, dict) and value else [("", None)]:
        if name == TLP_EXTENSION:
            if not isinstance(one, dict) or not set(one) <= {"extension_type", "tlp_2_0"} or _tlp_word(one) is None:
                yield Problem(f"{at}.{name}", "extension_type and tlp_2_0", shown(one))
        elif name not in EXTENSIONS:
            yield Problem(at, f"extensions of {', '.join(EXTENSIONS)}", shown(name))
        elif not isinstance(one, dict) or not one or set(one) - EXTENSIONS[name]:
            yield Problem(f"{at}.{name}", f"properties of {', '.join(sorted(EXTENSIONS[name]))}", shown(one))


def _special(one: Object, at: str, allowed: frozenset[str]) -> Iterator[Problem]:
    """What only some objects ask for."""
    kind = one["type"]
    if kind == "identity" and one.get("identity_class") not in IDENTITY_CLASSES:
        expected = f"one of {', '.join(IDENTITY_CLASSES)}: no person is sent"
        yield Problem(f"{at}.identity_class", expected, shown(one.get("identity_class")))
    elif kind == "indicator":
        if one.get("pattern_type") not in PATTERN_TYPES:
            yield Problem(f"{at}.pattern_type", f"one of {', '.join(PATTERN_TYPES)}", shown(one.get("pattern_type")))
        elif one["pattern_type"] == "stix" and isinstance(text := one.get("pattern"), str):
            wrong = stix_pattern.fault(text, allowed & OBSERVABLES)
            yield from [Problem(f"{at}.pattern", wrong.expected, wrong.got)] if wrong else ()
    elif kind == "malware" and one.get("is_family") is True and "name" not in one:
        yield Problem(f"{at}.name", "a value, for a family", "nothing")
    elif kind in ("ipv4-addr", "ipv6-addr") and not _is_address(one.get("value"), int(kind[3])):
        yield Problem(f"{at}.value", f"an address or a network of IPv{kind[3]}", shown(one.get("value")))
    elif kind == "marking-definition":
        yield from _marking(one, at)


def _is_address(value: object, version: int) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_network(value, strict=False).version == version
    except ValueError:
        return False


def _marking(one: Object, at: str) -> Iterator[Problem]:
    """A marking says one thing: a TLP, by the extension of TLP 2 or by a definition, or a statement in words."""
    definition = one.get("definition")
    kind = one.get("definition_type")
    if kind is None and "definition" not in one and TLP_EXTENSION in one.get("extensions", {}):
        return
    right = isinstance(definition, dict) and kind in ("tlp", "statement") and set(definition) == {kind}
    if not right or not isinstance(definition[kind], str):  # type: ignore[index]
        yield Problem(f"{at}.definition", "a tlp or a statement", shown(kind))
    elif kind == "tlp" and _tlp_word(definition) is None:  # type: ignore[arg-type]
        yield Problem(f"{at}.definition", f"one of {', '.join(TLP_ORDER)}", shown(definition["tlp"]))  # type: ignore[index]


# ---- markings and the body's own words -------------------------------------------------------------------------------


def _tlp_word(value: Mapping[str, Any]) -> str | None:
    """The word of TLP that an extension or a definition says."""
    word = _word(str(value.get("tlp_2_0", value.get("tlp", ""))))
    return word if word in TLP_ORDER else None


def _word(text: str) -> str:
    """A word of TLP or PAP as the body says it: `AMBER+STRICT` is `amber-strict`."""
    return re.sub(r"[\s_+-]+", "-", text.strip().lower()).replace("white", "clear")


def _in_texts(parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What texts say of TLP and PAP: kind and word; a word that is none only where a colon says that it should be."""
    for part in parts:
        for kind, sign, said in _SAID.findall(unicodedata.normalize("NFKC", part)):
            word, order = _word(said), _ORDERS[kind.upper()]
            if word not in order and word.removesuffix("-strict") in order:
                word = word.removesuffix("-strict")  # "PAP:RED, strict"
            if word in order or sign.strip(" _-"):
                yield kind.upper(), word


def _said(one: Object) -> list[tuple[str, str]]:
    """What a marking says, each with `TLP` or `PAP`."""
    definition = one.get("definition", {})
    words = (_tlp_word(one.get("extensions", {}).get(TLP_EXTENSION, {})), _tlp_word(definition))
    texts = (str(one.get("name", "")), str(definition.get("statement", "")))
    return [*_in_texts(texts), *(("TLP", word) for word in words if word)]


def _highest(said: Iterable[tuple[str, str]]) -> Marks:
    """The highest word of each kind."""
    marks: Marks = {}
    for kind, word in said:
        order = _ORDERS[kind]
        if word in order and (kind not in marks or order.index(word) > order.index(marks[kind])):
            marks[kind] = word
    return marks


def _agree(objects: list[Object], body: Mapping[str, Any], path: str, rule: Stix) -> Iterator[Problem]:
    """Each marking is known, and the highest ones are what the body says."""
    known: dict[str, Marks] = {name: {"TLP": word} for name, word in TLP.items()}
    labelled: list[tuple[str, str]] = []
    for number, one in enumerate(objects):
        at, said = f"{path}.objects[{number}]", list(_in_texts(one.get("labels", ())))
        labelled += said
        if one["type"] == "marking-definition":
            said += (own := _said(one))
            if one["id"] in TLP and _highest(own).get("TLP", TLP[one["id"]]) != TLP[one["id"]]:
                yield Problem(at, f"what its id stands for, {TLP[one['id']]}", _highest(own)["TLP"])
            known[one["id"]] = _highest([*own, *known.get(one["id"], {}).items()])
        for kind, word in said:
            if word not in _ORDERS[kind]:
                yield Problem(at, f"{kind} of {', '.join(_ORDERS[kind])}", shown(word))
    used: set[str] = set()
    for number, one in enumerate(objects):
        marks = [
            *one.get("object_marking_refs", ()),
            *(part["marking_ref"] for part in one.get("granular_markings", ())),
        ]
        for name in marks:
            if name not in known:
                yield Problem(f"{path}.objects[{number}]", "markings that stand in the bundle, or TLP", shown(name))
        used.update(marks)
    for kind, field in (("TLP", rule.tlp), ("PAP", rule.pap)):
        highest = _highest([*labelled, *(mark for name in used for mark in known.get(name, {}).items())]).get(kind)
        if highest and body.get(field) != highest:
            yield Problem(f"body.{field}", f"{highest}, the highest {kind} of the bundle", shown(body.get(field)))
