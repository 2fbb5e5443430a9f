"""What is wrong with a node, and what to do about it."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerelle.cli import exits
from passerelle.cli.door import Answer, As, Folder, command, opened, permitted
from passerelle.cli.screen import Screen
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.oversight.doctor import Finding, Met
    from passerelle.ports.records import Partner


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", "doctor /srv/be --as eva", "doctor /srv/be --quick --json")(doctor)


def doctor(
    folder: Folder,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what takes long: hashing every entry of the logs.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no partner.")] = False,
    wait: Annotated[
        int, typer.Option("--wait", metavar="SECONDS", min=1, max=60, help="How long a partner may take to answer.")
    ] = 5,
    *,
    as_: As,
) -> Answer:
    """Look at keys, files, disk, clock, partners, logs and everything that waits, and say what to do.

    Ends with code 1 when something is wrong; a warning is none. Nothing is changed and no content is read. Where the
    node cannot be opened, its folder is looked at all the same.
    """
    findings = list(_folder(folder))
    findings += _node(folder, quick, offline, wait, as_)
    value = [{"check": one.check, "level": one.level, "what": one.what, "todo": one.todo} for one in findings]
    bad = sum(one.level == "error" for one in findings)
    weak = sum(one.level == "warning" for one in findings)

    def tell(screen: Screen) -> None:
        for one in sorted(findings, key=lambda each: ("error", "warning", "ok").index(each.level)):
            screen.line(f"{_level(one.level)}: {one.what}")
            if one.todo:
                screen.line(f"    {_('to do:')} {one.todo}")
        screen.line()
        if bad or weak:
            errors, warnings = (
                n_("{count} error", "{count} errors", bad),
                n_("{count} warning", "{count} warnings", weak),
            )
            screen.line(f"{errors}, {warnings}")
        else:
            screen.line(_("all is well"))

    return Answer(value, tell, exits.FAILED if bad else exits.DONE)


def _level(level: str) -> str:
    return {"error": _("error"), "warning": _("warning"), "ok": _("ok")}[level]


def _folder(folder: Path) -> "Iterator[Finding]":
    """What can be seen of the folder without opening the node."""
    from passerelle import node
    from passerelle.core import settings as configuration
    from passerelle.core.errors import PasserelleError
    from passerelle.oversight import checkup
    from passerelle.oversight import doctor as checks

    keys = sorted([*(folder / node.KEYS).glob("*.key"), *folder.glob("tls*.key"), *(folder / node.KEYS).glob("vault")])
    private = [node.KEYS, *(str(path.relative_to(folder)) for path in keys)]
    try:
        url = configuration.load(folder / node.SETTINGS).store.url
    except PasserelleError:
        url = "://"  # said when the node is opened
    if "://" not in url:
        private.append(url)
        private += [f"{url}{end}" for end in ("-wal", "-shm") if (folder / f"{url}{end}").exists()]
    files = checkup.files_of(folder, private, (node.SETTINGS, node.IDENTITY, node.TLS_CERTIFICATE))
    yield from checks.permissions(files, os.geteuid())


def _node(folder: Path, quick: bool, offline: bool, wait: int, as_: str) -> "Iterator[Finding]":
    from passerelle import whereabouts
    from passerelle.cli.progress import progress
    from passerelle.core.errors import PasserelleError, StoreError
    from passerelle.core.retold import retold
    from passerelle.office.policy import PolicyError
    from passerelle.oversight import checkup, doctor_keys
    from passerelle.oversight.doctor import Finding

    with ExitStack() as stack:
        try:
            node = stack.enter_context(opened(folder))
        except PasserelleError as error:
            todo = _("put back what is missing from the backup (how-to/operator.md), or ask the security officer")
            yield Finding("node", "error", _("the node cannot be opened: {reason}", reason=retold(str(error))), todo)
            return
        with suppress(PolicyError):  # nobody can be asked for; that it does not load is one of the findings
            permitted(node, as_, "node.look")
        yield Finding("keys", "ok", _("keys, identity file and store belong together"))
        yield from _custody(node)
        yield from _erasures(node)
        place = whereabouts.elsewhere(whereabouts.read(folder), whereabouts.here(folder))
        yield from doctor_keys.place(place, str(folder))
        url = node.settings.store.url
        patient = checkup.Patient(
            node.ctx,
            folder,
            None if "://" in url else folder / url,
            () if offline else tuple(asyncio.run(_meet(node, wait))),
            asked=not offline,
            served=node.is_served(),
            thorough=not quick,
            office=node.office,
            advance=stack.enter_context(progress(_("looking"))),
            audit=node.settings.audit,
            backup=node.settings.backup,
        )
        try:
            yield from checkup.findings(patient)
        except StoreError as error:
            todo = _("stop the node and put back a backup of the store (how-to/operator.md)")
            yield Finding("store", "error", _("the store cannot be read: {reason}", reason=retold(str(error))), todo)


def _erasures(node: "Node") -> "Iterator[Finding]":
    from passerelle.core.errors import InputError
    from passerelle.core.retold import retold
    from passerelle.oversight.doctor import Finding

    try:
        node.register.read()
    except InputError as error:
        what = _(
            "the register of erasures cannot be read, the node will not start: {reason}", reason=retold(str(error))
        )
        todo = _("put back erasures.jsonl from the newest backup; what was erased since, the store adds by itself")
        yield Finding("erasures", "error", what, todo)


def _custody(node: "Node") -> "Iterator[Finding]":
    from passerelle.core.errors import KeyFileError
    from passerelle.core.retold import retold
    from passerelle.identity import files, protecting
    from passerelle.node import KEYS
    from passerelle.oversight import doctor_keys

    reason = ""
    try:
        node.ctx.keys.ready()
    except KeyFileError as error:
        reason = retold(str(error))
    places = [one.place for one in files.held(node.ctx.name, node.folder / KEYS, node.custody)]
    yield from doctor_keys.custody(places, len(protecting.unsealed(node.custody)), reason, str(node.folder))


async def _meet(node: "Node", wait: int) -> "list[Met]":
    """Ask every confirmed partner how it is; all at once."""
    partners = node.partners()
    return list(await asyncio.gather(*(_ask(node, one, wait) for one in partners)))


async def _ask(node: "Node", partner: "Partner", wait: int) -> "Met":
    from passerelle.core.errors import PasserelleError
    from passerelle.core.retold import retold
    from passerelle.exchange.sender import Sender, status_of
    from passerelle.oversight.doctor import Met
    from passerelle.transport.https import Client

    if partner.status != "confirmed":
        return Met(partner.name, partner.status, reached=False)
    identity = node.ctx.identity_of(partner)
    if not identity.endpoints:
        return Met(partner.name, "by-hand", reached=False)
    client = Client(wait * 1000)
    nonce = os.urandom(16)
    begun = node.ctx.clock.now()
    try:
        question = Sender(node.ctx, partner.name).question(nonce)
        answer = await client.post_any(identity.endpoints, identity.tls, "status", question)
        ended = node.ctx.clock.now()
        time = status_of(node.ctx, partner.name, nonce, answer)[0]
    except PasserelleError as error:
        return Met(partner.name, partner.status, reached=False, reason=retold(str(error)))
    finally:
        await client.close()
    # The partner's clock was read somewhere between question and answer.
    skew = time - ended if time > ended else min(0, time - begun)
    return Met(partner.name, partner.status, reached=True, skew=skew)
