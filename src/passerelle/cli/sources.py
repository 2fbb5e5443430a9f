"""Files of persons that somebody names: lists and travellers, opened, told apart and read."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from passerelle.core.retold import in_a_row, retold
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.cli.screen import Screen
    from passerelle.persons.model import Fault, Person
    from passerelle.screening.readers import Options, Reading

LISTS = ("un", "ofac", "csv", "jsonl")
TRAVELLERS = ("mrz", "paxlst", "csv", "jsonl")
"""The forms of either."""
_BLOCK = 1 << 20
_TOLD = 20


class Files:
    """Some files that are open, as one source. They are read as often as asked."""

    def __init__(self, files: Sequence[BinaryIO], form: str, options: "Options", mapping: bytes) -> None:
        self._files, self._form, self._options, self._mapping = files, form, options, mapping
        self.size = sum(_size(one) for one in files)

    def digest(self) -> str:
        """SHA-256 in hex over how they are read and every byte of them."""
        found = hashlib.sha256(
            f"{self._form}\n{self._options.encoding}\n{len(self._mapping)}\n".encode() + self._mapping
        )
        for one in self._files:
            one.seek(0)
            found.update(f"{_size(one)}\n".encode())
            while block := one.read(_BLOCK):
                found.update(block)
        return found.hexdigest()

    def read(self) -> "Reading":
        """Their entries, from the beginning."""
        from passerelle.screening import readers

        for one in self._files:
            one.seek(0)
        return readers.entries(self._files, self._form or None, options=self._options)

    def whole(self, what: str, most: int = 1) -> "tuple[Reading, list[Fault]]":
        """All of it read once, without keeping who is in it, and its faults: the first of them, and the last.

        `most`: how many faults. Raises InputError for an empty file and for one that breaks off, with the place.
        """
        from passerelle.core.errors import InputError
        from passerelle.persons.model import Fault

        reading = self.read()
        faults: list[Fault] = []
        for one in reading:
            if isinstance(one, Fault):
                faults = [*faults[: most - 1], one]
        if not self.size:
            raise InputError(f"{what}: expected travellers, got an empty file")
        if not reading.whole:
            last = faults[-1]
            raise InputError(
                f"{what}: expected a file that can be read to its end, "
                f"got an end on line {last.line}, column {last.column}: {last.message}"
            )
        return reading, faults

    def done(self) -> int:
        """How many bytes were read."""
        return sum(one.tell() for one in self._files)


def _size(file: BinaryIO) -> int:
    here = file.tell()
    size = file.seek(0, 2)
    file.seek(here)
    return size


@contextmanager
def files(
    paths: Sequence[Path], form: str, known: Sequence[str], today: str, mapping: Path | None, encoding: str, what: str
) -> Iterator[Files]:
    """The files of these paths, open. `today`: the day of the node. Raises InputError."""
    from datetime import date

    from passerelle.cli.door import read_file
    from passerelle.core.errors import InputError
    from passerelle.core.folders import regular
    from passerelle.screening import readers

    if form and form not in known:
        raise InputError(f"--form: expected one of {', '.join(known)}, got {form[:40]!r}")
    text = read_file(mapping, "--mapping", 1 << 20) if mapping else b""
    mapped = readers.mapping_from(text) if mapping else None
    options = readers.Options(today=date.fromisoformat(today), mapping=mapped, encoding=encoding)
    with ExitStack() as stack:
        found = []
        for path in paths:
            try:
                found.append(stack.enter_context(regular(path)))
            except OSError as error:
                raise InputError(f"{what}: expected a readable file, got {path}: {error.strerror}") from None
        yield Files(found, form, options, text)


# -- how they are shown ------------------------------------------------------------------------------------------------


def fault_values(faults: "Sequence[Fault]") -> list[dict[str, Any]]:
    """Faults, as JSON has them."""
    return [{"line": one.line, "column": one.column, "message": one.message} for one in faults]


def tell_faults(screen: "Screen", faults: list[dict[str, Any]], count: int) -> None:
    """The first faults, each with its place, and how many there are besides."""
    for one in faults[:_TOLD]:
        place = _("line {line}, column {column}", line=one["line"], column=one["column"])
        screen.line(f"{place}: {retold(one['message'])}")
    if more := count - min(count, len(faults), _TOLD):
        screen.line(n_("and {count} more fault", "and {count} more faults", more))


def names_of(person: dict[str, Any]) -> str:
    """The first name of a person, and how many others there are."""
    names = [one["text"] for one in person.get("names", ())]
    if not names:
        documents = [one["number"] for one in person.get("documents", ())]
        return documents[0] if documents else ""
    return names[0] if len(names) == 1 else f"{names[0]} (+{len(names) - 1})"


def person_fields(person: dict[str, Any]) -> list[tuple[str, object]]:
    """A person as `Screen.fields` takes it."""
    comma = _(", ")

    def birth(one: dict[str, Any]) -> str:
        until = f"–{one['until']}" if one.get("until") else ""
        words = {"hijri": _("Hijri"), "approximate": _("approximate"), "claimed": _("as claimed")}
        marks = [words[one[key]] for key in ("calendar", "kind") if one.get(key) in words]
        return f"{one['date']}{until}" + (f" ({comma.join(marks)})" if marks else "")

    def place(one: dict[str, Any]) -> str:
        return " ".join(part for part in (one.get("text", ""), one.get("country", "")) if part)

    return [
        (_("names"), in_a_row(one["text"] for one in person.get("names", ()))),
        (_("born"), comma.join(map(birth, person.get("births", ())))),
        (_("sex"), _(person["sex"]) if person.get("sex") else ""),
        (_("nationality"), comma.join(person.get("nationalities", ()))),
        (
            _("documents"),
            comma.join(f"{one['number']} {one.get('country', '')}".strip() for one in person.get("documents", ())),
        ),
        (_("numbers"), comma.join(one["value"] for one in person.get("numbers", ()))),
        (_("places"), in_a_row(map(place, person.get("places", ())))),
    ]


def person_value(person: "Person") -> dict[str, Any]:
    """A person as JSON has him."""
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(person)
    return made
