"""Commands on the audit log: who did what, when and why, and what proves it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli import exits
from passerelle.cli.audit_trail import allowed, asked_of, moment, named, place, proof, trace_value, trail, why
from passerelle.cli.door import (
    Answer,
    As,
    Folder,
    Reason,
    acting,
    command,
    group,
    opened,
    permitted,
    said,
    write_file,
)
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.store import Reading, Writing

Dossier = Annotated[
    str,
    typer.Option(
        "--dossier", metavar="DOSSIER", help="Only what is about this dossier: id, its beginning, or a reference."
    ),
]
From = Annotated[str, typer.Option("--from", metavar="TIME", help="From this day or moment on (RFC 3339).")]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="Up to this day or moment, not included.")]
Out = Annotated[Path, typer.Option("--out", help="The new file.", show_default=False)]
Record = Annotated[
    str, typer.Argument(metavar="RECORD", help="Id of the record, or its beginning.", show_default=False)
]


def register(app: typer.Typer) -> typer.Typer:
    """Add the commands."""
    audit = group(app, "audit", "The audit log: who did what, when and why, and what proves it.")
    command(
        audit,
        "list",
        "audit list /srv/be --dossier BE-2026-0017 --as eva",
        "audit list /srv/be --who ann --from 2026-11-01 --as eva",
        "audit list /srv/be --operation consultation --as eva",
    )(list_all)
    command(audit, "show", "audit show /srv/be 019ab3 --as eva")(show)
    command(audit, "status", "audit status /srv/be --as eva")(status)
    command(audit, "prove", "audit prove /srv/be 019ab3 --out record.json --as eva")(prove)
    command(
        audit,
        "export",
        "audit export /srv/be --dossier BE-2026-0017 --out trail.json --as eva",
        "audit export /srv/be --from 2026-11-01 --until 2026-12-01 --out november.json --as eva",
    )(export)
    command(audit, "verify", "audit verify /srv/be --as eva")(verify)
    command(audit, "close", "audit close /srv/be --as oscar")(close)
    command(audit, "reopen", 'audit reopen /srv/be --reason "restored from the backup of Monday" --as sam')(reopen)
    return audit


def list_all(
    folder: Folder,
    dossier: Dossier = "",
    who: Annotated[str, typer.Option("--who", metavar="PERSON", help="Only what this person did.")] = "",
    on: Annotated[str, typer.Option("--on", metavar="ID", help="Only what was done to this.")] = "",
    what: Annotated[
        list[str] | None, typer.Option("--what", metavar="WORD", help="Only this word. May be repeated.")
    ] = None,
    operation: Annotated[
        str, typer.Option("--operation", help="Only this kind of processing (LED art. 25), like consultation.")
    ] = "",
    start: From = "",
    end: Until = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="So many records, the newest.")] = 200,
    *,
    as_: As,
) -> Answer:
    """List what happened, in the order of the log: who, when, what, why, and how far it is proven.

    Reading the log is itself written down.
    """
    with opened(folder) as node:
        reads = acting(node, as_)
        found = node.store.read(lambda tx: named(tx, node.office, reads, dossier))
        reader = allowed(node, as_, "audit.read", found)
        asked = asked_of(
            node, found, who=who, on=on, what=tuple(what or ()), operation=operation, start=start, end=end, limit=limit
        )
        values = [trace_value(node, one) for one in trail(node, asked, reader.id)]

    def tell(screen: Screen) -> None:
        rows = [
            (one["record"][:13], one["time"], one["who"], one["what"], one["on"], why(one), proof(one))
            for one in values
        ]
        screen.table(("record", "time", "who", "what", "on", "why", "proof"), rows, "nothing is written down")

    return Answer(values, tell)


def show(folder: Folder, record: Record, as_: As) -> Answer:
    """Show one record with its place in the log and what proves it."""
    from passerelle.cli.finding import find
    from passerelle.core.audit import What
    from passerelle.exchange import notes
    from passerelle.oversight import audit_reading
    from passerelle.ports.records import AUDITS

    with opened(folder) as node:
        there = node.store.read(lambda tx: find(tx, AUDITS, record, "an audit record"))
        reader = allowed(node, as_, "audit.read", there.dossier)

        def work(tx: "Writing") -> dict[str, Any]:
            (trace,) = audit_reading.traces(tx, [there])
            notes.record(tx, node.ctx, What.AUDIT_READ, reader.id, there.id, {"records": 1}, there.dossier)
            return trace_value(node, trace) | {"commitment": there.commitment.hex()}

        value = node.store.write("audit.read", work)

    def tell(screen: Screen) -> None:
        keys = ("record", "time", "what", "operation", "who", "on", "dossier")
        screen.fields([(key, value[key]) for key in keys])
        screen.fields([("why", why(value)), ("place", place(value["place"])), ("proof", proof(value))])
        screen.fields([("commitment", value["commitment"])])

    return Answer(value, tell)


# -- what proves it ------------------------------------------------------------------------------------------------


def _written(node: "Node", out: Path, subject: dict[str, Any], by: str, span: tuple[int, int] = (0, 0)) -> Answer:
    from passerelle.oversight import audit_export, audit_log
    from passerelle.ports.records import AUDITS

    waiting = node.store.read(lambda tx: tx.count(AUDITS, "by_place", audit_log.IN_LINE))
    data = audit_export.collect(node.ctx, node.identity, subject, by, span)
    write_file(out, data)
    value = {"file": str(out), "bytes": len(data), "waiting": waiting}
    words = _(
        "what the log proves is in {file} ({size} bytes); check it with: {command}",
        file=out,
        size=len(data),
        command=f"passerelle verify {out}",
    )
    if waiting:
        words += "\n" + n_(
            "{count} record is in no closed block yet, and not in the file",
            "{count} records are in no closed block yet, and not in the file",
            waiting,
        )
    return said(value, words)


def _free(out: Path) -> None:
    from passerelle.core.errors import InputError

    if out.exists() or not out.absolute().parent.is_dir():
        raise InputError(f"--out: expected a new file in a folder that is there, got {out}")


def prove(folder: Folder, record: Record, out: Out, as_: As) -> Answer:
    """Write one record with its proof into a file that `passerelle verify` checks without the node."""
    from passerelle.cli.finding import find
    from passerelle.ports.records import AUDITS

    _free(out)
    with opened(folder) as node:
        there = node.store.read(lambda tx: find(tx, AUDITS, record, "an audit record"))
        by = allowed(node, as_, "audit.export", there.dossier)
        return _written(node, out, {"kind": "record", "id": there.id}, by.id)


def export(folder: Folder, out: Out, dossier: Dossier = "", start: From = "", end: Until = "", *, as_: As) -> Answer:
    """Write a dossier's trail, or all of a time in whole blocks, into a file that `passerelle verify` checks.

    What only this service may know (local attestations, notes, comments) stays here: the file has its leaf alone.
    """
    from passerelle.core.errors import InputError

    _free(out)
    if dossier and (start or end):
        raise InputError("--dossier: expected a dossier or a time, got both: the trail of a dossier is told whole")
    from passerelle.oversight.audit_reading import FAR

    with opened(folder) as node:
        reads = acting(node, as_)
        found = node.store.read(lambda tx: named(tx, node.office, reads, dossier))
        by = allowed(node, as_, "audit.export", found)
        if found:
            return _written(node, out, {"kind": "dossier", "id": found}, by.id)
        span = moment(start, "--from", node.office.zone, 0), moment(end, "--until", node.office.zone, FAR)
        return _written(node, out, {"kind": "time"}, by.id, span)


def verify(folder: Folder, as_: As) -> Answer:
    """Go over the whole log of this store: every record, every block, everything that was cosigned."""
    from passerelle.core.audit import What
    from passerelle.exchange import notes
    from passerelle.oversight import audit_check
    from passerelle.oversight.doctor import lost_details

    with opened(folder) as node:
        who = allowed(node, as_, "audit.read", "")
        found = node.store.read(lambda tx: audit_check.check(tx, node.ctx))
        details = {"verified": found.records, "wrong": len(found.wrong)}
        node.store.write("audit.read", lambda tx: notes.record(tx, node.ctx, What.AUDIT_READ, who.id, "audit", details))
    value = {
        "blocks": found.blocks,
        "records": found.records,
        "erased": found.erased,
        "waiting": found.waiting,
        "wrong": list(found.wrong),
    }

    def tell(screen: Screen) -> None:
        screen.fields([(key, value[key]) for key in ("blocks", "records", "erased", "waiting")])
        for one in found.wrong:
            screen.line(retold(one))
        if found.erased:
            screen.line(lost_details(found.erased))
        if not found.wrong and not found.erased:
            screen.line(_("the log holds what was committed to and cosigned"))

    return Answer(value, tell, exits.FAILED if found.wrong or found.erased else exits.DONE)


# -- the log itself ------------------------------------------------------------------------------------------------


def status(folder: Folder, as_: As) -> Answer:
    """Show how the log stands, and those who watch over it."""
    from passerelle.core.clock import to_iso
    from passerelle.oversight import audit_log
    from passerelle.oversight.watching_state import states
    from passerelle.ports.records import AUDITS

    with opened(folder) as node:
        permitted(node, as_, "audit.look")

        def work(tx: "Reading") -> dict[str, Any]:
            log = audit_log.current(tx, node.ctx.name)
            return {
                "origin": log.origin,
                "state": log.state,
                "reason": log.reason,
                "blocks": log.size,
                "closed": to_iso(log.time) if log.size else None,
                "open": log.open_size,
                "waiting": tx.count(AUDITS, "by_place", audit_log.IN_LINE),
                "continues": log.previous,
                "watched_by": states(tx, node.ctx, node.settings.audit),
            }

        value = node.store.read(work)

    def tell(screen: Screen) -> None:
        keys = ("origin", "state", "reason", "blocks", "closed", "open", "waiting", "continues")
        screen.fields([(key, term(value[key]) if key == "state" else value[key]) for key in keys])
        heads = ("witness", "kind", "cosigned", "time", "state", "reason")
        rows = [
            (one["name"], term(one["kind"]), one["size"], one["time"] or "", term(one["state"]), retold(one["reason"]))
            for one in value["watched_by"]
        ]
        screen.table(heads, rows, "nobody watches over this log")

    return Answer(value, tell)


def close(folder: Folder, as_: As) -> Answer:
    """Close a block of all that was written up to now, before its time. Witnesses see one leaf more, nothing else."""
    from passerelle.oversight import audit_log

    with opened(folder) as node:
        permitted(node, as_, "audit.close")
        block = audit_log.close_now(node.ctx)
    value = {"generation": block.generation, "index": block.index, "records": block.size}
    return said(value, _("block {index} of generation {generation} is closed, with {records} records", **value))


def reopen(folder: Folder, reason: Reason, as_: As) -> Answer:
    """Open a new generation of a log that stands still because this store was put back.

    Asks those who watch what they hold, and goes on behind it. Records that nobody had cosigned are in the new one.
    """
    from passerelle import service

    with opened(folder) as node:
        who = permitted(node, as_, "audit.reopen")
        log = service.reopen_audit(node, who.id, reason)
        node.wake()
    value = {"origin": log.origin, "generation": log.generation, "continues": log.previous}
    return said(value, _("{origin} is open; it continues {continues}", **value))
