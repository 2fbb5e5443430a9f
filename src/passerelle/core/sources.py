"""Where the value of a setting comes from: the default, the file, an environment variable, the last being strongest.

Rules kept here:
- the variable of `section.key` is `PASSERELLE_SECTION_KEY`; a list is written with commas, a flag as true or false;
- a variable of that form that names no setting is an error: a word misspelt must not leave the default in force
  unnoticed. `PASSERELLE_TEST_…` belongs to tests. A name of one word (`PASSERELLE_LANGUAGE`) is no setting;
- what is said of a value never holds a password: `redacted`.

Left unchecked: whether a value is within bounds; that is judged when all of them are known (`settings.check`).
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

import msgspec

from passerelle.core.errors import SettingsError

Kinds = Mapping[str, Mapping[str, Any]]
"""The type of each value by section and key."""
PREFIX = "PASSERELLE_"
_NOT_SETTINGS = ("PASSERELLE_TEST_",)
_SECRET = re.compile(r"passw|passphrase|secret|^pin(-value)?$|token", re.IGNORECASE)


class Source(msgspec.Struct, frozen=True):
    """Where a value comes from. `where`: `<path>:<line>` of a file, the name of a variable, nothing of a default."""

    kind: Literal["default", "file", "environment"] = "default"
    where: str = ""


def variable(section: str, key: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{section}_{key}".upper()


def from_environment(kinds: Kinds, environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The values that variables say, by section and key. Raises SettingsError naming the variable."""
    known = {variable(section, key): (section, key) for section, keys in kinds.items() for key in keys}
    found: dict[str, dict[str, Any]] = {}
    for name, text in environ.items():
        if name in known:
            section, key = known[name]
            found.setdefault(section, {})[key] = _value(name, text, kinds[section][key])
        elif name.startswith(PREFIX) and "_" in name.removeprefix(PREFIX) and not name.startswith(_NOT_SETTINGS):
            raise SettingsError(f"expected environment variables of settings that there are, got {name}")
    return found


def _value(name: str, text: str, kind: Any) -> Any:
    listed = str(kind).startswith("tuple")
    given: Any = [part.strip() for part in text.split(",") if part.strip()] if listed else text
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {error}") from None


def lines(text: str) -> dict[str, int]:
    """The line, from 1, on which each `section.key` of a TOML text begins.

    The library tells no lines: the text is read a line at a time, and a key that is new stands behind the last line at
    which the text was whole. Quadratic, for files of a page.
    """
    found: dict[str, int] = {}
    whole, parts = 0, text.splitlines()
    for number in range(1, len(parts) + 1):
        try:
            made = tomllib.loads("\n".join(parts[:number]))
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
        for section, keys in made.items():
            for key in keys if isinstance(keys, dict) else ():
                found.setdefault(f"{section}.{key}", whole + 1)
        whole = number
    return found


def redacted(value: object) -> object:
    """The value as it may be shown: without the passwords that an address holds."""
    if isinstance(value, list | tuple):
        return [redacted(one) for one in value]
    if not isinstance(value, str) or "://" not in value:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return value.partition("://")[0] + "://***"
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    asked = parse_qsl(parts.query, keep_blank_values=True)
    shown = "&".join(f"{key}={'***' if _SECRET.search(key) else quote(one, safe='/:,')}" for key, one in asked)
    return urlunsplit(parts._replace(netloc=f"{name}{':***' if colon else ''}{at}{host}", query=shown))


def toml(sections: Mapping[str, Mapping[str, object]]) -> str:
    """The TOML text of sections with their values."""
    parts = []
    for section, keys in sections.items():
        parts += [f"[{section}]", *(f"{key} = {written(value)}" for key, value in keys.items()), ""]
    return "\n".join(parts)


def written(value: object) -> str:
    """A value as it stands in TOML."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(one) for one in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
