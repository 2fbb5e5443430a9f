"""A table is made and written beside a row that says so: shards, claims, key, manifest.

Rules kept here:
- a key is fresh for each table, and is in the store as soon as something else of the table is, never before;
- what is made waits in files without a name until the root over all shards is known, for the name of a table is the
  hash of its manifest. Memory holds some shards, whatever the size of the table;
- each transaction is of a few megabytes and a sign of life. Without one for ten minutes the table is given up;
- the manifest bears the hour of the clock, and a delta takes as long to make whatever is in it: neither says how much
  came, nor when.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from passerelle.core.clock import add_duration
from passerelle.core.errors import StateError
from passerelle.exchange import announcing
from passerelle.exchange.context import Context
from passerelle.ports.search import (
    CLAIMS,
    DELTA,
    EPOCH_KEYS,
    EPOCHS,
    INDEX_ENTRIES,
    SHARD_BODIES,
    SHARDS,
    Claims,
    Epoch,
    EpochKey,
    Index,
    IndexEntry,
    Shard,
    ShardBody,
)
from passerelle.ports.store import Writing
from passerelle.search import indexes, oprf, table

if TYPE_CHECKING:
    from passerelle.search import making

SILENT = 600_000
"""Milliseconds after which a making that gives no sign of life has ended."""
_PAGE = 1000
_AT_ONCE = 64
_SOME = 4 * 1024 * 1024  # bytes of a transaction
_MINUTE = 60_000
Advance = Callable[[int, int], None]


def nobody(done: int, of: int) -> None:
    """No one looks at the progress."""


class Begun(NamedTuple):
    """A table that is to be made: of the entries above `after`, up to `upto`. `at`: since when (ms).

    `entries`: how many there are in the index.
    """

    row: Index
    kind: str
    number: int
    after: int
    upto: int
    at: int
    entries: int


class Made(NamedTuple):
    """What was made: the row of the table, and its manifest as it travels."""

    epoch: Epoch
    text: str


class _Shards(NamedTuple):
    """The shards of a table: digest and size of each, and their bytes one after the other."""

    rows: list[tuple[bytes, int]]
    spool: IO[bytes]


def entries(ctx: Context, begun: Begun, advance: Advance = nobody) -> Iterator[IndexEntry]:
    """The entries of a table, a page at a time."""
    after, done = begun.after, 0
    while page := ctx.store.read(
        lambda tx, at=after: tx.scan(INDEX_ENTRIES, "by_state", (begun.row.name, "in"), after=(at,), limit=_PAGE)  # type: ignore[misc]
    ):
        yield from (one for one in page if one.number <= begun.upto)
        after, done = page[-1].number, done + len(page)
        advance(min(done, begun.entries), begun.entries)


def build(ctx: Context, begun: Begun, size: int, advance: Advance = nobody, processes: int | None = None) -> Made:
    """Make a table and write it, where it counts nowhere yet. `size`: its padded count, 0: by the ladder.

    Raises TableFullError when the match keys do not fit the size, StateError, OSError, SearchError.
    """
    from passerelle.search import making

    secret = os.urandom(oprf.SECRET)
    pairs = ((key, one.number) for one in entries(ctx, begun, advance) for key in one.keys)
    with TemporaryFile() as spool, closing(making.make(secret, pairs, size, processes=processes)) as steps:
        sized: making.Sized | None = None
        made: Made | None = None
        shards = _Shards([], spool)
        for one in steps:
            if isinstance(one, making.Sized):
                sized = one
                _as_long(secret, one.count - one.keys if begun.kind == DELTA else 0)
            elif isinstance(one, making.MadeShard):
                spool.write(one.body)
                shards.rows.append((table.digest(one.body), len(one.body)))
            elif sized is not None:
                made = made or _started(ctx, begun, secret, sized, shards)
                claims = Claims(epoch=made.epoch.id, part=one.part, body=one.body)
                ctx.store.write("index.shards", lambda tx, made=made, claims=claims: _claims(tx, ctx, made, claims))  # type: ignore[misc]
        if sized is None:
            raise StateError("expected a table of a known size, got none")
        return made or _started(ctx, begun, secret, sized, shards)


def _as_long(secret: bytes, count: int) -> None:
    """Evaluate as many inputs that stand for nobody: how long a delta takes tells nothing of how much is in it."""
    for first in range(0, count, _AT_ONCE):
        oprf.outputs(secret, [os.urandom(32) for _ in range(min(_AT_ONCE, count - first))])


def _started(ctx: Context, begun: Begun, secret: bytes, sized: "making.Sized", shards: _Shards) -> Made:
    """All shards are known: so is the manifest. Write them."""
    made = _announced(ctx, begun, oprf.public(secret), sized, shards)

    def begin(tx: Writing) -> None:
        tx.add(EPOCHS, [made.epoch])
        tx.add(EPOCH_KEYS, [EpochKey(epoch=made.epoch.id, secret=secret)])

    ctx.store.write("index.shards", begin)
    shards.spool.seek(0)
    at_once = max(1, _SOME // shards.rows[0][1])
    for first in range(0, len(shards.rows), at_once):
        bodies = [(digest, shards.spool.read(size)) for digest, size in shards.rows[first : first + at_once]]
        ctx.store.write("index.shards", lambda tx, first=first, bodies=bodies: _write(tx, ctx, made, first, bodies))  # type: ignore[misc]
    return made


def _announced(ctx: Context, begun: Begun, public: bytes, sized: "making.Sized", shards: _Shards) -> Made:
    """The manifest, and the row of what is being made."""
    row, published = begun.row, _hour(begun)
    announced = announcing.Announced(
        index=row.name,
        partner=row.partner,
        holder=ctx.name,
        channel=row.channel,
        purposes=row.purposes,
        kind=begun.kind,
        number=begun.number,
        public=public,
        root=table.root([digest for digest, _ in shards.rows]),
        count=sized.count,
        shards=sized.shards,
        shard_size=shards.rows[0][1],
        published=published,
        expires=indexes.expiry(row, begun.kind, published),
        delta_every=row.delta_every,
        burst=row.burst,
        day=row.day,
    )
    text = announced.text
    epoch = Epoch(
        id=announcing.id_of(text),
        index=row.name,
        partner=row.partner,
        kind=begun.kind,
        number=begun.number,
        public=public,
        root=announced.root,
        count=sized.count,
        shards=sized.shards,
        upto=begun.upto,
        published=published,
        expires=announced.expires,
        ends=ctx.clock.now() + SILENT,
        state="making",
        manifest=text.encode(),
    )
    return Made(epoch, text)


def _hour(begun: Begun) -> int:
    """What the manifest says of when: for a delta of the clock its hour, else the minute; no more than that."""
    by_clock = begun.kind == DELTA and begun.row.due_delta <= begun.at
    step = add_duration(0, begun.row.delta_every) if by_clock else _MINUTE
    return begun.at // step * step


def _write(tx: Writing, ctx: Context, made: Made, first: int, bodies: list[tuple[bytes, bytes]]) -> None:
    """Some shards, from number `first` on, each with its digest."""
    _alive(tx, ctx, made.epoch)
    for number, (digest, body) in enumerate(bodies, first):
        tx.add(SHARDS, [Shard(epoch=made.epoch.id, number=number, digest=digest, size=len(body))])
        tx.add(SHARD_BODIES, [ShardBody(epoch=made.epoch.id, number=number, body=body)])


def _claims(tx: Writing, ctx: Context, made: Made, claims: Claims) -> None:
    _alive(tx, ctx, made.epoch)
    tx.add(CLAIMS, [claims])


def _alive(tx: Writing, ctx: Context, epoch: Epoch) -> None:
    """A sign of life of what is being made. Raises StateError when nobody believed in it any more."""
    there = tx.get(EPOCHS, epoch.id)
    if there is None or there.state != "making":
        raise StateError(
            "expected a table that is being made, got one that gave no sign of life for too long: publish again"
        )
    tx.put(EPOCHS, [msgspec.structs.replace(there, ends=ctx.clock.now() + SILENT)])
