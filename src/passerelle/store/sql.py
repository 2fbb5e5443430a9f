"""What the SQL stores share: tables made from `Kind`s, the text of every statement, and rows to records and back.

Rules kept here:
- a table has a column for each field, the key as its primary key, and an index `<kind>_<index>` for each other index;
- text is ordered by code point, bytes by byte: SQLite's BINARY, PostgreSQL's collation "C";
- a statement's text is made once for each store, kind and form, so that the driver finds it prepared;
- a scan names all fields of its index in its order, so that no database has anything to sort;
- `tuple[str, ...]` stands as a JSON text, `bool` as an integer where there is no boolean.

The tables are declared with SQLAlchemy; records pass it by, as tuples between the driver and msgspec.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text
from sqlalchemy import Column as TableColumn
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable
from sqlalchemy.types import TypeEngine

from passerelle.core.errors import StoreError
from passerelle.ports.store import Key, Kind
from passerelle.store.base import Transaction
from passerelle.store.shapes import Shape

R = TypeVar("R", bound=msgspec.Struct)
Row = Sequence[Any]

_POSTGRES = "postgresql"
_TYPES: dict[type, TypeEngine[Any]] = {
    str: Text().with_variant(Text(collation="C"), _POSTGRES),
    int: Integer().with_variant(BigInteger(), _POSTGRES),
    bool: Integer().with_variant(Boolean(), _POSTGRES),
    bytes: LargeBinary(),
    tuple: Text().with_variant(Text(collation="C"), _POSTGRES),
}

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, ...]).decode


def ddl(shapes: Iterable[Shape[Any]], database: str) -> list[str]:
    """The statements that make all tables and indexes in `database`: sqlite or postgresql."""
    dialect = make_url(f"{database}://").get_dialect()()
    made: list[str] = []
    for table in map(_table, shapes):
        made.append(str(CreateTable(table).compile(dialect=dialect)))
        indexes = sorted(table.indexes, key=lambda index: index.name or "")
        made += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    return made


def _table(shape: Shape[Any]) -> Table:
    kind = shape.kind
    table = Table(
        kind.name,
        MetaData(),
        *(
            TableColumn(c.name, _TYPES[c.type], nullable=c.nullable, autoincrement=False, quote=True)
            for c in shape.columns
        ),
        PrimaryKeyConstraint(*kind.key),
        quote=True,
        sqlite_strict=True,
    )
    for index, columns in kind.indexes.items():
        if index != "key":
            Index(f"{kind.name}_{index}", *(table.c[name] for name in columns))
    return table


def column_ddl(shape: Shape[Any], name: str, database: str) -> str:
    """A column as a statement names it that adds it."""
    dialect = make_url(f"{database}://").get_dialect()()
    return str(CreateColumn(_table(shape).c[name]).compile(dialect=dialect)).strip()


def names(columns: Iterable[str], before: str = "") -> str:
    """The columns as SQL names them."""
    return ", ".join(f'{before}"{column}"' for column in columns)


def _text(value: tuple[str, ...]) -> str:
    return _encode(value).decode() if value else "[]"


def _maker(kind: Kind[R]) -> Callable[..., R]:
    """From the values of all fields in their order to a record. By place where the type allows: that is much faster."""
    record, fields = kind.record, kind.fields
    if any(each.kind is each.KEYWORD_ONLY for each in signature(record).parameters.values()):
        return lambda *values: record(**dict(zip(fields, values, strict=True)))
    return record


class Plan(Generic[R]):
    """How one kind is kept in one database: rows of its records, and its statements."""

    mark = "?"
    """How the driver marks a parameter."""
    boolean: Callable[[Any], Any] | None = None
    """From what the driver returns to a bool; None when it returns one."""

    def __init__(self, shape: Shape[R]) -> None:
        self.shape = shape
        self.kind = kind = shape.kind
        self.table = f'"{kind.name}"'
        self.key_of = shape.key_of
        self.select = f"SELECT {names(kind.fields)} FROM {self.table}"
        self.select_one = f"{self.select} WHERE {self.equal(kind.key)}"
        self.insert = f"INSERT INTO {self.table} ({names(kind.fields)}) VALUES ({self.marks(len(kind.fields))})"
        rest = [field for field in kind.fields if field not in kind.key]
        change = "UPDATE SET " + ", ".join(f'"{field}" = excluded."{field}"' for field in rest) if rest else "NOTHING"
        self.otherwise = f"ON CONFLICT ({names(kind.key)}) DO {change}"
        self.upsert = f"{self.insert} {self.otherwise}"
        self._make = _maker(kind)
        self._scans: dict[tuple[str, int, int, bool], str] = {}
        self._counts: dict[tuple[str, int], str] = {}
        self._tuples = [at for at, column in enumerate(shape.columns) if column.type is tuple]
        self._decoders = [(at, _decode) for at in self._tuples]
        if self.boolean is not None:
            self._decoders += [(at, self.boolean) for at, c in enumerate(shape.columns) if c.type is bool]

    def marks(self, count: int) -> str:
        return ", ".join([self.mark] * count)

    def equal(self, columns: Iterable[str]) -> str:
        return " AND ".join(f'"{column}" = {self.mark}' for column in columns)

    def source(self, index: str) -> str:
        """The table, and the index by which it is read."""
        return self.table

    def rows(self, records: Iterable[R]) -> list[Row]:
        """What the driver is given."""
        found: list[Row] = list(map(msgspec.structs.astuple, records))
        if self._tuples:
            found = [list(row) for row in found]
            for row in found:
                for at in self._tuples:
                    if row[at] is not None:
                        row[at] = _text(row[at])  # type: ignore[index]
        return found

    def records(self, rows: Iterable[Row]) -> list[R]:
        """From what the driver returns."""
        make = self._make
        if not self._decoders:
            return [make(*row) for row in rows]
        found = []
        for row in rows:
            values = list(row)
            for at, decode in self._decoders:
                if values[at] is not None:
                    values[at] = decode(values[at])
            found.append(make(*values))
        return found

    def scan(self, index: str, prefix: int, after: int, descending: bool) -> str:
        """The statement that looks behind `after` values, among what has `prefix` values in front."""
        form = (index, prefix, after, descending)
        if form not in self._scans:
            columns = self.kind.indexes[index]
            text = f"SELECT {names(self.kind.fields)} FROM {self.source(index)}"
            if where := self.where(columns, prefix, after, descending):
                text += f" WHERE {where}"
            if order := self.order(columns, prefix):
                text += " ORDER BY " + ", ".join(f'"{column}" {"DESC" if descending else "ASC"}' for column in order)
            self._scans[form] = f"{text} LIMIT {self.mark}"
        return self._scans[form]

    def count(self, index: str, prefix: int) -> str:
        """The statement that counts what has `prefix` values in front."""
        form = (index, prefix)
        if form not in self._counts:
            self._counts[form] = self.counting(index, prefix) if prefix else f"SELECT count(*) FROM {self.table}"
        return self._counts[form]

    def counting(self, index: str, prefix: int) -> str:
        where = self.where(self.kind.indexes[index], prefix, 0, False)
        return f"SELECT count(*) FROM {self.source(index)} WHERE {where}"

    def where(self, columns: Sequence[str], prefix: int, after: int, descending: bool) -> str:
        """The condition of a part of an index: so many values in front, behind so many more."""
        found = [self.equal(columns[:prefix])] if prefix else []
        if after:
            found.append(self.beyond(columns[prefix : prefix + after], "<" if descending else ">"))
        return " AND ".join(found)

    def beyond(self, columns: Sequence[str], sign: str) -> str:
        """That the columns, as one place, lie on this side of another."""
        return f"({names(columns)}) {sign} ({self.marks(len(columns))})"

    def order(self, columns: Sequence[str], prefix: int) -> Sequence[str]:
        """The columns by which a part of an index is ordered."""
        return columns[prefix:]

    def values(self, prefix: Key, after: Key) -> Key:
        """The values of a condition, in the order of its marks."""
        return (*prefix, *after)


P = TypeVar("P", bound=Plan[Any])


class SqlTransaction(Transaction, Generic[P]):
    """What both drivers do in the same way. `cursor` is a sqlite3 or a psycopg cursor."""

    def __init__(
        self, shapes: Mapping[Kind[Any], Shape[Any]], writes: bool, plans: Mapping[Kind[Any], P], cursor: Any
    ) -> None:
        super().__init__(shapes, writes)
        self._plans = plans
        self._cursor = cursor

    database = ""
    """sqlite or postgresql."""

    def sql(self, statement: str, values: Row = ()) -> list[Row]:
        """A statement of its own, for migrations alone: its rows, if it gives some."""
        return self._do(self._sql, statement, values)

    def _sql(self, statement: str, values: Row) -> list[Row]:
        done = self._cursor.execute(statement, values) if values else self._cursor.execute(statement)
        return list(done.fetchall()) if done.description else []

    def take_time(self) -> None:
        """From now to its end this transaction may take, and stand still, as long as it likes."""

    # Rows are always fetched to the last: a statement that is not finished would hold its moment of the database.

    def _get(self, kind: Kind[R], key: Key) -> R | None:
        plan = self._plans[kind]
        found: list[R] = plan.records(self._cursor.execute(plan.select_one, key).fetchall())
        return found[0] if found else None

    def _scan(self, kind: Kind[R], index: str, prefix: Key, after: Key, limit: int, descending: bool) -> list[R]:
        plan = self._plans[kind]
        text = plan.scan(index, len(prefix), len(after), descending)
        return plan.records(self._cursor.execute(text, (*plan.values(prefix, after), limit)).fetchall())

    def _count(self, kind: Kind[R], index: str, prefix: Key) -> int:
        plan = self._plans[kind]
        ((count,),) = self._cursor.execute(plan.count(index, len(prefix)), plan.values(prefix, ())).fetchall()
        return int(count)

    def _put(self, kind: Kind[R], records: Sequence[R]) -> None:
        plan = self._plans[kind]
        self._cursor.executemany(plan.upsert, plan.rows(records))


def client_error(error: Exception) -> Exception:
    """What went wrong before the database saw it: a value that no column can hold. Others stay as they are."""
    if isinstance(error, OverflowError):
        return StoreError("expected integers within 64 bits, got more")
    if isinstance(error, UnicodeError):
        return StoreError("expected text without unpaired surrogates, got some")
    if isinstance(error, msgspec.MsgspecError):
        return StoreError("expected a list of texts in a column, got something else: the store is damaged")
    return error
