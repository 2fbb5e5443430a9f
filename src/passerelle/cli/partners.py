"""Commands on partners: take their identity file, compare its fingerprint, confirm, suspend."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import (
    Answer,
    As,
    Folder,
    PartnerName,
    command,
    group,
    opened,
    permitted,
    read_file,
    write_file,
)
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _, isolated

if TYPE_CHECKING:
    from passerelle.identity.identity import Identity
    from passerelle.node import Node
    from passerelle.ports.records import Partner

Words = Annotated[
    str, typer.Option("--words", metavar="fr|nl|ar|en", help="Show the fingerprint in words of this language too.")
]
Qr = Annotated[bool, typer.Option("--qr", help="Show the fingerprint as a QR code too.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    partner = group(app, "partner", "Partners: their identity, its fingerprint, whether they are trusted.")
    command(partner, "self", "partner self /srv/be --words fr --qr", "partner self /srv/be --out be.json")(own)
    command(partner, "add", "partner add /srv/be ma.json")(add)
    command(partner, "list", "partner list /srv/be")(list_all)
    command(partner, "show", "partner show /srv/be ma --words fr", "partner show /srv/be ma --qr")(show)
    command(
        partner,
        "confirm",
        'partner confirm /srv/be ma --as eva --fingerprint "01234 56789 … (12 groups)"',
        'partner confirm /srv/be ma --as eva --fingerprint "abeille lettre … (24 words)"',
    )(confirm)
    command(partner, "suspend", "partner suspend /srv/be ma --as eva")(suspend)


def _fingerprint(identity: "Identity", words: str, qr: bool) -> dict[str, Any]:
    from passerelle.identity import fingerprint

    value: dict[str, Any] = {"fingerprint": fingerprint.digits(identity.fingerprint), "sha256": identity.fingerprint}
    if words:
        value["words"] = fingerprint.words(identity.fingerprint, words)
    if qr:
        value["qr"] = fingerprint.qr_text(identity.name, identity.fingerprint)
    return value


def _value(identity: "Identity", partner: "Partner | None", words: str, qr: bool) -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    value: dict[str, Any] = {
        "name": identity.name,
        "country": identity.country,
        "languages": list(identity.languages),
        "timezone": identity.timezone,
        "endpoints": list(identity.endpoints),
    }
    if partner is not None:
        value |= {
            "status": partner.status,
            "added": to_iso(partner.added),
            "changed": to_iso(partner.changed),
            "by": partner.changed_by,
        }
    return value | _fingerprint(identity, words, qr)


_KEYS = ("name", "country", "languages", "timezone", "endpoints", "status", "added", "changed", "by")


def _show(screen: Screen, value: dict[str, Any]) -> None:
    plain = {key: ", ".join(one) if isinstance(one, list) else term(one) for key, one in value.items()}
    screen.fields([(key, plain[key]) for key in _KEYS if key in plain])
    screen.line()
    for label, parts, width in (
        (_("fingerprint:"), value["fingerprint"].split(), 6),
        (_("in words:"), value.get("words", []), 4),
    ):
        for start in range(0, len(parts), width):
            head = label if start == 0 else ""
            screen.line(f"{head:<12} {isolated(' '.join(parts[start : start + width]))}")
    if "qr" in value:
        import sys

        import segno

        screen.line()
        segno.make(value["qr"], error="m").terminal(out=sys.stdout, compact=True, border=2)


def own(
    folder: Folder,
    words: Words = "",
    qr: Qr = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the identity file here, for a partner.")] = None,
    *,
    as_: As,
) -> Answer:
    """Show this node's own identity and its fingerprint, to be compared with a partner by voice."""
    with opened(folder) as node:
        permitted(node, as_, "partner.look")
        identity = node.identity
    value = _value(identity, None, words, qr)
    if out is not None:
        write_file(out, identity.body)
        value["file"] = str(out)
    return Answer(value, lambda screen: _show(screen, value))


