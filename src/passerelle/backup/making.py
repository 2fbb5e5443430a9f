"""Making a backup while the node serves: one moment of the store, with the files that belong to it.

1. in one `read` of the store: counts and logs for the manifest, the files of the folder, then every row, sealed into a
   file without a name (`core.folders`). If we stop here: nothing is left;
2. the file is durable and takes its place, when nothing is there; that it is the one, is looked at. If we stop here: a
   whole backup that the store does not know of, so `doctor` asks for another one;
3. the store notes that there is one, and the audit log who made it.

Rules kept here: keys do not change between the moment of the store and the reading of their files; memory is constant;
what must be gone in every copy when its time is over is in no backup: hits of a screening that nobody has confirmed,
keys of a search index, the openings and hits of questions.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from passerelle import __version__
from passerelle.backup import archive, contents
from passerelle.backup.archive import FORMAT, Manifest
from passerelle.ceremony import alone
from passerelle.core import folders
from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import BackupError, InputError
from passerelle.exchange import notes
from passerelle.identity import backups, stream
from passerelle.identity.keys import SealKey
from passerelle.node import Node
from passerelle.ports import screening, search
from passerelle.ports.backups import BACKUPS, Backup
from passerelle.ports.store import Reading, Writing
from passerelle.store import SCHEMA, copying

_FLEETING = (*screening.FLEETING, *search.FLEETING)


class Made(msgspec.Struct, frozen=True):
    """A backup that was made. `digest`: SHA-256 of its file, in hex.

    `tokens`: labels of keys that a token holds, so that they are not in it.
    """

    digest: str
    size: int
    manifest: Manifest
    tokens: tuple[str, ...]


def recipients(node: Node, more: Sequence[Path] = ()) -> list[SealKey]:
    """The public backup keys of the settings, and those of other files. Raises InputError, IdentityError."""
    found = {}
    for path in (*(node.folder / one for one in node.settings.backup.recipients), *more):
        try:
            key = backups.read_public(path.read_bytes(), str(path))
        except OSError as error:
            raise InputError(f"expected a public backup key at {path}, got none: {error.strerror}") from None
        found[key.id] = key
    return list(found.values())


def create(node: Node, out: Path, to: Sequence[SealKey], by: str, *, passphrase: str = "", keys: bool = True) -> Made:
    """Write a backup of the node into a new file, sealed to these keys and to the passphrase.

    Raises InputError when nobody could open it, or when there is a file already; BusyError while keys change.
    """
    if not to and not passphrase:
        raise InputError("expected a backup key (backup.recipients, --to) or a passphrase, got neither")
    if passphrase:
        backups.check_passphrase(passphrase)
    if (kept := node.ctx.keys.envelope.kept) is not None:
        kept.ready()  # what signs the whole at its end is here before anything is written
    try:
        with folders.fresh_file(out) as file:
            done = node.store.read(lambda tx: _write(tx, node, file, to, passphrase, keys))
        if (size := out.stat().st_size) != done.size:
            raise BackupError(f"{out}: expected the {done.size} bytes that were written, got {size}")
    except OSError as error:
        raise InputError(f"--out: expected to write {out}, got: {error.strerror}") from None
    node.store.write("backup.made", lambda tx: _note(tx, node, done, by))
    return done


def _write(tx: Reading, node: Node, out: BinaryIO, to: Sequence[SealKey], passphrase: str, keys: bool) -> Made:
    with alone(node.folder):
        records = copying.counts(tx, without=_FLEETING)  # the moment of the store is that of its first look
        paths, absent = contents.names(node.folder, node.settings)
        found = [
            one for one in contents.read(node.folder, paths) if keys or not contents.is_private(one.path, one.body)
        ]
    manifest = Manifest(
        format=FORMAT,
        node=node.ctx.name,
        created=to_iso(node.ctx.clock.now()),
        program=__version__,
        schema=SCHEMA,
        keys=keys,
        files={one.path: len(one.body) for one in found},
        records=records,
        logs=archive.logs_of(tx),
        absent=absent,
        identity=node.identity.body.decode(),
    )
    about, key = manifest.encode(), stream.new_key()
    # A store may do the whole of a read once more: what the attempt before has written goes.
    out.seek(0)
    out.truncate()
    writer = archive.Writer(out, about, backups.seal(key, about, to, passphrase), key)
    for frame in contents.encode(found):
        writer.write(frame)
    for frame in copying.dump(tx, without=_FLEETING):
        writer.write(frame)
    digest = writer.close(node.ctx.keys.envelope)
    tokens = sorted({one.path.split("/")[-1].split(".")[0] for one in found if contents.in_token(one.body)})
    return Made(digest, os.fstat(out.fileno()).st_size, manifest, tuple(tokens))


def _note(tx: Writing, node: Node, done: Made, by: str) -> None:
    now = node.ctx.clock.now()
    tx.put(BACKUPS, [Backup(digest=done.digest, time=now, size=done.size, by=by, keys=done.manifest.keys)])
    details = {"digest": done.digest, "keys": done.manifest.keys}
    notes.record(tx, node.ctx, What.BACKUP_MADE, by, node.ctx.name, details)
