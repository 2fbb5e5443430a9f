"""Persons of a published list in the format of the United Nations consolidated list (XML), as subjects of a dossier.

The list is read by `screening.readers`, as an own list is. What a dossier has no room for is left out: the
demonstration shows a dossier for each person, not the whole of a list.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from passerelle.core.clock import SystemClock, day_of
from passerelle.core.errors import InputError
from passerelle.persons.model import Entry, Fault
from passerelle.persons.subject import Subject, to_dossier
from passerelle.screening import readers
from passerelle.screening.readers.reading import Options

MAX_BYTES = 64 * 1024 * 1024
_MOST = {"names": 60, "births": 20, "documents": 30, "numbers": 10, "places": 30, "nationalities": 10}
_LISTED = re.compile(r"listed on: (\d{4}-\d{2}-\d{2})")
Notice = tuple[dict[str, Any], dict[str, Any]]


def _notice(entry: Entry) -> Notice:
    minor = "no" if entry.person.births else "doubt"
    subject = to_dossier(Subject(person=entry.person, key="p1", category="listed", minor=minor), losing=True)
    subject = {key: value[: _MOST[key]] if key in _MOST else value for key, value in subject.items()}
    listed = _LISTED.search(entry.note)
    body: Mapping[str, str] = {
        "list": "United Nations Security Council consolidated list",
        "number": entry.id,
        "listed_on": listed.group(1) if listed else "",
        "comments": entry.note,
    }
    return subject, {key: value for key, value in body.items() if value}


def read(path: Path) -> list[Notice]:
    """Subject and body of a `listed-person` notice for each person of the list. Raises InputError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: expected at most {MAX_BYTES} bytes, got {path.stat().st_size}")
        with path.open("rb") as file:
            found = list(
                readers.entries(file, "un", options=Options(today=date.fromisoformat(day_of(SystemClock().now()))))
            )
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got {error.strerror}") from None
    faults = [one for one in found if isinstance(one, Fault)]
    persons = [_notice(one) for one in found if isinstance(one, Entry)]
    if faults:
        raise InputError(f"{path}, line {faults[0].line}, column {faults[0].column}: {faults[0].message}")
    if not persons:
        raise InputError(f"{path}: expected INDIVIDUAL elements of a consolidated list, got none")
    return persons
