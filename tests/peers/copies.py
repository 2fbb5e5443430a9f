"""Copies of stores: to compare them before and after, and to put one back as from a backup or a machine snapshot."""

import copy
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from passerelle.exchange.context import Context
from passerelle.exchange.sender import Sender
from passerelle.ports.records import KINDS
from passerelle.ports.store import Fault, Kind, Store, no_fault
from passerelle.store.memory import MemoryStore
from passerelle.store.sqlite import SqliteStore
from tests.peers.pair import Pair, Peer

_encode = msgspec.msgpack.encode


def dump(store: Store, *without: Kind[Any]) -> dict[str, bytes]:
    """Every record of the store, encoded, by kind. Two dumps are equal when not a byte differs."""
    kept: list[Kind[Any]] = [kind for kind in KINDS if kind not in without]
    return store.read(lambda tx: {kind.name: _encode(tx.scan(kind, limit=10_000_000)) for kind in kept})


def rows(store: Store, kind: Kind[Any]) -> list[Any]:
    return store.read(lambda tx: tx.scan(kind, limit=10_000_000))


class Copy:
    """A store as it was at one moment; `open` gives a store of its own that begins there, as often as wanted."""

    def __init__(self, store: Store, folder: Path | None = None, name: str = "copy") -> None:
        self._memory: dict[Any, Any] | None = None
        self._file: Path | None = None
        self._folder, self._name, self._count = folder, name, 0
        if isinstance(store, MemoryStore):
            self._memory = {
                kind: (dict(table.rows), {index: list(order) for index, order in table.orders.items()})
                for kind, table in store._tables.items()
            }
        else:
            assert isinstance(store, SqliteStore)
            assert folder is not None
            self._file = folder / f"{name}.kept"
            # Through SQLite, so that what still stands in the write-ahead log is part of the copy.
            with closing(sqlite3.connect(store.path)) as source, closing(sqlite3.connect(self._file)) as target:
                source.backup(target)

    def open(self, fault: Fault = no_fault) -> Store:
        if self._memory is not None:
            made = MemoryStore(fault)
            for kind, (records, orders) in self._memory.items():
                table = made._tables[kind]
                table.rows = dict(records)
                table.orders = {index: list(order) for index, order in orders.items()}
            return made
        assert self._file is not None
        assert self._folder is not None
        self._count += 1
        path = self._folder / f"{self._name}-{self._count}.db"
        with closing(sqlite3.connect(self._file)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
        return SqliteStore(path, fault)


def restarted(peer: Peer, store: Store | None = None) -> Peer:
    """The node after a restart: nothing of the old process is left but its keys and its store (or another one)."""
    old = peer.ctx
    ctx = Context(
        name=old.name,
        keys=old.keys,
        store=store or old.store,
        clock=old.clock,
        catalogue=old.catalogue,
        policy=copy.copy(old.policy),
    )
    return Peer(ctx, peer.identity, Sender(ctx, peer.sender.partner))


def restart(pair: Pair, name: str, store: Store | None = None) -> Peer:
    """Restart one node of a pair in its place."""
    made = restarted(pair.peer(name), store)
    setattr(pair, name, made)
    return made


def fork(pair: Pair) -> Pair:
    """Both nodes as they are now, in stores of their own, with a clock of their own: what happens there stays there."""
    clock = type(pair.clock)(pair.clock.now())
    made = Pair(clock, pair.be, pair.ma, pair.agreement, pair.channel)
    for name in ("be", "ma"):
        peer = pair.peer(name)
        ctx = Context(
            name=name,
            keys=peer.ctx.keys,
            store=Copy(peer.store).open(),
            clock=clock,
            catalogue=peer.ctx.catalogue,
            policy=peer.ctx.policy,
            standings=peer.ctx.standings,
        )
        setattr(made, name, Peer(ctx, peer.identity, Sender(ctx, peer.sender.partner, set(peer.sender.compared))))
    return made


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> Iterable[str]:
    """The names of the kinds in which two dumps differ."""
    return [name for name in before if before[name] != after[name]]
