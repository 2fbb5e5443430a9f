"""Going over a node's own audit log: whether what the store holds is what was committed to and cosigned.

Every record in a place, every block, every checkpoint that somebody cosigned, from the first to the last. Memory is
that of one page. What is wrong is said by name; one that is missing or was changed is, and so is one that lost its
details and still names somebody. One that lost all it said is proven as before and counted: whoever asks says so, since
no command of this node erases audit records yet.

Left unchecked: records in line, which nothing commits to yet.
"""

from collections.abc import Iterator

import msgspec

from passerelle.core.errors import LedgerError, PasserelleError
from passerelle.exchange.context import Context
from passerelle.ledger import audit as texts
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle
from passerelle.oversight import audit_log, witnesses
from passerelle.ports.audit import AUDIT_BLOCKS, AUDIT_LOGS, AuditBlock, AuditLog
from passerelle.ports.records import AUDITS
from passerelle.ports.store import Reading

PAGE = 500


class Found(msgspec.Struct, frozen=True):
    """What was gone over, and what is wrong, in words."""

    blocks: int = 0
    records: int = 0
    erased: int = 0
    waiting: int = 0
    wrong: tuple[str, ...] = ()


class _Check:
    def __init__(self, tx: Reading) -> None:
        self._tx = tx
        self.blocks = self.records = self.erased = 0
        self.wrong: list[str] = []

    def log(self, log: AuditLog) -> None:
        tree = merkle.Tree()
        roots = {one.size: one for one in witnesses.receipts(self._tx, log.origin)}
        for block in self._blocks(log):
            self._block(log, block)
            tree.append(block.leaf)
            held = roots.get(tree.size)
            if held is not None and checkpoints.parse(held.note).root != tree.root():
                self.wrong.append(f"{log.origin} is not what {held.witness} cosigned at size {tree.size}")
            self.blocks += 1
        held = max(roots.values(), key=lambda one: one.size, default=None)
        if held is not None and held.size > tree.size:
            self.wrong.append(
                f"{log.origin}: expected {held.size} blocks, which {held.witness} cosigned, got {tree.size}"
            )
        if (tree.size, tree.frontier) != (log.size, log.frontier):
            self.wrong.append(f"{log.origin}: expected {log.size} blocks that lead to its root, got {tree.size}")
        open_ = merkle.Tree()
        self._records(log, log.size, open_)
        if (open_.size, open_.frontier) != (log.open_size, log.open_frontier):
            self.wrong.append(f"{log.origin}: expected {log.open_size} records in the open block, got {open_.size}")

    def _blocks(self, log: AuditLog) -> Iterator[AuditBlock]:
        last = -1
        while page := self._tx.scan(AUDIT_BLOCKS, "key", (log.generation,), after=(last,), limit=PAGE):
            yield from page
            last = page[-1].index

    def _block(self, log: AuditLog, block: AuditBlock) -> None:
        about = f"{log.origin} block {block.index}"
        try:
            leaf, opened = texts.parse_leaf(block.leaf), texts.parse_block(block.body)
            if (leaf.origin, leaf.index) != (log.origin, block.index):
                raise LedgerError(f"expected its own leaf, got that of block {leaf.index}")
            if leaf.commitment != entries.commit(block.salt, block.body):
                raise LedgerError("expected what its leaf commits to, got another content")
            tree = merkle.Tree()
            self._records(log, block.index, tree)
            if (tree.size, tree.root()) != (opened.size, opened.root):
                raise LedgerError(f"expected its {opened.size} records, got {tree.size} that lead to another root")
        except PasserelleError as error:
            self.wrong.append(f"{about}: {error}")

    def _records(self, log: AuditLog, index: int, tree: merkle.Tree) -> None:
        last = -1
        while page := self._tx.scan(AUDITS, "by_place", (log.generation, index), after=(last,), limit=PAGE):
            for record in page:
                last = record.place
                about = f"record {record.id}"
                if record.place != tree.size:
                    self.wrong.append(f"{about}: expected place {tree.size} of block {index}, got {record.place}")
                tree.append(audit_log.leaf_of(record))
                self.records += 1
                self.erased += not record.salt
                if record.salt and entries.commit(record.salt, record.details) != record.commitment:
                    self.wrong.append(f"{about}: expected the details that it commits to, got others")
                elif record.salt and not audit_log.agrees(record):
                    self.wrong.append(f"{about}: expected what its details say beside them, got another")
                elif not record.salt and audit_log.says_more(record):
                    self.wrong.append(f"{about}: expected an erased record that names nothing, got one that does")


def check(tx: Reading, ctx: Context) -> Found:
    """Go over the whole log."""
    run = _Check(tx)
    for log in tx.scan(AUDIT_LOGS, "by_generation", limit=1_000_000):
        run.log(log)
    waiting = tx.count(AUDITS, "by_place", audit_log.IN_LINE)
    return Found(run.blocks, run.records, run.erased, waiting, tuple(run.wrong))
