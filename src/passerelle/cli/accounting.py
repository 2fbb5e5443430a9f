"""Commands that account for blind searches: figures of true and false hits, and what a question was about."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, opened, permitted, said, write_file
from passerelle.cli.screen import Screen
from passerelle.cli.searching import QuestionId, find_question
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.ports.search import SearchFigure
    from passerelle.search.figures import Script


def register(search: typer.Typer) -> None:
    """Add the commands to the group of searches."""
    command(
        search,
        "figures",
        "search figures /srv/be --from 2026-01 --until 2026-12 --as dana",
        "search figures /srv/be --partner ma --json --as dana",
    )(figures)
    command(search, "open-commitment", "search open-commitment /srv/be 5f0c91 --out question.json --as eva")(
        open_commitment
    )


def figures(
    folder: Folder,
    since: Annotated[str, typer.Option("--from", metavar="MONTH", help="First month (UTC), like 2026-03.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="MONTH", help="Last month (UTC), included.")] = "",
    partner: Annotated[str, typer.Option("--partner", metavar="PARTNER", help="Only with this partner.")] = "",
    *,
    as_: As,
) -> Answer:
    """Count questions, elements, hits, and how many of them were true, on both sides. Counts name nobody."""
    from passerelle.screening.figures import check_month
    from passerelle.search import figures as counts
    from passerelle.search import keeping

    for option, text in (("--from", since), ("--until", until)):
        check_month(text, option)
    with opened(folder) as node:
        permitted(node, as_, "statistics.look")
        keeping.expire_all(node.ctx)
        lines = node.store.read(lambda tx: counts.report(tx, since, until, partner))
        scripts = node.store.read(lambda tx: counts.scripts(tx, since, until, partner))
    value = {"figures": [line_value(one) for one in lines], "scripts": [line_value(one) for one in scripts]}

    def tell(screen: Screen) -> None:
        tell_lines(screen, value["figures"])
        if value["scripts"]:
            screen.title(_("our hits by the script of the name"))
            tell_scripts(screen, value["scripts"])

    return Answer(value, tell)


def line_value(one: "SearchFigure | Script") -> dict[str, Any]:
    """A line of the figures, as JSON has it. `false_share`: of the hits that were answered; None without any."""
    import msgspec

    from passerelle.search.figures import false_share

    made: dict[str, Any] = msgspec.structs.asdict(one)
    return made | {"false_share": false_share(one)}


def tell_lines(screen: Screen, values: list[dict[str, Any]]) -> None:
    """The figures as a table."""
    sides = {"asked": _("asked by us"), "answered": _("asked of us")}
    keys = ("partner", "index", "month", "questions", "elements", "refused", "hits", "opened", "confirmed", "rejected")
    heads = (
        _("side"),
        _("partner"),
        _("index"),
        _("month"),
        _("questions"),
        _("elements"),
        _("refused"),
        _("hits"),
        _("opened"),
        _("confirmed"),
        _("false"),
        _("share of false ones"),
    )
    # Of questions that it answered a node knows no hits, but those on which a dossier was opened.
    rows = [
        (
            sides[one["side"]],
            *("" if (one["side"], key) == ("answered", "hits") else one[key] for key in keys),
            _share(one),
        )
        for one in values
    ]
    screen.table(heads, rows, _("nothing was asked"))


def tell_scripts(screen: Screen, values: list[dict[str, Any]]) -> None:
    """Hits by the script of the name, as a table."""
    heads = (_("script"), _("hits"), _("confirmed"), _("false"), _("share of false ones"))
    keys = ("script", "hits", "confirmed", "rejected")
    screen.table(heads, [(*(one[key] for key in keys), _share(one)) for one in values])


def _share(one: dict[str, Any]) -> str:
    return "" if one["false_share"] is None else f"{100 * one['false_share']:.0f} %"


def open_commitment(
    folder: Folder,
    question: QuestionId,
    out: Annotated[Path, typer.Option("--out", help="The new file.", show_default=False)],
    *,
    as_: As,
) -> Answer:
    """Write what a question committed to into a file: match keys, padding and seed. For an auditor; it is recorded.

    `passerelle verify` computes the elements anew and holds them against the audit logs of both sides.
    """
    from passerelle.core.errors import InputError
    from passerelle.oversight import search_opening

    if out.exists() or not out.absolute().parent.is_dir():
        raise InputError(f"--out: expected a new file in a folder that is there, got {out}")
    with opened(folder) as node:
        who, found = acting(node, as_), find_question(node, question)
        data = search_opening.collect(node.office, who, found)
    write_file(out, data)
    value = {"question": found.id, "file": str(out), "bytes": len(data)}
    words = _(
        "what question {question} was about is in {file}; check it with: {command}",
        question=found.id[:12],
        file=out,
        command=f"passerelle verify {out} --audit EXPORT",
    )
    return said(value, words)
