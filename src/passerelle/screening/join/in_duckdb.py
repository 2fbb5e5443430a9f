"""The job in DuckDB, in this process.

Rules kept here:
- memory is bounded: what does not fit is written, encrypted, into the folder of the job and gone with it;
- nothing is loaded or fetched: no extensions from elsewhere, no files but those of the folder, and no SQL that was not
  written here changes that (`lock_configuration`).
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
from duckdb.func import ARROW

from passerelle.core.errors import InputError
from passerelle.screening.join.scorer import NAME, name_score
from passerelle.screening.join.sql import TWICE, Hit, Job

_ROWS = 10_000
_MACROS = (
    "CREATE MACRO explode(list) AS unnest(list)",
    "CREATE MACRO array_min(list) AS list_min(list)",
)


def hits(job: Job, tables: dict[str, Path], work: Path, *, memory: int, threads: int) -> Iterator[Hit]:
    """The hits, by traveller. `tables`: travellers and entries, in `work`, a private folder. Raises InputError."""
    with closing(duckdb.connect(":memory:", config=_settings(work, memory, threads))) as engine:
        engine.execute("SET allowed_directories = [?]", [str(work)])
        engine.execute("SET enable_external_access = false")
        engine.execute("SET lock_configuration = true")
        # With side effects it is called once a row: else a score would be made for the filter, and once more.
        engine.create_function(NAME, name_score, ["BLOB", "BLOB"], "DOUBLE", type=ARROW, side_effects=True)
        for macro in _MACROS:
            engine.execute(macro)
        for name, path in tables.items():
            engine.from_parquet(str(path)).create_view(name)
        for name in tables:
            if twice := engine.execute(TWICE.format(table=name)).fetchone():
                raise InputError(f"{name}: expected each id once, got {twice[0]!r} twice")
        try:
            found = engine.execute(job.text())
            while rows := found.fetchmany(_ROWS):
                for traveller, entry, score, place in rows:
                    yield Hit(traveller=traveller, entry=entry, score=score, place=place)
        except duckdb.OutOfMemoryException as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"--memory: expected enough for the job, got {memory} MiB: {reason}") from None


def _settings(work: Path, memory: int, threads: int) -> dict[str, Any]:
    return {
        "memory_limit": f"{memory}MiB",
        "threads": threads,
        "temp_directory": str(work / "spilled"),
        "temp_file_encryption": True,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
