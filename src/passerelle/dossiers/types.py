"""The catalogue of dossier types: the shipped files and those of folders that a service adds.

    catalogue = Catalogue.load(Path("/etc/passerelle/types"))
    kind = catalogue.types["wanted-trace"]

Rules kept here: a name stands for one type; a file that is wrong stops the loading, because a node that silently left
a type out would refuse its partner's messages without knowing why. Both nodes compare `digest` before a channel names
a type.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

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


@dataclass(frozen=True)
class Catalogue:
    """The types by name, in the order of their names."""

    types: Mapping[str, DossierType]

    @classmethod
    def load(cls, *folders: Path) -> "Catalogue":
        """The shipped types and every `*.toml` of the folders.

        Raises CatalogueError (file, path, expected, got) when a file is wrong, a name is there twice, or a folder holds
        an envelope or common file of its own; OSError when a folder cannot be read.
        """
        shipped = resources.files("passerelle.catalogue")
        common = Common(*((shipped / name).read_bytes() for name in SHARED))
        files = [(item.name, item.read_bytes()) for item in shipped.iterdir() if item.name.endswith(".toml")]
        files = sorted(item for item in files if item[0] not in _BESIDE)
        for folder in folders:
            files += [(path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.suffix == ".toml"]
        types: dict[str, DossierType] = {}
        for name, data in files:
            if name in _BESIDE:
                raise CatalogueError(name, "", "a type; the shipped file of this name holds for all", "another")
            kind = Reader(data, name, common).read()
            consistency.check(kind, name)
            if kind.name in types:
                raise CatalogueError(name, "name", "a type that is not there yet", kind.name)
            types[kind.name] = kind
        return cls(MappingProxyType(dict(sorted(types.items()))))

    def get(self, name: object) -> DossierType | None:
        """The type of this name, or None; also for what is no name at all."""
        return self.types.get(name) if isinstance(name, str) else None

    def __contains__(self, name: object) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[DossierType]:
        return iter(self.types.values())

    def __len__(self) -> int:
        return len(self.types)
