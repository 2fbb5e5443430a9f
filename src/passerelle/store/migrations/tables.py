"""The tables of a database and those that the kinds of this program have: what is missing, what is too much.

Rules kept here:
- a table that is missing is made as in a new store; a column with the default of its field; an index of other columns
  is made anew;
- a column that changed its type, or a key that changed, is not this module's to guess: SchemaError, and a step's work;
- tables of no kind are left alone.

The order of columns may differ from that of a new store, and SQLite remembers a column's default: neither is ever used,
for every statement names its columns.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from passerelle.core.errors import SchemaError
from passerelle.ports.store import Kind
from passerelle.store.shapes import Column, Shape
from passerelle.store.sql import SqlTransaction, column_ddl, ddl

_TYPES = {
    "sqlite": {str: "TEXT", int: "INTEGER", bool: "INTEGER", bytes: "BLOB", tuple: "TEXT"},
    "postgresql": {str: "text", int: "int8", bool: "bool", bytes: "bytea", tuple: "text"},
}


class Table(msgspec.Struct, frozen=True):
    """A table as it is: each column's type and whether it may be empty; the key; each index's columns."""

    columns: dict[str, tuple[str, bool]]
    key: tuple[str, ...]
    indexes: dict[str, tuple[str, ...]]


def found(tx: SqlTransaction[Any]) -> dict[str, Table]:
    """The tables of a database."""
    return _found_sqlite(tx) if tx.database == "sqlite" else _found_postgres(tx)


def wanted(kind: Kind[Any], database: str) -> Table:
    """The table of a kind."""
    types = _TYPES[database]
    columns = {one.name: (types[one.type], one.nullable) for one in Shape(kind).columns}
    indexes = {f"{kind.name}_{name}": parts for name, parts in kind.indexes.items() if name != "key"}
    return Table(columns, kind.key, indexes)


def add(tx: SqlTransaction[Any], kinds: Iterable[Kind[Any]]) -> None:
    """Tables, columns and indexes that are missing. Raises SchemaError for what needs a step of its own."""
    there = found(tx)
    for kind in kinds:
        for statement in additions(there.get(kind.name), kind, tx.database):
            tx.sql(statement)


def additions(there: Table | None, kind: Kind[Any], database: str) -> list[str]:
    """The statements that bring a table to hold a kind."""
    shape, want = Shape(kind), wanted(kind, database)
    table, *indexes = ddl([shape], database)
    if there is None:
        return [table, *indexes]
    _same(there, want, kind)
    made = []
    for column in shape.columns:
        if column.name not in there.columns:
            made += _column(shape, column, database)
    for name, statement in zip(sorted(want.indexes), indexes, strict=True):
        if there.indexes.get(name) != want.indexes[name]:
            made += [f'DROP INDEX "{name}"'] if name in there.indexes else []
            made.append(statement)
    return made


def _same(there: Table, want: Table, kind: Kind[Any]) -> None:
    for name, form in want.columns.items():
        if there.columns.get(name, form) != form:
            raise SchemaError(f"{kind.name}.{name}: expected a column {form[0]}, got {there.columns[name][0]}")
    if there.key != want.key:
        raise SchemaError(f"{kind.name}: expected the key {', '.join(want.key)}, got {', '.join(there.key)}")


def _column(shape: Shape[Any], column: Column, database: str) -> list[str]:
    table = f'"{shape.kind.name}"'
    text = f"ALTER TABLE {table} ADD COLUMN {column_ddl(shape, column.name, database)}"
    if column.nullable:
        return [text]
    field = next(one for one in msgspec.structs.fields(shape.kind.record) if one.name == column.name)
    if field.required:
        raise SchemaError(f"{shape.kind.name}.{column.name}: expected a default for rows that are there, got none")
    made = [f"{text} DEFAULT {_literal(field.default, database)}"]
    if database == "postgresql":
        made.append(f'ALTER TABLE {table} ALTER COLUMN "{column.name}" DROP DEFAULT')
    return made


def _literal(value: object, database: str) -> str:
    if isinstance(value, bool):
        return str(int(value)) if database == "sqlite" else str(value).lower()
    if isinstance(value, bytes):
        return f"x'{value.hex()}'" if database == "sqlite" else f"'\\x{value.hex()}'::bytea"
    if isinstance(value, tuple):
        value = msgspec.json.encode(value).decode()
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def remove(tx: SqlTransaction[Any], kinds: Iterable[Kind[Any]]) -> None:
    """Indexes and columns that no kind names any more."""
    there = found(tx)
    for kind in kinds:
        for statement in removals(there[kind.name], kind, tx.database):
            tx.sql(statement)


def removals(there: Table, kind: Kind[Any], database: str) -> list[str]:
    """The statements that take from a table what its kind does not name."""
    want = wanted(kind, database)
    made = [f'DROP INDEX "{name}"' for name in there.indexes if name not in want.indexes]
    return made + [
        f'ALTER TABLE "{kind.name}" DROP COLUMN "{name}"' for name in there.columns if name not in want.columns
    ]


# -- what is there ----------------------------------------------------------------------------------------------------


def _found_sqlite(tx: SqlTransaction[Any]) -> dict[str, Table]:
    names = tx.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    made = {}
    for (name,) in names:
        rows = tx.sql('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (name,))
        columns = {column: (kind, not strict) for column, kind, strict, _ in rows}
        key = tuple(column for column, _, _, place in sorted(rows, key=lambda row: row[3]) if place)
        indexes = {
            index: _of(tx.sql("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (index,)))
            for (index,) in tx.sql("SELECT name FROM pragma_index_list(?) WHERE origin = 'c'", (name,))
        }
        made[name] = Table(columns, key, indexes)
    return made


def _found_postgres(tx: SqlTransaction[Any]) -> dict[str, Table]:
    columns: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, kind, nullable in tx.sql(
        "SELECT table_name::text, column_name::text, udt_name::text, is_nullable = 'YES' "
        "FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY ordinal_position"
    ):
        columns.setdefault(table, {})[column] = (kind, nullable)
    keys: dict[str, tuple[str, ...]] = {}
    indexes: dict[str, dict[str, tuple[str, ...]]] = {}
    for table, index, primary, parts in tx.sql(
        "SELECT t.relname::text, i.relname::text, x.indisprimary, array(SELECT a.attname::text "
        "FROM unnest(x.indkey) WITH ORDINALITY AS k (number, place) "
        "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number ORDER BY k.place) "
        "FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid "
        "WHERE t.relnamespace = current_schema()::regnamespace"
    ):
        if primary:
            keys[table] = tuple(parts)
        else:
            indexes.setdefault(table, {})[index] = tuple(parts)
    return {name: Table(found, keys.get(name, ()), indexes.get(name, {})) for name, found in columns.items()}


def _of(rows: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    return tuple(name for (name,) in rows)
