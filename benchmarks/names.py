"""Names: comparisons a second beside rapidfuzz and nomenklatura, lists of millions, and how well they are found.

    ./run bench names                         # pairs, index (10^6 persons), accuracy
    ./run bench names --part large            # a list of 10^7 persons
    ./run bench names --part join             # a list and travellers by SQL in DuckDB
    ./run bench names --persons 100000 --quick

- *pairs*: persons that are prepared before anything is timed, on one core. *One against many*: a traveller against all
  of them; *random pairs*: each with another one from all over the list, in one call; *pair by pair*: a call for each.
  Beside: `rapidfuzz` called for each pair in a Python loop, as a program would, on names folded before
  (`token_sort_ratio`, `WRatio`; of several names the first), and its own loop over one against many (`process.cdist`,
  one worker); `nomenklatura` logic-v2, in an environment of its own below `.bench`, on persons that it has seen before.
- *index*, *large*: an index on the disk, each step in a process of its own. Queries are persons of the list, every
  second one in capitals with its first word at the end; travellers are persons who are on no list. Memory is the
  largest resident set of the process that builds, and what the asking one holds besides the pages of mapped files.
- *join*: entries and travellers as files, from the first line read to the last hit.
- *accuracy*: see `_names_accuracy`; persons are not invented there.

Invented persons: see `_people`. All of it needs the observed names that PASSERELLE_DATA names.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _names_accuracy as accuracy
from benchmarks._children import ROOT, BenchError, Run, run
from benchmarks._machine import described
from benchmarks._peers import environment
from benchmarks._people import Made, people, source
from benchmarks._report import percentile
from benchmarks.table import Figure, Runs, parser, show

PARTS = ("pairs", "index", "large", "join", "accuracy")
DEFAULT = ("pairs", "index", "accuracy")
RAPIDFUZZ = "rapidfuzz, Python loop"
PEER = "nomenklatura logic-v2"
TOP = 50
NEEDED = Path(__file__).with_name("_nomenklatura.txt")
"""All that it needs. PyICU has no wheel: `icukit-pyicu` is the same module together with its library."""


def rate(work: Callable[[], int], runs: int) -> Runs:
    """How many a second; the first run is not counted."""
    values = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        done = work()
        values.append(done / (time.perf_counter() - start))
    return Runs(values[1:])


def measure_pairs(quick: bool, notes: list[str]) -> list[Figure]:
    """Comparisons a second."""
    from rapidfuzz import fuzz, process, utils

    from passerelle import names

    number, runs = (20_000, 2) if quick else (100_000, 3)
    persons = list(people(source(), number))
    block = names.Block(one.names for one in persons)
    prepared = [names.prepared(one.names) for one in persons[: number // 5]]
    folded = [utils.default_process(one.names[0]) for one in persons]
    other = random.Random(1).sample(range(number), number)
    rows, few = np.arange(number), 20

    def one_against_many() -> int:
        for one in prepared[:few]:
            names.compare_many(one, block)
        return few * number

    def random_pairs() -> int:
        names.odds(block, rows, block, np.array(other))
        return number

    def python_loop() -> int:
        for one, two in pairwise(prepared):
            names.compare(one, two)
        return len(prepared) - 1

    def loop(scorer: Callable[[str, str], float]) -> Callable[[], int]:
        def work() -> int:
            for place, mate in enumerate(other):
                scorer(folded[place], folded[mate])
            return number

        return work

    def cdist() -> int:
        process.cdist(
            [folded[place] for place in other[:few]], folded, scorer=fuzz.token_sort_ratio, workers=1, dtype=np.uint8
        )
        return few * number

    many, pairs, each = rate(one_against_many, runs), rate(random_pairs, runs), rate(python_loop, runs)
    ratio, weighted, bulk = rate(loop(fuzz.token_sort_ratio), runs), rate(loop(fuzz.WRatio), runs), rate(cdist, runs)
    peer = _nomenklatura_speed(persons, other, quick, notes)
    unit = "comparisons/s"
    return [
        Figure("one against many", many, unit, f"{RAPIDFUZZ}, token_sort_ratio", ratio),
        Figure("one against many", many, unit, f"{RAPIDFUZZ}, WRatio", weighted),
        Figure("one against many", many, unit, "rapidfuzz cdist, token_sort_ratio", bulk),
        Figure("one against many", many, unit, PEER, peer),
        Figure("random pairs", pairs, unit, f"{RAPIDFUZZ}, token_sort_ratio", ratio),
        Figure("random pairs", pairs, unit, f"{RAPIDFUZZ}, WRatio", weighted),
        Figure("random pairs", pairs, unit, PEER, peer),
        Figure("pair by pair, Python loop", each, unit, f"{RAPIDFUZZ}, token_sort_ratio", ratio),
    ]


def _nomenklatura_speed(persons: Sequence[Made], other: Sequence[int], quick: bool, notes: list[str]) -> Runs | None:
    try:
        python = environment("nomenklatura", NEEDED.read_text("ascii").split(), limit=600, make=not quick, whole=True)
        pairs = [
            json.dumps({"query": persons[place].names, "entry": persons[mate].names})
            for place, mate in enumerate(other[: 1000 if quick else 4000])
        ]
        done = subprocess.run(
            [str(python), "-m", "benchmarks._nomenklatura", "speed"],
            input="\n".join(pairs), capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        if done.returncode:
            raise BenchError(done.stderr.strip()[-200:])
        return Runs(json.loads(done.stdout))
    except BenchError as error:
        notes.append(f"{PEER}: not measured: {error}")
        return None


def measure_index(one: Run, count: int, travellers: int, *, quick: bool) -> list[Figure]:
    """An index of so many persons."""
    folder = one.folder / f"index-{count}"
    words = f"{count:,} persons"
    limit = 60 + count / 2000

    def child(name: str) -> Any:
        return one.child(f"{name}-{count}", "benchmarks._names_index", str(folder))

    builder = child("build")
    built = builder.ask("build", limit=limit, count=count)
    one.end(builder)
    asker = child("ask")
    opened = asker.ask("open")
    asked = asker.ask("ask", limit=limit, count=200 if quick else 1000, travellers=travellers, top=TOP)
    each = [1000 * value for value in asked["each"]]
    updated = asker.ask("update", limit=limit, count=1000)
    one.end(asker)
    return [
        Figure(f"index of {words}: build", Runs([built["seconds"]]), "s"),
        Figure(f"index of {words}: build, memory at most", Runs([built["peak"]]), "MiB"),
        Figure(f"index of {words}: on disk", Runs([built["disk"]]), "MiB"),
        Figure(f"index of {words}: open", Runs([opened]), "s"),
        Figure(f"index of {words}: asking, memory of its own", Runs([asked["RssAnon"]]), "MiB"),
        Figure(f"index of {words}: asking, pages of the files", Runs([asked["RssFile"]]), "MiB"),
        Figure(f"one query in {words}, median", Runs([percentile(each, 0.5)]), "ms"),
        Figure(f"one query in {words}, p99", Runs([percentile(each, 0.99)]), "ms"),
        Figure(f"{travellers} travellers against {words}", Runs([asked["travellers"]]), "s"),
        Figure(f"among the first {TOP} of {words}", Runs([asked["found"] / len(each)]), "share"),
        Figure(f"missed in {words}, though closer than the last", Runs([asked["missed"] / len(each)]), "share"),
        Figure(f"1,000 in and 1,000 out of {words}", Runs([updated]), "s"),
    ]


def measure_join(one: Run, count: int, travellers: int) -> list[Figure]:
    """A list and travellers by SQL in DuckDB, file to hits."""
    from passerelle.screening.join.joining import Means, joined
    from passerelle.screening.join.sql import Job

    made_of = source()
    paths = []
    for name, number, seed in (("entries", count, 1), ("travellers", travellers, 2)):
        path = one.folder / f"{name}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for person in people(made_of, number, seed=seed):
                row = {"id": person.id, "names": person.names, "birth": [person.birth]}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        paths.append(path)
    start = time.perf_counter()
    read: list[float] = []

    def told(name: str, rows: int) -> None:
        read.append(time.perf_counter() - start)

    with paths[0].open("rb") as listed, paths[1].open("rb") as wanted:
        means = Means(work=one.folder, memory=1024)
        hits = sum(1 for _ in joined(listed, wanted, Job(least=0.9, top=10, years=1), means, told=told))
    took = time.perf_counter() - start
    words = f"{travellers:,} travellers against {count:,} by SQL (DuckDB)"
    return [
        Figure(f"{words}: names read", Runs([read[-1]]), "s"),
        Figure(f"{words}: joined and scored", Runs([took - read[-1]]), "s"),
        Figure(f"{words}: hits", Runs([hits]), ""),
    ]


def measure_accuracy(quick: bool, peers: bool) -> list[str]:
    """The tables of the evaluation."""
    scorers = [accuracy.Scorer("passerelle", [*accuracy.OURS, "score"])]
    said: list[str] = []
    if peers:
        try:
            scorers += accuracy.peers(
                environment("nomenklatura", NEEDED.read_text("ascii").split(), limit=600, make=not quick, whole=True)
            )
        except BenchError as error:
            said.append(f"{PEER}: not measured: {error}")
    try:
        return [*said, *accuracy.compared(scorers), *accuracy.whole()]
    except BenchError as error:
        return [*said, f"accuracy: not measured: {error}"]


def main() -> None:
    asking = parser(__doc__ or "")
    asking.add_argument("--part", choices=PARTS, action="append", help="only this part; repeatable")
    asking.add_argument(
        "--persons", type=int, default=1_000_000, metavar="N", help="persons of the index (default: 10^6)"
    )
    asking.add_argument("--peers", action="store_true", help="accuracy of nomenklatura too (two minutes)")
    asked = asking.parse_args()
    if not 1000 <= asked.persons <= 20_000_000:
        asking.error(f"--persons: expected 1000 to 20000000, got {asked.persons}")
    parts = asked.part or DEFAULT
    figures: list[Figure] = []
    notes: list[str] = []
    told: list[str] = []
    try:
        with run() as one:
            if "pairs" in parts:
                figures += measure_pairs(asked.quick, notes)
            if "index" in parts:
                figures += measure_index(one, 100_000 if asked.quick else asked.persons, 300, quick=asked.quick)
            if "large" in parts:
                figures += measure_index(one, 10_000_000, 300, quick=asked.quick)
            if "join" in parts:
                figures += measure_join(one, 100_000 if asked.quick else asked.persons, 10_000)
        if "accuracy" in parts and not asked.json:
            told = measure_accuracy(asked.quick, asked.peers)
    except BenchError as error:
        sys.exit(f"names: {error}")
    if figures:
        show(figures, title="Names", before=[described()], notes=notes, as_json=asked.json)
    print(*told, sep="\n") if told else None


if __name__ == "__main__":
    main()
