"""Commands on where the records stand."""

from typing import Annotated

import typer

from passerelle.cli.door import Answer, As, Folder, command, group, opened, permitted
from passerelle.cli.screen import Screen
from passerelle.core.words import _, n_


def register(app: typer.Typer) -> typer.Typer:
    """Add the commands. Returns the group."""
    store = group(app, "store", "Where the records stand.")
    command(
        store,
        "migrate",
        "store migrate /srv/be --to postgresql://db/passerelle?schema=be --as eva",
        "store migrate /srv/be --to store.db --as eva",
    )(migrate)
    return store


def migrate(
    folder: Folder,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="A path below DIR, or postgresql://….", show_default=False)
    ],
    *,
    as_: As,
) -> Answer:
    """Move the records of a node that nobody serves to another store. A stop anywhere: say it once more.

    Every log is verified before and after. The old store is marked and fenced: it never opens again, and whoever still
    has it open can write nothing more.
    """
    from passerelle.backup import moving

    with opened(folder, opening="leave") as node:
        who = permitted(node, as_, "store.migrate")
        moved = moving.move(node, to, who.id)
    count = sum(part.count for part in moved.parts)
    value = {"from": moved.old, "to": moved.new, "records": count}

    def tell(screen: Screen) -> None:
        screen.line(
            n_("{count} record stands in {new} now", "{count} records stand in {new} now", count, new=moved.new)
        )
        screen.line(_("{old} still holds all of it: destroy it when nobody wants it any more", old=moved.old))

    return Answer(value, tell)
