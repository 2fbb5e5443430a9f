"""`passerelle index claim`: a partner's hit beside the own entries behind it. Reading is recorded, a person decides."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, opened
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.persons.model import Person
    from passerelle.ports.store import Writing
    from passerelle.search.beside import Side


def register(index: typer.Typer) -> None:
    """Add the command to the group of indexes."""
    command(
        index,
        "claim",
        "index claim /srv/ma BE-2026-0017 --as nadia",
        'index claim /srv/ma 019ab3 --reason "relief at the desk" --as samir',
    )(claim)


def claim(
    folder: Folder,
    dossier: Annotated[
        str,
        typer.Argument(
            metavar="DOSSIER", help="Id of the dossier or its beginning, or a reference, own or the partner's."
        ),
    ],
    reason: Annotated[
        str, typer.Option("--reason", help="Why you read it, where you neither have the dossier nor acted in it.")
    ] = "",
    *,
    as_: As,
) -> Answer:
    """Show who was asked about beside your own entries behind the reference, and what speaks for and against.

    Then answer by the act that the type has for it: `dossier form`, `dossier act`.
    """
    from passerelle.cli.finding import find_dossier
    from passerelle.office.veil import Veil
    from passerelle.search import beside

    with opened(folder) as node:
        who = acting(node, as_)

        def look(tx: "Writing") -> "tuple[str, list[Side]]":
            row = find_dossier(tx, dossier, Veil(tx, node.office, who))
            return row.id, beside.look(tx, node.office, who, row, reason)

        found, sides = node.store.write("index.claim", look)
        kind = node.store.read(lambda tx: find_dossier(tx, found)).type
        rule = node.ctx.catalogue.types[kind].search
        values = [_value(one) | {"dossier": found, "answer": rule.answers.act if rule else ""} for one in sides]

    def tell(screen: Screen) -> None:
        for one in values:
            _tell(screen, one, str(folder))

    return Answer(values, tell)


def _value(side: "Side") -> dict[str, Any]:
    from passerelle import persons

    behind = []
    for one in side.behind:
        made: dict[str, Any] = {"source": one.source, "entry": one.who, "category": one.category, "here": one.here}
        made |= {"person": _person(one.person), "note": one.note, "score": None, "explanation": []}
        if one.person is not None and side.asked is not None:
            compared = persons.compare(side.asked, one.person)
            made |= {"score": round(compared.score, 6), "explanation": compared.sentences()}
        behind.append(made)
    behind.sort(key=lambda one: -(one["score"] or 0.0))
    return {
        "message": side.message,
        "index": side.index,
        "reference": side.reference,
        "state": side.state,
        "asked": _person(side.asked),
        "entries": behind,
    }


def _person(one: "Person | None") -> dict[str, Any] | None:
    from passerelle.cli.sources import person_value

    return person_value(one) if one is not None else None


def _tell(screen: Screen, value: dict[str, Any], folder: str) -> None:
    from passerelle.cli.sources import person_fields

    screen.title(_("asked about"))
    screen.fields([(_("index"), value["index"]), (_("reference"), value["reference"])])
    if value["asked"] is None:
        screen.line(_("the content is erased, or not for your service"))
    else:
        screen.fields(person_fields(value["asked"]))
    for one in value["entries"]:
        screen.title(_("own entry {entry} of {source}", entry=one["entry"], source=one["source"]))
        if not one["here"]:
            screen.line(_("no longer in the index"))
        if one["person"] is None:
            screen.line(_("gone, or in a dossier that is not yours to read"))
            continue
        screen.fields([*person_fields(one["person"]), (_("note"), one["note"])])
        for sentence in one["explanation"]:
            screen.line(f"- {sentence}")
        if one["score"] is not None:
            screen.fields([(_("score"), round(100 * one["score"]))])
    if not value["entries"]:
        screen.line(_("no entry is behind the reference any more"))
    screen.line()
    screen.fields([(_("state"), term(value["state"]))])
    if value["state"] == "opened":
        how = f"dossier act {folder} {value['dossier']} --act {value['answer']}"
        screen.line(_("a score ranks; whether it is the person, you say: {command}", command=how))
