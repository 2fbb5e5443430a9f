"""A node, `be`, that holds an index for `ma`: two nodes over real messages, people at `be`, lists, a clock."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from passerelle.exchange import erasing
from passerelle.exchange.register import NAME, Register
from passerelle.office import people
from passerelle.office.asking import Office
from passerelle.office.people import NewPerson, Role
from passerelle.persons.model import Entry
from passerelle.ports.people import Person
from passerelle.ports.records import ALARMS, AUDITS, CONTENTS, MESSAGES
from passerelle.ports.search import (
    CLAIMS,
    EPOCH_KEYS,
    EPOCHS,
    FLEETING,
    INDEX_ENTRIES,
    INDEXES,
    WITHDRAWN,
    Epoch,
    Index,
)
from passerelle.ports.store import Store
from passerelle.screening import importing, lists
from passerelle.screening.importing import Wanted as WantedList
from passerelle.search import choosing, ending, following, indexes, publishing, table
from passerelle.search.choosing import Chosen
from passerelle.search.indexes import Wanted
from passerelle.store import copying
from tests.peers.pair import Pair, partners
from tests.unit.screening.desk import FIRST, entry

DOMAIN = "wanted-persons"
NAME_ = "sought"
SEARCH = {
    "purposes": ["tracing-wanted-persons", "criminal-investigation"],
    "categories": ["wanted", "convicted", "listed", "suspect"],
    "quota": {"burst": 3000, "day": 10_000},
}
WANTED = [
    entry("Q1", "Rachid Bensalem", birth="1970-02-01", passport="AB1234567"),
    entry("Q2", "Khadija Ait Ourir", birth="1991-11-30"),
    entry("Q3", "Karim Belkacem", birth="1980-05-06"),
]
HOUR, DAY = 3_600_000, 86_400_000


class Holder:
    """`carl` keeps indexes and lists of the domain, `ann` is an officer, `dana` the data protection officer."""

    def __init__(self, folder: Path, store: Store | None = None, search: Any = SEARCH, **policy: Any) -> None:
        self.pair: Pair = partners(store, channel={"search": search} if search else {}, **policy)
        self.be, self.clock = self.pair.be, self.pair.clock
        self.ctx = self.be.ctx
        self.office = Office(self.ctx, ZoneInfo("Europe/Brussels"))
        folder.mkdir(exist_ok=True)
        self.register = Register(folder / NAME, self.ctx.name)
        self.carl = self.hire("carl", Role.COORDINATOR)
        self.ann = self.hire("ann", Role.OFFICER)
        self.dana = self.hire("dana", Role.DPO)

    def hire(self, person: str, *roles: str, domain: str = DOMAIN) -> Person:
        def work(tx: Any) -> Person:
            made = people.add(
                tx, NewPerson(id=person, users=(f"u-{person}",), service="police"), self.clock.now(), "test"
            )
            for role in roles:
                people.grant(tx, person, role, self.clock.now(), "test", domain=domain, begin="2026-01-01", until="")
            return made

        return self.ctx.store.write("test.hire", work)

    def read(self, work: Any) -> Any:
        return self.ctx.store.read(work)

    @classmethod
    def watching(cls, folder: Path) -> "Holder":
        """One whose index has followed a list of wanted persons."""
        made = cls(folder)
        made.take()
        made.create(lists=(("watch", "wanted"),))
        made.follow()
        return made

    def take(self, entries: Iterable[Entry] = WANTED, name: str = "watch", **more: Any) -> Any:
        """Import a list."""
        found = list(entries)
        said = hashlib.sha256(repr(found).encode()).hexdigest()
        there = self.read(lambda tx: [one for one in lists.listed(tx) if one.name == name])
        wanted = WantedList(name=name, form="json-lines", **({} if there else FIRST) | more)
        return importing.run(self.office, self.register, self.carl, wanted, said, found)

    def create(self, who: Any = None, **more: Any) -> Index:
        wanted = Wanted(**{"name": NAME_, "partner": "ma", "channel": self.pair.channel, "delta_size": 1024} | more)
        return indexes.create(self.office, who or self.carl, wanted)

    def follow(self, name: str = NAME_) -> tuple[int, int]:
        moved = following.follow(self.office, name)
        return moved.came, moved.went

    def publish(self, kind: str = "base", name: str = NAME_, **more: Any) -> Epoch:
        return publishing.publish(self.office, name, kind, processes=1, **more)

    def look(self) -> int:
        """What a service does once a minute, without publishing. Returns how many keys were destroyed."""
        done = ending.look(self.ctx).keys
        for one in self.read(lambda tx: indexes.all_of(tx, "open")):
            following.follow(self.office, one.name)
        return done

    def row(self, name: str = NAME_) -> Index:
        found: Index = self.read(lambda tx: tx.get(INDEXES, name))
        return found

    def held(self, name: str = NAME_) -> dict[str, Any]:
        """Who is in the index, by source and entry."""
        found = self.read(lambda tx: tx.scan(INDEX_ENTRIES, "by_state", (name, "in"), limit=100_000))
        return {f"{one.source}/{one.entry}": one for one in found}

    def names(self, name: str = NAME_) -> set[str]:
        return {one.partition("/")[2] for one in self.held(name)}

    def add(self, source: str, entry: str, who: Any = None, **more: Any) -> Any:
        arguments = {"category": "", "reason": "asked for"} | more
        return choosing.add(self.office, self.register, who or self.ann, NAME_, Chosen(source, entry), **arguments)

    def remove(self, source: str, entry: str, who: Any = None) -> Any:
        those = [Chosen(source, entry)]
        return choosing.remove(self.office, self.register, who or self.ann, NAME_, those, "asked for")

    # -- tables ---------------------------------------------------------------------------------------------------

    def epochs(self, *states: str) -> list[Epoch]:
        found = self.read(lambda tx: tx.scan(EPOCHS, limit=1000))
        return [one for one in found if one.state in states or not states]

    def secrets(self) -> set[str]:
        """The epochs whose key is here."""
        return {one.epoch for one in self.read(lambda tx: tx.scan(EPOCH_KEYS, limit=1000))}

    def references(self, epoch: Epoch, *numbers: int) -> set[str]:
        """The references of persons in a table."""
        bodies = self.read(lambda tx: tx.scan(CLAIMS, "key", (epoch.id,), limit=1000))
        found = set()
        for one in bodies:
            for at in range(0, len(one.body), table.ROW):
                row = one.body[at : at + table.ROW]
                if int.from_bytes(row[-4:], "big") in numbers or not numbers:
                    found.add(row[:8].hex())
        return found

    def withdrawn(self, epoch: Epoch | None = None) -> set[str]:
        found = self.read(lambda tx: tx.scan(WITHDRAWN, limit=100_000))
        return {one.reference for one in found if epoch is None or one.epoch == epoch.id}

    # -- what was told ----------------------------------------------------------------------------------------------

    def audits(self, what: str = "") -> list[dict[str, Any]]:
        from passerelle.core.json import parse_object

        found = self.read(lambda tx: tx.scan(AUDITS, limit=10_000))
        return [parse_object(one.details) for one in found if one.what == what or not what]

    def alarms(self) -> list[str]:
        return [one.what for one in self.read(lambda tx: tx.scan(ALARMS, limit=1000))]

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The own messages of a kind that are in line."""
        from passerelle.core.json import parse_object

        there = {one.id for one in self.be.all(MESSAGES) if one.kind == kind}
        return [parse_object(one.body) for one in self.be.all(CONTENTS) if one.message in there]

    # -- a store that is put back -----------------------------------------------------------------------------------

    def taken(self) -> list[bytes]:
        """The whole of the store, as a backup has it."""
        return self.read(lambda tx: list(copying.dump(tx, without=FLEETING)))

    def put_back(self, rows: list[bytes]) -> None:
        copying.clear(self.ctx.store)
        copying.load(self.ctx.store, rows)
        erasing.begin(self.ctx, self.register)
