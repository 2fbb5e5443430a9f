"""Who works on a dossier here, and what its people write down for each other.

Rules kept here:
- a dossier is given to a service, a desk, a person; each giving is kept with who did it and when, the newest counts;
- it is given to a person only who may work on it (`workflow` asks the policy for that person);
- when a person goes, his dossiers stay his in the records and show as waiting for somebody;
- notes, references and copies sent another way stay on this node: nothing here is read by `exchange`.

Left unchecked: who may do this (`workflow`).
"""

import re
from collections.abc import Collection

import msgspec

from passerelle.core import ids
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.ports.records import DOSSIERS, Dossier
from passerelle.ports.store import Reading, Writing
from passerelle.ports.timers import TOUCHED, Touched
from passerelle.ports.work import ASSIGNMENTS, NOTES, VIAS, Assignment, Note, Via

LONGEST_NOTE = 4000
MOST = 10_000
SYSTEMS = ("interpol", "siena", "sis", "liaison", "courier", "other")
"""The ways a copy can go beside this link."""
_UNIT = re.compile(r"\S(?:.{0,62}\S)?")
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")


def dossier(tx: Reading, dossier_id: str) -> Dossier:
    """The dossier of an id. Raises NotFoundError."""
    found = tx.get(DOSSIERS, dossier_id)
    if found is None:
        raise NotFoundError(f"expected a dossier that is here, got {dossier_id!r}")
    return found


def check_unit(text: str, what: str) -> str:
    """The name of a service or a desk. Raises InputError."""
    if text and not (_UNIT.fullmatch(text) and _LINE.fullmatch(text)):
        raise InputError(f"{what}: expected a name of 1 to 64 characters, got {text[:70]!r}")
    return text


def check_line(text: str, what: str) -> str:
    """One line of words. Raises InputError."""
    if not _LINE.fullmatch(text) or not text.strip():
        raise InputError(f"{what}: expected one line of 1 to 200 characters, got {text[:210]!r}")
    return text.strip()


def check_note(text: str, what: str = "note") -> str:
    """The text of a note. Raises InputError."""
    words = text.strip()
    if not 1 <= len(words) <= LONGEST_NOTE or "\0" in words:
        raise InputError(f"{what}: expected 1 to {LONGEST_NOTE} characters, got {len(words)}")
    return words


def assign(
    tx: Writing, row: Dossier, by: str, now: int, *, service: str = "", desk: str = "", person: str = "", note: str = ""
) -> Assignment:
    """Give a dossier to a service, a desk, a person: what is named replaces all of what was. Raises InputError."""
    if not (service or desk or person):
        raise InputError("assign: expected a service, a desk or a person, got none")
    made = Assignment(
        id=ids.new_id(),
        dossier=row.id,
        time=now,
        by=by,
        service=check_unit(service, "service"),
        desk=check_unit(desk, "desk"),
        person=person,
        note=check_note(note) if note else "",
    )
    tx.add(ASSIGNMENTS, [made])
    tx.put(DOSSIERS, [given(row, made.service, made.desk, made.person)])
    tx.put(TOUCHED, [Touched(dossier=row.id)])  # whoever has it is told of its deadlines
    return made


def given(row: Dossier, service: str, desk: str, person: str) -> Dossier:
    """The row of a dossier that was given to them."""
    most = given_to("person", person) or given_to("desk", desk) or given_to("service", service)
    return msgspec.structs.replace(row, service=service, desk=desk, person=person, given=most)


def given_to(what: str, name: str) -> str:
    """What `Dossier.given` says of a dossier of this person, desk or service."""
    return f"{what}/{name}" if name else ""


def hand_over(tx: Writing, row: Dossier, by: str, now: int, to: str, note: str) -> Assignment:
    """Give a dossier from one person to another; service and desk stay. Raises InputError or StateError."""
    if to == row.person:
        raise StateError(f"expected another person than the one who has the dossier, got {to}")
    check_note(note)
    return assign(tx, row, by, now, service=row.service, desk=row.desk, person=to, note=note)


def note(tx: Writing, dossier_id: str, by: str, now: int, text: str) -> Note:
    """Write an internal note. Raises InputError."""
    made = Note(id=ids.new_id(), dossier=dossier_id, time=now, by=by, text=check_note(text))
    tx.add(NOTES, [made])
    return made


def refer(tx: Writing, row: Dossier, reference: str) -> Dossier:
    """Set the own reference of a dossier. Raises InputError, or StateError when another dossier has it."""
    check_line(reference, "reference")
    for other in tx.scan(DOSSIERS, "by_reference", (reference,), limit=2):
        if other.id != row.id:
            raise StateError(f"expected a reference that no other dossier has, got {reference!r}, that of {other.id}")
    made = msgspec.structs.replace(row, own_reference=reference)
    tx.put(DOSSIERS, [made])
    return made


def via(tx: Writing, dossier_id: str, by: str, now: int, system: str, reference: str, sent: str = "") -> Via:
    """Write down that a copy went another way. Raises InputError."""
    if system not in SYSTEMS:
        raise InputError(f"system: expected one of {', '.join(SYSTEMS)}, got {system[:40]!r}")
    made = Via(
        id=ids.new_id(),
        dossier=dossier_id,
        time=now,
        by=by,
        system=system,
        reference=check_line(reference, "reference"),
        sent=sent,
    )
    tx.add(VIAS, [made])
    return made


def history(tx: Reading, dossier_id: str) -> list[Assignment]:
    """Every giving of a dossier, the first first."""
    return tx.scan(ASSIGNMENTS, "by_dossier", (dossier_id,), limit=MOST)


def notes(tx: Reading, dossier_id: str) -> list[Note]:
    """The internal notes of a dossier, the first first."""
    return tx.scan(NOTES, "by_dossier", (dossier_id,), limit=MOST)


def vias(tx: Reading, dossier_id: str) -> list[Via]:
    """The other ways that copies of a dossier went, the first first."""
    return tx.scan(VIAS, "by_dossier", (dossier_id,), limit=MOST)


def waits(row: Dossier, gone: Collection[str]) -> bool:
    """Whether an open dossier has nobody: given to nobody at all, or to a person who is among those who have gone."""
    return row.status == "open" and (row.person in gone if row.person else not row.given)
