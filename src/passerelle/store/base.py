"""What is the same in every store: the order of a transaction's steps, its fault points, and what it refuses.

Rules kept here:
- a thread is in one transaction of a store at a time: one inside another would wait for itself, or would not see what
  the outer has written, so it is refused;
- a transaction object is good from the start of `work` to its end, not before nor after;
- a transaction in which anything failed is lost: it answers no more, and `write` raises that failure even when `work`
  swallowed it, because what `write` returns must be durable;
- what is asked out of form (no such index, a key too short) is refused without a loss;
- a driver's error leaves as one of `core.errors`, and alone: the driver's own text may quote the content of a row.

Left unchecked: that one transaction object is used by one thread only, and that `close` is called when no transaction
is running (a connection in use then is closed at the end of its transaction).
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import msgspec

from passerelle.core.errors import BusyError, SchemaError, StoreError
from passerelle.ports.records import META, Meta
from passerelle.ports.store import Fault, Key, Kind, Reading, Writing
from passerelle.store.shapes import Shape

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

SCHEMA = 6
"""The version of the tables. Kept as the META record `schema`; a store of any other version is not opened."""

OLDEST = 2
"""The oldest version that `store.migrations` leads from."""

SCHEMA_KEY = "schema"
MOVED_KEY = "moved"
INCOMING_KEY = "incoming"
"""Of a store that is being filled: with what. Opened only by who fills it."""
OWN_KEYS = (INCOMING_KEY, MOVED_KEY, SCHEMA_KEY)
"""Facts of this store alone: whatever is copied, they are not."""
FENCED = "expected a store in use, got one that was moved elsewhere and takes nothing more; nothing was changed"
_AGAIN = 0.1
"""Seconds between two looks whether a reader is still in the way."""


class ConflictError(BusyError):
    """Another transaction was in the way: the whole of this one may be tried again at once."""


Opening = Literal["use", "fill", "leave", "upgrade"]
"""Why a store is opened: to be used; to be filled with another's records; to be left for another, once for all; to be
brought to this program's schema."""


def check_meta(where: str, facts: Mapping[str, str], opening: Opening = "use") -> None:
    """What the META records of a store say about opening it.

    Raises StoreError for a store that was moved elsewhere, or that is being filled; SchemaError.
    """
    moved = facts.get(MOVED_KEY)
    if moved and opening == "fill":
        raise StoreError(
            f"{where}: expected an empty store, got one that was moved to {moved}: remove it, or name another"
        )
    if moved and opening != "leave":
        raise StoreError(f"{where}: expected a store in use, got one that was moved to {moved} and never opens again")
    if opening != "fill" and (incoming := facts.get(INCOMING_KEY)):
        raise StoreError(f"{where}: expected a store in use, got one that is not whole yet: {incoming}")
    got = facts.get(SCHEMA_KEY, "")
    if got == str(SCHEMA):
        return
    if got.isdecimal() and int(got) > SCHEMA:
        raise SchemaError(f"{where}: expected schema {SCHEMA}, got {got}, of a newer program: use that one")
    if not got.isdecimal() or int(got) < OLDEST:
        raise SchemaError(f"{where}: expected schema {SCHEMA}, got {got or 'none'}, which no step leads from")
    if opening != "upgrade":
        raise SchemaError(
            f"{where}: expected schema {SCHEMA}, got {got}, of an older program: passerelle store upgrade"
        )


class Transaction(ABC):
    """`Reading` and `Writing` for one call of `work`: the checks here, the deed in the subclass."""

    def __init__(self, shapes: Mapping[Kind[Any], Shape[Any]], writes: bool) -> None:
        self.lost: Exception | None = None
        self._shapes = shapes
        self._writes = writes
        self._over = False

    def get(self, kind: Kind[R], *key: Any) -> R | None:
        self._shape(kind).check_keys((key,))
        return self._do(self._get, kind, key)

    def get_many(self, kind: Kind[R], keys: Iterable[Key]) -> dict[Key, R]:
        shape = self._shape(kind)
        wanted = list(dict.fromkeys(keys))
        shape.check_keys(wanted)
        found = self._do(self._get_many, kind, wanted)
        return {key: found[key] for key in wanted if key in found}

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
        behind = after or ()
        self._shape(kind).check_prefix(index, prefix, behind, limit)
        return self._do(self._scan, kind, index, prefix, behind, limit, descending) if limit else []

    def count(self, kind: Kind[R], index: str = "key", prefix: Key = ()) -> int:
        self._shape(kind).check_prefix(index, prefix)
        return self._do(self._count, kind, index, prefix)

    def add(self, kind: Kind[R], records: Sequence[R]) -> None:
        shape = self._shape(kind, write=True)
        if records:
            shape.check_type(records)
            self._do(self._add, kind, records)

    def put(self, kind: Kind[R], records: Sequence[R]) -> None:
        shape = self._shape(kind, write=True)
        if records:
            shape.check_type(records)
            self._do(self._put, kind, records)

    def delete(self, kind: Kind[R], keys: Iterable[Key]) -> None:
        shape = self._shape(kind, write=True)
        gone = list(keys)
        shape.check_keys(gone)
        if gone:
            self._do(self._delete, kind, gone)

    def end(self) -> None:
        """Nothing more may be asked."""
        self._over = True

    def exclude(self) -> None:
        """From now to the end of this transaction nobody else writes to the store."""
        self._do(self._exclude)

    def fence(self, where: str) -> None:
        """Once this transaction is durable, the store was moved to `where`, and whoever writes to it fails."""
        self.put(META, [Meta(name=MOVED_KEY, value=where)])
        self._do(self._fence)

    def check_kept(self) -> None:
        """Raises what the transaction was lost by."""
        if self.lost is not None:
            raise self.lost

    def _shape(self, kind: Kind[R], *, write: bool = False) -> Shape[R]:
        if self._over:
            raise StoreError("expected a running transaction, got one that has ended")
        if self.lost is not None:
            raise StoreError(f"expected a running transaction, got one that is lost: {self.lost}")
        if write and not self._writes:
            raise StoreError("expected only reading in a read, got a write")
        shape = self._shapes.get(kind)
        if shape is None:
            raise StoreError(f"expected a kind that the store was opened with, got {kind.name}")
        return shape

    def _do(self, deed: Callable[..., T], *asked: Any) -> T:
        try:
            return deed(*asked)
        except Exception as error:  # whatever failed, the transaction is lost by it
            self.lost = self._translate(error)
            raise self.lost from None

    @abstractmethod
    def _translate(self, error: Exception) -> Exception: ...

    @abstractmethod
    def _get(self, kind: Kind[R], key: Key) -> R | None: ...

    @abstractmethod
    def _get_many(self, kind: Kind[R], keys: list[Key]) -> dict[Key, R]: ...

    @abstractmethod
    def _scan(self, kind: Kind[R], index: str, prefix: Key, after: Key, limit: int, descending: bool) -> list[R]: ...

    @abstractmethod
    def _count(self, kind: Kind[R], index: str, prefix: Key) -> int: ...

    @abstractmethod
    def _add(self, kind: Kind[R], records: Sequence[R]) -> None: ...

    @abstractmethod
    def _put(self, kind: Kind[R], records: Sequence[R]) -> None: ...

    @abstractmethod
    def _delete(self, kind: Kind[R], keys: list[Key]) -> None: ...

    @abstractmethod
    def _exclude(self) -> None: ...

    @abstractmethod
    def _fence(self) -> None: ...


