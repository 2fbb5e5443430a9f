"""What becomes of relations when the messages that they rest on are erased, withdrawn, corrected or restricted.

Rules kept here:
- a relation goes with the content of any message that it rests on, and with the last content of a dossier of its ends:
  its words, its evaluation, that it was there. A thing that nothing speaks of any more goes, too;
- when a message is withdrawn by its author, what rests on it ends, and stays as ended; when one is corrected or
  restricted, what rests on it is marked, for a person to look at again.

Left unchecked: who may relate what (`office`). An act that the partner refuses later leaves the mark that it made.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from passerelle.core.audit import What
from passerelle.dossiers.relations import shipped
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.ports.records import Message
from passerelle.ports.relations import AGAIN, RELATIONS, THINGS, THREADS, Relation, Thread
from passerelle.ports.store import Reading, Writing

_ALL = 1_000_000


def dossier_of(end: str) -> str:
    """The dossier of a person or a dossier at an end; nothing of a thing, which says it itself."""
    kind, _, rest = end.partition("/")
    return "" if kind == "thing" else rest.partition("/")[0]


def messages_of(relation: Relation) -> tuple[str, ...]:
    """The messages that a relation rests on."""
    because = (one.partition("#")[0] for one in relation.because)
    return tuple(dict.fromkeys((relation.one_message, relation.other_message, *because)))


def pair(relation: Relation) -> str:
    """What threads of relations of the same two ends hang on, whichever comes first."""
    return "pair/" + "|".join(sorted((relation.one, relation.other)))


def dossiers_of(tx: Reading, relation: Relation) -> list[str]:
    """The dossiers of both ends."""
    ends = (relation.one, relation.other)
    things = tx.get_many(THINGS, [(end.partition("/")[2],) for end in ends if end.startswith("thing/")])
    found = (*map(dossier_of, ends), *(one.dossier for one in things.values()))
    return [one for one in dict.fromkeys(found) if one]


def threads(tx: Reading, relation: Relation) -> list[Thread]:
    """What a relation touches."""
    on = [
        relation.one,
        relation.other,
        pair(relation),
        *(f"dossier/{one}" for one in dossiers_of(tx, relation)),
        *(f"message/{one}" for one in messages_of(relation)),
    ]
    if relation.again:
        on.append(AGAIN)
    standing = relation.state == "noted"
    return [Thread(on=one, relation=relation.id, standing=standing) for one in dict.fromkeys(on)]


def put(tx: Writing, relation: Relation) -> None:
    """Write a relation, new or changed, with its threads."""
    tx.put(RELATIONS, [relation])
    tx.put(THREADS, threads(tx, relation))


def touching(tx: Reading, on: str, *, standing: bool | None = None) -> list[Relation]:
    """All relations that touch this, the first first."""
    index, prefix = ("key", (on,)) if standing is None else ("by_on", (on, standing))
    found = tx.scan(THREADS, index, prefix, limit=_ALL)
    rows = tx.get_many(RELATIONS, [(one.relation,) for one in found])
    return list(rows.values())


def erased(tx: Writing, message: str, dossier: str, *, last: bool) -> int:
    """A content was erased, `last`: the last one of its dossier. Returns how many relations went with it."""
    gone = {one.id: one for one in touching(tx, f"message/{message}")}
    if last and dossier:
        gone |= {one.id: one for one in touching(tx, f"dossier/{dossier}")}
    for one in gone.values():
        tx.delete(THREADS, [(thread.on, thread.relation) for thread in threads(tx, one)])
    tx.delete(RELATIONS, [(one,) for one in gone])
    _tidy(tx, (end for one in gone.values() for end in (one.one, one.other)))
    return len(gone)


def _tidy(tx: Writing, ends: Iterable[str]) -> None:
    """Things go with the last relation that names them."""
    things = {end for end in ends if end.startswith("thing/")}
    lonely = [one for one in things if not tx.scan(THREADS, prefix=(one,), limit=1)]
    tx.delete(THINGS, [(one.partition("/")[2],) for one in lonely])


def follows(message: Message) -> bool:
    """Whether relations may follow this act: it withdraws, corrects or restricts a message."""
    return message.act in (*shipped().follows.ends, *shipped().follows.again)


def followed(tx: Writing, ctx: Context, message: Message, content: dict[str, Any]) -> None:
    """An act of `follows` counts now: what rests on the message that it names ends, or is to be looked at again."""
    named = content.get("body", {}).get("message", "")
    ends = message.act in shipped().follows.ends
    for one in touching(tx, f"message/{named}", standing=True):
        if ends:
            changes = {"state": "withdrawn", "ended": message.noted, "reason": message.id}
            put(tx, msgspec.structs.replace(one, **changes))
            for dossier in dossiers_of(tx, one):
                details = {"relation": one.id, "message": message.id}
                notes.record(tx, ctx, What.RELATION_WITHDRAWN, "node", dossier, details, dossier)
        else:
            put(tx, msgspec.structs.replace(one, again=message.id))
