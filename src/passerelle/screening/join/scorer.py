"""The function that the SQL calls, over columns (Arrow arrays): forms are read where they lie, without a loop."""

from typing import Any

import numpy as np
import pyarrow as pa

from passerelle.names import packed

NAME = "name_score"


def name_score(one: pa.Array, other: pa.Array) -> pa.Array:
    """How close the names of the two forms of each row are, 0 to 1."""
    return pa.array(packed.compared(_column(one), _column(other)))


def _column(column: Any) -> packed.Packed:
    """The forms of a column. DuckDB gives chunks, Spark an array; both may give a part of a longer one."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    form = column.cast(pa.binary())
    _, ends, data = form.buffers()
    ends = np.frombuffer(ends, np.int32)[form.offset : form.offset + len(form) + 1]
    return packed.Packed(np.frombuffer(data or b"", np.uint8), ends.astype(np.int64))
