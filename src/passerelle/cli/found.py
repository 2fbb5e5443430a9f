"""Commands on the hits of a blind search: look at them, erase. Reading them is recorded."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, opened, said
from passerelle.cli.erasing import Because, Ground
from passerelle.cli.screen import Screen
from passerelle.cli.searching import QuestionId, find_question
from passerelle.cli.terms import term
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.search import Question
    from passerelle.ports.store import Writing
    from passerelle.search.hits import Seen

Why = Annotated[str, typer.Option("--reason", help="Why you read them, where you did not ask the question.")]
_WAIT = 10.0
_LOOK = 0.1


def register(search: typer.Typer) -> None:
    """Add the commands to the group of searches."""
    command(
        search,
        "hits",
        "search hits /srv/be 5f0c91 --as ann",
        'search hits /srv/be 5f0c91 --reason "relief at the desk" --as bea',
    )(hits)
    command(search, "show", "search show /srv/be 5f0c91 1 --as ann")(show)
    command(
        search, "erase", 'search erase /srv/be 5f0c91 --hit 1 --ground request --reason "decision 2026/114" --as dana'
    )(erase)


def hits(folder: Folder, question: QuestionId, reason: Why = "", *, as_: As) -> Answer:
    """Show the hits of a question, unverified until the partner has compared. The reading is recorded.

    They are shown with a current list of what the partner withdrew, and not without.
    """
    from passerelle.cli.searching import question_value
    from passerelle.search import hits as looking
    from passerelle.search import keeping

    with opened(folder) as node:
        who, asked = acting(node, as_), find_question(node, question)
        fetched(node, asked)

        def read(tx: "Writing") -> dict[str, Any]:
            now_is, shown = looking.page(tx, node.office, who, asked, reason)
            return question_value(now_is) | {
                "found": list(map(hit_value, shown)),
                "missing": keeping.missing(tx, now_is),
            }

        value = node.store.write("search.hits", read)

    def tell(screen: Screen) -> None:
        tell_hits(screen, value["found"])
        if value["withdrawn"]:
            screen.line(
                n_(
                    "{count} hit is gone: the partner withdrew its reference, or ended the table",
                    "{count} hits are gone: the partner withdrew their references, or ended the table",
                    value["withdrawn"],
                )
            )
        if value["missing"]:
            screen.line(
                n_(
                    "{count} hit is not here: no backup has them; ask again",
                    "{count} hits are not here: no backup has them; ask again",
                    value["missing"],
                )
            )

    return Answer(value, tell)


def show(
    folder: Folder,
    question: QuestionId,
    number: Annotated[int, typer.Argument(metavar="HIT", help="Number of the hit.", min=1, show_default=False)],
    reason: Why = "",
    *,
    as_: As,
) -> Answer:
    """Show a hit: who was asked about, and by which of his data the index has him. The reading is recorded."""
    from passerelle.search import hits as looking

    with opened(folder) as node:
        who, asked = acting(node, as_), find_question(node, question)
        fetched(node, asked)
        seen = node.store.write("search.show", lambda tx: looking.show(tx, node.office, who, asked, number, reason))
        value = hit_value(seen)

    def tell(screen: Screen) -> None:
        from passerelle.cli.sources import person_fields

        screen.fields([("id", value["person"]["id"]), *person_fields(value["person"]["person"])])
        screen.line()
        screen.fields(
            [
                (_("state"), term(value["state"])),
                (_("index"), value["index"]),
                (_("found by"), _found_by(value["by"])),
                (_("reference"), value["reference"]),
                (_("draft"), value["draft"]),
                (_("dossier"), value["dossier"]),
            ]
        )
        if value["state"] == "unverified":
            screen.line(_("nobody has compared; a dossier asks the partner to: {command}", command="search open"))

    return Answer(value, tell)


def erase(
    folder: Folder,
    question: QuestionId,
    ground: Ground,
    reason: Because,
    number: Annotated[int, typer.Option("--hit", metavar="HIT", min=0, help="Only this hit.")] = 0,
    *,
    as_: As,
) -> Answer:
    """Erase what a question left before its time: a hit, or all of it with what opens it. Counts and the log stay."""
    from passerelle.search import keeping
    from passerelle.store.base import BaseStore

    with opened(folder) as node:
        who, asked = acting(node, as_), find_question(node, question)
        keeping.erase(node.office, who, asked, number, ground, reason)
        if isinstance(node.store, BaseStore):
            node.store.settle(1.0)
    value = {"question": asked.id, "hit": number or None, "ground": ground}
    if number:
        return said(value, _("hit {number} is erased", number=number))
    return said(value, _("what question {question} left is erased", question=asked.id[:12]))


def fetched(node: "Node", question: "Question") -> None:
    """Give the service a moment to fetch the list of what was withdrawn, where the one that is here has run out."""
    import time

    from passerelle.search import hits as looking

    def current() -> bool:
        return node.store.read(lambda tx: looking.is_current(tx, node.ctx, question))

    if question.state != "answered" or current() or not node.is_served():
        return
    node.wake()
    end = time.monotonic() + _WAIT
    while not current() and time.monotonic() < end:
        time.sleep(_LOOK)


# -- how they are shown ------------------------------------------------------------------------------------------------


def hit_value(seen: "Seen") -> dict[str, Any]:
    """A hit, as JSON has it. `by`: what of the person the index has (document, number, date, year)."""
    from passerelle.cli.sources import person_value

    person = {"id": "", "person": {}, "note": ""}
    if seen.entry is not None:
        person = {"id": seen.entry.id, "person": person_value(seen.entry.person), "note": seen.entry.note}
    return {
        "question": seen.question,
        "hit": seen.number,
        "index": seen.index,
        "state": seen.state,
        "person": person,
        "by": list(seen.by),
        "reference": seen.reference,
        "draft": seen.draft,
        "dossier": seen.dossier,
    }


def tell_hits(screen: Screen, found: list[dict[str, Any]]) -> None:
    """Hits as a table."""
    from passerelle.cli.sources import names_of

    rows = [
        (
            one["question"][:12],
            one["hit"],
            one["person"]["id"],
            names_of(one["person"]["person"]),
            one["index"],
            _found_by(one["by"]),
            term(one["state"]),
        )
        for one in found
    ]
    heads = (_("question"), _("hit"), "id", _("person"), _("index"), _("found by"), _("state"))
    screen.table(heads, rows, _("no hit"))
    if any(one["state"] == "unverified" for one in found):
        screen.line(
            _("a hit is no finding; a dossier on it asks the partner to compare: {command}", command="search open")
        )


def _found_by(kinds: list[str]) -> str:
    words = {
        "document": _("document"),
        "number": _("national number"),
        "date": _("names and birth date"),
        "year": _("names and year of birth"),
    }
    return _(", ").join(words[one] for one in kinds)
