"""A PostgreSQL server that hangs: all its processes are stopped, and go on as if nothing had been."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest


@contextmanager
def frozen(server: str) -> Iterator[None]:
    """Freeze the server at this address."""
    if os.environ.get("PASSERELLE_TEST_POSTGRES"):
        pytest.skip("the server is not this test's alone")
    with psycopg.connect(server) as connection:
        ((folder,),) = connection.execute("SHOW data_directory").fetchall()
    main = int((Path(folder) / "postmaster.pid").read_text().split()[0])
    stopped = []
    try:
        for process in _with_children(main):
            stopped.append(process)
            _send(process, signal.SIGSTOP)
        yield
    finally:
        for process in stopped:
            _send(process, signal.SIGCONT)


def _send(process: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # a backend may just be ending
        os.kill(process, what)


def _with_children(process: int) -> Iterator[int]:
    """A process that is stopped makes no more of them."""
    yield process
    yield from map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
