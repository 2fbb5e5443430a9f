"""`passerelle search person` and `search list`: ask blindly, wait for what comes, show it."""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli import exits
from passerelle.cli.acts import Lane
from passerelle.cli.describing import described_by
from passerelle.cli.door import Answer, As, Folder, PartnerName, acting, command, opened
from passerelle.cli.found import hit_value, tell_hits
from passerelle.cli.lists import Encoding, MappingFile
from passerelle.cli.opening import Category, OfType, Opens, open_only, tell_draft
from passerelle.cli.screen import Screen
from passerelle.cli.screening import Form, Journey, Link, Offence, voyage
from passerelle.cli.searching import question_value, tell_questions
from passerelle.core.retold import retold
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from collections.abc import Callable

    from passerelle.cli.sources import Files
    from passerelle.node import Node
    from passerelle.persons.model import Person as Described
    from passerelle.ports.people import Person
    from passerelle.ports.search import Question
    from passerelle.ports.store import Reading, Writing
    from passerelle.search.asking import Parts
    from passerelle.search.grounds import Ground
    from passerelle.search.hits import Seen

WAIT = 20
"""Seconds that a command waits for answers where a service runs."""
_LOOK = 0.1

Purpose = Annotated[str, typer.Option("--purpose", metavar="WORD", help="For which purpose.")]
Channel = Annotated[
    str,
    typer.Option("--channel", metavar="DIGEST", help="Under which channel.", show_default="the only one with a search"),
]
Index = Annotated[
    str,
    typer.Option("--index", metavar="NAME", help="Which index of the partner.", show_default="all that may be asked"),
]
Wait = Annotated[
    int,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        min=-1,
        max=86_400,
        help="How long to wait for the answer.",
        show_default="20 where a service runs",
    ),
]
Open = Annotated[
    Path | None,
    typer.Option("--open", metavar="FILE", help="Where there is one hit, open a dossier on it with this act file."),
]


def register(search: typer.Typer) -> None:
    """Add the commands to the group of searches."""
    command(
        search,
        "person",
        "search person /srv/be ma --dossier BE-2026-0017 --as ann",
        'search person /srv/be ma --name "Youssef El Amraoui" --birth 1986-03-14 --dossier BE-2026-0017 --as ann',
        "search person /srv/be ma --document passport:MA:ZX0000017 --dossier BE-2026-0017 --index wanted --wait 60",
        "search person /srv/be ma --dossier BE-2026-0017 --open hit.toml --lane routine --as ann",
    )(person)
    command(
        search,
        "list",
        "search list /srv/be ma passengers.edi --purpose tracing-wanted-persons --link travel-to-evade "
        '--offence "Trafficking in firearms" --basis "Act on passenger data, art. 24" --as ann',
    )(list_)


# -- asking ------------------------------------------------------------------------------------------------------------


