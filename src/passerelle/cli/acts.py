"""Commands on acts: write one, look at what waits for release, release it, throw it away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, PartnerName, Reason, acting, command, opened, said
from passerelle.cli.screen import Screen

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.records import Draft
    from passerelle.ports.store import Reading

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
DraftId = Annotated[str, typer.Argument(metavar="DRAFT", help="Id of the draft, or its beginning.", show_default=False)]
_ALL = 100_000


def register(dossier: typer.Typer) -> None:
    """Add the commands to the group of dossiers."""
    command(
        dossier,
        "open",
        "dossier open /srv/be ma --type wanted-trace --file request.toml --as ann",
    )(open_dossier)
    command(
        dossier,
        "act",
        "dossier act /srv/ma BE-2026-0017 --act take-charge --file charge.toml --as nadia",
    )(act)
    command(dossier, "drafts", "dossier drafts /srv/be")(drafts)
    command(dossier, "release", "dossier release /srv/be 019ab3 --as luc", "dossier release /srv/be 019ab3 019ab4")(
        release
    )
    command(dossier, "discard", 'dossier discard /srv/be 019ab3 --as luc --reason "wrong person"')(discard)


def open_dossier(
    folder: Folder,
    partner: PartnerName,
    type_name: Annotated[str, typer.Option("--type", help="The dossier type: `catalogue list`.", show_default=False)],
    file: ActFile,
    as_: As,
    lane: Lane = "",
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

        return _drafted(node, folder, partner, node.store.read(work), "dossier.open", as_)


def act(
    folder: Folder,
    dossier: Annotated[
        str, typer.Argument(metavar="DOSSIER", help="Id of the dossier or its beginning, or the own reference.")
    ],
    act_name: Annotated[str, typer.Option("--act", help="What is done: `dossier form TYPE`.", show_default=False)],
    file: ActFile,
    as_: As,
    lane: Lane = "",
) -> Answer:
    """Write an act in a dossier that is there, as a draft.

    Keys that leave no choice may be left out of the file; the answer says what was put in.
    """
    from passerelle.cli import writing
    from passerelle.cli.finding import find_dossier
    from passerelle.cli.types import type_named
    from passerelle.core.errors import NotFoundError

    written = writing.read_act(file)
    with opened(folder) as node:

        def work(tx: "Reading") -> tuple[str, writing.Filled]:
            row = find_dossier(tx, dossier)
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
        return _drafted(node, folder, partner, filled, "dossier.act", as_)


def _drafted(node: "Node", folder: Path, partner: str, filled: Any, action: str, as_: str) -> Answer:
    from passerelle.exchange import desk
    from passerelle.office import facts
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action

    who = acting(node, as_)
    author, lane = who.id, filled.lane
    on = node.store.read(lambda tx: facts.of_content(tx, node.ctx, filled.content, lane=lane, author=author))
    node.store.read(lambda tx: ask(tx, node.office, who, Action(action), on))
    written = desk.Act(partner=partner, lane=lane, content=filled.content, author=author)
    draft = desk.draft(node.ctx, written)
    value = _value(draft) | {"lane": filled.lane, "added": filled.added}

    def show(screen: Screen) -> None:
        screen.line(f"draft {draft.id} ({draft.act}) waits for release")
        screen.fields([("dossier", draft.dossier), ("partner", partner), ("author", author), ("lane", filled.lane)])
        for key, added in filled.added.items():
            screen.line(f"put in: {key} = {', '.join(added) if isinstance(added, list) else added}")
        screen.line(f"Release it by another person: passerelle dossier release {folder} {draft.id}")

    return Answer(value, show)


def _value(draft: "Draft") -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    return {
        "draft": draft.id,
        "dossier": draft.dossier,
        "partner": draft.partner,
        "act": draft.act,
        "author": draft.author,
        "created": to_iso(draft.created),
    }


def drafts(
    folder: Folder,
    content: Annotated[bool, typer.Option("--content", help="Show what they say, too.")] = False,
    *,
    as_: As,
) -> Answer:
    """List the drafts that wait for release, of the domains that you may see."""
    from passerelle.core import json
    from passerelle.office import facts
    from passerelle.office.asking import Sight
    from passerelle.office.policy import Action
    from passerelle.ports.records import DRAFTS

    with opened(folder) as node:
        who = acting(node, as_)
        action = Action.DRAFT_READ if content else Action.DRAFT_LOOK

        def read(tx: "Reading") -> "list[Draft]":
            sight = Sight(tx, node.office, who, action)
            every = sorted(tx.scan(DRAFTS, limit=_ALL), key=lambda one: one.created)
            seen = [one for one in every if sight.sees(facts.of_draft(tx, node.ctx, one))]
            sight.check(seen)
            return seen

        found = node.store.read(read)
    values = [_value(one) | ({"content": json.parse_object(one.body)} if content else {}) for one in found]

    def show(screen: Screen) -> None:
        from passerelle.cli.reading import lines_of

        keys = ("draft", "created", "partner", "dossier", "act", "author")
        screen.table(keys, [[one[key] for key in keys] for one in values], "no draft waits for release")
        for one in values:
            if content:
                screen.title(f"draft {one['draft']}")
                for line in lines_of(one["content"]):
                    screen.line(line)

    return Answer(values, show)


def release(
    folder: Folder,
    wanted: Annotated[list[str], typer.Argument(metavar="DRAFT…", help="Ids of drafts, or their beginnings.")],
    as_: As,
) -> Answer:
    """Release drafts: from now on they are in line to the partner. All of them, or none."""
    from passerelle.cli.finding import find
    from passerelle.exchange import desk
    from passerelle.office import facts
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action
    from passerelle.ports.records import DRAFTS

    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Reading") -> list[str]:
            named = [find(tx, DRAFTS, one, "a draft") for one in wanted]
            for one in named:
                ask(tx, node.office, who, Action.DRAFT_RELEASE, facts.of_draft(tx, node.ctx, one))
            return list(dict.fromkeys(one.id for one in named))

        messages = desk.release(node.ctx, node.store.read(read), who.id)
        node.wake()
    values = [
        {
            "message": one.id,
            "dossier": one.dossier,
            "partner": one.partner,
            "act": one.act,
            "author": one.author,
            "releaser": one.releaser,
            "lane": one.lane,
        }
        for one in messages
    ]

    def show(screen: Screen) -> None:
        for one in messages:
            screen.line(
                f"message {one.id} ({one.act}) is in line to {one.partner}, lane {one.lane}, dossier {one.dossier}"
            )

    return Answer(values, show)


def discard(folder: Folder, draft: DraftId, as_: As, reason: Reason) -> Answer:
    """Throw a draft away. That it was there, and why it went, stays in the audit log."""
    from passerelle.cli.finding import find
    from passerelle.exchange import desk
    from passerelle.office import facts
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action
    from passerelle.ports.records import DRAFTS

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: find(tx, DRAFTS, draft, "a draft"))
        on = node.store.read(lambda tx: facts.of_draft(tx, node.ctx, found))
        node.store.read(lambda tx: ask(tx, node.office, who, Action.DRAFT_DISCARD, on))
        desk.discard(node.ctx, found.id, who.id, reason)
    return said(_value(found) | {"discarded": True}, f"draft {found.id} is thrown away")
