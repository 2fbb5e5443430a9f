"""Settings of a node: one TOML file, read once, frozen. An unknown key is an error; nothing is guessed.

| key | what | default |
| --- | --- | --- |
| node.name | name of the node, as partners know it | – |
| node.country | two-letter country code | – |
| node.languages | languages of the service, among fr nl ar en | – |
| node.timezone | time zone in which deadlines of this side run | – |
| server.listen | address and port of the partner interface | 127.0.0.1:8443 |
| server.endpoints | how partners reach it, in the identity file | https://<listen> |
| store.url | a path below the folder, or postgresql://… | store.db |
| catalogue.folders | folders with dossier types of the service's own | [] |
| calendar.folder | folder with calendars of the service's own | calendars |
| exchange.batch_entries | entries in a batch at most (1 to 1000) | 500 |
| exchange.batch_bytes | bytes in a batch at most (2 MiB to 8 MiB) | 4194304 |
| exchange.retry_first_ms | first pause after a failure, milliseconds | 500 |
| exchange.retry_most_ms | longest pause between tries, milliseconds | 300000 |
| exchange.poll_ms | how often the store is looked at when nothing wakes the pump, milliseconds | 1000 |
| exchange.timeout_ms | how long a partner may take to answer, milliseconds | 30000 |
| audit.every | how often audit records are closed into a block and shown to witnesses (PT1S to P1D) | PT1H |
| audit.partners | whether partners witness the audit log: when-none (no other is added), always, never | when-none |
| audit.late | how long a witness may not answer before an alarm (PT1S to P366D) | PT6H |
"""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration
from passerelle.core.errors import InputError, SettingsError


class NodeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who this node is."""

    name: str
    country: str
    languages: tuple[str, ...]
    timezone: str


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the partner interface listens."""

    listen: str = "127.0.0.1:8443"
    endpoints: tuple[str, ...] = ()


class StoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the records are kept."""

    url: str = "store.db"


class CatalogueSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Dossier types beside the shipped ones."""

    folders: tuple[str, ...] = ()


class CalendarSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Weekends and holidays beside the shipped ones."""

    folder: str = "calendars"


class ExchangeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the pump works. Times in milliseconds."""

    batch_entries: int = 500
    batch_bytes: int = 4 * 1024 * 1024
    retry_first_ms: int = 500
    retry_most_ms: int = 300_000
    poll_ms: int = 1000
    timeout_ms: int = 30_000


class AuditSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the audit log is closed and witnessed. Durations are ISO 8601."""

    every: str = "PT1H"
    partners: Literal["when-none", "always", "never"] = "when-none"
    late: str = "PT6H"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a node."""

    node: NodeSettings
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    catalogue: CatalogueSettings = CatalogueSettings()
    calendar: CalendarSettings = CalendarSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    audit: AuditSettings = AuditSettings()


_BOUNDS = {
    "batch_entries": (1, 1000),
    "batch_bytes": (2 * 1024 * 1024, 8 * 1024 * 1024),
    "retry_first_ms": (10, 60_000),
    "retry_most_ms": (10, 86_400_000),
    "poll_ms": (10, 60_000),
    "timeout_ms": (100, 600_000),
}


def parse(text: str, where: str = "settings") -> Settings:
    """The settings that a TOML text says. Raises SettingsError naming the key, expected and got."""
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{where}: expected TOML, {error}") from None
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {error}") from None
    for key, (least, most) in _BOUNDS.items():
        value = getattr(settings.exchange, key)
        if not least <= value <= most:
            raise SettingsError(f"{where}: exchange.{key}: expected {least} to {most}, got {value}")
    for key, most in (("every", MILLISECONDS_A_DAY), ("late", 366 * MILLISECONDS_A_DAY)):
        text = getattr(settings.audit, key)
        if not 1000 <= _milliseconds(text, f"{where}: audit.{key}") <= most:
            raise SettingsError(f"{where}: audit.{key}: expected PT1S to P{most // MILLISECONDS_A_DAY}D, got {text!r}")
    split_listen(settings.server.listen, where)
    return settings


def _milliseconds(text: str, where: str) -> int:
    try:
        return add_duration(0, text)
    except InputError as error:
        raise SettingsError(f"{where}: {error}") from None


def split_listen(text: str, where: str = "settings") -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`. Raises SettingsError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingsError(f"{where}: server.listen: expected host:port, got {text!r}")
    return host.strip("[]"), int(port)


def load(path: Path) -> Settings:
    """The settings of a file. Raises SettingsError."""
    try:
        return parse(path.read_text("utf-8"), str(path))
    except FileNotFoundError:
        raise SettingsError(f"expected settings at {path}, got no file (make a node with `passerelle init`)") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: expected a readable file in UTF-8, got {error}") from None


def render(settings: Settings) -> str:
    """The TOML text of settings: what `init` writes."""
    lines = []
    for section, value in msgspec.to_builtins(settings).items():
        lines.append(f"[{section}]")
        for key, setting in value.items():
            lines.append(f"{key} = {_toml(setting)}")
        lines.append("")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
