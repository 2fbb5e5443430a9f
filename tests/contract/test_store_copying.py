"""A store as a stream, from every store into every store."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerelle.core.errors import SchemaError, StoreError
from passerelle.ports.records import CONTENTS, ENTRIES, META, Content, Entry, Meta
from passerelle.ports.store import Kind, Store
from passerelle.store import copying
from passerelle.store.base import INCOMING_KEY
from passerelle.store.memory import MemoryStore
from tests.conftest import Place
from tests.contract.test_store_model import MODEL_KINDS, ONLY, RECORDS, THINGS, Only


def stream(store: Store, kinds: Any = copying.KINDS) -> list[bytes]:
    return store.read(lambda tx: list(copying.dump(tx, kinds)))


def parts(store: Store, kinds: Any = copying.KINDS) -> tuple[copying.Part, ...]:
    return store.read(lambda tx: copying.parts(tx, kinds))


def filled(store: Store) -> Store:
    rows = [Content(message=f"m{number:03}", salt=b"s" * 32, body=bytes([number]) * 2**20) for number in range(5)]
    entries = [Entry(origin="log", index=at, leaf=b"leaf", nodes=b"", message=f"m{at}") for at in range(2000)]
    store.write("test", lambda tx: (tx.add(CONTENTS, rows), tx.add(ENTRIES, entries)))
    store.write("test", lambda tx: tx.put(META, [Meta(name="node", value="be")]))
    return store


def test_what_one_store_holds_every_other_can_take(from_place: Place, place: Place) -> None:
    source, target = filled(from_place.open()), place.open()
    target.write("test", lambda tx: tx.put(META, [Meta(name=INCOMING_KEY, value="from elsewhere")]))
    whole = b"".join(stream(source))
    # Cut at places that fit nothing.
    loaded = copying.load(target, (whole[at : at + 65_521] for at in range(0, len(whole), 65_521)))
    assert loaded == parts(source) == parts(target)
    assert {part.kind: part.count for part in loaded if part.count} == {"meta": 1, "contents": 5, "entries": 2000}
    assert source.read(lambda tx: tx.scan(CONTENTS, limit=9)) == target.read(lambda tx: tx.scan(CONTENTS, limit=9))
    assert target.read(lambda tx: tx.get(META, INCOMING_KEY)) is not None
    copying.clear(target)
    assert not any(target.read(copying.counts).values())
    assert copying.load(target, [whole]) == loaded


def test_kinds_may_be_left_out_of_a_stream(from_place: Place, place: Place) -> None:
    source, target = filled(from_place.open()), place.open()
    frames = source.read(lambda tx: list(copying.dump(tx, without=(CONTENTS,))))
    counted = source.read(lambda tx: copying.counts(tx, without=(CONTENTS,)))
    loaded = copying.load(target, frames)
    assert {part.kind: part.count for part in loaded} == counted == target.read(copying.counts)
    assert (counted["contents"], counted["entries"], counted["meta"]) == (0, 2000, 1)
    assert not any(b"s" * 32 in frame for frame in frames)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_records_are_they_come_back(place: Place, data: st.DataObject) -> None:
    source, target = MemoryStore(kinds=MODEL_KINDS), place.open(kinds=MODEL_KINDS)
    for kind in MODEL_KINDS:
        rows = data.draw(st.lists(RECORDS[kind], max_size=9))
        source.write("test", lambda tx, kind=kind, rows=rows: tx.put(kind, rows))
    copying.clear(target, MODEL_KINDS)
    copying.load(target, stream(source, MODEL_KINDS), MODEL_KINDS)
    for kind in MODEL_KINDS:
        assert all_of(target, kind) == all_of(source, kind)
    assert parts(target, MODEL_KINDS) == parts(source, MODEL_KINDS)


def all_of(store: Store, kind: Kind[Any]) -> list[Any]:
    return store.read(lambda tx: tx.scan(kind, limit=1000))


def test_a_page_is_bounded_by_bytes() -> None:
    sizes = [len(frame) for frame in stream(filled(MemoryStore()))]
    assert max(sizes) < copying.PAGE + 2**20 + 1000  # the last row of a page may pass its bound


@pytest.fixture
def two() -> Store:
    store = MemoryStore(kinds=MODEL_KINDS)
    store.write("test", lambda tx: tx.add(ONLY, [Only("a", "b"), Only("c", "d")]))
    return store


def load(chunks: list[bytes], kinds: Any = MODEL_KINDS) -> None:
    copying.load(MemoryStore(kinds=kinds), chunks, kinds)


def test_what_is_not_whole_is_refused(two: Store) -> None:
    frames = stream(two, MODEL_KINDS)
    load(frames)
    for count in range(len(frames)):
        with pytest.raises(StoreError, match=r"got none: it was cut|expected what it holds"):
            load(frames[:count])
    with pytest.raises(StoreError, match="a part of one"):
        load([b"".join(frames)[:-1]])
    with pytest.raises(StoreError, match="nothing behind its end"):
        load([*frames, frames[-1]])
    with pytest.raises(StoreError, match="at most"):
        load([b"\xff\xff\xff\xff"])
    with pytest.raises(StoreError, match="expected a frame, got something else"):
        load([b"\0\0\0\x01\xc1"])


def test_rows_that_are_not_those_that_were_counted_are_refused(two: Store) -> None:
    frames = stream(two, MODEL_KINDS)
    with pytest.raises(StoreError, match="got others of only"):
        load([*frames[:-1], stream(MemoryStore(kinds=MODEL_KINDS), MODEL_KINDS)[-1]])
    with pytest.raises(StoreError, match="got others of only"):
        load([frame.replace(b"\xa1a", b"\xa1A") for frame in frames])
    with pytest.raises(StoreError, match="expected a row of only"):
        load([frame.replace(b"\xa1a", b"\xc4\x00") for frame in frames])


def test_a_stream_of_other_kinds_is_refused(two: Store) -> None:
    with pytest.raises(SchemaError, match="got others under its number"):
        load(stream(two, [THINGS]), MODEL_KINDS)


def test_a_store_with_something_in_it_is_not_filled(two: Store) -> None:
    with pytest.raises(StoreError, match="expected an empty store, got one with only"):
        copying.load(two, stream(two, MODEL_KINDS), MODEL_KINDS)
