"""A partner's hit as its holder looks at it: who was asked about, beside the own entries behind the reference.

Rules kept here:
- a person of the index holder compares and says what it is, by the act that the type names for it (`claiming` counts
  what he says). A score ranks, and decides nothing;
- it is written down before it is shown, with a reason: in the dossier's trail that its opening was read, and beside the
  index that these entries were;
- who of the index was a dossier's person is shown as far as that dossier and its message may be read by who looks, and
  else only where he stands: another service's dossier stays closed to him;
- an entry that left the index, or whose source is gone, is told as gone. Its reference may have been asked before.

Left unchecked: whether the person of the act is the one that was asked about. The partner says so, in a signed act.
"""

from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError
from passerelle.exchange import notes
from passerelle.office import consulting
from passerelle.office.asking import Office, On, ask
from passerelle.office.policy import Action
from passerelle.office.reach import Reach
from passerelle.persons import subject
from passerelle.persons.model import Person
from passerelle.ports.lists import LIST_ENTRIES, LISTS
from passerelle.ports.people import Person as Who
from passerelle.ports.records import CONTENTS, MESSAGES, Dossier, Message
from passerelle.ports.search import CLAIMED, INDEX_ENTRIES, INDEXES, Claimed, IndexEntry
from passerelle.ports.store import Reading, Writing
from passerelle.screening.lists import decode
from passerelle.search.choosing import LIST
from passerelle.search.choosing import who as who_of

_ALL = 1000


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """An entry behind the reference. `who`: its id in a list, or the person's key in a dossier.

    `person`: None where it is gone or not to be shown; `here`: whether it is in the index still.
    """

    source: str
    who: str
    category: str
    here: bool
    person: Person | None = None
    note: str = ""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A claim with both sides of it. `state`: opened | confirmed | rejected. `asked`: None where that is gone."""

    message: str
    index: str
    reference: str
    state: str
    asked: Person | None
    behind: tuple[Behind, ...]


def look(tx: Writing, office: Office, who: Who, row: Dossier, reason: str) -> list[Side]:
    """The claims of a dossier, once it is written down who reads them and why.

    Raises NotFoundError when no claim came in it, NotAllowedError, InputError.
    """
    claims = tx.scan(CLAIMED, "by_dossier", (row.id,), limit=_ALL)
    if not claims:
        raise NotFoundError(f"expected a dossier that the partner opened on a hit, got {row.id}")
    found = tx.get_many(MESSAGES, [(one.message,) for one in claims])
    messages = list(found.values())
    opened = consulting.dossier(tx, office, who, row, messages, reason, what="dossier", claims=len(claims))
    reach = Reach(tx, office, who)
    sides = []
    for one in claims:
        held = tx.get(INDEXES, one.index)
        domain = held.domain if held else row.domain
        ask(tx, office, who, Action.INDEX_READ, On(kind="index", id=one.index, domain=domain))
        entries = [_entry(tx, one.index, int(number)) for number in one.entries]
        behind = tuple(_behind(tx, reach, entry) for entry in entries if entry is not None)
        details = {"entries": [f"{each.source}/{each.who}" for each in behind], "reference": one.reference}
        notes.record(tx, office.ctx, What.INDEX_READ, who.id, f"index/{one.index}", details, row.id)
        sides.append(_side(tx, one, found[one.message,] if one.message in opened.messages else None, behind))
    return sides


def _entry(tx: Reading, index: str, number: int) -> IndexEntry | None:
    return tx.get(INDEX_ENTRIES, index, number)


def _side(tx: Reading, one: Claimed, message: Message | None, behind: tuple[Behind, ...]) -> Side:
    held = tx.get(CONTENTS, message.id) if message else None
    asked = json.parse_object(held.body).get("subjects", []) if held else []
    person = subject.from_dossier(asked[0]).person if asked else None
    return Side(
        message=one.message, index=one.index, reference=one.reference, state=one.state, asked=person, behind=behind
    )


def _behind(tx: Reading, reach: Reach, entry: IndexEntry) -> Behind:
    made = Behind(
        source=entry.source,
        who=who_of(entry.source, entry.entry),
        category=entry.category,
        here=entry.state == "in",
    )
    if entry.source.startswith(LIST):
        there = tx.get(LISTS, entry.source.removeprefix(LIST))
        found = tx.get(LIST_ENTRIES, there.edition, entry.entry) if there else None
        if found is None:
            return made
        listed = decode(found.body)
        return msgspec.structs.replace(made, person=listed.person, note=listed.note)
    message, _, key = entry.entry.rpartition("/")
    held = tx.get(CONTENTS, message) if reach.opens(message) else None
    return msgspec.structs.replace(made, person=_of_dossier(json.parse_object(held.body), key)) if held else made


def _of_dossier(content: dict[str, Any], key: str) -> Person | None:
    for one in content.get("subjects", ()):
        if one.get("key") == key:
            try:
                return subject.from_dossier(one).person
            except InputError:
                return None
    return None
