"""What each side of a blind search has of the other: all that ma stores, gets and logs; all that be gets.

Two questions about different persons, in different dossiers, by different officers, the one a hit and the other a
miss, leave the same behind at ma, in form and size. Two indexes with different persons, many or few, give be the same,
in form and size, as long as their padded size is the same.
"""

import asyncio
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
import pytest

from passerelle.exchange import sealing
from passerelle.persons.model import Birth, Document, Name, Person
from passerelle.ports.records import CONTENTS, DOSSIERS, KINDS
from passerelle.ports.search import INDEX_ENTRIES, INDEXES, SEARCH_HITS, IndexEntry, Question
from passerelle.search import asking, fetching, grounds, publishing, sending, wire, wire_tables
from passerelle.search.keys import keys_of, questions_of
from passerelle.transport.https import Server, application
from passerelle.transport.searching import Searching
from tests.peers.blind import PURPOSE, hire
from tests.peers.pair import Pair, Peer, partners
from tests.peers.searching import SEARCH, Search, index_row
from tests.peers.staff import office_of
from tests.unit.cli.scene import free_port

Row = tuple[str, Any]


def born(name: str, day: str, passport: str, *more: str) -> Person:
    """Nobody who exists."""
    return Person(
        names=tuple(Name(text=one) for one in (name, *more)),
        births=(Birth(date=day),),
        documents=(Document(kind="passport", number=passport, country="MA"),),
    )


HIT = born("Tahar Oulad Benhaddou", "1984-06-17", "QX7719034", "الطاهر أولاد بنحدو")
MISS = born("Philippine Vanderhaeghen", "1990-12-30", "EK5520917")
OFFICERS = {"hit": "officer-of-the-north-07", "miss": "officer-of-the-south-21"}
FEW = (HIT, born("Rachid Bensalem", "1970-02-01", "QX0000031"))
MANY = tuple(
    born(f"Somebody {'abcdefghij'[number % 10] * 6}", "1955-01-02", f"QZ{number:07d}") for number in range(150)
)


class Scene:
    """ma holds an index of these persons for be, as its service publishes it; be has its tables."""

    def __init__(self, held: tuple[Person, ...]) -> None:
        self.pair: Pair = partners(channel={"search": SEARCH})
        self.be, self.ma = self.pair.be, self.pair.ma
        self.search = Search(self.pair)
        self.office = office_of(self.be)
        self._hold(held)
        self.got: list[tuple[str, bytes]] = []  # by be: what, bytes
        for kind in ("base", "delta"):
            publishing.publish(office_of(self.ma), "wanted", kind, processes=1)
        self.pair.settle("governance")
        for one in self.be.all(CONTENTS):
            if b"index.publish" in one.body:
                self.got.append(("manifest", one.body))
        while (wanted := fetching.next_table(self.be.ctx, "ma")) is not None:
            body = self.search.table(wanted.body)
            self.got.append((f"table: {wanted.manifest.kind}", body))
            assert fetching.keep(self.be.ctx, wanted, body)

    def _hold(self, held: tuple[Person, ...]) -> None:
        rows = [
            IndexEntry(
                index="wanted", number=number, source="list/watch", entry=f"Q{number}", keys=keys_of(one), body=b"",
                noted=1, by="keeper",
            )
            for number, one in enumerate(held, 1)
        ]  # fmt: skip

        def work(tx: Any) -> None:
            tx.put(INDEXES, [index_row(self.pair, entries=len(held))])
            tx.put(INDEX_ENTRIES, rows)

        self.ma.store.write("test.hold", work)

    def ask(self, person: Person, officer: str) -> tuple[Question, str]:
        """A question of an officer about one person, in a dossier of its own. Returns it and the dossier."""
        who = hire(self.be, officer, "officer")
        dossier, _ = self.pair.open_trace(purpose=PURPOSE)
        wanted = grounds.Wanted(partner="ma", purpose=PURPOSE)

        def ground(tx: Any) -> grounds.Ground:
            return grounds.of_person(tx, self.office, who, wanted, tx.get(DOSSIERS, dossier))

        people = [asking.Entry(id="", person=person)]
        [made] = asking.run(self.office, who, ground, asking.parts_of(people))
        return made, dossier

    def answered(self, question: Question, post: Callable[[bytes], bytes]) -> tuple[bytes, Question]:
        """The question is sent and its answer taken. Returns the body that went, and how the question stands."""
        posting = self.search.post(question)
        answer = post(posting.body)
        self.got.append(("answer", answer))
        return posting.body, sending.take(self.be.ctx, posting, answer)


