"""A pair of nodes that may search each other's indexes: be asks, ma holds."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from passerelle.core.clock import MILLISECONDS_A_DAY
from passerelle.exchange import announcing, manifests
from passerelle.exchange.announcing import Announced
from passerelle.persons.model import Entry, Name, Person
from passerelle.ports.search import (
    EPOCH_KEYS,
    EPOCHS,
    INDEXES,
    MANIFESTS,
    OPENINGS,
    QUESTIONS,
    SHARD_BODIES,
    SHARDS,
    Epoch,
    EpochKey,
    Index,
    Manifest,
    Opening,
    Question,
    Shard,
    ShardBody,
)
from passerelle.search import asking, blinding, fetching, oprf, sending, table, wire_tables
from passerelle.search.answering import Desk
from passerelle.search.evaluating import Evaluator
from tests.peers.pair import Pair

SEARCH = {
    "purposes": ["tracing-wanted-persons"],
    "categories": ["suspect", "wanted"],
    "quota": {"burst": 2000, "day": 20_000},
}
"""What a channel says of searching."""


def announced(pair: Pair, **changes: Any) -> Announced:
    """A manifest of ma for be, of a table that is nowhere."""
    now = pair.clock.now()
    made = Announced(
        index="wanted",
        partner="be",
        holder="ma",
        channel=pair.channel,
        purposes=("tracing-wanted-persons",),
        kind="base",
        number=1,
        public=hashlib.sha256(b"public").digest(),
        root=hashlib.sha256(b"root").digest(),
        count=1024,
        shards=1,
        shard_size=20_000,
        published=now,
        expires=now + 38 * MILLISECONDS_A_DAY,
        delta_every="PT2H",
        burst=2000,
        day=20_000,
    )
    return msgspec.structs.replace(made, **changes)


def question_row(pair: Pair, **changes: Any) -> Question:
    """A question of be that waits."""
    now = pair.clock.now()
    made = Question(
        id="0" * 32,
        partner="ma",
        index="wanted",
        channel=pair.channel,
        domain="wanted-persons",
        purpose="tracing-wanted-persons",
        basis="dossier",
        dossier="",
        about="",
        by="ann",
        asked=now,
        persons=1,
        keys=1,
        count=10,
        elements=bytes(32),
        commitment=bytes(32),
        audit="",
        expires=now + MILLISECONDS_A_DAY,
    )
    return msgspec.structs.replace(made, **changes)


# ---- ma's index ------------------------------------------------------------------------------------------------------


def index_row(pair: Pair, **changes: Any) -> Index:
    """An index of ma for be."""
    made = Index(
        name="wanted",
        partner="be",
        channel=pair.channel,
        domain="wanted-persons",
        purposes=("tracing-wanted-persons",),
        categories=("wanted",),
        lists=(),
        types=(),
        base_size=0,
        delta_size=1024,
        base_every="P1M",
        delta_every="PT2H",
        burst=2000,
        day=20_000,
        created=pair.clock.now(),
        created_by="ma-chief",
    )
    return msgspec.structs.replace(made, **changes)


class Table:
    """A table of these match keys: its secret, its shards, its root."""

    def __init__(self, keys: Iterable[str], count: int = 1024) -> None:
        self.secret, self.count = os.urandom(32), count
        keys, shards = sorted(keys), table.shards_of(count)
        drawn = table.referring(self.secret)
        rows: list[dict[bytes, int]] = [{} for _ in range(shards)]
        for key, output in zip(keys, oprf.outputs(self.secret, [key.encode() for key in keys]), strict=True):
            made = table.derive(output)
            rows[table.shard_of(made.tag, shards)][made.tag] = table.reference(drawn, key) ^ made.pad
        self.shards = [table.shard(one, count // shards) for one in rows]
        self.digests = [table.digest(one) for one in self.shards]
        self.references = {key: table.written(table.reference(drawn, key)) for key in keys}


def publish(pair: Pair, made: Table, **changes: Any) -> str:
    """A table as ma's service publishes it. Returns the id of its epoch."""
    says = {
        "public": oprf.public(made.secret),
        "root": table.root(made.digests),
        "count": made.count,
        "shards": len(made.shards),
        "shard_size": len(made.shards[0]),
    }
    announcement = announced(pair, **says | changes)
    text = announcement.text
    epoch = Epoch(
        id=announcing.id_of(text),
        index=announcement.index,
        partner="be",
        kind=announcement.kind,
        number=announcement.number,
        public=announcement.public,
        root=announcement.root,
        count=announcement.count,
        shards=announcement.shards,
        upto=0,
        published=announcement.published,
        expires=announcement.expires,
        ends=announcement.expires,
        state="current",
        manifest=text.encode(),
    )

    def work(tx: Any) -> None:
        tx.put(EPOCHS, [epoch])
        tx.put(EPOCH_KEYS, [EpochKey(epoch.id, made.secret)])
        tx.put(SHARDS, [Shard(epoch.id, n, digest, len(made.shards[n])) for n, digest in enumerate(made.digests)])
        tx.put(SHARD_BODIES, [ShardBody(epoch.id, n, body) for n, body in enumerate(made.shards)])
        if tx.get(INDEXES, announcement.index) is None:
            tx.put(INDEXES, [index_row(pair, name=announcement.index)])
        manifests.publish(tx, pair.ma.ctx, "be", text, "node")

    pair.ma.store.write("test.publish", work)
    return epoch.id


