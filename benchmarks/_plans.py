"""Which statements a store runs, and how its database would run them: read through an index, or from end to end.

    with Statements(store) as seen:
        ...                                     # whatever is to be looked at
    assert not seen.scans()

Rules kept here:
- only statements that were really run are explained, each form once, with values that it was run with;
- SQLite: a table that is read without an index, an index that is walked without a limit, and an order that is made by
  sorting are scans;
- PostgreSQL: a sequential scan, an index that is walked without a condition and without a limit, a condition that is
  tried row by row, and a sort are scans.

Left unchecked: an index that is right and leads to very many rows. So statements are counted, too: a command that
needs more of them in a larger store reads more than it shows.
"""

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from types import TracebackType
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import event

from passerelle.store.postgres import PostgresStore
from passerelle.store.sqlite import SqliteStore

_OURS = ("SELECT", "WITH", "DELETE", "UPDATE")
_TABLE = re.compile(r"SCAN (?P<table>\w+)(?P<how> USING (?:COVERING )?INDEX \S+)?")


class Scan(NamedTuple):
    """A statement that reads more than it is asked for, and why."""

    statement: str
    why: str


class Statements:
    """The statements that a store of a file or of a server runs while the block runs. Other threads' count as well."""

    def __init__(self, store: Any) -> None:
        if not isinstance(store, SqliteStore | PostgresStore):
            raise TypeError(f"expected a store of SQLite or PostgreSQL, got {type(store).__name__}")
        self._store: Any = store
        self.count = 0
        self.forms: dict[str, Any] = {}

    def __enter__(self) -> "Statements":
        # Connections that are there know nothing of this; new ones do.
        self._renew()
        event.listen(self._store._pool, "connect", self._connected)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        event.remove(self._store._pool, "connect", self._connected)
        self._renew()

    def _renew(self) -> None:
        self._store._pool.dispose()
        self._store._pool = self._store._pool.recreate()

    def _connected(self, connection: Any, record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(self._ran_text)
            return
        ran = self._ran

        class Cursor(psycopg.Cursor[Any]):
            def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
                ran(query, params)
                return super().execute(query, params, **more)

            def executemany(self, query: Any, params_seq: Any, **more: Any) -> None:
                rows = list(params_seq)
                ran(query, rows[0] if rows else None)
                super().executemany(query, rows, **more)

        connection.cursor_factory = Cursor

    def _ran(self, text: Any, values: Any) -> None:
        if isinstance(text, str) and text.startswith(_OURS):
            self.count += 1
            self.forms.setdefault(text, values)

    def _ran_text(self, text: str) -> None:
        """SQLite gives statements with their values written in: without these one form is one text."""
        if text.startswith(_OURS):
            self.count += 1
            form = re.sub(r"'(?:[^']|'')*'|x'[0-9a-f]*'|\b\d+\b", "?", text)
            self.forms.setdefault(re.sub(r"\?(?:, \?)+", "?, …", form), text)

    # -- how they are run ---------------------------------------------------------------------------------------

    def scans(self) -> list[Scan]:
        """The statements that read more than they were asked for."""
        explain = self._sqlite if isinstance(self._store, SqliteStore) else self._postgres
        with closing(self._store._connect()) as connection:
            return [
                Scan(form, why) for form, values in self.forms.items() if (why := explain(connection, form, values))
            ]

    def _sqlite(self, connection: sqlite3.Connection, form: str, text: str) -> str:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
        keyed = {name for name in tables if _is_ordered(connection, name)}
        limited = "LIMIT" in form
        return "; ".join(step for step in steps if _sqlite_scan(step, tables - keyed if limited else tables, limited))

    def _postgres(self, connection: Any, form: str, values: Sequence[Any] | None) -> str:
        ((found,),) = connection.execute(f"EXPLAIN (FORMAT JSON) {form}", values).fetchall()
        plan = found if isinstance(found, list) else json.loads(found)
        return "; ".join(_postgres_scans(plan[0]["Plan"], limited=False))


def _is_ordered(connection: sqlite3.Connection, table: str) -> bool:
    """Whether a table lies in the order of its key, a single integer, and needs no index for it."""
    keys = [row[2] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[5]]
    return keys == ["INTEGER"]


def _sqlite_scan(step: str, tables: set[str], limited: bool) -> bool:
    if step.startswith("USE TEMP B-TREE"):
        return True
    found = _TABLE.match(step)
    return found is not None and found["table"] in tables and not (found["how"] and limited)


def _postgres_scans(node: Mapping[str, Any], *, limited: bool) -> list[str]:
    kind = node["Node Type"]
    name = node.get("Relation Name", "")
    why = []
    if kind in ("Seq Scan", "Bitmap Heap Scan", "Sort", "Incremental Sort", "Hash"):
        why.append(f"{kind} {name}".strip())
    if kind in ("Index Scan", "Index Only Scan"):
        if "Index Cond" not in node and not limited:
            why.append(f"{kind} {name} without a condition")
        if "Filter" in node:
            why.append(f"{kind} {name} with a filter {node['Filter']}")
    below = limited or kind == "Limit"
    return why + [one for child in node.get("Plans", ()) for one in _postgres_scans(child, limited=below)]
