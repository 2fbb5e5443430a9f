"""Persons of a published list in the format of the United Nations consolidated list (XML), as subjects of a dossier.

Reads names in every script given, birth dates exact, approximate and between, nationalities, documents and places. A
file with a document type or entities is refused: the list has none, and they are how XML attacks begin.
"""

import re
import unicodedata
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from passerelle.core.errors import InputError
from passerelle.core.text import forbidden_character

MAX_BYTES = 64 * 1024 * 1024
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_KINDS = {"Passport": "passport", "National Identification Number": "identity-card"}
_QUALITY = {"Good": "good", "Low": "low"}


def _text(node: ElementTree.Element | None, path: str = "") -> str:
    found = node if not path or node is None else node.find(path)
    text = " ".join(((found.text if found is not None else "") or "").split())
    return "".join(char for char in text if not forbidden_character(char))


def _script(text: str) -> str:
    for char in text:
        name = unicodedata.name(char, "")
        for prefix, code in (
            ("ARABIC", "Arab"),
            ("CYRILLIC", "Cyrl"),
            ("CJK", "Hani"),
            ("HANGUL", "Hang"),
            ("LATIN", "Latn"),
        ):
            if name.startswith(prefix):
                return code
    return "Latn"


def _name(text: str, kind: str, quality: str = "") -> dict[str, str]:
    made = {"text": text[:300].strip(), "script": _script(text), "kind": kind}
    return made | ({"quality": quality} if quality else {})


def _birth(node: ElementTree.Element) -> dict[str, str] | None:
    kind = _text(node, "TYPE_OF_DATE")
    start, end = _text(node, "FROM_YEAR"), _text(node, "TO_YEAR")
    if kind == "BETWEEN" and _DATE.fullmatch(start) and _DATE.fullmatch(end):
        return {"date": start, "until": end, "calendar": "gregorian", "kind": "between"}
    date = _text(node, "DATE") or _text(node, "YEAR")
    if not _DATE.fullmatch(date):
        return None
    return {"date": date, "calendar": "gregorian", "kind": "approximate" if kind == "APPROXIMATELY" else "exact"}


def _document(node: ElementTree.Element) -> dict[str, str] | None:
    number = _text(node, "NUMBER")
    if not number:
        return None
    kind = _text(node, "TYPE_OF_DOCUMENT")
    made = {"kind": _KINDS.get(kind, "other"), "number": number[:60].strip()}
    country = _text(node, "ISSUING_COUNTRY") or _text(node, "COUNTRY_OF_ISSUE")
    note = "; ".join(part for part in (kind, country, _text(node, "NOTE")) if part)
    return made | ({"note": note[:1000]} if note else {})


def _person(node: ElementTree.Element) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = (_text(node, tag) for tag in ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"))
    names = [_name(" ".join(part for part in parts if part), "primary")]
    if original := _text(node, "NAME_ORIGINAL_SCRIPT"):
        names.append(_name(original, "primary"))
    for alias in node.iter("INDIVIDUAL_ALIAS"):
        if text := _text(alias, "ALIAS_NAME"):
            names.append(_name(text, "alias", _QUALITY.get(_text(alias, "QUALITY"), "")))
    births = [made for one in node.iter("INDIVIDUAL_DATE_OF_BIRTH") if (made := _birth(one))]
    documents = [made for one in node.iter("INDIVIDUAL_DOCUMENT") if (made := _document(one))]
    places = []
    for place in node.iter("INDIVIDUAL_PLACE_OF_BIRTH"):
        words = ", ".join(text for tag in ("CITY", "STATE_PROVINCE", "COUNTRY") if (text := _text(place, tag)))
        if words:
            places.append({"kind": "birth", "text": words[:160].strip()})
    nationality = ", ".join(text for one in node.findall("NATIONALITY/VALUE") if (text := _text(one)))
    subject: dict[str, Any] = {"key": "p1", "category": "listed", "names": names[:60], "minor": "no"}
    for key, value in (("births", births[:20]), ("documents", documents[:30]), ("places", places[:20])):
        if value:
            subject[key] = value
    if not births:
        subject["minor"] = "doubt"
    if nationality:
        subject["nationalities_text"] = nationality[:160].strip()
    body = {
        "list": "United Nations Security Council consolidated list",
        "number": _text(node, "REFERENCE_NUMBER"),
        "listed_on": _text(node, "LISTED_ON")[:10],
    }
    if comments := _text(node, "COMMENTS1"):
        body["comments"] = comments[:16000]
    return subject, body


def read(path: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Subject and body of a `listed-person` notice for each person of the list. Raises InputError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: expected at most {MAX_BYTES} bytes, got {path.stat().st_size}")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got {error.strerror}") from None
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise InputError(f"{path}: expected XML without document type and entities")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - no document type, so no entities
    except ElementTree.ParseError as error:
        raise InputError(f"{path}: expected XML, {error}") from None
    persons = [_person(node) for node in root.iter("INDIVIDUAL")]
    if not persons:
        raise InputError(f"{path}: expected INDIVIDUAL elements of a consolidated list, got none")
    return persons
