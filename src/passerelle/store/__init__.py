"""Where the records stand: in memory, in one SQLite file, or in a schema of a PostgreSQL database.

`open_store` is the door; what a store promises is said in `ports.store`. The drivers of a database are loaded only when
a store of that kind is opened.
"""

from passerelle.core.errors import StoreError
from passerelle.ports.store import Fault, no_fault
from passerelle.store.base import SCHEMA, BaseStore, Opening

__all__ = ["SCHEMA", "Opening", "open_store"]

_FORMS = "memory:, a path, sqlite:///path or postgresql://host/database?schema=name"


def open_store(url: str, fault: Fault = no_fault, opening: Opening = "use") -> BaseStore:
    """The store at `url`, made when it is not there yet. Raises StoreError, SchemaError for another schema.

    After `sqlite:///` stands a path as it is: `sqlite:///node.db` is relative, `sqlite:////srv/node.db` absolute.
    """
    if url == "memory:":
        from passerelle.store.memory import MemoryStore

        return MemoryStore(fault)
    scheme, colon, rest = url.partition("://")
    if colon and scheme == "postgresql":
        from passerelle.store.postgres import PostgresStore, split_schema

        address, schema = split_schema(url)
        return PostgresStore(address, fault, schema=schema, opening=opening)
    if colon and scheme == "sqlite" and rest.startswith("/"):
        path = rest[1:]
    elif colon:
        raise StoreError(f"expected {_FORMS}, got a store of form {scheme}://")  # the rest may hold a password
    else:
        path = url
    if not path:
        raise StoreError(f"expected {_FORMS}, got nothing")
    from passerelle.store.sqlite import SqliteStore

    return SqliteStore(path, fault, opening=opening)
