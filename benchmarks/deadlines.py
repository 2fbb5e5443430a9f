"""Timers told a second: a million that are pending in SQLite, told at half, at nine tenths and at their end.

A timer that is told is a row read by index, a decision, the row written anew with its next moment, and a notice for the
person in charge; at the end one more for each of those who decide. A batch is one durable transaction.

The ceiling does the same to a copy of the same file with nothing of the product: it selects the rows by the same index,
changes two fields of a tuple, and gives the same rows and notices to two `executemany`, with the same batches, pragmas
and commits. No record is made, nothing is decided, nobody is looked up.

Of a machine that does other things at the same time the figures by processor time say what it could do alone, as far as
the disk follows. Memory is that of this process after each batch. It must not grow with the number of timers.
"""

import os
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import table
from benchmarks._machine import described, fdatasync_rate
from benchmarks.table import Figure, Runs
from passerelle.core import ids
from passerelle.core.clock import ManualClock, from_iso
from passerelle.dossiers.types import Catalogue
from passerelle.exchange.context import Context
from passerelle.identity import keys
from passerelle.office import clock
from passerelle.ports.people import GRANTS, PERSONS, Grant, Person
from passerelle.ports.timers import NOTICES, TIMERS, Timer
from passerelle.store.shapes import Shape
from passerelle.store.sqlite import _PRAGMAS, SqlitePlan, SqliteStore

WANTED = 50_000
START = from_iso("2026-11-21T00:00:00Z")
DAY = 86_400_000
TIME = 7 * DAY
SPREAD = DAY // 2
"""All timers begin within this time, so that all have reached a stage before the first reaches the next."""
OFFICERS, DECIDING = 50, 2
PORTION = 20_000


class Stage(NamedTuple):
    """A stage, and a moment at which every timer has reached it and none the next."""

    name: str
    at: int
    field: str