def person(
    folder: Folder,
    partner: PartnerName,
    dossier: Annotated[
        str,
        typer.Option(
            "--dossier", metavar="DOSSIER", help="The dossier behind the question: id, its beginning, or a reference."
        ),
    ],
    key: Annotated[
        str,
        typer.Option(
            "--person",
            metavar="KEY",
            help="Which person of the dossier.",
            show_default="the only one, where nobody is described",
        ),
    ] = "",
    name: Annotated[
        list[str] | None, typer.Option("--name", metavar="NAME", help="A name, in any script. May be repeated.")
    ] = None,
    birth: Annotated[
        list[str] | None,
        typer.Option(
            "--birth", metavar="DATE", help="Born on: 1986-03-14, 1986-03 or 1986; hijri:1406-07. May be repeated."
        ),
    ] = None,
    document: Annotated[
        list[str] | None,
        typer.Option(
            "--document", metavar="KIND:COUNTRY:NUMBER", help="A document: passport:MA:AB123456. May be repeated."
        ),
    ] = None,
    number: Annotated[
        list[str] | None,
        typer.Option("--number", metavar="COUNTRY:VALUE", help="A national number. May be repeated."),
    ] = None,
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="WORD", help="For which purpose.", show_default="that of the dossier")
    ] = "",
    channel: Channel = "",
    index: Index = "",
    wait: Wait = -1,
    open_: Open = None,
    type_name: OfType = "",
    category: Category = "",
    lane: Lane = "",
    *,
    as_: As,
) -> Answer:
    """Ask whether a partner's index holds a person. It learns that somebody was asked about, and nothing of whom.

    What comes of it is unverified until the partner has compared: `search hits`, `search open`.
    """
    from passerelle.cli.finding import find_dossier
    from passerelle.cli.writing import read_act
    from passerelle.core.errors import InputError
    from passerelle.office.veil import Veil
    from passerelle.office.walls import opening
    from passerelle.persons.model import Entry
    from passerelle.search import asking, grounds, keeping

    told = bool(name or birth or document or number)
    if key and told:
        raise InputError("--person: expected a person of the dossier or a description, got both")
    described = described_by(name or (), birth or (), document or (), number or ())
    opens = Opens(read_act(open_), type_name, category, lane) if open_ else None
    with opened(folder) as node:
        who = acting(node, as_)
        keeping.expire_all(node.ctx)

        def ground(tx: "Reading") -> "Ground":
            row = find_dossier(tx, dossier, Veil(tx, node.office, who))
            first = opening(tx, row)
            wanted = grounds.Wanted(
                partner=partner,
                purpose=purpose or (first.purpose if first else ""),
                channel=_channel(tx, channel),
                index=index,
            )
            return grounds.of_person(tx, node.office, who, wanted, row)

        def of_dossier(tx: "Reading") -> "Described":
            row = find_dossier(tx, dossier, Veil(tx, node.office, who))
            return grounds.person_of(tx, node.office, who, row, key)

        asked = described if told else node.store.read(of_dossier)
        parts = asking.parts_of([Entry(id="", person=asked)])
        return _asked(node, who, ground, parts, wait, opens)


def list_(
    folder: Folder,
    partner: PartnerName,
    travellers: Annotated[Path, typer.Argument(metavar="FILE", help="The file of travellers.", show_default=False)],
    purpose: Purpose,
    basis: Annotated[
        str, typer.Option("--basis", help="The law or the article that allows it, in words.", show_default=False)
    ],
    link: Link,
    offence: Offence,
    journey: Journey = "",
    channel: Channel = "",
    index: Index = "",
    form: Form = "",
    mapping: MappingFile = None,
    encoding: Encoding = "",
    wait: Wait = -1,
    open_: Open = None,
    type_name: OfType = "",
    category: Category = "",
    lane: Lane = "",
    *,
    as_: As,
) -> Answer:
    """Ask whether a partner's index holds travellers of a list. The list never leaves this node, nor who is on it.

    The file itself stays where it is: delete it in time. What comes of it is unverified until the partner has compared.
    """
    from passerelle.cli.sources import TRAVELLERS, fault_values, files
    from passerelle.cli.writing import read_act
    from passerelle.screening.rules import Asked
    from passerelle.search import grounds, keeping

    opens = Opens(read_act(open_), type_name, category, lane) if open_ else None
    with (
        opened(folder) as node,
        files([travellers], form, TRAVELLERS, node.office.today(), mapping, encoding, "FILE") as source,
    ):
        who = acting(node, as_)
        keeping.expire_all(node.ctx)
        journeys, parts = _travellers(source)
        asked = Asked(link=link, offence=offence, journey=journey or journeys)

        def ground(tx: "Reading") -> "Ground":
            wanted = grounds.Wanted(partner=partner, purpose=purpose, channel=_channel(tx, channel), index=index)
            return grounds.of_list(tx, node.office, who, wanted, asked, basis)

        said = node.store.read(ground)  # before match keys are made of a long list
        found = parts(said.most)
        answer = _asked(node, who, ground, found, wait, opens)
    answer.value.update(unread=fault_values(found.faults), faults=len(found.faults))
    return answer


