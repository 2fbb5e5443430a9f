"""A lock that is held as long as a process lives, and a bell by which others wake it: files of a node's folder.

The kernel lets go of both when the process ends, however it ends.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from passerelle.core.errors import BusyError


@contextmanager
def held(path: Path, taken: str) -> Iterator[None]:
    """Hold the lock at this path. Raises BusyError with the words `taken` when another process does."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError(taken) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Hold the lock at this path, once whoever holds it has let go: for what takes a moment."""
    with path.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def bell(path: Path) -> Iterator[socket.socket | None]:
    """A socket at this path on which `ring` is heard; None where none can be made (its path is too long)."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiving:
        bound: socket.socket | None = receiving
        try:
            receiving.bind(str(path))
            path.chmod(0o600)
            receiving.setblocking(False)
        except OSError:
            bound = None
        try:
            yield bound
        finally:
            path.unlink(missing_ok=True)


def ring(path: Path) -> bool:
    """Wake whoever hears at this path. Whether somebody does."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        sending.setblocking(False)
        sending.connect(str(path))
        with suppress(BlockingIOError):  # it has been woken often enough
            sending.send(b"w")
        return True
    return False


def hears(path: Path) -> bool:
    """Whether somebody hears at this path."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
        asking.connect(str(path))
        return True
    return False
