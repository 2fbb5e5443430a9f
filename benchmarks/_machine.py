"""What a measurement stands on: processors, versions, and how many times a second the disk can be made to keep."""

import os
import platform
import sqlite3
import time
from pathlib import Path

_BLOCK = 4096
_MOST = 100_000


def described() -> str:
    """One line about the machine."""
    parts = [
        f"{os.cpu_count()} processors",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        f"{platform.system()} {platform.machine()}",
        f"load {os.getloadavg()[0]:.1f} at the start",
    ]
    return ", ".join(parts)


def fdatasync_rate(folder: Path, seconds: float) -> float:
    """How many times a second a block of 4 KiB, appended to a file of the folder, is made durable."""
    sync = getattr(os, "fdatasync", os.fsync)
    path = folder / "fdatasync"
    with path.open("wb", buffering=0) as file:
        count, taken = 0, 0.0
        start = time.perf_counter()
        while taken < seconds and count < _MOST:
            file.write(os.urandom(_BLOCK))
            sync(file.fileno())
            count += 1
            taken = time.perf_counter() - start
    path.unlink()
    return count / taken


def memory_of(pid: int) -> int:
    """Bytes of memory that a process holds (resident), 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def busy_of(pid: int) -> float | None:
    """Seconds of processor time that a process has used, or None where the system does not tell."""
    try:
        cells = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")
