"""Commands on the hits of a blind search: look at them, open a dossier on one, erase. Reading them is recorded."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.acts import Lane, Submit
from passerelle.cli.door import Answer, As, Folder, acting, command, opened, said
from passerelle.cli.drafts import Attest
from passerelle.cli.erasing import Because, Ground
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.people import Person
    from passerelle.ports.search import Question
    from passerelle.ports.store import Reading, Writing
    from passerelle.search.hits import Seen

QuestionId = Annotated[
    str, typer.Argument(metavar="QUESTION", help="Id of the question, or its beginning.", show_default=False)
]
Why = Annotated[str, typer.Option("--reason", help="Why you read them, where you did not ask the question.")]
OfType = Annotated[
    str,
    typer.Option(
        "--type", metavar="TYPE", help="The dossier type that a hit opens.", show_default="the only one possible"
    ),
]
Category = Annotated[
    str, typer.Option("--category", metavar="WORD", help="The person's category.", show_default="the only one possible")
]
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
        search,
        "open",
        "search open /srv/be 5f0c91 1 --form --as ann > hit.toml",
        "search open /srv/be 5f0c91 1 --file hit.toml --submit --as ann",
        "search open /srv/be 5f0c91 1 3 --type border-data --file hit.toml --as ann",
    )(open_)
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
        _fetched(node, asked)

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
                    "{count} hit is gone: the partner withdrew its reference",
                    "{count} hits are gone: the partner withdrew their references",
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
        _fetched(node, asked)
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


def open_(
    folder: Folder,
    question: QuestionId,
    number: Annotated[
        list[int] | None,
        typer.Argument(metavar="[HIT]…", help="Numbers of hits. Without: the only one.", min=1, show_default=False),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="What else the act wants, .toml or .json.")
    ] = None,
    form: Annotated[bool, typer.Option("--form", help="Print the file to fill in, and open nothing.")] = False,
    type_name: OfType = "",
    category: Category = "",
    lane: Lane = "",
    attest: Attest = None,
    submit: Submit = False,
    reason: Why = "",
    *,
    as_: As,
) -> Answer:
    """Open a dossier on a hit: a draft of the act that its type has for it, for another person to release.

    Reference, claim and person are put in; what else the act wants stands in the file.
    """
    from passerelle.cli.writing import read_act
    from passerelle.core.errors import InputError

    if (file is None) == (not form):
        raise InputError("expected --file FILE or --form, got both or neither")
    given = read_act(file) if file else {}
    with opened(folder) as node:
        who, asked = acting(node, as_), find_question(node, question)
        if form:
            return _form(node, asked, type_name)
        _fetched(node, asked)
        values = open_hits(
            node, who, asked, number or [], given, type_name, category, lane, attest or [], submit=submit, reason=reason
        )

    def tell(screen: Screen) -> None:
        for one in values:
            tell_draft(screen, one, folder)

    return Answer(values, tell)


def _form(node: "Node", question: "Question", type_name: str) -> Answer:
    """The file of the act, without what the search puts in."""
    from passerelle.cli.forms import example_of, toml_of
    from passerelle.core.words import language
    from passerelle.search import drafting

    kind, act = node.store.read(lambda tx: drafting.type_of(tx, node.ctx, question, type_name))
    content = example_of(kind, act, language(), blank=True)
    known = drafting.put_in(question, act)
    content = {name: one for name, one in content.items() if name not in ("act", "subjects")}
    content["body"] = {name: one for name, one in content["body"].items() if name not in known}
    text = toml_of(kind, act, content, language(), without=("subjects", *known))
    return Answer({"type": kind.name, "act": act.name, "form": text}, lambda screen: screen.raw(text))


def open_hits(
    node: "Node",
    who: "Person",
    question: "Question",
    numbers: list[int],
    given: dict[str, Any],
    type_name: str,
    category: str,
    lane: str = "",
    attest: "list[str] | tuple[()]" = (),
    *,
    submit: bool = False,
    reason: str = "",
) -> list[dict[str, Any]]:
    """A draft for each of these hits. The first that cannot be drafted ends it; those before it stand."""
    from passerelle.cli import writing
    from passerelle.cli.drafts import draft_value
    from passerelle.core import ids
    from passerelle.exchange.desk import Act
    from passerelle.office import workflow
    from passerelle.ports.search import SEARCH_HITS
    from passerelle.search import drafting

    def fill(tx: "Reading", number: int) -> "writing.Filled":
        kind, act = drafting.type_of(tx, node.ctx, question, type_name)
        [hit] = drafting.numbers([number], every)
        written = drafting.written(tx, node.ctx, question, hit, given, kind, act, category)
        dossier = written.get("dossier") or ids.new_id()
        return writing.fill(
            tx, node.ctx, written, partner=question.partner, kind=kind, act=act, dossier=dossier, row=None, lane=lane
        )

    every = node.store.read(lambda tx: tx.scan(SEARCH_HITS, "key", (question.id,), limit=1_000_000))
    wanted = drafting.numbers(numbers, every)
    for hit in wanted:
        drafting.check_free(hit)
    values = []
    for hit in wanted:
        filled = node.store.read(lambda tx, number=hit.number: fill(tx, number))  # type: ignore[misc]
        act = Act(partner=question.partner, lane=filled.lane, content=filled.content, author=who.id)

        def also(tx: "Writing", draft: Any, number: int = hit.number) -> None:
            drafting.link(tx, node.office, who, question, number, reason, draft)

        made = workflow.draft(node.office, who, act, attest=attest, submit=submit, also=also)
        values.append(draft_value(made) | {"hit": hit.number, "added": filled.added})
    return values


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


def find_question(node: "Node", text: str) -> "Question":
    """A question by its id or its beginning, once all that is over went."""
    from passerelle.cli.finding import find
    from passerelle.ports.search import QUESTIONS
    from passerelle.search import keeping

    keeping.expire_all(node.ctx)
    return node.store.read(lambda tx: find(tx, QUESTIONS, text, "a question"))


def _fetched(node: "Node", question: "Question") -> None:
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
        screen.line(_("a hit is no finding: the partner compares, then data flows: {command}", command="search open"))


def _found_by(kinds: list[str]) -> str:
    words = {
        "document": _("document"),
        "number": _("national number"),
        "date": _("names and birth date"),
        "year": _("names and year of birth"),
    }
    return _(", ").join(words[one] for one in kinds)


def tell_draft(screen: Screen, value: dict[str, Any], folder: Path) -> None:
    """A draft that opens a dossier on a hit."""
    screen.line(_("hit {hit}: draft {draft} ({act}) opens dossier {dossier}", **value))
    for key, one in value["added"].items():
        words = ", ".join(one) if isinstance(one, list) else one
        screen.line(_("put in: {key} = {value}", key=key, value=words))
    if value["state"] == "submitted":
        screen.line(_("It waits for another person: {command}", command=f"dossier release {folder} {value['draft']}"))
    else:
        screen.line(_("Submit it for release: {command}", command=f"dossier submit {folder} {value['draft']}"))
