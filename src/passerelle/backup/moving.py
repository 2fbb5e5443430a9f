"""Moving the records of a node to another store, so that a stop anywhere leaves exactly one that can be used.

1. the new store is made and marked as incoming. If we stop here: the old one is in use; the next try begins again;
2. in one transaction of the old store that lets nobody else write: its logs are verified, everything is copied, counts
   and digests and the logs of the copy are compared; then the old store is marked as moved and fenced, so that whoever
   still has it open fails at the next write. If we stop before the end: as after 1, nothing has happened to it;
3. the mark of the new store is taken off. If we stop before: the old store says where its records are, and the next try
   compares both once more and goes on here;
4. the settings name the new store. If we stop before: the same; nothing is left to do but this.

Rules kept here: nobody serves the node meanwhile (a process that would, writes nothing more: the old store is locked,
then fenced); only the line of `store.url` changes in the settings.

Left to persons: the old store still holds everything, in clear. It is destroyed when nobody wants it any more.
"""

from contextlib import closing
from pathlib import Path

import msgspec

from passerelle.backup import soundness
from passerelle.backup.restoring import incoming
from passerelle.core import durable, settings_text
from passerelle.core import settings as configuration
from passerelle.core.audit import What
from passerelle.core.errors import BusyError, InputError, SettingsError, StateError, StoreError
from passerelle.core.sources import redacted
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.node import SETTINGS, Node
from passerelle.ports.keys import ERAS
from passerelle.ports.records import META
from passerelle.ports.store import Fault, Reading, Writing, no_fault
from passerelle.store import copying, open_store
from passerelle.store.base import INCOMING_KEY, MOVED_KEY, BaseStore
from passerelle.store.copying import Part


class Moved(msgspec.Struct, frozen=True):
    """A move that was finished. `parts`: what was copied; `old`, `new`: where from and where to, without passwords."""

    parts: tuple[Part, ...]
    old: str
    new: str


def move(node: Node, to: str, by: str, *, fault: Fault = no_fault) -> Moved:
    """Move the records of a node, opened to be left, to the store at `to`: a path below the folder, or a URL.

    Raises InputError when it is the same store, BusyError while a process serves, StateError when the old store was
    moved to another place, StoreError when the new one is not empty or the logs of the old one do not verify.
    """
    old, url = node.settings.store.url, _address(node.folder, to)
    if _address(node.folder, old) == url:
        raise InputError(f"--to: expected another store than the one in use, got {redacted(old)}")
    _check_settings(node.folder, to)
    if node.is_served():
        raise BusyError(f"expected a node that no process serves, got {node.ctx.name}, which is served: stop it first")
    store = node.store
    if not isinstance(store, BaseStore):
        raise StateError("expected a store of one of the databases, got another")
    shown = str(redacted(url))
    with node.serving(), closing(open_store(url, fault, "fill")) as target:
        moved = store.read(lambda tx: tx.get(META, MOVED_KEY))
        if moved is None:
            parts = _copy(node, store, target, shown, by)
        elif moved.value != shown:
            raise StateError(f"expected a store that is in use, got one that was moved to {moved.value}")
        else:
            parts = _compared(store, target)
        target.write("migrate.open", lambda tx: tx.delete(META, [(INCOMING_KEY,)]))
        _settings(node.folder, to)
    return Moved(parts, str(redacted(_address(node.folder, old))), shown)


def _address(folder: Path, url: str) -> str:
    """A URL, or the whole path of a file."""
    if url.startswith("sqlite:///"):
        url = url.removeprefix("sqlite:///")
    return url if "://" in url else str((folder / url).absolute())


def _copy(node: Node, store: BaseStore, target: BaseStore, shown: str, by: str) -> tuple[Part, ...]:
    name = node.ctx.name
    mark = f"the records of {name} are being moved here"
    # What stands in the old store before its last transaction may still change; what is wrong with it is said early.
    soundness.check(store, node.ctx, "the store in use")

    def work(tx: Writing) -> tuple[Part, ...]:
        incoming(target, mark)
        details = {"before": str(redacted(_address(node.folder, node.settings.store.url))), "after": shown}
        notes.record(tx, node.ctx, What.STORE_MIGRATED, by, name, details)
        parts = copying.load(target, copying.dump(tx))
        if names := copying.differing(parts, target.read(copying.parts)):
            raise StoreError(f"expected a copy of what was read, got another: {names}")
        soundness.check(target, _at(node.ctx, target), "the new store")
        return parts

    return store.leave("migrate.copy", work, shown)


def _at(ctx: Context, store: BaseStore) -> Context:
    return Context(
        name=ctx.name, keys=ctx.keys, store=store, clock=ctx.clock, catalogue=ctx.catalogue, calendars=ctx.calendars
    )


def _compared(store: BaseStore, target: BaseStore) -> tuple[Part, ...]:
    """The new store is the one that everything was copied to: all of it is there, or it is already in use."""
    if target.read(lambda tx: tx.get(META, INCOMING_KEY)) is None:
        eras = store.read(lambda tx: tx.scan(ERAS, limit=1_000_000))
        if target.read(lambda tx: tx.scan(ERAS, limit=len(eras))) != eras:
            raise StoreError("expected the store that the records were moved to, got another one")
        return target.read(_counted)
    parts = store.read(copying.parts)
    if names := copying.differing(parts, target.read(copying.parts)):
        raise StoreError(f"expected the store that the records were moved to, got one with other records: {names}")
    return parts


def _counted(tx: Reading) -> tuple[Part, ...]:
    return tuple(Part(name, count, "") for name, count in copying.counts(tx).items())


def _check_settings(folder: Path, to: str) -> None:
    """The last step will be possible. Raises SettingsError."""
    settings_text.replaced((folder / SETTINGS).read_text("utf-8"), "store", "url", to)
    source = configuration.find(folder / SETTINGS).sources["store.url"]
    if source.kind == "environment":
        raise SettingsError(
            f"expected store.url in {folder / SETTINGS}, got it from the environment: move {source.where} there first"
        )


def _settings(folder: Path, to: str) -> None:
    path = folder / SETTINGS
    mode = path.stat().st_mode & 0o777
    durable.replace(path, settings_text.replaced(path.read_text("utf-8"), "store", "url", to).encode(), mode)
