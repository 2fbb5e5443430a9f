"""Commands on what stays of screenings: confirmed hits, figures by script; and erasing what is over at once."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, Reason, acting, command, opened, permitted, said
from passerelle.cli.erasing import Because, Ground
from passerelle.cli.hits import HitNumber, Most, RunId, find_run
from passerelle.cli.screen import Screen
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.ports.screening import Confirmed
    from passerelle.screening.figures import Line

OfList = Annotated[str, typer.Option("--list", metavar="LIST", help="Only of this list.")]


def register(screen: typer.Typer) -> None:
    """Add the commands to the group of screening."""
    command(screen, "confirmed", 'screen confirmed /srv/be --reason "weekly review" --as ann')(confirmed)
    command(
        screen,
        "report",
        "screen report /srv/be --from 2026-01 --until 2026-12 --as dana",
        "screen report /srv/be --list un-sanctions --json --as dana",
    )(report)
    command(screen, "erase", 'screen erase /srv/be 019ab3 1 --ground request --reason "decision 2026/114" --as dana')(
        erase
    )
    command(screen, "expire", "screen expire /srv/be --as eva")(expire)


def confirmed(
    folder: Folder,
    reason: Reason,
    name: OfList = "",
    most: Most = 200,
    *,
    as_: As,
) -> Answer:
    """Show the hits that persons confirmed, of all screenings. The reading is recorded."""
    from passerelle.cli.sources import names_of
    from passerelle.screening import hits, keeping

    with opened(folder) as node:
        who = acting(node, as_)
        keeping.expire_all(node.ctx)
        found = node.store.write(
            "screen.confirmed", lambda tx: hits.confirmed(tx, node.office, who, reason, name=name, most=most)
        )
        values = [_value(one) for one in found]

    def tell(screen: Screen) -> None:
        heads = (_("time"), _("list"), _("entry"), _("traveller"), _("person"), _("reason"), _("until"))
        rows = [
            (
                one["time"],
                one["list"],
                one["entry"]["id"],
                names_of(one["traveller"]["person"]),
                one["by"],
                one["reason"],
                one["until"][:10],
            )
            for one in values
        ]
        screen.table(heads, rows, _("no confirmed hit"))

    return Answer(values, tell)


def _value(one: "Confirmed") -> dict[str, Any]:
    from passerelle.cli.sources import person_value
    from passerelle.core.clock import to_iso
    from passerelle.screening.lists import decode

    kept = ("run", "list", "purpose", "basis", "link", "offence", "journey", "channel", "reason", "screened_by")
    entry, traveller = decode(one.body), decode(one.traveller)
    return (
        {"confirmed": one.id, "hit": one.number}
        | {key: getattr(one, key) for key in kept}
        | {
            "version": one.edition,
            "entry": {"id": entry.id, "person": person_value(entry.person), "note": entry.note},
            "traveller": {"id": traveller.id, "person": person_value(traveller.person), "note": traveller.note},
            "explanation": list(one.said),
            "by": one.decided_by,
            "time": to_iso(one.decided),
            "screened": to_iso(one.screened),
            "until": to_iso(one.until),
        }
    )


def report(
    folder: Folder,
    since: Annotated[str, typer.Option("--from", metavar="MONTH", help="First month (UTC), like 2026-03.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="MONTH", help="Last month (UTC), included.")] = "",
    name: OfList = "",
    *,
    as_: As,
) -> Answer:
    """Count travellers, hits, and the share of false ones, by the script of the names. Counts name nobody."""
    from passerelle.screening import figures, keeping

    for option, text in (("--from", since), ("--until", until)):
        figures.check_month(text, option)
    with opened(folder) as node:
        permitted(node, as_, "statistics.look")
        keeping.expire_all(node.ctx)
        lines = node.store.read(lambda tx: figures.report(tx, since, until, name))
    values = [line_value(one) for one in lines]
    return Answer(values, lambda screen: tell_lines(screen, values))


def line_value(one: "Line") -> dict[str, Any]:
    """A line of the report, as JSON has it. `false_share`: of the hits that a person decided; None without any."""
    return one._asdict() | {"undecided": one.undecided, "false_share": one.false_share}


def tell_lines(screen: Screen, values: list[dict[str, Any]]) -> None:
    """The report as a table; the last line counts all."""
    keys = ("travellers", "hits", "confirmed", "rejected", "lapsed", "undecided")
    heads = (
        _("list"),
        _("traveller's name"),
        _("entry's name"),
        *(
            _("travellers"),
            _("hits"),
            _("confirmed"),
            _("false"),
            _("lapsed"),
            _("undecided"),
            _("share of false ones"),
        ),
    )
    rows = []
    for one in values:
        share = "" if one["false_share"] is None else f"{100 * one['false_share']:.0f} %"
        first = (one["list"], one["script"], one["against"]) if one["list"] else (_("total"), "", "")
        rows.append((*first, *(one[key] for key in keys), share))
    screen.table(heads, rows, _("nothing was screened"))


def erase(
    folder: Folder,
    run_id: RunId,
    number: HitNumber,
    ground: Ground,
    reason: Because,
    *,
    as_: As,
) -> Answer:
    """Erase a hit before its time, confirmed or not. The counts of the report stay."""
    from passerelle.screening import deciding
    from passerelle.store.base import BaseStore

    with opened(folder) as node:
        who, found = acting(node, as_), find_run(node, run_id)
        deciding.erase(node.office, node.register, who, found, number, ground, reason)
        if isinstance(node.store, BaseStore):
            node.store.settle(1.0)
    return said({"run": found.id, "number": number, "ground": ground}, _("hit {number} is erased", number=number))


def expire(folder: Folder, *, as_: As) -> Answer:
    """Erase at once what is over: hits that nobody confirmed, confirmed ones, lists. A service does so by itself."""
    from passerelle.screening import keeping
    from passerelle.store.base import BaseStore

    with opened(folder) as node:
        permitted(node, as_, "list.look")
        done = keeping.expire_all(node.ctx)
        node.indexes.forget()
        if done and isinstance(node.store, BaseStore):
            node.store.settle(1.0)
    words = n_("{count} step: what was over is erased", "{count} steps: what was over is erased", done)
    return said({"steps": done}, words if done else _("nothing is over"))
