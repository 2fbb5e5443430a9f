"""The store in a schema of a PostgreSQL database: for a node of several processes, or where a database is at hand.

Rules kept here:
- every transaction is SERIALIZABLE, reads too: what a serializable reader saw is only true once it has committed;
- one that PostgreSQL undoes for a conflict is done again, after a pause of random length, for `busy` seconds;
- durable: `synchronous_commit` is on, and a COMMIT must be answered by COMMIT;
- text is ordered by bytes (collation "C") in a database of UTF-8;
- only index scans and nested loops are left to the planner: a small table read from end to end would conflict with
  every other transaction;
- a transaction that writes and stands still for `idle` seconds is ended by the server, and what it has locked is free:
  its process was frozen, or its machine is gone;
- an answer is waited for `busy` seconds when a transaction begins, four times as long within it, then the connection is
  closed: for a server that is frozen the kernel still answers (TCP), or nobody does (a socket in a file);
- a connection that was idle and turns out to be dead is replaced before the transaction has done anything;
- all tables are made in one transaction, under a lock that one process at a time can hold.

Left unchecked: the server's own settings (`fsync`, standbys, who may read the schema), and the text of an index: a
place of more than some 2,600 bytes does not fit PostgreSQL's pages and is a StoreError here alone. When the connection
is lost while COMMIT is under way nobody here knows whether it took effect, and the StoreError says so. A pooler
between must not change connections: settings and prepared statements belong to one. What is deleted stays in free
space until VACUUM.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec
import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from passerelle.core.errors import BusyError, StoreError
from passerelle.ports.records import KINDS
from passerelle.ports.store import Fault, Kind, no_fault
from passerelle.store.base import (
    SCHEMA,
    SCHEMA_KEY,
    BaseStore,
    ConflictError,
    Opening,
    Transaction,
    check_meta,
)
from passerelle.store.postgres_plans import IDLE, PostgresPlan, PostgresTransaction, translate
from passerelle.store.sql import ddl

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

DEFAULT_SCHEMA = "passerelle"

_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_LONGEST_PAUSE = 0.1
_SHORTEST_WAIT = 2.0
_WITHIN = 4
"""How many times longer than for its begin an answer within a transaction is waited for: it may wait for a lock, a slow
disk or a standby."""


def split_schema(url: str) -> tuple[str, str]:
    """The address without its `schema` parameter, and the schema."""
    address, _, query = url.partition("?")
    parameters = [part for part in query.split("&") if part]
    rest = [part for part in parameters if not part.startswith("schema=")]
    schemas = [unquote(part.removeprefix("schema=")) for part in parameters if part.startswith("schema=")]
    if len(schemas) > 1:
        raise StoreError(f"expected one schema, got {len(schemas)}")
    return address + ("?" + "&".join(rest) if rest else ""), schemas[0] if schemas else DEFAULT_SCHEMA


def schema_name(name: str) -> str:
    """A name that needs no quotes. Raises StoreError for another."""
    if not _SCHEMA_NAME.fullmatch(name):
        raise StoreError(f"expected a schema name of a-z, 0-9 and _, 63 characters at most, got {name!r}")
    return name


class SilentError(psycopg.OperationalError):
    """The server did not answer in time."""


class PatientConnection(psycopg.Connection[Any]):
    """One that is closed when the server has not answered for `patience` seconds (None: as long as it takes)."""

    patience: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        limit = self.patience if timeout is None else timeout
        began = time.monotonic()
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError:
            if self.closed or limit is None or time.monotonic() - began < limit:
                raise
            self.close()
            raise SilentError(f"it has said nothing for {round(limit)} s") from None


class PostgresStore(BaseStore):
    """A store in `schema` of the database at `url`.

    `busy`: seconds to wait for others, for a lock, a connection or a server that says nothing (at least two); `idle`:
    seconds that a transaction which writes may stand still.
    """

    def __init__(
        self,
        url: str,
        fault: Fault = no_fault,
        *,
        schema: str = DEFAULT_SCHEMA,
        kinds: Iterable[Kind[Any]] = KINDS,
        busy: float = 5.0,
        idle: float = 10.0,
        connections: int = 8,
        opening: Opening = "use",
    ) -> None:
        super().__init__(fault, kinds)
        self._opening = opening
        self.schema = schema_name(schema)
        self._url = url
        self._busy = busy
        self._patience = max(_SHORTEST_WAIT, busy)
        # Of those that write alone: a copy of the whole store may wait for its disk as long as it likes.
        self._begin_writing = f"BEGIN; SET LOCAL idle_in_transaction_session_timeout TO {round(idle * 1000)}"
        self._plans = {kind: PostgresPlan(shape) for kind, shape in self._shapes.items()}
        self._pool = QueuePool(
            self._connect,  # type: ignore[arg-type]
            pool_size=connections,
            max_overflow=0,
            timeout=busy,
            reset_on_return=None,
            use_lifo=True,
        )
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> PatientConnection:
        connection = PatientConnection.connect(
            self._url,
            autocommit=True,
            prepare_threshold=0,
            application_name="passerelle",
            client_encoding="utf8",
            connect_timeout=round(self._patience),
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=25_000,  # ms: a machine that vanished is noticed
        )
        connection.patience = self._patience
        try:
            # Integers always travel as bigint: a type that followed the value would prepare a statement for each size.
            connection.adapters.register_dumper(int, Int8Dumper)
            connection.adapters.register_dumper(int, Int8BinaryDumper)
            settings = {
                "search_path": self.schema,
                "default_transaction_isolation": "serializable",
                "synchronous_commit": "on",
                "lock_timeout": str(max(1, round(self._busy * 1000))),
                "jit": "off",
                "enable_seqscan": "off",
                "enable_bitmapscan": "off",
                "enable_sort": "off",
                "enable_incremental_sort": "off",
                "enable_hashjoin": "off",
                "enable_mergejoin": "off",
            }
            connection.execute("; ".join(f"SET {name} TO '{value}'" for name, value in settings.items()), prepare=False)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self) -> None:
        """The tables are there, and of this program's schema."""
        with self._connection("BEGIN ISOLATION LEVEL READ COMMITTED") as connection:
            try:
                ((encoding,),) = connection.execute("SHOW server_encoding").fetchall()
                if encoding != "UTF8":
                    raise StoreError(f"expected a database of encoding UTF8, got {encoding}")
                if not self._is_made(connection):
                    self._create(connection)
                facts = dict(connection.execute('SELECT "name", "value" FROM "meta"').fetchall())
                self._commit(connection)
            except psycopg.Error as error:
                raise translate(error) from None
        check_meta(f"schema {self.schema}", facts, self._opening)

    def _is_made(self, connection: psycopg.Connection[Any]) -> bool:
        # Not to_regclass: it reads no table, so it does not notice what another process has just made.
        query = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = 'meta'"
        return bool(connection.execute(query, (self.schema,)).fetchall())

    def _create(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"passerelle.{self.schema}",))
        if self._is_made(connection):  # another process was faster
            return
        if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (self.schema,)).fetchall():
            connection.execute(f'CREATE SCHEMA "{self.schema}"')
        for statement in ddl(self._shapes.values(), "postgresql"):
            connection.execute(statement)
        connection.execute('INSERT INTO "meta" ("name", "value") VALUES (%s, %s)', (SCHEMA_KEY, str(SCHEMA)))

    @contextmanager
    def _connection(self, begin: str) -> Iterator[PatientConnection]:
        """A connection of the pool in a new transaction; given back without one, or closed."""
        proxy = self._begin(begin)
        connection: PatientConnection = proxy.driver_connection  # type: ignore[assignment]
        try:
            yield connection
        finally:
            try:
                if connection.info.transaction_status != TransactionStatus.IDLE:
                    connection.rollback()
            except psycopg.Error:
                connection.close()
            if self._closed or connection.closed:
                proxy.invalidate()
            proxy.close()

    def _begin(self, begin: str) -> PoolProxiedConnection:
        while True:
            try:
                proxy = self._pool.connect()
            except psycopg.Error as error:
                raise translate(error) from None
            except PoolTimeoutError:
                raise BusyError("expected a free connection to PostgreSQL, got none") from None
            was_idle = proxy.info.setdefault("was_idle", False)
            proxy.info["was_idle"] = True
            connection: PatientConnection = proxy.driver_connection  # type: ignore[assignment]
            try:
                connection.patience = self._patience
                connection.execute(begin, prepare=False)
                connection.patience = _WITHIN * self._patience
                return proxy
            except BaseException as error:
                proxy.invalidate()
                proxy.close()
                if not isinstance(error, psycopg.Error):
                    raise
                if not was_idle or isinstance(error, SilentError):
                    raise translate(error) from None

    def _commit(self, connection: psycopg.Connection[Any]) -> None:
        try:
            answer = connection.execute("COMMIT", prepare=False).statusmessage
        except psycopg.Error as error:
            if connection.closed and error.sqlstate != IDLE:
                raise StoreError(
                    "the connection to PostgreSQL was lost while a transaction was committed: "
                    "whether it took effect is not known"
                ) from None
            raise translate(error) from None
        if answer != "COMMIT":
            raise StoreError(f"expected PostgreSQL to answer COMMIT, got {answer}; nothing was changed")

    def _read(self, steps: Callable[[Transaction], T]) -> T:
        return self._repeat("BEGIN READ ONLY", False, steps)

    def _write(self, steps: Callable[[Transaction], T]) -> T:
        return self._repeat(self._begin_writing, True, steps)

    def _repeat(self, begin: str, writes: bool, steps: Callable[[Transaction], T]) -> T:
        end = time.monotonic() + self._busy
        for attempt in count():
            try:
                return self._run(begin, writes, steps)
            except ConflictError as error:
                if time.monotonic() >= end:
                    raise BusyError(str(error)) from None
            time.sleep(secrets.randbelow(1000) / 1000 * min(0.001 * 2**attempt, _LONGEST_PAUSE))
        raise AssertionError  # count() has no end

    def _run(self, begin: str, writes: bool, steps: Callable[[Transaction], T]) -> T:
        with self._connection(begin) as connection:
            transaction = PostgresTransaction(self._shapes, writes, self._plans, connection.cursor(binary=True))
            try:
                result = steps(transaction)
                transaction.check_kept()
            except Exception:
                # What `work` made of a conflict does not matter: it saw what never was.
                if isinstance(transaction.lost, ConflictError):
                    raise transaction.lost from None
                raise
            finally:
                transaction.end()
            self._commit(connection)
            return result

    def life(self) -> str:
        """Another after the server began anew, or the tables were made anew: only then they may be of before."""
        query = "SELECT pg_postmaster_start_time()::text, pg_relation_filenode(%s::regclass)"
        with self._connection("BEGIN READ ONLY") as connection:
            try:
                ((begun, file),) = connection.execute(query, (f'"{self.schema}"."meta"',)).fetchall()
            except psycopg.Error as error:
                raise translate(error) from None
        return f"{begun}/{file}"

    def _close(self) -> None:
        self._pool.dispose()
