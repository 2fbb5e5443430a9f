"""An index becomes tables: a base each month, and on a fixed clock one delta of all that came since.

1. `index.begin`: what is to be in the table is known by the numbers of entries, and the table has a number;
2. its rows are evaluated by all processors; what comes of it waits in a file without a name;
3. `index.shards`: shards and claims are written beside a row that says they are being made;
4. `index.publish`: the table counts, the one before is asked an hour longer, the manifest is in line to the partner.

Rules kept here:
- a key is fresh for each table, and is in the store from 3 on alone. A making that stops anywhere leaves nothing that
  counts; what it wrote is deleted by the next look (`ending`);
- who left the index while the table was being made is withdrawn from it in the transaction in which it begins to count;
- a delta is published also when nothing changed, always at the size of the index; what does not fit it makes a base;
- what the partner learns of an index is its padded size and the hours of publishing, which are those of a clock. The
  manifest bears the hour of the clock; a delta takes as long to make whether much of it is padding or nothing.

Left unchecked: that two processes make the same table at once. The one that is ready first counts, the other is told.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import add_duration
from passerelle.core.errors import StateError, TableFullError
from passerelle.exchange import manifests, notes
from passerelle.exchange.context import Context
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.ports.people import Person
from passerelle.ports.search import (
    BASE,
    CLAIMS,
    DELTA,
    EPOCH_KEYS,
    EPOCHS,
    INDEX_ENTRIES,
    INDEXES,
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
from passerelle.ports.store import Reading, Writing
from passerelle.search import indexes, making, oprf, table, withdrawing

LONGER = 3_600_000
"""Milliseconds that a table is asked after the next one was announced: a question may be on its way."""
SILENT = 3_600_000
"""Milliseconds after which a making that gives no sign of life has ended."""
_AHEAD = 600_000
_PAGE = 1000
_AT_ONCE = 64
_SOME = 4 * 1024 * 1024  # bytes of a transaction
Advance = Callable[[int, int], None]


def nobody(done: int, of: int) -> None:
    """No one looks at the progress."""


class Begun(NamedTuple):
    """A table that is to be made: of the entries above `after`, up to `upto`. `at`: since when (ms)."""

    row: Index
    kind: str
    number: int
    after: int
    upto: int
    at: int
    entries: int


class _Made(NamedTuple):
    """What was made of an epoch beside its shards."""

    epoch: Epoch
    text: str
    keys: int


# -- what is due -------------------------------------------------------------------------------------------------------


def due(tx: Reading, row: Index, now: int) -> list[str]:
    """Which tables of an index are due, in the order in which they are made. No delta without a base: a base that the
    partner refused is not made again by the clock of deltas.
    """
    if row.state != "open":
        return []
    kinds = [BASE] if row.due_base <= now else []
    return [*kinds, DELTA] if row.due_delta <= now and (kinds or current(tx, row.name, BASE)) else kinds


def may(tx: Reading, office: Office, who: Person, name: str) -> None:
    """Raises NotAllowedError, NotFoundError or StateError when this person may not publish this index now."""
    row = indexes.opened(tx, name)
    ask(tx, office, who, Action.INDEX_PUBLISH, indexes.on(row))


def next_due(tx: Reading) -> int:
    """When the next table of any index is due (ms)."""
    rows = indexes.all_of(tx, "open")
    return min((min(row.due_base, row.due_delta) for row in rows), default=2**62)


def current(tx: Reading, name: str, kind: str) -> Epoch | None:
    """The table of a kind that is announced now."""
    found = [one for one in withdrawing.epochs(tx, name, ("current",)) if one.kind == kind]
    return found[-1] if found else None


# -- publishing --------------------------------------------------------------------------------------------------------


def publish(
    office: Office,
    name: str,
    kind: str,
    who: Person | None = None,
    advance: Advance = nobody,
    processes: int | None = None,
) -> Epoch:
    """Make and announce a table. `who`: the person who asked for it, None where the clock did. `advance` is told how
    many entries of how many were read. What does not fit a delta makes a base: the epoch says which it is.

    Raises NotFoundError, StateError (the index ended, or another process was first), NotAllowedError, OSError.
    """
    ctx, by = office.ctx, who.id if who else "node"
    begun = ctx.store.write("index.begin", lambda tx: _begin(tx, office, name, kind, who))
    if begun.kind == DELTA and not _fits(ctx, begun):
        begun = ctx.store.write("index.begin", lambda tx: _begin(tx, office, name, BASE, who))
    size = begun.row.delta_size if begun.kind == DELTA else begun.row.base_size
    try:
        made = _make(ctx, begun, by, size, advance, processes)
    except TableFullError:
        made = _make(ctx, begun, by, 0, advance, processes)
        ctx.store.write("index.size", lambda tx: _too_small(tx, ctx, begun, made.epoch))
    return ctx.store.write("index.publish", lambda tx: _publish(tx, office, begun, made, by))


def _begin(tx: Writing, office: Office, name: str, kind: str, who: Person | None) -> Begun:
    row = indexes.opened(tx, name)
    if who is not None:
        may(tx, office, who, name)
    indexes.channel_of(tx, office.ctx, row.channel, row.partner)
    base = current(tx, name, BASE)
    if base is None:
        kind = BASE
    row = msgspec.structs.replace(row, epochs=row.epochs + 1)
    tx.put(INDEXES, [row])
    after = base.upto if base and kind == DELTA else 0
    entries = tx.count(INDEX_ENTRIES, "by_state", (name, "in"))
    return Begun(row, kind, row.epochs, after, row.entries, office.ctx.clock.now(), entries)


def _entries(ctx: Context, begun: Begun, advance: Advance = nobody) -> Iterator[IndexEntry]:
    """The entries of a table, a page at a time."""
    after, done = begun.after, 0
    while page := ctx.store.read(
        lambda tx, at=after: tx.scan(INDEX_ENTRIES, "by_state", (begun.row.name, "in"), after=(at,), limit=_PAGE)  # type: ignore[misc]
    ):
        yield from (one for one in page if one.number <= begun.upto)
        after, done = page[-1].number, done + len(page)
        advance(min(done, begun.entries), begun.entries)


def _fits(ctx: Context, begun: Begun) -> bool:
    """Whether what came since the base fits a delta."""
    keys = set[str]()
    for one in _entries(ctx, begun):
        keys.update(one.keys)
        if len(keys) > begun.row.delta_size:
            return False
    return True


def _make(ctx: Context, begun: Begun, by: str, size: int, advance: Advance, processes: int | None) -> _Made:
    """Evaluate, and write shards and claims beside a row that says they are being made."""
    secret = os.urandom(oprf.SECRET)
    pairs = ((key, one.number) for one in _entries(ctx, begun, advance) for key in one.keys)
    with TemporaryFile() as spool, closing(making.make(secret, pairs, size, processes=processes)) as steps:
        sized: making.Sized | None = None
        made: _Made | None = None
        shards: list[tuple[bytes, int]] = []
        for one in steps:
            if isinstance(one, making.Sized):
                sized = one
                _as_long(secret, one.count - one.keys if begun.kind == DELTA else 0)
            elif isinstance(one, making.MadeShard):
                spool.write(one.body)
                shards.append((table.digest(one.body), len(one.body)))
            elif sized is not None:
                made = made or _started(ctx, begun, by, secret, sized, shards, spool)
                claims = Claims(epoch=made.epoch.id, part=one.part, body=one.body)
                ctx.store.write("index.shards", lambda tx, made=made, claims=claims: _claims(tx, ctx, made, claims))  # type: ignore[misc]
        if sized is None:
            raise StateError("expected a table of a known size, got none")
        return made or _started(ctx, begun, by, secret, sized, shards, spool)


def _started(
    ctx: Context,
    begun: Begun,
    by: str,
    secret: bytes,
    sized: making.Sized,
    shards: list[tuple[bytes, int]],
    spool: IO[bytes],
) -> _Made:
    """All shards are known: so is the manifest. Write them."""
    row, now = begun.row, ctx.clock.now()
    published = _hour(begun)
    announced = manifests.Announced(
        index=row.name,
        partner=row.partner,
        holder=ctx.name,
        channel=row.channel,
        purposes=row.purposes,
        kind=begun.kind,
        number=begun.number,
        public=oprf.public(secret),
        root=table.root([digest for digest, _ in shards]),
        count=sized.count,
        shards=sized.shards,
        shard_size=shards[0][1],
        published=published,
        expires=indexes.expiry(row, begun.kind, published),
        delta_every=row.delta_every,
    )
    text = announced.text
    epoch = Epoch(
        id=manifests.id_of(text),
        index=row.name,
        partner=row.partner,
        kind=begun.kind,
        number=begun.number,
        public=announced.public,
        root=announced.root,
        count=sized.count,
        shards=sized.shards,
        upto=begun.upto,
        published=published,
        expires=announced.expires,
        ends=now + SILENT,
        state="making",
        manifest=text.encode(),
    )

    def begin(tx: Writing) -> None:
        tx.add(EPOCHS, [epoch])
        tx.add(EPOCH_KEYS, [EpochKey(epoch=epoch.id, secret=secret)])

    ctx.store.write("index.shards", begin)
    spool.seek(0)
    at_once = max(1, _SOME // shards[0][1])
    for first in range(0, len(shards), at_once):
        some = shards[first : first + at_once]
        bodies = [spool.read(size) for _, size in some]

        def write(
            tx: Writing, first: int = first, some: list[tuple[bytes, int]] = some, bodies: list[bytes] = bodies
        ) -> None:
            _alive(tx, ctx, epoch)
            rows = enumerate(zip(some, bodies, strict=True), first)
            for number, ((digest, size), body) in rows:
                tx.add(SHARDS, [Shard(epoch=epoch.id, number=number, digest=digest, size=size)])
                tx.add(SHARD_BODIES, [ShardBody(epoch=epoch.id, number=number, body=body)])

        ctx.store.write("index.shards", write)
    return _Made(epoch, text, sized.keys)


def _hour(begun: Begun) -> int:
    """What the manifest says of when: for a delta of the clock its hour, else the minute; no more than that."""
    by_clock = begun.kind == DELTA and begun.row.due_delta <= begun.at
    step = add_duration(0, begun.row.delta_every) if by_clock else 60_000
    return begun.at // step * step


def _as_long(secret: bytes, count: int) -> None:
    """Evaluate as many inputs that stand for nobody: how long a delta takes tells nothing of how much is in it."""
    for first in range(0, count, _AT_ONCE):
        oprf.outputs(secret, [os.urandom(32) for _ in range(min(_AT_ONCE, count - first))])


def _claims(tx: Writing, ctx: Context, made: _Made, claims: Claims) -> None:
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


def _too_small(tx: Writing, ctx: Context, begun: Begun, epoch: Epoch) -> None:
    row = begun.row
    text = f"index {row.name}: expected match keys that fit its size, {row.base_size}, got a table of {epoch.count}"
    notes.alarm(tx, ctx, "index.too-small", row.partner, text, once=f"{row.name}/{row.base_size}/{epoch.count}")


# -- the moment from which it counts -----------------------------------------------------------------------------------


def _publish(tx: Writing, office: Office, begun: Begun, made: _Made, by: str) -> Epoch:
    ctx, now = office.ctx, office.ctx.clock.now()
    row = indexes.opened(tx, begun.row.name)
    there = tx.get(EPOCHS, made.epoch.id)
    newer = [one for one in withdrawing.epochs(tx, row.name) if one.kind == begun.kind and one.number > begun.number]
    if there is None or there.state != "making" or newer:
        raise StateError(f"expected index {row.name} as it was when the table was begun, got a newer table of it")
    for one in withdrawing.epochs(tx, row.name, ("current",)):
        if one.kind == begun.kind:
            tx.put(EPOCHS, [msgspec.structs.replace(one, state="past", ends=min(one.expires, now + LONGER))])
    message = manifests.publish(tx, ctx, row.partner, made.text, by)
    epoch = msgspec.structs.replace(there, state="current", ends=there.expires, message=message.id)
    tx.put(EPOCHS, [epoch])
    _left_meanwhile(tx, begun, epoch, now)
    tx.put(INDEXES, [_next(row, begun.kind, epoch.published, now)])
    details = {"epoch": epoch.id, "kind": epoch.kind, "number": epoch.number, "count": epoch.count}
    notes.record(tx, ctx, What.INDEX_PUBLISHED, by, indexes.named(row), details)
    return epoch


def _next(row: Index, kind: str, published: int, now: int) -> Index:
    if kind == BASE:
        return msgspec.structs.replace(row, due_base=add_duration(published, row.base_every))
    return msgspec.structs.replace(row, due_delta=indexes.next_delta(row, now))


def _left_meanwhile(tx: Writing, begun: Begun, epoch: Epoch, now: int) -> None:
    """Withdraw the references of those who left while the table was being made: it holds them, too."""
    after: tuple[int, ...] = (begun.at - _AHEAD,)
    gone = set[int]()
    while page := tx.scan(INDEX_ENTRIES, "by_gone", (begun.row.name,), after=after, limit=_PAGE):
        gone |= {one.number for one in page if begun.after < one.number <= begun.upto}
        after = (page[-1].gone, page[-1].number)
    found = withdrawing.through(withdrawing.parts(tx, epoch.id), gone) if gone else {}
    withdrawing.withdraw(tx, epoch, withdrawing.lonely(tx, begun.row.name, found, gone), "gone", now)
