"""Folders and files that are made whole or not at all.

Rules kept here:
- what takes its place was filled where nobody else looks, and is durable; nothing that is there is replaced;
- a file has no name before it is whole, so nothing is left of it however we stop. On a medium that knows no such files
  it has a hidden name and is locked; what a stop leaves of those is taken away by the next one in that folder.

Left unchecked: on a medium that knows no links either, a stop at the very end leaves an empty file at the place.
"""

import errno
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from passerelle.core import durable
from passerelle.core.errors import FullError, InputError

_HIDDEN = ".passerelle-*.new"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """A folder of its owner alone to fill beside the place; it takes the place when all went well, else it is gone.

    Raises InputError when there is something at the place already, FullError.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"expected a new or empty folder, got {folder}, which has something in it")
    made = folder.with_name(f".{folder.name}.new")
    with _room(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        try:
            yield made
            if folder.exists():
                folder.rmdir()
            made.rename(folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise


def regular(path: Path) -> BinaryIO:
    """A file that a person names, open for reading. Raises OSError, also for a pipe or device, which may never end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL, "it is not a regular file")
    return os.fdopen(handle, "rb")


@contextmanager
def fresh_file(path: Path, *, nameless: bool = True) -> Iterator[BinaryIO]:
    """A new file that its owner alone reads, to fill; it takes the place when all went well, and is durable then.

    `nameless`: without a name until then, where the medium can.
    Raises InputError when there is something at the place, before or at the end, or it cannot be made; FullError.
    """
    if os.path.lexists(path):
        raise InputError(f"--out: expected a new file, got {path}, which is there")
    with _room(path):
        try:
            handle, hidden = (_nameless(path.parent) if nameless else None) or _hidden(path.parent)
        except OSError as error:
            raise _unmade(path, error) from None
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                durable.settle(file)
                try:
                    _publish(handle, hidden, path)
                    durable.sync(path.parent)
                    there, own = path.lstat(), os.fstat(handle)
                except OSError as error:
                    raise _unmade(path, error) from None
                if (there.st_dev, there.st_ino, there.st_size) != (own.st_dev, own.st_ino, own.st_size):
                    raise InputError(f"--out: expected the file that was written at {path}, got another")
        finally:
            if hidden is not None:
                hidden.unlink(missing_ok=True)


@contextmanager
def _room(place: Path) -> Iterator[None]:
    """A full disk is told as such, wherever it was met."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise FullError(f"{place}: expected room on the disk, got none; nothing was made") from None


def _unmade(path: Path, error: OSError) -> Exception:
    if error.errno in _FULL:
        return error
    if isinstance(error, FileExistsError):
        return InputError(f"--out: expected a new file, got {path}, which is there")
    return InputError(f"--out: expected a new file, got {path}: {error.strerror}")


def _nameless(folder: Path) -> tuple[int, None] | None:
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            return None
        raise
    if Path(_own(handle)).exists():
        return handle, None
    os.close(handle)
    return None


def _own(handle: int) -> str:
    return f"/proc/self/fd/{handle}"


def _hidden(folder: Path) -> tuple[int, Path]:
    """A file with a name of its own, locked as long as we live."""
    _tidy(folder)
    while True:
        made = folder / _HIDDEN.replace("*", secrets.token_hex(8))
        handle = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_nlink:
                return handle, made
        os.close(handle)  # somebody who tidied was faster than the lock


def _tidy(folder: Path) -> None:
    """Take away what those left who stopped: nobody holds the lock on it."""
    for path in folder.glob(_HIDDEN):
        with suppress(OSError), closing(os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "rb")) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _publish(handle: int, hidden: Path | None, path: Path) -> None:
    """Never over a file that is there, also on media that know no links."""
    if hidden is None:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.link(_own(handle), path.name, dst_dir_fd=folder)  # with a folder named, the link in /proc is followed
        finally:
            os.close(folder)
        return
    try:
        path.hardlink_to(hidden)
    except PermissionError:
        durable.create(path).close()
        hidden.replace(path)
