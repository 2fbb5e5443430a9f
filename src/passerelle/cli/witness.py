"""Commands on witnesses: those of this node's audit log, and a witness of its own for the logs of others."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli import logs
from passerelle.cli.door import Answer, As, Folder, Json, command, group, opened, permitted, print_json, read_file, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.oversight.witness_folder import WitnessFolder

Place = Annotated[Path, typer.Argument(metavar="DIR", help="The witness's folder.", show_default=False)]
Compared = Annotated[
    str,
    typer.Option(
        "--fingerprint",
        help="What its people read out: all groups of digits, all words, the hexadecimal SHA-256, or the text of the "
        "QR code.",
        show_default=False,
    ),
]


def register(app: typer.Typer, audit: typer.Typer) -> None:
    """Add the commands."""
    own = group(audit, "witness", "Witnesses of this node's audit log.")
    command(own, "add", 'audit witness add /srv/be oversight.json --fingerprint "01234 56789 …" --as sam')(add)
    command(own, "list", "audit witness list /srv/be --as sam")(list_all)
    command(own, "remove", "audit witness remove /srv/be oversight --as sam")(remove)
    witness = group(app, "witness", "A witness: a small process of its own that cosigns the audit logs of nodes.")
    command(witness, "init", "witness init /srv/witness --name oversight --listen 0.0.0.0:9443")(init)
    command(witness, "self", "witness self /srv/witness --words fr", "witness self /srv/witness --out oversight.json")(
        self_
    )
    command(witness, "add", 'witness add /srv/witness be.json --fingerprint "01234 56789 …"')(watch)
    command(witness, "serve", "witness serve /srv/witness")(serve)
    command(witness, "show", "witness show /srv/witness")(show)


# -- of this node --------------------------------------------------------------------------------------------------


def add(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The witness's identity file.")],
    fingerprint: Compared,
    as_: As,
) -> Answer:
    """Have a witness cosign this node's audit log. Its fingerprint is compared with its people by voice."""
    from passerelle.oversight import witness_adding

    body = read_file(file, "witness")
    with opened(folder) as node:
        who = permitted(node, as_, "witness.add")
        made = witness_adding.add(node.ctx, body, fingerprint, who.id)
        node.wake()
    value = {"witness": made.name, "endpoints": list(made.endpoints), "sha256": made.fingerprint}
    words = _(
        "{name} cosigns this node's audit log; give its people the file of: {command}",
        name=made.name,
        command=f"passerelle partner self {folder} --out FILE",
    )
    return said(value, words)


def list_all(folder: Folder, as_: As) -> Answer:
    """List those who watch over this node's audit log, and how far each has cosigned it."""
    from passerelle.core.retold import retold
    from passerelle.oversight.watching_state import states

    with opened(folder) as node:
        permitted(node, as_, "audit.look")
        values = node.store.read(lambda tx: states(tx, node.ctx, node.settings.audit))

    def tell(screen: Screen) -> None:
        rows = [
            (one["name"], term(one["kind"]), one["size"], one["time"] or "", term(one["state"]), retold(one["reason"]))
            for one in values
        ]
        heads = ("witness", "kind", "cosigned", "time", "state", "reason")
        screen.table(heads, rows, "nobody watches over this log")

    return Answer(values, tell)


def remove(
    folder: Folder, name: Annotated[str, typer.Argument(metavar="WITNESS", help="Name of the witness.")], as_: As
) -> Answer:
    """Show the audit log to this witness no more. What it has cosigned stays proof."""
    from passerelle.oversight import witness_adding

    with opened(folder) as node:
        who = permitted(node, as_, "witness.remove")
        witness_adding.remove(node.ctx, name, who.id)
        node.wake()
    return said({"witness": name}, _("{name} is shown the audit log no more", name=name))


# -- a witness of its own ------------------------------------------------------------------------------------------


def init(
    folder: Place,
    name: Annotated[str, typer.Option("--name", help="Name of the witness: a-z 0-9 . -", show_default=False)],
    listen: Annotated[str, typer.Option("--listen", help="Address and port.")] = "127.0.0.1:9443",
    endpoint: Annotated[
        list[str] | None, typer.Option("--endpoint", help="How nodes reach it, https://host:port. May be repeated.")
    ] = None,
) -> Answer:
    """Make a witness: a folder with its keys, its certificate and its identity file."""
    from passerelle.oversight import witness_folder

    identity = witness_folder.create(folder, name, listen, tuple(endpoint or ()))
    value = {"witness": name, "folder": str(folder), "sha256": identity.fingerprint}
    return said(
        value,
        _(
            "witness {name} is in {folder}; start it with: {command}",
            name=name,
            folder=folder,
            command=f"passerelle witness serve {folder}",
        ),
    )


