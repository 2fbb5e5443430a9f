"""Persons leave an index: what stood in its tables of them counts no more, from the same transaction on.

Rules kept here:
- a person goes out and his references are withdrawn in one transaction, in every table whose claims are still kept:
  those that are asked, and those whose key is destroyed. Whoever asks for the list of withdrawn references from then on
  is given them, so PT1H (the time that such a list is current) is never exceeded;
- a reference that another person of the same table stands behind, too, stays: it is his;
- his match keys are erased at once. What stays of him is a number, his source and when he went, as long as a claim on
  one of his references could come; then the row goes;
- a list has a limit. What does not fit is left out by whole tables, the oldest first and never those that are current,
  and the list says from which table on it counts: of one before, nobody shows a hit. Where a current table alone fills
  half of it, a new one is due at once (`publishing`), of which nothing is withdrawn.

A table that is being made while somebody leaves is looked through before it counts (`publishing`).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from passerelle.core.clock import MILLISECONDS_A_DAY
from passerelle.core.errors import SearchError
from passerelle.exchange.context import Context
from passerelle.ports.lists import NEVER
from passerelle.ports.search import (
    BASE,
    CLAIMS,
    DELTA,
    EPOCH_KEYS,
    EPOCHS,
    INDEX_ENTRIES,
    WITHDRAWN,
    Claims,
    Epoch,
    Index,
    IndexEntry,
    Withdrawn,
)
from passerelle.ports.store import Reading, Writing
from passerelle.search import table

ASKED = ("current", "past")
"""States of a table that is asked."""
KEPT = (*ASKED, "over")
"""States of a table on whose references a claim may come."""
_ALL = 100_000
_DAY = MILLISECONDS_A_DAY


class ListFullError(SearchError):
    """More references of the current tables are withdrawn than a list holds."""


class Listing(NamedTuple):
    """What a list says: references that count no more, and the lowest numbers of bases and deltas that it is about."""

    references: tuple[str, ...]
    base: int = 0
    delta: int = 0

    def about(self, kind: str, number: int) -> bool:
        """Whether what is withdrawn of a table would stand in the list."""
        return number >= (self.base if kind == BASE else self.delta)


def listing(tx: Reading, name: str, most: int) -> Listing:
    """The references of an index that count no more, at most so many. Raises ListFullError."""
    rows = tx.scan(WITHDRAWN, "by_index", (name,), limit=most + 1)
    if len(rows) <= most:
        return Listing(tuple({one.reference for one in rows}))
    every = epochs(tx, name)
    newest = {one.kind: one.number for one in every if one.state == "current"}
    first, closed, found = {BASE: 0, DELTA: 0}, set[str](), set[str]()
    # Of each kind the newest first, so that what is left out is all before one number.
    for needed, one in sorted(((one.number >= newest.get(one.kind, NEVER), one) for one in every), key=_order):
        if one.kind in closed:
            continue
        here = tx.scan(WITHDRAWN, "key", (one.id,), limit=most + 1)
        if len(found) + len(here) <= most:
            found.update(row.reference for row in here)
        elif needed:
            raise ListFullError(f"expected at most {most} withdrawn references, got more: publish a base")
        else:
            closed.add(one.kind)
            first[one.kind] = one.number + 1
    return Listing(tuple(found), first[BASE], first[DELTA])


def _order(one: tuple[bool, Epoch]) -> tuple[bool, int]:
    return not one[0], -one[1].number


def crowded(tx: Reading, epoch: Epoch, most: int) -> bool:
    """Whether what is withdrawn of a table takes half of a list."""
    return tx.count(WITHDRAWN, "key", (epoch.id,)) > most // 2


# -- tables ------------------------------------------------------------------------------------------------------------


def epochs(tx: Reading, name: str, states: Iterable[str] = KEPT) -> list[Epoch]:
    """The tables of an index in these states, the first first."""
    found = [one for state in states for one in tx.scan(EPOCHS, "by_state", (state,), limit=_ALL) if one.index == name]
    return sorted(found, key=lambda one: (one.number, one.kind))


def parts(tx: Reading, epoch: str) -> Iterator[Claims]:
    """The claims of a table, a part at a time."""
    after: tuple[int, ...] | None = None
    while page := tx.scan(CLAIMS, "key", (epoch,), after=after, limit=8):
        yield from page
        after = (page[-1].part,)


def rows(body: bytes) -> Iterator[tuple[int, int]]:
    """References and numbers of entries, in the order of the references."""
    for at in range(0, len(body), table.ROW):
        row = body[at : at + table.ROW]
        yield int.from_bytes(row[: table.REFERENCE], "big"), int.from_bytes(row[-4:], "big")


def lonely(tx: Reading, index: str, found: Mapping[int, Collection[int]], gone: Collection[int]) -> list[int]:
    """Of references, each with the numbers of the persons behind it, those behind which nobody stands any more."""
    others = {number for numbers in found.values() for number in numbers} - set(gone)
    there = tx.get_many(INDEX_ENTRIES, [(index, number) for number in sorted(others)])
    stay = {one.number for one in there.values() if one.state == "in"}
    return [reference for reference, numbers in found.items() if stay.isdisjoint(numbers)]


def behind(tx: Reading, epoch: Epoch, gone: Mapping[int, Iterable[str]]) -> dict[int, tuple[int, ...]]:
    """The references of persons in a table, each with the numbers of all who stand behind it.

    `gone`: their match keys by number. Where the table's key is there, references are derived; else all claims are
    looked through.
    """
    held = tx.get(EPOCH_KEYS, epoch.id)
    if held is None:
        return through(parts(tx, epoch.id), gone.keys())
    drawn, bodies, found = table.referring(held.secret), dict[int, bytes](), dict[int, tuple[int, ...]]()
    for number, keys in gone.items():
        if number > epoch.upto:
            continue
        for key in keys:
            reference = table.reference(drawn, key)
            part = table.part_of(reference, epoch.count)
            if part not in bodies:
                claims = tx.get(CLAIMS, epoch.id, part)
                bodies[part] = claims.body if claims else b""
            if (known := table.referred(bodies[part], reference)) and number in known[1]:
                found[reference] = known[1]
    return found


def through(found: Iterable[Claims], gone: Collection[int]) -> dict[int, tuple[int, ...]]:
    """As `behind`, from the claims alone."""
    wanted: dict[int, list[int]] = {}
    for one in found:
        numbers = {
            int.from_bytes(one.body[at - 4 : at], "big") for at in range(table.ROW, len(one.body) + 1, table.ROW)
        }
        if numbers.isdisjoint(gone):
            continue
        mine = {reference for reference, number in rows(one.body) if number in gone}
        for reference, number in rows(one.body):
            if reference in mine:
                wanted.setdefault(reference, []).append(number)
    return {reference: tuple(numbers) for reference, numbers in wanted.items()}


def withdraw(tx: Writing, epoch: Epoch, references: Iterable[int], why: str, now: int) -> int:
    """Put references of a table on the list of those that count no more. Returns how many are new there."""
    wanted = [table.written(one) for one in references]
    known = tx.get_many(WITHDRAWN, [(epoch.id, one) for one in wanted])
    new = [
        Withdrawn(epoch=epoch.id, reference=one, index=epoch.index, time=now, why=why)
        for one in wanted
        if (epoch.id, one) not in known
    ]
    tx.add(WITHDRAWN, new)
    return len(new)


# -- persons -----------------------------------------------------------------------------------------------------------


def out(tx: Writing, ctx: Context, row: Index, gone: Sequence[IndexEntry], why: str) -> int:
    """Persons leave the index, and their references are withdrawn. Returns how many references. `why`: a word."""
    now = ctx.clock.now()
    keys = {one.number: one.keys for one in gone}
    changes = {"state": "out", "keys": (), "body": b"", "until": NEVER, "gone": now}
    tx.put(INDEX_ENTRIES, [msgspec.structs.replace(one, **changes) for one in gone])
    count = 0
    for epoch in epochs(tx, row.name) if keys else ():
        found = behind(tx, epoch, keys)
        count += withdraw(tx, epoch, lonely(tx, row.name, found, keys.keys()), why, now)
    return count


def standing(tx: Reading, row: Index, source: str, entry: str = "") -> list[IndexEntry]:
    """Who is in the index of a source, or of one entry of it."""
    prefix = (row.name, source, entry) if entry else (row.name, source)
    return [one for one in tx.scan(INDEX_ENTRIES, "by_source", prefix, limit=_ALL) if one.state == "in"]


# -- rows that say nothing more ----------------------------------------------------------------------------------------


def past(tx: Reading, row: Index, limit: int) -> list[IndexEntry]:
    """Rows of persons who left before every table that is left was made: no claim can name them."""
    oldest = min((one.published for one in epochs(tx, row.name, (*KEPT, "making"))), default=NEVER)
    page = tx.scan(INDEX_ENTRIES, "by_gone", (row.name,), after=(0,), limit=limit)
    return [one for one in page if one.gone + _DAY < oldest]
