"""Hiding small counts of a table so that sums do not give them away again.

A table has rows (groups), columns, a total of each row and of each column, and one of all. Rules kept here:

- a count of 1 to `least` - 1 is never shown, in a total neither: it stands as SMALL. 0 is shown: it counts nobody;
- as many larger counts as needed are hidden too (ALSO), the cheapest ones, so that nothing hidden follows from what is
  shown: to each hidden count there is another table that fits everything shown, with another value there, even for a
  reader who knows that SMALL is 1 to `least` - 1 and ALSO is `least` or more. `least` is 3 or more, as "fewer than 2"
  would say 1;
- where that cannot be had, every count of the table but 0 is hidden.

How: sums make the table a circulation. Row r is a node that the row's total enters and its counts leave; column c is
one that counts enter and the column's total leaves. A hidden count can have another value exactly where a cycle of
hidden counts runs through it of which each has room for one more (along the cycle) or one less (against it). For each
small count the cheapest such cycle is looked for, the price being the larger counts that it hides besides.

Left unchecked, because no one table can: what follows from several tables (other groups, or another `least`) of the
same counts, from a second source, or from knowing that one column can't exceed another. Publish one table.
"""

import heapq
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from passerelle.core.errors import InputError

LEAST = 3
"""The smallest `least`."""

Mark = Literal["shown", "small", "also"]


class Masked(msgspec.Struct, frozen=True):
    """The marks of a table's counts, of the totals of its rows, of those of its columns, and of all."""

    cells: tuple[tuple[Mark, ...], ...]
    rows: tuple[Mark, ...]
    columns: tuple[Mark, ...]
    all: Mark


class Arc(NamedTuple):
    """A count that stands in two sums: it leaves the one and enters the other."""

    tail: int
    head: int
    value: int


def check_least(least: int) -> None:
    """Raise InputError unless counts below `least` can be hidden."""
    if least < LEAST:
        raise InputError(f"expected {LEAST} or more, as fewer than 2 would say 1, got {least}")


def mask(table: Sequence[Sequence[int]], least: int) -> Masked:
    """What of a table to hide; all its rows are of one length, its counts 0 or more. Raises InputError.

    Of a table of one column the totals of rows are the counts themselves and are marked like them.
    """
    check_least(least)
    height, width = len(table), len(table[0]) if table else 0
    if width == 0:
        return Masked(tuple(() for _ in table), tuple("shown" for _ in table), (), "shown")
    sums = [sum(row) for row in table]
    below = [sum(row[c] for row in table) for c in range(width)]
    if width == 1:
        arcs = [Arc(0, 1, value) for value in sums] + [Arc(1, 0, sum(sums))]
        marks = protect(arcs, least)
        return Masked(tuple((mark,) for mark in marks[:-1]), tuple(marks[:-1]), (marks[-1],), marks[-1])
    row, column, rows, columns = 0, height, height + width, height + width + 1  # the numbers of the sums
    arcs = [Arc(row + r, column + c, table[r][c]) for r in range(height) for c in range(width)]
    arcs += [Arc(rows, row + r, value) for r, value in enumerate(sums)]
    arcs += [Arc(column + c, columns, value) for c, value in enumerate(below)]
    arcs += [Arc(columns, rows, sum(sums))]
    marks = protect(arcs, least)
    inner, rest = marks[: height * width], marks[height * width :]
    cells = tuple(tuple(inner[r * width : (r + 1) * width]) for r in range(height))
    return Masked(cells, tuple(rest[:height]), tuple(rest[height:-1]), rest[-1])


def protect(arcs: Sequence[Arc], least: int) -> list[Mark]:
    """The marks of counts that form a circulation."""
    sums = _Sums(arcs, least)
    for number, arc in enumerate(arcs):
        if sums.marks[number] != "small" or number in sums.free:
            continue
        more = (arc.head, arc.tail) if arc.value < least - 1 else None
        less = (arc.tail, arc.head) if arc.value > 1 else None
        ways = [way for way in (more, less) if way is not None]
        # Most small counts hide each other already; only for the rest a larger one has to be hidden as well.
        path = next((found for way in ways if (found := sums.path(number, *way, hide=False)) is not None), None)
        if path is None:
            path = min(
                (found for way in ways if (found := sums.path(number, *way, hide=True)) is not None), default=None
            )
        if path is None:
            return ["also" if one.value else "shown" for one in arcs]
        sums.hide([number, *path[1]])
    return sums.marks


class _Sums:
    """The sums as nodes, and what is hidden of the counts between them so far."""

    def __init__(self, arcs: Sequence[Arc], least: int) -> None:
        self._arcs, self._least = arcs, least
        self.marks: list[Mark] = ["small" if 0 < arc.value < least else "shown" for arc in arcs]
        self.free: set[int] = set()
        self._touching: dict[int, list[int]] = {}
        self._hidden: dict[int, list[int]] = {}
        for number, arc in enumerate(arcs):
            for node in (arc.tail, arc.head):
                self._hidden.setdefault(node, [])
                if arc.value:  # 0 is known to everybody and moves nowhere
                    self._touching.setdefault(node, []).append(number)
                if self.marks[number] == "small":
                    self._hidden[node].append(number)

    def hide(self, cycle: Sequence[int]) -> None:
        """The counts of a cycle are hidden, and each can have another value."""
        self.free.update(cycle)
        for number in cycle:
            if self.marks[number] == "shown":
                self.marks[number] = "also"
                self._hidden[self._arcs[number].tail].append(number)
                self._hidden[self._arcs[number].head].append(number)

    def path(self, without: int, start: int, end: int, *, hide: bool) -> tuple[int, list[int]] | None:
        """The cheapest way from one sum to another over counts with room, and its price (Dijkstra).

        `hide`: over counts that are shown, too, at their price.
        """
        near = self._touching if hide else self._hidden
        back = len(near[end]) < len(near[start])  # from the sum of fewer counts: it is there sooner
        if back:
            start, end = end, start
        prices: dict[int, int] = {start: 0}
        came: dict[int, tuple[int, int]] = {}
        todo = [(0, start)]
        done: set[int] = set()
        while todo:
            price, node = heapq.heappop(todo)
            if node == end:
                break
            if node in done:
                continue
            done.add(node)
            for number in near[node]:
                arc = self._arcs[number]
                to = arc.head if arc.tail == node else arc.tail
                along = (arc.tail == node) is not back
                if to in done or number == without or not self._room(number, along):
                    continue
                total = price + (arc.value if self.marks[number] == "shown" else 0)
                if to not in prices or total < prices[to]:
                    prices[to], came[to] = total, (node, number)
                    if to == end and total == price:
                        return total, _walked(came, start, end)  # nothing is cheaper
                    heapq.heappush(todo, (total, to))
        return (prices[end], _walked(came, start, end)) if end in came else None

    def _room(self, number: int, more: bool) -> bool:
        """Whether a reader can hold a count for one more or one less than it is, once it is hidden."""
        value = self._arcs[number].value
        if self.marks[number] == "small":
            return value < self._least - 1 if more else value > 1
        return more or value > self._least


def _walked(came: dict[int, tuple[int, int]], start: int, end: int) -> list[int]:
    path = []
    node = end
    while node != start:
        node, number = came[node]
        path.append(number)
    return path
