"""What an import changed: two editions of a list, both read in the order of their ids.

Rules kept here:
- memory holds a page of either, whatever their size;
- only an import that still has its place writes anything: one that another took the place of, or that was silent for
  too long, ends;
- half of a list of some length (`SOME`) never goes unasked.
"""

from collections.abc import Iterator
from itertools import islice

import msgspec

from passerelle.core.errors import StateError
from passerelle.exchange.context import Context
from passerelle.ports.lists import EDITIONS, LIST_CHANGES, Edition, List, ListChange
from passerelle.ports.store import Writing
from passerelle.screening import lists
from passerelle.screening.lists import PAGE, pages

SOME = 20
"""Entries of a list from which on it is asked before half of them go."""


def still(tx: Writing, ctx: Context, edition: Edition) -> None:
    """The import has its place, and gives a sign of life. Raises StateError."""
    there = tx.get(EDITIONS, edition.id)
    if there is None or there.state != "writing":
        raise StateError("expected the only import of this list, got one in whose place another began; nothing changed")
    tx.put(EDITIONS, [msgspec.structs.replace(there, moved=ctx.clock.now())])


def compare(ctx: Context, row: List, edition: Edition) -> Edition:
    """Note what differs from the current edition. Of a first one everything is new, and nothing is noted."""
    if not row.edition:
        return msgspec.structs.replace(edition, added=edition.entries)
    counts = dict.fromkeys(lists.WHATS, 0)
    differing = _differing(_flat(ctx, row.edition), _flat(ctx, edition.id))
    while page := list(islice(differing, PAGE)):
        rows = [ListChange(edition=edition.id, entry=entry, what=what) for entry, what in page]

        def work(tx: Writing, rows: list[ListChange] = rows) -> None:
            still(tx, ctx, edition)
            tx.add(LIST_CHANGES, rows)

        ctx.store.write("list.compare", work)
        for _, what in page:
            counts[what] += 1
    return msgspec.structs.replace(edition, **counts)


def check_fewer(row: List, edition: Edition) -> None:
    """Raises StateError when half of a list of some length would go."""
    if row.entries >= SOME and 2 * edition.removed >= row.entries:
        raise StateError(
            f"expected a newer version of list {row.name}, got a file without {edition.removed} of its {row.entries} "
            "entries; nothing changed: say --fewer if that is right"
        )


def _flat(ctx: Context, edition: str) -> Iterator[tuple[str, bytes]]:
    for page in pages(ctx.store, edition):
        yield from page


def _differing(old: Iterator[tuple[str, bytes]], new: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, str]]:
    """Two lists, both in the order of their ids: what the second added, changed and removed."""
    one, other = next(old, None), next(new, None)
    while one is not None or other is not None:
        if one is not None and (other is None or one[0] < other[0]):
            yield one[0], "removed"
            one = next(old, None)
        elif other is not None and (one is None or other[0] < one[0]):
            yield other[0], "added"
            other = next(new, None)
        else:
            if one is not None and other is not None and one[1] != other[1]:
                yield one[0], "changed"
            one, other = next(old, None), next(new, None)
