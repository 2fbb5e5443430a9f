"""How long opening, listing and showing dossiers takes with very many of them in the store, and how it is read.

    ./run bench dossiers [--json] [--quick] [--size N] [--store sqlite|postgres] [--postgres URL]

Measured on a store of 1,000,000 dossiers (--quick: 10,000) with two or three messages each, in SQLite and PostgreSQL:

- opening: an act is written and submitted by one person, read and released by another: three durable transactions with
  all judgement in them;
- listing: `dossier list` with each of its filters, and with those that fit few dossiers or none;
- showing: `dossier show`, by id and by the own reference; with content the reading is recorded first, durably.

Each is the command's own function on a node that is open; opening a node comes on top and is shown. Beside reading
stands a look at one row by its key, beside writing the least durable write of the same store, in the same run. Every
statement that was run is explained by the database: one that reads a table from end to end, tries rows one by one, or
sorts, fails the benchmark.
"""

import argparse
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from benchmarks import table
from benchmarks._children import BenchError
from benchmarks._machine import described
from benchmarks._many import OTHERS, fill, stories
from benchmarks._pair import make_pair
from benchmarks._plans import Statements
from benchmarks._postgres import server
from benchmarks._samples import BE, MA, Acts
from benchmarks.table import Figure, Runs
from passerelle.cli import dossiers, showing
from passerelle.core.clock import SystemClock
from passerelle.node import Node
from passerelle.office import asking, consulting, people, workflow
from passerelle.office.asking import this_user
from passerelle.ports.records import DOSSIERS, META, Meta
from passerelle.ports.store import Writing

WRITING = ("open a dossier", "show by id with content", "show by reference with content")
AUTHOR, RELEASER = Acts.author, Acts.releaser
FULL, QUICK = 1_000_000, 10_000
YEARS_BACK = 2 * 365 * 86_400_000


@dataclass(frozen=True)
class Times:
    """Milliseconds that the same thing took, again and again."""

    what: str
    values: list[float]

    def percentile(self, hundredths: int) -> float:
        return statistics.quantiles(self.values, n=100)[hundredths - 1]


@contextmanager
def using(node: Node) -> Iterator[None]:
    """Commands find this node open, whatever folder they are given."""

    @contextmanager
    def opened(folder: Path, **_: Any) -> Iterator[Node]:
        yield node

    with mock.patch.object(dossiers, "opened", opened), mock.patch.object(showing, "opened", opened):
        yield


def timed(what: str, runs: int, work: Callable[[int], object]) -> Times:
    """So many runs, after one that is not counted."""
    work(runs)
    values = []
    for number in range(runs):
        start = time.perf_counter()
        work(number)
        values.append((time.perf_counter() - start) * 1000)
    return Times(what, values)


LISTS: dict[str, dict[str, str]] = {
    "all": {},
    "open": {"status": "open"},
    "ended": {"status": "ended"},
    "a type": {"type_name": "wanted-trace"},
    "a partner": {"partner": MA},
    "a small partner": {"partner": OTHERS[0]},
    "no partner's": {"partner": "nobody"},
    "a type, open": {"type_name": "listed-person", "status": "open"},
    "a partner, ended": {"partner": OTHERS[1], "status": "ended"},
    "a partner and type": {"partner": OTHERS[2], "type_name": "wanted-trace"},
    "a partner and type, open": {"partner": MA, "type_name": "wanted-trace", "status": "open"},
    "nothing fits": {"partner": MA, "type_name": "no-such-type", "status": "open"},
}


@contextmanager
def stocked(url: str, count: int, say: Callable[[int], None]) -> Iterator[tuple[Node, list[str], str]]:
    """A node with so many dossiers, the ids of some of them, and its channel."""
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as folder:
        channel = make_pair(Path(folder), (1, 2), url)
        be, ma = Node.open(Path(folder) / BE), Node.open(Path(folder) / MA)
        try:
            _people(be)
            told = stories(be, ma, channel)
            yield be, fill(be.store, told, count, SystemClock().now() - YEARS_BACK, say), channel
        finally:
            be.close()
            ma.close()


