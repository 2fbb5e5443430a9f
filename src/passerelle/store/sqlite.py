"""The store in one SQLite file: the default. One node, any number of its threads and processes.

Rules kept here:
- durable: write-ahead log with `synchronous=FULL` (and `fullfsync` where that exists), so a commit is on the disk
  before `write` returns;
- serializable: writers come one after the other (`BEGIN IMMEDIATE`; threads queue at a lock first, and processes look
  twice a millisecond, because SQLite's own queue is a sleep of up to 100 ms), readers see the moment of their first
  statement and never wait;
- what is deleted is overwritten (`secure_delete`), and when records that hold bytes were deleted the log is emptied, as
  soon as no reader is in the way: an erasure must leave nothing in free pages nor in `-wal`. A log that is not empty
  says itself that this is not done: whoever finds one later, in whatever process, empties it (`settle`);
- the file, and with it its `-wal` and `-shm`, is made readable by its owner only;
- a read goes through the index it names (`INDEXED BY`), whatever the planner thinks;
- a new file gets all its tables in one transaction: there is no half-made store.

Left unchecked: the mode of a file that was there before; NUL in text (`core.text` refuses it before); a network file
system that only pretends to lock.
"""

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from sqlalchemy.pool import QueuePool

from passerelle.core import durable
from passerelle.core.errors import AlreadyThereError, BusyError, FullError, StoreError
from passerelle.ports.records import KINDS
from passerelle.ports.store import Fault, Key, Kind, no_fault
from passerelle.store.base import FENCED, SCHEMA, SCHEMA_KEY, BaseStore, Opening, Transaction, check_meta
from passerelle.store.shapes import Shape
from passerelle.store.sql import Plan, SqlTransaction, client_error, ddl, names

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

_OLDEST = (3, 37, 0)  # strict tables
_CHUNKS = (1, 4, 16, 64, 256, 500)
"""How many keys a statement looks for. A few sizes, filled up with the last key, so that statements stay prepared."""

_LOOK = 0.0005
"""Seconds between two looks whether another process still writes."""

_PRAGMAS = (
    "synchronous = FULL",
    "fullfsync = ON",
    "checkpoint_fullfsync = ON",
    "secure_delete = ON",
    "temp_store = MEMORY",
    "cache_size = -4000",  # each connection has one; what is read twice the system keeps anyway
    "trusted_schema = OFF",
    "cell_size_check = ON",
)

_CODES = {
    sqlite3.SQLITE_NOTADB: "expected a SQLite file, got one that is not a database (or is encrypted)",
    sqlite3.SQLITE_CORRUPT: "expected a sound SQLite file, got a damaged one: restore it from a backup",
    sqlite3.SQLITE_CANTOPEN: "expected a file that can be opened, got one that cannot: look at its owner and mode",
    sqlite3.SQLITE_PERM: "expected a file that can be opened, got one that cannot: look at its owner and mode",
    sqlite3.SQLITE_READONLY: "expected a file that can be written, got one that cannot: look at its owner and mode",
}
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_DOUBLE = {sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_ROWID}


class SqlitePlan(Plan[R]):
    """Many keys as parameters, in statements of a few sizes."""

    mark = "?"
    boolean = bool

    def __init__(self, shape: Shape[R]) -> None:
        super().__init__(shape)
        self.delete = f"DELETE FROM {self.table} WHERE {self.equal(shape.kind.key)}"
        self.holds_bytes = any(column.type is bytes for column in shape.columns)
        self.selects_many = {count: self._select_many(count) for count in _CHUNKS}

    def source(self, index: str) -> str:
        if index == "key":
            return self.table  # the primary key; its index has a name of SQLite's own
        return f'{self.table} INDEXED BY "{self.kind.name}_{index}"'

    def _select_many(self, count: int) -> str:
        key = self.kind.key
        if len(key) == 1:
            return f"{self.select} WHERE {names(key)} IN ({self.marks(count)})"
        # Not `(a, b) IN (VALUES …)`: that would read the whole table. CROSS JOIN keeps the wanted keys outside.
        wanted = ", ".join([f"({self.marks(len(key))})"] * count)
        same = " AND ".join(f'{self.table}."{part}" = wanted."{part}"' for part in key)
        return (
            f"WITH wanted ({names(key)}) AS (VALUES {wanted}) "
            f"SELECT {names(self.kind.fields, f'{self.table}.')} FROM wanted CROSS JOIN {self.table} ON {same}"
        )


