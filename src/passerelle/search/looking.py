"""An index as persons see it: how it stands, which references a dossier's persons have, who of a list is in it.

Rules kept here:
- how an index stands tells of nobody; match keys are never shown to anybody;
- names are shown to who reads the lists of the domain, after it is written down who reads and why. A dossier's persons
  are named by their keys: who they are, the dossier says to those who may read it.
"""

from typing import Any

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import day_of, to_iso
from passerelle.core.errors import InputError, NotFoundError
from passerelle.exchange import notes
from passerelle.office import facts, work
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.ports.lists import LIST_ENTRIES, LISTS
from passerelle.ports.people import Person
from passerelle.ports.records import DOSSIERS
from passerelle.ports.search import (
    FOLLOWED,
    INDEX_ENTRIES,
    QUOTAS,
    SEARCH_FIGURES,
    SHARDS,
    WITHDRAWN,
    Epoch,
    Index,
    IndexEntry,
)
from passerelle.ports.store import Reading, Writing
from passerelle.screening.lists import decode
from passerelle.search import choosing, indexes, table, withdrawing
from passerelle.search.choosing import DOSSIER, LIST

_MONTHS = 12


class Seen(msgspec.Struct, frozen=True):
    """Somebody in an index. `names`: those of his entry; none of a dossier's person. `since` in milliseconds."""

    source: str
    entry: str
    category: str
    since: int
    by: str
    names: tuple[str, ...] = ()


def summary(tx: Reading, row: Index) -> dict[str, Any]:
    """An index in a line: for a list of all."""
    tables = withdrawing.epochs(tx, row.name, ("current",))
    return {
        "index": row.name,
        "partner": row.partner,
        "domain": row.domain,
        "state": row.state,
        "entries": tx.count(INDEX_ENTRIES, "by_state", (row.name, "in")),
        "tables": len(tables),
        "published": to_iso(max(one.published for one in tables)) if tables else "",
        "due": to_iso(min(row.due_base, row.due_delta)) if row.state == "open" else "",
    }


