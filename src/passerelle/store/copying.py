"""A whole store as one stream, and back into an empty store of any kind: for backups, moves and upgrades.

The stream is a sequence of frames, each a big-endian u32 length and that many bytes: first what it holds (the schema,
each kind and its fields), then pages of rows, kind by kind and in the order of the key, at last how many rows of each
kind there were, with their digest.

Rules kept here:
- a dump is one moment of the store: it is made from one `read`;
- memory is that of one page, whatever the store holds: pages are bounded by rows and by bytes;
- nothing of a stream is believed: frames are bounded, every row is decoded as the type it must be, counts and digests
  are compared at the end;
- a digest is that of the rows, not of their pages: the same records give the same digest in every store;
- facts of one store alone (its schema, that it was moved) are left out: they say nothing of the node. `without` names
  kinds of which a stream has no row, though it knows them: what must not outlive its time in any copy.

Left unchecked: that a store is private to the caller while it is filled. It is filled page by page, each in a
transaction of its own, so a stop leaves a part: mark it (`base.INCOMING_KEY`) or throw it away.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from types import GenericAlias
from typing import Any, get_type_hints

import msgspec

from passerelle.core.errors import SchemaError, StoreError
from passerelle.ports.records import KINDS, META
from passerelle.ports.store import Kind, Reading, Store, Writing
from passerelle.store.base import OWN_KEYS, SCHEMA
from passerelle.store.shapes import Shape

PAGE = 1024 * 1024
"""Bytes of rows after which a page ends. A row of its own may be larger."""
LARGEST = 64 * 1024 * 1024
"""Bytes in a frame at most."""
_ROWS = 500
_ROWS_WITH_BYTES = 16  # a row of these may be a MiB

_encode = msgspec.msgpack.Encoder().encode


class Part(msgspec.Struct, frozen=True):
    """What there is of one kind. `digest`: SHA-256 in hex of all rows, each behind its u32 length, in key order."""

    kind: str
    count: int
    digest: str


class _Begin(msgspec.Struct, frozen=True, tag="begin"):
    schema: int
    kinds: tuple[tuple[str, tuple[str, ...]], ...]


class _Page(msgspec.Struct, frozen=True, tag="page"):
    kind: str
    rows: tuple[bytes, ...]


class _End(msgspec.Struct, frozen=True, tag="end"):
    parts: tuple[Part, ...]


_decode_frame = msgspec.msgpack.Decoder(_Begin | _Page | _End).decode


class _Tally:
    """Count and digest of the rows of one kind so far."""

    def __init__(self, kind: str) -> None:
        self.kind, self.count, self._hash = kind, 0, hashlib.sha256()

    def add(self, rows: Iterable[bytes]) -> None:
        for row in rows:
            self.count += 1
            self._hash.update(len(row).to_bytes(4, "big"))
            self._hash.update(row)

    def part(self) -> Part:
        return Part(self.kind, self.count, self._hash.hexdigest())


def dump(tx: Reading, kinds: Iterable[Kind[Any]] = KINDS, without: Collection[Kind[Any]] = ()) -> Iterator[bytes]:
    """The frames of everything that is there at this moment, but rows of the kinds `without`."""
    kinds = tuple(kinds)
    yield _frame(_Begin(SCHEMA, _forms(kinds)))
    parts = []
    for kind in kinds:
        tally = _Tally(kind.name)
        for rows in () if kind in without else _pages(tx, kind):
            tally.add(rows)
            yield _frame(_Page(kind.name, rows))
        parts.append(tally.part())
    yield _frame(_End(tuple(parts)))


def parts(tx: Reading, kinds: Iterable[Kind[Any]] = KINDS) -> tuple[Part, ...]:
    """Counts and digests of everything that is there at this moment, every row read."""
    found = []
    for kind in kinds:
        tally = _Tally(kind.name)
        for rows in _pages(tx, kind):
            tally.add(rows)
        found.append(tally.part())
    return tuple(found)


def counts(tx: Reading, kinds: Iterable[Kind[Any]] = KINDS, without: Collection[Kind[Any]] = ()) -> dict[str, int]:
    """How many records of each kind a stream of this moment holds."""
    own = sum(tx.get(META, key) is not None for key in OWN_KEYS)
    found = {kind.name: 0 if kind in without else tx.count(kind) for kind in kinds}
    return found | ({META.name: found[META.name] - own} if META.name in found else {})


Keep = Callable[[Kind[Any], Sequence[Any]], bool]


def _all(kind: Kind[Any], records: Sequence[Any]) -> bool:
    return True


def load(
    store: Store, chunks: Iterable[bytes], kinds: Iterable[Kind[Any]] = KINDS, keep: Keep = _all
) -> tuple[Part, ...]:
    """Fill an empty store with what a stream holds. `chunks`: the stream, cut anywhere.

    `keep` is asked of each page: False leaves its rows out of the store, not out of counts and digests.

    Raises StoreError when the store is not empty, when the stream is cut, damaged or out of form, SchemaError when it
    is of another schema. Then a part of it may be in the store.
    """
    kinds = tuple(kinds)
    known = {kind.name: kind for kind in kinds}
    there = store.read(lambda tx: [name for name, count in counts(tx, kinds).items() if count])
    if there:
        raise StoreError(f"expected an empty store, got one with {', '.join(there)}")
    stream = _read(chunks)
    _check_begin(next(stream, None), kinds)
    tallies = {name: _Tally(name) for name in known}
    for frame in stream:
        if isinstance(frame, _End):
            return _check_end(frame, stream, tuple(tally.part() for tally in tallies.values()))
        if not isinstance(frame, _Page) or frame.kind not in known:
            raise StoreError("the stream of a store: expected a page of rows, got something else")
        tallies[frame.kind].add(frame.rows)
        kind = known[frame.kind]
        records = [*map(_decoder(kind), frame.rows)]
        if keep(kind, records):
            store.write("copying.load", lambda tx, kind=kind, new=records: tx.add(kind, new))  # type: ignore[misc]
    raise StoreError("the stream of a store: expected its end, got none: it was cut")


def clear(store: Store, kinds: Iterable[Kind[Any]] = KINDS) -> None:
    """Empty a store that was filled in part. Its own facts stay."""
    for kind in kinds:
        while store.write("copying.clear", lambda tx, kind=kind: _clear(tx, kind)):  # type: ignore[misc]
            pass


def _clear(tx: Writing, kind: Kind[Any]) -> int:
    found = [one for one in tx.scan(kind, limit=_limit(kind)) if not (kind is META and one.name in OWN_KEYS)]
    tx.delete(kind, [kind.key_of(one) for one in found])
    return len(found)


def _forms(kinds: Iterable[Kind[Any]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((kind.name, tuple(kind.fields)) for kind in kinds)


def _frame(frame: "_Begin | _Page | _End") -> bytes:
    body = _encode(frame)
    return len(body).to_bytes(4, "big") + body


def _limit(kind: Kind[Any]) -> int:
    return _ROWS_WITH_BYTES if any(column.type is bytes for column in Shape(kind).columns) else _ROWS


def _pages(tx: Reading, kind: Kind[Any]) -> Iterator[tuple[bytes, ...]]:
    """The rows of a kind, encoded, in pages of some bytes, in the order of the key."""
    rows: list[bytes] = []
    size, after, limit = 0, None, _limit(kind)
    while found := tx.scan(kind, after=after, limit=limit):
        after = kind.key_of(found[-1])
        for record in found:
            if kind is META and record.name in OWN_KEYS:
                continue
            row = _encode(msgspec.structs.astuple(record))
            rows.append(row)
            size += len(row)
            if size >= PAGE:
                yield tuple(rows)
                rows, size = [], 0
    if rows:
        yield tuple(rows)


def _read(chunks: Iterable[bytes]) -> Iterator["_Begin | _Page | _End"]:
    """The frames of a stream that was cut anywhere."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        at = 0
        while len(held) - at >= 4:
            length = int.from_bytes(held[at : at + 4], "big")
            if length > LARGEST:
                raise StoreError(f"the stream of a store: expected a frame of at most {LARGEST} bytes, got {length}")
            if len(held) - at - 4 < length:
                break
            try:
                frame = _decode_frame(memoryview(held)[at + 4 : at + 4 + length])
            except msgspec.MsgspecError:  # its words may quote a row
                raise StoreError("the stream of a store: expected a frame, got something else") from None
            yield frame
            at += 4 + length
        del held[:at]
    if held:
        raise StoreError("the stream of a store: expected whole frames, got a part of one: it was cut")


