"""What the comparison of one part of two persons found, before it is put into words."""

from typing import Literal, NamedTuple

from passerelle.persons.weights import Verdict

Kind = Literal["name", "birth", "place", "document", "number", "sex", "nationality"]
KINDS: tuple[Kind, ...] = ("name", "birth", "place", "document", "number", "sex", "nationality")


class Finding(NamedTuple):
    """One finding. `level`: its name in the table of weights; `left`, `right`: what it is about on either side.

    `why`: names of further reasons, in the order in which they are told (`telling` has the words).
    """

    kind: Kind
    level: str
    verdict: Verdict
    bits: float
    left: object
    right: object
    why: tuple[str, ...] = ()
