"""What stands at the end of a relation: a person of a dossier, a dossier, or a thing met in one.

Keys of persons hold within a dossier, so a person is a dossier and a key; what is said of him stands in the message
that brought him last, of those that may still be used.
"""

from typing import Any

import msgspec

from passerelle.core import ids
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.dossiers.relations import RelationKind, shipped
from passerelle.exchange.counted import COUNTING, remembered
from passerelle.office import work
from passerelle.office.onward import contents_of
from passerelle.office.reach import Reach
from passerelle.office.walls import opening
from passerelle.ports.records import MESSAGES, Dossier, Message
from passerelle.ports.relations import THINGS, Thing
from passerelle.ports.store import Reading, Writing

_MOST = 10_000


class Wanted(msgspec.Struct, frozen=True):
    """An end as somebody names it: a dossier's id, and beside it a person's key, or a thing by kind and name."""

    dossier: str
    key: str = ""
    thing: str = ""
    name: str = ""


class End(msgspec.Struct, frozen=True):
    """An end that is here. `text`: as records write it; `message`: the one that it rests on."""

    text: str
    kind: str  # person | dossier | thing
    row: Dossier
    message: Message
    key: str = ""
    thing: Thing | None = None


def text_of(tx: Reading, wanted: Wanted) -> str:
    """How records write an end, whether anything may still be said of it or not. Raises NotFoundError."""
    if wanted.key:
        return f"person/{wanted.dossier}/{wanted.key}"
    return f"thing/{_thing(tx, wanted).id}" if wanted.thing else f"dossier/{wanted.dossier}"


def find(tx: Reading, wanted: Wanted, reach: Reach) -> End:
    """The end that is meant, as somebody may use it. Raises NotFoundError or StateError."""
    row = work.dossier(tx, wanted.dossier)
    if wanted.key:
        message = bringing(tx, row, wanted.key, reach)
        return End(text_of(tx, wanted), "person", row, message, wanted.key)
    first = opening(tx, row)
    if first is None:
        raise StateError(f"expected a dossier with an act, got {row.id}, which has none")
    if not wanted.thing:
        return End(text_of(tx, wanted), "dossier", row, first)
    return End(text_of(tx, wanted), "thing", row, first, thing=_thing(tx, wanted))


def _thing(tx: Reading, wanted: Wanted) -> Thing:
    found = tx.scan(THINGS, "by_dossier", (wanted.dossier, wanted.thing, wanted.name), limit=1)
    if not found:
        raise NotFoundError(f"expected a thing of dossier {wanted.dossier}, got {wanted.thing}={wanted.name[:80]!r}")
    return found[0]


def make_thing(tx: Writing, wanted: Wanted, by: str, now: int) -> None:
    """Write a thing down, where it is not there yet. Raises InputError."""
    if wanted.thing not in shipped().things:
        raise InputError(f"thing: expected one of {', '.join(shipped().things)}, got {wanted.thing[:40]!r}")
    name = work.check_line(wanted.name, "thing")
    if not tx.scan(THINGS, "by_dossier", (wanted.dossier, wanted.thing, name), limit=1):
        made = Thing(id=ids.new_id(), dossier=wanted.dossier, kind=wanted.thing, name=name, by=by, time=now)
        tx.add(THINGS, [made])


def bringing(tx: Reading, row: Dossier, key: str, reach: Reach) -> Message:
    """The newest message of a dossier that brings this person, may be used and is shown to who asks.

    Raises NotFoundError, or StateError: why the newest of all may not be used.
    """
    why: StateError | None = None
    for one in tx.scan(MESSAGES, "by_dossier", (row.id,), limit=_MOST, descending=True):
        if (
            one.kind != "act"
            or one.state not in COUNTING[one.direction]
            or key not in remembered(one).get("subjects", ())
        ):
            continue
        if not reach.opens(one.id):
            continue
        try:
            reach.walls.usable(one)
        except StateError as error:
            why = why or error
        else:
            return one
    raise why or NotFoundError(f"expected a person of dossier {row.id}, got {key!r}")


def content_of(tx: Reading, message_id: str) -> dict[str, Any]:
    """What a message says; nothing when that is gone."""
    return contents_of(tx, [message_id]).get(message_id, {})


def person_of(tx: Reading, message_id: str, key: str) -> dict[str, Any]:
    """What a message says of a person; nothing when that is gone."""
    persons = content_of(tx, message_id).get("subjects", ())
    return next((one for one in persons if one["key"] == key), {})


def check_kind(name: str) -> RelationKind:
    """A kind of the list. Raises InputError."""
    kind = shipped().kinds.get(name)
    if kind is None:
        raise InputError(f"kind: expected one of {', '.join(shipped().kinds)}, got {name[:40]!r}")
    return kind
