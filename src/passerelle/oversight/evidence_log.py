"""Writing a whole log into a file: every leaf, the newest checkpoint and receipt, the keys. No content.

The leaves are hashed as they are written: a file whose leaves do not give the root that was signed is not finished.
"""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from passerelle.core import json
from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import NotFoundError, StateError
from passerelle.exchange import links, notes, trust
from passerelle.exchange.context import Context
from passerelle.identity.identity import Identity
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ledger.leaves import roots
from passerelle.oversight.evidence import Collection
from passerelle.oversight.statements import digest_of
from passerelle.oversight.verify_log import FORMAT
from passerelle.ports.records import CONTENTS, MESSAGES, Log
from passerelle.ports.store import Reading

PAGE = 4000


def find(tx: Reading, partner: str, direction: str, lane: str, generation: int = 0) -> Log:
    """The log of a link; generation 0: the newest. Raises NotFoundError, or StateError for one without entries."""
    logs = links.generations(tx, partner, direction, lane)
    found = [log for log in logs if generation in (0, log.generation)]
    if not found:
        raise NotFoundError(
            f"expected a log {direction} of lane {lane} with {partner}, generation {generation or 'any'}"
        )
    if not found[-1].size:
        raise StateError(f"expected a log with entries, got {found[-1].origin}, which has none")
    return found[-1]


def write(
    ctx: Context, own: Identity, log: Log, file: BinaryIO, by: str, advance: Callable[[int, int], None]
) -> tuple[int, int]:
    """Write a log as it stands into a file. Returns the entries, and how many of them the receiver has cosigned.

    The export is written down in the audit log. Raises StateError when the stored leaves are not what was signed.
    """
    value, held = ctx.store.read(lambda tx: _head(tx, ctx, own, log))
    value |= {"created": to_iso(ctx.clock.now()), "by": ctx.name}
    value["digest"] = digest_of(value)
    details = {"digest": value["digest"], "entries": held[-1].size}
    ctx.store.write("evidence.log", lambda tx: notes.record(tx, ctx, What.EVIDENCE_EXPORTED, by, log.origin, details))
    file.write(json.canonical(value) + b"\n")
    sizes = [one.size for one in held]
    found = roots(_leaves(ctx, log, file, held[-1].size, advance), log.origin, sizes)
    for one, (size, root) in zip(held, found, strict=True):
        if root != one.root:
            raise StateError(f"expected the leaves of {log.origin} to give the root of size {size}: passerelle doctor")
    cosigned = [one.size for one in held if any("/receipt" in line.name for line in one.note.signatures)]
    return held[-1].size, max(cosigned, default=0)


def _head(tx: Reading, ctx: Context, own: Identity, log: Log) -> tuple[dict[str, Any], list[Checkpoint]]:
    made = Collection(tx, ctx, own, lambda done, of: None)
    named = [(name,) for name in made.handovers(log.partner)]
    bodies = tx.get_many(CONTENTS, named)
    items = [
        made.item(message)
        for (name,), message in tx.get_many(MESSAGES, named).items()
        if message.index >= 0 and (name,) in bodies
    ]
    held = _checkpoints(tx, ctx, log)
    for one in held:
        made.bearing(log.partner, f"{one.origin} {one.size}", one)
    value = {
        "format": FORMAT,
        "origin": log.origin,
        "identities": made.identities(),
        "messages": items,
        "checkpoints": [str(one) for one in held],
    }
    return value, held


def _checkpoints(tx: Reading, ctx: Context, log: Log) -> list[Checkpoint]:
    mine = trust.mine(tx, ctx, log.partner)
    if log.direction == "in":
        return [mine.cosigned_once(checkpoints.parse(log.receipt), ctx.clock.now() // 1000)]
    receipt = [checkpoints.parse(log.receipt)] if log.receipt else []
    if receipt and receipt[0].size >= log.size:
        return receipt
    return [*receipt, mine.kept(log.origin, log.size, links.root_of(tx, log, log.size))]


def _leaves(ctx: Context, log: Log, file: BinaryIO, size: int, advance: Callable[[int, int], None]) -> Iterator[bytes]:
    for at in range(0, size, PAGE):
        end = min(at + PAGE, size)
        page = ctx.store.read(lambda tx, at=at, end=end: links.entries(tx, log.origin, at, end))  # type: ignore[misc]
        block = b"".join(entry.leaf for entry in page)
        file.write(block)
        advance(end, size)
        yield block
