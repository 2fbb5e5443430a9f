"""The checks of the receiver, by number. The same numbers stand in code, tests, refusals and the specification.

0-6 refuse a whole batch and change nothing. 7-10 concern one message: its entry stays, its content is neither applied
nor kept, and a refusal with the numbers goes back. A partner gets the number only; the words stay here.
"""

from enum import StrEnum

from passerelle.core.errors import ExchangeError
from passerelle.core.words import N_


class Check(StrEnum):
    """Numbers of the checks, in the order they are made."""

    FORM = "0"
    SIGNATURE = "1"
    ORIGIN = "2"
    CHECKPOINT = "3"
    LEAVES = "4"
    ROOT = "5"
    LIMITS = "6"
    INSTRUMENT = "7"
    CHANNEL = "8"
    CONTENT = "9"
    STATE = "10"


MEANING = {
    Check.FORM: N_("size and form"),
    Check.SIGNATURE: N_("header signed by a pinned, unsuspended key, then opens"),
    Check.ORIGIN: N_("origin names this link and its current generation"),
    Check.CHECKPOINT: N_("signatures of the checkpoint"),
    Check.LEAVES: N_("indexes continue, times do not decrease, leaves match commitments"),
    Check.ROOT: N_("root matches the leaves"),
    Check.LIMITS: N_("within the limits a day that are agreed"),
    Check.INSTRUMENT: N_("instrument in force for both, same digest"),
    Check.CHANNEL: N_("act allowed by the channel"),
    Check.CONTENT: N_("content valid for its kind and type"),
    Check.STATE: N_("state of the dossier or instrument allows the act"),
}


class BatchRefusedError(ExchangeError):
    """The receiver refuses the batch; nothing was changed."""

    def __init__(self, check: Check, words: str) -> None:
        super().__init__(f"check {check} ({MEANING[check]}): {words}")
        self.check = check
        self.words = words
