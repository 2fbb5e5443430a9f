"""Commands on instruments: propose, look at, sign, reject, terminate."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, PartnerName, Reason, acting, command, group, opened, permitted, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import N_, _

if TYPE_CHECKING:
    from passerelle.instruments.standing import Standing
    from passerelle.node import Node
    from passerelle.ports.records import Instrument
    from passerelle.ports.store import Reading

Digest = Annotated[
    str, typer.Argument(metavar="DIGEST", help="The instrument's digest, or its beginning.", show_default=False)
]
_ALL = 100_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    instrument = group(app, "instrument", "Instruments: texts that both sides acknowledge by signature.")
    command(instrument, "example", "instrument example channel > channel.toml")(example)
    command(instrument, "propose", "instrument propose /srv/be ma channel.toml --as carl")(propose)
    command(instrument, "list", "instrument list /srv/be --partner ma")(list_all)
    command(instrument, "show", "instrument show /srv/be 3fa4", "instrument show /srv/be 3fa4 --difference")(show)
    command(instrument, "sign", "instrument sign /srv/be 3fa4 --as carl")(sign)
    command(instrument, "reject", 'instrument reject /srv/be 3fa4 --as carl --reason "article 4 is missing"')(reject)
    command(
        instrument,
        "terminate",
        'instrument terminate /srv/be 3fa4 --as carl --reason "the treaty was denounced" --from 2027-01-01T00:00:00Z',
    )(terminate)


def state_of(record: "Instrument", standing: "Standing", now: int) -> str:
    """How an instrument stands, in a few words."""
    if record.rejected:
        return _("rejected by {party}", party=record.rejected_by)
    if standing.ended_at is not None and standing.ended_at <= now:
        return _("ended ({why})", why=retold(standing.endings[0].why))
    missing = [
        party
        for party, signed in ((standing.own, record.own_signed), (standing.partner, record.partner_signed))
        if not signed
    ]
    if missing:
        return _("waiting for the signature of {parties}", parties=_(" and ").join(missing))
    if standing.in_force(now):
        lacking = standing.to_send[0].path if standing.to_send else ""
        if not lacking:
            return _("in force")
        return _("in force to receive; to send, {what} is lacking", what=retold(standing.to_send[0].expected))
    if standing.to_accept:
        return _("waiting: {what}", what=retold(standing.to_accept[0].expected))
    return _("signed, begins later") if standing.effective_at is not None else _("never in force")


def _value(record: "Instrument", standing: "Standing", now: int) -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    def moment(time: int | None) -> str | None:
        return to_iso(time) if time else None

    return {
        "digest": record.digest,
        "kind": record.kind,
        "title": standing.instrument.title,
        "partner": record.partner,
        "state": state_of(record, standing, now),
        "in_force": standing.in_force(now),
        "may_send": standing.in_force(now) and not standing.to_send,
        "from": moment(standing.effective_at),
        "until": moment(standing.ended_at),
        "proposed_by": record.proposed_by,
        "own_signed": moment(record.own_signed),
        "own_cosigned": record.own_cosigned,
        "partner_signed": moment(record.partner_signed),
        "rejected": moment(record.rejected),
        "terminated": moment(record.terminated),
        "reason": record.reason,
        "agreement": record.agreement,
        "supersedes": record.supersedes,
        "superseded_by": standing.superseded_by,
    }


def _read(node: "Node", tx: "Reading", record: "Instrument") -> dict[str, Any]:
    return _value(record, _standing(node, tx, record), node.ctx.clock.now())


def _standing(node: "Node", tx: "Reading", record: "Instrument") -> "Standing":
    from passerelle.core.errors import NotFoundError
    from passerelle.exchange.channels import Channels

    found = Channels(tx, node.ctx).standing(record.digest)
    if found is None:
        raise NotFoundError(f"expected the instrument {record.digest}, got nothing")
    return found


def _find(node: "Node", digest: str) -> "Instrument":
    from passerelle.cli.finding import find
    from passerelle.ports.records import INSTRUMENTS

    return node.store.read(lambda tx: find(tx, INSTRUMENTS, digest.lower(), "an instrument"))


def _done(node: "Node", record: "Instrument", said_of: str) -> Answer:
    node.wake()
    value = node.store.read(lambda tx: _read(node, tx, record))
    done = f"{term(record.kind)} {record.digest[:12]}: {said_of}: {value['title']}"
    return said(value, done + "\n" + _("now: {state}", state=value["state"]))


def example(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="agreement, channel, channel-alerts, channel-identification or channel-search.",
            show_default=False,
        ),
    ],
) -> Answer:
    """Print an example to start a text of one's own from."""
    from passerelle.instruments import examples

    text = examples.example(kind)
    return Answer({"kind": kind, "toml": text}, lambda screen: screen.line(text.rstrip("\n")))


