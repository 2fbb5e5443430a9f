"""Which kinds can be kept, and what the strictest store refuses of a record."""

from typing import Any

import pytest

from passerelle.core.errors import StoreError
from passerelle.ports.records import KINDS, Record
from passerelle.ports.store import Kind
from passerelle.store.memory import MemoryStore
from passerelle.store.shapes import Column, Shape


class Odd(Record, frozen=True):
    name: str
    place: int | None
    size: int | None = None
    flag: bool = False
    words: tuple[str, ...] = ()
    score: float = 0.0
    pair: tuple[str, str] = ("", "")


class Good(Record, frozen=True):
    name: str
    place: int | None
    size: int | None = None
    flag: bool = False
    words: tuple[str, ...] = ()


GOOD = Kind("good", Good, ("name",), by_place=("place",))


def test_the_types_of_fields_are_read_from_the_record() -> None:
    assert Shape(GOOD).columns == (
        Column("name", str, False),
        Column("place", int, False),  # in an index: never None
        Column("size", int, True),
        Column("flag", bool, False),
        Column("words", tuple, False),
    )


def test_all_kinds_of_the_node_can_be_kept() -> None:
    for kind in KINDS:
        assert [column.name for column in Shape(kind).columns] == list(kind.fields)


def test_a_field_of_another_type_is_an_error_of_the_program() -> None:
    with pytest.raises(TypeError, match="odd: expected score to be"):
        Shape(Kind("odd", Odd, ("name",)))
    with pytest.raises(TypeError, match="odd: expected score"):
        MemoryStore(kinds=[Kind("odd", Odd, ("name",))])


def test_a_tuple_in_an_index_is_an_error_of_the_program() -> None:
    with pytest.raises(TypeError, match="no tuple in a key or an index, got words"):
        Shape(Kind("good", Good, ("name",), by_words=("words",)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": 1}, "expected name to be str, got int"),
        ({"name": None}, "expected name to be str, got NoneType"),
        ({"place": None}, "expected place to be int, got NoneType"),
        ({"place": True}, "expected place to be int, got bool"),
        ({"flag": 1}, "expected flag to be bool, got int"),
        ({"words": ["a"]}, "expected words to be tuple, got list"),
        ({"size": 2**63}, "expected size within 64 bits"),
        ({"place": -(2**63) - 1}, "expected place within 64 bits"),
        ({"name": "a\0"}, "NUL"),
        ({"name": "\udfff"}, "surrogates"),
        ({"words": ("é", "\udfff")}, "surrogates"),
    ],
)
def test_memory_refuses_what_a_database_would_refuse(change: dict[str, Any], said: str) -> None:
    store = MemoryStore(kinds=[GOOD])
    record = Good(**{"name": "a", "place": 1, **change})
    for deed in ("add", "put"):
        with pytest.raises(StoreError, match=said):
            store.write("test", lambda tx, deed=deed: getattr(tx, deed)(GOOD, [record]))
    assert store.read(lambda tx: tx.count(GOOD)) == 0
