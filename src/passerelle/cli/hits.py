"""Commands on hits: look at them, confirm, reject. Reading them is recorded, and a person decides."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, opened, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.screening import Run
    from passerelle.ports.store import Writing
    from passerelle.screening.hits import Seen

RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id of the screening, or its beginning.", show_default=False)]
Most = Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many at most, the latest first.")]
HitNumber = Annotated[int, typer.Argument(metavar="HIT", help="Number of the hit.", min=1, show_default=False)]
Why = Annotated[str, typer.Option("--reason", help="Why you read them, where you did not run the screening.")]
Because = Annotated[str, typer.Option("--reason", help="Why, in words.", show_default=False)]
Retention = Annotated[
    str,
    typer.Option(
        "--retention",
        metavar="DURATION",
        help="How long the confirmed hit stays, like P90D.",
        show_default="what channel or type say",
    ),
]
SHOWN = 50
_SAID = 4
"""Sentences of a hit's explanation in a list of hits."""


def register(screen: typer.Typer) -> None:
    """Add the commands to the group of screening."""
    command(
        screen,
        "hits",
        "screen hits /srv/be 019ab3 --as ann",
        'screen hits /srv/be 019ab3 --state unverified --reason "relief at the counter" --as bea',
    )(hits)
    command(screen, "show", "screen show /srv/be 019ab3 1 --as ann")(show)
    command(screen, "confirm", 'screen confirm /srv/be 019ab3 1 --reason "same passport, same photograph" --as ann')(
        confirm
    )
    command(screen, "reject", 'screen reject /srv/be 019ab3 2 --reason "twenty years younger" --as ann')(reject)


def hits(
    folder: Folder,
    run_id: RunId,
    state: Annotated[
        str, typer.Option("--state", metavar="unverified|confirmed|rejected", help="Only these.", show_default="all")
    ] = "",
    after: Annotated[int, typer.Option("--after", min=0, help="How many to pass over.")] = 0,
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help="How many at most.")] = SHOWN,
    reason: Why = "",
    *,
    as_: As,
) -> Answer:
    """Show the hits of a screening, the closest first. The reading is recorded."""
    from passerelle.core.errors import InputError
    from passerelle.screening import hits as looking

    states = ("unverified", *looking.OUTCOMES)
    if state and state not in states:
        raise InputError(f"--state: expected one of {', '.join(states)}, got {state[:20]!r}")
    with opened(folder) as node:
        who, found = acting(node, as_), find_run(node, run_id)

        def read(tx: "Writing") -> dict[str, Any]:
            rows = looking.page(tx, node.office, who, found, reason, state=state, after=after, most=most)
            return run_value(found) | {"found": list(map(hit_value, rows)), "missing": looking.missing(tx, found)}

        value = node.store.write("screen.hits", read)

    def tell(screen: Screen) -> None:
        tell_hits(screen, value["found"], value["hits"])
        if value["state"] == "erased":
            screen.line(_("its time is over: only confirmed hits stay"))
        if value["missing"]:
            words = n_(
                "{count} hit is not here: no backup has them; screen again",
                "{count} hits are not here: no backup has them; screen again",
                value["missing"],
            )
            screen.line(words)

    return Answer(value, tell)


def show(folder: Folder, run_id: RunId, number: HitNumber, reason: Why = "", *, as_: As) -> Answer:
    """Show a hit: the traveller, the entry, and what speaks for and against. The reading is recorded."""
    from passerelle.screening import hits as looking

    with opened(folder) as node:
        who, found = acting(node, as_), find_run(node, run_id)
        seen = node.store.write("screen.show", lambda tx: looking.show(tx, node.office, who, found, number, reason))
        value = hit_value(seen) | {"screening": run_value(found)}
    return Answer(value, lambda screen: _tell_hit(screen, value))


def confirm(
    folder: Folder, run_id: RunId, number: HitNumber, reason: Because, retention: Retention = "", *, as_: As
) -> Answer:
    """Confirm a hit that you have looked at: traveller and entry are the same person. It stays until its date."""
    value = _decide(folder, run_id, number, "confirmed", reason, retention, as_)
    words = _("hit {number} is confirmed and stays until {moment}", number=number, moment=value["until"])
    return said(value, words)


def reject(folder: Folder, run_id: RunId, number: HitNumber, reason: Because, *, as_: As) -> Answer:
    """Reject a hit that you have looked at: it is somebody else. The next screening shows such a hit again."""
    value = _decide(folder, run_id, number, "rejected", reason, "", as_)
    return said(value, _("hit {number} is rejected", number=number))


