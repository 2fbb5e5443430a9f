"""Figures: how much passed, what was refused and why, what was answered in time. A fold over rows, read by `counting`.

Rules kept here:
- an act counts in the UTC month of its entry. That moment is signed and both nodes hold it, so the figures of both
  sides can be laid beside each other; a deadline counts in the month in which it began;
- counted are acts that left or came (those that wait in line are in no log yet). One that the other node returned by
  the numbers of its checks stays sent or received, and opens and refuses nothing;
- nothing personal enters: groups and grounds are words of closed lists. The words of a partner's act that was refused
  here were never checked, so of these only what its channel knows is repeated;
- memory grows with the groups, not with the acts;
- with a mask small counts are hidden as `masking` has it, each column a table of its own, grounds and deadlines one
  table with their sum.

Left unchecked: that one person asks once. What two tables of one period together say, is said in `masking`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from passerelle.core.errors import InputError
from passerelle.oversight import masking
from passerelle.oversight.masking import Mark
from passerelle.ports.records import Message
from passerelle.ports.timers import Timer

Dimension = Literal["channel", "type", "purpose", "month"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

PLAIN = ("sent", "received", "opened", "opened_by_partner")
SUMMED = {
    "refused": "ground",
    "refused_by_partner": "ground",
    "in_time": "deadline",
    "in_time_by_partner": "deadline",
    "overdue": "deadline",
    "overdue_by_partner": "deadline",
}
"""Measures that have parts, and what these are."""
NUMBERED = ("returned", "returned_by_partner")
"""Acts by the number of the check that returned them. One act may have several: there is no sum."""

COUNTED = {"out": ("sequenced", "refused", "withheld"), "in": ("applied", "waiting", "refused", "withheld")}
ALSO = "*"
"""What stands for a count that is hidden to hide another."""

_PERIOD = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


class Period(msgspec.Struct, frozen=True):
    """From one moment until before another, milliseconds since the epoch."""

    begin: int
    end: int

    def __contains__(self, moment: int) -> bool:
        return self.begin <= moment < self.end


class Words(msgspec.Struct, frozen=True):
    """What a channel that is here knows: types and purposes; `opening` the acts that open a dossier, by type."""

    channels: Mapping[str, tuple[frozenset[str], frozenset[str]]]
    opening: Mapping[str, frozenset[str]]


class Group(NamedTuple):
    """Where an act is counted. A word that is not known is ""."""

    channel: str
    type: str
    purpose: str
    month: str


class Measure(NamedTuple):
    """What is counted: a measure, and its part (a ground, a deadline, a number) where it has parts."""

    name: str
    part: str = ""


def period(since: str, until: str) -> Period:
    """The UTC days from the first to the last, both included: each a year, a month or a day; "" is open.

    Raises InputError.
    """
    begin = _bounds(since)[0] if since else 0
    end = _bounds(until)[1] if until else _milliseconds(date.max)
    if begin >= end:
        raise InputError(f"expected a period that begins before it ends, got {since} to {until}")
    return Period(begin, end)


def _bounds(text: str) -> tuple[int, int]:
    """The beginning of a year, a month or a day, and of the next."""
    found = _PERIOD.fullmatch(text)
    try:
        if not found:
            raise ValueError
        year, month, day = (int(part) if part else 0 for part in found.groups())
        first = date(year, month or 1, day or 1)
        if day:
            last = first + timedelta(days=1)
        else:
            last = date(year + 1, 1, 1) if month in (0, 12) else date(year, month + 1, 1)
    except (ValueError, OverflowError):
        raise InputError(f"expected a year, a month or a day like 2026, 2026-03 or 2026-03-31, got {text!r}") from None
    return _milliseconds(first), _milliseconds(last)


def _milliseconds(day: date) -> int:
    return (day.toordinal() - 719_163) * 86_400_000


def month_of(moment: int) -> str:
    """The UTC month of a moment (milliseconds), like `2026-11`."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment)).strftime("%Y-%m")


def chosen(text: str) -> tuple[Dimension, ...]:
    """The dimensions that a list with commas names, in their own order. Raises InputError."""
    named = [part.strip() for part in text.split(",") if part.strip()]
    for one in named:
        if one not in DIMENSIONS:
            raise InputError(f"expected some of {', '.join(DIMENSIONS)}, got {one[:20]!r}")
    return tuple(one for one in DIMENSIONS if one in named)


# ---- counting --------------------------------------------------------------------------------------------------------


