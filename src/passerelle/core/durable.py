"""Files that outlive a crash of the machine once they are said to be there.

Rules kept here:
- a new file is never opened over one that is there, nor through a link, and its owner alone reads it;
- what is said to be durable is on the disk: the bytes (`settle`), and the name in its folder (`sync`);
- a file is replaced whole or not at all: the new one is durable beside it before it takes its name.

Left to the caller: what an OSError means to whoever asked, and that one process at a time replaces a file.
"""

import os
from pathlib import Path
from typing import IO, BinaryIO


def create(path: Path, mode: int = 0o600) -> BinaryIO:
    """A new file, open to be written. Raises OSError, FileExistsError too."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")


def settle(file: IO[bytes]) -> None:
    """What was written to an open file is on the disk. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())


def write_new(path: Path, data: bytes, mode: int = 0o600) -> None:
    """A new file of these bytes, or none. Its name is durable after `sync` of the folder. Raises OSError."""
    file = create(path, mode)
    try:
        with file:
            file.write(data)
            settle(file)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def replace(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put a file in the place of another, whole or not at all, durable when it returns. Raises OSError."""
    made = path.with_name(f".{path.name}.new")
    made.unlink(missing_ok=True)
    write_new(made, data, mode)
    made.replace(path)
    sync(path.parent)


def sync_file(path: Path) -> None:
    """What others wrote to a file is on the disk. Raises OSError."""
    with path.open("rb+") as file:
        settle(file)


def sync(folder: Path) -> None:
    """What was made, renamed or removed in a folder outlives the machine. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
