"""Commands on relations: what persons of this node say belongs together. Nothing of it leaves the node."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, LanguageOption, Reason, acting, command, group, opened, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import N_, _

if TYPE_CHECKING:
    from passerelle.dossiers.types import Language
    from passerelle.office.neighbours import Graph
    from passerelle.ports.relations import Relation
    from passerelle.ports.store import Reading, Writing

_END = N_("A person (DOSSIER:p1), a dossier, or a thing (DOSSIER:group=NAME).")
RelationId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the relation, or its beginning.", show_default=False)
]
Why = Annotated[str, typer.Option("--reason", help="Why you read these dossiers, where nothing else says it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    relation = group(app, "relation", "Relations: which persons and dossiers belong together. They stay on this node.")
    command(
        relation,
        "add",
        "relation add /srv/be BE-2026-0017:p1 same-person BE-2026-0021:p2 --source B --information 2 "
        '--nature assessment --because 019ab3#1 --note "same scar" --reason "weekly threat review" --as eva',
        'relation add /srv/be BE-2026-0017:p1 member-of "BE-2026-0017:group=Casa Nord" --source C --information 3 '
        "--nature fact --as ann",
    )(add)
    command(relation, "withdraw", 'relation withdraw /srv/be 019ab4 --reason "another scar" --as eva')(withdraw)
    command(
        relation,
        "list",
        'relation list /srv/be BE-2026-0017 --reason "weekly threat review" --as eva',
        "relation list /srv/be --as eva",
    )(list_all)
    command(relation, "show", 'relation show /srv/be 019ab4 --reason "weekly threat review" --as eva')(show)
    command(
        relation,
        "graph",
        'relation graph /srv/be BE-2026-0017:p1 --depth 3 --reason "weekly threat review" --as eva',
    )(graph)
    command(relation, "kinds", "relation kinds", "relation kinds --language nl --json")(kinds)


def add(
    folder: Folder,
    one: Annotated[str, typer.Argument(metavar="ONE", help=_END, show_default=False)],
    relation: Annotated[str, typer.Argument(metavar="RELATION", help="See: relation kinds.", show_default=False)],
    other: Annotated[str, typer.Argument(metavar="OTHER", help=_END, show_default=False)],
    source: Annotated[
        str, typer.Option("--source", metavar="A|B|C|X", help="How far the source is reliable.", show_default=False)
    ],
    information: Annotated[
        str, typer.Option("--information", metavar="1|2|3|4", help="How sure it is.", show_default=False)
    ],
    nature: Annotated[
        str, typer.Option("--nature", metavar="fact|assessment", help="Fact, or your judgement.", show_default=False)
    ],
    because: Annotated[
        list[str] | None,
        typer.Option("--because", metavar="MESSAGE#N", help="A message it rests on, or its statement of this number."),
    ] = None,
    note: Annotated[str, typer.Option("--note", help="In words; they stay here.")] = "",
    instead: Annotated[str, typer.Option("--instead", metavar="ID", help="The relation whose place it takes.")] = "",
    reason: Why = "",
    *,
    as_: As,
) -> Answer:
    """Note that two persons or dossiers belong together. Both must serve one purpose, or channels name each other."""
    from passerelle.cli import ends
    from passerelle.cli.finding import find
    from passerelle.office import relations
    from passerelle.office.veil import Veil
    from passerelle.ports.relations import RELATIONS

    with opened(folder) as node:
        who = acting(node, as_)

        def meant(tx: "Reading") -> relations.New:
            veil = Veil(tx, node.office, who)
            return relations.New(
                kind=relation,
                one=ends.wanted(tx, one, veil),
                other=ends.wanted(tx, other, veil),
                source=source,
                information=information,
                nature=nature,
                because=tuple(ends.message_of(tx, text, veil) for text in because or ()),
                note=note,
                instead=find(tx, RELATIONS, instead, "a relation").id if instead else "",
            )

        made = relations.add(node.office, who, node.store.read(meant), reason)
        value = node.store.read(lambda tx: relation_value(tx, made, _speaks()))
    return said(value, _("relation {id}: {words}", id=made.id, words=relation_words(value)))


def withdraw(folder: Folder, relation_id: RelationId, reason: Reason, *, as_: As) -> Answer:
    """Withdraw a relation, and say why. That it was there, and why it went, stays."""
    from passerelle.cli.finding import find
    from passerelle.office import relations
    from passerelle.ports.relations import RELATIONS

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: find(tx, RELATIONS, relation_id, "a relation"))
        made = relations.withdraw(node.office, who, found.id, reason)
    return said({"relation": made.id, "state": made.state}, _("relation {id}: withdrawn", id=made.id))


def list_all(
    folder: Folder,
    end: Annotated[str, typer.Argument(metavar="[END]", help=_END, show_default="those to be looked at again")] = "",
    ended: Annotated[bool, typer.Option("--ended", help="Those that were withdrawn or replaced, too.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, help="How many at most, the latest first.")] = 200,
    reason: Why = "",
    *,
    as_: As,
) -> Answer:
    """List the relations of a person, a dossier or a thing; without one those to be looked at again, because what they
    rest on was corrected or restricted. The reading is recorded.
    """
    from passerelle.cli import ends
    from passerelle.office import relations
    from passerelle.office.ends import text_of
    from passerelle.office.veil import Veil
    from passerelle.ports.relations import AGAIN

    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Writing") -> tuple[list[dict[str, Any]], bool]:
            on = text_of(tx, ends.wanted(tx, end, Veil(tx, node.office, who))) if end else AGAIN
            found = relations.of(tx, node.office, who, on, reason, ended=ended, most=most)
            return [relation_value(tx, one, _speaks()) for one in found.rows], found.cut

        values, cut = node.store.write("relation.list", read)

    def tell(screen: Screen) -> None:
        heads = (_("relation"), "", _("evaluation"), _("state"), _("person"), _("time"))
        rows = [
            (
                one["relation"],
                relation_words(one),
                _evaluation(one),
                _("look at it again") if one["again"] and one["state"] == "noted" else term(one["state"]),
                one["by"],
                one["time"][:19] + "Z",
            )
            for one in values
        ]
        screen.table(heads, rows, _("no relation"))
        if cut:
            screen.line(_("There are more than were looked at."))

    return Answer(values, tell)


def show(folder: Folder, relation_id: RelationId, reason: Why = "", *, as_: As) -> Answer:
    """Show a relation: what it says, how it is evaluated, what it rests on. The reading is recorded."""
    from passerelle.cli.finding import find
    from passerelle.office import relations
    from passerelle.ports.relations import RELATIONS

    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Writing") -> dict[str, Any]:
            found = find(tx, RELATIONS, relation_id, "a relation")
            return relation_value(tx, relations.show(tx, node.office, who, found.id, reason), _speaks())

        value = node.store.write("relation.show", read)
    return Answer(value, lambda screen: tell_relation(screen, value))


def graph(
    folder: Folder,
    end: Annotated[str, typer.Argument(metavar="END", help=_END, show_default=False)],
    depth: Annotated[int, typer.Option("--depth", min=1, max=5, help="How many steps to go.")] = 2,
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help="How many ends at most.")] = 200,
    reason: Why = "",
    *,
    as_: As,
) -> Answer:
    """Show what stands around a person, a dossier or a thing, as a tree. What no wall may let through, or you may not
    read, is left out. The reading is recorded.
    """
    from passerelle.cli import ends
    from passerelle.office import neighbours

    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Writing") -> dict[str, Any]:
            start = ends.found(tx, node.office, who, end)
            made = neighbours.neighbourhood(tx, node.office, who, start, reason, depth=depth, most=most)
            return _graph_value(tx, made)

        value = node.store.write("relation.graph", read)

    def tell(screen: Screen) -> None:
        for line in tree(value):
            screen.line(line)
        if value["cut"]:
            screen.line(_("There are more than were looked at."))

    return Answer(value, tell)


def kinds(language: LanguageOption = "") -> Answer:
    """List the kinds of relations: what may stand at either end, and what they are called."""
    from passerelle.cli.dossiers import checked_language
    from passerelle.dossiers.relations import shipped

    speaks = checked_language(language)
    file = shipped()
    values: list[dict[str, Any]] = [
        {
            "kind": name,
            "label": kind.labels.text(speaks),
            "back": kind.back.text(speaks) if kind.back else "",
            "one": list(kind.one),
            "other": list(kind.other),
            "things": {thing: file.things[thing].text(speaks) for thing in kind.things},
            "help": kind.help.text(speaks),
        }
        for name, kind in file.kinds.items()
    ]

    def tell(screen: Screen) -> None:
        ends = {"person": _("person"), "dossier": _("dossier"), "thing": _("thing")}
        rows = [
            (
                one["kind"],
                one["label"],
                one["back"],
                _(", ").join(ends[end] for end in one["one"]),
                _(", ").join([*(ends[end] for end in one["other"] if end != "thing"), *one["things"].values()]),
            )
            for one in values
        ]
        screen.table((_("relation"), _("called"), _("from the other end"), _("from"), _("to")), rows)

    return Answer(values, tell)


# ---- how relations are shown -----------------------------------------------------------------------------------------


def _speaks() -> "Language":
    from passerelle.core import words

    return words.language()


def relation_value(tx: "Reading", one: "Relation", language: "Language") -> dict[str, Any]:
    """A relation with its ends, as JSON has it."""
    from passerelle.cli import ends
    from passerelle.core.clock import to_iso
    from passerelle.dossiers.relations import shipped

    kind = shipped().kinds[one.kind]
    return {
        "relation": one.id,
        "kind": one.kind,
        "label": kind.labels.text(language),
        "back": (kind.back or kind.labels).text(language),
        "one": ends.value_of(tx, one.one, one.one_message, language),
        "other": ends.value_of(tx, one.other, one.other_message, language),
        "source": one.source,
        "information": one.information,
        "nature": one.nature,
        "because": list(one.because),
        "note": one.note,
        "by": one.by,
        "time": to_iso(one.time),
        "state": one.state,
        "again": one.again,
        "instead": one.instead,
        "ended": to_iso(one.ended) if one.ended else "",
        "ended_by": one.ended_by,
        "reason": one.reason,
    }


def relation_words(value: dict[str, Any]) -> str:
    """A relation in one line."""
    from passerelle.cli.ends import words_of

    return f"{words_of(value['one'])} — {value['label']} — {words_of(value['other'])}"


def _evaluation(value: dict[str, Any]) -> str:
    return f"{value['source']}{value['information']}, {term(value['nature'])}"


def tell_relation(screen: Screen, value: dict[str, Any]) -> None:
    """All of a relation."""
    screen.line(relation_words(value))
    screen.fields(
        [
            (_("relation"), value["relation"]),
            (_("evaluation"), _evaluation(value)),
            (_("because"), _(", ").join([value["one"]["message"], value["other"]["message"], *value["because"]])),
            (_("note"), value["note"]),
            (_("person"), value["by"]),
            (_("time"), value["time"]),
            (_("state"), term(value["state"])),
            (_("replaced by"), value["instead"]),
            (_("look at it again, after"), value["again"] if value["state"] == "noted" else ""),
            (_("ended"), value["ended"]),
            (_("ended by"), value["ended_by"]),
            (_("reason"), value["reason"]),
        ]
    )


def _graph_value(tx: "Reading", made: "Graph") -> dict[str, Any]:
    from passerelle.cli import ends

    speaks = _speaks()
    return {
        "start": made.start,
        "ends": [ends.value_of(tx, end, message, speaks) for end, message in made.ends.items()],
        "relations": [
            relation_value(tx, one.relation, speaks) | {"near": one.near, "far": one.far, "depth": one.depth}
            for one in made.edges
        ],
        "cut": made.cut,
    }


def tree(value: dict[str, Any]) -> list[str]:
    """A graph as lines: each end below the one from which it was reached, each relation once."""
    from passerelle.cli.ends import words_of

    named = {one["end"]: words_of(one) for one in value["ends"]}
    below: dict[str, list[dict[str, Any]]] = {}
    for one in value["relations"]:
        below.setdefault(one["near"], []).append(one)
    lines: list[str] = []
    shown: set[str] = set()

    def grow(end: str, indent: str) -> None:
        shown.add(end)
        found = below.pop(end, [])
        for place, one in enumerate(found, 1):
            last = place == len(found)
            label = one["label"] if one["near"] == one["one"]["end"] else one["back"]
            known = " " + _("(see above)") if one["far"] in shown else ""
            again = " " + _("(look at it again)") if one["again"] else ""
            branch = "└─ " if last else "├─ "
            lines.append(f"{indent}{branch}{label} ({_evaluation(one)}): {named[one['far']]}{known}{again}")
            if not known:
                grow(one["far"], indent + ("   " if last else "│  "))

    lines.append(named[value["start"]])
    grow(value["start"], "")
    while below:  # around a dossier: the relations of what is in it
        end = next(iter(below))
        lines.append(named[end])
        grow(end, "")
    return lines
