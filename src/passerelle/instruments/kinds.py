"""The registry of kinds of instruments, and what every instrument has.

A kind is data and a small class: a JSON Schema of its own keys (`schemas/<kind>.json`), a subclass of `Instrument`, and
a function that builds it from the keys. `register` adds it; nothing else in this package knows the kinds by name, so
signing, superseding, ending, showing and comparing work for a new kind at once.

The keys that all kinds share (`v`, `kind`, `title`, `parties`, `supersedes`) stand in `schemas/common.json`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs
import msgspec

from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration, check_duration, from_iso
from passerelle.core.errors import InputError
from passerelle.instruments.errors import Findings, Problem, listed, shorten


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument of any kind, as its text says it. Moments are milliseconds since the epoch, UTC.

    `digest`: SHA-256 of `body`, the canonical JSON text. `begins`, `ends`: the first moment it may be in force and the
    first at which it no longer is (None: no end is set). `grace`: how long after an end a message may still arrive, ISO
    8601. `agreement`: the digest of the agreement under which it stands, "" for none; `supersedes`: what it replaces,
    or "".
    """

    kind: str
    digest: str
    body: bytes
    title: str
    parties: tuple[str, str]
    begins: int
    ends: int | None
    grace: str = "P0D"
    agreement: str = ""
    supersedes: str = ""

    def other(self, party: str) -> str:
        """The other party. Raises InputError when `party` is none."""
        if party not in self.parties:
            raise InputError(f"expected one of {listed(self.parties)}, got {party!r}")
        return self.parties[self.parties[0] == party]

    def against(self, agreement: "Instrument") -> tuple[Problem, ...]:
        """What in this instrument does not fit the agreement under which it says it stands."""
        del agreement
        return ()


Build = Callable[[dict[str, Any], Mapping[str, Any], Findings], Instrument | None]


class Kind:
    """A kind: its name, the schema of its own keys, and `build`.

    `build(value, common, findings)` gets the instrument's object, valid by the schema, and the fields that all kinds
    share (for `**common`); it adds to `findings` whatever the schema could not say, and then may return None.
    """

    def __init__(self, name: str, schema: Mapping[str, Any], build: Build) -> None:
        common = data("common")
        self.name = name
        self.build = build
        self.schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": common["properties"] | {"kind": {"const": name}} | schema["properties"],
            "required": [*common["required"], *schema["required"]],
            "$defs": common["$defs"] | schema.get("$defs", {}),
        }
        self._validator = jsonschema_rs.validator_for(self.schema)

    def examine(self, value: Any, findings: Findings) -> None:
        """Add everything in which the value differs from the schema."""
        for error in self._validator.iter_errors(value):
            path = ".".join(map(str, error.instance_path))
            found = error.kind.as_dict()
            if error.kind.name == "additionalProperties":
                findings.add(path, "only the keys of this form", listed(map(repr, found["unexpected"])))
            elif error.kind.name == "required":
                findings.add(f"{path}.{found['property']}".lstrip("."), "a value", "nothing")
            elif error.kind.name == "propertyNames":
                findings.add(path, "other keys", str(found["error"])[:200])
            else:
                findings.add(path, self._expected(error, found), shorten(error.instance))

    def _expected(self, error: jsonschema_rs.ValidationError, found: dict[str, Any]) -> str:
        """The words of the schema itself where it has some."""
        if error.kind.name == "enum":
            return f"one of {listed(map(str, found['options']))}"
        here: Any = self.schema
        for step in error.schema_path[:-1]:
            if step == "$ref":
                continue
            here = here[step]
            while "$ref" in here and "description" not in here:
                here = self.schema["$defs"][here["$ref"].rpartition("/")[2]]
        words = here.get("description") if isinstance(here, dict) else None
        return words or " ".join([error.kind.name, *(shorten(part) for part in found.values())])


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """From now on instruments of this kind are known. Raises InputError when the name is taken."""
    if kind.name in KINDS:
        raise InputError(f"expected a kind that is not there yet, got {kind.name!r}")
    KINDS[kind.name] = kind


@cache
def data(name: str) -> dict[str, Any]:
    """A JSON file of this package: `common`, `vocabulary` or the schema of a kind."""
    text = resources.files("passerelle.instruments").joinpath("schemas", f"{name}.json").read_text("utf-8")
    return dict(json.loads(text))


def moment(text: str, path: str, findings: Findings, *, end: bool = False) -> int:
    """The moment that a date or a moment means: a date begins at 00:00 UTC; as an `end` it includes its whole day."""
    try:
        if len(text) > 10:
            return from_iso(text)
        return from_iso(text + "T00:00:00Z") + (MILLISECONDS_A_DAY if end else 0)
    except InputError:
        findings.add(path, "a day and an hour that exist", shorten(text))
        return 0


def window(value: Mapping[str, str], path: str, findings: Findings) -> tuple[int, int | None]:
    """`from` and `until` of the value; the second is None when there is no `until`."""
    begins = moment(value["from"], f"{path}.from", findings)
    ends = moment(value["until"], f"{path}.until", findings, end=True) if "until" in value else None
    if ends is not None and ends <= begins:
        findings.add(f"{path}.until", f"a time after {value['from']}", value["until"])
    return begins, ends


def duration(text: str, path: str, findings: Findings, *, longest: str) -> None:
    """Checks an ISO 8601 duration and that it is no longer than `longest`."""
    try:
        check_duration(text)
        if add_duration(0, text) > add_duration(0, longest):
            findings.add(path, f"at most {longest}", text)
    except InputError:
        findings.add(path, "an ISO 8601 duration like PT8H or P3D", shorten(text))


def same_names(names: Iterable[str], parties: Iterable[str], path: str, findings: Findings) -> bool:
    """Whether the keys are exactly the two parties."""
    if set(names) == set(parties):
        return True
    findings.add(path, f"the parties {listed(parties)}", listed(names))
    return False
