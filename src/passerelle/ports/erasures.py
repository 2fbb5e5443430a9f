"""The records of erasure: that the content of a message is gone, and must not come back.

None of them holds anything of what was erased, and none names a person but the one of this service who erased. The same
facts stand in a register outside the store (`exchange.register`), so that they outlive a store that is put back.
"""

from enum import StrEnum

from passerelle.ports.store import Kind, Record


class Ground(StrEnum):
    """Why something is erased (Directive (EU) 2016/680, articles 5 and 16). Closed; the register has these words."""

    TIME_LIMIT = "time-limit"  # it may be kept no longer
    UNLAWFUL = "unlawful"  # it should never have been processed
    REQUEST = "request"  # the person concerned has a right to it
    ORDER = "order"  # a court or the supervisory authority ordered it
    ORIGINATOR = "originator"  # the side that sent it asked
    OTHER = "other"


class Erasure(Record, frozen=True):
    """That the content of a message was erased. `time` in milliseconds.

    `here`: False while the store does not hold the decided message (it was put back to before it): what comes again is
    erased again. `urgency`: a word of a closed list that deadlines are counted with, kept when the content goes.
    """

    message: str
    commitment: bytes
    time: int
    by: str
    ground: str
    here: bool = True
    urgency: str = ""


ERASURES = Kind("erasures", Erasure, ("message",), by_time=("time",), by_here=("here",))

KINDS = (ERASURES,)
