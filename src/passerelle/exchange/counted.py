"""Which messages of a dossier count, and what is remembered of them: functions of rows."""

import json as plain_json
from collections.abc import Iterable
from typing import Any

import msgspec

from passerelle.dossiers import state as states
from passerelle.dossiers.rules import Side
from passerelle.ports.records import Dossier, Message

COUNTING = {"out": ("unsequenced", "sequenced"), "in": ("applied",)}
"""States of messages, by direction, in which they count."""


def side(name: str, row: Dossier) -> Side:
    """The side of a dossier on which a node stands."""
    return "opener" if name == row.opener else "answerer"


def counts(message: Message) -> bool:
    """Whether an act counts."""
    return message.kind == "act" and message.state in COUNTING[message.direction]


def resolve(after: Iterable[str], messages: dict[str, Message]) -> tuple[str, ...]:
    """What an act builds on among the acts that count: one that was refused hands on what it built on itself."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    todo = list(after)
    while todo:
        name = todo.pop()
        message = messages.get(name)
        if name in seen or message is None:
            continue
        seen.add(name)
        if counts(message):
            found[name] = None
        else:
            todo += message.after
    return tuple(sorted(found))


def remembered(message: Message) -> dict[str, Any]:
    """What later judgements need of an act that counts, as its row keeps it: words of its body, keys of its persons."""
    found = plain_json.loads(message.facts) if message.facts else {}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}


def standing_in(row: Dossier, standing: states.Standing) -> Dossier:
    """The row of a dossier that stands so."""
    return msgspec.structs.replace(
        row,
        state=standing.state,
        # An opening that was refused leaves nothing: the dossier has ended before it began.
        status=standing.status if standing.count else "ended",
        standing=standing.to_text(),
        heads=standing.heads,
        count=standing.count,
    )
