"""Settings of a node: one TOML file and the environment, read once, frozen. An unknown key is an error.

A variable `PASSERELLE_<SECTION>_<KEY>` is stronger than the file (`core.sources`). A new section is a struct here, a
field of `Settings`, a row of `_BOUNDS` for what is bounded, and its lines in this table.

| key | what | default |
| --- | --- | --- |
| node.name | name of the node, as partners know it | – |
| node.country | two-letter country code | – |
| node.languages | languages of the service, among fr nl ar en | – |
| node.timezone | time zone in which deadlines of this side run | – |
| server.listen | address and port of the partner interface | 127.0.0.1:8443 |
| server.endpoints | how partners reach it, in the identity file; ["none"]: by hand alone | https://<listen> |
| store.url | a path below the folder, or postgresql://… | store.db |
| catalogue.folders | folders with dossier types of the service's own | [] |
| calendar.folder | folder with calendars of the service's own | calendars |
| exchange.batch_entries | entries in a batch at most (1 to 1000); an alert waits for the batch before it | 100 |
| exchange.batch_bytes | bytes in a batch at most (2 MiB to 8 MiB) | 4194304 |
| exchange.retry_first_ms | first pause after a failure, milliseconds | 500 |
| exchange.retry_most_ms | longest pause between tries, milliseconds | 300000 |
| exchange.poll_ms | how often the store is looked at when nothing wakes the pump, milliseconds | 1000 |
| exchange.timeout_ms | how long a partner may take to answer, milliseconds | 30000 |
| audit.every | how often audit records are closed into a block and shown to witnesses (PT1S to P1D) | PT1H |
| audit.partners | whether partners witness the audit log: when-none (no other is added), always, never | when-none |
| audit.late | how long a witness may not answer before an alarm (PT1S to P366D) | PT6H |
| attachments.file_bytes | bytes of the largest file that is sent or taken (1 MiB to 1 TiB) | 8589934592 |
| attachments.unfinished_bytes | bytes of files that a partner has begun and not ended (1 MiB to 1 PiB) | 34359738368 |
| attachments.unfinished_files | how many files that may be (1 to 100000) | 100 |
| attachments.expire | how long an upload may stand still before what came of it is deleted (PT1M to P366D) | P7D |
| attachments.unsent | how long a file that no released act names is kept (PT1H to P366D) | P30D |
| backup.recipients | files below the folder with public backup keys, to which every backup is sealed | [] |
| backup.late | how old the last backup may be before doctor warns (PT1H to P366D) | P2D |
| admin.listen | address and port of health and metrics, plain HTTP, never for partners; empty: none |  |
| limits.connections | open connections in all (8 to 10000) | 256 |
| limits.connections_an_address | open connections from one address, or one IPv6 network of 64 bits (1 to 10000) | 64 |
| limits.handshake_ms | how long a TLS handshake may take, milliseconds | 10000 |
| limits.header_ms | how long the header of a request may take, milliseconds | 10000 |
| limits.body_ms | how long a body or an answer may stand still in all, milliseconds | 20000 |
| limits.rate | bytes a second that a body or an answer has besides (1 KiB to 1 GiB) | 16384 |
| limits.idle_ms | how long a partner's connection may lie idle, milliseconds | 75000 |
| limits.stranger_ms | how long any other connection may lie idle, milliseconds | 5000 |
| limits.body_bytes | bytes of bodies and answers in memory at once (24 MiB to 16 GiB) | 67108864 |
| limits.wait_ms | how long a request waits for room before it is told to come later, milliseconds | 5000 |
| limits.partner_requests | requests of one partner at once (3 to 1000) | 12 |
| limits.partner_bytes_a_minute | bytes that one partner may send a minute | 17179869184 |
| limits.partner_entries_a_minute | entries that one partner may send a minute | 1000000 |
| screening.least | score, of 100, from which on a candidate is shown (1 to 99); it ranks and decides nothing | 50 |
| screening.most | hits that are shown of one traveller (1 to 50); others are counted | 10 |
| screening.retention | how long the entries of a new list stay unless an import confirms them (P1D to P10Y) | P1Y |
| lease.seconds | how long a process may be silent before others take over what it does (1 to 300) | 10 |
| keys.passphrase | where the passphrase of sealed keys comes from: prompt, file:PATH, credential:NAME | prompt |
| keys.pkcs11_module | library of a PKCS#11 token, an absolute path; empty: none | empty |
| keys.token | label of the token in which Ed25519 keys are made | empty |
| keys.pin | where its PIN comes from, as the passphrase | prompt |
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError, SettingsError
from passerelle.core.sources import Source, from_environment, lines, variable


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

    @property
    def reached(self) -> tuple[str, ...]:
        """The endpoints of the identity file; none where everything goes by hand."""
        return () if self.endpoints == ("none",) else self.endpoints or (f"https://{self.listen}",)


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

    batch_entries: int = 100
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


class BackupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom backups are sealed, and how often there must be one. Durations are ISO 8601."""

    recipients: tuple[str, ...] = ()
    late: str = "P2D"


class AdminSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where health and metrics are read. Nothing listens unless an address is named: it is plain HTTP, for anybody."""

    listen: str = ""


class AttachmentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What files may cost. Sizes in bytes, durations are ISO 8601."""

    file_bytes: int = 8 * 1024**3
    unfinished_bytes: int = 32 * 1024**3
    unfinished_files: int = 100
    expire: str = "P7D"
    unsent: str = "P30D"


class LimitsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the partner interface spends on others, whatever they send. Times in milliseconds, sizes in bytes."""

    connections: int = 256
    connections_an_address: int = 64
    handshake_ms: int = 10_000
    header_ms: int = 10_000
    body_ms: int = 20_000
    rate: int = 16 * 1024
    idle_ms: int = 75_000
    stranger_ms: int = 5_000
    body_bytes: int = 64 * 1024 * 1024
    wait_ms: int = 5_000
    partner_requests: int = 12
    partner_bytes_a_minute: int = 16 * 1024 * 1024 * 1024
    partner_entries_a_minute: int = 1_000_000


class ScreeningSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a screening against an own list shows, and how long a list is kept. Durations are ISO 8601."""

    least: int = 50
    most: int = 10
    retention: str = "P1Y"


class LeaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How several processes on one store share the work."""

    seconds: int = 10


class KeysSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where private keys are kept, and what opens them. No secret stands here."""

    passphrase: str = "prompt"  # noqa: S105 - where it comes from
    pkcs11_module: str = ""
    token: str = ""
    pin: str = "prompt"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a node."""

    node: NodeSettings
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    catalogue: CatalogueSettings = CatalogueSettings()
    calendar: CalendarSettings = CalendarSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    audit: AuditSettings = AuditSettings()
    attachments: AttachmentSettings = AttachmentSettings()
    backup: BackupSettings = BackupSettings()
    admin: AdminSettings = AdminSettings()
    limits: LimitsSettings = LimitsSettings()
    screening: ScreeningSettings = ScreeningSettings()
    lease: LeaseSettings = LeaseSettings()
    keys: KeysSettings = KeysSettings()


_BOUNDS: Mapping[str, Mapping[str, tuple[int, int] | tuple[str, str]]] = {
    "exchange": {
        "batch_entries": (1, 1000),
        "batch_bytes": (2 * 1024 * 1024, 8 * 1024 * 1024),
        "retry_first_ms": (10, 60_000),
        "retry_most_ms": (10, 86_400_000),
        "poll_ms": (10, 60_000),
        "timeout_ms": (100, 600_000),
    },
    "audit": {"every": ("PT1S", "P1D"), "late": ("PT1S", "P366D")},
    "attachments": {
        "file_bytes": (1024**2, 1024**4),
        "unfinished_bytes": (1024**2, 1024**5),
        "unfinished_files": (1, 100_000),
        "expire": ("PT1M", "P366D"),
        "unsent": ("PT1H", "P366D"),
    },
    "backup": {"late": ("PT1H", "P366D")},
    "limits": {
        "connections": (8, 10_000),
        "connections_an_address": (1, 10_000),
        "handshake_ms": (100, 600_000),
        "header_ms": (100, 600_000),
        "body_ms": (100, 600_000),
        "rate": (1024, 1024**3),
        "idle_ms": (100, 3_600_000),
        "stranger_ms": (100, 600_000),
        "body_bytes": (24 * 1024**2, 16 * 1024**3),
        "wait_ms": (10, 60_000),
        "partner_requests": (3, 1000),
        "partner_bytes_a_minute": (1024**2, 1024**5),
        "partner_entries_a_minute": (1, 10**9),
    },
    "screening": {"least": (1, 99), "most": (1, 50), "retention": ("P1D", "P10Y")},
    "lease": {"seconds": (1, 300)},
}
"""Least and most of each value that is bounded, both included: numbers, or ISO 8601 durations."""


SECRET_SOURCE = re.compile(r"prompt|file:.+|credential:[A-Za-z0-9._-]+")
"""Where a passphrase or a PIN may come from."""


class Configured(msgspec.Struct, frozen=True):
    """The settings in effect, and where each value (`section.key`) comes from."""

    settings: Settings
    sources: Mapping[str, Source]

    def where(self, name: str) -> str:
        """The place of a value, to be named in an error."""
        return self.sources[name].where or "settings"


def kinds() -> dict[str, dict[str, Any]]:
    """The type of each value, by section and key."""
    return {
        section.name: {field.name: field.type for field in msgspec.structs.fields(section.type)}
        for section in msgspec.structs.fields(Settings)
    }


def parse(text: str, where: str = "settings") -> Settings:
    """The settings that a TOML text says. Raises SettingsError naming the key, expected and got."""
    return configured(text, where, {}).settings


def configured(text: str, where: str, environ: Mapping[str, str]) -> Configured:
    """What a TOML text and the environment say, with the source of each value. Raises SettingsError."""
    try:
        told = tomllib.loads(text)
        # The file must be right by itself: a variable that goes away must not bring an error to light.
        msgspec.convert(told, Settings)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{where}: expected TOML, {error}") from None
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {error}") from None
    named, spoken = kinds(), from_environment(kinds(), environ)
    merged = {section: {**told.get(section, {}), **spoken.get(section, {})} for section in named}
    places = lines(text)
    sources = {}
    for section, keys in named.items():
        for key in keys:
            name = f"{section}.{key}"
            if key in spoken.get(section, {}):
                sources[name] = Source("environment", variable(section, key))
            elif name in places:
                sources[name] = Source("file", f"{where}:{places[name]}")
            else:
                sources[name] = Source()
    made = Configured(msgspec.convert(merged, Settings), sources)
    check(made)
    return made


def check(made: Configured) -> None:
    """Raise SettingsError, naming place, key, expected and got, when a value is out of its bounds."""
    for section, keys in _BOUNDS.items():
        for key, (least, most) in keys.items():
            name = f"{section}.{key}"
            where, value = made.where(name), getattr(getattr(made.settings, section), key)
            size, low, high = (_measure(one, f"{where}: {name}") for one in (value, least, most))
            if not low <= size <= high:
                raise SettingsError(f"{where}: {name}: expected {least} to {most}, got {value}")
    split_listen(made.settings.server.listen, made.where("server.listen"))
    for key in ("passphrase", "pin"):
        if not SECRET_SOURCE.fullmatch(text := getattr(made.settings.keys, key)):
            where = f"{made.where(f'keys.{key}')}: keys.{key}"
            # What stands there may be the secret itself.
            raise SettingsError(f"{where}: expected prompt, file:PATH or credential:NAME, got {len(text)} characters")
    if made.settings.keys.token and not made.settings.keys.pkcs11_module.startswith("/"):
        where = f"{made.where('keys.pkcs11_module')}: keys.pkcs11_module"
        raise SettingsError(f"{where}: expected an absolute path, as keys.token is set, got none")
    if admin := made.settings.admin.listen:
        if admin == made.settings.server.listen:
            words = f"admin.listen: expected another address than partners have, got {admin!r}"
            raise SettingsError(f"{made.where('admin.listen')}: {words}")
        split_listen(admin, made.where("admin.listen"), "admin.listen")


def _measure(value: int | str, where: str) -> int:
    try:
        return value if isinstance(value, int) else add_duration(0, value)
    except InputError as error:
        raise SettingsError(f"{where}: {error}") from None


def split_listen(text: str, where: str = "settings", name: str = "server.listen") -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`. Raises SettingsError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingsError(f"{where}: {name}: expected host:port, got {text!r}")
    return host.strip("[]"), int(port)


def load(path: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file and of the environment. Raises SettingsError."""
    return find(path, environ).settings


def find(path: Path, environ: Mapping[str, str] | None = None) -> Configured:
    """The settings of a file and of the environment, with the source of each value. Raises SettingsError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError(f"expected settings at {path}, got no file (make a node with `passerelle init`)") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: expected a readable file in UTF-8, got {error}") from None
    return configured(text, str(path), os.environ if environ is None else environ)
