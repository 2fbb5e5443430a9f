"""An index becomes tables: a base each month, and on a fixed clock one delta of all that came since.

1. `index.begin`: what is to be in the table is known by the numbers of entries, and the table has a number;
2. `index.shards`: it is made, and stands in the store where it counts nowhere (`building`);
3. `index.publish`: the table counts, the one before is asked an hour longer, the manifest is in line to the partner.

Rules kept here:
- a making that stops anywhere leaves nothing that counts; what it wrote is deleted by a later look (`ending`);
- who left the index while the table was being made is withdrawn from it in the transaction in which it begins to count;
- a delta is published also when nothing changed, always at the size of the index; what does not fit it makes a base;
- what the partner learns of an index is its padded size and the hours of publishing, which are those of a clock.

Left unchecked: that two processes make the same table at once. The one that is ready first counts, the other is told.
"""

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration
from passerelle.core.errors import StateError, TableFullError
from passerelle.exchange import manifests, notes
from passerelle.exchange.context import Context
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.ports.people import Person
from passerelle.ports.search import BASE, DELTA, EPOCHS, INDEX_ENTRIES, INDEXES, Epoch, Index
from passerelle.ports.store import Reading, Writing
from passerelle.search import building, indexes, wire_tables, withdrawing
from passerelle.search.building import Advance, Begun, Made, nobody

LONGER = 3_600_000
"""Milliseconds that a table is asked after the next one was announced: a question may be on its way."""
_AHEAD = 600_000
_PAGE = 1000


# -- what is due -------------------------------------------------------------------------------------------------------


def due(tx: Reading, row: Index, now: int) -> list[str]:
    """Which tables of an index are due, in the order in which they are made. No delta without a base: a base that the
    partner refused is not made again by the clock of deltas. One of which so much is withdrawn that the list fills is
    due at once: of the next nothing is.
    """
    if row.state != "open":
        return []
    # What is due later than it could have been set by now was set by a clock that was ahead.
    base = row.due_base <= now or row.due_base > add_duration(now, row.base_every) + MILLISECONDS_A_DAY
    delta = row.due_delta <= now or row.due_delta > indexes.next_delta(row, now)
    now_is = {kind: current(tx, row.name, kind) for kind in (BASE, DELTA)}
    full = {kind for kind, one in now_is.items() if one and withdrawing.crowded(tx, one, wire_tables.MOST_REFERENCES)}
    kinds = [BASE] if base or BASE in full else []
    return [*kinds, DELTA] if (delta or DELTA in full) and (kinds or now_is[BASE]) else kinds


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
        made = building.build(ctx, begun, size, advance, processes)
    except TableFullError:
        made = building.build(ctx, begun, 0, advance, processes)
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


def _fits(ctx: Context, begun: Begun) -> bool:
    """Whether what came since the base fits a delta."""
    keys = set[str]()
    for one in building.entries(ctx, begun):
        keys.update(one.keys)
        if len(keys) > begun.row.delta_size:
            return False
    return True


def _too_small(tx: Writing, ctx: Context, begun: Begun, epoch: Epoch) -> None:
    row = begun.row
    text = f"index {row.name}: expected match keys that fit its size, {row.base_size}, got a table of {epoch.count}"
    notes.alarm(tx, ctx, "index.too-small", row.partner, text, once=f"{row.name}/{row.base_size}/{epoch.count}")


# -- the moment from which it counts -----------------------------------------------------------------------------------


def _publish(tx: Writing, office: Office, begun: Begun, made: Made, by: str) -> Epoch:
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