# ---- be's questions --------------------------------------------------------------------------------------------------


def person(number: int) -> Entry:
    """Somebody whose first match key is `key(number)`."""
    return Entry(id=str(number), person=Person(names=(Name(text=f"Traveller {number}"),)))


def key(number: int) -> str:
    return f"p|passport|be|ex{number:06d}"


def wait(pair: Pair, numbers: Iterable[int], width: int = 10, **changes: Any) -> Question:
    """A question of be about these persons, one match key each, as it waits to be sent."""
    those = sorted(numbers)
    keys, seed = tuple(key(number) for number in those), os.urandom(32)
    elements = blinding.blind(seed, keys, width).elements
    row = question_row(
        pair,
        id=os.urandom(16).hex(),
        persons=len(those),
        keys=len(keys),
        count=width,
        elements=hashlib.sha256(elements).digest(),
        due=pair.clock.now(),
    )
    row = msgspec.structs.replace(row, **changes)
    people = asking.encode(tuple(asking.Asked(person(number), (place,)) for place, number in enumerate(those)))

    def work(tx: Any) -> None:
        tx.put(QUESTIONS, [row])
        tx.put(OPENINGS, [Opening(row.id, os.urandom(32), seed, keys, people)])

    pair.be.store.write("test.question", work)
    return row


# ---- between them ----------------------------------------------------------------------------------------------------


class Search:
    """Both nodes with a search between them; the network is a call."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.desk = Desk(pair.ma.ctx, Evaluator())

    def fetch(self) -> Iterator[bool]:
        """Tables that were announced, answer by answer: whether the table is whole then."""
        while (wanted := fetching.next_table(self.pair.be.ctx, "ma")) is not None:
            yield fetching.keep(self.pair.be.ctx, wanted, self.table(wanted.body))

    def arrive(self) -> None:
        """What ma announced arrives at be, and its tables."""
        self.pair.settle("governance")
        assert list(self.fetch())

    def table(self, body: bytes) -> bytes:
        return self.desk.table(self.desk.request(body, wire_tables.TABLE_REQUEST))

    def list(self, index: str = "wanted") -> bytes:
        body = fetching.ask_list(self.pair.be.ctx, "ma", index)
        return self.desk.withdrawals(self.desk.request(body, wire_tables.WITHDRAWALS_REQUEST))

    def post(self, question: Question) -> sending.Posting:
        """A question of be on its way."""
        posting = sending.prepare(self.pair.be.ctx, question)
        assert posting is not None
        return posting

    def ask(self, question: Question) -> Question:
        """Sent and answered."""
        posting = self.post(question)
        return sending.take(self.pair.be.ctx, posting, self.desk.question(posting.body))

    def manifest(self, epoch: str) -> Manifest:
        found = self.pair.be.store.read(lambda tx: tx.get(MANIFESTS, epoch))
        assert found is not None
        return found