@contextmanager
def serving(scene: Scene, said: list[dict[str, Any]]) -> Iterator[Callable[[bytes], bytes]]:
    """ma's interface for questions, over HTTP; what it logs goes into `said`. Gives what posts to it."""

    def say(event: str, **fields: Any) -> None:
        said.append({"event": event, **{name: str(value) for name, value in fields.items()}})

    desk = Searching(scene.search.desk, say, lambda *what: said.append({"count": str(what)}))
    handlers = dict.fromkeys(("batch", "status", "recover"), scene.search.table)  # nobody calls them
    port = free_port()
    server = Server(application(handlers, say, None, desk.routes), "127.0.0.1", port)
    running = threading.Thread(target=lambda: asyncio.run(server.serve()))
    running.start()

    def post(body: bytes) -> bytes:
        while not server.started:
            running.join(0.01)
        request = urllib.request.Request(f"http://127.0.0.1:{port}/passerelle/1/question", body, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    try:
        yield post
    finally:
        server.stop()
        running.join()
        desk.close()


# ---- what there is, and its form -------------------------------------------------------------------------------------


def stored(peer: Peer) -> dict[Row, bytes]:
    """Every row of a store, as bytes."""
    found = {}
    for kind in KINDS:
        for one in peer.all(kind):
            found[kind.name, kind.key_of(one)] = msgspec.msgpack.encode(one)
    return found


def form(value: Any) -> Any:
    """What a value looks like when nobody can read it: kinds, names of fields and sizes."""
    if isinstance(value, dict):
        return {name: form(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [form(one) for one in value]
    if isinstance(value, str | bytes):
        return type(value).__name__, len(value)
    return type(value).__name__, len(str(value))


def forms(rows: dict[Row, bytes]) -> list[Any]:
    """The forms of rows, by kind, and how many bytes each takes."""
    return sorted((str(name[0]), len(body), str(form(msgspec.msgpack.decode(body)))) for name, body in rows.items())


class Left(NamedTuple):
    """What a question left at ma: rows, the body, what was logged; and what nobody at ma may know of it."""

    rows: dict[Row, bytes]
    body: bytes
    inside: wire.Asking
    said: list[dict[str, Any]]
    secret: list[str]


def _secret(scene: Scene, person: Person, question: Question, dossier: str, officer: str) -> list[str]:
    texts = [one.text for one in person.names]
    words = [*texts, *(word for text in texts for word in text.split() if len(word) > 3)]
    hits = [one for one in scene.be.all(SEARCH_HITS) if one.question == question.id]
    found = [part for one in hits for part in (one.reference, one.claim.hex())]
    days = [one.date for one in person.births]
    return [*questions_of(person), *words, *days, person.documents[0].number, dossier, officer, question.run, *found]


@pytest.fixture(scope="module")
def left() -> tuple[Left, Left]:
    """What two questions left: about one who is on the index, about one who is not."""
    scene = Scene(FEW)
    found: list[Left] = []
    for name, person in (("hit", HIT), ("miss", MISS)):
        said: list[dict[str, Any]] = []
        question, dossier = scene.ask(person, OFFICERS[name])
        scene.pair.clock.advance(60_000)
        before = stored(scene.ma)
        with serving(scene, said) as post:
            body, done = scene.answered(question, post)
        assert done.hits == (name == "hit")
        rows = {key: one for key, one in stored(scene.ma).items() if before.get(key) != one}
        header = wire.read_question_header(sealing.split_body(body)[0])
        opened = wire.open_question(
            header,
            sealing.split_body(body)[1],
            sender=scene.be.identity.envelope,
            key=scene.ma.ctx.keys.sealing,
        )
        found.append(Left(rows, body, opened, said, _secret(scene, person, question, dossier, OFFICERS[name])))
    return found[0], found[1]


def test_two_questions_leave_the_same_behind_in_form_and_size(left: tuple[Left, Left]) -> None:
    hit, miss = left
    assert {name for name, _ in hit.rows} == {"index_asked", "index_quotas", "search_figures", "audits"}
    assert forms(hit.rows) == forms(miss.rows)
    assert len(hit.body) == len(miss.body)
    assert form(msgspec.to_builtins(hit.inside)) == form(msgspec.to_builtins(miss.inside))
    assert hit.said == miss.said == [{"count": str(("question", "done"))}]


def test_nothing_that_ma_stores_gets_or_logs_says_who_why_or_by_whom(left: tuple[Left, Left]) -> None:
    for one in left:
        everything = b"\n".join([*one.rows.values(), one.body, repr(one.said).encode(), repr(one.inside).encode()])
        lowered = everything.lower()
        assert len(one.secret) >= 12
        for word in one.secret:
            assert word.encode().lower() not in lowered, word
            assert word.encode().hex().encode() not in lowered, word


def test_what_a_question_bears_is_elements_and_nothing_beside(left: tuple[Left, Left]) -> None:
    for one in left:
        assert (one.inside.purpose, one.inside.count) == (PURPOSE, 10)
        rows = [one.inside.elements[at : at + 32] for at in range(0, 320, 32)]
        assert rows == sorted(rows)
        assert len(set(rows)) == 10
    assert not {left[0].inside.elements[at : at + 32] for at in range(0, 320, 32)} & {
        left[1].inside.elements[at : at + 32] for at in range(0, 320, 32)
    }, "nothing links one question to another"


def test_the_same_person_asked_about_twice_cannot_be_recognised() -> None:
    scene = Scene(FEW)
    bodies = []
    for name in OFFICERS.values():
        question, _ = scene.ask(HIT, name)
        body, done = scene.answered(question, scene.search.desk.question)
        assert done.hits == 1
        bodies.append((question, body))
    (first, one), (second, other) = bodies
    assert first.elements != second.elements
    assert first.id != second.id
    assert len(one) == len(other)


def test_after_an_answer_nothing_goes_to_the_holder() -> None:
    """Whether it hit is known to be alone, until somebody opens a dossier."""
    scene = Scene(FEW)
    question, _ = scene.ask(HIT, OFFICERS["hit"])
    scene.pair.settle()
    _, done = scene.answered(question, scene.search.desk.question)
    assert done.hits == 1
    before, sent = stored(scene.ma), len(scene.pair.sent)
    scene.pair.settle()
    assert len(scene.pair.sent) == sent
    assert stored(scene.ma) == before
    assert sending.due(scene.be.ctx, "ma") is None


# ---- what be gets ----------------------------------------------------------------------------------------------------


def test_what_be_gets_for_a_miss_tells_the_padded_size_alone() -> None:
    """Two persons or 150: the same forms, the same sizes."""
    found = []
    for held in (FEW, MANY):
        scene = Scene(held)
        question, _ = scene.ask(MISS, OFFICERS["miss"])
        _, done = scene.answered(question, scene.search.desk.question)
        assert done.hits == 0
        request = fetching.ask_list(scene.be.ctx, "ma", "wanted")
        scene.got.append(
            (
                "withdrawals",
                scene.search.desk.withdrawals(scene.search.desk.request(request, wire_tables.WITHDRAWALS_REQUEST)),
            )
        )
        found.append(scene)
    few, many = found
    assert [(what, len(body)) for what, body in few.got] == [(what, len(body)) for what, body in many.got]
    assert [what for what, _ in few.got] == [
        "manifest", "manifest", "table: base", "table: delta", "answer", "withdrawals",
    ]  # fmt: skip
    assert forms(_of_the_search(few)) == forms(_of_the_search(many))


def _of_the_search(scene: Scene) -> dict[Row, bytes]:
    """What be keeps of tables, lists and answers."""
    return {key: body for key, body in stored(scene.be).items() if key[0].startswith("search_")}
