"""So much was withdrawn of an index that its list would soon be full: its oldest tables are given up.

Who came with a delta and left after a week stands in all deltas of that week: each has references of its own, and
claims on them may come for a week more. Beyond half of what a list may name, tables that are asked no more end,
the oldest first, until a quarter is left: the partner is told, shows no hit of theirs any more, and nothing of them
needs to be listed.

Rules kept here:
- only tables that are asked no more: no question waits for them, and what they hold is in those that came after;
- what was withdrawn of a table is listed until the partner has cosigned the message that ends it (`known`).

Left to others: what tables that are asked have withdrawn. Where that takes half of a list, new ones are due at once
(`publishing`); what is too much for a list meanwhile, it leaves out and says so (`withdrawing.listing`).
"""

from typing import NamedTuple

import msgspec

from passerelle.core.audit import What
from passerelle.core.retold import E_
from passerelle.exchange import manifests, notes
from passerelle.exchange.context import Context
from passerelle.office.stage import Logs
from passerelle.ports.records import MESSAGES
from passerelle.ports.search import EPOCHS, WITHDRAWN, Epoch, Index
from passerelle.ports.store import Reading, Writing
from passerelle.search import indexes, wire_tables, withdrawing

MOST = wire_tables.MOST_REFERENCES // 2
"""Withdrawn references beyond which tables are given up."""
LEFT = MOST // 2
"""How many are left then, or fewer."""
_AT_ONCE = 500


class Crowded(NamedTuple):
    """An index, and the tables of it that are to be given up."""

    row: Index
    epochs: tuple[Epoch, ...]


def crowded(tx: Reading, ctx: Context, now: int) -> Crowded | None:
    """An index of which too much is withdrawn, if there is one."""
    for row in indexes.all_of(tx, "open"):
        if tx.count(WITHDRAWN, "by_index", (row.name,)) > MOST and (found := _oldest(tx, row)):
            return Crowded(row, found)
    return None


def _oldest(tx: Reading, row: Index) -> tuple[Epoch, ...]:
    """The tables that are asked no more, the oldest first, as many as have to go. None of those that went already."""
    there = [one for one in withdrawing.epochs(tx, row.name) if not one.ended_by]
    counts = {one.id: tx.count(WITHDRAWN, "key", (one.id,)) for one in there}
    left, found = sum(counts.values()), list[Epoch]()
    if left <= MOST:
        return ()
    for one in sorted(there, key=lambda one: one.expires):
        if left > LEFT and one.state == "over" and counts[one.id] and len(found) < _AT_ONCE:
            found.append(one)
            left -= counts[one.id]
    return tuple(found)


def give_up(tx: Writing, ctx: Context, found: Crowded) -> int:
    """End these tables for good, and tell the partner. No key is destroyed by it: theirs went before."""
    row, ids = found.row, tuple(one.id for one in found.epochs)
    there = [one for one in tx.get_many(EPOCHS, [(one,) for one in ids]).values() if not one.ended_by]
    if there:
        words = E_("more is withdrawn of these tables than is listed")
        message = manifests.expire(tx, ctx, row.partner, row.name, tuple(one.id for one in there), "node", words)
        tx.put(EPOCHS, [msgspec.structs.replace(one, ended_by=message.id) for one in there])
        details = {"epochs": [one.id for one in there], "reason": "crowded"}
        notes.record(tx, ctx, What.INDEX_EXPIRED, "node", indexes.named(row), details)
    return 0


def known(tx: Reading, epoch: Epoch) -> bool:
    """Whether the partner knows that a table ended before its time."""
    message = tx.get(MESSAGES, epoch.ended_by) if epoch.ended_by else None
    return message is not None and Logs(tx).cosigned(message)
