"""A process that publishes and asks: `python -m benchmarks._search_making`. Time and memory are of it alone."""

import asyncio
import os
import resource
import time
from typing import Any

from benchmarks._children import answer
from benchmarks._search_keys import asked, match_key
from passerelle.search import blinding, oprf, table
from passerelle.search.making import MadeShard, Sized, make

_MIB = 1024.0


def _busy() -> float:
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


class Measuring:
    def __init__(self) -> None:
        self._secret = os.urandom(32)
        self._shards: list[bytes] = []
        self._count = 0

    async def publish(self, count: int, keep: bool) -> dict[str, Any]:
        """Seconds and bytes of a table of so many match keys; `keep`: to ask it afterwards. Memory in MiB."""
        told: list[int] = []
        start, busy = time.perf_counter(), _busy()
        keys = ((match_key(number), number) for number in range(count))
        size = claims = 0
        sized: Sized | None = None
        for item in make(self._secret, keys, progress=told.append):
            if isinstance(item, Sized):
                sized = item
            elif isinstance(item, MadeShard):
                size += len(item.body)
                if keep:
                    self._shards.append(item.body)
            else:
                claims += len(item.body)
        took, used = time.perf_counter() - start, _busy() - busy
        assert sized is not None
        assert told[-1] == count == sized.keys
        self._count = sized.count
        peaks = [resource.getrusage(who).ru_maxrss / _MIB for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return {
            "wall": took,
            "cpu": used,
            "bytes": size,
            "claims": claims,
            "padded": sized.count,
            "shards": sized.shards,
            "peak": peaks[0],
            "peak_each": peaks[1],
            "told": len(told),
        }

    async def ask(self, count: int, width: int, known: int, runs: int) -> dict[str, Any]:
        """Seconds of processor time of a question, of each step; bytes both ways, without the sealing."""
        keys, public = asked(count, known), oprf.public(self._secret)
        steps: dict[str, list[float]] = {"blind": [], "evaluate": [], "unblind": [], "looked": []}
        size = 0
        for _ in range(runs + 1):
            seed = os.urandom(32)
            marks = [time.process_time()]
            question = blinding.blind(seed, keys, width)
            marks.append(time.process_time())
            evaluated, proof = oprf.evaluate(self._secret, question.elements)
            marks.append(time.process_time())
            outputs = question.unblind(evaluated, proof, public)
            marks.append(time.process_time())
            found = table.find(outputs, self._count, self._shards.__getitem__)
            marks.append(time.process_time())
            if len(found) != -(-count // 2):
                raise ValueError(f"expected {-(-count // 2)} hits, got {len(found)}")
            for name, begin, end in zip(steps, marks, marks[1:], strict=False):
                steps[name].append(end - begin)
            size = len(question.elements) + len(evaluated) + len(proof)
        return {name: values[1:] for name, values in steps.items()} | {"bytes": size}


if __name__ == "__main__":
    one = Measuring()
    asyncio.run(answer({"publish": one.publish, "ask": one.ask}))
