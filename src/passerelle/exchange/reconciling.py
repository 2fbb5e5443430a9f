"""What two copies of one log make together: this store's and the partner's, when the log is opened anew.

Rules kept here:
- of two receipts the one counts that proves more of this log: a partner that was put back holds less than it cosigned;
- a message that the partner never cosigned goes back in line with its id, so it is applied once; what was decided of
  it otherwise stays decided;
- an own message stands where the partner's copy has it.

Left unchecked: whether the partner's copy is genuine; `generation` checks it against the own signature before.
"""

from collections.abc import Iterable, Sequence

import msgspec

from passerelle.exchange import (
    links,
    trust,
    wire,
)
from passerelle.exchange.context import Context
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ports.records import (
    MESSAGES,
    Entry,
    Log,
    Message,
)
from passerelle.ports.store import Reading


def known(tx: Reading, ctx: Context, partner: str, held: Checkpoint) -> Checkpoint:
    """A checkpoint with the signatures of every own key by which the partner may know it."""
    made = trust.mine(tx, ctx, partner).checkpoint(held.origin, held.size, held.root)
    there = {(line.name, line.key) for line in held.note.signatures}
    more = tuple(line for line in made.note.signatures if (line.name, line.key) not in there)
    return checkpoints.with_signatures(held, more)


def longest(tx: Reading, log: Log, given: Checkpoint | None) -> str:
    """Of the receipt that is kept and the one that the partner gives, the one that proves more of this log.

    A partner that was put back holds less than it once cosigned, and that remains proven.
    """
    kept = checkpoints.parse(log.receipt) if log.receipt else None
    if kept is None or (given is not None and given.size >= kept.size):
        return str(given) if given else ""
    own = kept.size <= log.size and links.root_of(tx, log, kept.size) == kept.root
    return log.receipt if own else str(given or "")


def same(ours: Sequence[Entry], theirs: Sequence[bytes]) -> int:
    """How many leaves at the beginning are the same."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((at for at, (own, leaf) in pairs if own.leaf != leaf), min(len(ours), len(theirs)))


def unsent(tx: Reading, rows: Iterable[Entry], origin: str, more: Iterable[str] = ()) -> list[Message]:
    """Messages of entries that the partner never cosigned, as they stand back in line.

    `more`: those that stand in no log any more. An act that was refused goes again too: others may build on it, and
    the partner, who lost it, would wait for it. Whatever else was decided stays as it is.
    """
    gone = set(more)
    found = tx.get_many(MESSAGES, [(name,) for name in dict.fromkeys([*(row.message for row in rows), *gone])])
    made = []
    for message in found.values():
        again = message.kind != "generation" and message.state == "sequenced"
        again |= message.kind == "act" and message.state == "refused"
        if message.origin != origin or not (again or message.id in gone):
            continue
        free = msgspec.structs.replace(message, origin="", index=-1, time=0)
        made.append(msgspec.structs.replace(free, state="unsequenced", checks=(), refusal="") if again else free)
    return made


def placed(known: Message, leaf: entries.Leaf, item: wire.Item) -> Message:
    """An own message in the place that the partner's copy gives it."""
    state = "sequenced" if known.state in ("unsequenced", "withdrawn") else known.state
    if item.withheld == "not-permitted" and state == "sequenced":
        state = "refused"  # its refusal comes again and says why
    return msgspec.structs.replace(known, state=state, origin=leaf.origin, index=leaf.index, time=leaf.time)
