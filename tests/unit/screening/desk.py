"""An office that keeps lists over any store, and invented persons."""

import dataclasses
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from passerelle.exchange import erasing
from passerelle.exchange.register import NAME, Register
from passerelle.office.people import Role
from passerelle.persons.model import Birth, Document, Entry, Fault, Name, Person
from passerelle.ports.lists import EDITIONS, LIST_CHANGES, LIST_ENTRIES, LIST_KEYS, LISTS
from passerelle.ports.screening import CONFIRMED, HITS, RUNS, Run
from passerelle.ports.store import Store
from passerelle.screening import deciding, hits, importing, lists, running
from passerelle.screening.hits import Seen
from passerelle.screening.importing import Imported, Wanted
from passerelle.screening.index import Indexes
from passerelle.screening.rules import Asked
from passerelle.screening.running import Limits
from passerelle.store import copying
from tests.unit.office.bureau import Bureau

DOMAIN = "wanted-persons"
FIRST = {
    "domain": DOMAIN,
    "purpose": "tracing-wanted-persons",
    "basis": "Act on the list, article 4",
    "retention": "P1Y",
}


def person(*names: str, birth: str = "", passport: str = "") -> Person:
    return Person(
        names=tuple(Name(text=one) for one in names),
        births=(Birth(date=birth),) if birth else (),
        documents=(Document(kind="passport", number=passport, country="MA"),) if passport else (),
    )


def entry(id_: str, *names: str, line: int = 0, **more: str) -> Entry:
    return Entry(id=id_, person=person(*(names or (f"Person {id_}",)), **more), line=line)


class Desk(Bureau):
    """`carl` keeps lists, `ann` screens, `dana` is the data protection officer. The register is in `folder`."""

    def __init__(self, folder: Path, store: Store | None = None) -> None:
        super().__init__()
        if store is not None:
            self.ctx = _over(self.ctx, store)
            self.office = type(self.office)(self.ctx, self.office.zone)
            self.hire("eva", Role.OPERATOR, Role.SECURITY)
        folder.mkdir(exist_ok=True)
        self.register = Register(folder / NAME, self.ctx.name)
        self.carl = self.hire("carl", Role.COORDINATOR, domain=DOMAIN)
        self.ann = self.hire("ann", Role.OFFICER, domain=DOMAIN)
        self.dana = self.hire("dana", Role.DPO, domain=DOMAIN)

    def take(
        self, entries: Iterable[Entry | Fault], name: str = "watch", source: str = "", who: Any = None, **more: Any
    ) -> Imported:
        """Import entries; without a source of their own they are told apart by what they say."""
        found = list(entries)
        said = hashlib.sha256((source or repr(found)).encode()).hexdigest()
        there = self.read(lambda tx: tx.get(LISTS, name))
        wanted = Wanted(name=name, form="json-lines", **({} if there else FIRST) | more)
        return importing.run(self.office, self.register, who or self.carl, wanted, said, found)

    def held(self, name: str = "watch") -> dict[str, Entry]:
        """The entries of a list as they count now."""
        row = self.read(lambda tx: tx.get(LISTS, name))
        return {one.id: one for one in lists.entries(self.ctx.store, row.edition)} if row and row.edition else {}

    def rows(self) -> dict[str, int]:
        """How many rows there are of each kind."""
        kinds = (LISTS, EDITIONS, LIST_ENTRIES, LIST_KEYS, LIST_CHANGES)
        return {kind.name: self.read(lambda tx, kind=kind: tx.count(kind)) for kind in kinds}


def _over(ctx: Any, store: Store) -> Any:
    return dataclasses.replace(ctx, store=store)


def without_line(one: Entry) -> Entry:
    return msgspec.structs.replace(one, line=0)


OFFENCE = "Terrorist offence, Criminal Code art. 137"
ASKED = Asked(link="travel-to-evade", offence=OFFENCE, journey="Ferry from Tanger Med to Algeciras")
LIMITS = Limits(least=0.5, most=10)
WANTED = [
    entry("Q1", "Youssef El Amraoui", "يوسف العمراوي", birth="1986-03-14", passport="AB123456"),
    entry("Q2", "Rachid Bensalem", birth="1970-02-01"),
    entry("Q3", "Khadija Ait Ourir", birth="1991-11-30"),
]
TRAVELLERS = [
    entry("12A", "YOUSSEF EL AMRAOUI", birth="1986-03-14"),
    entry("12B", "ELS JANSSENS", birth="1964-01-09"),
    entry("14C", "RACHID BENSALEM", birth="1970-02-01"),
]
"""Two of them are on the list."""


class Counter(Desk):
    """A desk at which travellers are screened; `folder` has the index files."""

    def __init__(self, folder: Path, store: Store | None = None) -> None:
        super().__init__(folder, store)
        self.indexes = Indexes(folder, self.ctx.store)
        self.bea = self.hire("bea", Role.OFFICER, domain=DOMAIN)

    def screen(
        self, found: Iterable[Entry | Fault] = TRAVELLERS, asked: Asked = ASKED, limits: Limits = LIMITS, **more: Any
    ) -> Run:
        row = self.read(lambda tx: lists.find(tx, "watch"))
        return running.run(self.office, self.ann, row, asked, "jsonl", self.indexes.open(row), found, limits, **more)

    def run(self, run: Run) -> Run:
        found: Run = self.read(lambda tx: tx.get(RUNS, run.id))
        return found

    def page(self, run: Run, who: Any = None, reason: str = "", **more: Any) -> list[Seen]:
        def work(tx: Any) -> list[Seen]:
            return hits.page(tx, self.office, who or self.ann, tx.get(RUNS, run.id), reason, **more)

        return self.ctx.store.write("test.page", work)

    def show(self, run: Run, number: int, who: Any = None, reason: str = "") -> Seen:
        def work(tx: Any) -> Seen:
            return hits.show(tx, self.office, who or self.ann, tx.get(RUNS, run.id), number, reason)

        return self.ctx.store.write("test.show", work)

    def decide(self, run: Run, number: int, outcome: str, who: Any = None, **more: Any) -> Seen:
        by = who or self.ann
        self.show(run, number, by, "to decide")
        return deciding.decide(
            self.office, by, run, number, outcome, "compared by hand", lambda seen: ("alike",), **more
        )

    def number_of(self, run: Run, entry_id: str) -> int:
        return next(one.number for one in self.page(run) if one.entry.id == entry_id)

    def left(self) -> dict[str, int]:
        """How many rows of each kind are left of screenings."""
        return {kind.name: self.read(lambda tx, kind=kind: tx.count(kind)) for kind in (HITS, CONFIRMED)}


def taken(desk: Desk) -> list[bytes]:
    """The whole of a store, to be put back."""
    return desk.read(lambda tx: list(copying.dump(tx)))


def put_back(desk: Desk, rows: list[bytes]) -> None:
    """The store is as it was when `rows` was taken; the register stays."""
    copying.clear(desk.ctx.store)
    copying.load(desk.ctx.store, rows)
    erasing.begin(desk.ctx, desk.register)