class Tally:
    """The counts of the groups so far, in the dimensions that were asked for; in the others all stands together."""

    def __init__(self, words: Words, by: Sequence[Dimension] = DIMENSIONS) -> None:
        self._words = words
        self._by = frozenset(by)
        self.by = tuple(by)
        self.counts: dict[Group, dict[Measure, int]] = {}

    def message(self, message: Message) -> None:
        """Count an act that has an entry; what is none is passed over."""
        if message.kind != "act" or message.index < 0 or message.state not in COUNTED[message.direction]:
            return
        group = self._group(message.channel, message.type, message.purpose, message.time)
        for measure in measures(message, self._words):
            self._count(group, measure)

    def timer(self, timer: Timer, purpose: str) -> None:
        """Count a deadline that has ended or is over."""
        name = {"met": "in_time", "late": "overdue", "missed": "overdue"}.get(timer.state)
        if name is not None:
            side = "" if timer.owner == "own" else "_by_partner"
            group = self._group(timer.channel, timer.type, purpose, timer.started)
            self._count(group, Measure(name + side, timer.deadline))

    def _group(self, channel: str, kind: str, purpose: str, moment: int) -> Group:
        known = self._words.channels.get(channel)
        types, purposes = known or (frozenset(), frozenset())
        found = Group(
            channel=channel if known else "",
            type=kind if kind in types else "",
            purpose=purpose if purpose in purposes else "",
            month=month_of(moment),
        )
        return Group(*(word if name in self._by else "" for name, word in zip(DIMENSIONS, found, strict=True)))

    def _count(self, group: Group, measure: Measure) -> None:
        counts = self.counts.setdefault(group, {})
        counts[measure] = counts.get(measure, 0) + 1


def measures(message: Message, words: Words) -> Iterable[Measure]:
    """What an act counts as."""
    own = message.direction == "out"
    side = "" if own else "_by_partner"
    yield Measure("sent" if own else "received")
    if message.state == "refused":
        for number in message.checks:
            yield Measure("returned_by_partner" if own else "returned", number)
        return
    if message.act in words.opening.get(message.type, ()):
        yield Measure("opened" + side)
    if message.ground:
        yield Measure("refused" + side, message.ground)


# ---- the table -------------------------------------------------------------------------------------------------------

Cell = int | str
Line = dict[str, Any]


class Report(msgspec.Struct, frozen=True):
    """The table: a line for each group in order, and the totals. A hidden count is a text: `<5`, or `*`."""

    by: tuple[Dimension, ...]
    mask: int
    rows: tuple[Line, ...]
    total: Line


def report(tally: Tally, least: int = 0) -> Report:
    """The table of what was counted; with `least` counts below it are hidden. Raises InputError."""
    if least:
        masking.check_least(least)
    groups = sorted(tally.counts)
    lines: list[Line] = [
        {name: word for name, word in zip(DIMENSIONS, group, strict=True) if name in tally.by} for group in groups
    ]
    total: Line = {}
    kept = [tally.counts[group] for group in groups]
    for name in PLAIN:
        column = _columns(kept, name, [""], least)
        for line, cells in zip([*lines, total], column, strict=True):
            line[name] = cells[0]
    for name, of in SUMMED.items():
        parts = _parts(kept, name)
        for line, cells in zip([*lines, total], _columns(kept, name, parts, least, summed=True), strict=True):
            line[name] = {"total": cells[-1], f"by_{of}": dict(zip(parts, cells, strict=False))}
    for name in NUMBERED:
        parts = sorted(_parts(kept, name), key=int)
        columns = [_columns(kept, name, [part], least) for part in parts]
        for number, line in enumerate([*lines, total]):
            line[name] = {"by_check": {part: column[number][0] for part, column in zip(parts, columns, strict=True)}}
    return Report(tally.by, least, tuple(lines), total)


def _parts(kept: Sequence[Mapping[Measure, int]], name: str) -> list[str]:
    return sorted({measure.part for counts in kept for measure in counts if measure.name == name})


def _columns(
    kept: Sequence[Mapping[Measure, int]], name: str, parts: Sequence[str], least: int, *, summed: bool = False
) -> list[list[Cell]]:
    """For each group and then for all, the counts of the parts and, `summed`, their sum."""
    table = [[counts.get(Measure(name, part), 0) for part in parts] for counts in kept]
    below = [sum(column) for column in zip(*table, strict=True)] or [0] * len(parts)
    whole = [[*row, *([sum(row)] if summed else [])] for row in [*table, below]]
    if not least:
        return [list(row) for row in whole]
    marked = masking.mask(table, least)
    marks: list[list[Mark]] = [
        [*cells, *([row] if summed else [])] for cells, row in zip(marked.cells, marked.rows, strict=True)
    ]
    marks.append([*(marked.columns or ["shown"] * len(parts)), *([marked.all] if summed else [])])
    shown: dict[Mark, str] = {"small": f"<{least}", "also": ALSO}
    return [
        [shown.get(mark, count) for count, mark in zip(counts, line, strict=True)]
        for counts, line in zip(whole, marks, strict=True)
    ]


def flat(line: Line) -> dict[str, Cell]:
    """The cells of a line under one name each: `refused`, then `refused:capacity`; `returned:7`."""
    found: dict[str, Cell] = {}
    for name, value in line.items():
        if not isinstance(value, dict):
            found[name] = value
            continue
        if "total" in value:
            found[name] = value["total"]
        for key, parts in value.items():
            if key != "total":
                found |= {f"{name}:{part}": cell for part, cell in parts.items()}
    return found
