"""The logs of a link as the store keeps them: finding the current one, reading subtrees, roots and items.

A link (sender, receiver, lane) has one log a generation. The newest is current; older ones are closed at the size that
the next generation names, and stay readable for evidence and for a partner who was put back behind that point.
"""

from collections.abc import Sequence

import msgspec

from passerelle.core.errors import LedgerError
from passerelle.exchange.sealing import MAX_PLAINTEXT
from passerelle.exchange.wire import WITHHELD, Item
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle
from passerelle.ports.records import CONTENTS, ENTRIES, LOGS, MESSAGES, Entry, Log, Message
from passerelle.ports.store import Reading

MOST_ITEMS = MAX_PLAINTEXT - 64 * 1024
"""Bytes of entries in a batch, whatever the settings say: the checkpoint must find room in the plaintext too."""


def current(tx: Reading, partner: str, direction: str, lane: str) -> Log | None:
    """The newest generation's log, or None when nothing was ever sent."""
    found = tx.scan(LOGS, "by_link", (partner, direction, lane), limit=1, descending=True)
    return found[0] if found else None


def current_or_new(tx: Reading, name: str, partner: str, direction: str, lane: str) -> Log:
    """The newest generation's log, or an empty first one (not stored yet). `name` is this node's."""
    return current(tx, partner, direction, lane) or fresh(name, partner, direction, lane, 1)


def fresh(name: str, partner: str, direction: str, lane: str, generation: int) -> Log:
    """An empty log of a link, not stored yet. `name` is this node's."""
    sender, receiver = (name, partner) if direction == "out" else (partner, name)
    return Log(
        origin=checkpoints.origin(sender, receiver, lane, generation),
        partner=partner,
        direction=direction,
        lane=lane,
        generation=generation,
    )


def generations(tx: Reading, partner: str, direction: str, lane: str) -> list[Log]:
    """All logs of a link, oldest first."""
    return tx.scan(LOGS, "by_link", (partner, direction, lane), limit=1_000_000)


def to_send(log: Log) -> int:
    """The size up to which a log is sent: a closed one only to where the next generation begins."""
    return log.closing if log.state == "closed" else log.size


def sending(tx: Reading, partner: str, lane: str) -> Log | None:
    """The log to send from: the oldest generation that the partner does not hold whole, else the newest."""
    logs = generations(tx, partner, "out", lane)
    for log in logs:
        if log.cosigned < to_send(log):
            return log
    return logs[-1] if logs else None


def receipted(tx: Reading, message: Message | None) -> bool:
    """Whether the partner has cosigned an own message where it stands now."""
    return message is not None and message.direction == "out" and message.state == "sequenced" and covered(tx, message)


def covered(tx: Reading, message: Message) -> bool:
    """Whether a cosigned size of its log covers a message that has an index."""
    log = tx.get(LOGS, message.origin) if message.index >= 0 else None
    return log is not None and message.index < log.cosigned


class Tree(merkle.Kept):
    """Subtrees of a stored log; `more` are leaves not stored yet, behind the first `base`."""

    def __init__(self, tx: Reading, origin: str, more: Sequence[bytes] = (), base: int = 0) -> None:
        def read(last: int) -> bytes:
            entry = tx.get(ENTRIES, origin, last)
            if entry is None:
                raise LedgerError(f"{origin}: expected entry {last}, got none")
            return entry.nodes

        super().__init__(read)
        if more:
            tree = merkle.Tree(base, merkle.frontier_at(self.subtree, base))
            for index, leaf in enumerate(more, base):
                self._nodes[index] = tree.append(leaf)


def root_of(tx: Reading, log: Log, size: int) -> bytes:
    """The root of the first `size` leaves of a stored log."""
    if size == log.size:
        return merkle.Tree(log.size, log.frontier).root()
    return merkle.root_at(Tree(tx, log.origin).subtree, size)


def entries(tx: Reading, origin: str, start: int, end: int) -> list[Entry]:
    """Entries [start, end). Raises LedgerError when one is missing."""
    if end <= start:
        return []
    found = tx.scan(ENTRIES, "key", (origin,), after=(start - 1,), limit=end - start)
    if len(found) != end - start or found[0].index != start:
        raise LedgerError(f"{origin}: expected entries {start} to {end}, got {len(found)}")
    return found


def items(tx: Reading, origin: str, start: int, end: int, most_bytes: int) -> list[Item]:
    """Entries from `start` with their contents, up to `end` or until the bytes are reached (one at least)."""
    found = entries(tx, origin, start, end)
    bodies = tx.get_many(CONTENTS, [(entry.message,) for entry in found])
    made = []
    total = 0
    for entry in found:
        content = bodies.get((entry.message,))
        if content is None:
            made.append(Item(entry.leaf, withheld="erased"))
        else:
            made.append(Item(entry.leaf, content.salt, content.body))
        total += len(entry.leaf) + 64 + (len(content.body) if content else 0)
        if total > min(most_bytes, MOST_ITEMS) and len(made) > 1:
            made.pop()
            break
    # A refusal of this partner's, or a withdrawal here, may have come since: such content does not leave again.
    if any(item.withheld for item in made):
        states = tx.get_many(MESSAGES, [(entry.message,) for entry in found])
        made = [
            msgspec.structs.replace(item, withheld=_reason(states[(entry.message,)])) if item.withheld else item
            for item, entry in zip(made, found, strict=False)
        ]
    return made


def _reason(message: Message) -> str:
    """Why a message travels without its content."""
    if message.state == "withheld" and message.reason in WITHHELD:
        return message.reason
    return {"withdrawn": "withdrawn", "withheld": "withdrawn", "refused": "not-permitted"}.get(message.state, "erased")
