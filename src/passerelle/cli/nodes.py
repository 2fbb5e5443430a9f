"""Commands on the node itself: make it, run it."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

import passerelle
from passerelle.cli import exits, logs, memory
from passerelle.cli.door import Answer, Folder, Json, LanguageOption, command, opened, said, secret
from passerelle.cli.screen import Screen
from passerelle.core.log import Say
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.service import Role


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "init",
        "init /srv/be --name be --country BE --languages fr,nl --timezone Europe/Brussels",
        "init /srv/ma --name ma --country MA --languages ar,fr --timezone Africa/Casablanca \\\n"
        "      --listen 0.0.0.0:8443 --endpoint https://node.example.ma:8443",
    )(init)
    command(
        app,
        "serve",
        "serve /srv/be",
        "serve /srv/be --json 2>>/var/log/passerelle.log",
        "serve /srv/be --instance two --listen 0.0.0.0:8444 --only receive",
    )(serve)
    command(app, "exits", "exits")(exit_codes)
    command(app, "version", "version")(version)


def init(
    folder: Folder,
    name: Annotated[str, typer.Option("--name", help="Name of the node, as partners know it: a-z 0-9 . -")],
    country: Annotated[str, typer.Option("--country", help="Country code of two letters, like BE.")],
    languages: Annotated[str, typer.Option("--languages", help="Languages of the service, among fr,nl,ar,en.")],
    timezone: Annotated[str, typer.Option("--timezone", help="Time zone in which deadlines of this side run.")],
    listen: Annotated[str, typer.Option("--listen", help="Address and port of the partner interface.")] = (
        "127.0.0.1:8443"
    ),
    endpoint: Annotated[
        list[str] | None,
        typer.Option("--endpoint", help="How partners reach it, https://host:port, or none. May be repeated."),
    ] = None,
    store: Annotated[
        str, typer.Option("--store", help="Where the records are kept: a file below DIR, or postgresql://…")
    ] = "store.db",
    token: Annotated[
        str, typer.Option("--token", help="Make the Ed25519 keys in the PKCS#11 token of this label.")
    ] = "",
    module: Annotated[str, typer.Option("--pkcs11-module", help="The token's library, an absolute path.")] = "",
    pin: Annotated[
        str,
        typer.Option("--pin", metavar="SOURCE", help="Where its PIN comes from: prompt, file:PATH, credential:NAME."),
    ] = "prompt",
    passphrase: Annotated[
        str,
        typer.Option(
            "--passphrase",
            metavar="SOURCE",
            help="Seal the key files: prompt, file:PATH or credential:NAME says by what.",
        ),
    ] = "",
    person: Annotated[
        str, typer.Option("--person", help="Id of the first person.", show_default="the operating-system user")
    ] = "",
    person_name: Annotated[str, typer.Option("--person-name", help="His name, as it is shown.")] = "",
    language: LanguageOption = "",
) -> Answer:
    """Make a node: settings, keys, certificate, identity and store, in a new or empty folder.

    The first person is operator and security officer: he writes down the others and gives them their roles. He reads
    the language in which this is shown.
    """
    from passerelle import founding, node
    from passerelle.core import settings as configuration
    from passerelle.core import settings_text, words
    from passerelle.core.errors import IdentityError, InputError, KeyFileError
    from passerelle.identity import fingerprint
    from passerelle.office.asking import this_user
    from passerelle.office.people import NewPerson

    asked = configuration.Settings(
        node=configuration.NodeSettings(name, country, tuple(languages.replace(",", " ").split()), timezone),
        server=configuration.ServerSettings(listen, tuple(endpoint or ())),
        store=configuration.StoreSettings(store),
        keys=configuration.KeysSettings(passphrase or "prompt", module, token, pin),
    )
    asked = configuration.parse(settings_text.render(asked), "init")
    user = this_user()
    first = NewPerson(id=person or user, name=person_name, language=language or words.language(), users=(user,))
    try:
        identity = founding.create(folder, asked, first, sealed=bool(passphrase), ask=_secret)
    except KeyFileError:
        raise
    except IdentityError as error:
        raise InputError(str(error)) from None  # keys were just made; what is wrong was typed
    shown = fingerprint.digits(identity.fingerprint)
    value = {
        "name": identity.name,
        "folder": str(folder),
        "identity": str(folder / node.IDENTITY),
        "endpoints": list(identity.endpoints),
        "fingerprint": shown,
        "sha256": identity.fingerprint,
        "person": first.id,
        "user": user,
    }

    def show(screen: Screen) -> None:
        screen.line(_("node {name} is made in {folder}", name=identity.name, folder=folder))
        screen.fields([("identity file", value["identity"]), ("fingerprint", shown), ("first person", first.id)])
        command = f"passerelle serve {folder}"
        screen.line(
            _(
                "Give the identity file to partners and compare the fingerprint with them, then: {command}",
                command=command,
            )
        )

    return Answer(value, show)


def _secret(what: str) -> str:
    from passerelle.identity import passphrases

    return secret(what, twice=what == passphrases.PASSPHRASE)


def serve(
    folder: Folder,
    plain: Annotated[bool, typer.Option("--plain", help="Log readable lines instead of JSON, on standard error.")] = (
        False
    ),
    instance: Annotated[
        str,
        typer.Option(
            "--instance", help="Name of this process among several.", show_default="the machine's name, or main"
        ),
    ] = "",
    listen: Annotated[
        str,
        typer.Option("--listen", help="Address and port of this process.", show_default="what the settings say"),
    ] = "",
    only: Annotated[
        str, typer.Option("--only", metavar="receive,send,clock", help="What this process does.", show_default="all")
    ] = "",
    as_json: Json = False,
) -> None:
    """Run the node until SIGTERM or SIGINT: take in what partners send, send what is in line.

    Prints one line on standard output once it listens. The log goes to standard error and holds no personal data. With
    PostgreSQL several processes may serve one node, on one machine or on several: each its own --instance and --listen.
    """
    from passerelle.core import memory
    from passerelle.core.errors import BusyError, TransportError

    say = logs.journal(plain=plain)
    memory.share()
    with ExitStack() as stack:
        node = stack.enter_context(opened(folder))
        role = _role(node, instance, listen, only)
        wake = stack.enter_context(node.serving(role.instance))
        try:
            asyncio.run(_serve(node, role, wake, say, lambda: _ready(node, role, as_json, say)))
        except TransportError as error:
            raise BusyError(f"{role.listen}: {error}") from None
    say("node.stopped", node=node.ctx.name, instance=role.instance)


def _role(node: "Node", instance: str, listen: str, only: str) -> "Role":
    """Which of the processes that serve the node this one is, as it was asked for."""
    from passerelle.core.errors import InputError
    from passerelle.core.settings import split_listen
    from passerelle.node import check_instance, instance_of
    from passerelle.service import DUTIES, Role

    duties = tuple(dict.fromkeys(only.replace(",", " ").split())) or DUTIES
    if strange := [one for one in duties if one not in DUTIES]:
        raise InputError(f"--only: expected some of {', '.join(DUTIES)}, got {', '.join(strange)[:60]}")
    if listen:
        split_listen(listen, "--listen")
    return Role(check_instance(instance or instance_of(node)), duties, listen or node.settings.server.listen)


async def _serve(node: "Node", role: "Role", wake: socket.socket | None, say: Say, ready: Callable[[], None]) -> None:
    from passerelle.service import Service

    service = Service(node, say, role)
    memory.settle()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
    await service.run(wake, ready)


def _ready(node: "Node", role: "Role", as_json: bool, say: Say) -> None:
    name, listen = node.ctx.name, role.listen if "receive" in role.duties else None
    say("node.started", node=name, instance=role.instance)
    value = {
        "ready": True,
        "node": name,
        "instance": role.instance,
        "does": list(role.duties),
        "listen": listen,
        "endpoints": list(node.identity.endpoints),
    }
    text = _("ready {name} listens on {address}", name=name, address=listen)
    if listen is None:
        text = _("ready {name} does {duties}", name=name, duties=", ".join(role.duties))
    sys.stdout.write((json.dumps(value) if as_json else text) + "\n")
    sys.stdout.flush()


def exit_codes() -> Answer:
    """Show what exit codes mean."""
    return Answer(
        made := {str(code): _(words) for code, words in exits.MEANING.items()},
        lambda screen: screen.table(("code", "meaning"), made.items()),
    )


def version() -> Answer:
    """Show the version."""
    return said({"version": passerelle.__version__}, f"passerelle {passerelle.__version__}")
