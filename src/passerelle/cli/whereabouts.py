"""The command by which a person confirms where a node is."""

import typer

from passerelle.cli.door import Answer, As, Folder, Reason, command, group, opened, permitted, said
from passerelle.core.words import N_, _


def register(app: typer.Typer) -> None:
    """Add the command."""
    node = group(app, "node", N_("Where this node is."))
    command(node, "confirm", 'node confirm /srv/be --reason "moved to the new machine; the old one is wiped"')(confirm)


def confirm(folder: Folder, reason: Reason, as_: As) -> Answer:
    """Confirm that this folder is the node, after it was moved or copied, and that no other copy of it runs.

    Two copies that run at once sign two stories: partners hold the proof and freeze the links. Of several machines on
    one PostgreSQL store each folder is confirmed once.
    """
    from passerelle import whereabouts

    with opened(folder) as node:
        who = permitted(node, as_, "node.confirm")
        place = whereabouts.confirm(node, who.id, reason)
    return said({"folder": str(folder), "path": place.path}, _("the node is at {path} now", path=place.path))