def _check_begin(frame: "_Begin | _Page | _End | None", kinds: tuple[Kind[Any], ...]) -> None:
    if not isinstance(frame, _Begin):
        raise StoreError("the stream of a store: expected what it holds, got something else")
    if frame.schema != SCHEMA:
        raise SchemaError(f"expected records of schema {SCHEMA}, got {frame.schema}")
    if frame.kinds != _forms(kinds):
        raise SchemaError(f"expected the kinds of records of schema {SCHEMA}, got others under its number")


def _check_end(end: _End, stream: Iterator[object], got: tuple[Part, ...]) -> tuple[Part, ...]:
    if next(stream, None) is not None:
        raise StoreError("the stream of a store: expected nothing behind its end, got more")
    if names := differing(end.parts, got):
        raise StoreError(f"the stream of a store: expected the rows that it counts, got others of {names}")
    return got


def differing(one: Iterable[Part], other: Iterable[Part]) -> str:
    """The kinds of which two stores do not hold the same, "" when there are none."""
    left, right = ({part.kind: part for part in parts} for parts in (one, other))
    return ", ".join(name for name in {**left, **right} if left.get(name) != right.get(name))


_decoders: dict[Kind[Any], Callable[[bytes], Any]] = {}


def _decoder(kind: Kind[Any]) -> Callable[[bytes], Any]:
    found = _decoders.get(kind)
    if found is None:
        hints = get_type_hints(kind.record)
        row = GenericAlias(tuple, tuple(hints[field] for field in kind.fields))
        found = _decoders[kind] = _maker(kind, msgspec.msgpack.Decoder(row).decode)
    return found


def _maker(kind: Kind[Any], decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def make(row: bytes) -> Any:
        try:
            return kind.record(**dict(zip(kind.fields, decode(row), strict=True)))
        except msgspec.MsgspecError:
            raise StoreError(f"the stream of a store: expected a row of {kind.name}, got something else") from None

    return make
