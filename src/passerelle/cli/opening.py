"""`passerelle search open`: a hit becomes the draft of a dossier. Who releases it is another person."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from passerelle.cli import exits
from passerelle.cli.acts import Lane, Submit
from passerelle.cli.door import Answer, As, Folder, acting, command, opened
from passerelle.cli.drafts import Attest
from passerelle.cli.found import Why, fetched
from passerelle.cli.screen import Screen
from passerelle.cli.searching import QuestionId, find_question
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.cli import writing
    from passerelle.node import Node
    from passerelle.ports.people import Person
    from passerelle.ports.search import Question
    from passerelle.ports.store import Reading, Writing

OfType = Annotated[
    str,
    typer.Option(
        "--type", metavar="TYPE", help="The dossier type that a hit opens.", show_default="the only one possible"
    ),
]
Category = Annotated[
    str, typer.Option("--category", metavar="WORD", help="The person's category.", show_default="the only one possible")
]


class Opens(NamedTuple):
    """What `--open` of an asking command says of the dossier that the only hit opens."""

    given: dict[str, Any]
    type_name: str
    category: str
    lane: str


def register(search: typer.Typer) -> None:
    """Add the command to the group of searches."""
    command(
        search,
        "open",
        "search open /srv/be 5f0c91 1 --form --as ann > hit.toml",
        "search open /srv/be 5f0c91 1 --file hit.toml --submit --as ann",
        "search open /srv/be 5f0c91 1 3 --type border-data --file hit.toml --as ann",
    )(open_)


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
        fetched(node, asked)
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


def open_only(node: "Node", who: "Person", done: "list[Question]", value: dict[str, Any], opens: Opens) -> int:
    """Draft the dossier on the only hit. What does not let it is told beside the hits, which stay: its exit code."""
    from passerelle.core.errors import PasserelleError

    [first, *others] = value["found"]
    if others:
        value["not_opened"] = f"--open: expected one hit, got {len(value['found'])}"
        return exits.DONE
    question = next(one for one in done if one.id == first["question"])
    try:
        value["drafts"] = open_hits(
            node, who, question, [first["hit"]], opens.given, opens.type_name, opens.category, opens.lane
        )
    except PasserelleError as error:
        value["not_opened"] = str(error)
        return exits.code_of(error)
    return exits.DONE


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
