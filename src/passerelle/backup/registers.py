"""Registers of erasures that a person names for a restore: each is this node's, and of the form, or it is refused.

A wrong file that were read as an empty register would bring back in silence what was erased.

Left unchecked: that the registers given are the newest. How many entries each has, and of when, is said.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from passerelle.backup import archive
from passerelle.backup.archive import Archive
from passerelle.backup.contents import Payload
from passerelle.core.errors import InputError
from passerelle.core.folders import regular
from passerelle.exchange import register
from passerelle.identity import identity as identities
from passerelle.node import IDENTITY
from passerelle.ports.erasures import Erasure


class Given(msgspec.Struct, frozen=True):
    """A register that was named, and what it holds."""

    path: str
    erasures: tuple[Erasure, ...]

    @property
    def newest(self) -> int | None:
        """When it was last written to, in milliseconds."""
        return max((one.time for one in self.erasures), default=None)


def given(path: Path, node: str, open_: Callable[[Archive], bytes]) -> Given:
    """The register at a path, or that in a later backup, which `open_` gives the data key of.

    Raises InputError, BackupError, SealError.
    """
    if not path.is_file():
        raise InputError(f"--erasures: expected a register of erasures or a later backup, got no file at {path}")
    if not archive.is_one(path):
        return Given(str(path), tuple(register.parse(_bytes(path), str(path), node, given=True)))
    later = archive.examine(path)
    if later.manifest.node != node:
        raise InputError(f"{path}: expected a backup of {node}, got one of {later.manifest.node}")
    for one in Payload(archive.opened(later, open_(later))).files():
        if one.path == register.NAME:
            return Given(str(path), tuple(register.parse(one.body, str(path), node)))
    raise InputError(f"{path}: expected a register of erasures in the backup, got none")


def of_folder(old: Path, node: str, *, needed: bool) -> Given | None:
    """The register of the folder of before; None when it has none and none is `needed`.

    Raises InputError when it is not this node's folder, IdentityError.
    """
    try:
        own = identities.parse((old / IDENTITY).read_bytes())
    except OSError:
        raise InputError(f"--old: expected the folder of a node, got {old}") from None
    if own.name != node:
        raise InputError(f"--old: expected the folder of {node}, got that of {own.name}")
    path = old / register.NAME
    if not path.exists():
        if needed:
            raise InputError(f"--old: expected {path}, got no file: say why there is none (--no-newer-erasures)")
        return None
    return Given(str(path), tuple(register.parse(_bytes(path), str(path), node)))


def _bytes(path: Path) -> bytes:
    try:
        with regular(path) as file:
            return file.read()
    except OSError as error:
        raise InputError(f"expected a readable register of erasures, got {path}: {error.strerror}") from None
