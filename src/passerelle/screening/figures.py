"""How many hits were true and how many false, by the script of the names: counts, which name nobody and stay.

A name that was written in another script, or spelled out of it, may meet more strangers than others do. So the share of
false hits is told by script (Directive (EU) 2016/680, article 11; CJEU, C-817/19, paragraph 203), of the traveller's
name and of the entry's that it was closest to.

Rules kept here: a hit counts once, in the UTC month in which its screening began, by what was decided last; one that
was erased before anybody decided counts as lapsed.
"""

import re
from typing import Literal, NamedTuple

import msgspec

from passerelle.core.clock import day_of
from passerelle.core.errors import InputError
from passerelle.ports.screening import FIGURES, Confirmed, Figure, Hit
from passerelle.ports.store import Reading, Writing

Count = Literal["travellers", "hits", "confirmed", "rejected", "lapsed"]
COUNTS: tuple[Count, ...] = ("travellers", "hits", "confirmed", "rejected", "lapsed")
_ALL = 1_000_000
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def check_month(text: str, what: str) -> str:
    """A month like 2026-03, or "". Raises InputError."""
    if text and not _MONTH.fullmatch(text):
        raise InputError(f"{what}: expected a month like 2026-03, got {text[:20]!r}")
    return text


def months(since: str, until: str) -> tuple[str, str]:
    """The months that days, months or years from `since` to `until` touch; "" is open."""
    first = f"{since}-01" if len(since) == 4 else since[:7]
    last = f"{until}-12" if len(until) == 4 else until[:7]
    return first, last


def month_of(moment: int) -> str:
    """The UTC month of a moment (milliseconds)."""
    return day_of(moment)[:7]


class Tally:
    """Counts of one list and month that are added to those in the store at once."""

    def __init__(self, name: str, month: str) -> None:
        self._name, self._month = name, month
        self._counts: dict[tuple[str, str], dict[Count, int]] = {}

    def traveller(self, script: str) -> None:
        """Somebody was looked up."""
        self._add(script, "", "travellers", 1)

    def count(self, hit: Hit | Confirmed, what: Count, number: int = 1) -> None:
        """A hit is counted, or, with -1, no longer."""
        self._add(hit.script, hit.against, what, number)

    def _add(self, script: str, against: str, what: Count, number: int) -> None:
        counts = self._counts.setdefault((script, against), {})
        counts[what] = counts.get(what, 0) + number

    def add_to(self, tx: Writing) -> None:
        """The counts are in the store."""
        keys = [(self._name, self._month, *pair) for pair in self._counts]
        there = tx.get_many(FIGURES, keys)
        made = []
        for (script, against), counts in self._counts.items():
            key = (self._name, self._month, script, against)
            row = there.get(key) or Figure(list=self._name, month=self._month, script=script, against=against)
            made.append(
                msgspec.structs.replace(row, **{what: getattr(row, what) + more for what, more in counts.items()})
            )
        tx.put(FIGURES, made)


class Line(NamedTuple):
    """Counts of one pair of scripts. `against` is "" in lines that say how many travellers there were."""

    list: str
    script: str
    against: str
    travellers: int
    hits: int
    confirmed: int
    rejected: int
    lapsed: int

    @property
    def undecided(self) -> int:
        """Hits that wait for a person."""
        return self.hits - self.confirmed - self.rejected - self.lapsed

    @property
    def false_share(self) -> float | None:
        """The share of false hits among those that a person decided; None when there are none."""
        decided = self.confirmed + self.rejected
        return self.rejected / decided if decided else None


def report(tx: Reading, since: str, until: str, name: str = "") -> list[Line]:
    """The counts of the months from `since` to `until` ("": open), by list and pair of scripts, all of them last."""
    found = [
        one
        for one in tx.scan(FIGURES, "key", (name,) if name else (), limit=_ALL)
        if since <= one.month and (not until or one.month <= until)
    ]
    sums: dict[tuple[str, str, str], list[int]] = {}
    for one in found:
        for key in ((one.list, one.script, one.against), ("", "", "")):
            row = sums.setdefault(key, [0] * len(COUNTS))
            for place, what in enumerate(COUNTS):
                row[place] += getattr(one, what)
    whole = sums.pop(("", "", ""), None)
    made = [Line(*key, *row) for key, row in sorted(sums.items())]
    return [*made, Line("", "", "", *whole)] if whole else []
