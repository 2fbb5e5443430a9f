"""Commands on the files of a draft: add them, take them out."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, opened, said
from passerelle.cli.drafts import DraftId, Version, draft_value, named
from passerelle.core.words import n_

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.work import Draft

_HEAD = 65536


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "attach",
        "attach /srv/be 019ab3 passport.jpg prints.wsq --as ann",
        'attach /srv/be 019ab3 scan.dat --media application/pdf --name "judgment.pdf" --as ann',
    )(attach)
    command(app, "detach", "detach /srv/be 019ab3 2 --as ann")(detach)


def attach(
    folder: Folder,
    draft: DraftId,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="The files to add.", show_default=False)],
    media: Annotated[
        str,
        typer.Option("--media", help="Its type, for one file.", show_default="as its name or its first bytes tell"),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", help="Its name for the partner, for one file.", show_default="that of the file")
    ] = "",
    version: Version = 0,
    *,
    as_: As,
) -> Answer:
    """Add files to a draft. A submitted one is taken back by it: nobody releases a file that he was not shown.

    What the type and the channel let the act bear, and whether a file is of its type, is checked here as the partner
    will check it.
    """
    from passerelle.core.errors import InputError
    from passerelle.office import attaching

    if len(files) > 1 and (media or name):
        raise InputError(f"--media, --name: expected them with one file, got {len(files)}")
    with opened(folder) as node, ExitStack() as stack:
        who = acting(node, as_)
        given = [_given(stack, path, name, media) for path in files]
        found = node.store.read(lambda tx: named(tx, node.office, who, draft))
        made, added = attaching.attach(node.office, who, found.id, given, seen=version or found.version)
        value = draft_value(made) | {"attachments": _of_draft(node, made)}
    words = n_(
        "{count} file is in draft {draft}, version {version}",
        "{count} files are in draft {draft}, version {version}",
        len(value["attachments"]),
        draft=made.id,
        version=made.version,
    )
    return said(value | {"added": [one.address for one in added]}, words)


def _given(stack: ExitStack, path: Path, name: str, media: str) -> Any:
    from passerelle.core.errors import InputError
    from passerelle.core.folders import regular
    from passerelle.exchange import filenames
    from passerelle.office.attaching import Given

    try:
        source = stack.enter_context(regular(path))
        head = source.read(_HEAD)
        source.seek(0)
    except OSError as error:
        raise InputError(f"expected a readable file, got {path}: {error.strerror}") from None
    return Given(source, name or path.name, media or filenames.guessed(path.name, head))


def detach(
    folder: Folder,
    draft: DraftId,
    wanted: Annotated[
        list[str], typer.Argument(metavar="N|ADDRESS…", help="Numbers of the files, or addresses.", show_default=False)
    ],
    version: Version = 0,
    *,
    as_: As,
) -> Answer:
    """Take files out of a draft; they are deleted. A submitted draft is taken back by it."""
    from passerelle.office import attaching

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: named(tx, node.office, who, draft))
        made = attaching.detach(node.office, who, found.id, wanted, seen=version or found.version)
        value = draft_value(made) | {"attachments": _of_draft(node, made)}
    words = n_(
        "{count} file is left in draft {draft}, version {version}",
        "{count} files are left in draft {draft}, version {version}",
        len(value["attachments"]),
        draft=made.id,
        version=made.version,
    )
    return said(value, words)


def _of_draft(node: "Node", draft: "Draft") -> list[dict[str, Any]]:
    from passerelle.cli.reading import file_value
    from passerelle.office import attaching

    return node.store.read(lambda tx: [file_value(one) for one in attaching.of_draft(tx, draft)])
