"""How much a partner may ask of an index: elements at once (a bucket that fills all the time) and in a UTC day.

Pure: what was used, the terms and the time go in, a verdict comes out. Who asks keeps it in one transaction with what
it lets pass, so requests at the same time cannot share what is left.

Rules kept here:
- the bucket holds `burst` elements and fills evenly, `day` of them in 24 hours; it counts in parts of an element, so
  that nothing is lost by looking often;
- a clock that goes back gives nothing: neither a new day nor a fuller bucket. After one that was a day ahead or more
  the time is taken as it is now, or nothing would fill before it is reached again;
- a question that is refused debits nothing.
"""

from typing import NamedTuple

import msgspec

from passerelle.core.clock import MILLISECONDS_A_DAY, day_of
from passerelle.ports.search import Quota

PARTS = MILLISECONDS_A_DAY
"""Parts of an element that a bucket counts in."""
_NEAR = 5
"""Near its end is a quota of which less than a fifth is left."""


class Terms(NamedTuple):
    """Elements at once, and in a UTC day."""

    burst: int
    day: int


class Verdict(NamedTuple):
    """What becomes of a question. `row`: to be kept, debited only if `allowed`; `left_…`: elements that are left then.

    `near`: less than a fifth of either is left; `near_day`: of the day's.
    """

    allowed: bool
    row: Quota
    left_burst: int
    left_day: int
    near: bool
    near_day: bool


def filled(row: Quota | None, partner: str, index: str, terms: Terms, now: int) -> Quota:
    """What a partner has used of an index at `now` (ms): the day turned, the bucket filled."""
    today, most = day_of(now), terms.burst * PARTS
    if row is None:
        return Quota(partner=partner, index=index, day=today, used=0, level=most, at=now)
    if row.at > now + MILLISECONDS_A_DAY:
        row = msgspec.structs.replace(row, at=now, day=today)
    if today > row.day:
        row = msgspec.structs.replace(row, day=today, used=0)
    level = min(most, row.level + max(0, now - row.at) * terms.day)
    return msgspec.structs.replace(row, level=level, at=max(now, row.at))


def ask(row: Quota | None, partner: str, index: str, terms: Terms, elements: int, now: int) -> Verdict:
    """Whether so many elements may be asked at `now` (ms), and what is left."""
    there = filled(row, partner, index, terms, now)
    allowed = elements * PARTS <= there.level and elements <= terms.day - there.used
    if allowed:
        there = msgspec.structs.replace(there, used=there.used + elements, level=there.level - elements * PARTS)
    burst, day = there.level // PARTS, max(0, terms.day - there.used)
    near_day = day * _NEAR <= terms.day
    return Verdict(allowed, there, burst, day, near_day or burst * _NEAR <= terms.burst, near_day)
