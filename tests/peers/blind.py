"""Two nodes of which be asks blindly and ma holds an index; what passes between them is carried by hand."""

import hashlib
from typing import Any
from zoneinfo import ZoneInfo

from passerelle.exchange import claims
from passerelle.office import people
from passerelle.office.asking import Office
from passerelle.office.people import NewPerson, Role
from passerelle.persons.model import Birth, Document, Entry, Name, Person
from passerelle.ports.lists import LIST_ENTRIES, LISTS, List, ListEntry
from passerelle.ports.people import Person as Who
from passerelle.ports.records import AUDITS, DOSSIERS
from passerelle.ports.search import (
    CLAIMS,
    EPOCH_KEYS,
    EPOCHS,
    INDEX_ENTRIES,
    MANIFESTS,
    OPENINGS,
    QUESTIONS,
    SEARCH_HITS,
    Claims,
    Epoch,
    EpochKey,
    IndexEntry,
    Manifest,
    Question,
    SearchHit,
    Withdrawals,
)
from passerelle.screening.lists import encode
from passerelle.screening.rules import Asked
from passerelle.search import asking, blinding, grounds, hits, keys, oprf, table, wire_tables
from tests.peers.pair import NOW, Pair, Peer, acts, partners
from tests.peers.searching import SEARCH

DOMAIN = "wanted-persons"
CATEGORIES = ("suspect", "wanted", "convicted", "listed", "to-identify")
PURPOSE = "tracing-wanted-persons"
WANTED = grounds.Wanted(partner="ma", purpose=PURPOSE)
ASKED = Asked(link="travel-to-evade", offence="Trafficking in firearms", journey="Ferry Tanger Med to Algeciras")
BASIS = "Act on passenger data, article 24"
HOUR, DAY = 3_600_000, 86_400_000


def person(*names: str, birth: str = "", passport: str = "") -> Person:
    """Nobody who exists."""
    return Person(
        names=tuple(Name(text=one) for one in names),
        births=(Birth(date=birth),) if birth else (),
        documents=(Document(kind="passport", number=passport, country="MA"),) if passport else (),
    )


def entry(id_: str, *names: str, **more: str) -> Entry:
    return Entry(id=id_, person=person(*names, **more))


INDEXED = (
    person("يوسف العمراوي", birth="1986-03-14", passport="ZX0000017"),
    person("Rachid Bensalem", birth="1970-02-01"),
)
"""Whom the index of ma holds."""
TRAVELLERS = (
    entry("1A", "EL AMRAOUI YOUSSEF", birth="1986-03-14", passport="ZX0000017"),
    entry("1B", "ELS JANSSENS", birth="1964-01-09"),
    entry("1C", "RACHID BEN SALEM", birth="1970-02-01"),
    entry("1D", "NADIA WITHOUT BIRTH"),
)


