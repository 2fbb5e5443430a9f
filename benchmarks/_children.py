"""Processes that do what they are asked: a benchmark starts them, asks one thing at a time, and ends them.

Rules kept here:
- question and answer are JSON, one line each, over the child's standard input and output; its standard error goes into
  a file of the run's folder, whose end is shown when something fails;
- a child ends when its standard input ends, whatever it is doing, so none outlives the benchmark, however that one
  ends. Ctrl-C reaches the benchmark alone, and it ends its children;
- every question has a time limit;
- only the standard library is used, so that a child may run in an environment of its own.
"""

import asyncio
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / ".bench"
"""What benchmarks leave: environments of peers, and during a run its folder. Git does not look into it."""

Handler = Callable[..., Awaitable[Any]]


class BenchError(Exception):
    """The benchmark cannot go on."""


# ---- in the child ----------------------------------------------------------------------------------------------------


async def answer(handlers: Mapping[str, Handler]) -> None:
    """Do what is asked until standard input ends."""
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but answers goes where answers are read
    reading = asyncio.create_task(reader.readline())
    while line := await reading:
        reading = asyncio.create_task(reader.readline())
        asked = json.loads(line)
        working = asyncio.create_task(_said(handlers[asked.pop("do")], asked))
        await asyncio.wait({reading, working}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and not reading.result():
            working.cancel()  # nobody waits for the answer any more
            with suppress(asyncio.CancelledError):
                await working
            return
        out.write(json.dumps(await working).encode() + b"\n")
        out.flush()


async def _said(handler: Handler, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"value": await handler(**asked)}
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


# ---- in the benchmark ------------------------------------------------------------------------------------------------


class Child:
    """A process that answers."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.name = name
        self._errors = folder / f"{name}.stderr"
        self._rest = b""
        environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, do: str, limit: float = 60.0, **asked: Any) -> Any:
        """The answer. Raises BenchError when there is none within `limit` seconds, or the child failed."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do} | asked).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._failed(f"{do}: it has ended") from None
        said = json.loads(self._line(do, time.monotonic() + limit))
        if "error" in said:
            raise self._failed(f"{do}: {said['error']}")
        return said["value"]

    def line(self, limit: float = 60.0) -> bytes:
        """The next line that it says by itself."""
        return self._line("its first words", time.monotonic() + limit)

    def _line(self, do: str, end: float) -> bytes:
        assert self._process.stdout is not None
        source = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            ready, _, _ = select.select([source], [], [], max(0.0, end - time.monotonic()))
            part = os.read(source, 1 << 16) if ready else b""
            if not part:
                raise self._failed(f"{do}: {'it has ended' if ready else 'no answer in time'}")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _failed(self, words: str) -> BenchError:
        with suppress(OSError):
            tail = self._errors.read_text("utf-8", "replace").strip().splitlines()[-12:]
            words = "\n  ".join([words, *tail])
        return BenchError(f"{self.name}: {words}")

    def let_go(self) -> None:
        """Nothing more is asked: it ends by itself."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def end(self) -> None:
        """Let it end by itself, or end it."""
        for stop in (self.let_go, self._process.terminate, self._process.kill):
            stop()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
                break
        if self._process.stdout is not None:
            self._process.stdout.close()


class Run:
    """The folder and the children of one run of a benchmark."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._children: list[Child] = []

    def child(self, name: str, module: str, *arguments: str, python: str | Path = sys.executable) -> Child:
        """Start `python -m module arguments`."""
        made = Child(name, [str(python), "-m", module, *arguments], self.folder)
        self._children.append(made)
        return made

    def end(self, *children: Child) -> None:
        for one in children:
            one.let_go()
        for one in children:
            one.end()
            self._children.remove(one)

    def close(self) -> None:
        self.end(*reversed(self._children))


def scratch() -> Path:
    """The folder for what benchmarks leave, made if need be."""
    SCRATCH.mkdir(exist_ok=True)
    ignore = SCRATCH / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    return SCRATCH


@contextmanager
def run() -> Iterator[Run]:
    """A run: a fresh folder on the project's disk; at its end, whatever ends it, children and folder are gone."""

    def stop(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    for old in scratch().glob("run-*"):
        with suppress(ValueError, PermissionError):
            try:
                os.kill(int(old.name.removeprefix("run-")), 0)
            except ProcessLookupError:
                shutil.rmtree(old, ignore_errors=True)
    folder = scratch() / f"run-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    before = signal.signal(signal.SIGTERM, stop)
    made = Run(folder)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)