def propose(
    folder: Folder,
    partner: PartnerName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The text, .toml or .json.", show_default=False)],
    as_: As,
) -> Answer:
    """Propose an instrument to a partner. Proposing is not signing."""
    from passerelle.exchange import governance
    from passerelle.instruments import model

    made = model.from_file(file)
    with opened(folder) as node:
        domain = getattr(made, "domain", "*")
        who = permitted(node, as_, "instrument.propose", domain=domain)
        record = governance.act(node.ctx, partner, "instrument.propose", who.id, instrument=made.body.decode())
        return _done(node, record, _("proposed to {partner}", partner=partner))


def list_all(
    folder: Folder,
    partner: Annotated[str, typer.Option("--partner", help="Only those with this partner.")] = "",
    *,
    as_: As,
) -> Answer:
    """List the instruments and how they stand."""
    from passerelle.ports.records import INSTRUMENTS
    from passerelle.ports.store import Reading

    def read(tx: Reading) -> list[dict[str, Any]]:
        found = tx.scan(INSTRUMENTS, "by_partner", (partner,) if partner else (), limit=_ALL)
        return [_read(node, tx, record) for record in found]

    with opened(folder) as node:
        permitted(node, as_, "instrument.look")
        values = node.store.read(read)

    def tell(screen: Screen) -> None:
        rows = [(one["digest"][:12], term(one["kind"]), one["partner"], one["state"], one["title"]) for one in values]
        screen.table(("digest", "kind", "partner", "state", "title"), rows, "no instrument yet")

    return Answer(values, tell)


def show(
    folder: Folder,
    digest: Digest,
    difference: Annotated[
        bool, typer.Option("--difference", help="Show what differs from the instrument that it supersedes.")
    ] = False,
    *,
    as_: As,
) -> Answer:
    """Show an instrument: how it stands, and its whole text."""
    from passerelle.core.errors import NotFoundError
    from passerelle.instruments import model, text
    from passerelle.ports.records import INSTRUMENTS

    with opened(folder) as node:
        permitted(node, as_, "instrument.look")
        record = _find(node, digest)
        standing = node.store.read(lambda tx: _standing(node, tx, record))
        now = node.ctx.clock.now()
        value = _value(record, standing, now) | {"instrument": json.loads(record.body)}
        if not difference:
            shown = text.show(record, standing, now)
            return Answer(value, lambda screen: screen.line(shown.rstrip("\n")))
        old = node.store.read(lambda tx: tx.get(INSTRUMENTS, record.supersedes))
    if old is None:
        raise NotFoundError(f"expected an instrument that supersedes another, got {record.digest[:12]}, which does not")
    changes = text.difference(model.parse(old.body), model.parse(record.body))
    listed = [{"path": one.path, "old": one.old, "new": one.new} for one in changes]
    made = {"digest": record.digest, "supersedes": old.digest, "changes": listed}
    return said(made, text.render_difference(changes).rstrip("\n"))


def _act(folder: Path, digest: str, kind: str, as_: str, said_of: str, **fields: str) -> Answer:
    from passerelle.core.clock import to_iso
    from passerelle.exchange import governance
    from passerelle.office.facts import domain_of

    with opened(folder) as node:
        acting(node, as_)
        found = _find(node, digest)
        domain = node.store.read(lambda tx: domain_of(tx, node.ctx, found.digest))
        who = permitted(node, as_, kind, id=found.digest, domain=domain)
        if fields.get("from") == "":
            fields["from"] = to_iso(node.ctx.clock.now())
        record = governance.act(node.ctx, found.partner, kind, who.id, digest=found.digest, **fields)
        return _done(node, record, _(said_of, by=who.id))


def sign(folder: Folder, digest: Digest, as_: As) -> Answer:
    """Sign an instrument. It governs when both sides have signed, and the partner has cosigned this signature."""
    return _act(folder, digest, "instrument.sign", as_, N_("signed by {by}"))


def reject(folder: Folder, digest: Digest, as_: As, reason: Reason) -> Answer:
    """Say that this side will not sign a proposed instrument."""
    return _act(folder, digest, "instrument.reject", as_, N_("rejected by {by}"), reason=reason)


def terminate(
    folder: Folder,
    digest: Digest,
    as_: As,
    reason: Reason,
    start: Annotated[
        str,
        typer.Option("--from", metavar="MOMENT", help="From when on, like 2027-01-01T00:00:00Z.", show_default="now"),
    ] = "",
) -> Answer:
    """End a signed instrument, alone, from a moment on."""
    fields = {"reason": reason, "from": start}
    return _act(folder, digest, "instrument.terminate", as_, N_("terminated by {by}"), **fields)
