"""Match keys -> the shards of a table and the claims behind them: by all processors, in memory that shards bound.

    for item in make(secret, keys, folder=folder):
        match item:
            case Sized(): ...       # first: padded count, number of shards, match keys
            case MadeShard(): ...   # each once, from 0
            case MadeClaims(): ...  # then the claims, in rising parts; a part without rows is left out

Rules kept here:
- each match key is evaluated by `oprf`, in processes of their own: the library holds the interpreter lock. They are
  started anew (no fork would survive the threads of a service), give way to what the node serves and end with it, also
  when it is killed;
- what was evaluated waits by the first byte of its tag, on disk when there is much of it: in a file without a name,
  which goes with this process whatever happens. It holds what tables and claims hold, never a match key or an output;
- one match key is one row of a table, whatever the number of its entries; each of them is a row of the claims;
- the result hangs on secret and keys alone, but for the random rows that fill the shards up.

Memory: about two batches a process, 64 MiB that wait, and a few shards. Left alone: what comes of a run that is broken
off. Nothing of it is used, and the next begins anew.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing, suppress
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from passerelle.core.errors import InputError, SearchError, TableFullError
from passerelle.search import oprf, table
from passerelle.search.processors import began, processors

BATCH = 4_096
"""Match keys that are evaluated at a time. So many or fewer are evaluated here: starting processes takes longer."""
_BUCKETS = 256
HELD = 32 * 1024 * 1024
"""Bytes of rows, and as many of claims, that wait in memory."""
_ROW = table.TAG + 8
_GIVES_WAY = 10  # nice

_T = TypeVar("_T")
_Keys = list[tuple[str, int]]
_Parts = tuple[list[bytes], list[bytes]]
_Rows = npt.NDArray[np.bytes_]


class Sized(msgspec.Struct, frozen=True):
    """What the table will be. `count`: padded; `keys`: distinct match keys."""

    count: int
    shards: int
    keys: int


class MadeShard(NamedTuple):
    """A shard of the table."""

    number: int
    body: bytes


class MadeClaims(NamedTuple):
    """A part of the claims: sorted rows (`table.row`)."""

    part: int
    body: bytes


def make(
    secret: bytes,
    keys: Iterable[tuple[str, int]],
    count: int = 0,
    *,
    folder: Path | None = None,
    held: int = HELD,
    processes: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Generator[Sized | MadeShard | MadeClaims, None, None]:
    """The table of an epoch for match keys, each with the number of an entry (from 0, below 2^32).

    `count`: the padded count; 0: by the ladder (`table.padded`). `folder`: where much waits, by default where the
    system keeps temporary files; `held`: bytes beyond which it does. `processes`: by default one for each processor.
    `progress` is told how many are evaluated.
    Raises TableFullError when `count` has no room, InputError for a secret, count or key out of form, OSError when the
    disk is full, SearchError when a process ended. Who stops in between closes the iterator.
    """
    if count:
        table.shards_of(count)
    those = _batches(keys)
    first, second = next(those, []), next(those, [])
    many = processes if processes is not None else processors()
    with ExitStack() as opened:
        rows = opened.enter_context(closing(_Waiting(_ROW, folder, held)))
        claims = opened.enter_context(closing(_Waiting(table.ROW, folder, held)))
        work = _Work(secret, many if second else 1)
        opened.callback(work.close)
        done = 0
        for size, (some, others) in work.each(evaluated, _again(first, second, those)):
            rows.add(some)
            claims.add(others)
            done += size
            if progress:
                progress(done)
        sized, loads = _sized(rows, count)
        yield sized
        slabs = ((slab, sized.count // sized.shards) for slab in _slabs(rows, loads))
        for number, (_size, body) in enumerate(work.each(packed, slabs)):
            yield MadeShard(number, body)
        yield from _claims(claims, sized.count)


def _batches(keys: Iterable[tuple[str, int]]) -> Iterator[_Keys]:
    those = iter(keys)
    while batch := list(islice(those, BATCH)):
        yield batch


def _again(first: _Keys, second: _Keys, others: Iterator[_Keys]) -> Iterator[tuple[_Keys]]:
    yield from ((batch,) for batch in (first, second) if batch)
    yield from ((batch,) for batch in others)


# ---- what the processes do -------------------------------------------------------------------------------------------

_secret = b""  # of a process that was started for one table


def _begin(secret: bytes) -> None:
    global _secret  # noqa: PLW0603
    _secret = secret
    began()
    with suppress(OSError):  # a hardened service may not
        os.nice(_GIVES_WAY)


def evaluated(secret: bytes, batch: _Keys) -> _Parts:
    """Rows of the table by the first byte of their tags, rows of the claims by that of their references."""
    rows, claims = [bytearray() for _ in range(_BUCKETS)], [bytearray() for _ in range(_BUCKETS)]
    drawn = table.referring(secret)
    outputs = oprf.outputs(secret, (key.encode() for key, _entry in batch))
    for (key, entry), output in zip(batch, outputs, strict=True):
        if not key or not 0 <= entry < 2**32:
            raise InputError(
                f"expected a match key and the number of an entry, below 2^32, got {len(key)} signs, {entry}"
            )
        tag, pad, claim = table.derive(output)
        reference = table.reference(drawn, key)
        rows[tag[0]] += tag + (reference ^ pad).to_bytes(8, "big")
        row = table.row(reference, claim, entry)
        claims[row[0]] += row
    return [bytes(one) for one in rows], [bytes(one) for one in claims]


def packed(_secret: bytes, slab: bytes, capacity: int) -> bytes:
    """A shard of these rows."""
    return table.shard(
        {
            slab[at : at + table.TAG]: int.from_bytes(slab[at + table.TAG : at + _ROW], "big")
            for at in range(0, len(slab), _ROW)
        },
        capacity,
    )


def _there(what: Callable[..., _T], size: int, *given: Any) -> tuple[int, _T]:
    return size, what(_secret, *given)


class _Work:
    """Work given to processes, or done here when one is enough."""

    def __init__(self, secret: bytes, processes: int) -> None:
        oprf.public(secret)  # the secret has its form, before anything is started
        self._secret, self._processes = secret, processes
        self._pool = (
            ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(secret,))
            if processes > 1
            else None
        )

    def each(self, what: Callable[..., _T], given: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, _T]]:
        """What comes of each, in order, with its size."""
        if self._pool is None:
            for one in given:
                yield len(one[0]), what(self._secret, *one)
            return
        waiting: deque[Future[tuple[int, _T]]] = deque()
        try:
            for one in given:
                waiting.append(self._pool.submit(_there, what, len(one[0]), *one))
                if len(waiting) > 2 * self._processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise SearchError("expected the processes that make the table to go on, got one that ended") from None

    def close(self) -> None:
        """End the processes; what waits is not done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


