"""Environments of peers: Python packages to compare with, each in a virtual environment below `.bench`, made on demand.

Rules kept here: the project's own environment is never touched; an environment is good only when its mark says that all
of it was installed; when it cannot be made, the reason is told and the benchmark goes on without the peer.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks._children import BenchError, scratch


def environment(
    name: str,
    requirements: Sequence[str],
    *,
    limit: float,
    make: bool = True,
    mend: Callable[[Path], None] = lambda site: None,
    whole: bool = False,
) -> Path:
    """The interpreter of an environment in which the requirements are installed. Raises BenchError with the reason.

    `limit`: seconds that making it may take. `make`: whether it may be made at all. `mend`: what is done to its
    packages once they are installed; it is given their folder. `whole`: the requirements are all that it needs, and
    what they say that they need besides is not looked at.
    """
    folder = scratch() / name
    python, mark = folder / "bin" / "python", folder / "installed"
    wanted = f"{' '.join(requirements)} {sys.version}\n"
    with (scratch() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and mark.read_text() == wanted and python.exists():
            return python
        if not make:
            raise BenchError(f"{requirements[0]}: not installed yet; a run without --quick does it")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _run([sys.executable, "-m", "venv", str(folder)], limit)
            install = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
            _run([*install, *(["--no-deps"] if whole else []), *requirements], limit)
            for site in folder.glob("lib/python*/site-packages"):
                mend(site)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        mark.write_text(wanted)
        return python


_DROPPED = {
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_REQUIRE_VIRTUALENV",
}


def _run(command: list[str], limit: float) -> None:
    variables = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    variables |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    try:
        done = subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[-1]}: not done within {limit:g} seconds") from None
    except OSError as error:
        raise BenchError(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-1:] or ["nothing was said"]
        raise BenchError(f"{command[-1]}: {last[0][:200]}")
