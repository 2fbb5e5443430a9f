"""A list and travellers as files, compared by one SQL text in DuckDB or Spark; hits as JSON lines."""

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import msgspec
import typer

from passerelle.cli.door import Answer, command, said
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.screening.join.sql import Hit

ENGINES = ("duckdb", "spark")


def register(app: typer.Typer) -> None:
    """Add the command to the group of names."""
    command(
        app,
        "join",
        "names join list.jsonl travellers.jsonl --least 0.8 --years 1",
        "names join list.jsonl travellers.jsonl --memory 4096 --out hits.jsonl",
        "names join list.jsonl travellers.jsonl --engine spark --partitions 64 --out hits.jsonl",
    )(join)


def join(
    listed: Annotated[Path, typer.Argument(metavar="LIST", help="The list: JSON lines.", show_default=False)],
    travellers: Annotated[
        Path, typer.Argument(metavar="TRAVELLERS", help="The travellers: JSON lines.", show_default=False)
    ],
    least: Annotated[
        float, typer.Option("--least", metavar="SCORE", min=0, max=1, help="Hits have this score or more.")
    ] = 0.5,
    top: Annotated[
        int, typer.Option("--top", metavar="NUMBER", min=1, max=1000, help="Hits of one traveller at most.")
    ] = 20,
    years: Annotated[
        int | None,
        typer.Option(
            "--years",
            metavar="NUMBER",
            min=0,
            max=150,
            help="Births may be so many years apart.",
            show_default="any number",
        ),
    ] = None,
    engine: Annotated[str, typer.Option("--engine", metavar="duckdb|spark", help="What joins.")] = "duckdb",
    memory: Annotated[int, typer.Option("--memory", metavar="MIB", min=128, help="Memory of the engine.")] = 2048,
    partitions: Annotated[
        int,
        typer.Option(
            "--partitions", metavar="NUMBER", min=1, max=100_000, help="Parts that Spark deals the keys out to."
        ),
    ] = 8,
    master: Annotated[
        str, typer.Option("--master", metavar="ADDRESS", help="Spark's machines; local[*] is this one.")
    ] = "local[*]",
    work: Annotated[
        Path | None,
        typer.Option(
            "--work",
            metavar="FOLDER",
            help="Where the private folder is made.",
            show_default="temporary files of the system",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="A new file for the hits.", show_default="standard output"),
    ] = None,
) -> Answer | None:
    """Compare the travellers of one file with the entries of another, for lists that are too large for an index.

    A line of either is {"id": …, "names": […], "birth": ["1980-05-17"]}; a line of the answer is a pair with its score
    and its place among the traveller's. A score ranks; a person decides.
    """
    from passerelle.core.errors import InputError
    from passerelle.screening.join.joining import Means, joined
    from passerelle.screening.join.sql import Job

    if engine not in ENGINES:
        raise InputError(f"--engine: expected one of {', '.join(ENGINES)}, got {engine[:20]!r}")
    job = Job(least=least, top=top, years=years)
    means = Means(
        engine="spark" if engine == "spark" else "duckdb",
        memory=memory,
        partitions=partitions,
        master=master,
        work=work,
    )
    counts: dict[str, int] = {}
    with stopped_in_order(), _file(listed, "LIST") as entries, _file(travellers, "TRAVELLERS") as wanted:
        hits = joined(entries, wanted, job, means, told=counts.__setitem__)
        if out is None:
            _print(hits)
            return None
        number = _kept(hits, out)
    words = {"hits": number, "travellers": counts["travellers"], "entries": counts["entries"], "file": out}
    return said(
        {"entries": counts["entries"], "travellers": counts["travellers"], "hits": number},
        _("{hits} hits of {travellers} travellers on a list of {entries}: {file}", **words),
    )


@contextmanager
def stopped_in_order() -> Iterator[None]:
    """Whoever ends the process (SIGTERM) has what it made removed, as after Ctrl-C."""

    def stop(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _file(path: Path, what: str) -> BinaryIO:
    from passerelle.core.errors import InputError
    from passerelle.core.folders import regular

    try:
        return regular(path)
    except OSError as error:
        raise InputError(f"{what}: expected a readable file, got {path}: {error.strerror}") from None


def _print(hits: Iterable["Hit"]) -> None:
    for hit in hits:
        sys.stdout.write(msgspec.json.encode(hit).decode() + "\n")
    sys.stdout.flush()


def _kept(hits: Iterable["Hit"], out: Path) -> int:
    """Written to a new file, whole or not at all; how many."""
    from passerelle.core.folders import fresh_file

    number = 0
    with fresh_file(out) as file:
        for hit in hits:
            file.write(msgspec.json.encode(hit) + b"\n")
            number += 1
    return number
