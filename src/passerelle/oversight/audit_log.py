"""The audit log: records get a place in the open block, and once in an interval the block becomes one leaf of the log.

The steps, each a short transaction, each safe to stop at and to repeat:
1. `audit.sequence` gives records in line the next places of the open block, in the order of their ids (the order in
   which they were made). If we stop here: they have their place, and the block goes on to grow;
2. `audit.close` makes of the block, also of an empty one, the next leaf of the log, and begins an empty block. If we
   stop here: the leaf is durable, and whoever asks next gets the checkpoint that has it.
A checkpoint is made of the stored tree whenever it is asked for; nothing is signed that is not durable.

Rules kept here:
- a record is in line or has one place; a place is never given twice in a generation;
- one leaf an interval, whatever happened: the size of the log tells a witness the time and nothing else. What was
  written while the node was off is in the first block after;
- a log that a witness has seen further than this store (it was put back) or otherwise stands still: records stay in
  line until persons open the next generation, which names the last checkpoint that was cosigned.

Left unchecked: that an operator who holds the keys writes what happened, before it is in a block that a witness has
cosigned. After that he can change nothing unseen.
"""

import os

import msgspec

from passerelle.core import json
from passerelle.core.errors import LedgerError, StateError
from passerelle.exchange import trust
from passerelle.exchange.context import Context
from passerelle.ledger import audit as texts
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ports.audit import AUDIT_BLOCKS, AUDIT_LOGS, AuditBlock, AuditLog
from passerelle.ports.records import AUDITS, Audit
from passerelle.ports.store import Reading, Writing

BATCH = 500
"""Records that one transaction gives a place."""

IN_LINE = (0, -1, -1)
"""Generation, index and place of a record that has none yet."""


def current(tx: Reading, name: str) -> AuditLog:
    """The newest generation of the node's audit log; an empty first one (not stored yet) when nothing was closed."""
    found = tx.scan(AUDIT_LOGS, "by_generation", limit=1, descending=True)
    return found[0] if found else AuditLog(generation=1, origin=texts.origin(name, 1))


def leaf_of(record: Audit) -> bytes:
    """The leaf of a record in its block."""
    return texts.RecordLeaf(record.id, record.time, record.commitment).encode()


def agrees(record: Audit) -> bool:
    """Whether what stands beside the details for looking up is what they say."""
    said = json.parse_object(record.details)
    beside = {"time": record.time, "what": record.what, "who": record.who, "on": record.on}
    about = (said["dossier"],) if "dossier" in said else ("", record.on)
    return all(said.get(key) == value for key, value in beside.items()) and record.dossier in about


def says_more(record: Audit) -> bool:
    """Whether a record that was erased still names who did what on what: nothing commits to what stands there."""
    return any((record.what, record.who, record.on, record.details))


def sequence(ctx: Context) -> int:
    """Give the next records in line their places. Returns how many got one; fewer than `BATCH`: none is left."""

    def work(tx: Writing) -> int:
        log = current(tx, ctx.name)
        line = tx.scan(AUDITS, "by_place", IN_LINE, limit=BATCH) if log.state == "open" else []
        if not line:
            return 0
        tree = merkle.Tree(log.open_size, log.open_frontier)
        placed = [
            msgspec.structs.replace(
                record, generation=log.generation, index=log.size, place=tree.size, nodes=tree.append(leaf_of(record))
            )
            for record in line
        ]
        tx.put(AUDITS, placed)
        tx.put(AUDIT_LOGS, [msgspec.structs.replace(log, open_size=tree.size, open_frontier=tree.frontier)])
        return len(line)

    return ctx.store.write("audit.sequence", work)


def close(ctx: Context) -> AuditBlock:
    """Close the open block: the next leaf of the log. Raises StateError when the log stands still."""

    def work(tx: Writing) -> AuditBlock:
        log = current(tx, ctx.name)
        if log.state != "open":
            raise StateError(f"expected an audit log that is open, got one that is {log.state}: {log.reason}")
        return _close(tx, ctx, log)

    return ctx.store.write("audit.close", work)


