"""Commands on settings: what is in effect and where it comes from, and whether a file would do."""

from pathlib import Path
from typing import Annotated, Any

import typer

from passerelle.cli.door import Answer, Folder, command, group, said
from passerelle.core.words import N_, _

_SOURCES = {"default": N_("default"), "file": N_("file"), "environment": N_("environment")}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    made = group(app, "config", "Settings: what is in effect, and where each value comes from.")
    command(made, "show", "config show /srv/be")(show)
    command(made, "check", "config check /srv/be/passerelle.toml")(check)


def show(folder: Folder) -> Answer:
    """Show the settings in effect, and whether each comes from the file, the environment or is the default.

    A password in an address is not shown.
    """
    import msgspec

    from passerelle.core import settings
    from passerelle.core.sources import redacted
    from passerelle.node import SETTINGS

    found = settings.find(folder / SETTINGS)
    value: dict[str, dict[str, Any]] = {}
    for section, keys in msgspec.to_builtins(found.settings).items():
        for key, one in keys.items():
            source = found.sources[f"{section}.{key}"]
            value[f"{section}.{key}"] = {"value": redacted(one), "source": source.kind, "where": source.where}
    endpoints = value["server.endpoints"]
    endpoints["value"] = list(found.settings.server.reached)
    rows = [(name, _plain(one["value"]), _place(one)) for name, one in value.items()]
    return Answer(value, lambda screen: screen.table(("setting", "value", "from"), rows))


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with settings.", show_default=False)],
) -> Answer:
    """Look whether a file with settings, together with the environment, is one that a node can begin with."""
    from passerelle.core import settings

    found = settings.find(file)
    said_in = sum(source.kind == "file" for source in found.sources.values())
    from_variables = sorted(source.where for source in found.sources.values() if source.kind == "environment")
    text = _("{file}: the settings are in order", file=file)
    return said({"file": str(file), "said": said_in, "variables": from_variables}, text)


def _place(one: dict[str, Any]) -> str:
    return str(one["where"] or _(_SOURCES[one["source"]]))


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
