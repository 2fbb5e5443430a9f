"""How a person names the end of a relation on the command line, and how one is shown.

    BE-2026-0017:p1                a person of a dossier, by his key
    BE-2026-0017                   a dossier
    "BE-2026-0017:group=Casa Nord" a group (company, vehicle …) that was met in a dossier

The dossier is named as everywhere: by a reference, its id or the beginning of it.
"""

import re
from typing import TYPE_CHECKING, Any

from passerelle.cli.finding import find, find_dossier
from passerelle.core.words import _, isolated
from passerelle.dossiers.relations import shipped
from passerelle.office import ends
from passerelle.office.ends import Wanted
from passerelle.office.reach import Reach
from passerelle.office.veil import Veil
from passerelle.ports.records import DOSSIERS, MESSAGES
from passerelle.ports.relations import THINGS
from passerelle.ports.store import Reading

if TYPE_CHECKING:
    from passerelle.dossiers.types import Language
    from passerelle.office.asking import Office
    from passerelle.ports.people import Person

_PERSON = re.compile(r"(.+):(p[1-9][0-9]{0,2})")


def wanted(tx: Reading, text: str, veil: Veil) -> Wanted:
    """The end that a person names. Raises NotFoundError or InputError."""
    if found := _PERSON.fullmatch(text):
        return Wanted(find_dossier(tx, found[1], veil).id, key=found[2])
    for kind in shipped().things:
        dossier, mark, name = text.partition(f":{kind}=")
        if mark:
            return Wanted(find_dossier(tx, dossier, veil).id, thing=kind, name=name)
    return Wanted(find_dossier(tx, text, veil).id)


def found(tx: Reading, office: "Office", who: "Person", text: str) -> ends.End:
    """The end that a person names, as he may use it. Raises NotFoundError, InputError or StateError."""
    return ends.find(tx, wanted(tx, text, Veil(tx, office, who)), Reach(tx, office, who))


def message_of(tx: Reading, text: str, veil: Veil) -> tuple[str, int]:
    """The message, and the number of the statement, that `MESSAGE` or `MESSAGE#2` names. 0: all of it."""
    name, _mark, number = text.partition("#")
    return find(tx, MESSAGES, name, "a message", veil).id, int(number) if number.isdecimal() else 0


def value_of(tx: Reading, end: str, message: str, language: "Language") -> dict[str, Any]:
    """An end, as JSON has it; of a person the names that the message says."""
    kind, _mark, rest = end.partition("/")
    thing = tx.get(THINGS, rest) if kind == "thing" else None
    dossier, _mark, key = (thing.dossier if thing else rest).partition("/")
    row = tx.get(DOSSIERS, dossier)
    value: dict[str, Any] = {
        "end": end,
        "kind": kind,
        "dossier": dossier,
        "reference": (row.own_reference or row.partner_reference) if row else "",
        "message": message,
    }
    if kind == "person":
        said = ends.person_of(tx, message, key)
        value |= {"key": key, "names": [one["text"] for one in said.get("names", ())]}
        value["category"] = said.get("category", "")
    elif thing is not None:
        value |= {"thing": thing.kind, "label": shipped().things[thing.kind].text(language), "name": thing.name}
    return value


def words_of(value: dict[str, Any]) -> str:
    """An end, as a person reads it."""
    dossier = isolated(value["reference"] or value["dossier"])
    if value["kind"] == "person":
        names = value["names"][0] if value["names"] else _("no name")
        return f"{dossier}:{value['key']} {isolated(names)}"
    if value["kind"] == "thing":
        return f"{value['label']} {isolated(value['name'])} ({dossier})"
    return dossier
