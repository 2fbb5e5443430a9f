"""The store, as the exchange needs it: ordered tables of frozen records, and transactions that can be trusted.

What every implementation promises (one contract suite, `tests/contract`, runs on all of them):

- *atomic*: all writes of one `write` are there after it returns, none if it raises;
- *durable*: when `write` returns, its writes outlive a crash of the process and of the machine;
- *serializable*: concurrent `write`s have the effect of some order of them, one after the other; a `read` sees one
  moment, and nothing of a transaction that is not finished;
- *repeatable*: `write` and `read` may call the function again when a conflict undid it, so the function touches
  nothing but the transaction and returns what it learnt; at most one of its calls takes effect;
- *single*: a thread has one transaction of a store at a time; whatever fails inside one loses all of it;
- *clear when it cannot*: BusyError (locked by another, nothing changed, try again), FullError (disk full, nothing
  changed), AlreadyThereError (`add` of a key that is there, nothing changed), StoreError for the rest, and when the
  connection was lost during the commit, so that nobody knows: every caller here can ask again and repeat.

What it does not promise: that a `read` is fast without an index. So there is no other way to look than by key or by a
declared index, and a scan is always of one index, in its order, from one end, with a limit.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")


class Record(msgspec.Struct, frozen=True):
    """A row. The records of an area stand in a file of its own; `ports/records.py` lists the kinds of all."""


Key = tuple[Any, ...]
Fault = Callable[[str], None]


class Kind(Generic[R]):
    """A kind of record: its name, its frozen type, the fields of its key and its ordered indexes.

    Fields are `str`, `int`, `bool`, `bytes` or `tuple[str, ...]`; `None` is allowed where the type says so, never in
    an index. The key itself is an index, named `key`. Text holds no NUL; indexed text is at most 2,000 bytes.
    """

    def __init__(self, name: str, record: type[R], key: tuple[str, ...], **indexes: tuple[str, ...]) -> None:
        fields = record.__struct_fields__
        for columns in (key, *indexes.values()):
            for column in columns:
                if column not in fields:
                    raise TypeError(f"{name}: no field {column!r} in {record.__name__}")
        self.name = name
        self.record = record
        self.fields = fields
        self.key = key
        # Ties in an index are broken by the key, so that an order is always total and a page can be continued.
        self.indexes = {"key": key} | {
            label: columns + tuple(part for part in key if part not in columns) for label, columns in indexes.items()
        }

    def key_of(self, record: R) -> Key:
        return tuple(getattr(record, part) for part in self.key)

    def place_of(self, index: str, record: R) -> Key:
        return tuple(getattr(record, part) for part in self.indexes[index])


class Reading(Protocol):
    """One moment of the store."""

    def get(self, kind: Kind[R], *key: Any) -> R | None:
        """The record with this key, or None."""
        ...

    def get_many(self, kind: Kind[R], keys: Iterable[Key]) -> dict[Key, R]:
        """The records that are there, by key, in the order asked. Any number of keys; unknown ones are left out."""
        ...

    def scan(
        self,
        kind: Kind[R],
        index: str = "key",
        prefix: Key = (),
        *,
        after: Key | None = None,
        limit: int,
        descending: bool = False,
    ) -> list[R]:
        """At most `limit` records whose first index fields equal `prefix`, in the order of the index.

        `after`: only records behind this place (the remaining index fields, or the first few of them) in the
        direction of the scan; a partial place passes over all records that begin with it.
        """
        ...

    def count(self, kind: Kind[R], index: str = "key", prefix: Key = ()) -> int:
        """How many records have these first index fields."""
        ...


class Writing(Reading, Protocol):
    """A transaction: reads see its own writes."""

    def add(self, kind: Kind[R], records: Sequence[R]) -> None:
        """New records. Raises AlreadyThereError when one of the keys is there; then the transaction is lost."""
        ...

    def put(self, kind: Kind[R], records: Sequence[R]) -> None:
        """Records, new or in place of those with the same key. Of two with one key in one call the last stays."""
        ...

    def delete(self, kind: Kind[R], keys: Iterable[Key]) -> None:
        """The records with these keys are gone; unknown keys are no error."""
        ...


class Store(Protocol):
    """See the module's promises. Methods may be called from any thread."""

    def read(self, work: Callable[[Reading], T]) -> T:
        """What `work` returns for one moment of the store. It must not write."""
        ...

    def write(self, name: str, work: Callable[[Writing], T]) -> T:
        """What `work` returns, once its writes are durable.

        `name` says what is done (`inbox.accept`); fault points bear it: `<name>:begin`, `<name>:commit` (all written,
        nothing durable yet) and `<name>:done` (durable, the caller does not know yet). After a conflict the first two
        are passed again; the last is passed once.
        """
        ...

    def close(self) -> None:
        """Nothing more is asked of the store. Idempotent."""
        ...


def no_fault(point: str) -> None:
    """The fault hook of normal life."""
