"""Telling systemd that the node is ready, alive and about to stop: datagrams to `NOTIFY_SOCKET` (sd_notify(3)).

Rules kept here: without that variable nothing is sent; a message that cannot be sent stops nothing. The watchdog is fed
from the loop, half as often as it wants: a loop that no longer turns feeds nobody, and the process is started anew.
"""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from passerelle.exchange.context import Context
from passerelle.service.parts import Part, Step

if TYPE_CHECKING:
    from passerelle.service.serving import Service

_LONG = 3600.0


def tell(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Send one state, as `READY=1`."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
        sending.connect("\0" + address[1:] if address[0] == "@" else address)
        sending.send(state.encode())


def pause(environ: Mapping[str, str] = os.environ) -> float:
    """Seconds between two signs of life, or 0 when nobody waits for any."""
    wanted, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not wanted.isdigit() or pid not in ("", str(os.getpid())):
        return 0
    return int(wanted) / 2_000_000


@asynccontextmanager
async def _notifying(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Ready, a sign of life each time, stopping."""
    every = pause()
    tell("READY=1")

    async def step() -> float:
        tell("WATCHDOG=1")
        return every or _LONG

    try:
        yield step
    finally:
        tell("STOPPING=1")


NOTIFYING = Part(name="notifying", begin=_notifying, duty="")
