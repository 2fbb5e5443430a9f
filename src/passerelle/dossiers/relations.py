"""The kinds of relations between persons, dossiers and things: read from `catalogue/relations.toml`, once.

    kind = kinds()["travelled-with"]

Rules kept here: the list is closed, every label stands in four languages, a kind that denies another is denied by it,
and what a kind names exists. A file that breaks one of these is refused when it is read, by file and path.

Left unchecked: whether two ends may be linked at all (`office.walls`).
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from passerelle.dossiers.schema import CatalogueError
from passerelle.dossiers.shapes import Labels

FILE = "relations.toml"
SOURCES = ("A", "B", "C", "X")
INFORMATION = ("1", "2", "3", "4")
NATURES = ("fact", "assessment")
EndKind = Literal["person", "dossier", "thing"]


class RelationKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of relation. `one`, `other`: what may stand at its ends; without `back` it is symmetric.

    `category`: only where both types take persons of it; `denies`: the kind that says the contrary; `through`: whether
    a walk goes on behind it.
    """

    one: tuple[EndKind, ...]
    other: tuple[EndKind, ...]
    labels: Labels
    help: Labels
    back: Labels | None = None
    things: tuple[str, ...] = ()
    category: str = ""
    denies: str = ""
    through: bool = True

    @property
    def symmetric(self) -> bool:
        """Whether it says the same from both ends."""
        return self.back is None


class Follows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The acts that relations follow. `ends`, `again`: what befalls a relation when they name a message it rests on;
    `bars`: nothing new rests on the message. `answer` to `question`, with a decision among `granted`, is consent.
    """

    ends: tuple[str, ...]
    again: tuple[str, ...]
    bars: tuple[str, ...]
    question: str
    answer: str
    granted: tuple[str, ...]


class Relations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is read. `things`: what things are called, by kind."""

    follows: Follows
    kinds: Mapping[str, RelationKind]
    things: Mapping[str, Labels]


@cache
def shipped() -> Relations:
    """The shipped file."""
    return read((resources.files("passerelle.catalogue") / FILE).read_bytes())


def kinds() -> Mapping[str, RelationKind]:
    """The kinds of relations by name, in the order of the file."""
    return shipped().kinds


def read(data: bytes) -> Relations:
    """A file of relations. Raises CatalogueError."""
    try:
        made = msgspec.convert(tomllib.loads(data.decode()), Relations)
    except (ValueError, msgspec.ValidationError) as error:
        raise CatalogueError(FILE, "file", "the form of a file of relations", str(error)) from None
    for name, kind in made.kinds.items():
        at = f"kinds.{name}"
        if not kind.one or not kind.other:
            raise CatalogueError(FILE, at, "what may stand at each end", "nothing")
        if kind.symmetric and kind.one != kind.other:
            raise CatalogueError(FILE, f"{at}.back", "a name from the other end, as the ends differ", "nothing")
        if ("thing" in kind.other) != bool(kind.things) or "thing" in kind.one:
            raise CatalogueError(
                FILE, f"{at}.things", "kinds of things, where a thing is the other end", str(kind.things)
            )
        if unknown := [one for one in kind.things if one not in made.things]:
            raise CatalogueError(FILE, f"{at}.things", f"one of {', '.join(made.things)}", ", ".join(unknown))
        denied = made.kinds.get(kind.denies)
        if kind.denies and (denied is None or denied.denies != name):
            raise CatalogueError(FILE, f"{at}.denies", f"a kind that denies {name}", kind.denies)
    return made
