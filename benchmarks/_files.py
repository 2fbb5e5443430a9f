"""Files in steady state: some officers beside two nodes at work, each of whom attaches one file after the other.

Each seals a file into the sender's store, writes an act of its own that bears it, and goes on with the next, as the
clients of the peer build, sign, encrypt and post theirs. Together they are no further ahead of the receiver's answers
than `AHEAD` files. What is counted are these answers in the sender's log: the file is whole, opened, durable.
"""

import io
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec

from benchmarks import attachment
from benchmarks._children import BenchError, Run
from benchmarks._pair import make_pair
from benchmarks._plan import LARGE, Plan, free_ports
from benchmarks._samples import BE, MA, Acts
from passerelle.exchange import attachments, desk
from passerelle.identity.keys import unb64
from passerelle.node import Node
from passerelle.ports.attachments import ATTACHMENTS

AHEAD = 48
_OFFICERS = 4
_LOOK = 0.005
_STUCK = 60.0


class _Officers:
    """Those who attach, and what became of their files."""

    def __init__(self, node: Node, channel: str) -> None:
        self._node, self._acts = node, Acts(channel, 4096, "1/3")
        self.payload = os.urandom(LARGE)
        self._room, self._one, self._stop = threading.Semaphore(AHEAD), threading.Lock(), threading.Event()
        self._failures: list[Exception] = []
        self.written = self.answered = 0
        self.last = attachments.Announced("", 0, "", "", "")

    @contextmanager
    def working(self) -> Iterator[None]:
        """They work as long as this is entered; behind it everything is answered."""
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_OFFICERS)]
        for one in threads:
            one.start()
        try:
            yield
        finally:
            self._stop.set()
            for _ in threads:
                self._room.release()
            for one in threads:
                one.join(_STUCK)
        end = time.monotonic() + _STUCK
        while self.look() < self.written:
            if time.monotonic() > end:
                raise BenchError(f"expected {self.written} complete files, got {self.answered}")
            time.sleep(_LOOK)

    def _work(self) -> None:
        try:
            while self._room.acquire() and not self._stop.is_set():
                self._attach()
        except Exception as error:
            self._failures.append(error)

    def _attach(self) -> None:
        file = io.BytesIO(self.payload)
        one = attachments.seal(self._node.ctx, file, name="file.bin", media="application/octet-stream")
        with self._one:
            act = next(act for act in self._acts.take(2) if act.content["type"] == "wanted-trace")
            self.written += 1
            self.last = one
        content = act.content | {"attachments": [msgspec.to_builtins(one)]}
        desk.post(self._node.ctx, [msgspec.structs.replace(act, content=content)])
        self._node.wake()

    def look(self) -> int:
        """How many files were answered, each as complete."""
        if self._failures:
            raise BenchError(f"expected files to be attached, got {self._failures[0]}")
        found = complete(self._node)
        for _ in range(found - self.answered):
            self._room.release()
        self.answered = found
        return found

    def until(self, seconds: float) -> float:
        """Let time pass. Returns how many files a second were answered in it."""
        began, before = time.perf_counter(), self.look()
        while (taken := time.perf_counter() - began) < seconds:
            time.sleep(_LOOK)
            self.look()
        return (self.look() - before) / taken


def complete(node: Node) -> int:
    """How many files are complete at a node."""
    return node.store.read(lambda tx: tx.count(ATTACHMENTS, "by_line", ("complete",)))


def steady(place: Run, plan: Plan) -> Iterator[float]:
    """Files a second, run by run, on one pair of nodes. Raises BenchError."""
    channel = make_pair(place.folder, tuple(free_ports(2)))  # type: ignore[arg-type]
    children = [attachment.serving(place, name) for name in (BE, MA)]
    with closing(Node.open(place.folder / BE)) as be, closing(Node.open(place.folder / MA)) as ma:
        officers = _Officers(be, channel)
        with officers.working():
            officers.until(plan.warm + plan.ramp)
            for _ in range(plan.runs):
                yield officers.until(plan.peer)
        if (got := complete(ma)) != officers.written:
            raise BenchError(f"expected {officers.written} complete files at the receiver, got {got}")
        parts = attachments.open_stream(ma.ctx, officers.last.address, unb64(officers.last.key))
        if b"".join(parts) != officers.payload:
            raise BenchError("expected the file that was sent, got another")
    attachment.ended(place, *children)
