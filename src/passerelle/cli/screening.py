"""Commands on screening: travellers against an own list, hits that a person confirms or rejects, figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli import help
from passerelle.cli.door import Answer, As, Folder, acting, command, group, opened
from passerelle.cli.hits import SHOWN, Most, hit_value, run_value, tell_hits
from passerelle.cli.lists import Encoding, MappingFile, Name
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.cli.sources import Files
    from passerelle.node import Node
    from passerelle.ports.people import Person
    from passerelle.ports.store import Reading

LINKS = "aimed-at-transport|by-means-of-travel|travel-to-prepare|travel-to-evade"
"""The objective links, as the type has them."""
Link = Annotated[
    str,
    typer.Option("--link", metavar=LINKS, help="The objective link between journey and offence.", show_default=False),
]
Offence = Annotated[str, typer.Option("--offence", help="The offence that is behind the question.", show_default=False)]
Journey = Annotated[
    str,
    typer.Option("--journey", help="Which journey, in words.", show_default="what the passengers' message says"),
]
Form = Annotated[
    str, typer.Option("--form", metavar="mrz|paxlst|csv|jsonl", help="Form of the file.", show_default="found out")
]


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
    return made


def run(
    folder: Folder,
    name: Name,
    travellers: Annotated[
        Path, typer.Option("--travellers", metavar="FILE", help="The file of travellers.", show_default=False)
    ],
    link: Link,
    offence: Offence,
    journey: Journey = "",
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="WORD", help="For which purpose.", show_default="that of the list")
    ] = "",
    channel: Annotated[
        str,
        typer.Option(
            "--channel", metavar="DIGEST", help="The channel whose times hold.", show_default="the shortest of all"
        ),
    ] = "",
    form: Form = "",
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
    from passerelle.ports.records import INSTRUMENTS
    from passerelle.screening import hits as looking
    from passerelle.screening import keeping, lists, rules, running

    keeping.expire_all(node.ctx)
    row = node.store.read(lambda tx: lists.find(tx, name))
    # Before the index is made, which may take a minute.
    node.store.read(lambda tx: ask(tx, node.office, who, Action.SCREENING_RUN, running.on(row.domain, name=name)))
    if asked["channel"]:
        asked["channel"] = node.store.read(lambda tx: find(tx, INSTRUMENTS, asked["channel"], "a channel")).digest
    # Once to count and to find the journey, once to screen: nothing of it is kept.
    first, faults = source.whole("--travellers", running.MOST_FAULTS)
    asked["journey"] = asked["journey"] or "; ".join(map(voyage, first.voyages[:3]))[:200]
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
    shown = node.store.write("screen.hits", lambda tx: looking.page(tx, node.office, who, made, "", most=SHOWN))
    return run_value(made) | {"unread": fault_values(faults), "found": [hit_value(one) for one in shown]}


def voyage(one: Any) -> str:
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
    tell_hits(screen, value["found"], value["hits"])
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
    most: Most = 200,
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