def measure(name: str, url: str, count: int, runs: int, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The figures of one store, and what its statements were. Raises BenchError when one scans."""
    start = time.perf_counter()
    with stocked(url, count, lambda done: _progress(say, name, done, count)) as (be, named, channel):
        filled = time.perf_counter() - start
        opening = timed("opening a node", 5, lambda _: Node.open(be.folder).close())
        with using(be), redirect_stdout(io.StringIO()):
            found, peers = _all(be, named, channel, runs)
            seen = _statements(be, named, channel)
    notes = [
        f"{name}: {count:,} dossiers in {filled:.0f} s; opening a node {opening.percentile(50):.0f} ms; "
        f"{len(seen.forms)} forms of statements, none of them a scan"
    ]
    figures = []
    for times in found:
        peer = peers["write" if times.what in WRITING else "get"]
        for part in (50, 95):
            beside = Runs([peer.percentile(part)])
            words = f"{name}, {times.what}, p{part}"
            figures.append(
                Figure(
                    words, Runs([times.percentile(part)]), "ms", f"{peer.what}, p{part}", beside, less_is_better=True
                )
            )
    return figures, notes


def _progress(say: Callable[[str], None], name: str, done: int, count: int) -> None:
    if done == count or done * 10 // count != (done - 2000) * 10 // count:
        say(f"{name}: {done:,} dossiers")


def _all(node: Node, named: list[str], channel: str, runs: int) -> tuple[list[Times], dict[str, Times]]:
    acts = Acts(channel, 1800, "1/0")
    folder = node.folder
    get = timed(
        "a row by its key", runs * 5, lambda n: node.store.read(lambda tx: tx.get(DOSSIERS, named[n % len(named)]))
    )

    def write(number: int) -> None:
        node.store.write("bench.least", lambda tx: tx.put(META, [Meta(name="bench", value=str(number))]))

    least = timed("the least write", runs, write)
    found = [timed("open a dossier", runs, lambda _: _open(node, acts))]
    for words, filters in LISTS.items():
        found.append(
            timed(f"list {words}", runs, lambda _, asked=filters: dossiers.list_all(folder, **asked, as_=AUTHOR))
        )  # type: ignore[misc]
    references = _references(node, named)
    for words, content in (("", False), (" with content", True)):

        def by_id(number: int, content: bool = content) -> None:
            showing.show(folder, named[number % len(named)], content=content, as_=AUTHOR)

        def by_reference(number: int, content: bool = content) -> None:
            showing.show(folder, references[number % len(references)], content=content, as_=AUTHOR)

        found += [timed(f"show by id{words}", runs, by_id), timed(f"show by reference{words}", runs, by_reference)]
    return found, {"get": get, "write": least}


def _people(node: Node) -> None:
    """The officer and the approver of the acts, whom this user may act as."""
    today, now = node.office.today(), node.ctx.clock.now()

    def work(tx: Writing) -> None:
        for person, role in ((AUTHOR, "officer"), (RELEASER, "approver")):
            people.add(tx, people.NewPerson(id=person, users=(this_user(),), service="police"), now, "operator")
            people.grant(tx, person, role, now, "operator", domain="*", begin=today, until="")

    node.store.write("bench.people", work)


def _open(node: Node, acts: Acts) -> None:
    """One person writes and submits, another reads and releases."""
    author, releaser = (asking.acting(node.office, one, this_user()) for one in (AUTHOR, RELEASER))
    (act,) = acts.take(1)
    content = act.content | {"reference": act.content["reference"].replace("BE-", "NEW")}
    made = workflow.draft(node.office, author, msgspec.structs.replace(act, content=content), submit=True)
    node.store.write("draft.read", lambda tx: consulting.draft(tx, node.office, releaser, made))
    workflow.release(node.office, releaser, [made.id])


def _references(node: Node, named: list[str]) -> list[str]:
    rows = node.store.read(lambda tx: tx.get_many(DOSSIERS, [(one,) for one in named]))
    return [row.own_reference for row in rows.values()]


def _statements(node: Node, named: list[str], channel: str) -> Statements:
    """Each command once more, watched."""
    acts = Acts(channel, 1800, "1/0")
    with Statements(node.store) as seen:
        _open(node, acts)
        for filters in LISTS.values():
            dossiers.list_all(node.folder, **filters, as_=AUTHOR)
        for wanted in (named[0], named[-1][:20], _references(node, named[:1])[0]):
            showing.show(node.folder, wanted, as_=AUTHOR)
            showing.show(node.folder, wanted, content=True, as_=AUTHOR)
        if scans := seen.scans():
            raise BenchError("; ".join(f"{one.statement[:300]}: {one.why}" for one in scans))
    return seen


def main(arguments: list[str] | None = None) -> int:
    parser = table.parser(__doc__ or "")
    parser.add_argument("--size", type=int, default=0, metavar="N", help="so many dossiers")
    parser.add_argument("--store", choices=("sqlite", "postgres"), help="only this one")
    parser.add_argument("--postgres", default="", metavar="URL", help="a server that is there")
    parser.add_argument("--runs", type=int, default=0, metavar="N", help="how often each thing is done")
    asked: argparse.Namespace = parser.parse_args(arguments)
    count = asked.size or (QUICK if asked.quick else FULL)
    runs = max(asked.runs or (40 if asked.quick else 200), 2)
    before = [described()]
    figures: list[Figure] = []
    notes: list[str] = []

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    try:
        if asked.store in (None, "sqlite"):
            made, words = measure("SQLite", "store.db", count, runs, say)
            figures, notes = figures + made, notes + words
        if asked.store in (None, "postgres"):
            with server(asked.postgres) as url:
                address = f"{url}{'&' if '?' in url else '?'}schema=bench_{time.time_ns()}"
                made, words = measure("PostgreSQL", address, count, runs, say)
            figures, notes = figures + made, notes + words
    except BenchError as error:
        say(f"dossiers: {error}")
        return 1
    table.show(figures, title=f"{count:,} dossiers", before=before, notes=notes, as_json=asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
