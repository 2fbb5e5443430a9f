"""How well names are compared: the evaluation beside the data, and the peer's own cases, with intervals.

`names_eval.py` lies beside the data (PASSERELLE_DATA, `../bench`); what it means by recall and F1 is taken from there,
so that the figures are those of its command line. Shares have Wilson's interval, F1 one by drawing the cases anew.
A threshold for the peer's cases is also fixed on other data (the labelled queries), where it cannot be flattered.
"""

import csv
import importlib.util
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._children import ROOT, BenchError
from benchmarks._people import DATA
from benchmarks._shares import best_threshold, f1_interval, wilson

EVALUATION = DATA.parent / "bench" / "names_eval.py"
OURS = [sys.executable, "-m", "passerelle", "names"]
PEER_SHARE = 0.7
"""Score from which on two persons are one in logic-v2's own judgement of these cases."""


class Scorer(NamedTuple):
    """Something that reads pairs and prints scores. `fixed`: its own threshold, None where it has none."""

    name: str
    command: Sequence[str]
    fixed: float | None = None


class Query(NamedTuple):
    """A labelled pair of the evaluation."""

    group: str
    kind: str
    line: str


def evaluation() -> Any:
    """The evaluation's functions. Raises BenchError when it is not there."""
    if not EVALUATION.is_file():
        raise BenchError(f"the evaluation is not at {EVALUATION}")
    spec = importlib.util.spec_from_file_location("names_eval", EVALUATION)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scored(command: Sequence[str], lines: Sequence[str]) -> list[float]:
    """What a command says to these lines. Raises BenchError."""
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False, cwd=ROOT)
    said = done.stdout.split()
    if done.returncode or len(said) != len(lines):
        raise BenchError(f"{' '.join(command)}: expected {len(lines)} scores, got {len(said)}: {done.stderr[-300:]}")
    return [float(one) for one in said]


def queries(module: Any) -> list[Query]:
    """All pairs of the evaluation, in its order."""
    folder = DATA / "names"
    persons = {one["id"]: one["names"] for one in module.read(f"{folder}/persons.jsonl.gz")}
    return [
        Query(one["group"], kind, json.dumps({"query": [one["query"]], "entry": persons[entry]}, ensure_ascii=False))
        for one in module.read(f"{folder}/queries.jsonl.gz")
        for entry, _, kind in one["candidates"]
    ]


def cases() -> list[dict[str, str]]:
    """The peer's own cases of persons."""
    with (DATA / "names" / "name-cases.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["schema"] == "Person"]


def compared(scorers: Sequence[Scorer]) -> list[str]:
    """The tables of all scorers, one after the other."""
    module = evaluation()
    asked, judged = queries(module), cases()
    lines = [one.line for one in asked]
    pairs = [json.dumps({"query": [row["name1"]], "entry": [row["name2"]]}, ensure_ascii=False) for row in judged]
    true = [row["is_match"] == "true" for row in judged]
    said: list[str] = []
    for one in scorers:
        scores = scored(one.command, [*lines, *pairs])
        said += ["", f"{one.name}: labelled queries", *_groups(module, asked, scores[: len(lines)])]
        near = [
            (score, query.kind == "pos") for score, query in zip(scores, asked, strict=False) if query.kind != "rand"
        ]
        threshold = best_threshold(*zip(*near, strict=True))
        said += [
            "",
            f"{one.name}: the peer's own cases, persons",
            *_cases(judged, true, scores[len(lines) :], threshold, one.fixed),
        ]
    return said


def _groups(module: Any, asked: Sequence[Query], scores: Sequence[float]) -> list[str]:
    by: dict[tuple[str, str], list[float]] = defaultdict(list)
    for query, score in zip(asked, scores, strict=True):
        by[query.group, query.kind].append(score)
    said = [f"{'group':14} {'n':>4}  {'recall@1e-3':21}  {'recall@1e-4':21}  {'F1 hard':21}"]
    for group in sorted({query.group for query in asked}):
        true, hard, rest = (by[group, kind] for kind in ("pos", "hard", "rand"))
        recalls = [
            wilson(round(module.recall_at(true, hard + rest, rate) * len(true)), len(true)) for rate in (1e-3, 1e-4)
        ]
        labels = [True] * len(true) + [False] * len(hard)
        at = best_threshold(true + hard, labels)
        best = f1_interval([score >= at for score in true + hard], labels, draws=300)
        said.append(f"{group:14} {len(true):4}  {recalls[0]!s:21}  {recalls[1]!s:21}  {best!s:21}")
    return said


def _cases(
    judged: Sequence[dict[str, str]], true: Sequence[bool], scores: Sequence[float], other: float, own: float | None
) -> list[str]:
    best = best_threshold(scores, true)
    thresholds = [("best for these cases", best), ("fixed on the labelled queries", other)]
    if own is not None:
        thresholds.append(("its own", own))
    said = [
        f"F1 {f1_interval([score >= at for score in scores], true)!s:21} at {at:.3f}, {words}"
        for words, at in thresholds
    ]
    by: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(judged):
        by[row["category"] or row["case_group"]].append(place)
    few = [place for places in by.values() if len(places) < 20 for place in places]
    shown = {name: places for name, places in by.items() if len(places) >= 20} | {"all other categories": few}
    for name, places in sorted(shown.items(), key=lambda item: -len(item[1])):
        right = sum((scores[place] >= best) == true[place] for place in places)
        said.append(f"  {name:28} {len(places):4} judged as labelled {wilson(right, len(places))}")
    return said


def whole() -> list[str]:
    """What the evaluation's own command line says of search and keys. Raises BenchError."""
    evaluation()
    said = []
    for mode in ("search", "keys"):
        command = [sys.executable, str(EVALUATION), mode, str(DATA / "names"), "--", *OURS, mode]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode:
            raise BenchError(f"names {mode}: {done.stderr.strip()[-300:]}")
        said += ["", f"passerelle names {mode}", *done.stdout.splitlines()]
    return said


def peers(python: Path) -> list[Scorer]:
    """The peer of an environment as it is, and with names in Arabic script romanised first."""
    command = [str(python), "-m", "benchmarks._nomenklatura", "score"]
    name = "nomenklatura 4.17.4 logic-v2"
    return [
        Scorer(f"{name}, romanised by arabic-name-romanizer 0.2.0", [*command, "latin"], PEER_SHARE),
        Scorer(name, command, PEER_SHARE),
    ]
