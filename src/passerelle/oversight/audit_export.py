"""Writing the audit log out: records with what proves them, in one file that `verify` checks without the node.

Of a dossier or a single record: each with its path in its block. Of a time: whole blocks, so that what is left out
shows. The file holds the opened blocks, their paths to checkpoints that the node signed and witnesses cosigned, and the
identities of all of them. A record that was erased, whose word stays on this node (`What.local`), or that names an act
which its type keeps out of exports, has its leaf there and nothing else.

Left out: records that are in no closed block yet; whoever asks is told how many.
"""

from collections.abc import Iterable
from typing import Any

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.exchange import notes, trust
from passerelle.exchange.context import Context
from passerelle.identity import witness as witness_files
from passerelle.identity.identity import Identity
from passerelle.identity.keys import b64
from passerelle.ledger import audit as texts
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.oversight import audit_log, witnesses
from passerelle.oversight.exports import kept
from passerelle.oversight.statements import MAX_FILE, digest_of
from passerelle.oversight.verify_audit import FORMAT
from passerelle.ports.audit import AUDIT_BLOCKS, AUDIT_LOGS, WITNESSES, AuditBlock
from passerelle.ports.keys import SPANS
from passerelle.ports.records import AUDITS, DOSSIERS, PARTNERS, Audit
from passerelle.ports.store import Reading

MOST_RECORDS = 1_000_000


def collect(ctx: Context, own: Identity, subject: dict[str, Any], by: str, span: tuple[int, int] = (0, 0)) -> bytes:
    """The file. `subject`: kind `record` or `dossier` with its `id`, or kind `time`, of which `span` has start and end
    (milliseconds). The export is written down.

    Raises NotFoundError, StateError when nothing of it is in a closed block, InputError when it would be too large.
    """
    made = ctx.store.read(lambda tx: _Export(tx, ctx, own).of(subject, span))
    value = {**made, "created": to_iso(ctx.clock.now()), "by": ctx.name}
    value["digest"] = digest_of(value)
    data = json.canonical(value) + b"\n"
    if len(data) > MAX_FILE:
        raise InputError(f"expected a file of at most {MAX_FILE} bytes, got {len(data)}: ask for a shorter time")
    on = str(subject.get("id", "audit"))
    details = {"digest": value["digest"], "kind": subject["kind"]}
    ctx.store.write("audit.export", lambda tx: notes.record(tx, ctx, What.AUDIT_EXPORTED, by, on, details))
    return data


