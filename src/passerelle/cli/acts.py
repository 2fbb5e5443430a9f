"""Commands that write an act: open a dossier, act in one, change a draft. What becomes of a draft: `cli/drafts.py`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, PartnerName, acting, command, opened
from passerelle.cli.drafts import Attest, DraftId, Version, draft_value, named
from passerelle.cli.screen import Screen
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.people import Person
    from passerelle.ports.store import Reading
    from passerelle.ports.work import Draft

ActFile = Annotated[
    Path,
    typer.Option(
        "--file",
        metavar="FILE",
        help="The act, .toml or .json; `dossier form` prints one to start from.",
        show_default=False,
    ),
]
Lane = Annotated[
    str, typer.Option("--lane", metavar="routine|flash", help="The lane.", show_default="the only one that is possible")
]
Submit = Annotated[bool, typer.Option("--submit", help="Submit it for release at once.")]


def register(dossier: typer.Typer) -> None:
    """Add the commands to the group of dossiers."""
    command(
        dossier,
        "open",
        "dossier open /srv/be ma --type wanted-trace --file request.toml --submit --as ann",
        "dossier open /srv/be ma --type wanted-trace --file request.toml --lane flash",
    )(open_dossier)
    command(
        dossier,
        "act",
        "dossier act /srv/ma BE-2026-0017 --act take-charge --file charge.toml --submit --as nadia",
    )(act)
    command(dossier, "edit", "dossier edit /srv/be 019ab3 --file request.toml --as ann")(edit)


def open_dossier(
    folder: Folder,
    partner: PartnerName,
    type_name: Annotated[str, typer.Option("--type", help="The dossier type: `catalogue list`.", show_default=False)],
    file: ActFile,
    lane: Lane = "",
    attest: Attest = None,
    submit: Submit = False,
    *,
    as_: As,
) -> Answer:
    """Open a dossier: write its first act as a draft, for another person to release.

    Keys that leave no choice may be left out of the file; the answer says what was put in.
    """
    from passerelle.cli import writing
    from passerelle.cli.types import type_named
    from passerelle.core import ids
    from passerelle.core.errors import InputError

    written = writing.read_act(file)
    with opened(folder) as node:
        who = acting(node, as_)
        kind = type_named(node.ctx.catalogue, type_name)
        name = str(written.get("act", kind.opening[0] if len(kind.opening) == 1 else ""))
        if name not in kind.opening:
            raise InputError(f"act: expected one of {', '.join(kind.opening)}, got {name[:64]!r}")
        dossier = written.get("dossier") or ids.new_id()

        def work(tx: "Reading") -> writing.Filled:
            node.ctx.confirmed(tx, partner)
            return writing.fill(
                tx,
                node.ctx,
                written,
                partner=partner,
                kind=kind,
                act=kind.acts[name],
                dossier=dossier,
                row=None,
                lane=lane,
            )

        return _drafted(node, folder, who, partner, node.store.read(work), attest, submit)


def act(
    folder: Folder,
    dossier: Annotated[
        str,
        typer.Argument(
            metavar="DOSSIER", help="Id of the dossier or its beginning, or a reference, own or the partner's."
        ),
    ],
    act_name: Annotated[str, typer.Option("--act", help="What is done: `dossier form TYPE`.", show_default=False)],
    file: ActFile,
    lane: Lane = "",
    attest: Attest = None,
    submit: Submit = False,
    *,
    as_: As,
) -> Answer:
    """Write an act in a dossier that is there, as a draft.

    Keys that leave no choice may be left out of the file; the answer says what was put in.
    """
    from passerelle.cli import writing
    from passerelle.cli.finding import find_dossier
    from passerelle.cli.types import type_named
    from passerelle.core.errors import NotFoundError
    from passerelle.office.veil import Veil

    written = writing.read_act(file)
    with opened(folder) as node:
        who = acting(node, as_)

        def work(tx: "Reading") -> tuple[str, writing.Filled]:
            row = find_dossier(tx, dossier, Veil(tx, node.office, who))
            kind = type_named(node.ctx.catalogue, row.type)
            if act_name not in kind.acts:
                known = ", ".join(name for name in kind.acts if name not in kind.opening)
                raise NotFoundError(f"act: expected one of {known}, got {act_name[:64]!r}")
            filled = writing.fill(
                tx,
                node.ctx,
                written,
                partner=row.partner,
                kind=kind,
                act=kind.acts[act_name],
                dossier=row.id,
                row=row,
                lane=lane,
            )
            return row.partner, filled

        partner, filled = node.store.read(work)
        return _drafted(node, folder, who, partner, filled, attest, submit)


def _drafted(
    node: "Node",
    folder: Path,
    who: "Person",
    partner: str,
    filled: Any,
    attest: list[str] | None,
    submit: bool,
) -> Answer:
    from passerelle.exchange.desk import Act
    from passerelle.office import workflow

    written = Act(partner=partner, lane=filled.lane, content=filled.content, author=who.id)
    made = workflow.draft(node.office, who, written, attest=attest or (), submit=submit)
    return _written(folder, made, filled.added)


def _written(folder: Path, made: "Draft", added: dict[str, Any]) -> Answer:
    value = draft_value(made) | {"added": added}

    def show(screen: Screen) -> None:
        screen.line(_("draft {draft} ({act}), version {version}", draft=made.id, act=made.act, version=made.version))
        screen.fields(
            [
                (_("dossier"), made.dossier),
                (_("partner"), made.partner),
                (_("author"), made.author),
                (_("lane"), made.lane),
            ]
        )
        for key, one in added.items():
            words = ", ".join(one) if isinstance(one, list) else one
            screen.line(_("put in: {key} = {value}", key=key, value=words))
        if made.state == "submitted":
            screen.line(_("It waits for another person: {command}", command=f"dossier release {folder} {made.id}"))
        else:
            screen.line(_("Submit it for release: {command}", command=f"dossier submit {folder} {made.id}"))

    return Answer(value, show)


def edit(
    folder: Folder,
    draft: DraftId,
    file: ActFile,
    lane: Lane = "",
    attest: Attest = None,
    version: Version = 0,
    *,
    as_: As,
) -> Answer:
    """Change a draft: what the file says replaces what the draft says; its attachments stay. A submitted one is taken
    back by it.

    Whoever writes a version is its author, and nobody who wrote one is the second pair of eyes.
    """
    from passerelle.cli import writing
    from passerelle.cli.types import type_named
    from passerelle.exchange.desk import Act
    from passerelle.office import drafts, workflow
    from passerelle.ports.records import DOSSIERS

    written = writing.read_act(file)
    with opened(folder) as node:
        who = acting(node, as_)

        def work(tx: "Reading") -> tuple["Draft", writing.Filled]:
            known = named(tx, node.office, who, draft)
            found = drafts.find(tx, known.id, drafts.OPEN, version or known.version)
            kind = type_named(node.ctx.catalogue, found.type)
            row = tx.get(DOSSIERS, found.dossier)
            there = drafts.files_of(found)
            files = {"attachments": there} if there else {}
            filled = writing.fill(
                tx,
                node.ctx,
                {"dossier": found.dossier, **files, **written},
                partner=found.partner,
                kind=kind,
                act=kind.acts[found.act],
                dossier=found.dossier,
                row=row,
                lane=lane or found.lane,
            )
            return found, filled

        found, filled = node.store.read(work)
        changed = Act(partner=found.partner, lane=filled.lane, content=filled.content, author=who.id)
        made = workflow.edit(node.office, who, found.id, changed, attest=attest, seen=found.version)
    return _written(folder, made, filled.added)
