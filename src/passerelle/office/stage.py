"""How far a message, or a dossier, has come: one word of a closed list that never says more than was signed.

    own message   in-line -> sent -> stored -> acknowledged -> in-charge -> answered
                  or refused, withdrawn, withheld
    the partner's waiting, received -> acknowledged -> in-charge -> answered (by own acts), refused, withheld

- *stored*: the partner's machine cosigned the log past the message's index. No person has seen it for that;
- *acknowledged*, *in-charge*, *answered*: a person there signed an act that says so (`dossiers.progress`), having seen
  the message. An act that did not build on the message says nothing about it;
- an own act moves the stage of the partner's dossier when the partner has stored it: before, nobody was answered.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from passerelle.core import json
from passerelle.dossiers import progress
from passerelle.dossiers.rules import Side
from passerelle.dossiers.types import DossierType
from passerelle.exchange.counted import remembered
from passerelle.ports.records import LOGS, MESSAGES, Dossier, Log, Message
from passerelle.ports.store import Reading

STAGES = (
    "in-line",
    "sent",
    "stored",
    "waiting",
    "received",
    "acknowledged",
    "in-charge",
    "answered",
    "refused",
    "withdrawn",
    "withheld",
)
_OF_LEVEL = {"acknowledged": "acknowledged", "charged": "in-charge", "answered": "answered"}
_WEIGHT = {"acknowledged": 1, "in-charge": 2, "answered": 3}
_STRONGEST_FIRST = ("answered", "in-charge", "acknowledged")


class Logs:
    """The logs that messages of one transaction stand in, each read once."""

    def __init__(self, tx: Reading) -> None:
        self._tx = tx
        self._known: dict[str, Log | None] = {}

    def cosigned(self, message: Message) -> bool:
        """Whether the partner's cosignature covers an own message."""
        if message.origin not in self._known:
            self._known[message.origin] = self._tx.get(LOGS, message.origin)
        log = self._known[message.origin]
        return log is not None and log.cosigned > message.index >= 0


def delivery(message: Message, logs: Logs) -> str:
    """How the delivery of a message stands: what machines did with it."""
    if message.state in ("refused", "withdrawn", "withheld", "waiting"):
        return message.state
    if message.direction == "in":
        return "received"
    if message.state == "unsequenced":
        return "in-line"
    return "stored" if logs.cosigned(message) else "sent"


def of_dossiers(tx: Reading, rows: Sequence[Dossier]) -> dict[str, str]:
    """The stage of each dossier, by its id: that of its opening message. A few look-ups for any number of them."""
    names = [(name,) for row in rows for name in (row.opening, row.acknowledged, row.charged, row.answered) if name]
    messages = {key[0]: one for key, one in tx.get_many(MESSAGES, names).items()}
    logs = Logs(tx)
    made = {row.id: _of_dossier(row, messages, logs) for row in rows}
    for row in rows:
        if not row.opening:  # it was refused or withdrawn, or has not come back yet after a restore
            first = tx.scan(MESSAGES, "by_dossier", (row.id,), limit=1)
            made[row.id] = delivery(first[0], logs) if first else ""
    return made


def _of_dossier(row: Dossier, messages: Mapping[str, Message], logs: Logs) -> str:
    opening = messages.get(row.opening)
    if opening is None:
        return ""
    for level in ("answered", "charged", "acknowledged"):
        act = messages.get(getattr(row, level))
        if act is not None and delivery(act, logs) in ("received", "stored"):
            return _OF_LEVEL[level]
    return delivery(opening, logs)


def of_messages(
    kind: DossierType | None, opener: str, messages: Iterable[Message], own: str, logs: Logs
) -> dict[str, str]:
    """The stage of each message of one dossier, by its id.

    `opener`: the node that opened it; `own`: this node's name.
    """
    rows = {one.id: one for one in messages}
    found = {name: delivery(one, logs) for name, one in rows.items()}
    if kind is None:
        return found
    # The strongest word first: whatever one of its acts has seen needs no weaker one, and is not walked again.
    said: dict[str, list[tuple[Message, str]]] = {stage: [] for stage in _STRONGEST_FIRST}
    for act in rows.values():
        if act.kind == "act" and found[act.id] in ("received", "stored"):
            author = own if act.direction == "out" else act.partner
            by: Side = "opener" if author == opener else "answerer"
            facts = remembered(act)
            about = str(facts.get("message", ""))
            if level := progress.level_of(kind, act.act, by, facts, about):
                said[_OF_LEVEL[level]].append((act, about if level == "acknowledged" else ""))
    seen: dict[str, set[str]] = {"in": set(), "out": set()}
    for stage in _STRONGEST_FIRST:
        for act, about in said[stage]:
            for name in (about,) if about else _before(act, rows, seen[act.direction]):
                other = rows.get(name)
                if other is None or other.direction == act.direction or other.kind != "act":
                    continue
                if found[name] in ("stored", "received") or _WEIGHT[stage] > _WEIGHT.get(found[name], 9):
                    found[name] = stage
    return found


def _before(act: Message, rows: Mapping[str, Message], seen: set[str]) -> list[str]:
    """The messages that an act builds on, and that none before it in `seen` did."""
    found: list[str] = []
    todo = list(act.after)
    while todo:
        name = todo.pop()
        if name in rows and name not in seen:
            seen.add(name)
            found.append(name)
            todo += rows[name].after
    return found


class Charge(msgspec.Struct, frozen=True):
    """Who has a dossier in charge on the answering side, since when (milliseconds), by which message."""

    person: str
    service: str
    since: int
    message: str


def charge_of(row: Dossier, message: Message | None, body: bytes | None) -> Charge | None:
    """What the last `take-charge` says. Where its content is no longer held: who wrote it."""
    if message is None:
        return None
    said = json.parse_object(body).get("body", {}) if body else {}
    since = message.time or message.noted
    return Charge(str(said.get("contact") or message.author), str(said.get("service", "")), since, row.charged)
