"""What an audit export proves as a whole, once each of its blocks was read: order, completeness, and what it is about.

Rules kept here, as in `verify_audit`:
- nothing may stand in the file for nothing: a checkpoint without its block, a witness that cosigned nothing fails;
- what is not in the file is said to be absent: blocks that a restore lost, records of a dossier that nothing proves
  to be all.

Left unchecked: the blocks themselves, which `verify_audit` has checked one by one before.
"""

from functools import partial
from itertools import pairwise
from typing import Any

import msgspec

from passerelle.core.errors import InputError
from passerelle.core.ids import is_id
from passerelle.identity.identity import Identity
from passerelle.ledger import audit as texts
from passerelle.ledger.checkpoint import Checkpoint, Verifiers
from passerelle.oversight.statements import (
    Run,
    check_moment,
    need,
)


class Record(msgspec.Struct, frozen=True):
    """A record in the file; without details when they are withheld."""

    leaf: texts.RecordLeaf
    details: dict[str, Any] | None


class Block(msgspec.Struct, frozen=True):
    """A block whose leaf and text were checked. `whole`: with all of its records."""

    leaf: texts.BlockLeaf
    generation: int
    opened: texts.Block
    whole: bool


class AuditRun(Run):
    """An export as it is read: what stands in it, and what is said of it."""

    def __init__(self) -> None:
        super().__init__()
        self.node: Identity | None = None
        self.witnesses: dict[tuple[str, bytes], Verifiers] = {}  # by name and id of the first key
        self.checkpoints: list[Checkpoint | None] = []
        self.used: set[int] = set()
        self.roots: dict[tuple[str, int], bytes] = {}
        self.blocks: dict[tuple[int, int], Block] = {}
        self.records: dict[str, Record] = {}

    def of(self) -> Identity:
        if self.node is None:
            raise InputError("expected the identity of the node in the file, got none")
        return self.node


def chain(run: AuditRun) -> None:
    """That generations continue each other, blocks follow each other, and nothing stands in the file for nothing."""
    for (generation, index), block in sorted(run.blocks.items()):
        if block.opened.previous is not None:
            before = block.opened.previous
            says = f"continues {before.origin} at size {before.size}"
            there = [
                number
                for number, one in enumerate(run.checkpoints)
                if one is not None and (one.origin, one.size, one.root) == (before.origin, before.size, before.root)
            ]
            run.used |= set(there)
            detail = "a person reopened the log; see its record" if there else "that checkpoint is not in the file"
            run.say(f"block {generation}/{index}", says, "holds" if there else "absent", detail)
    for number in range(len(run.checkpoints)):
        if number not in run.used:
            run.say(f"checkpoint {number}", "is that of a block in the file", "fails", "expected no other")
    lines = {(one.name, one.key) for held in run.checkpoints if held is not None for one in held.note.signatures}
    for place in run.witnesses:
        if place not in lines:
            run.say(f"identity {place[0]}", "is that of a witness that cosigned", "fails", "expected no other")


def subject_of(run: AuditRun, subject: Any) -> None:
    """That the file holds what it says that it is about, and nothing else."""
    kind = subject.get("kind")
    if kind == "blocks" and set(subject) == {"kind", "first", "last"}:
        _range(run, str(subject["first"]), str(subject["last"]))
    elif kind in ("record", "dossier") and set(subject) == {"kind", "id"} and is_id(subject["id"]):
        if any(block.whole for block in run.blocks.values()):
            run.say("file", "has records with their paths", "fails", "expected no whole block")
        (_only if kind == "record" else _about)(run, subject["id"])
    else:
        run.say(
            "file", "names its subject", "fails", f"expected blocks, a record or a dossier, got {str(subject)[:60]}"
        )


def _range(run: AuditRun, first: str, last: str) -> None:
    says = f"holds every block from {first} to {last}, each whole"

    def complete() -> str:
        there = sorted(run.blocks)
        need(all(block.whole for block in run.blocks.values()), "expected whole blocks")
        need([f"{a}/{b}" for a, b in (there[0], there[-1])] == [first, last], "expected these blocks at the ends")
        for one, other in pairwise(there):
            same = other == (one[0], one[1] + 1)
            need(same or (other[0] > one[0] and other[1] == 0), f"expected block {one[0]}/{one[1] + 1}, got {other}")
            if not same:
                _ends(run, one, other)
        detail = f"{len(there)} blocks, {len(run.records)} records"
        return detail

    run.check("file", says, complete)


def _ends(run: AuditRun, one: tuple[int, int], other: tuple[int, int]) -> None:
    """A generation's last block in the file is the last that the next generation continues, or what is lost is said."""
    before = run.blocks[other].opened.previous
    if before is None:
        raise InputError(f"block {other[0]}/{other[1]}: expected what it continues")
    node, generation = texts.split_origin(before.origin)
    need(node == run.of().name, f"expected a generation of {run.of().name}, got {before.origin}")
    need(one[0] <= generation < other[0], f"expected a generation from {one[0]} to {other[0] - 1}, got {generation}")
    lost = before.size - one[1] - 1
    need(generation > one[0] or lost >= 0, f"expected at least {one[1] + 1} blocks before it, got {before.size}")
    if lost or generation > one[0]:
        detail = f"lost: {lost} blocks" if generation == one[0] else f"lost: all of generation {generation}"
        run.say(f"block {other[0]}/{other[1]}", "follows the block before it in the file", "absent", detail)


def _only(run: AuditRun, wanted: str) -> None:
    run.say("file", f"is about record {wanted}", "holds" if set(run.records) == {wanted} else "fails")


def _about(run: AuditRun, wanted: str) -> None:
    strange = [
        one.leaf.id
        for one in run.records.values()
        if one.details is not None and one.details.get("dossier", one.details["on"]) != wanted
    ]
    if strange:
        run.say("file", f"is about dossier {wanted}", "fails", f"got record {strange[0]} on another")
        return
    shown = sum(one.details is not None for one in run.records.values())
    run.say("file", f"is about dossier {wanted}", "holds" if shown else "absent", f"{shown} records with their details")
    run.say("file", "holds every record of the dossier", "absent", "only an export of whole blocks can show that")


def written(run: AuditRun, value: dict[str, Any]) -> None:
    """When and by whom the file says that it was written."""
    run.check("file", "says when it was written", partial(check_moment, value["created"]))
    if run.node is not None and value["by"] == run.node.name:
        says = f"was written by {value['by']} at {value['created']}"
        run.say("file", says, "attested", "the file says so; no signature covers it")
    else:
        run.say(
            "file", "names the node that wrote it", "fails", f"expected its identity, got {str(value['by'])[:60]!r}"
        )
