"""Telling one person what another did that concerns him: in the transaction of the deed, so that neither is without.

Rules kept here:
- nobody is told of what he did himself, and nobody who has gone;
- a notice names dossier and draft or message, and holds nothing of what they say.

What the clock tells about deadlines is in `reminders`.
"""

from passerelle.exchange.context import Context
from passerelle.ports.people import PERSONS
from passerelle.ports.records import DOSSIERS
from passerelle.ports.store import Writing
from passerelle.ports.timers import NOTICES, Notice

RETURNED, GIVEN, NOT_UPHELD = "returned", "given", "not-upheld"


def tell(tx: Writing, ctx: Context, what: str, person: str, by: str, dossier: str, message: str = "") -> None:
    """Tell a person that `by` did this. `message`: of a draft or a message its id, else the dossier's is taken."""
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
