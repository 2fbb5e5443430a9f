"""Sealing the key files of a folder under a passphrase, and unsealing them, file after file.

    protect    vault, then each key file, then the TLS keys. If we stop: some files are sealed and some are not, all
               of them are read as they are, and protect goes on
    unprotect  each key file, the TLS keys, then the vault. If we stop: likewise
    change     the vault alone. If we stop: the one before, or the new one

A file takes the place of the one before whole, durable, and the one before is written over after that: it keeps a
second name (`.gone`) until then, so that a stop leaves no seed in the free space of the disk.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from passerelle.core import durable
from passerelle.core.errors import KeyFileError, StateError
from passerelle.identity import custody as keeping
from passerelle.identity import files, tls, vault
from passerelle.identity.custody import Custody, SealedKey
from passerelle.identity.keys import read_private

Step = Callable[[str], None]


def no_step(name: str) -> None:
    """Nobody is told."""


def begin(custody: Custody, passphrase: str, cost: int = vault.COST) -> None:
    """A vault in a folder that has none. Raises KeyFileError for a short passphrase."""
    made = vault.fresh()
    durable.replace(custody.path, made.locked(passphrase, cost), 0o600)
    custody.take(made)


def change(custody: Custody, passphrase: str, cost: int = vault.COST) -> None:
    """Another passphrase. Raises KeyFileError when the present one does not open the vault, or for a short one."""
    durable.replace(custody.path, custody.vault().locked(passphrase, cost), 0o600)


def protect(custody: Custody, step: Step = no_step) -> list[str]:
    """Seal what is in clear; the vault is there. Returns the names of the files. `step` is told of each."""
    custody.vault()
    return list(_rewrite(custody, _sealed, lambda pem: tls.sealed(pem, custody.password()), step))


def unprotect(custody: Custody, step: Step = no_step) -> list[str]:
    """Bring everything into clear, and remove the vault. Returns the names of the files. Raises StateError."""
    if not custody.sealing:
        raise StateError("expected key files that are sealed, got files in clear")
    custody.vault()
    changed = list(_rewrite(custody, _clear, lambda pem: tls.clear(pem, custody.password()), step))
    files.wipe(custody.path)
    durable.sync(custody.folder)
    custody.take(None)
    return changed


def unsealed(custody: Custody) -> list[str]:
    """The files that are in clear although there is a vault: protecting stopped."""
    if not custody.sealing:
        return []
    keys = [path.name for path, label in files.paths(custody.folder) if isinstance(custody.read(path, label), bytes)]
    return keys + [path.name for path in _tls(custody) if not tls.is_sealed(read_private(path))]


def _sealed(custody: Custody, path: Path, label: str) -> bytes | None:
    secret = custody.read(path, label)
    return custody.written(label, secret) if isinstance(secret, bytes) else None


def _clear(custody: Custody, path: Path, label: str) -> bytes | None:
    secret = custody.read(path, label)
    return keeping.clear(secret.seed()) if isinstance(secret, SealedKey) else None


def _rewrite(
    custody: Custody,
    key: Callable[[Custody, Path, str], bytes | None],
    pem: Callable[[bytes], bytes],
    step: Step,
) -> Iterator[str]:
    files.finish(custody.folder, custody)
    _finish_tls(custody)
    for path, label in files.paths(custody.folder):
        if (made := key(custody, path, label)) is not None:
            _replace(path, made, step)
            yield path.name
    for path in _tls(custody):
        before = read_private(path)
        if (made := pem(before)) != before:
            _replace(path, made, step)
            yield path.name


def _tls(custody: Custody) -> list[Path]:
    return sorted(custody.folder.parent.glob("tls*.key"))


def _finish_tls(custody: Custody) -> None:
    for path in custody.folder.parent.glob(f"tls*{files.GONE}"):
        files.wipe(path)


def _replace(path: Path, made: bytes, step: Step) -> None:
    gone = path.with_suffix(files.GONE)
    if gone.exists():
        raise KeyFileError(f"expected no file at {gone}, got one")
    step(f"{path.name}:begin")
    os.link(path, gone)
    step(f"{path.name}:linked")
    durable.replace(path, made, 0o600)
    step(f"{path.name}:replaced")
    files.wipe(gone)
    durable.sync(path.parent)
