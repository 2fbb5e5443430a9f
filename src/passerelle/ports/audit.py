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


AUDIT_LOGS = Kind("audit_logs", AuditLog, ("origin",), by_generation=("generation",))
AUDIT_BLOCKS = Kind("audit_blocks", AuditBlock, ("generation", "index"))

KINDS = (AUDIT_LOGS, AUDIT_BLOCKS)
