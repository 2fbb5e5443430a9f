"""The blind search: tables made, questions asked, and what they find, beside openmined-psi on the same keys.

    ./run bench search                        # publish, ask, recall, path
    ./run bench search --part large           # 5,000,000 match keys, and what 50,000,000 would take
    ./run bench search --keys 100000 --quick

- *publish*: a table of so many match keys (default 10^6), by as many processes as there are processors. Core seconds
  are processor time of all of them. Beside: openmined-psi's set of the same keys, which is made by one thread and says
  nothing but hit or no hit.
- *ask*: processor time of both sides for one table: blinding from a seed, evaluating with the proof, verifying it,
  unblinding; the look-up in the table apart. One person is 5 match keys, padded to 10 as ever. 1,500 elements are 1,500
  match keys, without padding; what the delta beside the base costs, and what padding costs, stand apart. Every second
  match key is in the index. Beside: openmined-psi, which has neither proof nor padding nor delta.
- *large*: the same as publish for 5,000,000 match keys; memory is the largest resident set of the process that makes,
  and of the largest of those it started. 50,000,000 are reckoned from it.
- *recall*: see `_search_recall`; persons are not invented there.
- *path*: a list of 300 persons through two nodes.
"""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks import _search_recall as recall
from benchmarks._children import BenchError, Child, Run, run
from benchmarks._machine import described
from benchmarks._peers import environment
from benchmarks.table import Figure, Runs, parser, show

PARTS = ("publish", "ask", "recall", "path", "large")
DEFAULT = PARTS[:-1]
PEER = "openmined-psi"
NEEDED = ("openmined-psi==2.0.6", "protobuf==6.30.2")
LARGE, LARGER = 5_000_000, 50_000_000
PERSON, LIST = (5, 10), (1500, 1500)
"""Match keys and width of the question about one person, and about a list."""
MS = 1000.0


def started(one: Run, quick: bool, notes: list[str]) -> tuple[Child, Child | None]:
    """The process that is measured, and the peer's."""
    ours = one.child("search", "benchmarks._search_making")
    try:
        python = environment(PEER, NEEDED, limit=300, make=not quick)
        return ours, one.child("psi", "benchmarks._psi", python=python)
    except BenchError as error:
        notes.append(f"{PEER}: not measured: {error}")
        return ours, None


def measure_publish(ours: Child, peer: Child | None, keys: int, notes: list[str]) -> list[Figure]:
    """A table of so many match keys, and the peer's set."""
    limit = 60 + keys / 2_000
    made = ours.ask("publish", limit=limit, count=keys, keep=True)
    beside = peer.ask("publish", limit=limit, count=keys) if peer else None

    def against(name: str, divided: float = 1.0) -> Runs | None:
        return Runs([beside[name] / divided]) if beside else None

    words = f"publish {keys:,} match keys"
    notes += [
        f"{words}: padded to {made['padded']:,} in {made['shards']} shards; {made['claims'] / keys:.1f} bytes a "
        f"match key are kept by the holder for claims; progress was told {made['told']} times",
        *(verdict("52 core seconds for 10^6 match keys", 52, made["cpu"]) if keys == 1_000_000 else ()),
        *verdict("18.1 bytes a padded match key", 18.1, made["bytes"] / made["padded"]),
    ]
    return [
        Figure(f"{words}: core seconds", Runs([made["cpu"]]), "s", PEER, against("cpu"), less_is_better=True),
        Figure(f"{words}: until it is there", Runs([made["wall"]]), "s", PEER, against("wall"), less_is_better=True),
        Figure(f"{words}: processors used", Runs([made["cpu"] / made["wall"]]), ""),
        Figure(
            f"{words}: bytes a padded match key",
            Runs([made["bytes"] / made["padded"]]),
            "B",
            PEER,
            against("bytes", keys),
            less_is_better=True,
        ),
        Figure(
            f"{words}: memory of the process", Runs([made["peak"]]), "MiB", PEER, against("peak"), less_is_better=True
        ),
        Figure(f"{words}: memory of each it started", Runs([made["peak_each"]]), "MiB"),
    ]


