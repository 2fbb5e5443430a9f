"""A process that builds, opens and asks an index of names: `python -m benchmarks._names_index FOLDER`.

Each of the three is done in a process of its own, so that the memory told is that of this alone.
"""

import asyncio
import resource
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks._children import answer
from benchmarks._people import Made, Source, people, source
from passerelle import names

_MIB = 1024.0


def _peak() -> float:
    """MiB that this process and those it started have held at most, the mapped files included."""
    own, others = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(own, others) / _MIB


def _own() -> dict[str, float]:
    """MiB held now: of this process alone, and pages of files that are mapped and that the system may take back."""
    found = {}
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        name, _, value = line.partition(":")
        if name in ("RssAnon", "RssFile"):
            found[name] = int(value.split()[0]) / _MIB
    return found


class Measuring:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made_of: Source = source()
        self._index: Any = None

    async def build(self, count: int) -> dict[str, float]:
        """Seconds, peak memory and bytes on the disk of an index of so many persons, made as they are put in."""
        start = time.perf_counter()
        for _ in people(self._made_of, count):
            pass
        making = time.perf_counter() - start
        start = time.perf_counter()
        names.Index.build(self._folder, ((one.id, one.names) for one in people(self._made_of, count)))
        took = time.perf_counter() - start
        disk = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        return {"seconds": took - making, "peak": _peak(), "disk": disk / _MIB / _MIB}

    async def open(self) -> float:
        """Seconds from nothing to an open index and one answer (the first compiles or loads the loops)."""
        start = time.perf_counter()
        self._index = names.Index.open(self._folder)
        return time.perf_counter() - start

    async def ask(self, count: int, travellers: int, top: int) -> dict[str, Any]:
        """Seconds of each of so many questions, and of so many travellers; memory; how many persons are found.

        Missed is who is not among the hits though he is closer than the last of them; the others have more namesakes
        than there are places.
        """
        asked = self._respelled(count)
        for text, _ in asked[:20]:
            self._index.search([text], top)
        each, found, missed = [], 0, 0
        for text, person in asked:
            start = time.perf_counter()
            hits = self._index.search([text], top)
            each.append(time.perf_counter() - start)
            if person.id in [name for name, _ in hits]:
                found += 1
            elif not hits or hits[-1][1] < names.compare(names.prepared([text]), names.prepared(person.names)):
                missed += 1
        start = time.perf_counter()
        for one in people(self._made_of, travellers, seed=2):
            self._index.search(one.names, top)
        took = time.perf_counter() - start
        return {"each": each, "travellers": took, "found": found, "missed": missed} | _own()

    def _respelled(self, count: int) -> list[tuple[str, Made]]:
        """Persons of the list, each with one of its names; every second one in capitals, its first word at the end."""
        made = []
        step = max(1, len(self._index) // count)
        for number in range(count):
            one = next(iter(people(self._made_of, 1, start=number * step)))
            text = one.names[-1]
            if number % 2:
                first, _, rest = text.replace(",", "").upper().partition(" ")
                text = f"{rest} {first}"
            made.append((text, one))
        return made

    async def update(self, count: int) -> float:
        """Seconds to put in so many persons and take out as many."""
        new = [(f"new-{one.id}", one.names) for one in people(self._made_of, count, seed=3)]
        size = len(self._index)
        start = time.perf_counter()
        self._index = self._index.update(new, [str(number) for number in range(count)])
        took = time.perf_counter() - start
        if len(self._index) != size:
            raise ValueError(f"expected {size} entries after the update, got {len(self._index)}")
        return took


if __name__ == "__main__":
    one = Measuring(Path(sys.argv[1]))
    asyncio.run(answer({"build": one.build, "open": one.open, "ask": one.ask, "update": one.update}))
