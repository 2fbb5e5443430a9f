"""The catalogue of dossier types: the shipped files and those of folders that a service adds.

    catalogue = Catalogue.load(Path("/etc/passerelle/types"))
    kind = catalogue.types["wanted-trace"]

Rules kept here: a name stands for one type; a file of a folder that is wrong stops the loading, because a node that
silently left a type out would refuse its partner's messages without knowing why. Both nodes compare `digest` before a
channel names a type. The shipped files are read one by one, when their types are needed: a command that looks at one
dossier does not wait for all kinds of cooperation.
"""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

from passerelle.dossiers import consistency
from passerelle.dossiers.reading import Common, Reader
from passerelle.dossiers.schema import CatalogueError
from passerelle.dossiers.shapes import (
    LANGUAGES,
    ActType,
    Deadline,
    Defaults,
    DossierType,
    HandlingRule,
    Labels,
    Language,
    Moment,
    StateType,
    SubjectRule,
    Transition,
)

__all__ = [
    "LANGUAGES",
    "ActType",
    "Catalogue",
    "CatalogueError",
    "Deadline",
    "Defaults",
    "DossierType",
    "HandlingRule",
    "Labels",
    "Language",
    "Moment",
    "StateType",
    "SubjectRule",
    "Transition",
]

SHARED = ("envelope.toml", "common.toml")
_BESIDE = (*SHARED, "relations.toml")
"""Files of the catalogue that are no types."""


class _Shelf(Mapping[str, DossierType]):
    """Types by name, in the order of their names. Each file is read when its type is first asked for."""

    def __init__(
        self, files: Mapping[str, tuple[str, bytes]], read: dict[str, DossierType], common: Callable[[], Common]
    ) -> None:
        self._files = dict(sorted(files.items()))
        self._read, self._common = read, common
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> DossierType:
        if (kind := self._read.get(name)) is not None:
            return kind
        file, data = self._files[name]
        with self._lock:
            if name not in self._read:
                self._read[name] = _read(data, file, self._common())
            return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _read(data: bytes, file: str, common: Common) -> DossierType:
    kind = Reader(data, file, common).read()
    consistency.check(kind, file)
    return kind


def _shared() -> list[bytes]:
    shipped = resources.files("passerelle.catalogue")
    return [(shipped / name).read_bytes() for name in SHARED]


def look(data: bytes, file: str, others: Collection[str], common: Common | None = None) -> DossierType:
    """The type of a file that is to stand beside those of these names. `common`: what all share, where it is read.

    Raises CatalogueError, the first of all that is wrong with the file; `others` of it are the rest.
    """
    if file in _BESIDE:
        raise CatalogueError(file, "", "a type; the shipped file of this name holds for all", "another")
    kind = _read(data, file, common or Common(*_shared()))
    if kind.name in others:
        raise CatalogueError(file, "name", "a type that is not there yet", kind.name)
    return kind


@dataclass(frozen=True)
class Catalogue:
    """The types by name, in the order of their names. `marks`: a digest of each type's files, cheaper than its own."""

    types: Mapping[str, DossierType]
    marks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, *folders: Path) -> "Catalogue":
        """The shipped types and every `*.toml` of the folders.

        Files of the folders are read at once, those that are shipped when they are needed: the suite reads them all.

        Raises CatalogueError (file, path, expected, got) when a file is wrong, a name is there twice, or a folder holds
        an envelope or common file of its own; OSError when a folder cannot be read.
        """
        shipped = resources.files("passerelle.catalogue")
        shared = _shared()
        common = cache(lambda: Common(*shared))
        files: dict[str, tuple[str, bytes]] = {}
        for item in shipped.iterdir():
            if item.name.endswith(".toml") and item.name not in _BESIDE:
                files[item.name.removesuffix(".toml")] = item.name, item.read_bytes()
        read: dict[str, DossierType] = {}
        for folder in folders:
            for path in sorted(folder.iterdir()):
                if path.suffix == ".toml":
                    data = path.read_bytes()
                    kind = look(data, path.name, files, common())
                    files[kind.name] = path.name, data
                    read[kind.name] = kind
        base = hashlib.sha256(b"".join(shared))
        return cls(_Shelf(files, read, common), {name: _mark(base, data) for name, (_, data) in sorted(files.items())})

    def get(self, name: object) -> DossierType | None:
        """The type of this name, or None; also for what is no name at all."""
        return self.types.get(name) if isinstance(name, str) else None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.types

    def __iter__(self) -> Iterator[DossierType]:
        return iter(self.types.values())

    def __len__(self) -> int:
        return len(self.types)


def _mark(base: "hashlib._Hash", data: bytes) -> str:
    digest = base.copy()
    digest.update(data)
    return digest.hexdigest()
