"""Trains `passerelle/names/data/weights.json` from the name data in PASSERELLE_DATA, and says what it measured.

    python -m tools.names.train

Deterministic: the same data gives the same file. The file holds no name; `provenance` says what it was made of.
"""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from passerelle.names import reading, weights
from passerelle.names.block import readable
from passerelle.names.skeleton import of_text
from passerelle.names.symbols import SYMBOLS
from tools.names import factors as choice
from tools.names import questions as asking
from tools.names import ratios as counting
from tools.names.data import Names

FILE = Path(weights.__file__).parent / "data" / "weights.json"
_LEAST = 4
"""Persons that must bear a skeleton for its share to be kept: less frequent ones are all alike."""


def frequencies(names: Names) -> tuple[dict[str, float], float]:
    """Share of persons who bear each frequent skeleton, and the share that stands for all others."""
    found: Counter[str] = Counter()
    total = 0.0
    bearers = [(person["names"], 1.0) for person in names.trained()]
    bearers += [(traveller["names"][:1], 1.0) for traveller in names.travellers]
    bearers += [(list(pair), 0.5) for pair in names.full]
    for texts, weight in bearers:
        total += weight
        for text in texts:
            skeletons = {of_text(token.readings[-1]) for token in readable(text) if token.kind == reading.NAME}
            for one in skeletons:
                found[one] += weight / len(texts)
    shares = {one: count / total for one, count in sorted(found.items()) if count >= _LEAST}
    return shares, 1.5 / total


GROUPS = ("AL-ep-arab", "AL-un", "LL-respell", "LL-otheralias")


def report(known: weights.Weights, names: Names) -> None:
    """Prints the measures: of the evaluation whole and by halves, and of what nothing was tuned on."""
    draw = random.Random(11)  # noqa: S311 - a draw, no secret
    kinds: dict[str, Any] = {group: asking.of_evaluation(names, group) for group in GROUPS}
    kinds |= {f"{group}, kept half": asking.of_evaluation(names, group, kept=True) for group in GROUPS[:3]}
    kinds |= {
        "Latin respelled, apart": asking.of_travellers(names, draw),
        "full names, apart": asking.of_full_names(names, draw),
    }
    for name, candidates in kinds.items():
        print(asking.described(name, choice.Group(name, known, list(candidates)).figures(known.factors)))


def _sparse(table: Any) -> dict[str, dict[str, int]]:
    floor = round(counting.FLOOR * 100)
    whole = np.round(table * 100).astype(int)
    return {
        str(row): {str(column): int(whole[row, column]) for column in np.flatnonzero(whole[row] != floor)}
        for row in range(len(whole))
        if (whole[row] != floor).any()
    }


def main() -> None:
    """Trains, measures, writes."""
    names = Names()
    pairs = counting.pairs(names)
    tables = {kind: counting.trained(found, symmetrical=kind != "latin-arabic") for kind, found in pairs.items()}
    frequent, rare = frequencies(names)
    data = {
        "provenance": {
            "made by": "python -m tools.names.train",
            "sources": [
                "pairs of tokens in Latin and Arabic letters: Merhav and Ash, Design Challenges in Named Entity"
                " Transliteration, COLING 2018 (from Wikidata)",
                "full names in both scripts: Wikidata (CC0); DziriNames (MIT)",
                "aliases: OFAC SDN list and UN Security Council consolidated list (public)",
                "members of parliaments: public lists",
            ],
            "left out": "every person of the evaluation's queries; a quarter of the full names and of the parliaments",
            "pairs": {kind: len(found) for kind, found in pairs.items()},
            "factors": "set by hand, tools/names/factors.py",
        },
        "symbols": list(SYMBOLS),
        "floor": round(counting.FLOOR * 100),
        "ratios": {kind: _sparse(table[0]) for kind, table in tables.items()},
        "likely": {kind: np.round(table[1] * 100).astype(int).tolist() for kind, table in tables.items()},
        "frequent": {"rare": rare, "shares": {one: round(share, 6) for one, share in frequent.items()}},
        "factors": choice.FACTORS,
    }
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace('},"', '},\n"') + "\n", "utf8")
    report(weights.unpacked(data), names)
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes, {len(frequent)} frequent skeletons")


if __name__ == "__main__":
    main()
