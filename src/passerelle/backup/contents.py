"""What a backup holds: files of the folder, then the records. Each file is a frame; a frame of no bytes ends them.

Rules kept here:
- files are named below the folder and put back below a folder, wherever a path may point;
- private keys are left out when that is wanted; a key in a token is never in it, only the file that says where it is;
- how far logs have left in files is in it, so that no index that was carried by hand is given out again;
- what the settings name outside the folder is not in a backup: it is said.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePath, PurePosixPath

import msgspec

from passerelle.core import durable
from passerelle.core.errors import BackupError, InputError
from passerelle.core.settings import Settings
from passerelle.exchange import register
from passerelle.identity.custody import VAULT
from passerelle.node import IDENTITY, KEYS, SETTINGS

CARRIED = "marks/*.carried"
LARGEST = 64 * 1024 * 1024
"""Bytes of a file at most."""
_MOST = 256 * 1024 * 1024


class File(msgspec.Struct, frozen=True):
    """A file of the folder. `path`: below it, with slashes; `mode`: permission bits."""

    path: str
    mode: int
    body: bytes


def in_token(body: bytes) -> bool:
    """Whether a key file says where in a token the key is, and holds no secret."""
    with suppress(msgspec.MsgspecError):
        found = msgspec.json.decode(body)
        return isinstance(found, dict) and bool(found.get("token"))
    return False


def is_private(path: str, body: bytes) -> bool:
    """Whether a file holds a private key, in clear or sealed, or what opens sealed ones."""
    return path == f"{KEYS}/{VAULT}" or (path.endswith(".key") and not in_token(body))


def names(folder: Path, settings: Settings) -> tuple[list[str], tuple[str, ...]]:
    """The files of a node, by their paths below the folder, and what is named in the settings but stands elsewhere."""
    found = [SETTINGS, IDENTITY]
    found += [path.name for path in sorted([*folder.glob("tls*.key"), *folder.glob("tls*.pem")])]
    found += [register.NAME] if (folder / register.NAME).exists() else []
    found += sorted(str(path.relative_to(folder)) for path in folder.glob(CARRIED))
    places = {KEYS: "*", settings.calendar.folder: "*.toml", **dict.fromkeys(settings.catalogue.folders, "*.toml")}
    absent, whole = [], folder.resolve()
    for named in (*places, *settings.backup.recipients):
        place = (whole / named).resolve()
        if not place.is_relative_to(whole):
            absent.append(named)
            continue
        inside = [path.relative_to(whole) for path in ([place] if place.is_file() else place.glob(places[named]))]
        found += sorted(str(path) for path in inside if (whole / path).is_file() and not _hidden(path))
    return list(dict.fromkeys(found)), tuple(absent)


def _hidden(path: PurePath) -> bool:
    return any(part.startswith(".") for part in path.parts)


def read(folder: Path, paths: Iterable[str]) -> list[File]:
    """The files themselves. Raises InputError for one that is larger than any such file."""
    made = []
    for path in paths:
        with (folder / path).open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            body = file.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise InputError(f"{folder / path}: expected a file of at most {LARGEST} bytes, got more")
        made.append(File(path, mode, body))
    return made


def encode(found: Iterable[File]) -> Iterator[bytes]:
    """The frames of the files, and the one that ends them."""
    for one in found:
        body = msgspec.msgpack.encode(one)
        yield len(body).to_bytes(4, "big") + body
    yield bytes(4)


class Payload:
    """The stream of a backup, read from its beginning: `files` first, then `records`."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._held = chunks, bytearray()

    def files(self) -> Iterator[File]:
        left = _MOST
        while length := int.from_bytes(self._take(4), "big"):
            left -= length
            if length > LARGEST + 64 * 1024 or left < 0:
                raise BackupError(f"expected files of at most {LARGEST} bytes, {_MOST} in all, got more")
            try:
                one = msgspec.msgpack.decode(self._take(length), type=File)
            except msgspec.MsgspecError:
                raise BackupError("expected a file in the backup, got something else") from None
            yield _checked(one)

    def records(self) -> Iterator[bytes]:
        yield bytes(self._held)
        yield from self._chunks

    def _take(self, size: int) -> bytes:
        while len(self._held) < size:
            more = next(self._chunks, None)
            if more is None:
                raise BackupError("expected the files of a node in the backup, got a part of them")
            self._held += more
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken


def _checked(one: File) -> File:
    path = PurePosixPath(one.path)
    if path.is_absolute() or not path.parts or _hidden(path) or "\0" in one.path:
        raise BackupError(f"expected a path below the folder, got {one.path[:80]!r}")
    return one


def write(folder: Path, one: File) -> None:
    """Put a file into a folder that is new. Durable when it returns; nobody but the owner ever writes it."""
    place = folder / one.path
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    durable.replace(place, one.body, 0o644 & one.mode | 0o600)
