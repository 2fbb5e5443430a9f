"""A store that is left for another takes nothing more, from anybody, and never opens again."""

from typing import Any

import pytest

from passerelle.core.errors import BusyError, StoreError
from passerelle.ports.records import CONTENTS, META, Content, Meta
from passerelle.store.base import INCOMING_KEY
from passerelle.store.faults import Crash, FaultPlan
from tests.conftest import Place

ROW = Content(message="m", salt=b"s", body=b"b")


def add(store: Any, name: str = "n") -> None:
    store.write("test", lambda tx: tx.add(CONTENTS, [Content(message=name, salt=b"s", body=b"b")]))


def count(store: Any) -> int:
    return int(store.read(lambda tx: tx.count(CONTENTS)))


def test_whoever_has_it_open_writes_no_more(place: Place) -> None:
    store = place.open()
    add(store, "m")
    others = [store, place.open()] if place.durable else [store]
    for other in others:
        assert count(other)  # its statements are prepared
        add(other, f"of {id(other)}")
    before = count(store)
    assert store.leave("test", lambda tx: tx.count(CONTENTS), "another place") == before
    deeds: list[Any] = [
        lambda tx: tx.add(CONTENTS, [Content(message="new", salt=b"s", body=b"b")]),
        lambda tx: tx.add(CONTENTS, [Content(message=f"{at}", salt=b"s", body=b"b") for at in range(9)]),
        lambda tx: tx.put(CONTENTS, [ROW]),
        lambda tx: tx.delete(CONTENTS, [("m",)]),
        lambda tx: tx.put(META, [Meta(name="moved", value="")]),
        lambda tx: tx.delete(META, [("moved",)]),
    ]
    for other in others:
        for deed in deeds:
            with pytest.raises(StoreError, match="was moved elsewhere and takes nothing more"):
                other.write("test", deed)
        assert count(other) == before


def test_it_never_opens_again(durable_place: Any) -> None:
    durable_place.open().leave("test", lambda tx: None, "postgresql://other/place")
    for opening, words in (("use", "and never opens again"), ("fill", "remove it, or name another")):
        with pytest.raises(StoreError, match=f"moved to postgresql://other/place.*{words}"):
            durable_place.open(opening=opening)
    assert count(durable_place.open(opening="leave")) == 0


@pytest.mark.parametrize("point", ["test:begin", "test:commit"])
def test_a_stop_before_its_end_leaves_it_as_it_was(durable_place: Any, point: str) -> None:
    store = durable_place.open(FaultPlan(point))
    with pytest.raises(Crash):
        store.leave("test", lambda tx: tx.add(CONTENTS, [ROW]), "another place")
    again = durable_place.open()
    assert count(again) == 0
    add(again)


def test_nobody_else_writes_while_it_is_left(durable_place: Any) -> None:
    store, other = durable_place.open(), durable_place.open(busy=0.3)
    seen = []

    def work(tx: Any) -> None:
        with pytest.raises(BusyError):
            other.write("test", lambda own: own.add(CONTENTS, [ROW]))
        seen.append(tx.count(CONTENTS))
        assert count(other) == 0

    store.leave("test", work, "another place")
    assert seen == [0]
    with pytest.raises(StoreError, match="takes nothing more"):
        add(other)


def test_what_is_copied_meanwhile_may_take_long(postgres_place: Any) -> None:
    store = postgres_place.open(idle=0.1)
    store.leave("test", lambda tx: postgres_place.execute("SELECT pg_sleep(0.3)"), "another place")
    with pytest.raises(StoreError, match="takes nothing more"):
        add(store)


def test_a_store_that_is_being_filled_opens_for_that_alone(durable_place: Any) -> None:
    store = durable_place.open(opening="fill")
    store.write("test", lambda tx: tx.put(META, [Meta(name=INCOMING_KEY, value="from be")]))
    for opening in ("use", "leave"):
        with pytest.raises(StoreError, match="not whole yet: from be"):
            durable_place.open(opening=opening)
    durable_place.open(opening="fill").write("test", lambda tx: tx.delete(META, [(INCOMING_KEY,)]))
    assert count(durable_place.open()) == 0
