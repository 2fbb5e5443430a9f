"""Whether a stored log is what was signed: every leaf hashed again, as nobody does in daily life.

Checked of each log, from its first entry on:
1. indexes go on without a gap up to the log's size;
2. each leaf is one of this log, stands at its index, and times never decrease;
3. the subtree hashes beside each leaf are those of the leaves, so proofs made from here hold;
4. the right edge of the tree is that of the log's row;
5. the newest receipt names this log, a size that is there, and the root that the leaves give at that size;
6. the message of each leaf has a row.

Left unchecked: signatures of the receipt (checked when it came, and by `verify` from an evidence file) and whether a
content matches its commitment (`evidence` and `verify` of that message say so).
"""

from collections.abc import Callable, Iterator

from passerelle.core.errors import NoteError, ProofError
from passerelle.core.words import _
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ports.records import ENTRIES, MESSAGES, Entry, Log
from passerelle.ports.store import Reading, Store

PAGE = 1000
Advance = Callable[[int], None]
"""Told how many entries more were read."""


def damage(store: Store, log: Log, advance: Advance = lambda more: None) -> str:
    """What is wrong with a log, in words, the first thing found; "" when nothing is."""
    try:
        receipt = checkpoints.parse(log.receipt) if log.receipt else None
    except NoteError as error:
        return _("the receipt cannot be read: {error}", error=error)
    if receipt is not None and receipt.origin != log.origin:
        return _("the receipt is of {origin}", origin=receipt.origin)
    if receipt is not None and receipt.size > log.size:
        return _("the receipt covers {size} entries, the log has {entries}", size=receipt.size, entries=log.size)
    walk = _Walk(log, receipt)
    for page in _pages(store, log):
        rows, known = page
        for entry in rows:
            if wrong := walk.wrong(entry, known):
                return wrong
        advance(len(rows))
    return walk.end()


def _pages(store: Store, log: Log) -> Iterator[tuple[list[Entry], set[str]]]:
    def page(tx: Reading, at: int) -> tuple[list[Entry], set[str]]:
        found = tx.scan(ENTRIES, "key", (log.origin,), after=(at - 1,), limit=min(PAGE, log.size - at))
        return found, {key[0] for key in tx.get_many(MESSAGES, [(one.message,) for one in found])}

    for at in range(0, log.size, PAGE):
        yield store.read(lambda tx, at=at: page(tx, at))  # type: ignore[misc]


class _Walk:
    """The tree of the leaves read so far."""

    def __init__(self, log: Log, receipt: Checkpoint | None) -> None:
        self._log, self._receipt = log, receipt
        self._tree = merkle.Tree()
        self._time = 0

    def wrong(self, entry: Entry, known: set[str]) -> str:
        place = self._tree.size
        if entry.index != place:
            return _("entry {place} is missing", place=place)
        try:
            leaf = entries.parse(entry.leaf)
        except NoteError as error:
            return _("entry {place} cannot be read: {error}", place=place, error=error)
        if (leaf.origin, leaf.index, leaf.message) != (self._log.origin, place, entry.message):
            return _("entry {place} is one of another place", place=place)
        if leaf.time < self._time:
            return _("entry {place} is older than the one before it", place=place)
        self._time = leaf.time
        if self._tree.append(entry.leaf) != entry.nodes:
            return _("entry {place} does not match its hashes", place=place)
        if entry.message not in known:
            return _("the message of entry {place} has no row", place=place)
        if self._receipt is not None and self._receipt.size == self._tree.size:
            return self._root()
        return ""

    def _root(self) -> str:
        if self._receipt is not None and self._tree.root() != self._receipt.root:
            return _("the receipt of size {size} has another root than the entries", size=self._receipt.size)
        return ""

    def end(self) -> str:
        """What is wrong once all entries were read."""
        if self._tree.size != self._log.size:
            return _("entry {place} is missing", place=self._tree.size)
        try:
            edge = merkle.Tree(self._log.size, self._log.frontier)
        except ProofError as error:
            return _("the right edge cannot be read: {error}", error=error)
        if edge.root() != self._tree.root():
            return _("the right edge of the tree is not that of the entries")
        return ""