# ---- what waits ------------------------------------------------------------------------------------------------------


class _Waiting:
    """Rows of one width in 256 buckets: in memory, beyond a bound in a file that has no name."""

    def __init__(self, width: int, folder: Path | None, most: int) -> None:
        self.rows = 0
        self._width, self._folder, self._most = width, folder, most
        self._held = [bytearray() for _ in range(_BUCKETS)]
        self._size = 0
        self._file: IO[bytes] | None = None
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(_BUCKETS)]

    def add(self, parts: Sequence[bytes]) -> None:
        """Rows for each bucket."""
        for held, part in zip(self._held, parts, strict=True):
            held.extend(part)
        added = sum(map(len, parts))
        self.rows += added // self._width
        self._size += added
        if self._size > self._most:
            self._write()

    def _write(self) -> None:
        if self._file is None:
            self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115
        for held, places in zip(self._held, self._places, strict=True):
            places.append((self._file.tell(), len(held)))
            self._file.write(held)
            held.clear()
        self._size = 0

    def bucket(self, number: int) -> _Rows:
        """The rows of a bucket, sorted, each once."""
        found = bytearray()
        if self._file is not None:
            for start, size in self._places[number]:
                self._file.seek(start)
                found += self._file.read(size)
        found += self._held[number]
        return np.unique(np.frombuffer(found, f"S{self._width}"))

    def close(self) -> None:
        """Let go of all."""
        self._held = []
        if self._file is not None:
            self._file.close()


def _heads(rows: _Rows) -> npt.NDArray[np.uint64]:
    """The first eight bytes of each row, as numbers."""
    width = rows.dtype.itemsize
    body = np.frombuffer(rows.tobytes(), np.uint8).reshape(-1, width)[:, :8]
    return np.ascontiguousarray(body).view(">u8").reshape(-1).astype(np.uint64)


def _sized(rows: _Waiting, fixed: int) -> tuple[Sized, list[int]]:
    """What the table will be, and how many rows each shard has. A shard with no room makes the table larger."""
    count = fixed or table.padded(rows.rows)
    loads = _loads(rows, count)
    keys = sum(loads)
    if not fixed and table.padded(keys) < count:
        count = table.padded(keys)
        loads = _loads(rows, count)
    while max(loads) > count // len(loads):
        if fixed:
            raise TableFullError(f"expected match keys that fit a table of {fixed}, got {keys}")
        count = table.beyond(count)
        loads = _loads(rows, count)
    return Sized(count, len(loads), keys), loads


def _loads(rows: _Waiting, count: int) -> list[int]:
    shards = table.shards_of(count)
    ends = np.array([-(-(shard << 64) // shards) for shard in range(1, shards)], np.uint64)
    found = np.zeros(shards, np.int64)
    for number in range(_BUCKETS):
        where = np.searchsorted(ends, _heads(rows.bucket(number)), side="right")
        found += np.bincount(where, minlength=shards)
    return [int(one) for one in found]


def _slabs(rows: _Waiting, loads: Sequence[int]) -> Iterator[bytes]:
    """The rows of each shard: tags rise from bucket to bucket, and from shard to shard."""
    held, number = bytearray(), 0
    for load in loads:
        while len(held) < load * _ROW:
            held += rows.bucket(number).tobytes()
            number += 1
        yield bytes(held[: load * _ROW])
        del held[: load * _ROW]


def _claims(claims: _Waiting, count: int) -> Iterator[MadeClaims]:
    bits = table.part_bits(count)
    held, last = bytearray(), 0
    for number in range(_BUCKETS):
        rows = claims.bucket(number)
        heads = _heads(rows)
        parts = heads >> np.uint64(64 - bits) if bits else np.zeros(len(rows), np.uint64)
        for part in np.unique(parts).tolist():
            if part != last and held:
                yield MadeClaims(last, bytes(held))
                held.clear()
            last = part
            held += rows[parts == part].tobytes()
    if held:
        yield MadeClaims(last, bytes(held))