def _decide(
    folder: Path, run_id: str, number: int, outcome: str, reason: str, retention: str, as_: str
) -> dict[str, Any]:
    from passerelle.core.clock import to_iso
    from passerelle.screening import deciding

    with opened(folder) as node:
        who, found = acting(node, as_), find_run(node, run_id)
        made = deciding.decide(node.office, who, found, number, outcome, reason, explain, retention)
        value = {"run": found.id, "number": number, "state": made.state, "by": who.id, "reason": made.reason}
    return value | ({"until": to_iso(made.until)} if made.until else {})


def find_run(node: "Node", text: str) -> "Run":
    """A screening by its id or its beginning, once all that is over went."""
    from passerelle.cli.finding import find
    from passerelle.ports.screening import RUNS
    from passerelle.screening import keeping

    keeping.expire_all(node.ctx)
    return node.store.read(lambda tx: find(tx, RUNS, text, "a screening"))


def explain(seen: "Seen") -> tuple[str, ...]:
    """What speaks for a hit and against it, in the language in use."""
    from passerelle import persons

    return tuple(persons.compare(seen.traveller.person, seen.entry.person).sentences())


# -- how they are shown ------------------------------------------------------------------------------------------------


def run_value(run: "Run") -> dict[str, Any]:
    """A screening, as JSON has it."""
    from passerelle.core.clock import to_iso

    kept = (
        "list",
        "number",
        "domain",
        "purpose",
        "basis",
        "link",
        "offence",
        "journey",
        "channel",
        "form",
        "by",
        "state",
    )
    counts = ("travellers", "faults", "hits", "cut")
    times = {"begun": to_iso(run.begun), "expires": to_iso(run.expires)}
    return {"run": run.id} | {key: getattr(run, key) for key in (*kept, *counts)} | times


def hit_value(seen: "Seen") -> dict[str, Any]:
    """A hit with what explains it, as JSON has it. `score` in (0, 1) ranks."""
    from passerelle.cli.sources import person_value
    from passerelle.core.clock import to_iso

    def one(entry: Any) -> dict[str, Any]:
        return {"id": entry.id, "person": person_value(entry.person), "note": entry.note}

    return {
        "hit": seen.number,
        "score": round(seen.score, 6),
        "state": seen.state,
        "traveller": one(seen.traveller),
        "entry": one(seen.entry),
        "explanation": list(seen.said or explain(seen)),
        "before": [
            {"run": it.run, "by": it.decided_by, "time": to_iso(it.decided), "reason": it.reason} for it in seen.before
        ],
        "by": seen.decided_by,
        "time": to_iso(seen.decided) if seen.decided else "",
        "reason": seen.reason,
        "until": to_iso(seen.until) if seen.until else "",
    }


def tell_hits(screen: Screen, found: list[dict[str, Any]], count: int) -> None:
    """Hits as a table, each with what explains it."""
    from passerelle.cli.sources import names_of
    from passerelle.core.retold import in_a_row

    rows = [
        (
            one["hit"],
            round(100 * one["score"]),
            names_of(one["traveller"]["person"]),
            names_of(one["entry"]["person"]),
            one["entry"]["id"],
            term(one["state"]),
        )
        for one in found
    ]
    screen.table((_("hit"), _("score"), _("traveller"), _("on the list"), _("entry"), _("state")), rows, _("no hit"))
    for one in found:
        if one["explanation"]:
            screen.line(f"{one['hit']}: " + in_a_row(one["explanation"][:_SAID]))
        if one["before"]:
            screen.line(f"{one['hit']}: " + _before(one["before"][0]))
    if len(found) < count:
        screen.line(_("{shown} of {count} are shown", shown=len(found), count=count))


def _before(one: dict[str, Any]) -> str:
    return _(
        "{person} rejected this entry for a traveller named and born alike: {reason}",
        person=one["by"],
        reason=one["reason"],
    )


def _tell_hit(screen: Screen, value: dict[str, Any]) -> None:
    from passerelle.cli.sources import person_fields

    for title, one in ((_("traveller"), value["traveller"]), (_("entry of the list"), value["entry"])):
        screen.title(title)
        screen.fields([("id", one["id"]), *person_fields(one["person"]), (_("note"), one["note"])])
    screen.title(_("what was compared"))
    for sentence in value["explanation"]:
        screen.line(f"- {sentence}")
    for one in value["before"]:
        screen.line(f"- {_before(one)}")
    screen.line()
    screen.fields(
        [
            (_("state"), term(value["state"])),
            (_("score"), round(100 * value["score"])),
            (_("person"), value["by"]),
            (_("time"), value["time"]),
            (_("reason"), value["reason"]),
            (_("until"), value["until"]),
        ]
    )
    if value["state"] == "unverified":
        screen.line(_("nobody has decided; a score ranks and decides nothing"))
