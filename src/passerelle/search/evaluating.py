"""Processes that evaluate: the library of the holder's side holds the interpreter lock, and a node has more to do.

Rules kept here:
- a short question is evaluated at once, in the thread that asks: it takes less than a process would to be told;
- processes are fresh ones that share nothing with the node's memory. So many as a question takes are started ahead
  where somebody may ask (`warm`), more when they are needed; they end with the service, also when that is killed, and
  when nobody may ask any more (`cool`);
- so many are answered at once at most, and half of them for one partner: who comes after them is told: later, before
  anything of his is debited;
- a secret is handed over with each call and kept nowhere.
"""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from passerelle.core.errors import SearchError
from passerelle.search import oprf
from passerelle.search.processors import began, processors
from passerelle.search.sizes import ELEMENT

SHORT = 64
"""Elements that are evaluated where they come in."""
AHEAD = 2
"""Processes that are started ahead: one for the base, one for the delta."""
WAITING = 8
"""Questions that are answered at once."""

Pair = tuple[bytes, bytes]
"""Elements evaluated, and the proof."""


class BusyEvaluatorError(SearchError):
    """Too many questions are being evaluated now."""


def _evaluate(secrets: Sequence[bytes], elements: bytes) -> list[Pair]:
    return [oprf.evaluate(secret, elements) for secret in secrets]


def _ready() -> None:
    """Done once a process has loaded all that it needs."""
    oprf.public(bytes(oprf.SECRET))


class Evaluator:
    """Evaluates for the service. Methods may be called from any thread."""

    def __init__(self, processes: int = 0, waiting: int = WAITING) -> None:
        self._processes = processes or min(4, processors())
        self._most, self._busy = waiting, Counter[str]()
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False

    @contextmanager
    def turn(self, partner: str) -> Iterator[None]:
        """A place for a question of this partner, as long as this is entered. Raises BusyEvaluatorError."""
        with self._lock:
            most = self._most if self._busy.total() >= self._most else max(1, self._most // 2)
            if self._closed or self._busy.total() >= self._most or self._busy[partner] >= most:
                raise BusyEvaluatorError(f"expected fewer than {most} questions at once, got one more")
            self._busy[partner] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[partner] -= 1
                self._busy += Counter()  # nobody who waits for nothing

    def evaluate(self, secrets: Sequence[bytes], elements: bytes) -> list[Pair]:
        """The elements (n x 32 bytes) evaluated with the key of each secret, and the proofs.

        Raises ElementError, BusyEvaluatorError; SearchError when a process ended meanwhile: it may be asked again.
        """
        try:
            if len(elements) <= SHORT * ELEMENT:
                return _evaluate(secrets, elements)
            # Each epoch in a process of its own.
            return [pair for one in self._submit(secrets, elements) for pair in one.result()]
        except BrokenProcessPool:
            self._forget()
            raise SearchError("expected the processes that evaluate to stay, got an end; ask again") from None

    def warm(self) -> bool:
        """Start processes ahead, if none is there, so that the first question does not wait for them.

        Returns whether any were started; they are ready then. Raises SearchError when one ended at once.
        """
        with self._lock:
            if self._closed or self._pool is not None:
                return False
            pool = self._pool = self._fresh()
            ready = [pool.submit(_ready) for _ in range(min(AHEAD, self._processes))]
        try:
            for one in ready:
                one.result()
        except BrokenProcessPool:
            self._forget()
            raise SearchError("expected the processes that evaluate to start, got an end") from None
        except CancelledError:
            return False  # the end of the service
        return True

    def cool(self) -> None:
        """End the processes once they have evaluated what they were given; the next question starts others."""
        self._forget(cancel=False)

    def _fresh(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._processes, multiprocessing.get_context("spawn"), began)

    def _submit(self, secrets: Sequence[bytes], elements: bytes) -> list[Future[list[Pair]]]:
        with self._lock:
            if self._closed:
                raise BusyEvaluatorError("expected a service that goes on, got its end")
            if self._pool is None:
                self._pool = self._fresh()
            return [self._pool.submit(_evaluate, (secret,), elements) for secret in secrets]

    def _forget(self, *, cancel: bool = True) -> None:
        """Fresh processes for the next question."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=cancel)

    def close(self) -> None:
        """End all processes. What is being evaluated is told so."""
        with self._lock:
            self._closed = True
        self._forget()
