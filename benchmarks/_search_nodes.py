"""Two nodes of which one holds an index of many match keys, and the processes in which they are at work.

    index    in the process of ma: so many match keys written as entries, made into a table by all processors, announced
    fetched  in the process of be: the table is here, every shard held against its root
    ask      in the process of be: travellers read, blinded, asked, answered, looked up, shown to who asked

Rules kept here: the nodes are the product's, with TLS and services; what is timed is what an officer waits for. Match
keys of the index stand for nobody: each entry has five of them, numbers in a row, and a few are travellers'.
"""

import asyncio
import io
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from benchmarks._children import BenchError, answer
from benchmarks._samples import BE, MA
from benchmarks._serving import Serving
from passerelle.node import Node
from passerelle.office import people
from passerelle.office.people import NewPerson, Role
from passerelle.persons.model import Entry
from passerelle.ports.people import Person
from passerelle.ports.search import BASE, DELTA, INDEX_ENTRIES, INDEXES, MANIFESTS, QUESTIONS, IndexEntry
from passerelle.ports.store import Writing
from passerelle.screening import readers
from passerelle.screening.readers.reading import Options
from passerelle.screening.rules import Asked
from passerelle.search import asking, grounds, hits, indexes, publishing
from passerelle.search.keys import keys_of
from passerelle.service import Service

INDEX, PURPOSE = "wanted", "criminal-investigation"
KEYS_EACH = 5
_ASKED = Asked(link="travel-to-evade", offence="Trafic de stupéfiants", journey="EX 117, CMN to BRU (invented)")
_BASIS = "Act on passenger data, article 24 (invented)"
_PAGE = 10_000
_PAUSE = 0.002


def hire(node: Node, name: str, role: Role) -> Person:
    """Somebody of a node, written straight into its store."""

    def work(tx: Writing) -> Person:
        now = node.ctx.clock.now()
        made = people.add(tx, NewPerson(id=name, users=(f"u-{name}",), service="police"), now, "bench")
        people.grant(tx, name, role, now, "bench", domain="*", begin="2020-01-01", until="")
        return made

    return node.store.write("bench.hire", work)


def _entries(count: int, known: list[Entry]) -> Iterator[IndexEntry]:
    for number in range(1, count + 1):
        place = number - (count - len(known)) - 1
        if place >= 0:
            keys = keys_of(known[place].person)
        else:
            first = KEYS_EACH * number
            keys = tuple(f"p|passport|MA|ZB{key:09d}" for key in range(first, first + KEYS_EACH))
        yield IndexEntry(
            index=INDEX,
            number=number,
            source="list/bench",
            entry=str(number),
            keys=keys,
            body=b"",
            noted=1,
            by="bench",
            category="listed",
        )


def fill(node: Node, channel: str, keys: int, known: list[Entry]) -> None:
    """An index with so many match keys; the last of its entries are the known persons."""
    keeper = hire(node, f"{node.identity.name}-keeper", Role.COORDINATOR)
    indexes.create(node.office, keeper, indexes.Wanted(name=INDEX, partner=BE, channel=channel))
    count = keys // KEYS_EACH
    rows: list[IndexEntry] = []
    for one in _entries(count, known):
        rows.append(one)
        if len(rows) == _PAGE or one.number == count:
            node.store.write("bench.entries", lambda tx, rows=tuple(rows): tx.add(INDEX_ENTRIES, rows))
            rows.clear()

    def numbered(tx: Writing) -> None:
        row = indexes.find(tx, INDEX)
        tx.put(INDEXES, [msgspec.structs.replace(row, entries=count)])

    node.store.write("bench.numbers", numbered)


def read(text: str, form: str) -> list[Entry]:
    """The persons of a file; nothing else may be in it."""
    data = io.BytesIO(text.encode("latin-1" if form == "paxlst" else "utf-8"))
    found = list(readers.entries(data, form, options=Options(today=date.today())))
    those = [one for one in found if isinstance(one, Entry)]
    if len(those) != len(found):
        raise BenchError(f"expected travellers without faults, got {len(found) - len(those)} faults")
    return those