def measure_ask(ours: Child, peer: Child | None, keys: int, quick: bool, notes: list[str]) -> list[Figure]:
    """Questions against the tables that `measure_publish` made."""
    figures = []
    for name, (count, width), runs, most in (
        ("1 person (5 match keys)", PERSON, 3 if quick else 20, 4.0),
        ("1,500 elements", LIST, 1 if quick else 7, 600.0),
    ):
        asked = ours.ask("ask", limit=120, count=count, width=width, known=keys, runs=runs)
        beside = peer.ask("ask", limit=120, count=count, known=keys, runs=runs) if peer else None
        whole = _sums(asked, "blind", "evaluate", "unblind")
        delta = _sums(asked, "evaluate", "unblind")
        size = asked["bytes"] / 1000
        figures += [
            _beside(f"{name}: both sides, one table", whole, beside, "both"),
            _beside(f"{name}: the look-up", _sums(asked, "looked"), beside, "looked"),
            _beside(
                f"{name}: all of it", _sums(asked, "blind", "evaluate", "unblind", "looked"), beside, "both", "looked"
            ),
            *(Figure(f"{name}: {step}", _sums(asked, step), "ms CPU") for step in ("blind", "evaluate", "unblind")),
            Figure(f"{name}: the delta beside the base, more", delta, "ms CPU"),
            Figure(
                f"{name}: elements and proof, both ways",
                Runs([size]),
                "kB",
                PEER,
                Runs([beside["bytes"] / 1000]) if beside else None,
                less_is_better=True,
            ),
        ]
        notes += verdict(f"{most:g} ms CPU, {name}, both sides, one table", most, whole.median)
    notes += verdict("110 kB both ways for 1,500 elements", 110, size)
    if quick:
        return figures
    padded = ours.ask("ask", limit=120, count=1001, width=1500, known=keys, runs=3)
    bare = ours.ask("ask", limit=120, count=1001, width=1001, known=keys, runs=3)
    more = _sums(padded, "blind", "evaluate", "unblind").median - _sums(bare, "blind", "evaluate", "unblind").median
    figures.append(Figure("1,001 match keys padded to 1,500: the padding alone", Runs([more]), "ms CPU"))
    return figures


def _sums(asked: Mapping[str, Any], *names: str) -> Runs:
    return Runs([MS * sum(values) for values in zip(*(asked[name] for name in names), strict=True)])


def _beside(what: str, ours: Runs, beside: Mapping[str, Any] | None, *names: str) -> Figure:
    return Figure(what, ours, "ms CPU", PEER, _sums(beside, *names) if beside else None, less_is_better=True)


def verdict(what: str, wanted: float, got: float) -> list[str]:
    """Whether it is no more than was wanted."""
    return [f"Wanted: at most {what}. {'Reached' if got <= wanted else 'Missed'}: {got:,.4g}."]


def measure_large(one: Run, keys: int, notes: list[str]) -> list[Figure]:
    """A table of many match keys; and ten times as many, reckoned."""
    child = one.child("large", "benchmarks._search_making")
    made = child.ask("publish", limit=120 + keys / 2_000, count=keys, keep=False)
    one.end(child)
    times = LARGER / LARGE
    words, waiting = f"publish {keys:,} match keys", 28 * keys * times / 256 / 2**20
    notes.append(
        f"{round(keys * times):,} match keys, reckoned: {made['cpu'] * times:,.0f} core seconds, "
        f"{made['wall'] * times / 60:.0f} minutes here, {made['bytes'] * times / 1e9:.2f} GB of shards, "
        f"{52 * keys * times / 1e9:.1f} GB that wait on disk. Of them one of 256 parts is in memory, {waiting:.1f} MiB "
        "a few times over, beside what is measured here"
    )
    return [
        Figure(f"{words}: core seconds", Runs([made["cpu"]]), "s"),
        Figure(f"{words}: until it is there", Runs([made["wall"]]), "s"),
        Figure(f"{words}: bytes a padded match key", Runs([made["bytes"] / made["padded"]]), "B"),
        Figure(f"{words}: memory of the process", Runs([made["peak"]]), "MiB"),
        Figure(f"{words}: memory of each it started", Runs([made["peak_each"]]), "MiB"),
    ]


def measure_path(one: Run, quick: bool, notes: list[str]) -> list[Figure]:
    """The whole path through two nodes, where its part of the benchmark is there."""
    try:
        part: Callable[[Run, bool], tuple[Sequence[Figure], Sequence[str]]] = importlib.import_module(
            "benchmarks._search_path"
        ).measured
    except ModuleNotFoundError as error:
        notes.append(f"path: not measured: {error}")
        return []
    figures, said = part(one, quick)
    notes += said
    return list(figures)


def main() -> None:
    asking = parser(__doc__ or "")
    asking.add_argument("--part", choices=PARTS, action="append", help="only this part; repeatable")
    asking.add_argument("--keys", type=int, default=1_000_000, metavar="N", help="match keys (default: 10^6)")
    asked = asking.parse_args()
    if not 5_000 <= asked.keys <= 20_000_000:
        asking.error(f"--keys: expected 5000 to 20000000, got {asked.keys}")
    parts = asked.part or DEFAULT
    figures: list[Figure] = []
    notes: list[str] = []
    try:
        with run() as one:
            if {"publish", "ask"} & set(parts):
                ours, peer = started(one, asked.quick, notes)
                published = measure_publish(ours, peer, asked.keys, notes)
                figures += published if "publish" in parts else []
                figures += measure_ask(ours, peer, asked.keys, asked.quick, notes) if "ask" in parts else []
                one.end(*(child for child in (ours, peer) if child))
            if "recall" in parts:
                more, said = recall.measured()
                figures += more
                notes += said
            if "path" in parts:
                figures += measure_path(one, asked.quick, notes)
            if "large" in parts:
                figures += measure_large(one, asked.keys * LARGE // 1_000_000, notes)
    except BenchError as error:
        sys.exit(f"search: {error}")
    show(figures, title="Blind search", before=[described()], notes=notes, as_json=asked.json)


if __name__ == "__main__":
    main()
