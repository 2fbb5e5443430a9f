"""How many questions, how many hits, and how many of these were true: counts, which name nobody and stay.

Rules kept here: a question counts in the UTC month in which it was asked, and so do its hits, whenever they are opened
or answered; what an answer said is counted once, and no longer when it was taken back or refused (`exchange.claiming`).
The share of false hits is told by the script of the name that was asked about, too, as of screenings
(`screening.figures`): of own questions, for the partner never learns a name that did not hit.
"""

import msgspec

from passerelle.exchange import claiming
from passerelle.ports.search import SCRIPT_FIGURES, SEARCH_FIGURES, Question, ScriptFigure, SearchFigure
from passerelle.ports.store import Reading, Writing

_ALL = 1_000_000


def count(tx: Writing, question: Question, **more: int) -> None:
    """Add to the counts of a question that this node asked."""
    claiming.tally(tx, claiming.ASKED, question.partner, question.index, question.asked, **more)


def report(tx: Reading, since: str = "", until: str = "", partner: str = "") -> list[SearchFigure]:
    """The counts of the months from `since` to `until` ("": open), by side, partner, index and month."""
    return [one for one in tx.scan(SEARCH_FIGURES, "key", limit=_ALL) if _meant(one, since, until, partner)]


def _meant(one: SearchFigure | ScriptFigure, since: str, until: str, partner: str) -> bool:
    return since <= one.month and (not until or one.month <= until) and partner in ("", one.partner)


class Script(msgspec.Struct, frozen=True):
    """Hits of own questions of all indexes by one script of the name."""

    script: str
    hits: int
    confirmed: int
    rejected: int


def false_share(one: SearchFigure | Script) -> float | None:
    """The share of false hits among those that the partner answered; None when there are none."""
    answered = one.confirmed + one.rejected
    return one.rejected / answered if answered else None


def scripts(tx: Reading, since: str = "", until: str = "", partner: str = "") -> list[Script]:
    """The hits of own questions by the script of the name, of the same months as `report`."""
    sums: dict[str, list[int]] = {}
    for one in tx.scan(SCRIPT_FIGURES, "key", limit=_ALL):
        if _meant(one, since, until, partner):
            row = sums.setdefault(one.script, [0, 0, 0])
            for place, count in enumerate((one.hits, one.confirmed, one.rejected)):
                row[place] += count
    return [Script(script, *row) for script, row in sorted(sums.items())]
