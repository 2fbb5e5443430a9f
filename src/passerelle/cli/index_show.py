"""`passerelle index show`: how an index stands, the references of a dossier's persons, who is in it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, opened, permitted
from passerelle.cli.indexes import DossierOption, settle
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.store import Writing

_HEX = 12


def register(made: typer.Typer) -> None:
    """Add the command."""
    command(
        made,
        "show",
        "index show /srv/ma --as carl",
        "index show /srv/ma sought --as carl",
        "index show /srv/ma sought --dossier BXL-2026-17 --as ann",
        'index show /srv/ma sought --entries --reason "yearly review" --as ann',
    )(show)


def show(
    folder: Folder,
    name: Annotated[str, typer.Argument(metavar="[INDEX]", help="Name of the index.", show_default="all")] = "",
    dossier: DossierOption = "",
    entries: Annotated[bool, typer.Option("--entries", help="Who is in it. The reading is recorded.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why the entries are read, in words.")] = "",
    after: Annotated[int, typer.Option("--after", metavar="N", min=0, help="Entries beyond this number.")] = 0,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, max=1000, help="How many at most.")] = 200,
    *,
    as_: As,
) -> Answer:
    """Show the indexes, or how one stands: its sources, its tables, what was withdrawn, what was asked of it.

    Match keys are never shown; names of a list's entries after the reading is recorded.
    """
    from passerelle.core.errors import InputError
    from passerelle.search import ending, following, indexes, looking

    if ((dossier or entries) and not name) or (dossier and entries):
        raise InputError("expected INDEX with --dossier or with --entries, got otherwise")
    with opened(folder) as node:
        who = permitted(node, as_, "index.look")
        if ending.look(node.ctx).keys:
            settle(node)
        for one in node.store.read(lambda tx: indexes.all_of(tx, "open")):
            if name in ("", one.name):
                following.follow(node.office, one.name)
        if dossier:
            return _of_dossier(node, as_, name, dossier)
        if entries:

            def read(tx: "Writing") -> list[Any]:
                return looking.read(tx, node.office, who, indexes.find(tx, name), reason, after, most)

            return _entries(node.store.write("index.read", read))
        if name:
            now = node.ctx.clock.now()
            value = node.store.read(lambda tx: looking.standing(tx, indexes.find(tx, name), now))
            return Answer(value, lambda screen: _tell(screen, value))
        values = node.store.read(lambda tx: [looking.summary(tx, one) for one in indexes.all_of(tx)])

    def tell(screen: Screen) -> None:
        keys = ("index", "partner", "state", "entries", "published", "due")
        heads = (_("index"), _("partner"), _("state"), _("entries"), _("published"), _("next table"))
        screen.table(heads, [[_word(one, key) for key in keys] for one in values], _("no index"))

    return Answer(values, tell)


def _word(value: dict[str, Any], key: str) -> Any:
    return term(value[key]) if key in ("state", "kind") else value[key]


def _tell(screen: Screen, value: dict[str, Any]) -> None:
    comma = _(", ")
    quota = value["quota"]
    screen.fields(
        [
            (_("index"), value["index"]),
            (_("partner"), value["partner"]),
            (_("state"), term(value["state"])),
            (_("channel"), value["channel"][:_HEX]),
            (_("domain"), value["domain"]),
            (_("purposes"), comma.join(value["purposes"])),
            (_("categories"), comma.join(value["categories"])),
            (_("entries"), value["entries"]),
            (_("next base"), value["due_base"]),
            (_("next delta"), value["due_delta"]),
            (_("asked today"), _("{used} of {day} elements", used=quota["used_today"], day=quota["day"])),
            (_("at once"), _("{count} elements", count=quota["burst"])),
        ]
    )
    screen.title(_("sources"))
    rows = [(one["source"], one["category"], one["entries"]) for one in value["sources"]]
    screen.table((_("source"), _("category"), _("entries")), rows, _("nothing is followed"))
    screen.title(_("tables"))
    keys = ("kind", "state", "epoch", "count", "bytes", "published", "ends", "withdrawn")
    heads = ("table", "state", "epoch", "keys, padded", "bytes", "published", "asked until", "withdrawn")
    tables = [one | {"epoch": one["epoch"][:_HEX]} for one in value["epochs"]]
    screen.table(
        [_(head) for head in heads], [[_word(one, key) for key in keys] for one in tables], _("nothing is published")
    )
    screen.title(_("what was asked"))
    asked = ("month", "questions", "elements", "refused", "confirmed", "rejected")
    rows_ = [[one[key] for key in asked] for one in value["figures"]]
    screen.table([_(head) for head in asked], rows_, _("nothing was asked"))


def _of_dossier(node: "Node", as_: str, name: str, dossier: str) -> Answer:
    from passerelle.cli.finding import find_dossier
    from passerelle.search import indexes, looking

    who = acting(node, as_)
    there = node.store.read(lambda tx: find_dossier(tx, dossier))
    values = node.store.read(lambda tx: looking.references(tx, node.office, who, indexes.find(tx, name), there.id))

    def tell(screen: Screen) -> None:
        rows = [
            (one["person"], one["reference"], term(one["kind"]), _("yes") if one["withdrawn"] else _("no"))
            for one in values
        ]
        heads = (_("person"), _("reference"), _("table"), _("withdrawn"))
        screen.table(heads, rows, _("no table has a reference to this dossier"))

    return Answer({"index": name, "dossier": there.id, "references": values}, tell)


def _entries(found: list[Any]) -> Answer:
    from passerelle.core.clock import to_iso

    keys = ("source", "entry", "category", "by")
    values = [
        {key: getattr(one, key) for key in keys} | {"since": to_iso(one.since), "names": list(one.names)}
        for one in found
    ]

    def tell(screen: Screen) -> None:
        rows = [(one["source"], one["entry"], one["category"], "; ".join(one["names"]), one["since"]) for one in values]
        heads = (_("source"), _("entry"), _("category"), _("names"), _("since"))
        screen.table(heads, rows, _("nobody is in it"))

    return Answer(values, tell)
