"""What a node counts while it serves, in the form that Prometheus reads.

Rules kept here:
- no identifier: no name of a partner or person, no dossier, no address. A label's values are a closed set of words
  (`LABELS`); any other word is counted as `other`, so that nothing from outside becomes a label;
- reading is cheap: everything is a number in memory. What must be asked of the store (what waits, alarms, how old the
  newest cosignature is) is put in by `asked`, at most once in a while;
- counting never fails and never waits. Counters begin anew with the process.
"""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from passerelle.exchange.checks import Check
from passerelle.ledger.checkpoint import LANES

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"
LABELS: Mapping[str, tuple[str, ...]] = {
    "direction": ("in", "out"),
    "lane": (*LANES, "none"),
    "check": (*(str(one) for one in Check), OTHER),
    "state": ("in-line", "without-receipt", "waiting"),
    "transaction": ("read", "write"),
    "outcome": ("done", "failed", "busy", "refused", OTHER),
    "why": (
        "memory",
        "requests",
        "bytes",
        "entries",
        "store",
        "keys",
        "evaluating",
        "address-full",
        "full",
        "made-room",
        "header",
        "slow",
        "unwanted",
        "pipelined",
        "malformed",
        OTHER,
    ),
    "part": (
        "audit",
        "clock",
        "keys",
        "admin",
        "notifying",
        "uploads",
        "tidying",
        "custody",
        "pump",
        "asking",
        "indexing",
        "evaluating",
        OTHER,
    ),
    "change": ("gained", "lost"),
}
"""Every label and the words that it may have."""

