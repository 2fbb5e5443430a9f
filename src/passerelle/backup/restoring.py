"""Putting a backup back, and rehearsing it: the same steps, into a new folder or into one that is thrown away.

1. the file is read from end to end and its signature checked, then it is opened. If we stop here: nothing is there;
2. the files are put into a folder beside the place, the records into an empty store that is marked as incoming, page by
   page. If we stop here: the folder is thrown away at the next try, and a store elsewhere is emptied and filled again;
3. counts and digests are compared, the logs verified, the erasures replayed, the alarm and the audit record written,
   and the mark is taken off. If we stop here: as before, but a store elsewhere is whole and in nobody's use;
4. the folder takes its place.

Rules kept here:
- nothing is put over anything: the folder is new, the store empty;
- what was erased since the backup stays erased: newer registers are asked for, or a reason why there are none;
- a restored node says so, and every log of its own stands still until a person opens a new generation: an index that
  was given out since the backup is in no copy that is here, perhaps in none of the partner, if that was put back too,
  and surely in an evidence file somewhere.

- whoever served the dead node does not serve this one: processes and leases are not put back.

Left unchecked: that the registers given are the newest. Whoever lost the folder has the one of the latest backup.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from passerelle.backup import archive, contents, soundness
from passerelle.backup.archive import Archive, Manifest
from passerelle.backup.contents import File, Payload
from passerelle.core import durable, folders, settings_text
from passerelle.core import settings as configuration
from passerelle.core.audit import What
from passerelle.core.clock import Clock, SystemClock
from passerelle.core.errors import BackupError, StoreError
from passerelle.core.settings import Settings
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.types import Catalogue
from passerelle.exchange import erasing, links, notes, register
from passerelle.exchange.context import Context
from passerelle.exchange.register import Register
from passerelle.identity.keys import NodeKeys
from passerelle.ledger.checkpoint import LANES
from passerelle.node import IDENTITY, KEYS, SETTINGS
from passerelle.ports.erasures import Erasure
from passerelle.ports.leases import LEASES, PROCESSES
from passerelle.ports.records import LOGS, META, PARTNERS, Meta
from passerelle.ports.store import Fault, Kind, Store, Writing, no_fault
from passerelle.ports.work import DRAFTS
from passerelle.store import copying, open_store
from passerelle.store.base import INCOMING_KEY


def rehearse(found: Archive, key: bytes, scratch: Path) -> tuple[str, ...]:
    """Load a backup into a store in an empty folder, to see that it can be. Returns what is wrong with it, in words.

    Keys, contents, drafts and files are looked at as they pass and never written.
    Raises InputError, BackupError, StoreError for a backup that cannot be put back at all.
    """
    payload = Payload(archive.opened(found, key))
    settings = _settings(found, list(payload.files()))[0]
    wrong: list[str] = []
    with closing(open_store(str(scratch / "rehearsal.db"))) as store:

        def keep(kind: Kind[Any], rows: Sequence[Any]) -> bool:
            if kind in soundness.LARGE:
                wrong.extend(store.read(lambda tx: soundness.wrong_rows(tx, kind, rows)))
            return kind not in soundness.LARGE and kind is not DRAFTS

        parts = copying.load(store, payload.records(), keep=keep)
        ctx = _context(scratch, settings, store, SystemClock())
        _compare(found.manifest, parts, store)
        return (*wrong, *soundness.wrong_logs(store, ctx))


def restore(
    found: Archive,
    key: bytes,
    folder: Path,
    by: str,
    *,
    newer: Sequence[Erasure] = (),
    without: str = "",
    old: Path | None = None,
    store: str = "",
    clock: Clock | None = None,
    fault: Fault = no_fault,
) -> int:
    """Put a backup back into a new folder; all of it, or nothing. Returns how many contents were erased once more.

    `newer`: what was erased, by registers that are newer than the backup; `without`: why there are none; `old`: the
    folder of before, which knows what left by hand since; `store`: another place for the records.
    Raises InputError, BackupError, StoreError.
    """
    with folders.fresh(folder) as made:
        payload = Payload(archive.opened(found, key))
        there = list(payload.files())
        settings, text = _settings(found, there, store)
        for one in there:
            contents.write(made, msgspec.structs.replace(one, body=text) if one.path == SETTINGS else one)
        for path in sorted(old.glob(contents.CARRIED)) if old else ():
            contents.write(made, File(str(path.relative_to(old or folder)), 0o600, path.read_bytes()))
        (made / KEYS).mkdir(mode=0o700, exist_ok=True)
        url = settings.store.url
        mark = f"a backup of {found.manifest.node} is being put back"
        with closing(open_store(url if "://" in url else str(made / url), fault, "fill")) as target:
            incoming(target, mark)
            parts = copying.load(target, payload.records())
            ctx = _context(made, settings, target, clock or SystemClock())
            _compare(found.manifest, parts, target)
            soundness.check(target, ctx, str(found.path))
            kept = Register(made / register.NAME, found.manifest.node)
            known = kept.read()
            kept.begin()
            kept.add({one.message: one for one in newer if one not in known}.values())
            erased = erasing.replay(ctx, kept.read())
            target.write("restore.done", lambda tx: _done(tx, ctx, found, by, erased, without))
    durable.sync(folder.parent)
    return erased


def incoming(store: Store, mark: str) -> None:
    """Mark an empty store as being filled; one that was filled in part under the same mark is emptied.

    Raises StoreError for one with something in it.
    """

    def begin(tx: Writing) -> bool:
        there = tx.get(META, INCOMING_KEY)
        if there is None and (names := [name for name, count in copying.counts(tx).items() if count]):
            raise StoreError(f"expected an empty store, got one with {', '.join(names)}")
        if there is not None and there.value != mark:
            raise StoreError(f"expected an empty store, got one that is not whole yet: {there.value}")
        tx.put(META, [Meta(name=INCOMING_KEY, value=mark)])
        return there is not None

    if store.write("restore.begin", begin):
        copying.clear(store)


def _settings(found: Archive, there: Sequence[File], store: str = "") -> tuple[Settings, bytes]:
    """The settings in a backup, with another place for the records where one is given, and their text."""
    bodies = {one.path: one.body for one in there}
    if SETTINGS not in bodies or bodies.get(IDENTITY) != found.identity.body:
        raise BackupError(f"{found.path}: expected {SETTINGS} and {IDENTITY} of {found.manifest.node}, got others")
    text = bodies[SETTINGS].decode("utf-8", "replace")
    if store:
        text = settings_text.replaced(text, "store", "url", store)
    settings = configuration.parse(text, SETTINGS)
    if settings.node.name != found.manifest.node:
        raise BackupError(
            f"{found.path}: expected settings of {found.manifest.node}, got those of {settings.node.name}"
        )
    return settings, text.encode()


def _context(folder: Path, settings: Settings, store: Store, clock: Clock) -> Context:
    """What can be done without private keys, which need not be in a backup."""
    there = [folder / one for one in settings.catalogue.folders if (folder / one).is_dir()]
    return Context(
        name=settings.node.name,
        keys=NodeKeys(settings.node.name, {}),
        store=store,
        clock=clock,
        catalogue=Catalogue.load(*there),
        country=settings.node.country,
        zone=settings.node.timezone,
        calendars=Calendars.load(folder / settings.calendar.folder),
    )


def _compare(manifest: Manifest, parts: Sequence[copying.Part], store: Store) -> None:
    """What the backup says of itself in clear is so."""
    if {one.kind: one.count for one in parts} != dict(manifest.records):
        raise BackupError("expected as many records as the manifest counts, got others")

    if set(store.read(archive.logs_of)) != set(manifest.logs):
        raise BackupError("expected the logs that the manifest names, got others")


def _stop(tx: Writing, ctx: Context, created: str) -> None:
    """Every log that this node sends stands still, those too that this store has never heard of."""
    for partner in tx.scan(PARTNERS, limit=100_000):
        for lane in LANES:
            log = links.current_or_new(tx, ctx.name, partner.name, "out", lane)
            if log.state == "open" and (log.size or partner.status != "unconfirmed"):
                stopped = msgspec.structs.replace(
                    log, state="stopped", reason=f"this node was put back as it was on {created}"
                )
                tx.put(LOGS, [stopped])


def _done(tx: Writing, ctx: Context, found: Archive, by: str, erased: int, without: str) -> None:
    tx.delete(META, [(INCOMING_KEY,)])
    tx.delete(LEASES, [(one.name,) for one in tx.scan(LEASES, limit=100_000)])
    tx.delete(PROCESSES, [(one.id,) for one in tx.scan(PROCESSES, limit=100_000)])
    manifest = found.manifest
    created = manifest.created
    _stop(tx, ctx, created)
    text = f"this node was put back as it was on {created}: nothing is sent until a person opens new generations"
    notes.alarm(tx, ctx, "store.restored", "", text)
    details = {"backup": found.digest, "created": created, "erased": erased}
    details |= {"reason": without} if without else {}
    notes.record(tx, ctx, What.STORE_RESTORED, by, ctx.name, details)
