"""Commands on the processes that serve a node, and on what each of them holds."""

from typing import TYPE_CHECKING, Any

import typer

from passerelle.cli.door import Answer, As, Folder, command, group, opened, permitted
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.ports.leases import Lease, Process

_ALL = 100_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    lease = group(app, "lease", "Leases: which of several processes does what only one may do.")
    command(lease, "list", "lease list /srv/be", "lease list /srv/be --json")(list_all)


def list_all(folder: Folder, as_: As) -> Answer:
    """List the processes that serve this node, when each last gave a sign of life, and what it holds.

    A process is shown as silent when its last sign is older than the time after which others take over. That goes by
    the clocks of the machines and is for people to read; what is taken over never goes by it.
    """
    from passerelle.ports.leases import LEASES, PROCESSES

    with opened(folder) as node:
        permitted(node, as_, "node.look")
        processes = node.store.read(lambda tx: tx.scan(PROCESSES, limit=_ALL))
        leases = node.store.read(lambda tx: tx.scan(LEASES, limit=_ALL))
        now = node.ctx.clock.now()
    known = {one.id: one for one in processes}
    value = {
        "processes": [_process(one, now) for one in processes],
        "leases": [_lease(one, known.get(one.holder), now) for one in leases],
    }

    def tell(screen: Screen) -> None:
        keys = ("instance", "host", "folder", "pid", "does", "listen", "state", "seen")
        rows = [[_plain(one[key]) for key in keys] for one in value["processes"]]
        screen.table(keys, rows, _("no process serves this node"))
        if value["leases"]:
            screen.line()
            heads = ("lease", "instance", "host", "state", "since")
            screen.table(heads, [[_plain(one[key]) for key in heads] for one in value["leases"]])

    return Answer(value, tell)


def _process(one: "Process", now: int) -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    return {
        "process": one.id,
        "instance": one.instance,
        "host": one.host,
        "folder": one.folder,
        "pid": one.pid,
        "does": list(one.does),
        "listen": one.listen or None,
        "state": "silent" if one.is_silent(now) else "serving",
        "started": to_iso(one.started),
        "seen": to_iso(one.seen),
    }


def _lease(one: "Lease", holder: "Process | None", now: int) -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    state = "free" if not one.holder else "silent" if holder is None or holder.is_silent(now) else "held"
    return {
        "lease": one.name,
        "state": state,
        "process": one.holder or None,
        "instance": holder.instance if holder else None,
        "host": holder.host if holder else None,
        "token": one.token,
        "since": to_iso(one.since),
    }


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else term(value) if isinstance(value, str) else str(value)
