"""The folder of a node's private keys: one file a key, of its owner alone.

    <label>.key         the keys that the node was made with
    <label>.<id>.key    keys made later

A file is known by what it holds; its name tells persons the same. A key is destroyed by writing over its file before
the name goes. That is as much as a program can do: what a disk, a snapshot or a backup keeps of it is beyond reach.
"""

import os
from collections.abc import Container
from pathlib import Path

from passerelle.core.errors import IdentityError, KeyFileError
from passerelle.identity.keys import SEEDS, NodeKeys, OpenKey, Signer, b64, read_private, unb64, write_private


def save(folder: Path, seeds: dict[str, bytes]) -> None:
    """Write one file a seed, `<label>.key`, into a new folder of the owner alone."""
    folder.mkdir(mode=0o700)
    for label, seed in seeds.items():
        write_private(folder / f"{label}.key", b64(seed).encode() + b"\n")


def load(name: str, folder: Path) -> NodeKeys:
    """All private keys of a folder; in use are those that the node was made with. Raises KeyFileError naming the file.

    Another set is put in use with `turn`.
    """
    keys = NodeKeys(name, {})
    keys.look = lambda: read(folder)
    for label, seed in read(folder):
        keys.add(label, seed)
    return keys


def first(name: str, folder: Path) -> NodeKeys:
    """The keys that a node was made with. Raises KeyFileError naming the file that is missing."""
    return NodeKeys(name, {label: _seed(folder / f"{label}.key", label) for label in SEEDS})


def read(folder: Path) -> list[tuple[str, bytes]]:
    """Label and seed of each key file. Raises KeyFileError."""
    paths = sorted(folder.glob("*.key"))
    return [(label, _seed(path, label)) for path in paths if (label := path.name.split(".")[0]) in SEEDS]


def _seed(path: Path, label: str) -> bytes:
    try:
        seed = unb64(read_private(path).decode("ascii", "replace").strip())
    except KeyFileError:
        raise
    except IdentityError as error:
        raise KeyFileError(f"{path}: {error}") from None
    if len(seed) != SEEDS[label]:
        raise KeyFileError(f"{path}: expected {SEEDS[label]} bytes, got {len(seed)}")
    return seed


def add(folder: Path, name: str, seeds: dict[str, bytes]) -> None:
    """Write more keys, each under its id. Durable when it returns; a key that is there already stays."""
    for label, seed in seeds.items():
        replace(folder / f"{label}.{_id(name, label, seed)}.key", b64(seed).encode() + b"\n", 0o600)


def destroy(folder: Path, name: str, ids: Container[str]) -> list[str]:
    """Destroy the files of these keys. Returns their names."""
    gone = []
    for path in sorted(folder.glob("*.key")):
        label = path.name.split(".")[0]
        if label not in SEEDS or _id(name, label, _seed(path, label)) not in ids:
            continue
        gone.append(path.name)
        path.rename(path.with_suffix(".gone"))
    # Renamed first: if we stop while it is written over, no half a key is in the way of the next start.
    for path in folder.glob("*.gone"):
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.write(b"\0" * size)
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    if gone:
        settle(folder)
    return gone


def replace(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put a file in the place of another, whole or not at all, durable when it returns."""
    made = path.with_name(f".{path.name}.new")
    made.unlink(missing_ok=True)
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
    settle(path.parent)


def _id(name: str, label: str, seed: bytes) -> str:
    made = NodeKeys(name, {}).add(label, seed)
    return made.id.hex() if isinstance(made, Signer) else OpenKey(seed).id


def settle(folder: Path) -> None:
    """What was named, renamed or removed in a folder outlives a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
