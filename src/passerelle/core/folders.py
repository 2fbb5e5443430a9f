"""Folders and files that are made whole or not at all."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from passerelle.core import durable
from passerelle.core.errors import FullError, InputError


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """A folder of its owner alone to fill beside the place; it takes the place when all went well, else it is gone.

    Raises InputError when there is something at the place already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"expected a new or empty folder, got {folder}, which has something in it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.with_name(f".{folder.name}.new")
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
def fresh_file(path: Path) -> Iterator[BinaryIO]:
    """A new file that its owner alone reads, to fill beside the place; it takes the place when all went well.

    Durable then. A stop leaves at most a hidden file beside it. Raises InputError when there is something at the place,
    or it cannot be made, FullError when the disk is full.
    """
    made = path.with_name(f".{path.name}.{os.getpid()}.new")
    if path.exists():
        raise InputError(f"--out: expected a new file, got {path}, which is there")
    try:
        made.unlink(missing_ok=True)
        new = durable.create(made)
    except OSError as error:
        raise InputError(f"--out: expected a new file, got {path}: {error.strerror}") from None
    try:
        with _room(path), new as file:
            yield file
            durable.settle(file)
        try:
            _publish(made, path)
        except OSError as error:
            raise InputError(f"--out: expected a new file, got {path}: {error.strerror}") from None
    finally:
        made.unlink(missing_ok=True)
    durable.sync(path.parent)


@contextmanager
def _room(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise FullError(f"{path}: expected room on the disk, got none; the file was not written") from None


def _publish(made: Path, path: Path) -> None:
    """Never over a file that is there, also on media that know no links."""
    try:
        path.hardlink_to(made)
    except PermissionError:
        durable.create(path).close()
        made.replace(path)
