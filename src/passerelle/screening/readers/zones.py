"""Where what stands in a machine-readable zone (ICAO Doc 9303-4, -5, -6, -7), and its check digits (9303-3, 4.9).

Positions are those of the Doc less one, as (line, first, past the last).
"""

from typing import NamedTuple

from passerelle.core.retold import E_

Span = tuple[int, int, int]

NUMBER, EXPIRY = E_("document number"), E_("expiry date")


class Check(NamedTuple):
    """A check digit: where it stands, over what, and whether `<` may stand for 0 where there is nothing to check."""

    what: str
    digit: Span
    over: tuple[Span, ...]
    may_be_filler: bool = False


class Zone(NamedTuple):
    """A format: its lines, where each part stands, its check digits."""

    name: str
    lines: int
    width: int
    names: Span
    number: Span
    country: Span
    nationality: Span
    birth: Span
    sex: Span
    expires: Span
    optional: tuple[Span, ...]
    checks: tuple[Check, ...]
    long_number: bool = False


def _lower(optional: Span, composite: bool, optional_check: bool) -> tuple[Check, ...]:
    """The check digits of a second line that holds number, birth and expiry, as in all but TD1."""
    made = [
        Check(NUMBER, (1, 9, 10), ((1, 0, 9),)),
        Check(E_("birth date"), (1, 19, 20), ((1, 13, 19),)),
        Check(EXPIRY, (1, 27, 28), ((1, 21, 27),)),
    ]
    if optional_check:
        made.append(Check(E_("optional data"), (1, 42, 43), (optional,), True))
    if composite:
        last = optional[2] + (1 if optional_check else 0)
        made.append(Check(E_("whole zone"), (1, last, last + 1), ((1, 0, 10), (1, 13, 20), (1, 21, last))))
    return tuple(made)


def _two_lines(name: str, width: int, optional: Span, checks: tuple[Check, ...], long_number: bool = False) -> Zone:
    return Zone(
        name, 2, width, (0, 5, width), (1, 0, 9), (0, 2, 5), (1, 10, 13), (1, 13, 19), (1, 20, 21), (1, 21, 27),
        (optional,), checks, long_number,
    )  # fmt: skip


TD3 = _two_lines("TD3", 44, (1, 28, 42), _lower((1, 28, 42), True, True))
TD2 = _two_lines("TD2", 36, (1, 28, 35), _lower((1, 28, 35), True, False), True)
MRV_A = _two_lines("MRV-A", 44, (1, 28, 44), _lower((1, 28, 44), False, False))
MRV_B = _two_lines("MRV-B", 36, (1, 28, 36), _lower((1, 28, 36), False, False))
TD1 = Zone(
    "TD1", 3, 30, (2, 0, 30), (0, 5, 14), (0, 2, 5), (1, 15, 18), (1, 0, 6), (1, 7, 8), (1, 8, 14),
    ((0, 15, 30), (1, 18, 29)),
    (
        Check(NUMBER, (0, 14, 15), ((0, 5, 14),)),
        Check(E_("birth date"), (1, 6, 7), ((1, 0, 6),)),
        Check(EXPIRY, (1, 14, 15), ((1, 8, 14),)),
        Check(E_("whole zone"), (1, 29, 30), ((0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 29))),
    ),
    True,
)  # fmt: skip
ZONES = (TD1, TD2, TD3, MRV_A, MRV_B)


def zone_of(first: str) -> Zone | None:
    """The format that a first line begins: by its width, and `V` for a visa."""
    visa = first.startswith("V")
    return {30: TD1, 36: MRV_B if visa else TD2, 44: MRV_A if visa else TD3}.get(len(first))
