"""nomenklatura's comparison of persons, in an environment of its own: `python -m benchmarks._nomenklatura MODE`.

    score    reads JSON lines {"query": [names], "entry": [names]}, prints one score a line
    speed    reads the same, makes the persons, and prints how many comparisons a second it does

The algorithm is `logic-v2` as it is configured by default. `latin` as a second word: names in Arabic script are
romanised first by arabic-name-romanizer 0.2.0, because the algorithm itself reads Arabic letters only in names that it
knows. That romaniser is in large part a dictionary of published names, those of the evaluation among them, so it does
better here than it would with others. For the speed, persons are made once, as a list and its queries are, and its
caches have seen each of them; no pair is compared twice, because it keeps answers too.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

_ARABIC = range(0x0600, 0x0780)


def _latin() -> Callable[[str], str]:
    from arabic_name_romanizer import transliterate  # type: ignore[import-not-found]

    def romanised(name: str) -> str:
        return str(transliterate(name)) if any(ord(letter) in _ARABIC for letter in name) else name

    return cache(romanised)


def main(mode: str, *words: str) -> None:
    from followthemoney import model  # type: ignore[import-not-found]
    from nomenklatura.matching import get_algorithm  # type: ignore[import-not-found]

    algorithm: Any = get_algorithm("logic-v2")
    settings = algorithm.default_config()
    spelled = _latin() if "latin" in words else str

    def person(number: str, names: list[str]) -> Any:
        properties = {"name": [spelled(name) for name in names]}
        return model.get_proxy({"id": number, "schema": "Person", "properties": properties})

    if mode == "score":
        for place, line in enumerate(sys.stdin):  # each person has an id of its own: names are kept by it
            asked = json.loads(line)
            query, entry = person(f"q{place}", asked["query"]), person(f"e{place}", asked["entry"])
            print(algorithm.compare(query, entry, settings).score)
        return
    asked = [json.loads(line) for line in sys.stdin]
    queries = [person(f"q{place}", one["query"]) for place, one in enumerate(asked)]
    entries = [person(f"e{place}", one["entry"]) for place, one in enumerate(asked)]
    rates = []
    for turn in range(4):  # each turn compares every person with another one; the first fills the caches
        start = time.perf_counter()
        for query, entry in zip(queries, entries[turn:] + entries[:turn], strict=True):
            algorithm.compare(query, entry, settings)
        rates.append(len(queries) / (time.perf_counter() - start))
    print(json.dumps(rates[1:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
