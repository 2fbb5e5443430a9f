"""openmined-psi, asked in an environment of its own: `python -m benchmarks._psi`.

The library's own protocol (Diffie-Hellman over P-256, no proofs, nothing but hit or no hit): the holder's set as a
Golomb-compressed set, which is its smallest form and its default.
"""

import asyncio
import resource
import time
from typing import Any

import private_set_intersection.python as psi  # type: ignore[import-not-found]

from benchmarks._children import answer
from benchmarks._search_keys import asked, match_key

FALSE = 1e-9
"""The share of questions that may have a false hit: what the library's set costs depends on it."""


class Measuring:
    def __init__(self) -> None:
        self._server: Any = psi.server.CreateWithNewKey(True)
        self._setup: Any = None

    async def publish(self, count: int) -> dict[str, float]:
        """Seconds and bytes of a set of so many match keys."""
        keys = [match_key(number) for number in range(count)]
        start, busy = time.perf_counter(), time.process_time()
        self._setup = self._server.CreateSetupMessage(FALSE, 1500, keys, psi.DataStructure.GCS)
        took, used = time.perf_counter() - start, time.process_time() - busy
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"wall": took, "cpu": used, "bytes": len(self._setup.SerializeToString()), "peak": peak}

    async def ask(self, count: int, known: int, runs: int) -> dict[str, Any]:
        """Seconds of processor time of a question with so many keys, both sides together; the look-up apart; bytes."""
        keys = asked(count, known)
        both, looked = [], []
        size = 0
        for _ in range(runs + 1):
            busy = time.process_time()
            client = psi.client.CreateWithNewKey(True)
            request = client.CreateRequest(keys)
            response = self._server.ProcessRequest(request)
            done = time.process_time()
            found = client.GetIntersection(self._setup, response)
            end = time.process_time()
            if len(found) != -(-count // 2):
                raise ValueError(f"expected {-(-count // 2)} hits, got {len(found)}")
            both.append(done - busy)
            looked.append(end - done)
            size = len(request.SerializeToString()) + len(response.SerializeToString())
        return {"both": both[1:], "looked": looked[1:], "bytes": size}


if __name__ == "__main__":
    one = Measuring()
    asyncio.run(answer({"publish": one.publish, "ask": one.ask}))