class _Process:
    def __init__(self, folder: str) -> None:
        self.node = Node.open(Path(folder))
        self.serving: Serving | None = None

    async def serve(self) -> None:
        """Begin to serve, as `passerelle serve` does."""
        self.serving = Serving(self.node, Service)
        await self.serving.ready()

    async def close(self) -> None:
        if self.serving is not None:
            await self.serving.close()
        self.node.close()


class Holder(_Process):
    """The process of ma."""

    async def index(self, channel: str, keys: int, known: list[str]) -> dict[str, float]:
        """Fill, publish the base and beside it an empty delta. Returns the base's seconds, count and shards."""
        those = [msgspec.json.decode(one, type=Entry) for one in known]
        await asyncio.to_thread(fill, self.node, channel, keys, those)
        began = time.perf_counter()
        made = await asyncio.to_thread(publishing.publish, self.node.office, INDEX, BASE)
        seconds = time.perf_counter() - began
        await asyncio.to_thread(publishing.publish, self.node.office, INDEX, DELTA)
        return {"seconds": seconds, "count": made.count, "shards": made.shards}


class Asker(_Process):
    """The process of be."""

    async def fetched(self, most: float) -> float:
        """Wait until the tables are here. Returns the seconds that it took."""
        began = time.perf_counter()

        def here() -> set[str]:
            found = self.node.store.read(lambda tx: tx.scan(MANIFESTS, "by_state", ("here",), limit=100))
            return {one.kind for one in found}

        while await asyncio.to_thread(here) != {BASE, DELTA}:
            if time.perf_counter() - began > most:
                raise BenchError("expected the tables of the index within the time, got none")
            await asyncio.sleep(0.05)
        return time.perf_counter() - began

    async def ask(self, text: str, purpose: str = PURPOSE) -> dict[str, Any]:
        """A list from its bytes to the hits that are shown. Returns seconds of the parts, elements and hits."""
        node = self.node
        who = await asyncio.to_thread(self._who)
        began = time.perf_counter()
        wanted = grounds.Wanted(partner=MA, purpose=purpose, index=INDEX)
        parts = asking.parts_of(read(text, "paxlst"))
        questions = await asyncio.to_thread(
            asking.run,
            node.office,
            who,
            lambda tx: grounds.of_list(tx, node.office, who, wanted, _ASKED, _BASIS),
            parts,
        )
        written = time.perf_counter()
        node.wake()
        answered = await self._answered([one.id for one in questions])
        shown = [
            seen
            for one in answered
            for seen in await asyncio.to_thread(
                node.store.write,
                "bench.page",
                lambda tx, one=one: hits.page(tx, node.office, who, one, "")[1],
            )
        ]
        ended = time.perf_counter()
        return {
            "whole": ended - began,
            "written": written - began,
            "answered": ended - written,
            "persons": parts.persons,
            "keys": sum(one.keys for one in answered),
            "elements": sum(one.count for one in answered),
            "hits": len(shown),
        }

    def _who(self) -> Person:
        return self.node.store.read(lambda tx: people.find(tx, "be-asker"))

    async def _answered(self, names: list[str]) -> list[Any]:
        end = time.perf_counter() + 60

        def look() -> list[Any]:
            found = self.node.store.read(lambda tx: tx.get_many(QUESTIONS, [(one,) for one in names]))
            return list(found.values())

        rows = await asyncio.to_thread(look)
        while any(one.state == "waiting" for one in rows):
            if time.perf_counter() > end:
                raise BenchError(f"expected an answer within a minute, got none: {rows[0].reason}")
            await asyncio.sleep(_PAUSE)
            rows = await asyncio.to_thread(look)
        if refused := [one for one in rows if one.state != "answered"]:
            raise BenchError(f"expected answers, got {refused[0].state}: {refused[0].reason}")
        return rows


async def main(side: str, folder: str) -> None:
    """The process of one side."""
    held = Holder(folder) if side == MA else Asker(folder)
    names = ("serve", "index") if side == MA else ("serve", "fetched", "ask")
    try:
        await answer({name: getattr(held, name) for name in names})
    finally:
        await held.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
