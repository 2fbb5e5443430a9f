"""What every benchmark prints: one table, or with `--json` one JSON list and nothing else on standard output.

    figures = [Figure("messages at batch 100", Runs([2310, 2280, 2350]), "1/s", peer="ceiling", beside=Runs([9100]))]
    show(figures, title="Exchange", notes=["two processes on loopback"], as_json=arguments.json)

Rules kept here:
- a figure is the median of its runs; lowest and highest run stand beside it;
- the ratio says how far ahead of the peer the figure is: above 1 it is ahead, whether more or less is better;
- a peer that could not be measured is named and has no value and no ratio; a figure without peer has none of the three;
- the JSON objects have exactly the keys `what`, `value`, `unit`, `peer`, `peer_value`, `ratio`; numbers have four
  significant digits at least, and whole ones stay whole.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO


@dataclass(frozen=True)
class Runs:
    """The values of some runs of the same thing, at least one."""

    values: Sequence[float]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("expected the value of one run at least, got none")

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        """Lowest to highest, or nothing of a single run."""
        if len(self.values) < 2:
            return ""
        return f"{number(min(self.values))} to {number(max(self.values))}"


@dataclass(frozen=True)
class Figure:
    """One line: what was measured, and the same of a peer. `beside` is None when the peer could not be measured."""

    what: str
    runs: Runs
    unit: str
    peer: str = ""
    beside: Runs | None = None
    less_is_better: bool = False

    def __post_init__(self) -> None:
        if self.beside is not None and not self.peer:
            raise ValueError(f"{self.what}: expected the name of the peer beside its value, got none")

    @property
    def value(self) -> float:
        return self.runs.median

    @property
    def peer_value(self) -> float | None:
        return self.beside.median if self.beside else None

    @property
    def ratio(self) -> float | None:
        """Above 1: ahead of the peer."""
        over, under = self.value, self.peer_value
        if under is None:
            return None
        if self.less_is_better:
            over, under = under, over
        return over / under if under else None

    def plain(self) -> dict[str, Any]:
        """The object of the JSON list."""
        return {
            "what": self.what,
            "value": rounded(self.value),
            "unit": self.unit,
            "peer": self.peer or None,
            "peer_value": rounded(self.peer_value),
            "ratio": rounded(self.ratio),
        }


def rounded(value: float | None) -> float | int | None:
    """Four significant digits at least; nothing before the point is lost."""
    if value is None:
        return None
    short = float(f"{value:.4g}") if abs(value) < 1000 else round(value)
    return int(short) if short == int(short) else short


def number(value: float | None) -> str:
    """The same for persons: thousands apart, three significant digits at least."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


HEADS = ("what", "median", "lowest to highest", "unit", "peer", "median", "lowest to highest", "ratio")
_LEFT = {0, 3, 4}


def lines(figures: Iterable[Figure]) -> list[str]:
    """The table, line by line."""
    rows: list[tuple[str, ...]] = [HEADS]
    for one in figures:
        beside = ("–" if one.peer else "", "")
        if one.beside is not None:
            beside = (number(one.beside.median), one.beside.spread)
        ratio = f"{one.ratio:.2f}" if one.ratio is not None else ""
        rows.append((one.what, number(one.value), one.runs.spread, one.unit, one.peer, *beside, ratio))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    return [
        "  ".join(
            cell.ljust(width) if place in _LEFT else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def show(
    figures: Sequence[Figure],
    *,
    title: str,
    before: Sequence[str] = (),
    notes: Sequence[str] = (),
    as_json: bool = False,
    out: TextIO | None = None,
) -> None:
    """Print the figures: for persons with title and notes, or as one JSON list."""
    out = out or sys.stdout
    if as_json:
        text = json.dumps([one.plain() for one in figures], ensure_ascii=False, indent=1)
    else:
        parts = [[title, *before], lines(figures), list(notes)]
        text = "\n\n".join("\n".join(part) for part in parts if part)
    print(text, file=out, flush=True)


def parser(description: str) -> argparse.ArgumentParser:
    """The arguments that every benchmark has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", action="store_true", help="print one JSON list and nothing else on standard output")
    made.add_argument("--quick", action="store_true", help="fewer and shorter runs: a look, not a measurement")
    return made


if __name__ == "__main__":
    sys.exit("table.py is a part of the benchmarks and measures nothing itself")
