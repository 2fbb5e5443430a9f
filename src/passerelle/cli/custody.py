"""Commands on where private keys are kept: sealed files, a token."""

from typing import TYPE_CHECKING, Annotated

import typer

from passerelle.cli.door import Answer, As, Folder, command, opened, permitted, said, secret
from passerelle.cli.screen import Screen
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.node import Node


def register(keys: typer.Typer) -> None:
    """Add the commands."""
    command(keys, "list", "keys list /srv/be")(list_)
    command(keys, "check", "keys check /srv/be", "keys check /srv/be --although-refused")(check)
    command(
        keys, "protect", "keys protect /srv/be", "keys protect /srv/be --new file:/etc/passerelle/passphrase --as eva"
    )(protect)
    command(keys, "unprotect", "keys unprotect /srv/be --as eva")(unprotect)


def list_(folder: Folder, as_: As) -> Answer:
    """Show every private key that this node holds, and where: in clear, sealed, or in a token."""
    from passerelle.identity import files
    from passerelle.node import KEYS

    with opened(folder) as node:
        permitted(node, as_, "keys.show")
        held = files.held(node.ctx.name, folder / KEYS, node.custody)
        use = node.identity.keys
        value = [
            {
                "kind": one.kind,
                "label": one.label,
                "id": one.id,
                "in_use": one.id in use.ids(one.kind),
                "place": one.place,
            }
            for one in held
        ]

    def tell(screen: Screen) -> None:
        rows = [
            (str(one["label"]), str(one["id"]), _("in use") if one["in_use"] else _("old"), str(one["place"]))
            for one in value
        ]
        screen.table(("key", "id", "state", "place"), rows)

    return Answer(value, tell)


def check(
    folder: Folder,
    although_refused: Annotated[
        bool,
        typer.Option("--although-refused", help="Try the PIN once although the token remembers a wrong one."),
    ] = False,
    *,
    as_: As,
) -> Answer:
    """Fetch every private key in use: the passphrase opens the files, the PIN the token, and the token has its keys."""
    with opened(folder) as node:
        permitted(node, as_, "keys.protect")
        node.custody.although_refused = although_refused
        if node.settings.keys.token:
            node.custody.token().check()
        node.ctx.keys.ready()
    return said({"ready": True}, _("every private key in use can be used"))


def protect(
    folder: Folder,
    new: Annotated[
        str,
        typer.Option(
            "--new",
            metavar="SOURCE",
            help="Change the passphrase: prompt, file:PATH or credential:NAME says the new one.",
        ),
    ] = "",
    *,
    as_: As,
) -> Answer:
    """Seal the private keys and the TLS key under the passphrase that `keys.passphrase` names, or change it.

    May be repeated after a stop: what is in clear yet is sealed then. Start the serving process anew afterwards.
    """
    from passerelle import ceremony

    with opened(folder) as node:
        who = permitted(node, as_, "keys.protect")
        if new:
            if node.custody.sealing:
                node.custody.vault()  # who does not know the present one is not asked for another
            ceremony.change_passphrase(node, _new_passphrase(node, new), who.id)
            return said({"sealed": [], "changed": True}, _("the passphrase is changed"))
        first = not node.custody.sealing
        passphrase = _new_passphrase(node, node.settings.keys.passphrase) if first else node.custody.passphrase()
        sealed = ceremony.protect(node, passphrase, who.id)
    text = n_("{count} file is sealed", "{count} files are sealed", len(sealed))
    return said({"sealed": sealed, "changed": False}, text)


def unprotect(folder: Folder, as_: As) -> Answer:
    """Bring sealed private keys into clear again."""
    from passerelle import ceremony

    with opened(folder) as node:
        who = permitted(node, as_, "keys.protect")
        files = ceremony.unprotect(node, who.id)
    text = n_("{count} file is in clear", "{count} files are in clear", len(files))
    return said({"clear": files}, text)


def _new_passphrase(node: "Node", source: str) -> str:
    from passerelle.core.errors import InputError
    from passerelle.core.settings import SECRET_SOURCE
    from passerelle.identity import passphrases

    if not SECRET_SOURCE.fullmatch(source):
        raise InputError("--new: expected prompt, file:PATH or credential:NAME, got another word")
    return passphrases.read(source, passphrases.PASSPHRASE, node.folder, lambda what: secret(what, twice=True))
