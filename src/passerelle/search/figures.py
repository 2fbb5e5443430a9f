"""How many questions, how many hits, and how many of these were true: counts, which name nobody and stay.

Rules kept here: a question counts in the UTC month in which it was asked, and so do its hits, whenever they are opened
or answered; what an answer said is counted once, and no longer when it was taken back or refused (`exchange.claiming`).
The share of false hits is told by the script of the name that was asked about, too, as of screenings
(`screening.figures`): of own questions, for the partner never learns a name that did not hit.
"""

import msgspec

from passerelle.exchange import claiming
from passerelle.ports.search import SCRIPT_FIGURES, SEARCH_FIGURES, Question
from passerelle.ports.store import Reading, Writing

COUNTS = ("questions", "elements", "refused", "hits", "opened", "confirmed", "rejected")
_ALL = 1_000_000


def count(tx: Writing, question: Question, **more: int) -> None:
    """Add to the counts of a question that this node asked."""
    claiming.tally(tx, claiming.ASKED, question.partner, question.index, question.asked, **more)


class Line(msgspec.Struct, frozen=True):
    """Counts of one index on one side in a month; month "" for all of them."""

    side: str
    partner: str
    index: str
    month: str
    questions: int
    elements: int
    refused: int
    hits: int
    opened: int
    confirmed: int
    rejected: int

    @property
    def false_share(self) -> float | None:
        """The share of false hits among those that the partner answered; None when there are none."""
        answered = self.confirmed + self.rejected
        return self.rejected / answered if answered else None


def report(tx: Reading, since: str = "", until: str = "", partner: str = "") -> list[Line]:
    """The counts of the months from `since` to `until` ("": open), by side, partner, index and month."""
    found = [
        one
        for one in tx.scan(SEARCH_FIGURES, "key", limit=_ALL)
        if since <= one.month and (not until or one.month <= until) and partner in ("", one.partner)
    ]
    return [
        Line(one.side, one.partner, one.index, one.month, *(getattr(one, name) for name in COUNTS)) for one in found
    ]


class Script(msgspec.Struct, frozen=True):
    """Hits of own questions of all indexes by one script of the name."""

    script: str
    hits: int
    confirmed: int
    rejected: int

    @property
    def false_share(self) -> float | None:
        """As of `Line`."""
        answered = self.confirmed + self.rejected
        return self.rejected / answered if answered else None


def scripts(tx: Reading, since: str = "", until: str = "", partner: str = "") -> list[Script]:
    """The hits of own questions by the script of the name, of the same months as `report`."""
    sums: dict[str, list[int]] = {}
    for one in tx.scan(SCRIPT_FIGURES, "key", limit=_ALL):
        if since <= one.month and (not until or one.month <= until) and partner in ("", one.partner):
            row = sums.setdefault(one.script, [0, 0, 0])
            for place, count in enumerate((one.hits, one.confirmed, one.rejected)):
                row[place] += count
    return [Script(script, *row) for script, row in sorted(sums.items())]