STAGES = (
    Stage("half", START + SPREAD + TIME // 2, "half"),
    Stage("nine tenths", START + SPREAD + TIME * 9 // 10, "late"),
    Stage("end", START + SPREAD + TIME + 1, "due"),
)


def timers(count: int) -> Iterator[list[Timer]]:
    """Timers of so many dossiers, as they would have been opened one after another."""
    for begin in range(0, count, PORTION):
        rows = []
        for number in range(begin, min(count, begin + PORTION)):
            started = START + SPREAD * number // count
            half, late, due = reminders_of(started)
            rows.append(
                Timer(
                    dossier=ids.new_id(),
                    deadline="answer",
                    message=ids.new_id(),
                    partner="ma",
                    type="wanted-trace",
                    channel="c" * 64,
                    domain="wanted-persons",
                    owner="own" if number % 2 else "partner",
                    duration="P7D",
                    started=started,
                    half=half,
                    late=late,
                    due=due,
                    next=half,
                    person=f"officer-{number % OFFICERS}",
                )
            )
        yield rows


def reminders_of(started: int) -> tuple[int, int, int]:
    return started + TIME // 2, started + TIME * 9 // 10, started + TIME


def fill(store: SqliteStore, count: int, say: Callable[[str], None]) -> None:
    """People, and so many timers."""
    names = [*(f"officer-{one}" for one in range(OFFICERS)), *(f"approver-{one}" for one in range(DECIDING))]
    people = [Person(one, one, "en", 0, "", 0, "") for one in names]
    grants = [Grant(one, one, one.partition("-")[0], "wanted-persons", "2026-01-01", "", 0, "") for one in names]
    store.write("bench.people", lambda tx: (tx.put(PERSONS, people), tx.put(GRANTS, grants)))
    done = 0
    for rows in timers(count):
        store.write("bench.fill", lambda tx, rows=rows: tx.add(TIMERS, rows))
        done += len(rows)
        if done % 200_000 == 0:
            say(f"{done:,} timers are pending")


def resident() -> float:
    """Megabytes of memory that this process has now."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Memory:
    """What this process needed, at the start and at most."""

    def __init__(self) -> None:
        self.start = self.most = self.end = resident()

    def look(self) -> None:
        self.end = resident()
        self.most = max(self.most, self.end)


def product(ctx: Context, at: int, memory: Memory) -> tuple[int, float, float]:
    """Tell all that is due. Returns of how many timers, and the seconds and the seconds of processor time it took."""
    ctx.clock.time = at  # type: ignore[attr-defined]
    told, start, busy = 0, time.perf_counter(), time.process_time()
    while count := clock.tell(ctx)[0]:
        told += count
        memory.look()
    return told, time.perf_counter() - start, time.process_time() - busy


class Ceiling:
    """The same rows, without the product."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in _PRAGMAS:
            self.connection.execute(f"PRAGMA {pragma}")
        self.timers, self.notices = SqlitePlan(Shape(TIMERS)), SqlitePlan(Shape(NOTICES))
        self.scan = self.timers.scan("by_next", 0, 0, False)
        self.at = {name: place for place, name in enumerate(TIMERS.fields)}

    def tell(self, stage: Stage) -> tuple[int, float, float]:
        told, start, busy = 0, time.perf_counter(), time.process_time()
        while count := self._batch(stage):
            told += count
        return told, time.perf_counter() - start, time.process_time() - busy

    def _batch(self, stage: Stage) -> int:
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        rows = [list(row) for row in execute(self.scan, (clock.TELL,)).fetchall()]
        place = self.at
        rows = [row for row in rows if row[place["next"]] <= stage.at]
        following = {"half": "late", "late": "due"}.get(stage.field)
        notices = []
        for row in rows:
            row[place["stage"]] += 1
            row[place["next"]] = row[place[following]] + (stage.field == "late") if following else 2**62
            if not following:
                row[place["state"]] = "missed"
            told = [row[place["person"]]]
            if not following:
                told += [f"approver-{one}" for one in range(DECIDING)]
            notices += [
                (
                    who,
                    0,
                    row[place[stage.field]],
                    *row[:3],
                    stage.name,
                    row[place["owner"]],
                    row[place["type"]],
                    row[place["due"]],
                    stage.at,
                )
                for who in told
            ]
        self.connection.executemany(self.timers.upsert, rows)
        self.connection.executemany(self.notices.upsert, notices)
        execute("COMMIT")
        return len(rows)


def context(store: SqliteStore) -> Context:
    return Context(
        name="be",
        keys=keys.NodeKeys("be", keys.generate("be")),
        store=store,
        clock=ManualClock(START),
        catalogue=Catalogue.load(),
        zone="Europe/Brussels",
    )


def measure(folder: Path, count: int, say: Callable[[str], None]) -> tuple[list[Figure], Memory]:
    """The three stages, each of the product and then of the ceiling."""
    path, copy = folder / "timers.db", folder / "ceiling.db"
    store = SqliteStore(path)
    fill(store, count, say)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(path, copy)
    store = SqliteStore(path)
    ctx, ceiling, memory = context(store), Ceiling(copy), Memory()
    figures = []
    for stage in STAGES:
        told, seconds, busy = product(ctx, stage.at, memory)
        if told != count:
            raise SystemExit(f"bench deadlines: expected {count} told at {stage.name}, got {told}")
        plain, beside, plain_busy = ceiling.tell(stage)
        if plain != count:
            raise SystemExit(f"bench deadlines: expected {count} rows of the ceiling, got {plain}")
        say(f"{stage.name}: {told / seconds:,.0f}/s, ceiling {plain / beside:,.0f}/s")
        name = f"timers told at {stage.name}"
        figures.append(Figure(name, Runs([told / seconds]), "1/s", "executemany", Runs([plain / beside])))
        name += ", processor time"
        figures.append(Figure(name, Runs([told / busy]), "1/s", "executemany", Runs([plain / plain_busy])))
    notices = store.read(lambda tx: tx.count(NOTICES))
    if notices != count * (2 + 1 + DECIDING):
        raise SystemExit(f"bench deadlines: expected {count * (3 + DECIDING)} notices, got {notices}")
    store.close()
    ceiling.connection.close()
    return figures, memory


def main(arguments: Sequence[str] | None = None) -> int:
    parser = table.parser(__doc__ or "")
    parser.add_argument("--timers", type=int, metavar="N", help="how many are pending (default: 1000000)")
    parser.add_argument("--folder", type=Path, help="where the stores are made (default: a temporary folder)")
    asked = parser.parse_args(arguments)
    count = (50_000 if asked.quick else 1_000_000) if asked.timers is None else asked.timers
    if not 1 <= count <= 100_000_000:
        parser.error(f"--timers: expected 1 to 100000000, got {count}")
    machine = described()

    def say(words: str) -> None:
        if sys.stderr.isatty():
            print(f"… {words}", file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="passerelle-bench-", dir=asked.folder) as made:
        disk = fdatasync_rate(Path(made), 1.0)
        figures, memory = measure(Path(made), count, say)
        size = sum(one.stat().st_size for one in Path(made).glob("timers.db*")) / 2**20
    figures += [
        Figure("memory at the start", Runs([memory.start]), "MiB"),
        Figure("memory at most", Runs([memory.most]), "MiB"),
        Figure("memory at the end", Runs([memory.end]), "MiB"),
    ]
    slowest = min(figure.value for figure in figures if figure.what in {f"timers told at {one.name}" for one in STAGES})
    reached = "reached" if slowest >= WANTED else "not reached"
    before = [
        machine,
        f"fdatasync {disk:,.0f}/s; load {os.getloadavg()[0]:.1f} at the end",
        f"{count:,} timers, {clock.TELL:,} a transaction, {OFFICERS} persons in charge; file of {size:,.0f} MiB",
        f"end: one notice for who has it in charge and {DECIDING} for those who decide",
    ]
    notes = [f"Wanted were {WANTED:,} told a second: {reached}."]
    table.show(figures, title="Deadlines", before=before, notes=notes, as_json=asked.json)
    return 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
