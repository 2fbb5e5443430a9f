"""Figures of a period: on the screen, as JSON, as CSV."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, command, opened, permitted, said, write_file
from passerelle.cli.screen import Screen
from passerelle.core.words import N_, _, language

if TYPE_CHECKING:
    from passerelle.oversight.statistics import Report

HEADS = {
    "channel": N_("channel"),
    "type": N_("type"),
    "purpose": N_("purpose"),
    "month": N_("month"),
    "sent": N_("sent"),
    "received": N_("received"),
    "opened": N_("opened here"),
    "opened_by_partner": N_("opened there"),
    "refused": N_("refused here"),
    "refused_by_partner": N_("refused there"),
    "in_time": N_("in time here"),
    "overdue": N_("overdue here"),
    "in_time_by_partner": N_("in time there"),
    "overdue_by_partner": N_("overdue there"),
    "returned": N_("returned here"),
    "returned_by_partner": N_("returned there"),
}
DETAILS = (
    (N_("refused, by ground"), ("refused", "refused_by_partner")),
    (N_("answered in time or not, by deadline"), ("in_time", "overdue", "in_time_by_partner", "overdue_by_partner")),
    (N_("returned, by the number of the check"), ("returned", "returned_by_partner")),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "statistics",
        "statistics /srv/be --from 2026 --until 2026 --by channel,type --as ada",
        "statistics /srv/be --from 2026-01 --until 2026-03 --mask 5 --csv figures.csv",
        "statistics /srv/be --by month --json",
    )(statistics)


def statistics(
    folder: Folder,
    since: Annotated[
        str, typer.Option("--from", metavar="DAY", help="First day, month or year (UTC), like 2026-03.")
    ] = "",
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="Last day, month or year (UTC), included.")] = "",
    by: Annotated[
        str, typer.Option("--by", metavar="WORDS", help="Groups: some of channel,type,purpose,month.")
    ] = "channel,type,purpose,month",
    mask: Annotated[
        int, typer.Option("--mask", metavar="N", help="Hide counts from 1 to N-1, and what would give them away.")
    ] = 0,
    file: Annotated[
        str, typer.Option("--csv", metavar="FILE|-", help="Write CSV into a new file, or - for standard output.")
    ] = "",
    *,
    as_: As,
) -> Answer | None:
    """Count what was sent, received, refused, and answered in time or not, by the month of its entry (UTC).

    Publish one masked table of a period, not several: what one hides, another may give away.
    """
    from passerelle.cli import accounting
    from passerelle.cli.progress import progress
    from passerelle.cli.screened import line_value
    from passerelle.core.errors import InputError
    from passerelle.office.veil import Veil
    from passerelle.oversight import counting, masking
    from passerelle.oversight import statistics as figures
    from passerelle.screening import figures as screening
    from passerelle.search import figures as searching

    if file and file != "-" and Path(file).exists():
        raise InputError(f"--csv: expected a new file, got {file}, which is there")
    asked, dimensions = figures.period(since, until), figures.chosen(by)
    if mask:
        masking.check_least(mask)
    with opened(folder) as node, progress(_("counting")) as advance:
        who = permitted(node, as_, "statistics.look")
        without = node.store.read(lambda tx: Veil(tx, node.office, who).left_out())
        words, titles = counting.words_of(node.ctx)
        labels = {kind.name: kind.labels.text(language()) for kind in node.ctx.catalogue}
        tally = figures.Tally(words, dimensions)
        counting.count(node.ctx, tally, asked, advance, without)
        # With a mask it is left out: what it says of a list is no table of this period's acts.
        months = screening.months(since, until)
        screened = [] if mask else node.store.read(lambda tx: screening.report(tx, *months))
        searched = [] if mask else node.store.read(lambda tx: searching.report(tx, *months))
    made = figures.report(tally, mask)
    value = _value(made, titles, labels, since, until)
    value |= {"screening": [line_value(one) for one in screened]}
    value |= {"search": [accounting.line_value(one) for one in searched]}
    if not file:
        return Answer(value, lambda screen: _show(screen, made, titles, labels, value))
    text = csv_of(made)
    if file == "-":
        return Answer(value, lambda screen: screen.raw(text))
    write_file(Path(file), text.encode())
    return said(value | {"file": file}, _("{rows} lines are in {file}", rows=len(made.rows) + 1, file=file))


def _value(made: "Report", titles: dict[str, str], labels: dict[str, str], since: str, until: str) -> dict[str, Any]:
    return {
        "from": since or None,
        "until": until or None,
        "zone": "UTC",
        "by": list(made.by),
        "mask": made.mask or None,
        "channels": {row["channel"]: titles.get(row["channel"], "") for row in made.rows if row.get("channel")},
        "types": {row["type"]: labels.get(row["type"], "") for row in made.rows if row.get("type")},
        "rows": list(made.rows),
        "total": made.total,
    }


def csv_of(made: "Report") -> str:
    """The table as CSV (RFC 4180): a line for each group, at last the totals."""
    from passerelle.oversight.statistics import flat

    lines = [flat(row) for row in made.rows]
    total: dict[str, Any] = {name: "total" if place == 0 else "" for place, name in enumerate(made.by)}
    lines.append(total | flat(made.total))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(lines[-1]))
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _show(
    screen: Screen,
    made: "Report",
    titles: dict[str, str],
    labels: dict[str, str],
    value: dict[str, Any],
) -> None:
    from passerelle.cli import accounting
    from passerelle.cli.screened import tell_lines

    if made.rows:
        _tables(screen, made, titles, labels)
    else:
        screen.line(_("nothing passed in this period"))
    if value["screening"]:
        screen.title(_("screened against own lists, by whole months"))
        tell_lines(screen, value["screening"])
    if value["search"]:
        screen.title(_("searched blind, by whole months"))
        accounting.tell_lines(screen, value["search"])


def _tables(screen: Screen, made: "Report", titles: dict[str, str], labels: dict[str, str]) -> None:
    from passerelle.oversight.statistics import PLAIN, SUMMED, flat

    wide = [name for name in HEADS if name in (*PLAIN, *SUMMED)]
    total = flat(made.total)
    rows = [flat(row) for row in made.rows]
    _table(screen, made, rows, total, wide, labels)
    for title, names in DETAILS:
        parts = [key for key in total if ":" in key and key.partition(":")[0] in names]
        if parts:
            screen.title(_(title))
            _table(screen, made, rows, total, parts, labels)
    if made.mask:
        screen.line()
        screen.line(
            _("hidden: {small} stands for 1 to {most}, * for a larger count", small=f"<{made.mask}", most=made.mask - 1)
        )
    for digest in dict.fromkeys(row["channel"] for row in made.rows if row.get("channel")):
        screen.line(_("channel {digest}: {title}", digest=digest[:12], title=titles.get(digest, "")))


def _table(
    screen: Screen,
    made: "Report",
    rows: list[dict[str, Any]],
    total: dict[str, Any],
    names: list[str],
    labels: dict[str, str],
) -> None:
    """Some columns, without the groups that have nothing in them."""
    used = [row for row in rows if any(row[name] for name in names)]
    heads = [_(HEADS[name]) for name in made.by]
    for name in names:
        measure, colon, part = name.partition(":")
        heads.append(_(HEADS[measure]) + (f": {part}" if colon else ""))
    lines = [[*(_word(name, row[name], labels) for name in made.by), *(row[name] for name in names)] for row in used]
    ends = [_("total") if place == 0 else "" for place, _name in enumerate(made.by)]
    screen.table(heads, [*lines, [*ends, *(total[name] for name in names)]])


def _word(name: str, value: str, labels: dict[str, str]) -> str:
    if not value:
        return _("unknown")
    if name == "type":
        return labels.get(value, value)
    return value[:12] if name == "channel" else value