class _SqliteTransaction(SqlTransaction[SqlitePlan[Any]]):
    database = "sqlite"
    erased = False
    """Whether records that hold bytes were deleted."""

    def _translate(self, error: Exception) -> Exception:
        return translate(error)

    def _get_many(self, kind: Kind[R], keys: list[Key]) -> dict[Key, R]:
        plan = self._plans[kind]
        found: dict[Key, R] = {}
        for start in range(0, len(keys), _CHUNKS[-1]):
            chunk = keys[start : start + _CHUNKS[-1]]
            size = next(size for size in _CHUNKS if size >= len(chunk))
            chunk += chunk[-1:] * (size - len(chunk))
            rows = self._cursor.execute(plan.selects_many[size], tuple(chain.from_iterable(chunk))).fetchall()
            found.update((plan.key_of(record), record) for record in plan.records(rows))
        return found

    def _scan(self, kind: Kind[R], index: str, prefix: Key, after: Key, limit: int, descending: bool) -> list[R]:
        if len(after) < 2 or len(prefix) + len(after) == len(kind.indexes[index]):
            return super()._scan(kind, index, prefix, after, limit, descending)
        # Behind a place (x, y) SQLite begins at the first row that has x, y in front and passes over all that have, one
        # by one. Behind one value it begins at once: so first what has x in front, then what is behind x.
        found: list[R] = []
        for known in reversed(range(len(after))):
            front, behind = prefix + after[:known], after[known : known + 1]
            found += super()._scan(kind, index, front, behind, limit - len(found), descending)
            if len(found) == limit:
                break
        return found

    def _add(self, kind: Kind[R], records: Sequence[R]) -> None:
        plan = self._plans[kind]
        try:
            self._cursor.executemany(plan.insert, plan.rows(records))
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode in _DOUBLE:
                raise AlreadyThereError(f"{kind.name}: expected new keys, got one that is there") from None
            raise

    def _delete(self, kind: Kind[R], keys: list[Key]) -> None:
        plan = self._plans[kind]
        self.erased = self.erased or plan.holds_bytes
        self._cursor.executemany(plan.delete, keys)

    def _exclude(self) -> None:
        """Nobody else writes: a transaction that writes begins with the lock."""

    def _fence(self) -> None:
        for kind in self._shapes:
            for verb in ("INSERT", "UPDATE", "DELETE"):
                self._cursor.execute(
                    f'CREATE TRIGGER "moved_{kind.name}_{verb.lower()}" BEFORE {verb} ON "{kind.name}" '
                    "BEGIN SELECT RAISE(ABORT, 'moved'); END"
                )


