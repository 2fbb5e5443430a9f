"""Bringing the store of a node to this program's schema, in an order that no crash breaks.

1. nobody serves the node or has its store open; this process holds the lock of those who serve;
2. in a transaction that is undone: the person may do this, store and keys belong together, all logs are sound;
3. a copy of the store as it is. If we stop here: a copy beside a store of before; the next try replaces it;
4. step by step (`store.migrations`), each a transaction that ends with a look at all logs. If we stop here: a store of
   the schema before or behind the step; the next try goes on from it.

What is said of the upgrade in the audit log is written in the transaction of the last step.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from passerelle.core import locks
from passerelle.core import settings as configuration
from passerelle.core.audit import What
from passerelle.core.errors import InputError, StoreError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.node import LOCK, SETTINGS, Node, url_of
from passerelle.oversight import logs
from passerelle.ports.people import Person
from passerelle.ports.records import LOGS
from passerelle.ports.store import Fault, Store, no_fault
from passerelle.store import SCHEMA, migrations, open_store
from passerelle.store.base import BaseStore
from passerelle.store.migrations import copies
from passerelle.store.postgres import split_schema

_ALL = 100_000

Permit = Callable[[Node], Person]
"""The person who may do this, or an error."""


class Upgraded(msgspec.Struct, frozen=True):
    """What was done. `copy`: where the store as it was stands; empty where nothing was to be done."""

    before: int
    after: int
    copy: str = ""


def upgrade(folder: Path, permit: Permit, backup: str = "", fault: Fault = no_fault) -> Upgraded:
    """Bring the store of a folder to this program's schema. `backup`: where to copy it to, a file or a schema.

    Raises BusyError when somebody has the store open, SchemaError for a schema that no step leads from, StoreError for
    a damaged log; what `permit` raises.
    """
    settings = configuration.load(folder / SETTINGS)
    url = url_of(folder, settings)
    if "://" not in url and not Path(url).exists():
        raise StoreError(f"expected the store at {url}, got no file")
    with locks.held(folder / f"{LOCK}.lock", f"expected a folder that no process serves, got {folder}, in use"):
        _alone(url)
        store = open_store(url, fault, "upgrade")
        try:
            return _upgrade(store, folder, url, permit, backup)
        finally:
            store.close()


def _upgrade(store: BaseStore, folder: Path, url: str, permit: Permit, backup: str) -> Upgraded:
    begun = store.read(migrations.schema_of)
    who: list[Person] = []

    def may(inside: Store, at: int) -> None:
        node = Node.open(folder, store=inside)
        who.append(permit(node))
        sound(inside)

    def after(inside: Store, at: int) -> None:
        sound(inside)
        if at + 1 == SCHEMA:
            _note(Node.open(folder, store=inside).ctx, who[-1], begun)

    migrations.rehearse(store, may)
    if begun == SCHEMA:
        return Upgraded(begun, begun)
    copy = _copy(url, backup, begun)
    migrations.upgrade(store, after)
    return Upgraded(begun, SCHEMA, copy)


def sound(store: Store) -> None:
    """Raises StoreError naming the first log that is damaged."""
    for log in store.read(lambda tx: tx.scan(LOGS, limit=_ALL)):
        if wrong := logs.damage(store, log):
            raise StoreError(f"expected logs that hold, got {log.origin}, damaged: {wrong}")


def _note(ctx: Context, who: Person, begun: int) -> None:
    details = {"before": str(begun), "after": str(SCHEMA)}
    ctx.store.write("x", lambda tx: notes.record(tx, ctx, What.STORE_UPGRADED, who.id, ctx.name, details))


def _alone(url: str) -> None:
    if "://" in url:
        copies.alone_with_schema(split_schema(url)[0])
    else:
        copies.alone_with_file(Path(url))


def _copy(url: str, backup: str, at: int) -> str:
    if "://" in url:
        address, schema = split_schema(url)
        to = backup or f"{schema}_schema_{at}"[-63:]
        copies.copy_schema(address, schema, to)
        return to
    path = Path(backup or f"{url}.schema-{at}")
    if backup and path.exists():
        raise InputError(f"--backup: expected a new file, got {path}")
    copies.copy_file(Path(url), path)
    return str(path)