def standing(tx: Reading, row: Index, now: int) -> dict[str, Any]:
    """How an index stands. `now` in milliseconds."""
    quota = tx.get(QUOTAS, row.partner, row.name)
    used = quota.used if quota and quota.day == day_of(now) else 0
    keys = ("channel", "purposes", "categories", "types", "base_size", "delta_size", "base_every", "delta_every")
    return summary(tx, row) | {
        **{key: _plain(getattr(row, key)) for key in keys},
        "created": to_iso(row.created),
        "created_by": row.created_by,
        "due_base": to_iso(row.due_base),
        "due_delta": to_iso(row.due_delta),
        "sources": sources(tx, row),
        "epochs": [_table(tx, one) for one in withdrawing.epochs(tx, row.name, (*withdrawing.KEPT, "making"))],
        "quota": {"burst": row.burst, "day": row.day, "used_today": used},
        "figures": [
            {key: getattr(one, key) for key in ("month", "questions", "elements", "refused", "confirmed", "rejected")}
            for one in tx.scan(
                SEARCH_FIGURES, "key", ("answered", row.partner, row.name), limit=_MONTHS, descending=True
            )
        ],
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def sources(tx: Reading, row: Index) -> list[dict[str, Any]]:
    """How many persons of each list are in an index, and of dossiers together."""
    marks = tx.scan(FOLLOWED, "key", (row.name,), limit=1_000_000)
    names = {LIST + one for one in row.lists} | {one.source for one in marks if one.source.startswith(LIST)}
    counts = {name: tx.count(INDEX_ENTRIES, "by_share", (row.name, "in", name)) for name in names}
    others = tx.count(INDEX_ENTRIES, "by_state", (row.name, "in")) - sum(counts.values())
    if row.types or others:
        counts["dossiers"] = others
    category = dict(zip((LIST + one for one in row.lists), row.list_categories, strict=True))
    return [
        {
            "source": name,
            "category": category.get(name, ""),
            "entries": count,
            "followed": name in category or (name == "dossiers" and bool(row.types)),
            "here": name == "dossiers" or tx.get(LISTS, name.removeprefix(LIST)) is not None,
        }
        for name, count in sorted(counts.items())
    ]


def _table(tx: Reading, epoch: Epoch) -> dict[str, Any]:
    shards = tx.scan(SHARDS, "key", (epoch.id,), limit=100_000)
    return {
        "epoch": epoch.id,
        "kind": epoch.kind,
        "number": epoch.number,
        "state": epoch.state,
        "count": epoch.count,
        "shards": epoch.shards,
        "bytes": sum(one.size for one in shards),
        "published": to_iso(epoch.published),
        "ends": to_iso(epoch.ends),
        "expires": to_iso(epoch.expires),
        "withdrawn": tx.count(WITHDRAWN, "key", (epoch.id,)),
    }


# -- a dossier ---------------------------------------------------------------------------------------------------------


def references(tx: Reading, office: Office, who: Person, row: Index, dossier: str) -> list[dict[str, Any]]:
    """The references that a dossier's persons have, or had, in tables of an index that a claim may be about.

    Raises NotFoundError, NotAllowedError.
    """
    there = tx.get(DOSSIERS, dossier)
    if there is None:
        raise NotFoundError(f"expected a dossier that is here, got {dossier[:60]!r}")
    ask(tx, office, who, Action.DOSSIER_READ, facts.of_dossier(tx, office.ctx, there))
    entries = tx.scan(INDEX_ENTRIES, "by_source", (row.name, DOSSIER + dossier), limit=100_000)
    keys = {one.number: choosing.who(one.source, one.entry) for one in entries}
    held = {one.number: one.keys for one in entries if one.state == "in"}
    gone = keys.keys() - held.keys()
    found = []
    for epoch in withdrawing.epochs(tx, row.name):
        here = withdrawing.behind(tx, epoch, held) if held else {}
        here |= withdrawing.through(withdrawing.parts(tx, epoch.id), gone) if gone else {}
        for reference, numbers in sorted(here.items()):
            text = table.written(reference)
            withdrawn = tx.get(WITHDRAWN, epoch.id, text) is not None
            for person in sorted({keys[number] for number in numbers if number in keys}):
                value = {"person": person, "reference": text, "epoch": epoch.id, "kind": epoch.kind}
                found.append(value | {"withdrawn": withdrawn})
    return found


# -- who is in it ------------------------------------------------------------------------------------------------------


def read(
    tx: Writing, office: Office, who: Person, row: Index, reason: str, after: int = 0, most: int = 200
) -> list[Seen]:
    """Who is in an index, the first first, once it is written down who reads it and why.

    Raises NotAllowedError, InputError.
    """
    ask(tx, office, who, Action.INDEX_READ, indexes.on(row))
    if not reason:
        raise InputError(f"--reason: expected why the entries of index {row.name} are read by {who.id}, got nothing")
    words = work.check_line(reason, "--reason")
    page = tx.scan(INDEX_ENTRIES, "by_state", (row.name, "in"), after=(after,), limit=most)
    details = {"entries": [f"{one.source}/{one.entry}" for one in page], "reason": words}
    notes.record(tx, office.ctx, What.INDEX_READ, who.id, indexes.named(row), details)
    return [_seen(tx, one) for one in page]


def _seen(tx: Reading, one: IndexEntry) -> Seen:
    names: tuple[str, ...] = ()
    if one.source.startswith(LIST) and (there := tx.get(LISTS, one.source.removeprefix(LIST))):
        entry = tx.get(LIST_ENTRIES, there.edition, one.entry)
        names = tuple(name.text for name in decode(entry.body).person.names) if entry else ()
    return Seen(one.source, one.entry, one.category, one.noted, one.by, names)
