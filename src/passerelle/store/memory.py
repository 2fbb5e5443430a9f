"""The store in memory: for tests, demonstrations and trials. It keeps every promise of the port but durability.

Rules kept here:
- one lock, held for the whole of a `read` or a `write`: so there is one moment and one order;
- before a record is changed its old state is noted; what was noted is put back, latest first, when `work` raises;
- an index is a sorted list of places, so a scan is a slice of it;
- it is the strictest store: a value of a wrong type, an integer beyond 64 bits or text that a database could not keep
  is a StoreError here, so that tests in memory find it.

Left unchecked: an exception that a signal raises in the middle of a change (KeyboardInterrupt) may leave an index that
does not fit its records. Nobody's dossiers stand here.
"""

import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec

from passerelle.core.errors import AlreadyThereError, BusyError, StoreError
from passerelle.ports.records import KINDS, META, Meta
from passerelle.ports.store import Fault, Key, Kind, no_fault
from passerelle.store.base import FENCED, MOVED_KEY, SCHEMA, SCHEMA_KEY, BaseStore, Transaction
from passerelle.store.shapes import Shape

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")


class _Table(Generic[R]):
    """The records of a kind by key, and the sorted places of each index."""

    def __init__(self, shape: Shape[R]) -> None:
        self.shape = shape
        self.rows: dict[Key, R] = {}
        self.orders: dict[str, list[Key]] = {index: [] for index in shape.kind.indexes}
        self._key_at = {
            index: [columns.index(part) for part in shape.kind.key] for index, columns in shape.kind.indexes.items()
        }

    def key_in(self, index: str) -> Callable[[Key], Key]:
        """From a place in this index to the key of its record."""
        at = self._key_at[index]
        if len(at) == 1:
            (one,) = at
            return lambda place: (place[one],)
        return itemgetter(*at)

    def set(self, key: Key, record: R | None) -> None:
        """The record with this key is this one; None: there is none."""
        old = self.rows.pop(key, None)
        if record is not None:
            self.rows[key] = record
        for index, order in self.orders.items():
            place_of = self.shape.places_of[index]
            before = None if old is None else place_of(old)
            place = None if record is None else place_of(record)
            if before != place:
                if before is not None:
                    del order[bisect_left(order, before)]
                if place is not None:
                    insort(order, place)

    def extend(self, rows: dict[Key, R]) -> None:
        """New records, none of whose keys is there."""
        self.rows.update(rows)
        for index, order in self.orders.items():
            places = map(self.shape.places_of[index], rows.values())
            if len(rows) * 8 > len(order):  # sorting what is nearly sorted is one pass
                order.extend(places)
                order.sort()
            else:
                for place in places:
                    insort(order, place)

    def bounds(self, index: str, prefix: Key) -> tuple[int, int]:
        """Where in the order the places that begin with `prefix` begin and end."""
        order, length = self.orders[index], len(prefix)
        return bisect_left(order, prefix), bisect_right(order, prefix, key=lambda place: place[:length])


class _MemoryTransaction(Transaction):
    def __init__(
        self, shapes: Mapping[Kind[Any], Shape[Any]], writes: bool, tables: Mapping[Kind[Any], _Table[Any]]
    ) -> None:
        super().__init__(shapes, writes)
        self._tables = tables
        self._undo: list[tuple[_Table[Any], Key, Any]] = []

    def undo(self) -> None:
        while self._undo:
            table, key, old = self._undo.pop()
            table.set(key, old)

    def _translate(self, error: Exception) -> Exception:
        return error

    def _get(self, kind: Kind[R], key: Key) -> R | None:
        return self._tables[kind].rows.get(key)

    def _get_many(self, kind: Kind[R], keys: list[Key]) -> dict[Key, R]:
        rows = self._tables[kind].rows
        return {key: rows[key] for key in keys if key in rows}

    def _scan(self, kind: Kind[R], index: str, prefix: Key, after: Key, limit: int, descending: bool) -> list[R]:
        table = self._tables[kind]
        start, stop = table.bounds(index, prefix)
        if after:
            first, behind = table.bounds(index, prefix + after)
            start, stop = (start, first) if descending else (behind, stop)
        if descending:
            places = table.orders[index][max(start, stop - limit) : stop][::-1]
        else:
            places = table.orders[index][start : min(stop, start + limit)]
        return [table.rows[key] for key in map(table.key_in(index), places)]

    def _count(self, kind: Kind[R], index: str, prefix: Key) -> int:
        start, stop = self._tables[kind].bounds(index, prefix)
        return stop - start

    def _add(self, kind: Kind[R], records: Sequence[R]) -> None:
        table = self._tables[kind]
        for record in records:
            table.shape.check_record(record)
        rows = {table.shape.key_of(record): record for record in records}
        if len(rows) < len(records) or not table.rows.keys().isdisjoint(rows):
            raise AlreadyThereError(f"{kind.name}: expected new keys, got one that is there")
        self._undo.extend((table, key, None) for key in rows)
        table.extend(rows)

    def _put(self, kind: Kind[R], records: Sequence[R]) -> None:
        table = self._tables[kind]
        for record in records:
            table.shape.check_record(record)
            key = table.shape.key_of(record)
            self._undo.append((table, key, table.rows.get(key)))
            table.set(key, record)

    def _delete(self, kind: Kind[R], keys: list[Key]) -> None:
        table = self._tables[kind]
        for key in keys:
            if (old := table.rows.get(key)) is not None:
                self._undo.append((table, key, old))
                table.set(key, None)

    def _exclude(self) -> None:
        """Nobody else is here: a transaction holds the lock."""

    def _fence(self) -> None:
        """Looked at before the next transaction that writes."""


class MemoryStore(BaseStore):
    """A store that lives as long as the object does. `busy`: seconds to wait for another thread."""

    def __init__(self, fault: Fault = no_fault, *, kinds: Iterable[Kind[Any]] = KINDS, busy: float = 5.0) -> None:
        super().__init__(fault, kinds)
        self._busy = busy
        self._tables = {kind: _Table(shape) for kind, shape in self._shapes.items()}
        self._lock = threading.Lock()
        self._tables[META].set((SCHEMA_KEY,), Meta(name=SCHEMA_KEY, value=str(SCHEMA)))

    def _read(self, steps: Callable[[Transaction], T]) -> T:
        return self._run(steps, False)

    def _write(self, steps: Callable[[Transaction], T]) -> T:
        if (MOVED_KEY,) in self._tables[META].rows:
            raise StoreError(FENCED)
        return self._run(steps, True)

    def _run(self, steps: Callable[[Transaction], T], writes: bool) -> T:
        if not self._lock.acquire(timeout=self._busy):
            raise BusyError("expected a turn, got none: another thread keeps the store locked")
        transaction = _MemoryTransaction(self._shapes, writes, self._tables)
        try:
            result = steps(transaction)
            transaction.check_kept()
        except BaseException:
            transaction.undo()
            raise
        finally:
            transaction.end()
            self._lock.release()
        return result

    def _close(self) -> None:
        """The records stay until the object goes."""
