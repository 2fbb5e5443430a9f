"""The command that brings the store of an older program to this one's schema."""

from typing import Annotated

import typer

from passerelle.cli.door import Answer, As, Folder, command, permitted
from passerelle.cli.screen import Screen
from passerelle.core.words import _


def register(store: typer.Typer) -> None:
    """Add the command."""
    command(store, "upgrade", "store upgrade /srv/be", "store upgrade /srv/be --backup /backup/be.db --as eva")(upgrade)


def upgrade(
    folder: Folder,
    backup: Annotated[
        str,
        typer.Option(
            "--backup",
            metavar="PLACE",
            help="Where the store is copied to before: a file; of PostgreSQL a schema of the same database.",
            show_default="beside the store",
        ),
    ] = "",
    *,
    as_: As,
) -> Answer:
    """Bring the store of an older program to the schema of this one. Nobody may serve the node meanwhile.

    All logs are verified before and after; the store is copied before it is changed. After a stop, repeat the command.
    """
    from passerelle import upgrading

    done = upgrading.upgrade(folder, lambda node: permitted(node, as_, "store.upgrade"), backup)
    value = {"before": done.before, "after": done.after, "copy": done.copy or None}

    def tell(screen: Screen) -> None:
        if done.before == done.after:
            screen.line(_("the store is of schema {schema} already", schema=done.after))
            return
        screen.line(_("the store was of schema {before} and is of {after} now", before=done.before, after=done.after))
        screen.line(_("a copy of before: {copy}; remove it when all is well", copy=done.copy))

    return Answer(value, tell)
