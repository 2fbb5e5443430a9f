"""Commands on links: how the logs stand, and opening a new generation after a restore or a fork."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, PartnerName, Reason, command, group, opened, permitted, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.identity.identity import Identity
    from passerelle.node import Node
    from passerelle.ports.records import Log
    from passerelle.ports.store import Reading
    from passerelle.transport.https import Client

Lane = Annotated[
    str, typer.Option("--lane", metavar="flash|routine|governance", help="The lane of the link.", show_default=False)
]
_ALL = 100_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    link = group(app, "link", "Links: the logs of both directions and what holds them up.")
    command(link, "list", "link list /srv/be")(list_all)
    command(
        link,
        "reopen",
        'link reopen /srv/be ma --lane routine --as eva --reason "restored from the backup of Monday"',
        'link reopen /srv/be ma --as eva --reason "restored from the backup of Monday"',
    )(reopen)
    command(link, "allow", "link allow /srv/ma be --lane routine --as omar")(allow)


def list_all(folder: Folder, as_: As) -> Answer:
    """List the logs: size, what the receiver has cosigned, state, and when the last receipt was given."""
    from passerelle.ports.records import LOGS

    with opened(folder) as node:
        permitted(node, as_, "link.look")

        def read(tx: "Reading") -> list[dict[str, Any]]:
            return [_value(node, tx, log) for log in tx.scan(LOGS, "by_link", limit=_ALL)]

        values = node.store.read(read)

    def tell(screen: Screen) -> None:
        keys = ("origin", "direction", "size", "cosigned", "state", "receipt", "reason")
        rows = [[term(one[key]) if one[key] is not None else "" for key in keys] for one in values]
        screen.table(keys, rows, "nothing was sent or received yet")

    return Answer(values, tell)


def _value(node: "Node", tx: "Reading", log: "Log") -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    return {
        "origin": log.origin,
        "partner": log.partner,
        "direction": log.direction,
        "lane": log.lane,
        "generation": log.generation,
        "size": log.size,
        "cosigned": log.cosigned,
        "state": log.state,
        "reason": retold(log.reason),
        "last_entry": to_iso(log.last_time) if log.last_time else None,
        "receipt": _receipt_time(node, tx, log),
        "reopening_allowed": log.reopen,
    }


def _read(node: "Node", log: "Log") -> dict[str, Any]:
    return node.store.read(lambda tx: _value(node, tx, log))


def _receipt_time(node: "Node", tx: "Reading", log: "Log") -> str | None:
    """When the partner cosigned the newest receipt that is held. Receipts given by this node bear no fixed time."""
    from passerelle.core.clock import to_iso
    from passerelle.core.errors import NoteError, SignatureError
    from passerelle.exchange import trust
    from passerelle.ledger import checkpoint as checkpoints
    from passerelle.ports.records import PARTNERS

    partner = tx.get(PARTNERS, log.partner)
    if log.direction != "out" or not log.receipt or partner is None:
        return None
    try:
        held = checkpoints.parse(log.receipt)
        return to_iso(1000 * trust.cosigned_by(held, trust.theirs(tx, node.ctx, partner))[0])
    except (NoteError, SignatureError):
        return None


def reopen(
    folder: Folder,
    partner: PartnerName,
    as_: As,
    reason: Reason,
    lane: Annotated[
        str,
        typer.Option(
            "--lane", metavar="flash|routine|governance", help="Only the log of this lane.", show_default=False
        ),
    ] = "",
    although_open: Annotated[
        bool,
        typer.Option("--although-open", help="The log looks well here, but the partner has frozen its copy of it."),
    ] = False,
) -> Answer:
    """Open a new generation of a stopped or frozen log to a partner, or of all that stand still.

    Asks the partner what it holds, takes back what this store lacks, and goes on behind it. The partner must be
    reachable. After a frozen log, its people must have allowed it (`link allow`).
    """
    from passerelle import service

    values = []
    if lane:
        _check(lane)
    with opened(folder) as node:
        for one in [lane] if lane else node.store.read(lambda tx: _still(tx, partner)):
            who = permitted(node, as_, "link.reopen", id=partner, lane=one)
            log, taken = service.reopen(node, partner, one, who.id, reason, although_open=although_open)
            values.append({**_read(node, log), "taken_back": taken})

    def tell(screen: Screen) -> None:
        for one in values:
            screen.line(
                _(
                    "{origin} is open; {taken} entries came back from {partner}",
                    origin=one["origin"],
                    taken=one["taken_back"],
                    partner=partner,
                )
            )

    return Answer(values[0] if lane else values, tell)


def _still(tx: "Reading", partner: str) -> list[str]:
    """The lanes whose log to this partner stands still, governance first: the others rest on it."""
    from passerelle.core.errors import StateError
    from passerelle.exchange import links
    from passerelle.ledger.checkpoint import LANES

    logs = [links.current(tx, partner, "out", lane) for lane in sorted(LANES, key=lambda one: one != "governance")]
    found = [log.lane for log in logs if log is not None and log.state in ("stopped", "frozen")]
    if not found:
        raise StateError(f"expected a log to {partner} that is stopped or frozen, got none")
    return found


async def _post(client: "Client", identity: "Identity", name: str, body: bytes) -> bytes:
    """The answer of the first endpoint that gives one."""
    from passerelle.core.errors import TransportError
    from passerelle.transport.https import RefusedByPartnerError

    failure = TransportError(f"{identity.name}: expected an endpoint in its identity file, got none")
    for endpoint in identity.endpoints:
        try:
            return await client.post(endpoint, identity.tls, name, body)
        except RefusedByPartnerError:
            raise
        except TransportError as error:
            failure = error
    raise failure


def allow(folder: Folder, partner: PartnerName, lane: Lane, as_: As) -> Answer:
    """Let a partner open a new generation of a log that was frozen here because it signed two different ones."""
    from passerelle.exchange import generation

    _check(lane)
    with opened(folder) as node:
        who = permitted(node, as_, "link.allow", id=partner, lane=lane)
        generation.allow(node.ctx, partner, lane, who.id)
    value = {"partner": partner, "lane": lane, "allowed_by": who.id}
    return said(value, _("{partner} may open a new generation in lane {lane}", partner=partner, lane=lane))


def _check(lane: str) -> None:
    from passerelle.core.errors import InputError
    from passerelle.ledger.checkpoint import LANES

    if lane not in LANES:
        raise InputError(f"--lane: expected one of {', '.join(LANES)}, got {lane[:20]!r}")