def _travellers(source: "Files") -> tuple[str, "Callable[[int], Parts]"]:
    """The journey that a passengers' message says, and what makes match keys of those in it."""
    from passerelle.cli.progress import progress
    from passerelle.search import asking

    first, _faults = source.whole("FILE")

    def parts(most: int) -> "Parts":
        with progress(_("making match keys")) as advance:
            return asking.parts_of(source.read(), most, lambda done: advance(done, max(done, first.entries)))

    return "; ".join(map(voyage, first.voyages[:3]))[:200], parts


def _asked(
    node: "Node",
    who: "Person",
    ground: "Callable[[Reading], Ground]",
    parts: "Parts",
    wait: int,
    opens: Opens | None,
) -> Answer:
    """Write the questions down, wait for what comes, show it."""
    from passerelle.cli.progress import progress
    from passerelle.search import asking

    with progress(_("blinding")) as advance:
        made = asking.run(node.office, who, ground, parts, advance)
    node.wake()
    seconds = wait if wait >= 0 else WAIT if node.is_served() else 0
    done = _wait(node, made, seconds)
    found: list[dict[str, Any]] = []
    for one in done:
        if one.state == "answered" and one.hits:
            found += map(hit_value, node.store.write("search.hits", partial(_page, node, who, one)))
    value = {
        "run": made[0].run,
        "persons": parts.persons,
        "without_key": list(parts.without),
        "questions": [question_value(one) for one in done],
        "found": found,
        "drafts": [],
        "not_opened": "",
    }
    code = exits.PARTNER if any(one.state == "refused" for one in done) else exits.DONE
    if opens and found:
        code = open_only(node, who, done, value, opens) or code
    return Answer(value, lambda screen: _tell(screen, value, node.folder), code)


def _page(node: "Node", who: "Person", question: "Question", tx: "Writing") -> "list[Seen]":
    from passerelle.search import hits

    return hits.page(tx, node.office, who, question, "")[1]


def _wait(node: "Node", made: "list[Question]", seconds: int) -> "list[Question]":
    """The questions as they are when none waits any more, or the time is over."""
    from passerelle.cli.progress import progress
    from passerelle.search import asking

    end = time.monotonic() + seconds
    with progress(_("waiting for the answer")) as advance:
        while True:
            now = node.store.read(lambda tx: asking.of_run(tx, made[0].run))
            left = sum(one.state == "waiting" for one in now)
            advance(len(now) - left, len(now))
            if not left or time.monotonic() >= end:
                return now
            time.sleep(min(_LOOK, max(0.0, end - time.monotonic())))


def _tell(screen: Screen, value: dict[str, Any], folder: Path) -> None:
    words = n_("{count} person is asked about", "{count} persons are asked about", value["persons"])
    screen.line(words)
    if value["without_key"]:
        screen.line(
            n_(
                "{count} without birth date, document or national number cannot be asked about: {ids}",
                "{count} without birth date, document or national number cannot be asked about: {ids}",
                len(value["without_key"]),
                ids=", ".join(value["without_key"][:20]),
            )
        )
    if value.get("faults"):
        from passerelle.cli.sources import tell_faults

        tell_faults(screen, value["unread"], value["faults"])
    tell_questions(screen, value["questions"])
    waiting = [one for one in value["questions"] if one["state"] == "waiting"]
    if waiting:
        screen.line(_("what waits is asked by itself; how it stands: {command}", command=f"search questions {folder}"))
    if value["found"] or all(one["state"] == "answered" for one in value["questions"]):
        tell_hits(screen, value["found"])
    for one in value["drafts"]:
        tell_draft(screen, one, folder)
    if value["not_opened"]:
        first = value["found"][0]
        how = f"search open {folder} {first['question'][:12]} {first['hit']} --file FILE"
        screen.line(
            _("no dossier is opened: {reason}; open one: {command}", reason=retold(value["not_opened"]), command=how)
        )


def _channel(tx: "Reading", text: str) -> str:
    from passerelle.cli.finding import find
    from passerelle.ports.records import INSTRUMENTS

    return find(tx, INSTRUMENTS, text, "a channel").digest if text else ""
