"""How it stands with those who watch over the audit log, for whoever looks after the node."""

from typing import Any

from passerelle.core.clock import add_duration, to_iso
from passerelle.core.settings import AuditSettings
from passerelle.exchange.context import Context
from passerelle.oversight import audit_log, witnesses
from passerelle.ports.audit import COSIGNED
from passerelle.ports.store import Reading


def states(tx: Reading, ctx: Context, settings: AuditSettings) -> list[dict[str, Any]]:
    """Each with name, kind (witness or partner), the size that it has cosigned and when, state and reason.

    States: current (has cosigned all), behind (will soon), late (longer than `audit.late`), lies, put-back (holds less
    than it has cosigned, and was not shown the log again yet). `since`: when it last cosigned, or was first asked.
    """
    log, now, late = audit_log.current(tx, ctx.name), ctx.clock.now(), add_duration(0, settings.late)
    found = []
    for one in witnesses.watchers(tx, ctx, settings.partners):
        watch, seen = witnesses.watch_of(tx, one.name), tx.get(COSIGNED, log.origin, one.name)
        size = seen.size if seen is not None else 0
        if watch.alarm == "witness.lies":
            state = "lies"
        elif watch.alarm == "witness.behind":
            state = "put-back"
        elif size >= log.size:
            state = "current"
        else:
            state = "late" if watch.since and now - watch.since >= late else "behind"
        found.append(
            {
                "name": one.name,
                "kind": one.kind,
                "size": size,
                "time": to_iso(seen.time) if seen is not None else None,
                "since": to_iso(watch.since) if watch.since else None,
                "state": state,
                "reason": watch.reason,
            }
        )
    return found