def _close(tx: Writing, ctx: Context, log: AuditLog) -> AuditBlock:
    now = ctx.clock.now()
    root = merkle.Tree(log.open_size, log.open_frontier).root()
    # Only the first block names what the generation continues: the leaf is committed to, and no block comes before it.
    previous = texts.parse_previous(log.previous) if log.previous and log.size == 0 else None
    body = texts.Block(log.open_size, root, previous).encode()
    salt = os.urandom(entries.SALT)
    leaf = texts.BlockLeaf(log.origin, log.size, now, entries.commit(salt, body)).encode()
    tree = merkle.Tree(log.size, log.frontier)
    block = AuditBlock(
        generation=log.generation,
        index=log.size,
        leaf=leaf,
        nodes=tree.append(leaf),
        salt=salt,
        body=body,
        size=log.open_size,
        time=now,
    )
    tx.add(AUDIT_BLOCKS, [block])
    after = msgspec.structs.replace(
        log, size=tree.size, frontier=tree.frontier, time=now, open_size=0, open_frontier=b""
    )
    tx.put(AUDIT_LOGS, [after])
    return block


def is_due(log: AuditLog, now: int, every: int) -> bool:
    """Whether the interval (milliseconds) of the last block is over. A clock that was put back ends it too."""
    return log.state == "open" and (log.size == 0 or now // every != log.time // every)


def keep(ctx: Context, every: int, *, busy: bool = False) -> AuditBlock | None:
    """Give places to what is in line and close the block when it is due. The service does this all the time.

    `busy`: others need the store now; what is in line waits for a calmer moment, at most until the block is due.
    """

    def waits(tx: Reading) -> tuple[bool, AuditLog]:
        return bool(tx.scan(AUDITS, "by_place", IN_LINE, limit=1)), current(tx, ctx.name)

    waiting, log = ctx.store.read(waits)
    due = is_due(log, ctx.clock.now(), every)
    if waiting and log.state == "open" and (due or not busy):
        _drain(ctx)
    return close(ctx) if due else None


def close_now(ctx: Context) -> AuditBlock:
    """Close a block of all that was written up to now, due or not. Raises StateError when the log stands still."""
    _drain(ctx)
    return close(ctx)


def _drain(ctx: Context) -> None:
    while sequence(ctx) == BATCH:
        pass


# -- trees and checkpoints -----------------------------------------------------------------------------------------


class LogTree(merkle.Kept):
    """Subtrees of the tree of blocks of a generation."""

    def __init__(self, tx: Reading, generation: int) -> None:
        def read(last: int) -> bytes:
            block = tx.get(AUDIT_BLOCKS, generation, last)
            if block is None:
                raise LedgerError(f"audit log {generation}: expected block {last}, got none")
            return block.nodes

        super().__init__(read)


class BlockTree(merkle.Kept):
    """Subtrees of the tree of records of one block."""

    def __init__(self, tx: Reading, generation: int, index: int) -> None:
        def read(last: int) -> bytes:
            found = tx.scan(AUDITS, "by_place", (generation, index, last), limit=1)
            if not found:
                raise LedgerError(f"audit block {index}: expected record {last}, got none")
            return found[0].nodes

        super().__init__(read)


def root_of(tx: Reading, log: AuditLog, size: int) -> bytes:
    """The root of the first `size` blocks."""
    if size == log.size:
        return merkle.Tree(log.size, log.frontier).root()
    return merkle.root_at(LogTree(tx, log.generation).subtree, size)


def checkpoint(tx: Reading, ctx: Context, log: AuditLog) -> Checkpoint:
    """The checkpoint of all closed blocks, signed with the log keys in use."""
    return checkpoints.sign(trust.log_keys(tx, ctx), log.origin, log.size, root_of(tx, log, log.size))
