"""Every store against a plain dict: whatever is done, in whatever order, both say the same."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from passerelle.core.errors import AlreadyThereError
from passerelle.ports.records import Record
from passerelle.ports.store import Key, Kind


class Thing(Record, frozen=True):
    name: str
    number: int
    flag: bool
    raw: bytes
    note: str | None
    size: int | None
    bit: bool | None
    blob: bytes | None
    words: tuple[str, ...]
    parts: tuple[str, ...] | None


class Only(Record, frozen=True):
    left: str
    right: str


class Order(Record, frozen=True):
    index: int
    group: str
    table: bytes


THINGS = Kind("things", Thing, ("name", "number"), by_flag=("flag",), by_raw=("raw", "name"), by_number=("number",))
ONLY = Kind("only", Only, ("left", "right"), by_right=("right",))
ORDERS = Kind("orders", Order, ("index",), by_group=("group",), by_table=("table", "group"))
MODEL_KINDS: list[Kind[Any]] = [THINGS, ONLY, ORDERS]

# Few values, so that keys meet again; and those that implementations are apt to order or to keep differently.
TEXTS = st.sampled_from(["", "a", "B", "ab", " ", "%", "'", '"', "\\", "é", "\uffff", "\U00010000", "😀", "10", "9"])
NUMBERS = st.sampled_from([-(2**63), -1, 0, 1, 9, 10, 300, 70_000, 2**31, 2**63 - 1])
BYTES = st.sampled_from([b"", b"\0", b"a", b"a\0", b"\x7f", b"\x80", b"\xff", b"\\x00"])
WORDS = st.lists(TEXTS, max_size=3).map(tuple)
FLAGS = st.booleans()
NONE = st.none()

RECORDS: dict[Kind[Any], st.SearchStrategy[Any]] = {
    THINGS: st.builds(
        Thing,
        name=TEXTS,
        number=NUMBERS,
        flag=FLAGS,
        raw=BYTES,
        note=NONE | TEXTS,
        size=NONE | NUMBERS,
        bit=NONE | FLAGS,
        blob=NONE | BYTES,
        words=WORDS,
        parts=NONE | WORDS,
    ),
    ONLY: st.builds(Only, left=TEXTS, right=TEXTS),
    ORDERS: st.builds(Order, index=NUMBERS, group=TEXTS, table=BYTES),
}
FIELDS = {"name": TEXTS, "left": TEXTS, "right": TEXTS, "group": TEXTS, "flag": FLAGS, "raw": BYTES, "table": BYTES}
FIELDS |= {"number": NUMBERS, "index": NUMBERS}

KIND = st.sampled_from(MODEL_KINDS)


def values(columns: tuple[str, ...]) -> st.SearchStrategy[Key]:
    return st.tuples(*(FIELDS[column] for column in columns))


def keys_of(kind: Kind[Any]) -> st.SearchStrategy[list[Key]]:
    return st.lists(values(kind.key), max_size=9)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, Kind[Any], Any]:
    """What a transaction does: add, put, delete."""
    kind = draw(KIND)
    deed = draw(st.sampled_from(["add", "put", "put", "delete"]))
    if deed == "delete":
        return deed, kind, draw(keys_of(kind))
    unique_by = kind.key_of if deed == "add" and draw(st.booleans()) else None
    return deed, kind, draw(st.lists(RECORDS[kind], max_size=8, unique_by=unique_by))


@st.composite
def looks(draw: st.DrawFn) -> tuple[str, Kind[Any], Any, dict[str, Any]]:
    """What is asked: one, several, a scan from some place, a count."""
    kind = draw(KIND)
    ask = draw(st.sampled_from(["get", "get_many", "scan", "scan", "scan", "count"]))
    if ask == "get":
        return ask, kind, draw(values(kind.key)), {}
    if ask == "get_many":
        return ask, kind, (draw(keys_of(kind)),), {}
    index = draw(st.sampled_from(sorted(kind.indexes)))
    place = draw(values(kind.indexes[index]))
    cut = draw(st.integers(0, len(place)))
    if ask == "count":
        return ask, kind, (index, place[:cut]), {}
    after = draw(st.none() | st.just(place[cut : draw(st.integers(cut, len(place)))]))
    rest = {"after": after, "limit": draw(st.sampled_from([0, 1, 2, 50])), "descending": draw(st.booleans())}
    return ask, kind, (index, place[:cut]), rest


class Model:
    """The obvious way to do it."""

    def __init__(self) -> None:
        self.tables: dict[Kind[Any], dict[Key, Any]] = {kind: {} for kind in MODEL_KINDS}

    def copy(self) -> "Model":
        other = Model()
        other.tables = {kind: dict(table) for kind, table in self.tables.items()}
        return other

    def add(self, kind: Kind[Any], records: list[Any]) -> None:
        for record in records:
            if kind.key_of(record) in self.tables[kind]:
                raise AlreadyThereError
            self.tables[kind][kind.key_of(record)] = record

    def put(self, kind: Kind[Any], records: list[Any]) -> None:
        self.tables[kind].update({kind.key_of(record): record for record in records})

    def delete(self, kind: Kind[Any], keys: list[Key]) -> None:
        for key in keys:
            self.tables[kind].pop(key, None)

    def get(self, kind: Kind[Any], *key: Any) -> Any:
        return self.tables[kind].get(key)

    def get_many(self, kind: Kind[Any], keys: list[Key]) -> dict[Key, Any]:
        return {key: self.tables[kind][key] for key in keys if key in self.tables[kind]}

    def scan(
        self, kind: Kind[Any], index: str, prefix: Key, *, after: Key | None, limit: int, descending: bool
    ) -> list[Any]:
        places = {kind.place_of(index, record): record for record in self.tables[kind].values()}
        start = prefix + (after or ())
        found = []
        for place in sorted(places, reverse=descending):
            head = place[: len(start)]
            behind = not after or (head < start if descending else head > start)
            if place[: len(prefix)] == prefix and behind:
                found.append(places[place])
        return found[:limit]

    def count(self, kind: Kind[Any], index: str, prefix: Key) -> int:
        records = self.tables[kind].values()
        return sum(kind.place_of(index, record)[: len(prefix)] == prefix for record in records)


class GivenUpError(Exception):
    pass


@pytest.mark.parametrize("steps", [12])
def test_a_store_does_what_a_dict_does(place: Any, steps: int) -> None:
    opened = [place.open(kinds=MODEL_KINDS)]

    class Machine(RuleBasedStateMachine):
        @initialize()
        def empty(self) -> None:
            def work(tx: Any) -> None:
                for kind in MODEL_KINDS:
                    tx.delete(kind, [kind.key_of(record) for record in tx.scan(kind, limit=10_000)])

            self.model = Model()
            opened[0].write("empty", work)

        @rule(deeds=st.lists(changes() | looks(), max_size=8), gives_up=st.sampled_from([False, False, False, True]))
        def write(self, deeds: list[Any], gives_up: bool) -> None:
            # The model is a copy for each call of `work`, and takes effect when the store says that it has.
            def work(tx: Any) -> Model:
                model = self.model.copy()
                for deed, kind, asked, *rest in deeds:
                    if rest:
                        look(tx, model, deed, kind, asked, rest[0])
                        continue
                    try:
                        getattr(model, deed)(kind, asked)
                    except AlreadyThereError:
                        with pytest.raises(AlreadyThereError):
                            tx.add(kind, asked)
                        raise
                    getattr(tx, deed)(kind, asked)
                if gives_up:
                    raise GivenUpError
                return model

            try:
                self.model = opened[0].write("test", work)
            except AlreadyThereError:
                pass
            except GivenUpError:
                assert gives_up

        @rule(asks=st.lists(looks(), min_size=1, max_size=8))
        def read(self, asks: list[Any]) -> None:
            opened[0].read(lambda tx: [look(tx, self.model, *ask) for ask in asks])

        @rule()
        def read_all(self) -> None:
            def work(tx: Any) -> None:
                for kind in MODEL_KINDS:
                    for index in kind.indexes:
                        rest = {"after": None, "limit": 10_000, "descending": False}
                        look(tx, self.model, "scan", kind, (index, ()), rest)

            opened[0].read(work)

        @rule()
        def open_again(self) -> None:
            if place.durable:
                opened[0].close()
                opened[0] = place.open(kinds=MODEL_KINDS)

    def look(tx: Any, model: Model, ask: str, kind: Kind[Any], asked: Any, rest: dict[str, Any]) -> None:
        assert getattr(tx, ask)(kind, *asked, **rest) == getattr(model, ask)(kind, *asked, **rest)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=80,
            stateful_step_count=steps,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