class Blind:
    """`ann` and `bea` ask at be; `nadia` holds the index at ma."""

    def __init__(self, pair: Pair | None = None, held: tuple[Person, ...] = INDEXED) -> None:
        self.pair = pair or partners(channel={"search": SEARCH, "categories": list(CATEGORIES)})
        self.be, self.ma = self.pair.be, self.pair.ma
        self.office = Office(self.be.ctx, ZoneInfo("Europe/Brussels"))
        self.theirs = Office(self.ma.ctx, ZoneInfo("Africa/Casablanca"))
        self.ann = hire(self.be, "ann", Role.OFFICER)
        self.bea = hire(self.be, "bea", Role.OFFICER)
        self.nadia = hire(self.ma, "nadia", Role.OFFICER)
        self.secret = hashlib.sha256(b"secret of an epoch").digest()
        self.epoch = self.publish(held)
        self.dossier, self.opened = self.pair.open_trace(purpose=PURPOSE)

    def publish(self, held: tuple[Person, ...], index: str = "wanted", count: int = 1024) -> str:
        """A base of ma for be, with these persons; its manifest at be."""
        now = self.pair.clock.now()
        drawn = table.referring(self.secret)
        found: dict[str, list[int]] = {}
        for number, one in enumerate(held, 1):
            for key in keys.keys_of(one):
                found.setdefault(key, []).append(number)
        outputs = dict(zip(found, oprf.outputs(self.secret, [key.encode() for key in found]), strict=True))
        rows, proven = {}, []
        for key, numbers in found.items():
            made, reference = table.derive(outputs[key]), table.reference(drawn, key)
            rows[made.tag] = reference ^ made.pad
            proven += [claims.row(reference, made.claim, number) for number in numbers]
        self.shard = table.shard(rows, count)
        name = hashlib.sha256(self.shard).hexdigest()
        root, public = table.root([table.digest(self.shard)]), oprf.public(self.secret)
        expires = now + 38 * DAY

        def hold(tx: Any) -> None:
            epoch = Epoch(
                id=name, index=index, partner="be", kind="base", number=1, public=public, root=root, count=count,
                shards=1, upto=len(held), published=now, expires=expires, ends=expires, state="current",
            )  # fmt: skip
            tx.put(EPOCHS, [epoch])
            tx.put(EPOCH_KEYS, [EpochKey(epoch=name, secret=self.secret)])
            tx.put(CLAIMS, [Claims(epoch=name, part=0, body=b"".join(sorted(proven)))])
            entries = [
                IndexEntry(
                    index=index, number=number, source="list/watch", entry=f"Q{number}", keys=keys.keys_of(one),
                    body=b"", noted=now, by="nadia",
                )
                for number, one in enumerate(held, 1)
            ]  # fmt: skip
            tx.put(INDEX_ENTRIES, entries)
            watch = List(
                name="watch", id="L1", domain=DOMAIN, purpose=PURPOSE, basis="Act 1", form="jsonl", retention="P1Y",
                created=now, created_by="karim", edition="E1", entries=len(held),
            )  # fmt: skip
            bodies = [encode(Entry(id=f"Q{number}", person=one)) for number, one in enumerate(held, 1)]
            rows = [ListEntry(edition="E1", entry=f"Q{number}", body=body) for number, body in enumerate(bodies, 1)]
            tx.put(LISTS, [watch])
            tx.put(LIST_ENTRIES, rows)

        def announce(tx: Any) -> None:
            made = Manifest(
                id=name, partner="ma", index=index, channel=self.pair.channel, purposes=(PURPOSE,), kind="base",
                number=1, public=public, root=root, count=count, shards=1, published=now, expires=expires, body=b"{}",
                message="",
            )  # fmt: skip
            tx.put(MANIFESTS, [made])

        self.ma.store.write("test.hold", hold)
        self.be.store.write("test.announce", announce)
        return name

    # -- be asks --------------------------------------------------------------------------------------------------

    def ask(self, one: Person, who: Who | None = None, dossier: str = "", **changes: str) -> list[Question]:
        """A question about one person, under the dossier that be opened."""
        wanted = grounds.Wanted(**{"partner": "ma", "purpose": PURPOSE} | changes)
        by = who or self.ann

        def ground(tx: Any) -> grounds.Ground:
            row = tx.get(DOSSIERS, dossier or self.dossier)
            return grounds.of_person(tx, self.office, by, wanted, row)

        return asking.run(self.office, by, ground, asking.parts_of([Entry(id="", person=one)]))

    def ask_list(self, travellers: Any = TRAVELLERS, who: Who | None = None, asked: Asked = ASKED) -> list[Question]:
        by = who or self.ann

        def ground(tx: Any) -> grounds.Ground:
            return grounds.of_list(tx, self.office, by, WANTED, asked, BASIS)

        return asking.run(self.office, by, ground, asking.parts_of(travellers))

    def answer(self, question: Question, withdrawn: tuple[str, ...] = ()) -> Question:
        """ma evaluates the elements, be looks up what comes back."""
        held = self.be.store.read(lambda tx: tx.get(OPENINGS, question.id))
        blinded = blinding.blind(held.seed, held.keys, question.count)
        assert hashlib.sha256(blinded.elements).digest() == question.elements
        evaluated, proof = oprf.evaluate(self.secret, blinded.elements)
        outputs = blinded.unblind(evaluated, proof, oprf.public(self.secret))
        found = table.find(outputs, 1024, lambda number: self.shard)
        made = [hits.Found(key, self.epoch, one.reference, one.claim) for key, one in found.items()]
        current = self.withdrawals(*withdrawn)
        return self.be.store.write("test.taken", lambda tx: hits.taken(tx, self.be.ctx, question, made, current, 7, 77))

    def withdrawals(self, *references: str) -> Withdrawals:
        """A list of ma of now."""
        now = self.pair.clock.now()
        salt = now.to_bytes(wire_tables.SALT)
        named = tuple(sorted(claims.named(one, salt) for one in references))
        return Withdrawals(
            partner="ma", index="wanted", time=now, until=now + HOUR, references=named, note=b"", salt=salt
        )

    def current(self, *references: str) -> None:
        """be has the list of now."""
        self.be.store.write("test.withdrawals", lambda tx: hits.keep(tx, self.withdrawals(*references)))

    # -- what is there --------------------------------------------------------------------------------------------

    def question(self, question: Question) -> Question:
        found: Question = self.be.store.read(lambda tx: tx.get(QUESTIONS, question.id))
        return found

    def found(self, question: Question) -> list[SearchHit]:
        found: list[SearchHit] = self.be.store.read(lambda tx: tx.scan(SEARCH_HITS, "key", (question.id,), limit=1000))
        return found

    def page(self, question: Question, who: Who | None = None, reason: str = "") -> list[hits.Seen]:
        def work(tx: Any) -> list[hits.Seen]:
            return hits.page(tx, self.office, who or self.ann, question, reason)[1]

        return self.be.store.write("test.page", work)

    def audits(self, what: str, peer: Peer | None = None) -> list[Any]:
        """The audit records of a word, in order."""
        return [one for one in (peer or self.be).all(AUDITS) if one.what == what]


def hire(peer: Peer, name: str, *roles: str, domain: str = DOMAIN, service: str = "police") -> Who:
    """Somebody written straight into the store."""

    def work(tx: Any) -> Who:
        made = people.add(tx, NewPerson(id=name, users=(f"u-{name}",), service=service), NOW, "test")
        for role in roles:
            people.grant(tx, name, role, NOW, "test", domain=domain, begin="2026-01-01", until="")
        return made

    return peer.store.write("test.hire", work)


__all__ = ["ASKED", "DAY", "HOUR", "INDEXED", "TRAVELLERS", "WANTED", "Blind", "acts", "entry", "hire", "person"]
