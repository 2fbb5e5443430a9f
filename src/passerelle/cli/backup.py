"""Commands on backups: make one while the node serves, look into it, prove that it can be put back, put it back."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli import exits
from passerelle.cli.door import Answer, As, Folder, command, group, opened, permitted, read_file, secret, write_file
from passerelle.cli.screen import Screen
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.backup.archive import Archive
    from passerelle.backup.registers import Given

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", show_default=False)]
Key = Annotated[
    Path | None,
    typer.Option("--key", metavar="KEYFILE", help="Open it with this private backup key.", show_default=False),
]
Phrase = Annotated[
    str,
    typer.Option(
        "--passphrase",
        metavar="prompt|file:PATH|credential:NAME",
        help="A passphrase: typed, the first line of a file, or a credential of systemd.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    backup = group(app, "backup", "Backups: made while the node serves, encrypted, proven before they are needed.")
    command(backup, "key", "backup key --out be-backup.key")(key)
    command(
        backup,
        "create",
        "backup create /srv/be --out /backup/be-2026-11-21.backup --as eva",
        "backup create /srv/be --out be.backup --to be-backup.key.pub --without-keys --as eva",
        "backup create /srv/be --out be.backup --passphrase credential:backup --as eva",
    )(create)
    command(backup, "show", "backup show be.backup")(show)
    command(backup, "verify", "backup verify be.backup", "backup verify be.backup --key be-backup.key --json")(verify)
    command(
        app,
        "restore",
        "restore be.backup /srv/be-new --key be-backup.key --old /srv/be",
        "restore be.backup /srv/be --key be-backup.key --store postgresql://db/passerelle?schema=be \\\n"
        '    --no-newer-erasures "the disk is lost"',
    )(restore)


def key(out: Annotated[Path, typer.Option("--out", help="The new file.", show_default=False)]) -> Answer:
    """Make a backup key: the private half in a file, the public half beside it, with .pub at the end of its name.

    Keep the private half where the node is not; the node needs the public one alone (setting backup.recipients).
    """
    from passerelle.identity import backups

    private, public = backups.make()
    write_file(out, private)
    beside = out.with_name(f"{out.name}.pub")
    write_file(beside, public)
    name = backups.read_private(private, str(out)).id
    value = {"id": name, "private": str(out), "public": str(beside)}

    def tell(screen: Screen) -> None:
        screen.line(_("backup key {name}: private half {out}, public half {beside}", name=name, out=out, beside=beside))
        screen.line(_("keep the private half away from the node: without it no backup opens"))

    return Answer(value, tell)


def create(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", help="The new file.", show_default=False)],
    to: Annotated[
        list[Path] | None,
        typer.Option(
            "--to",
            metavar="PUBLIC",
            help="Seal it to this public backup key too, beside those of backup.recipients. May be repeated.",
        ),
    ] = None,
    passphrase: Phrase = "",
    without_keys: Annotated[bool, typer.Option("--without-keys", help="Leave the private keys out.")] = False,
    *,
    as_: As,
) -> Answer:
    """Write a backup of the whole node: records, settings, identity, keys, own types and calendars, erasures so far.

    The node may serve meanwhile: everything is of one moment. The file is encrypted, and there whole or not at all.
    """
    from passerelle.backup import making

    with opened(folder) as node:
        who = permitted(node, as_, "backup.create")
        recipients = making.recipients(node, to or ())
        phrase = _phrase(passphrase, twice=True) if passphrase else ""
        made = making.create(node, out, recipients, who.id, passphrase=phrase, keys=not without_keys)
    manifest = made.manifest
    value = {
        "file": str(out),
        "digest": made.digest,
        "bytes": made.size,
        "keys": manifest.keys,
        "to": [one.id for one in recipients],
        "passphrase": bool(phrase),
        "records": sum(manifest.records.values()),
        "tokens": list(made.tokens),
        "absent": list(manifest.absent),
    }

    def tell(screen: Screen) -> None:
        screen.line(_("{out}: {size} bytes, SHA-256 {digest}", out=out, size=made.size, digest=made.digest))
        if not manifest.keys:
            screen.line(_("the private keys are not in it: keep them in another way"))
        if made.tokens:
            screen.line(_("these keys are in a token and not in it: {labels}", labels=", ".join(made.tokens)))
        for one in manifest.absent:
            screen.line(_("not in it, because it is outside the folder: {path}", path=one))

    return Answer(value, tell)


def show(file: BackupFile) -> Answer:
    """Show what a backup says of itself in clear. Nothing is proven: see passerelle backup verify."""
    from msgspec.structs import replace

    from passerelle.backup import archive

    found = archive.read(file)
    found = replace(found, digest=archive.digest_of(found))
    return Answer(_said(found), lambda screen: _tell(screen, found))


def verify(
    file: BackupFile,
    key: Key = None,
    passphrase: Phrase = "",
    scratch: Annotated[
        Path | None,
        typer.Option(
            "--scratch",
            metavar="PATH",
            help="Where the records are loaded for the time of the check, without contents and keys.",
            show_default="the system's folder for temporary files",
        ),
    ] = None,
) -> Answer:
    """Check a backup: that it is whole and who signed it; with a key, that everything opens and every log verifies.

    Ends with code 1 when it could not be put back as it is.
    """
    from tempfile import TemporaryDirectory

    from passerelle.backup import archive, restoring

    found = archive.examine(file)
    wrong: tuple[str, ...] | None = None
    if key or passphrase:
        opener = _opener(key, passphrase)
        with TemporaryDirectory(prefix="passerelle-", dir=scratch) as place:
            wrong = restoring.rehearse(found, opener(found), Path(place))
    value = {**_said(found), "opened": wrong is not None, "wrong": list(wrong or ())}

    def tell(screen: Screen) -> None:
        _tell(screen, found)
        screen.line(_("the file is whole and signed by the identity above; compare its fingerprint"))
        if wrong is None:
            screen.line(_("it was not opened: give --key or --passphrase to prove that it can be put back"))
        elif not wrong:
            screen.line(_("everything opens, counts and digests agree, every log verifies"))
        for one in wrong or ():
            screen.line(_("wrong: {what}", what=one))

    return Answer(value, tell, exits.FAILED if wrong else exits.DONE)


def restore(
    file: BackupFile,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new folder of the node.", show_default=False)],
    key: Key = None,
    passphrase: Phrase = "",
    erasures: Annotated[
        list[Path] | None,
        typer.Option(
            "--erasures",
            metavar="PATH",
            help="A newer register of erasures: erasures.jsonl of the lost folder, or a later backup. May be repeated.",
        ),
    ] = None,
    old: Annotated[
        Path | None,
        typer.Option(
            "--old",
            metavar="PATH",
            help="The folder of before, where it can be read: its register of erasures counts, and what left by hand.",
            show_default=False,
        ),
    ] = None,
    no_newer_erasures: Annotated[
        str,
        typer.Option("--no-newer-erasures", metavar="REASON", help="There is no newer register, and why."),
    ] = "",
    store: Annotated[
        str, typer.Option("--store", metavar="URL", help="Put the records there: a path below DIR, or a URL.")
    ] = "",
    fingerprint: Annotated[
        str, typer.Option("--fingerprint", metavar="SHA256", help="Only if it was signed by the node of this identity.")
    ] = "",
) -> Answer:
    """Put a backup back into a new folder: all of it, or nothing. Then what was erased since is erased again.

    No policy is asked, because no node is there to ask: whoever can open the backup can do this.
    """
    import os

    from passerelle.backup import archive, registers, restoring
    from passerelle.core.errors import BackupError, InputError
    from passerelle.core.sources import variable
    from passerelle.office.asking import this_user

    without = no_newer_erasures.strip()
    if not erasures and not old and not without:
        raise InputError(
            "expected newer registers of erasures (--old, --erasures), or why there are none (--no-newer-erasures): "
            "what was erased since the backup would come back"
        )
    elsewhere = variable("store", "url")
    if store and os.environ.get(elsewhere, store) != store:
        raise InputError(f"--store: expected no other store in {elsewhere}, got one: the node would use that, unset it")
    found = archive.examine(file)
    if fingerprint and fingerprint.lower() != found.identity.fingerprint:
        raise BackupError(f"expected a backup signed by {fingerprint[:80]}, got one of {found.identity.fingerprint}")
    opener = _opener(key, passphrase)
    node = found.manifest.node
    there = [registers.given(path, node, opener) for path in erasures or ()]
    if old and (own := registers.of_folder(old, node, needed=not without)):
        there.append(own)
    newer = [one for each in there for one in each.erasures]
    erased = restoring.restore(
        found, opener(found), folder, this_user(), newer=newer, without=without, old=old, store=store
    )
    value = {**_said(found), "folder": str(folder), "erased": erased, "registers": [_register(one) for one in there]}

    def tell(screen: Screen) -> None:
        screen.line(_("{folder} is {node} as it was on {created}", folder=folder, node=found.manifest.node, created=at))
        for one in there:
            count, newest = len(one.erasures), _register(one)["newest"]
            held = _("{path}: erasures: {count}, the newest of {newest}", path=one.path, count=count, newest=newest)
            screen.line(held if count else _("{path}: no erasures", path=one.path))
        screen.line(n_("{count} content was erased once more", "{count} contents were erased once more", erased))
        if not found.manifest.keys:
            screen.line(_("the private keys were not in it: put them into {folder}", folder=folder / "keys"))
        reopen = f"passerelle link reopen {folder} PARTNER --reason …"
        screen.line(_("its logs stand still; for each partner: {command}", command=reopen))

    at = found.manifest.created
    return Answer(value, tell)


def _register(one: "Given") -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    newest = one.newest
    return {"path": one.path, "entries": len(one.erasures), "newest": None if newest is None else to_iso(newest)}


def _opener(key: Path | None, passphrase: str) -> "Callable[[Archive], bytes]":
    """What gives the data key of a backup. The secret is asked for once. Raises InputError when none is named."""
    from passerelle.backup import archive
    from passerelle.core.errors import InputError

    if key is not None:
        text = read_file(key, "--key")
        return lambda found: archive.data_key(found, text, "", str(key))
    if not passphrase:
        raise InputError("expected a backup key (--key) or a passphrase (--passphrase), got neither")
    typed = _phrase(passphrase)
    return lambda found: archive.data_key(found, None, typed)


def _phrase(source: str, *, twice: bool = False) -> str:
    from passerelle.core.errors import InputError
    from passerelle.core.settings import SECRET_SOURCE
    from passerelle.identity import passphrases

    if not SECRET_SOURCE.fullmatch(source):
        raise InputError("--passphrase: expected prompt, file:PATH or credential:NAME, got something else")
    return passphrases.read(source, passphrases.BACKUP, Path(), lambda what: secret(what, twice=twice))


def _said(found: "Archive") -> dict[str, Any]:
    from passerelle.identity.backups import KeySeal

    manifest = found.manifest
    return {
        "file": str(found.path),
        "bytes": found.size,
        "digest": found.digest,
        "node": manifest.node,
        "created": manifest.created,
        "program": manifest.program,
        "schema": manifest.schema,
        "fingerprint": found.identity.fingerprint,
        "to": [one.to for one in found.seals if isinstance(one, KeySeal)],
        "passphrase": not all(isinstance(one, KeySeal) for one in found.seals),
        "keys": manifest.keys,
        "files": manifest.files,
        "records": manifest.records,
        "logs": [{"origin": one.origin, "size": one.size, "root": one.root} for one in manifest.logs],
        "absent": list(manifest.absent),
    }


def _tell(screen: Screen, found: "Archive") -> None:
    value, manifest = _said(found), found.manifest
    screen.fields(
        [
            ("file", found.path),
            ("bytes", found.size),
            ("SHA-256", found.digest),
            ("node", manifest.node),
            ("created", manifest.created),
            ("version", manifest.program),
            ("fingerprint of the identity", found.identity.fingerprint),
            ("opens with", ", ".join([*value["to"], *([_("a passphrase")] if value["passphrase"] else [])])),
            ("private keys", _("yes") if manifest.keys else _("no")),
            ("files", len(manifest.files)),
            ("records", sum(manifest.records.values())),
            ("not in it", ", ".join(manifest.absent)),
        ]
    )
    screen.line()
    screen.table(("log", "size", "root"), [(one.origin, one.size, one.root) for one in manifest.logs], "no logs")
    screen.line()
