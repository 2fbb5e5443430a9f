"""People for a pair of nodes: who holds which role, and the office that asks."""

from zoneinfo import ZoneInfo

from passerelle.office import people
from passerelle.office.asking import Office
from passerelle.office.people import NewPerson
from passerelle.ports.people import Person
from tests.peers.pair import Pair, Peer


def office_of(peer: Peer) -> Office:
    return Office(peer.ctx, ZoneInfo("Europe/Brussels"))


def hire(
    peer: Peer, name: str, *roles: str, domain: str = people.ANYWHERE, until: str = "", service: str = "police"
) -> Person:
    """A person who holds these roles from today on. Somebody who is there already gets them, too."""
    office = office_of(peer)

    def work(tx):  # type: ignore[no-untyped-def]
        now, day = peer.ctx.clock.now(), office.today()
        known = next((one for one in people.everybody(tx) if one.id == name), None)
        person = known or people.add(tx, NewPerson(id=name, service=service), now, "test")
        for role in roles:
            people.grant(tx, name, role, now, "test", domain=domain, begin=day, until=until)
        return person

    made: Person = peer.store.write("test.hire", work)
    return made


class Desk:
    """The people of `be`: ann and bea write, luc releases, max does both, zoe is a magistrate, dan is on duty.

    All of them are of one service: the police, which the samples' channel names beside the justice.
    """

    def __init__(self, pair: Pair, service: str = "police") -> None:
        self.pair = pair
        self.office = office_of(pair.be)
        self.ann = hire(pair.be, "ann", "officer", service=service)
        self.bea = hire(pair.be, "bea", "officer", service=service)
        self.luc = hire(pair.be, "luc", "approver", service=service)
        self.max = hire(pair.be, "max", "officer", "approver", service=service)
        self.zoe = hire(pair.be, "zoe", "magistrate", service=service)
        self.dan = hire(pair.be, "dan", "duty", service=service)
        self.driss = hire(pair.be, "driss", "dispatcher", service=service)
        self.eva = hire(pair.be, "eva", "analyst", service=service)
        self.olga = hire(pair.be, "olga", "operator", service=service)
