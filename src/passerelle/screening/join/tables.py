"""Rows -> a table on disk (Parquet): names are prepared once, by as many processes as there are processors.

Memory is that of a few batches, however long the file is.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from passerelle import names
from passerelle.names import packed
from passerelle.screening.join.lines import Row

BATCH = 16_384
_FEW = 2_000
"""Rows whose names are read once: so many readings are remembered (`block.readable`)."""
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("first_year", pa.int32()),
        ("last_year", pa.int32()),
        ("form", pa.binary()),
        ("blocks", pa.list_(pa.int64())),
    ]
)


def written(rows: Iterable[Row], place: Path, processes: int) -> int:
    """The rows as a table at the place, which is new; how many there are."""
    count = 0
    with pq.ParquetWriter(place, SCHEMA, compression="zstd") as writer:
        for batch in _batches(iter(rows), processes):
            writer.write_batch(batch)
            count += len(batch)
    return count


def _batches(rows: Iterator[Row], processes: int) -> Iterator[pa.RecordBatch]:
    first, second = list(islice(rows, BATCH)), list(islice(rows, BATCH))
    if processes == 1 or not second:  # starting processes would take longer
        while first:
            yield prepared(first)
            first, second = second, list(islice(rows, BATCH))
        return
    # Started anew, not forked: a fork would share what threads of the engine hold.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        waiting: deque[Future[pa.RecordBatch]] = deque(pool.submit(prepared, part) for part in (first, second))
        while waiting:
            if len(waiting) <= processes and (part := list(islice(rows, BATCH))):
                waiting.append(pool.submit(prepared, part))
            else:
                yield waiting.popleft().result()


def prepared(rows: list[Row]) -> pa.RecordBatch:
    """The rows of a table for these persons."""
    forms: list[bytes] = []
    blocks: list[list[int]] = []
    for first in range(0, len(rows), _FEW):
        few = rows[first : first + _FEW]
        forms += packed.packed(names.Block(row.names for row in few))
        blocks += [names.blocks(names.prepared(row.names)) for row in few]
    columns = (
        [row.id for row in rows],
        [row.first_year for row in rows],
        [row.last_year for row in rows],
        forms,
        blocks,
    )
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=SCHEMA)
