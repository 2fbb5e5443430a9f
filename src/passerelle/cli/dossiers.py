"""Commands that look at dossiers, and the form of an act."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, LanguageOption, acting, command, group, opened
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.dossiers.types import ActType, Language
    from passerelle.ports.store import Reading


def register(app: typer.Typer) -> typer.Typer:
    """Add the commands; returns their group."""
    dossier = group(app, "dossier", "Dossiers: open them, act in them, see how they stand.")
    command(
        dossier,
        "list",
        "dossier list /srv/be --status open --as ann",
        "dossier list /srv/be --mine",
        "dossier list /srv/ma --unassigned --as driss",
    )(list_all)
    command(
        dossier,
        "form",
        "dossier form wanted-trace > request.toml",
        "dossier form wanted-trace take-charge > charge.toml",
        "dossier form financial-intelligence --goaml report.xml > request.toml",
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
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you have.")] = False,
    assigned: Annotated[str, typer.Option("--assigned", metavar="PERSON", help="Only those of this person.")] = "",
    desk: Annotated[str, typer.Option("--desk", help="Only those of this desk.")] = "",
    service: Annotated[str, typer.Option("--service", help="Only those of this service.")] = "",
    unassigned: Annotated[
        bool, typer.Option("--unassigned", help="Only open ones that nobody has, or somebody who has gone.")
    ] = False,
    most: Annotated[int, typer.Option("--most", min=1, help="How many at most, the latest first.")] = 200,
    language: LanguageOption = "",
    *,
    as_: As,
) -> Answer:
    """List the dossiers of the domains that you may see, the one that moved last first."""
    from passerelle.cli.timeline import row_value
    from passerelle.core.errors import InputError
    from passerelle.office import lists, stage
    from passerelle.office.work import waits

    if sum((mine, bool(assigned), unassigned)) > 1:
        raise InputError("expected one of --mine, --assigned and --unassigned, got several")

    with opened(folder) as node:
        who = acting(node, as_)
        speaks = checked_language(language)  # that of the person, when none was asked for
        wish = lists.Wish(
            status=status,
            type=type_name,
            partner=partner,
            person=who.id if mine else assigned,
            desk=desk,
            service=service,
            unassigned=unassigned,
            most=most,
        )

        def read(tx: "Reading") -> tuple[lists.Found, dict[str, str]]:
            found = lists.dossiers(tx, node.office, who, wish)
            return found, stage.of_dossiers(tx, found.rows)

        found, stages = node.store.read(read)
        types = node.ctx.catalogue.types
        values = [
            row_value(row, types.get(row.type), speaks)
            | {"stage": stages[row.id], "needs_somebody": waits(row, found.gone)}
            for row in found.rows
        ]

    def tell(screen: Screen) -> None:
        heads = (
            _("dossier"),
            _("partner"),
            _("type"),
            _("status"),
            _("state"),
            _("stage"),
            _("reference"),
            _("given to"),
            _("updated"),
        )
        screen.table(heads, [_line(one) for one in values], _("no dossier"))
        if found.cut:
            screen.line(_("Only the newest {count} were looked at: say more of what you look for.", count=lists.WALK))

    return Answer(values, tell)


def _line(one: dict[str, Any]) -> tuple[str, ...]:
    given = one["person"] or one["desk"] or one["service"]
    return (
        one["dossier"],
        one["partner"],
        one["type_label"],
        term(one["status"]),
        one["label"],
        term(one["stage"]),
        one["own_reference"] or one["partner_reference"],
        _("{person} (gone)", person=given) if one["needs_somebody"] and given else given,
        one["updated"][:19] + "Z",
    )


def form(
    type_name: Annotated[str, typer.Argument(metavar="TYPE", help="The dossier type.", show_default=False)],
    act: Annotated[str, typer.Argument(metavar="[ACT]", help="The act.", show_default="the one that opens")] = "",
    example: Annotated[bool, typer.Option("--example", help="Make values up, to try things out.")] = False,
    goaml: Annotated[
        str, typer.Option("--goaml", metavar="FILE", help="Take over a goAML report, without who reported.")
    ] = "",
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
    left_out = _take_over(kind.acts[name], content, goaml) if goaml else ()
    text = toml_of(kind, kind.acts[name], content, speaks)
    if left_out:
        text = "# " + _("Left out of the goAML report: {names}", names=", ".join(left_out)) + f"\n{text}"
    answer = {"type": kind.name, "act": name, "content": content, "left_out": list(left_out)}
    return Answer(answer, lambda screen: screen.line(text.rstrip("\n")))


def _take_over(act: "ActType", content: dict[str, Any], path: str) -> tuple[str, ...]:
    """Puts what a goAML report says into the form of an act that has a place for it; the elements left out."""
    from passerelle.cli.door import read_file
    from passerelle.cli.goaml import read
    from passerelle.core.errors import InputError

    if "report" not in act.schema.get("properties", {}):
        raise InputError(f"--goaml: expected an act with the field body.report, got {act.name}")
    taken = read(read_file(Path(path), "goaml", 20 * 1024 * 1024), f"<{' | '.join(sorted(act.subjects.categories))}>")
    content["body"]["report"] = taken.report
    if taken.subjects:
        content["subjects"] = taken.subjects
    return taken.left_out
