"""Commands on the keys of a node: the security officer's ceremony."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli import custody
from passerelle.cli.door import (
    Answer,
    As,
    Folder,
    PartnerName,
    Reason,
    command,
    group,
    opened,
    permitted,
    read_file,
    said,
    write_file,
)
from passerelle.cli.screen import Screen
from passerelle.core.words import N_, _

if TYPE_CHECKING:
    from passerelle.identity.identity import Identity
    from passerelle.node import Node
    from passerelle.ports.keys import Era
    from passerelle.ports.records import Partner
    from passerelle.ports.store import Reading

To = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="token|files",
        help="Where new Ed25519 keys are made.",
        show_default="in the token, when the settings name one",
    ),
]
Kind = Annotated[
    str,
    typer.Argument(metavar="KIND", help="log, receipt, witness, envelope or sealing.", show_default=False),
]
_ALL = 100_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = group(app, "keys", N_("Keys of this node: what is in force, changing them, telling partners."))
    command(keys, "show", "keys show /srv/be", "keys show /srv/be --number 0 --out be-before.json")(show)
    command(keys, "status", "keys status /srv/be")(status)
    command(
        keys,
        "rotate",
        'keys rotate /srv/be log receipt --reason "every year"',
        'keys rotate /srv/be sealing tls --reason "new machine" --endpoint https://node.example.be:8443',
    )(rotate)
    command(keys, "revoke", 'keys revoke /srv/be log --reason "the backup disk was stolen"')(revoke)
    command(keys, "renew", 'keys renew /srv/be --reason "the machine is lost"')(renew)
    command(keys, "compared", "keys compared /srv/be ma")(compared)
    command(keys, "adopt", "keys adopt /srv/be")(adopt)
    custody.register(keys)


def _eras(node: "Node") -> "list[Era]":
    from passerelle.ports.keys import ERAS

    return node.store.read(lambda tx: tx.scan(ERAS, limit=_ALL))


def _fingerprints(identity: "Identity") -> dict[str, str]:
    from passerelle.identity import fingerprint

    return {"fingerprint": fingerprint.digits(identity.fingerprint), "sha256": identity.fingerprint}


def _value(node: "Node", era: "Era") -> dict[str, Any]:
    from passerelle.core.clock import to_iso
    from passerelle.identity.keys import KINDS

    identity = node.ctx.parsed(era.identity)
    return {
        "number": era.number,
        "since": to_iso(era.time),
        "how": era.how,
        "by": era.by,
        "reason": era.reason,
        "changed": list(era.kinds),
        "keys": {kind: list(identity.keys.ids(kind)) for kind in KINDS},
        "endpoints": list(identity.endpoints),
        "tls": identity.tls,
        **_fingerprints(identity),
    }


def show(
    folder: Folder,
    number: Annotated[
        int | None, typer.Option("--number", help="Which identity: 0 is the one that the node was made with.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write that identity file here.")] = None,
    *,
    as_: As,
) -> Answer:
    """Show the identities of this node from the first to the one in force, and the ids of their keys."""
    from passerelle.core.errors import NotFoundError

    with opened(folder) as node:
        permitted(node, as_, "keys.show")
        eras = _eras(node)
        chosen = [era for era in eras if number in (None, era.number)]
        if not chosen:
            raise NotFoundError(f"--number: expected 0 to {eras[-1].number}, got {number}")
        values = [_value(node, era) for era in chosen]
    if out is not None:
        write_file(out, chosen[-1].identity)

    def tell(screen: Screen) -> None:
        for value in values:
            keys = [(kind, " ".join(ids)) for kind, ids in value["keys"].items()]
            names = ("number", "since", "how", "by", "reason", "fingerprint")
            screen.fields([*((name, str(value[name])) for name in names), *keys])
            screen.line()

    return Answer(values, tell)


def status(folder: Folder, as_: As) -> Answer:
    """Show which partner knows which keys of this node, what it waits for, and which old keys are still held."""
    from passerelle.core.clock import to_iso
    from passerelle.ports.keys import RETIRED

    with opened(folder) as node:
        permitted(node, as_, "keys.show")
        partners = node.store.read(lambda tx: [_partner(tx, node, one.name) for one in _confirmed(tx)])
        newest = _eras(node)[-1]
        use = node.identity.keys
        waiting = {row.id: row for row in node.store.read(lambda tx: tx.scan(RETIRED, limit=_ALL))}
        old = [
            {"key": key, "kind": kind, "destroyed_from": to_iso(waiting[key].due) if key in waiting else None}
            for key, kind in sorted(node.ctx.keys.held.items())
            if key not in use.ids(kind)
        ]
    value = {"identity": newest.number, "since": to_iso(newest.time), "partners": partners, "old_keys": old}

    def tell(screen: Screen) -> None:
        screen.line(_("identity {number}, in force since {time}", number=newest.number, time=to_iso(newest.time)))
        keys = ("partner", "knows", "told", "waits_for")
        screen.table(keys, [[str(one[key]) for key in keys] for one in partners], "no partner yet")
        rows = [(one["key"], one["kind"], one["destroyed_from"] or "") for one in old]
        screen.table(("key", "kind", "destroyed_from"), rows, "no old key is held")

    return Answer(value, tell)


def _confirmed(tx: "Reading") -> "list[Partner]":
    from passerelle.ports.records import PARTNERS

    return [one for one in tx.scan(PARTNERS, limit=_ALL) if one.status == "confirmed"]


def _partner(tx: "Reading", node: "Node", name: str) -> dict[str, Any]:
    from passerelle.exchange import rotation, trust

    mine = trust.mine(tx, node.ctx, name)
    told = mine.doubt.era if mine.doubt else mine.known
    waits = "" if mine.settled else "its receipt" if mine.doubt else rotation.waits_for(tx, node.ctx, name)
    if not waits and not mine.settled:
        waits = "the next exchange"
    return {"partner": name, "knows": mine.known, "told": told, "waits_for": waits}


def _in_token(to: str) -> bool | None:
    from passerelle.core.errors import InputError

    if to not in ("", "token", "files"):
        raise InputError(f"--to: expected token or files, got {to[:20]!r}")
    return to == "token" if to else None


def _changed(identity: "Identity", folder: Path, text: str) -> Answer:
    value = {"identity": str(folder / "identity.json"), **_fingerprints(identity)}

    def tell(screen: Screen) -> None:
        screen.line(text)
        screen.fields([("fingerprint", value["fingerprint"])])

    return Answer(value, tell)


def rotate(
    folder: Folder,
    reason: Reason,
    kinds: Annotated[
        list[str] | None,
        typer.Argument(metavar="KIND...", help="log, receipt, witness, envelope, sealing, tls.", show_default=False),
    ] = None,
    endpoint: Annotated[
        list[str] | None, typer.Option("--endpoint", help="How partners reach it from now on. May be repeated.")
    ] = None,
    to: To = "",
    *,
    as_: As,
) -> Answer:
    """Change keys of this node while the exchange goes on. Partners are told by an entry that old and new keys sign."""
    from passerelle import ceremony

    with opened(folder) as node:
        who = permitted(node, as_, "keys.rotate")
        made = ceremony.rotate(node, kinds or (), who.id, reason, endpoints=endpoint or (), token=_in_token(to))
    return _changed(made, folder, _("the keys are changed; every confirmed partner is told: passerelle keys status"))


def revoke(folder: Folder, kind: Kind, reason: Reason, to: To = "", *, as_: As) -> Answer:
    """Replace a key that is lost or stolen. The old one proves only what partners have cosigned already.

    Tell partners by voice too: what a thief sends before they are told is accepted.
    """
    from passerelle import ceremony

    with opened(folder, mending=True) as node:
        who = permitted(node, as_, "keys.revoke")
        made = ceremony.revoke(node, kind, who.id, reason, token=_in_token(to))
    return _changed(made, folder, _("the {kind} key is revoked; tell partners by voice too", kind=kind))


def renew(
    folder: Folder,
    reason: Reason,
    lost: Annotated[
        Path | None,
        typer.Option("--lost", help="An identity file of this node that its store does not know, as a partner has it."),
    ] = None,
    to: To = "",
    *,
    as_: As,
) -> Answer:
    """Make all keys new where the old ones are lost. Every partner must compare the new identity file by voice."""
    from passerelle import ceremony
    from passerelle.identity import identity

    forgotten = identity.parse(read_file(lost, "--lost")) if lost is not None else None
    with opened(folder, mending=True) as node:
        who = permitted(node, as_, "keys.renew")
        made = ceremony.renew(node, who.id, reason, forgotten, token=_in_token(to))
    return _changed(made, folder, _("all keys are new; give the identity file to every partner and compare by voice"))


def compared(folder: Folder, partner: PartnerName, as_: As) -> Answer:
    """Note that a partner's people have compared this node's present identity file by voice, after a loss.

    Until then this node signs for the partner with keys that it knew before, as far as they are still here.
    """
    from passerelle.exchange import rotation

    with opened(folder) as node:
        who = permitted(node, as_, "keys.renew")
        number = rotation.compared(node.ctx, partner, who.id)
        node.wake()
    value = {"partner": partner, "number": number}
    return said(value, _("{partner} knows identity {number}", partner=partner, number=number))


def adopt(folder: Folder, as_: As) -> Answer:
    """After a store was put back from before a change of keys: go by the keys of the folder again.

    Links that the partners are ahead of stand still until they are reopened (`link reopen`).
    """
    from passerelle import ceremony

    with opened(folder, mending=True) as node:
        who = permitted(node, as_, "keys.adopt")
        made = ceremony.adopt(node, who.id)
    return said(_fingerprints(made), _("the store goes by the keys of the folder again"))
