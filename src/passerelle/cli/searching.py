"""Commands on questions to a partner's index: which there are, how they stand; one is taken back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, Reason, acting, command, group, opened, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.search import Question

STATES = "waiting|answered|refused|stopped|over"
QuestionId = Annotated[
    str, typer.Argument(metavar="QUESTION", help="Id of the question, or its beginning.", show_default=False)
]


def begin(app: typer.Typer) -> typer.Typer:
    """The group of searches."""
    return group(
        app, "search", "Blind search: whether a partner's index holds a person, without telling the partner whom."
    )


def register(search: typer.Typer) -> None:
    """Add the commands to the group of searches."""
    command(
        search, "questions", "search questions /srv/be --as ann", "search questions /srv/be --state waiting --as ann"
    )(questions)
    command(search, "stop", 'search stop /srv/be 5f0c91 --reason "wrong person" --as ann')(stop)


def questions(
    folder: Folder,
    state: Annotated[str, typer.Option("--state", metavar=STATES, help="Only those of this state.")] = "",
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many at most, the latest first.")] = 200,
    *,
    as_: As,
) -> Answer:
    """List the questions: who asked whom, when, how they stand, what is left of the quota."""
    from passerelle.core.errors import InputError
    from passerelle.search import asking, keeping

    if state and state not in STATES.split("|"):
        raise InputError(f"--state: expected one of {STATES.replace('|', ', ')}, got {state[:20]!r}")
    with opened(folder) as node:
        who = acting(node, as_)
        keeping.expire_all(node.ctx)
        found = node.store.read(lambda tx: asking.questions(tx, node.office, who, state=state, most=most))
        values = [question_value(one) for one in found]
    return Answer(values, lambda screen: tell_questions(screen, values))


def stop(
    folder: Folder,
    question: QuestionId,
    reason: Reason,
    *,
    as_: As,
) -> Answer:
    """Take a question back that was not answered. The partner may have counted it already."""
    from passerelle.search import asking

    with opened(folder) as node:
        who = acting(node, as_)
        made = asking.stop(node.office, who, find_question(node, question), reason)
    return said(question_value(made), _("question {question} is stopped", question=made.id[:12]))


def find_question(node: "Node", text: str) -> "Question":
    """A question by its id or its beginning, once all that is over went."""
    from passerelle.cli.finding import find
    from passerelle.ports.search import QUESTIONS
    from passerelle.search import keeping

    keeping.expire_all(node.ctx)
    return node.store.read(lambda tx: find(tx, QUESTIONS, text, "a question"))


def question_value(one: "Question") -> dict[str, Any]:
    """A question, as JSON has it. `left_burst`, `left_day`: elements that are left, as the partner said; or None."""
    from passerelle.core.clock import to_iso
    from passerelle.search.asking import said_of
    from passerelle.search.keeping import NEVER

    kept = ("partner", "index", "purpose", "channel", "domain", "basis", "dossier", "by", "state", "reason", "check")
    counts = ("persons", "hits", "withdrawn", "tries")
    return (
        {"question": one.id, "run": one.run}
        | {key: getattr(one, key) for key in kept}
        | {key: getattr(one, key) for key in counts}
        | said_of(one)
        | {
            "elements": one.count,
            "asked": to_iso(one.asked),
            "answered": to_iso(one.answered) if one.answered else "",
            "expires": to_iso(one.expires) if one.expires < NEVER else "",
            "next": to_iso(one.due) if one.state == "waiting" and one.tries and one.due < NEVER else "",
            "left_burst": one.left_burst if one.left_burst >= 0 else None,
            "left_day": one.left_day if one.left_day >= 0 else None,
        }
    )


def tell_questions(screen: Screen, values: list[dict[str, Any]]) -> None:
    """Questions as a table."""
    heads = ("question", "partner", "index", "purpose", "time", "person", "state", "persons", "hits", "left today")
    keys = ("partner", "index", "purpose", "asked", "by")
    rows = [
        (
            one["question"][:12],
            *(one[key] for key in keys),
            term(one["state"]),
            one["persons"],
            one["hits"] - one["withdrawn"] if one["state"] in ("answered", "over") else "",
            "" if one["left_day"] is None else one["left_day"],
        )
        for one in values
    ]
    screen.table(heads, rows, _("nothing was asked"))
    for one in values:
        if one["reason"] and one["state"] in ("waiting", "refused"):
            words = f"{one['question'][:12]}: {retold(one['reason'])}"
            if one["next"]:
                words += "; " + _("next time: {moment}", moment=one["next"])
            screen.line(words)
