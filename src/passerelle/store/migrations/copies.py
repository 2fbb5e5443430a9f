"""A copy of a store beside it, made before it is changed, that the program of before opens as it is.

Rules kept here: it is one moment of the store, whole or not there, durable, and of its owner alone. Of a SQLite file it
is a file; of a schema of PostgreSQL another schema of the same database, so its disk must hold both, and what destroys
the database destroys the copy: that is what backups are for.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from passerelle.core import durable
from passerelle.core.errors import BusyError, StoreError
from passerelle.store.postgres import schema_name
from passerelle.store.postgres_plans import translate as translate_postgres
from passerelle.store.sqlite import translate as translate_sqlite


def copy_file(path: Path, to: Path) -> None:
    """Copy a SQLite store. What is at `to` is replaced. Raises StoreError and its kinds; then there is no new copy."""
    made = to.with_name(f".{to.name}.new")
    made.unlink(missing_ok=True)
    try:
        durable.create(made).close()
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(made)) as target:
            source.backup(target)
            ((well,),) = target.execute("PRAGMA integrity_check(1)").fetchall()
            if well != "ok":
                raise StoreError(f"{path}: expected a sound SQLite file, got a damaged one: restore it from a backup")
        durable.sync_file(made)
        made.replace(to)
        durable.sync(to.parent)
    except sqlite3.Error as error:
        raise translate_sqlite(error) from None
    except OSError as error:
        raise StoreError(f"{to}: expected to write a copy of the store, got: {error.strerror}") from None
    finally:
        made.unlink(missing_ok=True)


def copy_schema(address: str, schema: str, to: str) -> None:
    """Copy a schema of a PostgreSQL database, in one transaction. What is at `to` is replaced, when it is such a copy.

    Raises StoreError and its kinds.
    """
    for name in (schema, to):
        schema_name(name)
    try:
        with psycopg.connect(address, application_name="passerelle upgrade") as connection:
            _copy(connection, schema, to)
    except psycopg.Error as error:
        raise translate_postgres(error) from None


def _copy(connection: "psycopg.Connection[Any]", schema: str, to: str) -> None:
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    there = connection.execute("SELECT obj_description(oid) FROM pg_namespace WHERE nspname = %s", (to,)).fetchall()
    mark = f"copy of {schema} before an upgrade"
    if there and there != [(mark,)]:
        raise StoreError(f"expected no schema {to} in the database, got one")
    new, old = Identifier(to), Identifier(schema)
    if there:
        connection.execute(SQL("DROP SCHEMA {} CASCADE").format(new))
    connection.execute(SQL("CREATE SCHEMA {}").format(new))
    connection.execute(SQL("COMMENT ON SCHEMA {} IS {}").format(new, Literal(mark)))
    for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall():
        table = Identifier(name)
        # Not CREATE TABLE AS: it knows no keys and no indexes.
        connection.execute(SQL("CREATE TABLE {}.{} (LIKE {}.{} INCLUDING ALL)").format(new, table, old, table))
        connection.execute(SQL("INSERT INTO {}.{} SELECT * FROM {}.{}").format(new, table, old, table))


def alone_with_file(path: Path) -> None:
    """Raises BusyError when another process has a SQLite store open."""
    try:
        with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # in this mode it asks for the file itself
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        known = translate_sqlite(error)
        if isinstance(known, BusyError):
            raise BusyError(f"{path}: expected a store that nobody has open, got one in use: stop the node") from None
        raise known from None


def alone_with_schema(address: str) -> None:
    """Raises BusyError when a process of any node has the database open: which schema it uses, nothing says."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'passerelle'"
    )
    try:
        with psycopg.connect(address, application_name="passerelle upgrade") as connection:
            ((count,),) = connection.execute(query).fetchall()
    except psycopg.Error as error:
        raise translate_postgres(error) from None
    if count:
        raise BusyError(f"expected a database that no node has open, got {count} connections: stop the nodes on it")