_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_MANY = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Metrics:
    """The counts of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        made = self._counter
        self._batches = made("batches", "Batches that were taken and receipted", "direction", "lane")
        self._entries = made("entries", "Entries in these batches", "direction", "lane")
        self._bytes = made("bytes", "Bytes of these batches, sealed", "direction", "lane")
        self._refused = made("refused", "Batches refused, by the number of the check", "direction", "check")
        self._later = made("later", "Requests that were told to come later", "why")
        self._failed = made("send_failures", "Attempts to send that failed", "lane")
        self._ended = made("connections_ended", "Connections that were turned away or cut off", "why")
        self._uploads = made("uploads", "Uploads of attachments that ended", "direction", "outcome")
        self._uploaded = made("upload_bytes", "Bytes that they brought", "direction")
        self._questions = made("questions", "Questions of a blind search that were tried", "direction", "outcome")
        self._parts = made("part_failures", "Steps of the node's own work that failed", "part")
        self._leases = made("lease_changes", "Leases that this process gained or lost", "part", "change")
        self._sizes = self._histogram("batch_entries", "Entries in a batch", _MANY, "direction", "lane")
        self._times = self._histogram("batch_seconds", "From a batch to its receipt", _SECONDS, "direction", "lane")
        self._store = self._histogram("store_seconds", "Transactions of the store", _SECONDS, "transaction", "outcome")
        self._waiting = self._gauge("messages", "Messages that wait", "direction", "lane", "state")
        self._oldest = self._gauge("messages_oldest_seconds", "Age of the oldest", "direction", "lane", "state")
        self._asked = self._gauge("questions_waiting", "Questions of this node that wait for an answer")
        self._alarms = self._gauge("alarms_open", "Alarms that nobody has seen to")
        self._blocks = self._gauge("audit_blocks", "Blocks of the audit log in this generation")
        self._cosigned = self._gauge("audit_cosigned_seconds", "Age of the newest cosignature of the audit log")
        self._connections = self._gauge("connections", "Open connections of the partner interface")
        self._room = self._gauge("body_bytes", "Bytes of bodies and answers in memory")
        self._lag = self._gauge("loop_lag_seconds", "How late the loop last came to its own work")

    def _counter(self, name: str, words: str, *labels: str) -> "_Closed":
        return _Closed(Counter(f"passerelle_{name}", words, labels, registry=self.registry), labels)

    def _gauge(self, name: str, words: str, *labels: str) -> "_Closed":
        return _Closed(Gauge(f"passerelle_{name}", words, labels, registry=self.registry), labels)

    def _histogram(self, name: str, words: str, buckets: Iterable[float], *labels: str) -> "_Closed":
        made = Histogram(f"passerelle_{name}", words, labels, registry=self.registry, buckets=tuple(buckets))
        return _Closed(made, labels)

    # -- what happens -------------------------------------------------------------------------------------------

    def batch(self, direction: str, lane: str, *, entries: int, size: int, seconds: float) -> None:
        """A batch was receipted. `size` in bytes, sealed; `seconds` from its coming, or going, to its receipt."""
        self._batches.add(direction, lane)
        self._entries.add(direction, lane, amount=entries)
        self._bytes.add(direction, lane, amount=size)
        self._sizes.observe(direction, lane, amount=entries)
        self._times.observe(direction, lane, amount=seconds)

    def refused(self, direction: str, check: str) -> None:
        """A batch was refused, here (`in`) or by a partner (`out`)."""
        self._refused.add(direction, check)

    def later(self, why: str) -> None:
        """A request was told to come later."""
        self._later.add(why)

    def failed(self, lane: str) -> None:
        """An attempt to send failed."""
        self._failed.add(lane)

    def connection_ended(self, why: str) -> None:
        """A connection was turned away or cut off."""
        self._ended.add(why)

    def upload(self, direction: str, outcome: str, size: int) -> None:
        """An upload ended, having brought `size` bytes."""
        self._uploads.add(direction, outcome)
        self._uploaded.add(direction, amount=size)

    def question(self, direction: str, outcome: str) -> None:
        """A question of a partner (`in`), or one of this node (`out`), was answered, refused or failed."""
        self._questions.add(direction, outcome)

    def part_failed(self, part: str) -> None:
        """A step of the node's own work failed."""
        self._parts.add(part)

    def lease(self, part: str, change: str) -> None:
        """This process gained or lost a lease. `part`: its name, without what it is for."""
        self._leases.add(part.partition("/")[0], change)

    def transaction(self, kind: str, outcome: str, seconds: float) -> None:
        """A transaction of the store ended. From any thread."""
        self._store.observe(kind, outcome, amount=seconds)

    # -- what is -------------------------------------------------------------------------------------------------

    def waiting(self, direction: str, lane: str, state: str, count: int, oldest: float) -> None:
        """How many messages wait, and the age of the oldest in seconds."""
        self._waiting.set(direction, lane, state, amount=count)
        self._oldest.set(direction, lane, state, amount=oldest)

    def asked(self, *, alarms: int, blocks: int, cosigned: float, questions: int) -> None:
        """What was asked of the store."""
        self._asked.set(amount=questions)
        self._alarms.set(amount=alarms)
        self._blocks.set(amount=blocks)
        self._cosigned.set(amount=cosigned)

    def now(self, *, connections: int, room: int, lag: float) -> None:
        """What the process knows of itself."""
        self._connections.set(amount=connections)
        self._room.set(amount=room)
        self._lag.set(amount=lag)

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self.registry)


class _Closed:
    """A metric whose labels have closed sets of values."""

    def __init__(self, metric: Counter | Gauge | Histogram, labels: tuple[str, ...]) -> None:
        self._metric, self._known = metric, [frozenset(LABELS[one]) for one in labels]

    def _of(self, values: tuple[str, ...]) -> "Counter | Gauge | Histogram":
        if not self._known:
            return self._metric
        closed = [value if value in known else OTHER for value, known in zip(values, self._known, strict=True)]
        return self._metric.labels(*closed)

    def add(self, *values: str, amount: float = 1) -> None:
        """Count."""
        self._of(values).inc(amount)  # type: ignore[union-attr]

    def set(self, *values: str, amount: float) -> None:
        """Say what is."""
        self._of(values).set(amount)  # type: ignore[union-attr]

    def observe(self, *values: str, amount: float) -> None:
        """Count one of this size."""
        self._of(values).observe(amount)  # type: ignore[union-attr]