class SqliteStore(BaseStore):
    """A store in the file `path`; its folder must be there. `busy`: seconds to wait for another writer."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        fault: Fault = no_fault,
        *,
        kinds: Iterable[Kind[Any]] = KINDS,
        busy: float = 5.0,
        max_pages: int | None = None,
        opening: Opening = "use",
    ) -> None:
        super().__init__(fault, kinds)
        self._opening = opening
        self.path = Path(path).absolute()
        self._busy = busy
        self._max_pages = max_pages
        self._plans = {kind: SqlitePlan(shape) for kind, shape in self._shapes.items()}
        self._turn = threading.Lock()
        self._erased = False
        self._pool = QueuePool(
            self._connect,  # type: ignore[arg-type]
            pool_size=8,
            max_overflow=-1,
            reset_on_return=None,
            use_lifo=True,
        )
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StoreError(f"expected SQLite 3.37 or newer, got {sqlite3.sqlite_version}")
        self._make_file()
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def limit_pages(self, max_pages: int | None) -> None:
        """From now on the file grows to so many pages at most (or stays as large as it is); None: as it likes."""
        self._max_pages = max_pages
        self._pool.dispose()
        self._pool = self._pool.recreate()

    def _make_file(self) -> None:
        try:
            # SQLite gives the files beside it the mode of this one.
            durable.create(self.path).close()
        except FileExistsError:
            if not self.path.is_file():
                raise StoreError(f"{self.path}: expected a file, got something else") from None
        except FileNotFoundError:
            raise StoreError(f"{self.path}: expected a folder {self.path.parent}, got none") from None
        except OSError as error:
            branch = FullError if error.errno in (errno.ENOSPC, errno.EDQUOT) else StoreError
            raise branch(f"{self.path}: expected to make the file, got: {error.strerror}") from None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(self.path))}?mode=rw",
            uri=True,
            timeout=self._busy,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            if self._max_pages is not None:
                connection.execute(f"PRAGMA max_page_count = {max(1, self._max_pages)}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self) -> None:
        """The tables are there, and of this program's schema."""
        try:
            with self._connection() as connection:
                tables = self._tables(connection)
                if tables and "meta" not in tables:  # it stays as it is
                    raise StoreError(f"expected a store or an empty file, got another database, with {min(tables)}")
                connection.execute("PRAGMA page_size = 8192")  # heeded as long as the file is empty
                self._log_ahead(connection)
                if not tables:
                    self._create(connection)
                facts = dict(connection.execute('SELECT "name", "value" FROM "meta"').fetchall())
        except (sqlite3.Error, StoreError) as error:
            known = translate(error)
            raise type(known)(f"{self.path}: {known}") from None
        check_meta(str(self.path), facts, self._opening)

    def _log_ahead(self, connection: sqlite3.Connection) -> None:
        """The file is in the mode of a write-ahead log; it stays so."""
        # Of two that open a new file at once SQLite refuses one without waiting.
        ((mode,),) = self._insist(connection, "PRAGMA journal_mode = WAL")
        if mode != "wal":
            raise StoreError(f"expected a file system that bears a write-ahead log, got journal mode {mode}")

    def _tables(self, connection: sqlite3.Connection) -> set[str]:
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        return {name for (name,) in rows}

    def _create(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        if not self._tables(connection):  # another process may have been faster
            for statement in ddl(self._shapes.values(), "sqlite"):
                connection.execute(statement)
            connection.execute('INSERT INTO "meta" ("name", "value") VALUES (?, ?)', (SCHEMA_KEY, str(SCHEMA)))
        connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of the pool, given back without a transaction, or closed."""
        try:
            proxy = self._pool.connect()
        except sqlite3.Error as error:
            raise translate(error) from None
        connection: sqlite3.Connection = proxy.driver_connection  # type: ignore[assignment]
        try:
            yield connection
        finally:
            good = not self._closed
            try:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            except sqlite3.Error:
                good = False
            if not good:
                proxy.invalidate()
            proxy.close()

    def _read(self, steps: Callable[[Transaction], T]) -> T:
        return self._run(False, steps)

    def _write(self, steps: Callable[[Transaction], T]) -> T:
        if not self._turn.acquire(timeout=self._busy):
            raise BusyError("expected a turn, got none: another thread keeps the store locked")
        try:
            return self._run(True, steps)
        finally:
            self._turn.release()

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Begin to write. SQLite itself would wait in ever longer sleeps; another process that writes one transaction
        after the other would take the turn in each of them, for seconds.
        """
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            self._insist(connection, "BEGIN IMMEDIATE")
        finally:
            connection.execute(f"PRAGMA busy_timeout = {round(self._busy * 1000)}")

    def _insist(self, connection: sqlite3.Connection, statement: str) -> list[Any]:
        """Run a statement, again and again for `busy` seconds while another is in the way."""
        end = time.monotonic() + self._busy
        while True:
            try:
                return connection.execute(statement).fetchall()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                    raise
            time.sleep(_LOOK)

    def _run(self, writes: bool, steps: Callable[[Transaction], T]) -> T:
        with self._connection() as connection:
            try:
                if writes:
                    self._begin(connection)
                else:
                    connection.execute("BEGIN")
            except sqlite3.Error as error:
                raise translate(error) from None
            transaction = _SqliteTransaction(self._shapes, writes, self._plans, connection.cursor())
            try:
                result = steps(transaction)
                transaction.check_kept()
            finally:
                transaction.end()
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise translate(error) from None
            if writes:
                self._erased = self._erased or transaction.erased
                if self._erased:
                    self._erased = not self._empty_log(connection)
            return result

    def _empty_log(self, connection: sqlite3.Connection) -> bool:
        """What was erased leaves the log too. False when somebody is in the way: tried again after the next write."""
        with suppress(sqlite3.Error):  # the transaction is durable, whatever happens here
            connection.execute("PRAGMA busy_timeout = 0")
            try:
                ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                return not busy
            finally:
                connection.execute(f"PRAGMA busy_timeout = {round(self._busy * 1000)}")
        return False

    def _settle(self) -> bool:
        log = Path(f"{self.path}-wal")
        if not log.exists() or not log.stat().st_size:
            return True
        if not self._turn.acquire(timeout=self._busy):
            return False
        try:
            with self._connection() as connection:
                return self._empty_log(connection)
        finally:
            self._turn.release()

    def _close(self) -> None:
        self._pool.dispose()


def translate(error: Exception) -> Exception:
    """The error of the port that a driver's error stands for; what is none of the driver's stays as it is."""
    if not isinstance(error, sqlite3.Error):
        return client_error(error)
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return StoreError("expected values that fit the columns, got some that do not")
    if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusyError("expected a turn, got none: another process keeps the store locked")
    if code in _NO_ROOM:
        return FullError("expected room on the disk, got none; nothing was changed")
    if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
        return StoreError(FENCED)
    if code & 0xFF == sqlite3.SQLITE_CONSTRAINT:
        return StoreError(f"expected values that fit the columns, got some that do not ({error.sqlite_errorname})")
    return StoreError(_CODES.get(code & 0xFF, f"SQLite failed: {error} ({error.sqlite_errorname})"))
