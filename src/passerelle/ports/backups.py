"""The backups that were made of a node: for `doctor`, which says when the last one is too old."""

from passerelle.ports.store import Kind, Record


class Backup(Record, frozen=True):
    """A backup that was whole and durable at `time` (ms). `digest`: SHA-256 of its file, in hex; `size` in bytes."""

    digest: str
    time: int
    size: int
    by: str
    keys: bool


BACKUPS = Kind("backups", Backup, ("digest",), by_time=("time",))

KINDS = (BACKUPS,)
