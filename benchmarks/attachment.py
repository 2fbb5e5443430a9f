"""How fast files go through two nodes that serve, and how much memory both take for it.

    ./run bench attachment [--json] [--quick] [--size 4GiB] [--files N] [--folder DIR]

Measured: sealing the files into the sender's store; from the moment their messages are in line to the last answer in
the sender's log (announced, uploaded, every piece proven, opened and durable, answered); and the largest resident
memory of each of the two processes.

Rules kept here:
- both nodes are processes of `passerelle serve` with SQLite, TLS and pinned certificates on loopback;
- the files are random bytes, so nothing can be compressed or guessed; half of the file sizes are not whole chunks;
- beside it stands what the machine allows: the same bytes written to a file, made durable, read, and written and made
  durable once more, in pieces of 1 MiB, as they stand in the two stores;
- at the end the receiver's store is asked: all is complete, and the last file is opened to its end and compared.
"""

import hashlib
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import table
from benchmarks._children import BenchError, Child, Run, run
from benchmarks._machine import described
from benchmarks._pair import make_pair
from benchmarks._plan import free_ports
from benchmarks._samples import BE, MA, Acts
from benchmarks.table import Figure, Runs
from passerelle.exchange import attachments, desk
from passerelle.exchange.attachments import Announced
from passerelle.identity.keys import unb64
from passerelle.node import Node
from passerelle.ports.attachments import ATTACHMENTS

MIB = 1024 * 1024
MOST_MEMORY = 150
"""MiB of resident memory that each process may take, whatever the size."""
_UNITS = {"": 1, "KB": 1000, "MB": 10**6, "GB": 10**9, "KIB": 1024, "MIB": MIB, "GIB": 1024 * MIB}


@dataclass(frozen=True)
class Measured:
    """Rates in bytes a second, memory in bytes."""

    size: int
    files: int
    sealing: float
    going: float
    copying: float
    memory: dict[str, int]

    @property
    def whole(self) -> float:
        """Sealed, sent and answered."""
        return 1 / (1 / self.sealing + 1 / self.going)


class Source(io.RawIOBase):
    """So many random bytes as a file, made while they are read: the same block over and over, numbered."""

    def __init__(self, size: int) -> None:
        self._block, self._size, self._at = os.urandom(MIB), size, 0
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        within = self._at % MIB
        count = min(size if size >= 0 else MIB, MIB - within, self._size - self._at)
        part = self._block[within : within + count]
        if within == 0 and count > 8:
            part = self._at.to_bytes(8, "big") + part[8:]
        self._at += count
        self._digest.update(part)
        return part

    @property
    def digest(self) -> bytes:
        return self._digest.digest()


