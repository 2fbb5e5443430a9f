"""An office over a store in memory, with a clock that stands still and the people that a test needs."""

from typing import Any
from zoneinfo import ZoneInfo

from passerelle.core.clock import ManualClock, from_iso
from passerelle.core.json import parse_object
from passerelle.office import people
from passerelle.office.asking import Office
from passerelle.office.people import NewPerson, Role
from passerelle.ports.people import Person
from passerelle.ports.records import AUDITS
from tests.peers.pair import make_peer

NOON = from_iso("2026-11-21T12:00:00Z")
TODAY = "2026-11-21"


class Bureau:
    """`eva`, who made the node, and whoever else is hired."""

    def __init__(self, zone: str = "Europe/Brussels") -> None:
        self.clock = ManualClock(NOON)
        self.ctx = make_peer("be", "ma", self.clock).ctx
        self.office = Office(self.ctx, ZoneInfo(zone))
        self.eva = self.hire("eva", Role.OPERATOR, Role.SECURITY)

    def hire(self, person: str, *roles: str, domain: str = "*", begin: str = "2026-01-01", until: str = "") -> Person:
        """Somebody written straight into the store."""

        def work(tx: Any) -> Person:
            made = people.add(tx, NewPerson(id=person, users=(f"u-{person}",)), NOON, "test")
            for role in roles:
                people.grant(tx, person, role, NOON, "test", domain=domain, begin=begin, until=until)
            return made

        return self.ctx.store.write("test.hire", work)

    def read(self, work: Any) -> Any:
        return self.ctx.store.read(work)

    def audits(self, what: str = "") -> list[dict[str, Any]]:
        """The details of the audit records, in order."""
        found = self.read(lambda tx: tx.scan(AUDITS, limit=1000))
        return [parse_object(one.details) for one in found if one.what == what or not what]