def add(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The partner's identity file.")],
    as_: As,
) -> Answer:
    """Take a partner's identity file. Nothing is exchanged before its fingerprint was compared and confirmed."""
    body = read_file(file, "identity")
    with opened(folder) as node:
        who = permitted(node, as_, "partner.add")
        partner = node.add_partner(body, who.id)
        waiting = node.candidate(partner.name)
        identity = node.ctx.parsed(waiting.identity) if waiting else node.ctx.identity_of(partner)
        value = _value(identity, partner, "", False) | {"waits": waiting is not None}

    def tell(screen: Screen) -> None:
        screen.line(_("partner {name}: {status}", name=partner.name, status=term(partner.status)))
        if waiting is not None:
            screen.line(
                _("These are other keys. Those in force go on to count until these were compared and confirmed.")
            )
        _show(screen, value)
        if partner.status == "unconfirmed" or waiting is not None:
            command = f"passerelle partner confirm {folder} {partner.name}"
            screen.line(_("Compare with {name} by voice, then: {command}", name=partner.name, command=command))

    return Answer(value, tell)


def list_all(folder: Folder, as_: As) -> Answer:
    """List the partners."""
    with opened(folder) as node:
        permitted(node, as_, "partner.look")
        values = [_value(node.ctx.identity_of(one), one, "", False) for one in node.partners()]

    def tell(screen: Screen) -> None:
        rows = [(one["name"], one["country"], term(one["status"]), one["by"], one["fingerprint"]) for one in values]
        screen.table(("partner", "country", "status", "by", "fingerprint"), rows, "no partner yet")

    return Answer(values, tell)


def _known(node: "Node", name: str) -> "Partner":
    from passerelle.core.errors import NotFoundError
    from passerelle.ports.records import PARTNERS

    found = node.store.read(lambda tx: tx.get(PARTNERS, name))
    if found is None:
        raise NotFoundError(f"expected a known partner, got {name!r}")
    return found


def show(folder: Folder, name: PartnerName, words: Words = "", qr: Qr = False, *, as_: As) -> Answer:
    """Show a partner and the fingerprint of its identity."""
    with opened(folder) as node:
        permitted(node, as_, "partner.look", id=name)
        partner = _known(node, name)
        value = _value(node.ctx.identity_of(partner), partner, words, qr)
    return Answer(value, lambda screen: _show(screen, value))


def confirm(
    folder: Folder,
    name: PartnerName,
    fingerprint: Annotated[
        str,
        typer.Option(
            "--fingerprint",
            help="What the partner's people read out: all groups of digits, all words, the hexadecimal SHA-256, or the "
            "text of the QR code.",
            show_default=False,
        ),
    ],
    as_: As,
) -> Answer:
    """Confirm a partner whose fingerprint was compared with its people. From then on messages pass."""
    from passerelle.core.errors import IdentityError
    from passerelle.identity import fingerprint as forms

    with opened(folder) as node:
        who = permitted(node, as_, "partner.confirm", id=name)
        partner = _known(node, name)
        waiting = node.candidate(name)
        known = [partner.fingerprint, *([waiting.fingerprint] if waiting else [])]
        compared = next((one for one in known if forms.matches(fingerprint, name, one)), "")
        if not compared:
            raise IdentityError(
                f"expected the fingerprint of the identity file of {name} that is here, got another: "
                "nothing is confirmed; ask for the file again, by another way"
            )
        # The fingerprint that was compared goes along: the file may have been replaced since.
        partner = node.set_partner(name, "confirmed", who.id, compared)
        value = _value(node.ctx.identity_of(partner), partner, "", False)
        node.wake()
    return Answer(value, lambda screen: screen.line(_("partner {name} is confirmed by {by}", name=name, by=who.id)))


def suspend(folder: Folder, name: PartnerName, as_: As) -> Answer:
    """Suspend a partner: nothing is sent to it, nothing is accepted from it, until it is confirmed again."""
    with opened(folder) as node:
        who = permitted(node, as_, "partner.suspend", id=name)
        partner = node.set_partner(name, "suspended", who.id)
        value = _value(node.ctx.identity_of(partner), partner, "", False)
        node.wake()
    return Answer(value, lambda screen: screen.line(_("partner {name} is suspended by {by}", name=name, by=who.id)))
