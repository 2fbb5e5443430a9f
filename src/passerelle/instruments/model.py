"""Instruments from bytes: `parse` for what is exchanged, `from_toml` and `from_file` for what persons write.

Rules kept here:
- an instrument is a canonical JSON text (`core.json.canonical`), at most 256 KiB; other bytes that say the same are
  refused, so one text has one digest: SHA-256 of exactly these bytes;
- all that is wrong is said at once: first against the schema of its kind, then, when the form holds, what a schema
  cannot say (`agreement`, `channel`);
- persons write TOML, or JSON in any layout; the product makes the canonical bytes, and adds nothing of its own.

Left unchecked: whatever needs other instruments; see `Instrument.against` and `lifecycle`.
"""

import hashlib
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

from passerelle.core.clock import to_iso
from passerelle.core.errors import InputError, JsonError
from passerelle.core.folders import regular
from passerelle.core.json import canonical, parse_object
from passerelle.instruments.agreement import Agreement
from passerelle.instruments.channel import Channel
from passerelle.instruments.errors import Findings, InstrumentFormError, Problem, listed, shorten
from passerelle.instruments.kinds import KINDS, Instrument

__all__ = [
    "MAX_BYTES",
    "Agreement",
    "Channel",
    "Instrument",
    "digest_of",
    "from_file",
    "from_toml",
    "from_value",
    "parse",
]

MAX_BYTES = 262_144


def digest_of(body: bytes) -> str:
    """SHA-256 of the exact bytes, 64 hex digits."""
    return hashlib.sha256(body).hexdigest()


def parse(body: bytes) -> Instrument:
    """The instrument (`Agreement`, `Channel` or another registered kind) that canonical bytes say.

    Raises InstrumentFormError with every problem found.
    """
    if len(body) > MAX_BYTES:
        raise InstrumentFormError([Problem("", f"at most {MAX_BYTES} bytes", f"{len(body)}")])
    try:
        value = parse_object(body, "instrument")
    except JsonError as error:
        raise InstrumentFormError([Problem("", "strict JSON", str(error))]) from error
    if (exact := canonical(value)) != body:
        at = next((i for i, (a, b) in enumerate(zip(exact, body, strict=False)) if a != b), min(len(exact), len(body)))
        raise InstrumentFormError([Problem("", "canonical JSON: keys sorted, no white space", f"another byte at {at}")])
    return _build(value, body)


def from_value(value: dict[str, Any]) -> Instrument:
    """The instrument that an object of JSON values says; `.body` has its canonical bytes.

    Raises InstrumentFormError.
    """
    try:
        return parse(canonical(value))
    except (TypeError, ValueError) as error:
        raise InstrumentFormError([Problem("", "values that JSON has", str(error)[:200])]) from error


def from_toml(text: str) -> Instrument:
    """The instrument that a TOML text says; `.body` has its canonical bytes.

    Dates and moments may be written bare; a moment must say its zone. Raises InstrumentFormError.
    """
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InstrumentFormError([Problem("", "TOML", str(error)[:200])]) from error
    findings = Findings()
    plain = _plain(value, "", findings)
    findings.raise_if_any()
    return from_value(plain)


def from_file(path: str | Path) -> Instrument:
    """The instrument in a `.toml` or `.json` file (UTF-8, any layout).

    Raises InputError when the file cannot be read or has another ending, InstrumentFormError when the text is
    malformed.
    """
    path = Path(path)
    if path.suffix not in (".toml", ".json"):
        raise InputError(f"expected a file that ends in .toml or .json, got {path.name!r}")
    try:
        with regular(path) as file:
            data = file.read(4 * MAX_BYTES + 1)
        if len(data) > 4 * MAX_BYTES:
            raise InputError(f"expected a file of at most {4 * MAX_BYTES} bytes, got more: {path}")
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"expected a readable UTF-8 file, got {path}: {error}") from error
    if path.suffix == ".toml":
        return from_toml(text)
    try:
        return from_value(parse_object(text, "instrument"))
    except JsonError as error:
        raise InstrumentFormError([Problem("", "strict JSON", str(error))]) from error


def _build(value: dict[str, Any], body: bytes) -> Instrument:
    findings = Findings()
    kind = KINDS.get(name) if isinstance(name := value.get("kind"), str) else None
    if kind is None:
        raise InstrumentFormError([Problem("kind", f"one of {listed(KINDS)}", shorten(name))])
    kind.examine(value, findings)
    findings.raise_if_any()
    common = {
        "kind": kind.name,
        "digest": digest_of(body),
        "body": body,
        "title": value["title"],
        "parties": tuple(value["parties"]),
        "supersedes": value.get("supersedes", ""),
    }
    built = kind.build(value, common, findings)
    findings.raise_if_any()
    if built is None:
        raise TypeError(f"kind {kind.name}: expected an instrument or a problem, got neither")
    return built


def _plain(value: Any, path: str, findings: Findings) -> Any:
    """TOML's value as JSON has it: dates and moments become texts."""
    if isinstance(value, dict):
        return {key: _plain(child, f"{path}.{key}".lstrip("."), findings) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child, f"{path}.{index}".lstrip("."), findings) for index, child in enumerate(value)]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            findings.add(path, "a moment with a zone, like 2026-11-21T08:00:00Z", str(value))
            return ""
        return to_iso(round(value.timestamp() * 1000))
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str | int):
        findings.add(path, "a text, a whole number, a date, a list or a table", str(value))
    return value