def self_(
    folder: Place,
    words: Annotated[
        str, typer.Option("--words", metavar="fr|nl|ar|en", help="Show the fingerprint in words of this language too.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write the identity file here, for a node.")] = None,
) -> Answer:
    """Show the witness's own identity and its fingerprint, to be compared by voice."""
    from passerelle.cli.door import write_file
    from passerelle.identity import fingerprint
    from passerelle.oversight.witness_folder import WitnessFolder

    one = WitnessFolder(folder).identity
    value: dict[str, Any] = {
        "witness": one.name,
        "endpoints": list(one.endpoints),
        "fingerprint": fingerprint.digits(one.fingerprint),
        "sha256": one.fingerprint,
    }
    if words:
        value["words"] = fingerprint.words(one.fingerprint, words)
    if out is not None:
        write_file(out, one.body)
        value["file"] = str(out)

    def tell(screen: Screen) -> None:
        screen.fields([("witness", one.name), ("endpoints", ", ".join(one.endpoints))])
        screen.fields([("fingerprint", value["fingerprint"]), ("in words", " ".join(value.get("words", [])))])

    return Answer(value, tell)


def watch(
    folder: Place,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The node's identity file.")],
    fingerprint: Compared,
) -> Answer:
    """Watch the audit log of a node. A known node's file is replaced: its keys or addresses have changed."""
    from passerelle.oversight.witness_folder import WitnessFolder

    made = WitnessFolder(folder).watch(read_file(file, "identity"), fingerprint)
    return said(
        {"node": made.name, "sha256": made.fingerprint}, _("the audit log of {name} is watched", name=made.name)
    )


def show(folder: Place) -> Answer:
    """Show the logs that are watched: how far each was cosigned, when, and what was refused as a fork."""
    from passerelle.core.clock import to_iso
    from passerelle.oversight.witness_folder import WitnessFolder

    one = WitnessFolder(folder)
    values: list[dict[str, Any]] = []
    for node in one.nodes():
        forks = [str(path) for path in one.refused(node)]
        found = one.generations(node)
        logs = [{"origin": held.origin, "size": held.size, "time": to_iso(when)} for _number, held, when in found]
        values.append({"node": node, "sha256": one.identity_of(node).fingerprint, "logs": logs, "refused": forks})

    def tell(screen: Screen) -> None:
        rows = [
            (each["node"], log["origin"], log["size"], log["time"], len(each["refused"]) or "")
            for each in values
            for log in each["logs"] or [{"origin": "", "size": "", "time": ""}]
        ]
        screen.table(("node", "log", "cosigned", "time", "refused"), rows, "no log is watched")

    return Answer(values, tell)


def serve(folder: Place, as_json: Json = False) -> None:
    """Cosign what nodes show, until it is told to stop (SIGTERM, Ctrl-C)."""
    from passerelle.oversight.witness_folder import WitnessFolder

    one = WitnessFolder(folder)
    with one.serving():
        asyncio.run(_serve(one, as_json))


async def _serve(one: "WitnessFolder", as_json: bool) -> None:
    from passerelle.core.errors import TransportError
    from passerelle.core.settings import split_listen
    from passerelle.oversight.witness_folder import TLS_CERTIFICATE, TLS_KEY
    from passerelle.transport.https import Server
    from passerelle.transport.witness import application

    host, port = split_listen(one.settings.listen)
    folder = one.folder
    server = Server(application(one, logs.journal()), host, port, str(folder / TLS_KEY), str(folder / TLS_CERTIFICATE))
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, server.stop)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            serving.result()
            raise TransportError("expected the witness's interface to start, got an end")
        await asyncio.sleep(0.01)
    value = {"ready": True, "witness": one.settings.name, "listen": one.settings.listen}
    if as_json:
        print_json(value)
    else:
        Screen().line(_("{witness} listens on {listen}", witness=one.settings.name, listen=one.settings.listen))
    await serving
