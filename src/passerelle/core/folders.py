"""Folders that are made whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from passerelle.core.errors import InputError


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
