"""Two files in, hits out, and nothing left behind."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from passerelle.core.errors import InputError
from passerelle.screening.join import lines, tables
from passerelle.screening.join.sql import Hit, Job

Engine = Literal["duckdb", "spark"]
ENTRIES, TRAVELLERS = "entries", "travellers"


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """With what the job is done. `memory`: MiB that the engine may take. `processes`: 0 for one a processor.

    `partitions`, `master`: of Spark. `work`: where the private folder of the job is made; None: where the system keeps
    temporary files.
    """

    engine: Engine = "duckdb"
    memory: int = 2048
    processes: int = 0
    partitions: int = 8
    master: str = "local[*]"
    work: Path | None = None


def joined(
    listed: BinaryIO, travellers: BinaryIO, job: Job, means: Means, *, told: Callable[[str, int], None]
) -> Iterator[Hit]:
    """The hits of the travellers on the list, by traveller, best first.

    `told` gets the name of a table and its number of rows once it is read. Raises InputError.
    """
    processes = means.processes or os.cpu_count() or 1
    if means.engine == "spark":
        from passerelle.screening.join import in_spark

        in_spark.check()
    with _folder(means.work) as work:
        places = {}
        for name, file in ((ENTRIES, listed), (TRAVELLERS, travellers)):
            places[name] = work / f"{name}.parquet"
            told(name, tables.written(lines.rows(file, name), places[name], processes))
        if means.engine == "spark":
            yield from in_spark.hits(
                job, places, work, memory=means.memory, partitions=means.partitions, master=means.master
            )
        else:
            from passerelle.screening.join import in_duckdb

            yield from in_duckdb.hits(job, places, work, memory=means.memory, threads=processes)


@contextmanager
def _folder(parent: Path | None) -> Iterator[Path]:
    """A folder of its owner alone, gone afterwards."""
    try:
        made = Path(tempfile.mkdtemp(prefix="passerelle-join-", dir=parent))
    except OSError as error:
        raise InputError(f"--work: expected a folder to write in, got {parent}: {error.strerror}") from None
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
