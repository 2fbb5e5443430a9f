"""What a dossier type has, for what its parts name to be held against: acts, fields, words, forms, durations."""

from collections.abc import Iterable, Mapping
from typing import Any

from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError
from passerelle.dossiers.rules import Value
from passerelle.dossiers.schema import CatalogueError, inner, resolved
from passerelle.dossiers.shapes import ActType, DossierType


class Known:
    """A type as it was read from a file. What is named and not there raises CatalogueError, by file and path."""

    def __init__(self, kind: DossierType, file: str) -> None:
        self.kind = kind
        self.file = file

    def fail(self, path: str, expected: str, got: str) -> CatalogueError:
        """The error, for who raises it."""
        return CatalogueError(self.file, path, expected, got)

    def one_of(self, path: str, words: Iterable[str], known: Iterable[str]) -> None:
        """Each word is among the known ones."""
        for word in words:
            if word not in known:
                raise self.fail(path, "one of " + ", ".join(known), word)

    def leads(self, act: ActType, steps: list[str]) -> bool:
        """Whether a way leads to a value that is neither object nor list, in the body of an act or in a person."""
        forms = {**self.kind.envelope["$defs"], **act.schema["$defs"]}
        in_body = steps[0] == "body"
        schema = inner(act.schema, steps[1:], forms) if in_body else inner(self.kind.envelope, steps, forms)
        return bool(schema and schema.get("type") not in ("object", "array"))

    def where(self, path: str, act: str, where: Mapping[str, tuple[Value, ...]]) -> None:
        """Each field asked for is one of the act's body, each word one that it can have."""
        fields = self.kind.acts[act].schema.get("properties", {})
        for name, words in where.items():
            self.one_of(f"{path}.where", [name], fields)
            known = self.words(act, name)
            for word in words:
                if word not in known or type(word) is not type(known[0]):
                    raise self.fail(f"{path}.where.{name}", "one of " + ", ".join(map(str, known)), str(word))

    def words(self, act: str, name: str) -> list[Any]:
        """The words that a field of an act's body can have."""
        schema = self.kind.acts[act].schema
        field = resolved(schema["properties"][name], schema["$defs"])
        return field.get("enum") or ([True, False] if field.get("type") == "boolean" else [field.get("const")])

    def form(self, name: str) -> Any:
        """A form of the envelope or of what all types share."""
        for act in self.kind.acts.values():
            if name in act.schema["$defs"]:
                return act.schema["$defs"][name]
        return self.kind.envelope["$defs"].get(name)

    def duration(self, path: str, text: str) -> None:
        """A period that is not over when it begins, and ends while calendars count."""
        try:
            ends = add_duration(0, text)
        except InputError:
            raise self.fail(path, "an ISO 8601 duration like PT8H or P3D", text) from None
        if ends == 0:
            raise self.fail(path, "a duration that is not zero", text)
