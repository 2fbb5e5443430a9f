"""Whether the records of a store are what was signed: asked of a backup, before and after a move, after a restore.

Every leaf of every log is hashed again and compared with checkpoint and receipt (`oversight.logs`), the audit log with
what was cosigned (`oversight.audit_check`), every content with the commitment in its message, every piece of a file
with its hash.

Left unchecked: signatures of receipts, which were checked when they came, and whether the pieces of a file lead to its
address, which is checked whenever it is read.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from passerelle.core.errors import StoreError
from passerelle.core.words import _
from passerelle.exchange.context import Context
from passerelle.ledger import entry as entries
from passerelle.ledger import pieces
from passerelle.oversight import audit_check, logs
from passerelle.ports.attachments import BODIES, PIECES
from passerelle.ports.records import CONTENTS, LOGS, MESSAGES
from passerelle.ports.store import Key, Kind, Reading, Store

LARGE: tuple[Kind[Any], ...] = (CONTENTS, BODIES)
"""Kinds of rows that may have a MiB: what is said about persons, and sealed pieces of files."""
_PAGE = 16


def check(store: Store, ctx: Context, where: str) -> None:
    """Raises StoreError with the first thing that is wrong."""
    if found := next(wrong(store, ctx), ""):
        raise StoreError(f"{where}: expected records that are what was signed, got damage: {found}")


def wrong(store: Store, ctx: Context) -> Iterator[str]:
    """Everything that is wrong, in words."""
    yield from wrong_logs(store, ctx)
    for kind in LARGE:
        after: Key | None = ()
        while after is not None:
            after, found = store.read(lambda tx, kind=kind, at=after: _page(tx, kind, at))  # type: ignore[misc]
            yield from found


def wrong_logs(store: Store, ctx: Context) -> Iterator[str]:
    """What is wrong with the logs."""
    for log in store.read(lambda tx: tx.scan(LOGS, limit=1_000_000)):
        if damage := logs.damage(store, log):
            yield f"{log.origin}: {damage}"
    yield from store.read(lambda tx: audit_check.check(tx, ctx)).wrong


def _page(tx: Reading, kind: Kind[Any], after: Key) -> tuple[Key | None, list[str]]:
    rows = tx.scan(kind, after=after or None, limit=_PAGE)
    return kind.key_of(rows[-1]) if len(rows) == _PAGE else None, wrong_rows(tx, kind, rows)


def wrong_rows(tx: Reading, kind: Kind[Any], rows: Sequence[Any]) -> list[str]:
    """What is wrong with rows of a `LARGE` kind. The rows that belong to them are in `tx`."""
    if kind is CONTENTS:
        messages = tx.get_many(MESSAGES, [(one.message,) for one in rows])
        commitments = {key: one.commitment for key, one in messages.items()}
        return [
            _("the content of message {message} is not what was committed to", message=one.message)
            for one in rows
            if commitments.get((one.message,)) != entries.commit(one.salt, one.body)
        ]
    nodes = {key: one.node for key, one in tx.get_many(PIECES, [(one.file, one.number) for one in rows]).items()}
    return [
        _("piece {number} of file {file} is not what its hash says", number=one.number, file=one.file)
        for one in rows
        if nodes.get((one.file, one.number)) != pieces.node_of(one.body)
    ]
