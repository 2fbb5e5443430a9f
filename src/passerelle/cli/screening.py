"""Commands on screening: travellers against an own list, hits that a person confirms or rejects, figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli import help
from passerelle.cli.door import Answer, As, Folder, acting, command, group, opened, said
from passerelle.cli.lists import Encoding, MappingFile, Name
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.cli.sources import Files
    from passerelle.node import Node
    from passerelle.ports.people import Person
    from passerelle.ports.screening import Run
    from passerelle.ports.store import Reading, Writing
    from passerelle.screening.hits import Seen

LINKS = "aimed-at-transport|by-means-of-travel|travel-to-prepare|travel-to-evade"
"""The objective links, as the type has them."""
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id of the screening, or its beginning.", show_default=False)]
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
_SHOWN = 50
_SAID = 4
"""Sentences of a hit's explanation in a list of hits."""


def register(app: typer.Typer) -> typer.Typer:
    """Add the commands. Returns their group."""
    made = group(
        app, "screen", "Screening: travellers against an own list. A person decides on every hit.", help.Running
    )
    command(
        made,
        "run",
        "screen run /srv/be un-sanctions --travellers passengers.edi --link travel-to-evade "
        '--offence "Terrorist offence, Criminal Code art. 137" --as ann',
        "screen run /srv/be un-sanctions --travellers ferry.csv --mapping ferry.toml --link travel-to-prepare "
        '--offence "Trafficking in human beings" --journey "Ferry Tanger Med to Algeciras, 21 November" --as ann',
    )(run)
    command(made, "list", "screen list /srv/be --as ann")(list_all)
    command(
        made,
        "hits",
        "screen hits /srv/be 019ab3 --as ann",
        'screen hits /srv/be 019ab3 --state unverified --reason "relief at the counter" --as bea',
    )(hits)
    command(made, "show", "screen show /srv/be 019ab3 1 --as ann")(show)
    command(made, "confirm", 'screen confirm /srv/be 019ab3 1 --reason "same passport, same photograph" --as ann')(
        confirm
    )
    command(made, "reject", 'screen reject /srv/be 019ab3 2 --reason "twenty years younger" --as ann')(reject)
    return made


def run(
    folder: Folder,
    name: Name,
    travellers: Annotated[
        Path, typer.Option("--travellers", metavar="FILE", help="The file of travellers.", show_default=False)
    ],
    link: Annotated[
        str,
        typer.Option(
            "--link", metavar=LINKS, help="The objective link between journey and offence.", show_default=False
        ),
    ],
    offence: Annotated[
        str, typer.Option("--offence", help="The offence that is behind the question.", show_default=False)
    ],
    journey: Annotated[
        str,
        typer.Option("--journey", help="Which journey, in words.", show_default="what the passengers' message says"),
    ] = "",
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="WORD", help="For which purpose.", show_default="that of the list")
    ] = "",
    channel: Annotated[
        str,
        typer.Option(
            "--channel", metavar="DIGEST", help="The channel whose times hold.", show_default="the shortest of all"
        ),
    ] = "",
    form: Annotated[
        str, typer.Option("--form", metavar="mrz|paxlst|csv|jsonl", help="Form of the file.", show_default="found out")
    ] = "",
    mapping: MappingFile = None,
    encoding: Encoding = "",
    *,
    as_: As,
) -> Answer:
    """Screen travellers against a list. Hits are shown best first, unverified, until a person confirms or rejects them.

    A name, a birth and a document rank; none of them decides. The file itself stays where it is: delete it in time.
    """
    from passerelle.cli.sources import TRAVELLERS, files

    with (
        opened(folder) as node,
        files([travellers], form, TRAVELLERS, node.office.today(), mapping, encoding, "--travellers") as source,
    ):
        who = acting(node, as_)
        asked = {"link": link, "offence": offence, "journey": journey, "purpose": purpose, "channel": channel}
        value = _run(node, who, name, source, asked)
    return Answer(value, lambda screen: _tell_run(screen, value))