Observe = Callable[[str, str, float], None]
"""Told of each transaction: `read` or `write`; `done`, `failed` or `busy`; how many seconds it took."""


def _unobserved(kind: str, outcome: str, seconds: float) -> None:
    """Nobody measures."""


class BaseStore(ABC):
    """`Store`: the frame around a transaction, which the subclass begins and ends."""

    def __init__(self, fault: Fault, kinds: Iterable[Kind[Any]]) -> None:
        self._fault = fault
        self._shapes: dict[Kind[Any], Shape[Any]] = {kind: Shape(kind) for kind in (META, *kinds)}
        self._here = threading.local()
        self._closed = False
        self.observe: Observe = _unobserved

    def life(self) -> str:
        """What is another when the records may have been put back, as far as the database itself can tell."""
        return ""

    def settle(self, seconds: float = 0.0) -> bool:
        """See to it that what was deleted is in no file of the database any more, nor in its log.

        Tried again for so many seconds while a reader is in the way; False when one still is.
        """
        end = time.monotonic() + seconds
        while not self._settle():
            if time.monotonic() >= end:
                return False
            time.sleep(_AGAIN)
        return True

    def _settle(self) -> bool:
        return True

    def read(self, work: Callable[[Reading], T]) -> T:
        with self._timed("read"):
            self._enter()
            try:
                return self._read(work)
            finally:
                self._here.inside = False

    def write(self, name: str, work: Callable[[Writing], T]) -> T:
        return self._whole(name, work)

    def leave(self, name: str, work: Callable[[Writing], T], where: str) -> T:
        """`write`, while nobody else writes, and at its end this store was moved to `where`: it takes nothing more.

        What `work` copies elsewhere is therefore all that there ever was. Processes that have the store open fail at
        their next write; nobody opens it again. If we stop before the end, nothing has happened.
        """
        return self._whole(name, work, where)

    def _whole(self, name: str, work: Callable[[Writing], T], leaving: str = "") -> T:
        def steps(transaction: Transaction) -> T:
            if leaving:
                transaction.exclude()
            self._fault(f"{name}:begin")
            result = work(transaction)
            transaction.check_kept()
            if leaving:
                transaction.fence(leaving)
            self._fault(f"{name}:commit")
            return result

        with self._timed("write"):
            self._enter()
            try:
                result = self._write(steps)
            finally:
                self._here.inside = False
        self._fault(f"{name}:done")
        return result

    @contextmanager
    def _timed(self, kind: str) -> Iterator[None]:
        began, outcome = time.perf_counter(), "failed"
        try:
            yield
            outcome = "done"
        except BusyError:
            outcome = "busy"
            raise
        finally:
            self.observe(kind, outcome, time.perf_counter() - began)

    def close(self) -> None:
        if getattr(self._here, "inside", False):
            raise StoreError("expected no running transaction, got one in this thread")
        if not self._closed:
            self._closed = True
            self._close()

    def _enter(self) -> None:
        if self._closed:
            raise StoreError("expected an open store, got one that was closed")
        if getattr(self._here, "inside", False):
            raise StoreError("expected one transaction at a time in a thread, got one inside another")
        self._here.inside = True

    @abstractmethod
    def _read(self, steps: Callable[[Transaction], T]) -> T:
        """What `steps` returns for a transaction that sees one moment."""

    @abstractmethod
    def _write(self, steps: Callable[[Transaction], T]) -> T:
        """What `steps` returns, durable on return; nothing is written when it raises. May call it again."""

    @abstractmethod
    def _close(self) -> None: ...
