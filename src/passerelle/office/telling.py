"""Telling one person what another, or the node, did that concerns him: in the transaction of the deed.

Rules kept here:
- nobody is told of what he did himself, and nobody who has gone;
- a notice names dossier and draft or message, and holds nothing of what they say.

What the clock tells about deadlines is in `reminders`.
"""

import msgspec

from passerelle.exchange.context import Context
from passerelle.ports.people import PERSONS
from passerelle.ports.records import DOSSIERS
from passerelle.ports.store import Writing
from passerelle.ports.timers import NOTICES, Notice

RETURNED, GIVEN, NOT_UPHELD, HIT = "returned", "given", "not-upheld", "hit"
_MOST = 10_000


def tell(tx: Writing, ctx: Context, what: str, person: str, by: str, dossier: str, message: str = "") -> None:
    """Tell a person that `by` did this. `message`: of a draft, a message or a question its id, else the dossier's."""
    there = tx.get(PERSONS, person) if person != by else None
    if there is None or there.removed:
        return
    row, now = tx.get(DOSSIERS, dossier), ctx.clock.now()
    made = Notice(
        person=person,
        read=False,
        moment=now,
        dossier=dossier,
        deadline="",
        # Part of the key: of two dossiers that are given in one moment both are told.
        message=message or dossier,
        what=what,
        owner="",
        type=row.type if row else "",
        due=0,
        written=now,
    )
    tx.put(NOTICES, [made])


def seen(tx: Writing, what: str, person: str, message: str) -> None:
    """A person has seen this for himself: he need not be told any more."""
    unread = tx.scan(NOTICES, "key", (person, False), limit=_MOST)
    those = [one for one in unread if (one.what, one.message) == (what, message)]
    tx.delete(NOTICES, [NOTICES.key_of(one) for one in those])
    tx.put(NOTICES, [msgspec.structs.replace(one, read=True) for one in those])
