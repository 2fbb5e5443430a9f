"""Commands on the daily work around dossiers: who has one, notes, references, copies sent another way, reviews."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, opened, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.ports.work import Assignment, Note, Review, Via

DossierId = Annotated[
    str,
    typer.Argument(
        metavar="DOSSIER",
        help="Id of the dossier or its beginning, or a reference, own or the partner's.",
        show_default=False,
    ),
]


def register(dossier: typer.Typer) -> None:
    """Add the commands to the group of dossiers."""
    command(
        dossier,
        "assign",
        "dossier assign /srv/ma 019ab2 --service police --desk fugitives --as driss",
        "dossier assign /srv/ma 019ab2 --person nadia --as driss",
    )(assign)
    command(
        dossier,
        "hand-over",
        'dossier hand-over /srv/ma 019ab2 --to samir --note "waiting for the hotel\'s list" --as nadia',
    )(hand_over)
    command(dossier, "note", 'dossier note /srv/ma 019ab2 "called the prosecutor" --as nadia')(note)
    command(dossier, "reference", "dossier reference /srv/ma 019ab2 MA-2026-4411 --as nadia")(reference)
    command(dossier, "via", "dossier via /srv/be 019ab2 --system siena --reference 1234567-2-1 --as ann")(via)
    command(dossier, "reviews", "dossier reviews /srv/be", "dossier reviews /srv/be --overdue")(reviews)
    command(
        dossier,
        "review",
        'dossier review /srv/be 019ab3 --outcome upheld --comment "danger was real" --as luc',
    )(review)


def assignment_value(one: "Assignment") -> dict[str, Any]:
    """Who was given a dossier, by whom and when."""
    from passerelle.core.clock import to_iso

    return {
        "service": one.service,
        "desk": one.desk,
        "person": one.person,
        "by": one.by,
        "time": to_iso(one.time),
        "note": one.note,
    }


def note_value(one: "Note") -> dict[str, Any]:
    """An internal note."""
    from passerelle.core.clock import to_iso

    return {"by": one.by, "time": to_iso(one.time), "text": one.text}


def via_value(one: "Via") -> dict[str, Any]:
    """A copy that went another way."""
    from passerelle.core.clock import to_iso

    return {
        "system": one.system,
        "reference": one.reference,
        "sent": one.sent,
        "by": one.by,
        "time": to_iso(one.time),
    }


def review_value(one: "Review", now: int) -> dict[str, Any]:
    """A review that is owed or was done."""
    from passerelle.core.clock import to_iso

    return {
        "message": one.message,
        "dossier": one.dossier,
        "partner": one.partner,
        "act": one.act,
        "released": to_iso(one.released),
        "released_by": one.released_by,
        "due": to_iso(one.due),
        "state": one.state,
        "overdue": one.state == "open" and one.due < now,
        "done": to_iso(one.done) if one.done else "",
        "done_by": one.done_by,
        "comment": one.comment,
    }


def assign(
    folder: Folder,
    dossier: DossierId,
    service: Annotated[str, typer.Option("--service", help="The service that has it.")] = "",
    desk: Annotated[str, typer.Option("--desk", help="The desk that has it.")] = "",
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="The person who has it.")] = "",
    note: Annotated[str, typer.Option("--note", help="Words for them; they stay here.")] = "",
    *,
    as_: As,
) -> Answer:
    """Give a dossier to a service, a desk, a person. What is named replaces all of what was."""
    from passerelle.cli.finding import find_dossier
    from passerelle.office import casework
    from passerelle.office.veil import Veil

    with opened(folder) as node:
        who = acting(node, as_)
        row = node.store.read(lambda tx: find_dossier(tx, dossier, Veil(tx, node.office, who)))
        made = casework.assign(node.office, who, row.id, service=service, desk=desk, person=person, note=note)
    return _given(row.id, made)


def hand_over(
    folder: Folder,
    dossier: DossierId,
    to: Annotated[str, typer.Option("--to", metavar="PERSON", help="Who has it from now on.", show_default=False)],
    note: Annotated[str, typer.Option("--note", help="What the next person must know.", show_default=False)],
    *,
    as_: As,
) -> Answer:
    """Hand a dossier over to another person, with a note. Service and desk stay."""
    from passerelle.cli.finding import find_dossier
    from passerelle.office import casework
    from passerelle.office.veil import Veil

    with opened(folder) as node:
        who = acting(node, as_)
        row = node.store.read(lambda tx: find_dossier(tx, dossier, Veil(tx, node.office, who)))
        made = casework.hand_over(node.office, who, row.id, to, note)
    return _given(row.id, made)


def _given(dossier: str, made: "Assignment") -> Answer:
    to = ", ".join(one for one in (made.service, made.desk, made.person) if one)
    return said({"dossier": dossier, **assignment_value(made)}, _("dossier {dossier}: {to}", dossier=dossier, to=to))


def note(
    folder: Folder,
    dossier: DossierId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The note.", show_default=False)],
    *,
    as_: As,
) -> Answer:
    """Write an internal note on a dossier. It stays on this node: no message and no evidence carries it."""
    from passerelle.cli.finding import find_dossier
    from passerelle.office import casework
    from passerelle.office.veil import Veil

    with opened(folder) as node:
        who = acting(node, as_)
        row = node.store.read(lambda tx: find_dossier(tx, dossier, Veil(tx, node.office, who)))
        made = casework.note(node.office, who, row.id, text)
    return said({"dossier": row.id, **note_value(made)}, _("dossier {dossier}: note kept", dossier=row.id))


def reference(
    folder: Folder,
    dossier: DossierId,
    own: Annotated[str, typer.Argument(metavar="REFERENCE", help="The own reference.", show_default=False)],
    *,
    as_: As,
) -> Answer:
    """Set the own reference of a dossier. Your next act in it tells the partner."""
    from passerelle.cli.finding import find_dossier
    from passerelle.office import casework
    from passerelle.office.veil import Veil

    with opened(folder) as node:
        who = acting(node, as_)
        row = node.store.read(lambda tx: find_dossier(tx, dossier, Veil(tx, node.office, who)))
        made = casework.refer(node.office, who, row.id, own)
    value = {
        "dossier": made.id,
        "own_reference": made.own_reference,
        "partner_reference": made.partner_reference,
    }
    return said(value, _("dossier {dossier} is {reference} here", dossier=made.id, reference=made.own_reference))


def via(
    folder: Folder,
    dossier: DossierId,
    system: Annotated[
        str,
        typer.Option(
            "--system", metavar="interpol|siena|sis|liaison|courier|other", help="Which way.", show_default=False
        ),
    ],
    reference: Annotated[str, typer.Option("--reference", help="The reference that it has there.", show_default=False)],
    sent: Annotated[str, typer.Option("--sent", metavar="DAY", help="The day, like 2026-11-21.")] = "",
    *,
    as_: As,
) -> Answer:
    """Write down that a copy went another way. It stays here; `also_via` in an act tells the partner."""
    from passerelle.cli.finding import find_dossier
    from passerelle.office import casework
    from passerelle.office.veil import Veil

    with opened(folder) as node:
        who = acting(node, as_)
        row = node.store.read(lambda tx: find_dossier(tx, dossier, Veil(tx, node.office, who)))
        made = casework.via(node.office, who, row.id, system, reference, sent)
    words = _("dossier {dossier}: also by {system}, {reference}", dossier=row.id, system=system, reference=reference)
    return said({"dossier": row.id, **via_value(made)}, words)


def reviews(
    folder: Folder,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose time is over.")] = False,
    done: Annotated[bool, typer.Option("--done", help="Those that were done, too.")] = False,
    *,
    as_: As,
) -> Answer:
    """List the reviews that are owed for acts released by one person alone, the overdue ones first."""
    from passerelle.office import reviews as owed

    with opened(folder) as node:
        who = acting(node, as_)
        now = node.ctx.clock.now()
        found = node.store.read(lambda tx: owed.seen(tx, node.office, who, overdue=overdue, done=done))
    values = [review_value(one, now) for one in found]

    def show(screen: Screen) -> None:
        rows = [
            (
                _("overdue") if one["overdue"] else term(one["state"]),
                one["due"][:19] + "Z",
                one["act"],
                one["partner"],
                one["released_by"],
                one["done_by"],
                one["message"],
            )
            for one in values
        ]
        heads = (_("review"), _("due"), _("act"), _("partner"), _("released by"), _("reviewed by"), _("message"))
        screen.table(heads, rows, _("no review is owed"))

    return Answer(values, show)


def review(
    folder: Folder,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Id of the message, or its beginning.")],
    outcome: Annotated[str, typer.Option("--outcome", metavar="upheld|not-upheld", help="Was it right?")],
    comment: Annotated[str, typer.Option("--comment", help="Why, in words.", show_default=False)],
    *,
    as_: As,
) -> Answer:
    """Review an act that a duty officer released alone."""
    from passerelle.cli.finding import find
    from passerelle.office import reviews as owed
    from passerelle.office.veil import Veil
    from passerelle.ports.work import REVIEWS

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(
            lambda tx: find(tx, REVIEWS, message, "a message that is owed a review", Veil(tx, node.office, who))
        )
        made = owed.review(node.office, who, found.message, outcome, comment)
        value = review_value(made, node.ctx.clock.now())

    def show(screen: Screen) -> None:
        screen.line(_("message {message}: {outcome}", message=made.message, outcome=term(made.state)))
        if made.state == "not-upheld":
            screen.line(
                _(
                    "Correct or withdraw it: {command}",
                    command=f"dossier act {folder} {made.dossier} --act correct",
                )
            )

    return Answer(value, show)
