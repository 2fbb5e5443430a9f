"""The records of what is carried by hand, and of whether both copies of a log were or must be compared."""

from passerelle.ports.store import Kind, Record


class Comparison(Record, frozen=True):
    """That both copies of the own log of a lane were compared in a life, and the mark at which that still holds.

    `time`: the partner's clock then, ms.
    """

    partner: str
    lane: str
    life: str
    mark: str
    time: int


class Doubt(Record, frozen=True):
    """How often there was a reason to compare the own logs to a partner anew; `time`: of the newest (ms).

    `start`: what its newest status question said of its start.
    """

    partner: str
    count: int = 0
    time: int = 0
    start: str = ""


class Question(Record, frozen=True):
    """A status question that left in a file. `marks`, and what was known of the partner's copies, of each lane.

    `held`: `generation/size` that the partner had cosigned when it was asked.
    """

    partner: str
    nonce: bytes
    time: int
    life: str
    marks: tuple[str, ...]
    held: tuple[str, ...]


class Asked(Record, frozen=True):
    """The newest status question of a partner that came in a file: it is answered in the next file to it."""

    partner: str
    time: int
    note: str


class Carried(Record, frozen=True):
    """The log of a lane of which entries last left in a file, and the size up to which they did."""

    partner: str
    lane: str
    origin: str
    size: int
    time: int


class CarriedFile(Record, frozen=True):
    """How many pieces of an own attachment left in files, from its first on."""

    file: str
    pieces: int


COMPARISONS = Kind("comparisons", Comparison, ("partner", "lane"))
DOUBTS = Kind("doubts", Doubt, ("partner",))
QUESTIONS = Kind("questions", Question, ("partner", "nonce"), by_time=("partner", "time"))
ASKED = Kind("asked", Asked, ("partner",))
CARRIED = Kind("carried", Carried, ("partner", "lane"))
CARRIED_FILES = Kind("carried_files", CarriedFile, ("file",))

KINDS = (COMPARISONS, DOUBTS, QUESTIONS, ASKED, CARRIED, CARRIED_FILES)
