"""The records of screening: a run of travellers against an own list, its hits, and the figures that stay.

Of a traveller nothing is kept unless he was a hit; a hit is kept until the run's time is over, and in no backup. What a
person confirmed stands in a row of its own (`CONFIRMED`) and stays until its retention date. Travellers and entries are
the readers' own (`persons.model.Entry`), as MessagePack; times are milliseconds.
"""

from passerelle.ports.store import Kind, Record


class Run(Record, frozen=True):
    """One screening. `state`: running | done | erased (its time was over) | broken (it was stopped: it says nothing).

    `link`: the objective link between journey and offence, a word of the type; `least`: the score below which nothing
    is shown, in millionths. `moved`: its last sign of life while it runs. `expires`: when hits that nobody confirmed
    are erased. `faults`: travellers that could not be read. `cut`: hits beyond those that are shown for a traveller.
    """

    id: str
    list: str
    domain: str
    edition: str
    number: int
    purpose: str
    basis: str
    link: str
    offence: str
    journey: str
    channel: str
    form: str
    least: int
    by: str
    begun: int
    moved: int
    expires: int
    retention: str
    state: str = "running"
    ended: int = 0
    travellers: int = 0
    faults: int = 0
    hits: int = 0
    cut: int = 0


class Hit(Record, frozen=True):
    """Somebody who may be on the list. `number`: within its run, the closest is 1. `rank`: the smaller the closer.

    `state`: unverified | rejected. `same`: a hash of who the traveller is, to find what was decided of him before.
    `script`, `against`: of the names that were closest, the traveller's and the entry's (ISO 15924).
    """

    run: str
    number: int
    rank: int
    list: str
    entry: str
    same: str
    script: str
    against: str
    traveller: bytes
    body: bytes
    state: str = "unverified"
    decided: int = 0
    decided_by: str = ""
    reason: str = ""


class Confirmed(Record, frozen=True):
    """A hit that a person confirmed: all that stays of a screening. `until`: its retention date.

    `number`, `rank`, `script`, `against`: those of the hit. `said`: the explanation that the person had before him.
    """

    id: str
    run: str
    number: int
    rank: int
    list: str
    domain: str
    edition: int
    entry: str
    purpose: str
    basis: str
    link: str
    offence: str
    journey: str
    channel: str
    script: str
    against: str
    traveller: bytes
    body: bytes
    said: tuple[str, ...]
    screened: int
    screened_by: str
    decided: int
    decided_by: str
    reason: str
    until: int


class Figure(Record, frozen=True):
    """Counts of a list and a UTC month, by script: they name nobody and stay.

    `script`: of the traveller's name; `against`: of the entry's, "" in the row that counts travellers. `lapsed`: hits
    that were erased before anybody decided.
    """

    list: str
    month: str
    script: str
    against: str
    travellers: int = 0
    hits: int = 0
    confirmed: int = 0
    rejected: int = 0
    lapsed: int = 0


RUNS = Kind("screenings", Run, ("id",), by_state=("state", "expires"), by_list=("list", "begun"))
HITS = Kind(
    "screening_hits",
    Hit,
    ("run", "number"),
    by_rank=("run", "rank"),
    by_same=("list", "entry", "same"),
    by_state=("run", "state"),
)
CONFIRMED = Kind(
    "screening_confirmed",
    Confirmed,
    ("id",),
    by_until=("until",),
    by_run=("run", "number"),
    by_entry=("list", "entry"),
    by_domain=("domain", "decided"),
)
FIGURES = Kind("screening_figures", Figure, ("list", "month", "script", "against"))

KINDS = (RUNS, HITS, CONFIRMED, FIGURES)

FLEETING = (HITS,)
"""What no backup has: it must be gone when its time is over, in every copy."""