def _run(node: "Node", who: "Person", name: str, source: "Files", asked: dict[str, str]) -> dict[str, Any]:
    from passerelle.cli.finding import find
    from passerelle.cli.progress import progress
    from passerelle.cli.sources import fault_values
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action
    from passerelle.persons.model import Fault
    from passerelle.ports.records import INSTRUMENTS
    from passerelle.screening import hits as looking
    from passerelle.screening import keeping, lists, rules, running

    keeping.expire_all(node.ctx)
    row = node.store.read(lambda tx: lists.find(tx, name))
    # Before the index is made, which may take a minute.
    node.store.read(lambda tx: ask(tx, node.office, who, Action.SCREENING_RUN, running.on(row.domain, name=name)))
    if asked["channel"]:
        asked["channel"] = node.store.read(lambda tx: find(tx, INSTRUMENTS, asked["channel"], "a channel")).digest
    first = source.read()  # once to count and to find the journey, once to screen: nothing of it is kept
    faults: list[Fault] = []
    for one in first:
        if isinstance(one, Fault) and len(faults) < running.MOST_FAULTS:
            faults.append(one)
    asked["journey"] = asked["journey"] or "; ".join(map(_voyage, first.voyages[:3]))[:200]
    wanted = rules.checked(rules.Asked(**asked), row, rules.type_of(node.ctx))
    with progress(_("bringing the index up to date")) as advance:
        index = node.indexes.open(row, advance)
    settings = node.settings.screening
    limits, reading = running.Limits(settings.least / 100, settings.most), source.read()
    with progress(_("screening")) as advance:
        made = running.run(
            node.office,
            who,
            row,
            wanted,
            reading.form,
            index,
            reading,
            limits,
            lambda done: advance(done, max(done, first.entries)),
            lambda: reading.whole,
        )
    shown = node.store.write("screen.hits", lambda tx: looking.page(tx, node.office, who, made, "", most=_SHOWN))
    return run_value(made) | {"unread": fault_values(faults), "found": [hit_value(one) for one in shown]}


def _voyage(one: Any) -> str:
    """A journey as a passengers' message says it."""
    way = "-".join(part for part in (one.origin, one.destination) if part)
    return " ".join(part for part in (one.carrier, one.number, way, one.departs) if part)


def _tell_run(screen: Screen, value: dict[str, Any]) -> None:
    from passerelle.cli.sources import tell_faults

    words = n_(
        "{count} traveller was screened against {list}",
        "{count} travellers were screened against {list}",
        value["travellers"],
        list=value["list"],
    )
    screen.line(f"{words}: " + n_("{count} hit", "{count} hits", value["hits"]))
    screen.fields([(_("screening"), value["run"]), (_("journey"), value["journey"])])
    if value["cut"]:
        screen.line(n_("{count} more hit is not shown", "{count} more hits are not shown", value["cut"]))
    if value["faults"]:
        screen.line(
            n_(
                "{count} fault in the file; look at these travellers by hand:",
                "{count} faults in the file; look at these travellers by hand:",
                value["faults"],
            )
        )
        tell_faults(screen, value["unread"], value["faults"])
    _tell_hits(screen, value["found"], value["hits"])
    screen.line()
    if value["hits"]:
        screen.line(
            _(
                "a score ranks; whether it is the person, a person says: {command}",
                command="screen show, confirm, reject",
            )
        )
    screen.line(
        _("hits that nobody confirms are erased on {moment}; the file is yours to delete", moment=value["expires"])
    )


def list_all(
    folder: Folder,
    name: Annotated[str, typer.Option("--list", metavar="LIST", help="Only against this list.")] = "",
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many at most, the latest first.")] = 200,
    *,
    as_: As,
) -> Answer:
    """List the screenings: who, against which list, and how many hits wait for a person."""
    from passerelle.screening import hits as looking
    from passerelle.screening import keeping

    with opened(folder) as node:
        who = acting(node, as_)
        keeping.expire_all(node.ctx)

        def read(tx: "Reading") -> list[dict[str, Any]]:
            found = looking.runs(tx, node.office, who, name, most)
            return [run_value(one) | {"waiting": looking.waiting(tx, one)} for one in found]

        values = node.store.read(read)

    def tell(screen: Screen) -> None:
        keys = ("run", "list", "begun", "by", "state", "travellers", "hits", "waiting", "expires")
        heads = ("screening", "list", "time", "person", "state", "travellers", "hits", "waiting", "until")
        rows = [[term(one[key]) if key == "state" else one[key] for key in keys] for one in values]
        screen.table(heads, rows, _("nothing was screened"))

    return Answer(values, tell)


def hits(
    folder: Folder,
    run_id: RunId,
    state: Annotated[
        str, typer.Option("--state", metavar="unverified|confirmed|rejected", help="Only these.", show_default="all")
    ] = "",
    after: Annotated[int, typer.Option("--after", min=0, help="How many to pass over.")] = 0,
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help="How many at most.")] = _SHOWN,
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
        _tell_hits(screen, value["found"], value["hits"])
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
    from passerelle.screening import hits as looking

    with opened(folder) as node:
        who, found = acting(node, as_), find_run(node, run_id)
        made = looking.decide(node.office, who, found, number, outcome, reason, explain, retention)
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

    keys = (
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
    return {"run": run.id} | {key: getattr(run, key) for key in (*keys, *counts)} | times


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


def _tell_hits(screen: Screen, found: list[dict[str, Any]], count: int) -> None:
    from passerelle.cli.sources import names_of

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
            screen.line(f"{one['hit']}: " + "; ".join(one["explanation"][:_SAID]))
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
