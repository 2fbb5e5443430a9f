"""Marks as files beside the store: `<folder>/marks/<partner>.<lane>`, and `….carried`.

A mark is the inode of an empty file and the moment at which its state last changed (`ctime`). The kernel alone sets
that: no tool that copies a folder back can set it to what it was. It need not be durable, for the life ends when the
machine stops. What left in a file is written and synced, for that outlives the machine.

Left unnoticed: a file system that is rolled back below a running kernel, store and marks together. Whoever does that
says so to the node (`docs/how-to`: restoring).
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from passerelle.core import durable
from passerelle.ports.marks import Lane
from passerelle.ports.store import Store
from passerelle.store.base import BaseStore

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def life_of(folder: Path, database: str = "") -> str:
    """What names the life of a node: this boot of this machine, this folder, and what the database says of itself.

    Where the kernel does not name its boots, each process has a life of its own.
    """
    try:
        boot = _BOOT.read_text("ascii").strip()
    except OSError:
        boot = os.urandom(16).hex()
    found = folder.stat()
    return f"{boot}/{found.st_dev}:{found.st_ino}/{database}"


class FileMarks:
    """See `passerelle.ports.marks.Marks`."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder / "marks"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self.life = life_of(self._folder, store.life() if isinstance(store, BaseStore) else "")
        self._own: dict[Lane, tuple[str, str]] = {}

    def touch(self, partner: str, lane: str, since: str = "") -> str:
        handle = os.open(self._path(partner, lane), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.utime(handle)
            after = _mark(os.fstat(handle))
        finally:
            os.close(handle)
        self._own[partner, lane] = (since, after)
        return after

    def stands(self, partner: str, lane: str, mark: str) -> bool:
        now = self.look(partner, lane)
        return bool(mark) and (mark == now or self._own.get((partner, lane)) == (mark, now))

    def look(self, partner: str, lane: str) -> str:
        try:
            return _mark(self._path(partner, lane).stat())
        except FileNotFoundError:
            return ""

    def carry(self, partner: str, lane: str, origin: str, size: int) -> None:
        before, least = self.carried(partner, lane)
        size = max(size, least) if before == origin else size
        path = self._path(partner, f"{lane}.carried")
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        durable.write_new(fresh, f"{origin} {size}\n".encode("ascii"))
        fresh.replace(path)
        for folder in (self._folder, self._folder.parent):
            durable.sync(folder)

    def carried(self, partner: str, lane: str) -> tuple[str, int]:
        with suppress(FileNotFoundError, ValueError):
            origin, size = self._path(partner, f"{lane}.carried").read_text("ascii").split(" ")
            return origin, int(size)
        return "", 0

    def _path(self, partner: str, name: str) -> Path:
        return self._folder / f"{partner}.{name}"


def _mark(found: os.stat_result) -> str:
    return f"{found.st_ino}:{found.st_ctime_ns}" if stat.S_ISREG(found.st_mode) else ""
