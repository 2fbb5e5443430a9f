"""Beginning a new generation of the audit log, by persons, when it stands still: after a restore, or after a forgery.

The last checkpoint that a witness cosigned bears this node's own signatures: it is where the log really stood. The next
generation names it in its first block, so that whoever reads the log sees that something was lost in between, and that
no tree was signed twice.

The steps, each safe to repeat; until the last one the log stands still:
1. `audit.unplace`: records in blocks that no witness has cosigned go back in line, page by page. They are not lost: the
   next generation has them;
2. `audit.reopen`: those blocks are dropped, the old generation is closed where it was cosigned, the new one is begun,
   and the record of who did it and why is the next in line.

What is kept: the blocks up to the checkpoint itself where this store has them all, else up to the largest one of this
store that a witness has cosigned. What lies between that and the checkpoint was lost with the store: nobody else has
it.
"""

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import StateError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.ledger import audit as texts
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.oversight import audit_log, witnesses
from passerelle.ports.audit import AUDIT_BLOCKS, AUDIT_LOGS, AuditLog
from passerelle.ports.records import AUDITS
from passerelle.ports.store import Reading, Writing


def reopen(ctx: Context, who: str, reason: str, shown: tuple[Checkpoint, ...] = ()) -> AuditLog:
    """Begin the next generation. `shown`: what witnesses hold now, each proven to be this node's own.

    Raises StateError unless the log stands still.
    """
    while ctx.store.write("audit.unplace", lambda tx: _unplace(tx, ctx, _last(tx, ctx, shown))) == audit_log.BATCH:
        pass
    return ctx.store.write("audit.reopen", lambda tx: _begin(tx, ctx, who, reason, _last(tx, ctx, shown)))


def _last(tx: Reading, ctx: Context, shown: tuple[Checkpoint, ...]) -> Checkpoint:
    """The checkpoint that the next generation continues: the furthest that this node is known to have signed."""
    log = audit_log.current(tx, ctx.name)
    if log.state != "stopped":
        raise StateError(f"expected an audit log that stands still, got one that is {log.state}")
    held = [checkpoints.parse(log.receipt), *shown]
    return max(held, key=lambda one: (texts.split_origin(one.origin)[1], one.size))


def kept(tx: Reading, log: AuditLog, last: Checkpoint) -> int:
    """How many blocks of this store are surely what was cosigned."""
    ours = last.origin == log.origin and last.size <= log.size
    if ours and audit_log.root_of(tx, log, last.size) == last.root:
        return last.size
    for one in witnesses.receipts(tx, log.origin):
        held = checkpoints.parse(one.note)
        if held.size <= log.size and audit_log.root_of(tx, log, held.size) == held.root:
            return held.size
    return 0


def _unplace(tx: Writing, ctx: Context, last: Checkpoint) -> int:
    log = audit_log.current(tx, ctx.name)
    size = kept(tx, log, last)
    behind = tx.scan(AUDITS, "by_place", (log.generation,), after=(size - 1,), limit=audit_log.BATCH)
    generation, index, place = audit_log.IN_LINE
    tx.put(
        AUDITS,
        [msgspec.structs.replace(one, generation=generation, index=index, place=place, nodes=b"") for one in behind],
    )
    return len(behind)


def _begin(tx: Writing, ctx: Context, who: str, reason: str, last: Checkpoint) -> AuditLog:
    log = audit_log.current(tx, ctx.name)
    size = kept(tx, log, last)
    frontier = merkle.frontier_at(audit_log.LogTree(tx, log.generation).subtree, size)
    tx.delete(AUDIT_BLOCKS, [(log.generation, index) for index in range(size, log.size)])
    closed = msgspec.structs.replace(
        log, state="closed", size=size, frontier=frontier, open_size=0, open_frontier=b"", receipt=str(last)
    )
    generation = max(texts.split_origin(last.origin)[1], log.generation) + 1
    previous = texts.Previous(last.origin, last.size, last.root)
    made = AuditLog(
        origin=texts.origin(ctx.name, generation), generation=generation, previous=str(previous), time=ctx.clock.now()
    )
    tx.put(AUDIT_LOGS, [closed, made])
    lost = last.size - size if last.origin == log.origin else -1
    details = {"reason": reason, "continues": str(previous), "kept": size, **({"lost": lost} if lost >= 0 else {})}
    notes.record(tx, ctx, What.AUDIT_REOPENED, who, made.origin, details)
    return made