class _Export:
    def __init__(self, tx: Reading, ctx: Context, own: Identity) -> None:
        self._tx, self._ctx, self._own = tx, ctx, own
        self._checkpoints: list[str] = []
        self._under: dict[tuple[int, int], tuple[int, Checkpoint]] = {}
        self._trees: dict[int, audit_log.LogTree] = {}
        self._known = self._cosigners()
        self._watching: set[bytes] = set()

    def of(self, subject: dict[str, Any], span: tuple[int, int]) -> dict[str, Any]:
        if subject["kind"] == "time":
            blocks = self._between(*span)
            named = {
                "kind": "blocks",
                "first": f"{blocks[0]['generation']}/{blocks[0]['index']}",
                "last": f"{blocks[-1]['generation']}/{blocks[-1]['index']}",
            }
        else:
            named = {"kind": subject["kind"], "id": subject["id"]}
            blocks = self._some(self._records(**named))
        self._chain(blocks)
        items = [{key: one for key, one in block.items() if key not in ("generation", "index")} for block in blocks]
        return {
            "format": FORMAT,
            "subject": named,
            "identity": self._own.body.decode(),
            "witnesses": self._witnesses(),
            "checkpoints": self._checkpoints,
            "blocks": items,
        }

    # -- which records ------------------------------------------------------------------------------------------

    def _records(self, kind: str, id: str) -> list[Audit]:
        if kind == "record":
            there = self._tx.get(AUDITS, id)
            if there is None:
                raise NotFoundError(f"expected the id of an audit record that is here, got {id[:60]!r}")
            found = [there]
        else:
            found = self._tx.scan(AUDITS, "by_dossier", (id,), limit=MOST_RECORDS) if ids.is_id(id) else []
            if not found and (not ids.is_id(id) or self._tx.get(DOSSIERS, id) is None):
                raise NotFoundError(f"expected the id of a dossier that is here, got {id[:60]!r}")
        closed = [one for one in found if self._is_closed(one)]
        if not closed:
            raise StateError(f"expected {kind} {id} to have a record in a closed block, got none yet")
        return closed

    def _is_closed(self, record: Audit) -> bool:
        return record.index >= 0 and self._tx.get(AUDIT_BLOCKS, record.generation, record.index) is not None

    def _some(self, records: list[Audit]) -> list[dict[str, Any]]:
        by_block: dict[tuple[int, int], list[Audit]] = {}
        for one in sorted(records, key=lambda one: (one.generation, one.index, one.place)):
            by_block.setdefault((one.generation, one.index), []).append(one)
        made = []
        for (generation, index), chosen in by_block.items():
            block = self._tx.get(AUDIT_BLOCKS, generation, index)
            if block is None:
                raise NotFoundError(f"expected block {index} of generation {generation}, got none")
            tree = audit_log.BlockTree(self._tx, generation, index)
            items = []
            for one in chosen:
                path = merkle.inclusion(tree.subtree, one.place, block.size)
                items.append(self._item(one) | {"place": one.place, "path": [b64(node) for node in path]})
            made.append(self._block(block, items, whole=False))
        return made

    def _between(self, start: int, end: int) -> list[dict[str, Any]]:
        """Whole blocks, from the first that was closed at `start` or later to the one that was closed at `end`."""
        first = self._tx.scan(AUDIT_BLOCKS, "by_time", after=(start - 1,), limit=1)
        last = self._tx.scan(AUDIT_BLOCKS, "by_time", after=(end - 1,), limit=1) or self._tx.scan(
            AUDIT_BLOCKS, "by_time", limit=1, descending=True
        )
        if not first:
            raise StateError(f"expected a block that was closed at {to_iso(start)} or later, got none yet")
        begin, stop = sorted((one.generation, one.index) for one in (first[0], last[0]))
        made: list[dict[str, Any]] = []
        total = 0
        at = (begin[0], begin[1] - 1)
        while page := self._tx.scan(AUDIT_BLOCKS, after=at, limit=100):
            for block in page:
                at = (block.generation, block.index)
                if at > stop:
                    return made
                total += block.size
                if total > MOST_RECORDS:
                    raise InputError(f"expected at most {MOST_RECORDS} records in a file, got more: ask for less time")
                made.append(self._block(block, [self._item(one) for one in self._all(block)], whole=True))
        return made

    def _all(self, block: AuditBlock) -> Iterable[Audit]:
        return self._tx.scan(AUDITS, "by_place", (block.generation, block.index), limit=MOST_RECORDS)

    # -- how they stand in the file -----------------------------------------------------------------------------

    def _item(self, record: Audit) -> dict[str, Any]:
        item: dict[str, Any] = {"leaf": audit_log.leaf_of(record).decode()}
        if not record.salt:
            return item | {"withheld": "erased"}
        if What(record.what).local or self._kept(record):
            return item | {"withheld": "local"}
        return item | {"salt": b64(record.salt), "details": record.details.decode()}

    def _kept(self, record: Audit) -> bool:
        """Whether the record names an act that its type keeps out of exports."""
        acts = kept(self._tx, self._ctx, record.dossier)
        return bool(acts) and json.parse_object(record.details).get("act") in acts

    def _block(self, block: AuditBlock, items: list[dict[str, Any]], whole: bool) -> dict[str, Any]:
        under, checkpoint = self._checkpoint(block)
        tree = self._trees.setdefault(block.generation, audit_log.LogTree(self._tx, block.generation))
        path = merkle.inclusion(tree.subtree, block.index, checkpoint.size)
        return {
            "generation": block.generation,
            "index": block.index,
            "leaf": block.leaf.decode(),
            "under": under,
            "path": [b64(node) for node in path],
            "salt": b64(block.salt),
            "block": block.body.decode(),
            "whole": whole,
            "records": items,
        }

    def _checkpoint(self, block: AuditBlock) -> tuple[int, Checkpoint]:
        """The largest checkpoint that was cosigned where it has the block, else what the node signs alone."""
        log = self._tx.get(AUDIT_LOGS, texts.origin(self._ctx.name, block.generation))
        if log is None:
            raise NotFoundError(f"expected the audit log of generation {block.generation}, got none")
        seen = [one for one in witnesses.receipts(self._tx, log.origin) if one.size <= log.size]
        held = witnesses.together(seen)
        if log.state == "closed" and log.receipt and (last := checkpoints.parse(log.receipt)).origin == log.origin:
            held = last if last.size == log.size and (held is None or held.size < last.size) else held
        cosigned = held is not None and held.size > block.index
        key = (block.generation, 1 if cosigned else 0)
        if key not in self._under:
            if held is None or not cosigned:
                held = audit_log.checkpoint(self._tx, self._ctx, log)
            self._under[key] = (self._add(held), held)
        return self._under[key]

    def _add(self, given: Checkpoint) -> int:
        """The place of a checkpoint in the file: signed with the log keys in use, whichever signed it at its time.

        The cosignatures stay: they cover the same text. A line whose identity is not known here is left out.
        """
        for number, text in enumerate(self._checkpoints):
            if text.startswith(f"{given.note.text}\n"):
                return number
        lines = [one for one in given.note.signatures if (one.name, one.key) in self._known]
        self._watching |= {self._known[one.name, one.key] for one in lines}
        made = checkpoints.sign(trust.log_keys(self._tx, self._ctx), given.origin, given.size, given.root)
        self._checkpoints.append(str(checkpoints.with_signatures(made, tuple(lines))))
        return len(self._checkpoints) - 1

    def _chain(self, blocks: list[dict[str, Any]]) -> None:
        """The checkpoints that first blocks name: where one generation continues another."""
        for block in blocks:
            previous = texts.parse_block(block["block"].encode()).previous
            if previous is None:
                continue
            for log in self._tx.scan(AUDIT_LOGS, "by_generation", limit=1_000_000):
                held = checkpoints.parse(log.receipt) if log.state == "closed" and log.receipt else None
                if held is not None and (held.origin, held.size, held.root) == (
                    previous.origin,
                    previous.size,
                    previous.root,
                ):
                    self._add(held)

    def _witnesses(self) -> list[str]:
        """The identities of those whose cosignatures stand in the file."""
        return [body.decode() for body in sorted(self._watching)]

    def _cosigners(self) -> dict[tuple[str, bytes], bytes]:
        """The identity file of each witness key that is known here, of partners also those of before."""
        bodies = [one.identity for one in self._tx.scan(SPANS, limit=100_000)]
        bodies += [one.identity for one in self._tx.scan(PARTNERS, limit=100_000)]
        found = {(key.name, key.id): body for body in bodies for key in self._ctx.parsed(body).witness}
        for one in self._tx.scan(WITNESSES, limit=100_000):
            found |= {(key.name, key.id): one.identity for key in witness_files.parse(one.identity).keys}
        return found
