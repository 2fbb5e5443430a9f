"""Onward use: what the author of a message answered to whoever asked to use it further.

Rules kept here:
- the last answer to a question counts, and of several questions each has its own;
- a question, an answer or a message that was taken back counts no more;
- it is the other side that answers, about the message that it was asked about.

Which acts ask, answer and take back, and which decisions grant, stands in `catalogue/relations.toml` (`follows`).

Left unchecked: what the words of conditions demand; they are shown to whoever reads.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.dossiers.relations import shipped
from passerelle.exchange.counted import COUNTING
from passerelle.ports.records import CONTENTS, MESSAGES, Message
from passerelle.ports.store import Reading

_ALL = 100_000

Said = tuple[Message, Mapping[str, Any]]
"""An act that counts, and its body."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """That using a message further was granted or not. `service`, `purpose`: for which it was asked; may be empty."""

    about: str
    question: Message
    answer: Message
    granted: bool
    service: str
    purpose: str
    conditions: str


def acts() -> frozenset[str]:
    """The acts that `decisions` looks at."""
    follows = shipped().follows
    return frozenset((follows.question, follows.answer, *follows.ends))


def said(tx: Reading, dossier: str, names: Collection[str]) -> list[Said]:
    """The acts of these names that count in a dossier, in its order, as far as their content is held."""
    found = [one for one in tx.scan(MESSAGES, "by_dossier", (dossier,), limit=_ALL) if one.act in names]
    counting = [one for one in found if one.state in COUNTING[one.direction]]
    contents = contents_of(tx, (one.id for one in counting))
    return [(one, contents[one.id].get("body", {})) for one in counting if one.id in contents]


def contents_of(tx: Reading, messages: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What messages of these ids say, where it is held."""
    found = tx.get_many(CONTENTS, [(one,) for one in messages])
    return {key[0]: json.parse_object(one.body) for key, one in found.items()}


def barred(found: Iterable[Said]) -> set[str]:
    """The messages that may not be used for now: under a restriction that was not taken back itself."""
    follows, told = shipped().follows, list(found)
    gone = {body.get("message") for one, body in told if one.act in follows.ends}
    return {str(body.get("message")) for one, body in told if one.act in follows.bars and one.id not in gone}


def decisions(found: Iterable[Said]) -> list[Decision]:
    """The decisions that stand in a dossier, in the order of the answers. `found`: its `acts`, as `said` gives them."""
    follows = shipped().follows
    rows = {one.id: (one, body) for one, body in found}
    gone = {body.get("message") for one, body in rows.values() if one.act in follows.ends}
    last: dict[str, tuple[Said, Said]] = {}
    for one, body in rows.values():
        question = str(body.get("question", ""))
        if one.act == follows.answer and not gone.intersection((one.id, question)) and question in rows:
            asked = rows[question]
            if asked[0].act == follows.question and asked[0].direction != one.direction:
                last.pop(question, None)
                last[question] = asked, (one, body)
    made = []
    for (question_of, asked_of), (answer, told) in last.values():
        about = asked_of["message"]
        if about != told.get("message") or about in gone:
            continue
        made.append(
            Decision(
                about=about,
                question=question_of,
                answer=answer,
                granted=told.get("decision") in follows.granted,
                service=str(asked_of.get("service", "")),
                purpose=str(asked_of.get("purpose", "")),
                conditions=str(told.get("conditions", "")),
            )
        )
    return made
