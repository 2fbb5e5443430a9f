"""Asking the audit log: by dossier, by what it was on, by who acted, by time; and how far each record is proven.

Records come in the order of the log: by generation, block and place, those in line last. A question with a limit gets
the newest that fit it. Every question goes along an index: of several conditions the narrowest is looked up, the others
are held against what was found.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from passerelle.core import json
from passerelle.core.audit import Operation, What
from passerelle.ledger import audit as texts
from passerelle.oversight import witnesses
from passerelle.ports.audit import AUDIT_LOGS, AuditLog
from passerelle.ports.records import AUDITS, Audit
from passerelle.ports.store import Key, Reading

PAGE = 500
FAR = 2**62
"""Later than anything: no end."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. Times in milliseconds: from `start` (included) to `end` (not included). Empty: no condition."""

    dossier: str = ""
    on: str = ""
    who: str = ""
    what: tuple[str, ...] = ()
    operation: str = ""
    start: int = 0
    end: int = FAR
    limit: int = 1000

    def fits(self, record: Audit) -> bool:
        """Whether a record meets the conditions that no index was used for."""
        return (
            self.start <= record.time < self.end
            and self.dossier in ("", record.dossier)
            and self.on in ("", record.on)
            and self.who in ("", record.who)
            and (not self.what or record.what in self.what)
            and self.operation in ("", operation_of(record))
        )


class Trace(NamedTuple):
    """A record and how far it is proven: `state` is line, open, closed or cosigned; `by`: who has cosigned it."""

    record: Audit
    state: str
    by: tuple[str, ...] = ()


def operation_of(record: Audit) -> str:
    """The kind of processing that a record is of (LED art. 25(1)); of an erased word of old: other."""
    try:
        return What(record.what).operation.value
    except ValueError:
        return Operation.OTHER.value


def details_of(record: Audit) -> dict[str, Any]:
    """What a record says beside the common keys; empty when it was erased."""
    if not record.salt:
        return {}
    common = ("time", "what", "who", "on", "dossier")
    return {key: value for key, value in json.parse_object(record.details).items() if key not in common}


def find(tx: Reading, asked: Asked) -> list[Trace]:
    """The newest records that meet the question, in the order of the log."""
    found = []
    for record in _along(tx, asked):
        if asked.fits(record):
            found.append(record)
            if len(found) == asked.limit:
                break
    return traces(tx, found)


def _along(tx: Reading, asked: Asked) -> Iterator[Audit]:
    """Records from the newest on, along the narrowest index."""
    index, prefix = next(
        (
            (f"by_{name}", (value,))
            for name, value in (("dossier", asked.dossier), ("on", asked.on), ("who", asked.who))
            if value
        ),
        ("by_time", ()),
    )
    after: Key = (asked.end,)
    while page := tx.scan(AUDITS, index, prefix, after=after, limit=PAGE, descending=True):
        for record in page:
            if record.time < asked.start:
                return
            yield record
        after = (page[-1].time, page[-1].id)


def traces(tx: Reading, found: list[Audit]) -> list[Trace]:
    """How far each record is proven, in the order of the log."""
    logs: dict[int, AuditLog] = {one.generation: one for one in tx.scan(AUDIT_LOGS, "by_generation", limit=1_000_000)}
    sizes = {
        one.generation: [(seen.witness, seen.size) for seen in witnesses.receipts(tx, one.origin)]
        for one in logs.values()
    }

    def trace(record: Audit) -> Trace:
        if record.index < 0:
            return Trace(record, "line")
        if record.index >= logs[record.generation].size:
            return Trace(record, "open")
        by = tuple(name for name, size in sizes[record.generation] if size > record.index)
        return Trace(record, "cosigned" if by else "closed", by)

    ordered = sorted(found, key=lambda one: (one.index < 0, one.generation, one.index, one.place, one.id))
    return [trace(record) for record in ordered]


def where(record: Audit, node: str) -> str:
    """The place of a record in words that never change: origin, block, place. Empty for one in line."""
    if record.index < 0:
        return ""
    return f"{texts.origin(node, record.generation)} block {record.index} place {record.place}"
