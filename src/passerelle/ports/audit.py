"""The records of the audit log and of those who watch over it. The audit records themselves are `records.Audit`.

`AUDIT_LOGS` has one row a generation and holds the tree of blocks and the tree of the block that is still open.
"""

import msgspec

from passerelle.ports.store import Kind


class AuditLog(msgspec.Struct, frozen=True):
    """One generation of the node's audit log.

    `size` blocks; `frontier` the right edge of their tree; `open_size`, `open_frontier` the same of the records that
    have a place in the block that is not closed yet; `time` when the last block was closed.
    """

    origin: str
    generation: int
    size: int = 0
    frontier: bytes = b""
    time: int = 0
    open_size: int = 0
    open_frontier: bytes = b""
    previous: str = ""  # `origin size root` of the checkpoint that this generation continues
    receipt: str = ""  # of a closed one: the checkpoint that the next generation names, with its cosignatures
    state: str = "open"  # open | stopped (a witness holds more, or another tree) | closed (a newer generation exists)
    reason: str = ""


class AuditBlock(msgspec.Struct, frozen=True):
    """A closed block: its leaf in the log, the subtrees that the leaf completes, and what opens its commitment."""

    generation: int
    index: int
    leaf: bytes
    nodes: bytes
    salt: bytes
    body: bytes
    size: int
    time: int


class Witness(msgspec.Struct, frozen=True):
    """A witness that persons have added, with its identity file. Removed, it stays: what it cosigned is proof."""

    name: str
    identity: bytes
    fingerprint: str
    status: str  # active | removed
    changed: int
    changed_by: str


class Watch(msgspec.Struct, frozen=True):
    """How it stands with one who watches over the audit log: a witness, or a partner that serves as one.

    `holds`: the size of log `origin` that it held when it was last heard; `since`: when it last cosigned, or was first
    asked; `alarm`: the word of the alarm that was raised and not yet made up for.
    """

    witness: str
    origin: str = ""
    holds: int = 0
    since: int = 0
    failures: int = 0
    due: int = 0
    reason: str = ""
    alarm: str = ""


class Cosigned(msgspec.Struct, frozen=True):
    """The largest checkpoint of a generation that one who watches has cosigned, with all signatures. `time` in ms."""

    origin: str
    witness: str
    size: int
    note: str
    time: int


class Witnessed(msgspec.Struct, frozen=True):
    """As a partner's witness: the newest checkpoint of a generation of its audit log, as it signed it."""

    node: str
    generation: int
    size: int
    note: str
    time: int


class Fork(msgspec.Struct, frozen=True):
    """What a partner signed and this node, as its witness, did not cosign: it does not continue what is held."""

    id: str
    node: str
    time: int
    held: str
    offered: str


AUDIT_LOGS = Kind("audit_logs", AuditLog, ("origin",), by_generation=("generation",))
AUDIT_BLOCKS = Kind("audit_blocks", AuditBlock, ("generation", "index"), by_time=("time",))
WITNESSES = Kind("witnesses", Witness, ("name",))
WATCHES = Kind("watches", Watch, ("witness",))
COSIGNED = Kind("cosigned", Cosigned, ("origin", "witness"), by_witness=("witness", "time"))
WITNESSED = Kind("witnessed", Witnessed, ("node", "generation"))
FORKS = Kind("forks", Fork, ("id",), by_node=("node", "time"))

KINDS = (AUDIT_LOGS, AUDIT_BLOCKS, WITNESSES, WATCHES, COSIGNED, WITNESSED, FORKS)
