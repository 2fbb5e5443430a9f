"""Commands that look at dossiers, and the form of an act."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, LanguageOption, acting, command, group, opened
from passerelle.cli.screen import Screen

if TYPE_CHECKING:
    from passerelle.dossiers.types import Language
    from passerelle.ports.store import Reading


def register(app: typer.Typer) -> typer.Typer:
    """Add the commands; returns their group."""
    dossier = group(app, "dossier", "Dossiers: open them, act in them, see how they stand.")
    command(dossier, "list", "dossier list /srv/be --status open", "dossier list /srv/be --partner ma")(list_all)
    command(dossier, "show", "dossier show /srv/be BE-2026-0017", "dossier show /srv/be 019ab3 --content")(show)
    command(
        dossier,
        "form",
        "dossier form wanted-trace > request.toml",
        "dossier form wanted-trace take-charge > charge.toml",
    )(form)
    return dossier


def checked_language(text: str) -> "Language":
    """The language itself, or the one in use when none is given. Raises InputError."""
    from passerelle.core import words

    return words.known(text) if text else words.language()


def list_all(
    folder: Folder,
    status: Annotated[str, typer.Option("--status", metavar="open|ended", help="Only those of this status.")] = "",
    type_name: Annotated[str, typer.Option("--type", help="Only those of this type.")] = "",
    partner: Annotated[str, typer.Option("--partner", help="Only those with this partner.")] = "",
    most: Annotated[int, typer.Option("--most", min=1, help="How many at most, the latest first.")] = 200,
    language: LanguageOption = "",
    *,
    as_: As,
) -> Answer:
    """List dossiers of the domains that you may see, the one that moved last first."""
    from passerelle.cli.timeline import row_value
    from passerelle.core.errors import InputError
    from passerelle.office import facts
    from passerelle.office.asking import Sight
    from passerelle.office.policy import Action
    from passerelle.ports.records import DOSSIERS, Dossier

    speaks = checked_language(language)
    if status not in ("", "open", "ended"):
        raise InputError(f"--status: expected open or ended, got {status[:20]!r}")
    # The most telling index is walked; the other wishes are looked at row by row.
    index, prefix = "by_status", (status,)
    if type_name:
        index, prefix = "by_type", (type_name,)
    elif partner:
        index, prefix = "by_partner", (partner,)

    def fits(row: Dossier) -> bool:
        return (not status or row.status == status) and (not partner or row.partner == partner)

    def walk(tx: "Reading", sight: Sight, prefix: tuple[Any, ...]) -> list[Dossier]:
        found: list[Dossier] = []
        after: tuple[Any, ...] | None = None
        while len(found) < most:
            page = tx.scan(DOSSIERS, index, prefix, after=after, limit=1000, descending=True)
            found += [row for row in page if fits(row) and sight.sees(facts.of_row(tx, node.ctx, row))]
            if len(page) < 1000:
                break
            after = (page[-1].updated, page[-1].id)
        return found[:most]

    def read(tx: "Reading") -> list[Dossier]:
        sight = Sight(tx, node.office, who, Action.DOSSIER_LOOK)
        if status or type_name or partner:
            found = walk(tx, sight, prefix)
        else:
            found = [*walk(tx, sight, ("open",)), *walk(tx, sight, ("ended",))]
        found.sort(key=lambda row: row.updated, reverse=True)
        sight.check(found)
        return found[:most]

    with opened(folder) as node:
        who = acting(node, as_)
        types = node.ctx.catalogue.types
        values = [row_value(row, types.get(row.type), speaks) for row in node.store.read(read)]

    def tell(screen: Screen) -> None:
        rows = [
            (
                one["dossier"],
                one["partner"],
                one["type"],
                one["status"],
                one["label"],
                one["own_reference"] or one["partner_reference"],
                one["updated"][:19] + "Z",
            )
            for one in values
        ]
        screen.table(("dossier", "partner", "type", "status", "state", "reference", "updated"), rows, "no dossier")

    return Answer(values, tell)


def show(
    folder: Folder,
    dossier: Annotated[
        str, typer.Argument(metavar="DOSSIER", help="Id of the dossier or its beginning, or the own reference.")
    ],
    content: Annotated[bool, typer.Option("--content", help="Show what the messages say, too.")] = False,
    language: LanguageOption = "",
    *,
    as_: As,
) -> Answer:
    """Show a dossier: the acts of both sides in order, the state after each, and how their delivery stands."""
    from passerelle.cli.finding import find_dossier
    from passerelle.cli.timeline import next_acts, row_value, timeline
    from passerelle.office import facts
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action

    speaks = checked_language(language)
    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Reading") -> dict[str, Any]:
            row = find_dossier(tx, dossier)
            action = Action.DOSSIER_READ if content else Action.DOSSIER_LOOK
            ask(tx, node.office, who, action, facts.of_dossier(tx, node.ctx, row))
            value = row_value(row, node.ctx.catalogue.types.get(row.type), speaks)
            value["timeline"] = timeline(tx, node.ctx, row, speaks, content=content)
            value["next"] = next_acts(tx, node.ctx, row)
            return value

        value = node.store.read(read)
    return Answer(value, lambda screen: _show(screen, value))


def _show(screen: Screen, value: dict[str, Any]) -> None:
    from passerelle.cli.reading import lines_of

    keys = ("dossier", "type", "partner", "opener", "own_reference", "partner_reference", "channel")
    screen.fields(
        [(key.replace("_", " "), value[key]) for key in keys] + [("state", f"{value['label']} ({value['status']})")]
    )
    screen.line()
    rows = []
    for one in value["timeline"]:
        people = one["author"] if one["releaser"] in ("", one["author"]) else f"{one['author']} / {one['releaser']}"
        time = one["entered"] or one["written"] or one["received"]
        after = "overtaken by a crossing act" if one["overtaken"] else one["label_after"]
        rows.append(
            (time[:19] + "Z", one["side"], one["label"], people, after, one["delivery"]["words"], one["message"])
        )
    screen.table(("time", "side", "act", "author / released by", "state after", "delivery", "message"), rows)
    for one in value["timeline"]:
        if "content" in one:
            screen.title(f"{one['label']}, {one['side']}, message {one['message']}")
            for line in lines_of(one["content"]):
                screen.line(line)
    if value["next"]:
        screen.line(f"\nthis side may now: {', '.join(value['next'])}")


def form(
    type_name: Annotated[str, typer.Argument(metavar="TYPE", help="The dossier type.", show_default=False)],
    act: Annotated[str, typer.Argument(metavar="[ACT]", help="The act.", show_default="the one that opens")] = "",
    example: Annotated[bool, typer.Option("--example", help="Make values up, to try things out.")] = False,
    node: Annotated[str, typer.Option("--node", metavar="DIR", help="Use the catalogue of this node.")] = "",
    language: LanguageOption = "",
) -> Answer:
    """Print the file to fill in for an act, every field under its label.

    Values `<…>` are to be replaced; a file in which one is left is refused. What stands behind # may be left out.
    """
    from passerelle.cli.forms import example_of, toml_of
    from passerelle.cli.types import catalogue_of, type_named
    from passerelle.core.errors import NotFoundError

    speaks = checked_language(language)
    kind = type_named(catalogue_of(node), type_name)
    name = act or kind.opening[0]
    if name not in kind.acts:
        raise NotFoundError(f"act: expected one of {', '.join(kind.acts)}, got {name[:64]!r}")
    content = example_of(kind, kind.acts[name], speaks, blank=not example)
    text = toml_of(kind, kind.acts[name], content, speaks)
    return Answer({"type": kind.name, "act": name, "content": content}, lambda screen: screen.line(text.rstrip("\n")))
