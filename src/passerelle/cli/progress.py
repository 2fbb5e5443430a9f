"""How far long work is: a bar on standard error, on a terminal only, gone when the work is done.

Standard output stays what it is, so a pipe and `--json` see nothing of it. A terminal that says it is dumb gets none.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from passerelle.cli.screen import on_terminal
from passerelle.core.text import visible

Advance = Callable[[int, int], None]
"""Told how much of how much is done."""


def wanted() -> bool:
    """Whether a bar can be seen."""
    return sys.stderr.isatty() and on_terminal(sys.stderr)


@contextmanager
def progress(words: str) -> Iterator[Advance]:
    """A bar under these words while the block runs; what is given moves it."""
    if not wanted():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(file=sys.stderr, markup=False, emoji=False, highlight=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(visible(words), total=None)
        yield lambda done, of: bar.update(task, completed=done, total=max(of, 1))
