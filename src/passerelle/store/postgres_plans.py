"""PostgreSQL's statements for each kind of record, what a transaction does with them, and what its errors mean.

Rules kept here:
- integers, keys and results travel in binary form; many rows or keys as one array for each column;
- few new records go by INSERT, many by COPY; many that may be there by one INSERT of arrays;
- a scan is written so that the index it names is the only one that fits.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec
import psycopg

from passerelle.core.errors import AlreadyThereError, BusyError, FullError, StoreError
from passerelle.ports.store import Key, Kind
from passerelle.store.base import FENCED, ConflictError
from passerelle.store.shapes import Shape
from passerelle.store.sql import Plan, Row, SqlTransaction, client_error, names

R = TypeVar("R", bound=msgspec.Struct)

_TYPES = {str: "text", int: "int8", bool: "bool", bytes: "bytea", tuple: "text"}
_CHUNK = 500
_COPIED = 5
"""From so many records on a COPY is faster than a pipeline of INSERTs."""

_CONFLICTS = {"40001", "40P01"}  # serialization_failure, deadlock_detected
_BUSY = {"55P03"}  # lock_not_available
_FULL = {"53100"}  # disk_full
_FENCED = "PM001"  # raised by the triggers of a store that was moved
IDLE = "25P03"
"""The server ended a transaction that stood still (idle_in_transaction_session_timeout)."""


class PostgresPlan(Plan[R]):
    """Integers, keys and results in binary form; many keys as one array for each part of the key."""

    mark = "%b"

    def __init__(self, shape: Shape[R]) -> None:
        super().__init__(shape)
        types = {column.name: _TYPES[column.type] for column in shape.columns}
        key = shape.kind.key
        wanted = f"unnest({', '.join(f'%b::{types[part]}[]' for part in key)}) AS wanted ({names(key)})"
        same = " AND ".join(f'{self.table}."{part}" = wanted."{part}"' for part in key)
        self.types = [types[field] for field in shape.kind.fields]
        self.copy = f"COPY {self.table} ({names(shape.kind.fields)}) FROM STDIN (FORMAT BINARY)"
        fields = names(shape.kind.fields)
        given = f"unnest({', '.join(f'%b::{kind}[]' for kind in self.types)}) AS given ({fields})"
        self.upsert_many = f"INSERT INTO {self.table} ({fields}) SELECT {fields} FROM {given} {self.otherwise}"
        self.select_many = (
            f"SELECT {names(shape.kind.fields, f'{self.table}.')} FROM {wanted} JOIN {self.table} ON {same}"
        )
        self.delete = f"DELETE FROM {self.table} USING {wanted} WHERE {same}"

    # A part of an index is asked for as a range of places. Of `a = … AND b = … ORDER BY c` the planner may read any
    # index that gives this order and try b row by row: over a million rows, when the value is rare and it does not
    # know. Of `(a, b) >= … AND (a, b) <= … ORDER BY a, b, c` it can read this index and no other.

    def where(self, columns: Sequence[str], prefix: int, after: int, descending: bool) -> str:
        front, place = columns[:prefix], columns[: prefix + after]
        behind = [self.beyond(place, "<" if descending else ">")] if after else []
        if not prefix:
            return " AND ".join(behind)
        if after:
            return " AND ".join([*behind, self.beyond(front, ">=" if descending else "<=")])
        return " AND ".join([self.beyond(front, ">="), self.beyond(front, "<=")])

    def order(self, columns: Sequence[str], prefix: int) -> Sequence[str]:
        return columns

    def counting(self, index: str, prefix: int) -> str:
        columns = self.kind.indexes[index]
        part = f"SELECT FROM {self.table} WHERE {self.where(columns, prefix, 0, False)} ORDER BY {names(columns)}"
        return f"SELECT count(*) FROM ({part}) AS part"

    def values(self, prefix: Key, after: Key) -> Key:
        return (*prefix, *after, *prefix)


class PostgresTransaction(SqlTransaction[PostgresPlan[Any]]):
    """What goes another way than in SQLite."""

    database = "postgresql"

    def _translate(self, error: Exception) -> Exception:
        return translate(error)

    def _get_many(self, kind: Kind[R], keys: list[Key]) -> dict[Key, R]:
        plan = self._plans[kind]
        found: dict[Key, R] = {}
        for columns in _columns(keys):
            rows = self._cursor.execute(plan.select_many, columns).fetchall()
            found.update((plan.key_of(record), record) for record in plan.records(rows))
        return found

    def _add(self, kind: Kind[R], records: Sequence[R]) -> None:
        plan = self._plans[kind]
        rows = plan.rows(records)
        try:
            if len(rows) < _COPIED:
                self._cursor.executemany(plan.insert, rows)
                return
            with self._cursor.copy(plan.copy) as copy:
                copy.set_types(plan.types)
                for row in rows:
                    copy.write_row(row)
        except psycopg.errors.UniqueViolation:
            raise AlreadyThereError(f"{kind.name}: expected new keys, got one that is there") from None

    def _put(self, kind: Kind[R], records: Sequence[R]) -> None:
        plan = self._plans[kind]
        last = {plan.key_of(record): record for record in records}  # one statement never changes a row twice
        rows = plan.rows(last.values())
        if len(rows) == 1:
            self._cursor.execute(plan.upsert, rows[0])
            return
        for columns in _columns(rows):
            self._cursor.execute(plan.upsert_many, columns)

    def _delete(self, kind: Kind[R], keys: list[Key]) -> None:
        for columns in _columns(keys):
            self._cursor.execute(self._plans[kind].delete, columns)

    def take_time(self) -> None:
        self._do(self._unhurried)

    def _unhurried(self) -> None:
        self._cursor.connection.patience = None
        self._cursor.execute("SET LOCAL idle_in_transaction_session_timeout TO 0", prepare=False)

    def _exclude(self) -> None:
        # Before anything is read: the moment that this transaction sees is that of its first look.
        self._unhurried()  # what is copied elsewhere meanwhile may take long
        tables = ", ".join(f'"{kind.name}"' for kind in self._shapes)
        self._cursor.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE", prepare=False)

    def _fence(self) -> None:
        refuse = f"BEGIN RAISE EXCEPTION 'moved' USING ERRCODE = '{_FENCED}'; END"
        made = f'CREATE FUNCTION "moved"() RETURNS trigger LANGUAGE plpgsql AS $${refuse}$$'
        self._cursor.execute(made, prepare=False)
        for kind in self._shapes:
            self._cursor.execute(
                f'CREATE TRIGGER "moved" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{kind.name}" '
                'FOR EACH STATEMENT EXECUTE FUNCTION "moved"()',
                prepare=False,
            )


def _columns(rows: Sequence[Row]) -> Iterator[list[list[Any]]]:
    """The rows, or keys, in chunks, each as one list for each column."""
    for start in range(0, len(rows), _CHUNK):
        yield [list(column) for column in zip(*rows[start : start + _CHUNK], strict=True)]


def translate(error: Exception) -> Exception:
    """The error of the port that a driver's error stands for; what is none of the driver's stays as it is.

    Of what the server says only the first line is passed on, and of values it refuses nothing: it quotes them.
    """
    if not isinstance(error, psycopg.Error):
        return client_error(error)
    state, said = error.sqlstate, error.diag.message_primary
    if state in _CONFLICTS:
        return ConflictError("expected a turn among other transactions, got conflicts only; nothing was changed")
    if state == IDLE:
        return StoreError("expected a transaction that goes on, got one that stood still too long; nothing was changed")
    if state in _BUSY:
        return BusyError(f"expected a turn, got none: {said}")
    if state == _FENCED:
        return StoreError(FENCED)
    if state in _FULL:
        return FullError("expected room on the server's disk, got none; nothing was changed")
    if isinstance(error, psycopg.DataError | psycopg.IntegrityError):
        return StoreError(f"expected values that fit the columns, got some that do not ({state or 'not sent'})")
    if state is None and isinstance(error, psycopg.ProgrammingError):
        return StoreError("expected a PostgreSQL address, got one that cannot be read")  # the text would quote it
    if state is None:
        return StoreError(f"expected an answer from PostgreSQL, got none: {str(error).splitlines()[0]}")
    return StoreError(f"PostgreSQL failed: {said} ({state})")
