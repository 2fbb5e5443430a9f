"""A store with very many dossiers, made quickly: a few are really exchanged, the rest are copies of them.

Rules kept here:
- what is copied was judged, applied and counted by the product: rows of dossiers, messages, contents, entries, timers;
- every copy has ids, references, places and times of its own, in the order of time as life would bring them; ids are
  new ones of the product's making, so their place in an index is that of life, too;
- four stories of two or three messages: acknowledged, taken in charge, refused at once or later. One dossier in five
  is open, one in ten is with other partners;
- everything goes through the store's port.

Left out, because nothing that is measured reads it: hashes of the logs' trees, and commitments. The store is no longer
one that could exchange.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from benchmarks._pair import settle
from benchmarks._samples import BE, LANE, MA, Acts, common
from passerelle.core import ids
from passerelle.exchange import desk
from passerelle.exchange.desk import Act
from passerelle.ledger import entry as entries
from passerelle.node import Node
from passerelle.ports.records import (
    CONTENTS,
    DOSSIERS,
    ENTRIES,
    LOGS,
    MESSAGES,
    Content,
    Dossier,
    Entry,
    Message,
)
from passerelle.ports.store import Store, Writing
from passerelle.ports.timers import TIMERS, Timer

OTHERS = ("fr", "nl", "es")
"""Partners with whom a tenth of the dossiers are."""
OPEN_EVERY = 5
BATCH = 2000
_PLACE = b"BE-0000-0000000"
_APART = 60_000  # milliseconds between two dossiers


class Rows(msgspec.Struct, frozen=True):
    """What a store keeps of one dossier."""

    dossier: Dossier
    messages: list[Message]
    contents: list[Content]
    timers: list[Timer]


_decode = msgspec.msgpack.Decoder(Rows).decode


class Story:
    """A dossier that was exchanged, to be copied."""

    def __init__(self, rows: Rows) -> None:
        self.ended = rows.dossier.status == "ended"
        self._packed = msgspec.msgpack.encode(rows)
        self._ids = [one.encode() for one in (rows.dossier.id, *(message.id for message in rows.messages))]

    def copy(self, number: int, now: int, places: dict[str, int]) -> Rows:
        """The same dossier under ids, references and times of its own. `places`: the size of each log, which grows."""
        packed = self._packed.replace(_PLACE, b"BE-2026-%07d" % number)
        for old in self._ids:
            packed = packed.replace(old, ids.new_id().encode())  # as long as the old one
        made = _decode(packed)
        other = OTHERS[number // 10 % len(OTHERS)] if number % 10 == 0 else ""
        messages = []
        for step, message in enumerate(made.messages):
            origin = message.origin.replace(f"/{MA}/", f"/{other}/") if other else message.origin
            index = places[origin] = places.get(origin, -1) + 1
            moved = {"partner": other} if other else {}
            messages.append(
                msgspec.structs.replace(
                    message,
                    origin=origin,
                    index=index,
                    position=ids.order_of(message.id),
                    time=now + step,
                    noted=now + step,
                    **moved,
                )
            )
        row = msgspec.structs.replace(made.dossier, opened=now, updated=now + len(messages) - 1)
        if other:
            row = msgspec.structs.replace(row, partner=other)
        return Rows(row, messages, made.contents, made.timers)


def stories(be: Node, ma: Node, channel: str) -> list[Story]:
    """Exchange one dossier of each story; both nodes are as they were before, but for these."""
    acts = Acts(channel, 1800, "1/0")
    made = []
    for answers in (["acknowledge"], ["acknowledge", "take-charge"], ["refuse"], ["acknowledge", "refuse"]):
        (opening,) = acts.take(1)
        content = opening.content | {"reference": _PLACE.decode()}
        desk.post(be.ctx, [msgspec.structs.replace(opening, content=content)])
        settle(be, ma, LANE)
        for name in answers:
            desk.post(ma.ctx, [_answer(content, name, channel)])
            settle(be, ma, LANE)
        made.append(Story(_rows(be.store, content["dossier"])))
    return made


def _answer(opening: dict[str, Any], name: str, channel: str) -> Act:
    bodies = {"refuse": {"ground": "not-competent"}, "take-charge": {"service": "police", "contact": "N. (invented)"}}
    content = common(channel) | {
        "type": opening["type"],
        "basis": opening["basis"],
        "dossier": opening["dossier"],
        "act": name,
        "reference": "MA-26-114",
        "classification": "diffusion-restreinte",
        "body": bodies.get(name, {}),
    }
    return Act(partner=BE, lane=LANE, content=content, author="ma-101", releaser="ma-007")


def _rows(store: Store, dossier: str) -> Rows:
    def read(tx: Any) -> Rows:
        messages = tx.scan(MESSAGES, "by_dossier", (dossier,), limit=100)
        contents = tx.get_many(CONTENTS, [(one.id,) for one in messages])
        row = tx.get(DOSSIERS, dossier)
        return Rows(row, messages, list(contents.values()), tx.scan(TIMERS, "key", (dossier,), limit=100))

    return store.read(read)


def fill(store: Store, told: list[Story], count: int, begin: int, say: Callable[[int], None]) -> list[str]:
    """Put so many dossiers into a store. Returns the ids of a thousand of them, evenly spread."""
    running = [one for one in told if not one.ended]
    ended = [one for one in told if one.ended]
    places: dict[str, int] = {
        log.origin: log.size - 1 for log in store.read(lambda tx: tx.scan(LOGS, limit=1000)) if log.lane == LANE
    }
    kept: list[str] = []
    every = max(1, count // 1000)

    def made(start: int) -> Iterator[Rows]:
        for number in range(start, min(start + BATCH, count)):
            of = running if number % OPEN_EVERY == 0 else ended
            yield of[number // OPEN_EVERY % len(of)].copy(number, begin + number * _APART, places)

    for start in range(0, count, BATCH):
        batch = list(made(start))
        store.write("bench.fill", lambda tx, batch=batch: _add(tx, batch))  # type: ignore[misc]
        kept += [rows.dossier.id for number, rows in enumerate(batch, start) if number % every == 0]
        say(min(start + BATCH, count))
    store.write("bench.logs", lambda tx: _grow(tx, places, begin + count * _APART))
    return kept


def _add(tx: Writing, batch: list[Rows]) -> None:
    messages = [message for rows in batch for message in rows.messages]
    tx.add(DOSSIERS, [rows.dossier for rows in batch])
    tx.add(MESSAGES, messages)
    tx.add(CONTENTS, [content for rows in batch for content in rows.contents])
    tx.add(TIMERS, [timer for rows in batch for timer in rows.timers])
    tx.add(ENTRIES, [_entry(message) for message in messages])


def _entry(message: Message) -> Entry:
    leaf = entries.Leaf(
        message.origin, message.index, message.time, message.id, message.size, message.commitment
    ).encode()
    return Entry(origin=message.origin, index=message.index, leaf=leaf, nodes=b"", message=message.id)


def _grow(tx: Writing, places: dict[str, int], now: int) -> None:
    for log in tx.scan(LOGS, limit=1000):
        if log.origin in places:
            size = places[log.origin] + 1
            tx.put(LOGS, [msgspec.structs.replace(log, size=size, cosigned=size, last_time=now)])
