"""The log of a process that serves: one line an event on standard error, JSON or readable. What it may say: `core.log`.

Errors of the libraries below come into the same log, as the place where they arose: their words may quote anything.
"""

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

from passerelle.cli.screen import on_terminal
from passerelle.core.log import Journal, Say


def journal(*, plain: bool = False) -> Say:
    """The log; what libraries report goes into it from now on."""
    import structlog

    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if plain:
        last = structlog.dev.ConsoleRenderer(colors=on_terminal(sys.stderr) and not os.environ.get("NO_COLOR"))
    logger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"), last],
    )

    def write(event: str, fields: Mapping[str, object]) -> None:
        logger.info(event, **fields)

    made = Journal(write)
    logging.basicConfig(level=logging.ERROR, handlers=[_Libraries(made)], force=True)
    return made


class _Libraries(logging.Handler):
    """What libraries log as an error: where it arose, and of what class it is."""

    def __init__(self, say: Say) -> None:
        super().__init__(logging.ERROR)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        name = type(error).__name__ if error is not None else record.levelname
        self._say("program.failed", logger=record.name, error=name, place=_place(record, error))


def _place(record: logging.LogRecord, error: BaseException | None) -> str:
    trace = error.__traceback__ if error is not None else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return f"{record.module}:{record.lineno}"
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
