"""The factors that make one number of what two names have in common, and what they are measured by.

They are round numbers set by hand, so that there is nothing to fit: evidence counts as it is (`enough`); what is left
over counts a third on the side that has less of it, a tenth on the other; parts that fit badly, another tenth. That
both first names are paired, and that no first name is left over, tell a person from a relative. The constant puts one
half where F1 among look-alikes is best.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from passerelle.names.block import Block, Tokens
from passerelle.names.kernel import FEATURES, many, space
from passerelle.names.weights import Weights

FACTORS = {
    "enough": 1.0,
    "loss": -0.1,
    "least_left": -0.3,
    "most_left": -0.1,
    "share": 3.0,
    "least_count": -0.5,
    "firsts": 2.0,
    "first_left": -1.0,
    "constant": -7.5,
}
Candidate = tuple[Sequence[str], Sequence[str], str]


def measured(known: Weights, one: Block, rows: Any, other: Block, columns: Any) -> tuple[Any, Any]:
    """Scores (n,) and features (n, FEATURES) of pairs of persons."""
    scores, features = np.zeros(len(rows)), np.zeros((len(rows), FEATURES))
    many(
        one.table(), one.flat, one.starts, one.persons, np.asarray(rows, np.int64),
        other.table(), other.flat, other.starts, other.persons, np.asarray(columns, np.int64),
        known.ratios, known.inner, known.factors, space(), scores, features,
    )  # fmt: skip
    return scores, features


def recall_at(positives: Any, negatives: Any, rate: float) -> float:
    """Share of positives above all but `rate` of the negatives."""
    return float((positives > np.sort(negatives)[::-1][int(rate * len(negatives))]).mean())


def best_f1(positives: Any, negatives: Any) -> float:
    """The best F1 of any threshold."""
    values = np.concatenate([positives, negatives])
    true = np.concatenate([np.ones(len(positives)), np.zeros(len(negatives))])
    order = np.argsort(-values, kind="stable")
    values, found = values[order], np.cumsum(true[order])
    ends = np.append(values[1:] != values[:-1], True)
    return float((2 * found / (len(positives) + np.arange(1, len(values) + 1)))[ends].max())


class Group:
    """Questions of one kind: features of each candidate, and its kind (pos, hard, rand)."""

    def __init__(self, name: str, known: Weights, candidates: Sequence[Candidate]) -> None:
        tokens = Tokens(known)
        asked: dict[tuple[str, ...], int] = {}
        listed: dict[tuple[str, ...], int] = {}
        rows = [asked.setdefault(tuple(names), len(asked)) for names, _, _ in candidates]
        columns = [listed.setdefault(tuple(names), len(listed)) for _, names, _ in candidates]
        _, self.features = measured(known, Block(asked, tokens=tokens), rows, Block(listed, tokens=tokens), columns)
        kinds = np.array([kind for _, _, kind in candidates])
        self.name, self.true, self.hard = name, kinds == "pos", kinds == "hard"

    def figures(self, factors: Any) -> tuple[int, float, float, float]:
        """Questions, recall at 1e-3 and 1e-4, best F1 among look-alikes."""
        scores = self.features @ factors[:FEATURES]
        positives, negatives = scores[self.true], scores[~self.true]
        hard = scores[self.hard]
        return (
            len(positives),
            recall_at(positives, negatives, 1e-3),
            recall_at(positives, negatives, 1e-4),
            best_f1(positives, hard),
        )
