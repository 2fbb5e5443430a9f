"""What all types share, read once: the envelope and the common states, acts, grounds, kinds of files and forms."""

import re
from collections.abc import Mapping
from typing import Any

from jsonschema_rs import Validator

from passerelle.dossiers.schema import DIALECT, CatalogueError, Linter, compiled
from passerelle.dossiers.shapes import FileKind, Labels, StateType
from passerelle.dossiers.tables import RawAct, RawCommon, RawEnvelope, RawFiles, RawState, convert, parse

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


class Common:
    """What all types share: the envelope and the common states, acts, grounds and forms.

    Raises CatalogueError when one of the two files is wrong.
    """

    def __init__(self, envelope: bytes, common: bytes) -> None:
        self.envelope_tables = parse(envelope, "envelope.toml")
        self.tables = parse(common, "common.toml")
        raw = convert(self.envelope_tables, RawEnvelope, "envelope.toml", "")
        self.raw = convert(self.tables, RawCommon, "common.toml", "")
        self.defs = {**raw.defs, **self.raw.defs}
        linter = Linter("envelope.toml", raw.defs)
        for name, schema in raw.defs.items():
            linter.check(schema, f"defs.{name}", field=False)
        linter.check(raw.envelope, "envelope", field=False)
        self.envelope = {"$schema": DIALECT, **raw.envelope, "$defs": raw.defs}
        self.validator = compiled(self.envelope, "envelope.toml", "envelope")
        linter = Linter("common.toml", self.defs)
        for name, schema in self.raw.defs.items():
            linter.check(schema, f"defs.{name}", field=False)
        self.grounds = {
            name: convert(table, Labels, "common.toml", f"grounds.{name}") for name, table in self.raw.grounds.items()
        }
        self.files = _files(self.raw.files, "common.toml", raw.defs)
        self.states = states_of(self.raw.states, "common.toml")
        self.acts = {
            name: convert(table, RawAct, "common.toml", f"acts.{name}") for name, table in self.raw.acts.items()
        }
        for name in self.acts:
            check_name(name, "common.toml", f"acts.{name}")
        # A body that no type changes is compiled once for all types.
        self.bodies: dict[str, tuple[dict[str, Any], Validator]] = {}


def check_name(name: str, file: str, path: str) -> None:
    """Raises CatalogueError when this is no name."""
    if not _NAME.fullmatch(name):
        raise CatalogueError(file, path, "a name of a-z, 0-9 and dash", name)


def states_of(tables: Mapping[str, dict[str, Any]], file: str) -> dict[str, StateType]:
    """The states of a file. Raises CatalogueError."""
    states = {}
    for name, table in tables.items():
        check_name(name, file, f"states.{name}")
        raw = convert(table, RawState, file, f"states.{name}")
        states[name] = StateType(name, raw.status, raw.labels, raw.help)
    return states


def _files(tables: Mapping[str, dict[str, Any]], file: str, defs: Mapping[str, Any]) -> dict[str, FileKind]:
    """The kinds of files; a media type that no attachment can have is a typing mistake."""
    pattern = re.compile(defs["attachment"]["properties"]["media"]["pattern"])
    kinds = {}
    for name, table in tables.items():
        check_name(name, file, f"files.{name}")
        raw = convert(table, RawFiles, file, f"files.{name}")
        for media in raw.media:
            if not pattern.fullmatch(media):
                raise CatalogueError(file, f"files.{name}.media", "a media type of the envelope", media)
        kinds[name] = FileKind(name, frozenset(raw.media), raw.special, raw.labels)
    return kinds