def memory_of(pid: int) -> int:
    """Bytes of resident memory that a process had at most."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise BenchError("expected a system that tells the memory of processes")


def copying(folder: Path, size: int) -> float:
    """Bytes a second that the machine writes and keeps, reads, and writes and keeps once more."""
    block, began = os.urandom(MIB), time.perf_counter()
    first, second = folder / "copy-1", folder / "copy-2"
    try:
        for source, target in ((None, first), (first, second)):
            with target.open("wb", buffering=0) as out, (source or Path(os.devnull)).open("rb", buffering=0) as into:
                for at in range(0, size, MIB):
                    out.write((into.read(MIB) if source else block)[: size - at])
                os.fsync(out.fileno())
    finally:
        first.unlink(missing_ok=True)
        second.unlink(missing_ok=True)
    return size / (time.perf_counter() - began)


def serving(place: Run, name: str) -> Child:
    """A node at work, once it listens."""
    child = place.child(f"serve-{name}", "passerelle", "serve", str(place.folder / name), "--json")
    end = time.monotonic() + 30
    with closing(Node.open(place.folder / name)) as node:
        while not node.is_served():
            if time.monotonic() > end:
                raise BenchError(f"expected {name} to serve, got no start in time")
            time.sleep(0.02)
    return child


def ended(place: Run, *children: Child) -> None:
    """The nodes end as they are meant to."""
    for child in children:
        os.kill(child.pid, signal.SIGTERM)
    place.end(*children)


def measure(place: Run, size: int, files: int, say: Callable[[str], None] = lambda words: None) -> Measured:
    """Send `files` files of `size` bytes from one node to the other, each in an act of its own."""
    channel = make_pair(place.folder, tuple(free_ports(2)))  # type: ignore[arg-type]
    children = {name: serving(place, name) for name in (BE, MA)}
    with closing(Node.open(place.folder / BE)) as be, closing(Node.open(place.folder / MA)) as ma:
        say("sealing")
        began = time.perf_counter()
        sources = [Source(size) for _ in range(files)]
        announced = [
            attachments.seal(be.ctx, source, name="file.bin", media="application/octet-stream")  # type: ignore[arg-type]
            for source in sources
        ]
        sealing = size * files / (time.perf_counter() - began)
        say("sending")
        began = time.perf_counter()
        _post(be, channel, announced)
        _until_complete(be, files, limit=60 + size * files / (2 * MIB), say=say)
        going = size * files / (time.perf_counter() - began)
        memory = {name: memory_of(child.pid) for name, child in children.items()}
        say("comparing")
        _compare(ma, announced[-1], sources[-1], files)
    ended(place, *children.values())
    say("copying")
    return Measured(size, files, sealing, going, copying(place.folder, size * files), memory)


def _post(be: Node, channel: str, announced: Sequence[Announced]) -> None:
    acts = Acts(channel, 4096, "1/3").take(2 * len(announced))
    wanted = [act for act in acts if act.content["type"] == "wanted-trace"][: len(announced)]
    bearing = [
        msgspec.structs.replace(act, content=act.content | {"attachments": [msgspec.to_builtins(one)]})
        for act, one in zip(wanted, announced, strict=True)
    ]
    for start in range(0, len(bearing), 50):
        desk.post(be.ctx, bearing[start : start + 50])
        be.wake()


def _states(node: Node) -> dict[str, int]:
    states = ("bound", "expected", "checking", "complete", "refused")
    return {
        state: count
        for state in states
        if (count := node.store.read(lambda tx, state=state: tx.count(ATTACHMENTS, "by_line", (state,))))  # type: ignore[misc]
    }


def _until_complete(be: Node, files: int, limit: float, say: Callable[[str], None]) -> None:
    end = time.monotonic() + limit
    while (found := _states(be)) != {"complete": files}:
        if time.monotonic() > end or found.get("refused"):
            raise BenchError(f"expected {files} complete files, got {found}")
        say(f"sending: {found}")
        time.sleep(0.02)


def _compare(ma: Node, one: Announced, source: Source, files: int) -> None:
    if (found := _states(ma)) != {"complete": files}:
        raise BenchError(f"expected {files} complete files at the receiver, got {found}")
    digest = hashlib.sha256()
    for part in attachments.open_stream(ma.ctx, one.address, unb64(one.key)):
        digest.update(part)
    if digest.digest() != source.digest:
        raise BenchError("expected the file that was sent, got another")


def size_of(text: str) -> int:
    """The bytes that `4GiB`, `100MB` or `12345` say. Raises ValueError."""
    number = text.rstrip("KMGiBkmgb")
    size = int(float(number) * _UNITS[text[len(number) :].upper()])
    if size < 1:
        raise ValueError
    return size


def figures_of(found: Measured) -> list[Figure]:
    """What is shown."""
    mega, limit = 1e6, Runs([MOST_MEMORY])
    each = f"{found.files} of {found.size:,} bytes"
    figures = [
        Figure(
            f"sent and answered, {each}",
            Runs([found.going / mega]),
            "MB/s",
            "plain copying",
            Runs([found.copying / mega]),
        ),
        Figure(f"files sent and answered, {each}", Runs([found.going / found.size]), "1/s"),
        Figure("sealed in", Runs([found.sealing / mega]), "MB/s"),
    ]
    for name, what in ((BE, "sender"), (MA, "receiver")):
        value = Runs([found.memory[name] / MIB])
        figures.append(Figure(f"largest memory of the {what}", value, "MiB", "the bound", limit, less_is_better=True))
    return figures


def parsed(arguments: Sequence[str] | None = None) -> Any:
    """What is asked for."""
    parser = table.parser((__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", default="", metavar="BYTES", help="of a file: 1MB, 4GiB, 12345 (default: 100MB)")
    parser.add_argument("--files", type=int, default=1, metavar="N", help="how many files (default: 1)")
    asked = parser.parse_args(arguments)
    try:
        asked.size = size_of(asked.size or ("32MiB" if asked.quick else "100MB"))
    except (ValueError, KeyError):
        parser.error(f"--size: expected a number with KB, MB, GB, KiB, MiB, GiB or nothing, got {asked.size!r}")
    if asked.files < 1:
        parser.error(f"--files: expected 1 or more, got {asked.files}")
    return asked


def main(arguments: Sequence[str] | None = None) -> int:
    asked = parsed(arguments)
    machine, told = described(), [""]

    def say(words: str) -> None:
        if sys.stderr.isatty() and told[0] != words:
            told[0] = words
            print(f"… {words}", file=sys.stderr)

    try:
        with run() as place:
            found = measure(place, asked.size, asked.files, say)
    except BenchError as error:
        print(f"bench attachment: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench attachment: stopped", file=sys.stderr)
        return 130
    most = max(found.memory.values()) / MIB
    verdict = "Reached" if most <= MOST_MEMORY else "Missed"
    notes = [f"Wanted: at most {MOST_MEMORY} MiB of resident memory in each process. {verdict}: {most:,.0f}."]
    table.show(figures_of(found), title="Files through two nodes", before=[machine], notes=notes, as_json=asked.json)
    return 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
