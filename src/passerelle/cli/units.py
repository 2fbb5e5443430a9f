"""The units with which systemd runs a node: nothing of the machine is open to it that it does not need.

Rules kept here: what stands in the units follows from the settings (port, limits, where secrets come from); a path that
systemd would read otherwise is refused; memory is bounded by what `limits` let partners and strangers cost.
"""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerelle.cli import exits
from passerelle.cli.door import Answer, Folder, command
from passerelle.cli.screen import Screen
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.core.settings import Settings

_PLAIN = re.compile(r"/[A-Za-z0-9/._-]*")
_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_WATCHDOG = 60
_MIB = 1024 * 1024
_BASE = 192  # MiB: the program, its libraries, the catalogue, a page cache of the store
_MAKING = 160  # MiB: what waits while a table of the blind search is made
_EVALUATES = 80  # MiB: a process that evaluates

_SERVICE = """\
# {file}
[Unit]
Description=Passerelle, node {node}
Documentation=man:systemd.exec(5)
Wants=network-online.target
After=network-online.target time-sync.target postgresql.service
# A token that is away, or a database that comes late: it is tried again without end
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={program} serve {folder} --json
User={user}
Group={user}
WatchdogSec={watchdog}
Restart=on-failure
RestartPreventExitStatus={never}
RestartSec=5
TimeoutStartSec=120
TimeoutStopSec=60
{credentials}
# What it may spend
MemoryMax={memory}M
LimitNOFILE={files}
LimitCORE=0
TasksMax=256

# What it may write
ReadWritePaths={folder}
{hardening}
[Install]
WantedBy=multi-user.target
"""

_BACKUP = """\
# {file}
[Unit]
Description=Backup of Passerelle, node {node}

[Service]
Type=oneshot
ExecStart=/bin/sh -c '{program} backup create {folder} --out {backups}/{node}-$$(date +%%F).backup --as {person}'
User={user}
Group={user}
Nice=10
{credentials}
LimitCORE=0
ReadWritePaths={folder} {backups}
{hardening}"""

_TIMER = """\
# {file}
[Unit]
Description=Backup of Passerelle, node {node}, every night

[Timer]
OnCalendar=*-*-* 02:30
RandomizedDelaySec=10min
Persistent=true

[Install]
WantedBy=timers.target
"""

_HARDENING = """\
ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers={users}
DevicePolicy=closed
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
NoNewPrivileges=yes
CapabilityBoundingSet={capabilities}
AmbientCapabilities={capabilities}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "unit",
        "unit /srv/be --user passerelle",
        "unit /srv/be --backup-to /backup --backup-as eva --out /etc/systemd/system",
    )(unit)


def unit(
    folder: Folder,
    user: Annotated[str, typer.Option("--user", help="The operating-system user that runs it.")] = "passerelle",
    program: Annotated[
        str, typer.Option("--program", help="The command that starts passerelle.", show_default="this one")
    ] = "",
    backup_to: Annotated[
        Path | None,
        typer.Option("--backup-to", metavar="FOLDER", help="Also back up every night, into this folder."),
    ] = None,
    backup_as: Annotated[
        str, typer.Option("--backup-as", metavar="PERSON", help="The person who makes these backups.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Write the units into this folder.")
    ] = None,
) -> Answer:
    """Show the units with which systemd runs this node, hardened, as its settings say.

    They tell systemd when the node is ready and that it is alive, bound its memory, and leave it nothing of the machine
    but its folder.
    """
    from passerelle.cli.door import write_file
    from passerelle.core import settings as configuration
    from passerelle.core.errors import InputError
    from passerelle.node import SETTINGS

    settings = configuration.load(folder / SETTINGS)
    if not _NAME.fullmatch(user):
        raise InputError(f"--user: expected the name of a user, got {user[:40]!r}")
    if (backup_to is None) != (not backup_as):
        raise InputError("expected --backup-to and --backup-as together, got one of them")
    made = units(
        settings,
        _path(folder, "DIR"),
        user,
        program or _this(),
        backups=_path(backup_to, "--backup-to") if backup_to else "",
        person=backup_as,
    )
    if out is not None:
        for name, text in made.items():
            write_file(out / name, text.encode())
            (out / name).chmod(0o644)
    paths = {name: str(out / name) if out else "" for name in made}
    value = [{"name": name, "text": text, "file": paths[name]} for name, text in made.items()]

    def tell(screen: Screen) -> None:
        for name, text in made.items():
            screen.line(_("written: {file}", file=paths[name]) if out else text)

    return Answer(value, tell)


def units(
    settings: "Settings", folder: str, user: str, program: str, *, backups: str = "", person: str = ""
) -> dict[str, str]:
    """The text of each unit, by the name of its file."""
    node = settings.node.name
    low = int(settings.server.listen.rpartition(":")[2]) < 1024
    hardening = _HARDENING.format(
        home="read-only" if folder.startswith(("/home/", "/root/")) else "yes",
        users="no" if low else "yes",
        capabilities="CAP_NET_BIND_SERVICE" if low else "",
    )
    said = {
        "node": node,
        "folder": folder,
        "user": user,
        "program": program,
        "credentials": "".join(f"{line}\n" for line in _credentials(settings)),
    }
    names = [f"passerelle-{node}.service", f"passerelle-{node}-backup.service", f"passerelle-{node}-backup.timer"]
    made = {
        names[0]: _SERVICE.format(
            file=names[0],
            watchdog=_WATCHDOG,
            never=exits.USAGE,
            memory=memory(settings) // _MIB,
            files=2 * settings.limits.connections + 1024,
            hardening=hardening,
            **said,
        )
    }
    if backups:
        made[names[1]] = _BACKUP.format(
            file=names[1],
            backups=backups,
            person=person,
            hardening=hardening,
            **said,
        )
        made[names[2]] = _TIMER.format(file=names[2], node=node)
    return made


def memory(settings: "Settings") -> int:
    """Bytes that a serving node needs at most, by its limits, and half as much again. Beside it processes evaluate for
    the blind search on each processor, twice as many while a table is made.
    """
    from passerelle.search.processors import processors

    limits = settings.limits
    search = _MAKING + 2 * _EVALUATES * processors()
    return ((_BASE + search) * _MIB + limits.connections * _MIB // 2 + 4 * limits.body_bytes) * 3 // 2


def _credentials(settings: "Settings") -> list[str]:
    """Where systemd finds the secrets that the settings ask it for."""
    asked = [one.partition(":") for one in (settings.keys.passphrase, settings.keys.pin)]
    names = dict.fromkeys(name for kind, _, name in asked if kind == "credential")
    return [f"LoadCredentialEncrypted={name}:/etc/passerelle/{settings.node.name}.{name}" for name in names]


def _path(path: Path, what: str) -> str:
    from passerelle.core.errors import InputError

    text = str(path.absolute())
    if not _PLAIN.fullmatch(text):
        raise InputError(f"{what}: expected a path of letters, digits and . _ -, got {text[:80]!r}")
    return text


def _this() -> str:
    """How this program was started."""
    begun = Path(sys.argv[0])
    return str(begun.absolute()) if begun.name == "passerelle" else f"{sys.executable} -m passerelle"
