"""The only place where the parts of a node are joined: a folder becomes a Node.

    folder/passerelle.toml    settings
    folder/identity.json      what partners get
    folder/keys/*.key         private keys, readable by their owner only; identity files of before beside them
    folder/tls.key, tls.pem   the partner interface's key and certificate; tls-<pin>.* those made later
    folder/store.db           the records, unless the settings name another store
    folder/erasures.jsonl     what was erased, outside the store, so that it outlives one that is put back
    folder/serve.lock         held by the one process that serves; serve-<instance>.lock where the store is shared
    folder/keys.lock          held while keys change
    folder/wake.sock          how the command line wakes that process; wake-<instance>.sock
    folder/marks/             what tells that the store was put back
    folder/lists/             index files of lists in clear, made from the store

Rules kept here: a store belongs to the keys it was made with, and to those that they handed over to; a folder serves
once, or one instance of several once; nothing is made half.
"""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from passerelle.core import durable, locks
from passerelle.core import settings as configuration
from passerelle.core.audit import What
from passerelle.core.clock import Clock, SystemClock, add_duration
from passerelle.core.errors import (
    IdentityError,
    InputError,
    KeyFileError,
    NotFoundError,
    SettingsError,
    StateError,
    StoreError,
)
from passerelle.core.settings import Settings
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.types import Catalogue
from passerelle.exchange import notes, register, rotation, succession, trust
from passerelle.exchange.context import Context, Policy, Uploads
from passerelle.identity import files, passphrases
from passerelle.identity import identity as identities
from passerelle.identity import keys as key_files
from passerelle.identity.custody import Custody
from passerelle.identity.identity import Identity
from passerelle.identity.passphrases import Ask
from passerelle.office.asking import Office
from passerelle.ports.keys import CANDIDATES, ERAS, SPANS, Candidate, Era
from passerelle.ports.leases import PROCESSES
from passerelle.ports.records import META, PARTNERS, Meta, Partner
from passerelle.ports.store import Fault, Reading, Store, Writing, no_fault
from passerelle.screening.index import Indexes
from passerelle.store import Opening, open_store
from passerelle.store.marks import FileMarks

SETTINGS, IDENTITY, KEYS, TLS_KEY, TLS_CERTIFICATE = "passerelle.toml", "identity.json", "keys", "tls.key", "tls.pem"
LOCK, WAKE, MAIN = "serve", "wake", "main"

_INSTANCE = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")


def check_instance(name: str) -> str:
    """The name of one of several processes that serve. Raises InputError."""
    if not _INSTANCE.fullmatch(name):
        raise InputError(f"--instance: expected 1 to 40 of a-z 0-9 . -, got {name[:60]!r}")
    return name


def instance_of(node: "Node") -> str:
    """The name of a process that was given none: that of the machine, where several may serve."""
    if not node.shared:
        return MAIN
    name = re.sub(r"[^a-z0-9.-]", "-", socket.gethostname().lower()).lstrip(".-")[:40]
    return name or MAIN


def url_of(folder: Path, settings: Settings) -> str:
    """Where the store of a folder is, as `open_store` takes it."""
    url = settings.store.url
    return url if "://" in url else str(folder / url)


class Node:
    """A node's parts, joined. Any process may open one; one serves."""

    def __init__(self, folder: Path, settings: Settings, identity: Identity, ctx: Context, custody: Custody) -> None:
        self.folder, self.settings, self.identity, self.ctx = folder, settings, identity, ctx
        self.custody = custody
        self.store: Store = ctx.store
        self.office = Office(ctx, ZoneInfo(settings.node.timezone))
        self.register = register.Register(folder / register.NAME, ctx.name)
        self.indexes = Indexes(folder, ctx.store)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock: Clock | None = None,
        fault: Fault = no_fault,
        creating: bool = False,
        mending: bool = False,
        check_own: bool = True,
        ask: Ask = passphrases.nobody,
        opening: Opening = "use",
        store: Store | None = None,
    ) -> "Node":
        """The node of a folder. Sealed keys and those in a token are fetched when one is first used; `ask` then asks.

        `mending`: only to change its keys; those in force may be missing, or be those of before a change.
        `opening`: "leave" to move its records to another store, even when they were. `store`: in place of the one that
        the settings name, as one transaction of it.
        Raises SettingsError, KeyFileError, IdentityError (the keys are not those of the identity or of the store),
        StoreError and its kinds.
        """
        settings = configuration.load(folder / SETTINGS)
        custody = Custody(folder / KEYS, settings.keys, ask)
        keys = files.load(settings.node.name, folder / KEYS, custody)
        identity = _own_identity(folder)
        if identity.name != settings.node.name:
            raise IdentityError(f"expected the identity of {settings.node.name}, got that of {identity.name}")
        url = settings.store.url
        if "://" not in url and not creating and not (folder / url).exists():
            raise StoreError(f"expected the store at {folder / url}, got no file")
        store = store or open_store(url_of(folder, settings), fault, opening)
        try:
            identity = _belongs(store, folder, identity, mending=mending, creating=creating)
            _agrees(folder, settings, identity)
            try:
                keys.turn(identity.keys)
            except KeyFileError as error:
                if not mending:
                    raise KeyFileError(f"{folder / KEYS}: {error}: {_KEYS_LOST}") from None
            exchange = settings.exchange
            ctx = Context(
                name=settings.node.name,
                keys=keys,
                store=store,
                clock=clock or SystemClock(),
                catalogue=Catalogue.load(*(folder / one for one in settings.catalogue.folders)),
                policy=Policy(
                    batch_entries=exchange.batch_entries,
                    batch_bytes=exchange.batch_bytes,
                    retry_first=exchange.retry_first_ms,
                    retry_most=exchange.retry_most_ms,
                    uploads=_uploads(settings),
                    check_own=check_own,
                ),
                country=settings.node.country,
                zone=settings.node.timezone,
                calendars=Calendars.load(folder / settings.calendar.folder),
                marks=FileMarks(folder, store),
            )
        except BaseException:
            store.close()
            raise
        return cls(folder, settings, identity, ctx, custody)

    def close(self) -> None:
        self.store.close()

    def certificate(self) -> tuple[Path, Path]:
        """Key and certificate of the partner interface: the newest that every confirmed partner knows."""

        def read(tx: Reading) -> str:
            eras = {era.number: era for era in tx.scan(ERAS, limit=100_000)}
            mine = (
                trust.mine(tx, self.ctx, one.name)
                for one in tx.scan(PARTNERS, limit=10_000)
                if one.status == "confirmed"
            )
            return self.ctx.parsed(eras[min((one.known for one in mine), default=max(eras))].identity).tls

        pin = self.store.read(read)
        key, certificate = self.folder / f"tls-{pin[:16]}.key", self.folder / f"tls-{pin[:16]}.pem"
        return (key, certificate) if certificate.exists() else (self.folder / TLS_KEY, self.folder / TLS_CERTIFICATE)

    # -- those that serve ---------------------------------------------------------------------------------------

    @property
    def shared(self) -> bool:
        """Whether several processes may serve the store of this node."""
        return self.settings.store.url.startswith("postgresql:")

    @contextmanager
    def serving(self, instance: str = MAIN) -> Iterator[socket.socket | None]:
        """Hold the folder's lock, or, where the store is shared, that of one instance of several in this folder.

        Gives the socket on which the command line wakes this process. Raises BusyError when another process serves,
        KeyFileError when others can read its TLS key.
        """
        key_files.read_private(self.certificate()[0])
        among = f"-{check_instance(instance)}" if self.shared else ""
        with (
            locks.held(self.folder / f"{LOCK}{among}.lock", self._taken(instance)),
            locks.bell(self.folder / f"{WAKE}{among}.sock") as wake,
        ):
            yield wake

    def _taken(self, instance: str) -> str:
        if self.shared:
            return f"expected an instance that no process is, got {instance} of {self.folder}, in use (see --instance)"
        return f"expected a folder that no process serves, got {self.folder}, in use"

    def wake(self) -> None:
        """Tell the processes that serve this folder that something is in line."""
        for path in self.folder.glob(f"{WAKE}*.sock"):
            locks.ring(path)

    def is_served(self) -> bool:
        """Whether a process serves this node: one that listens for a wake in this folder, or one on another machine."""
        if any(locks.hears(path) for path in self.folder.glob(f"{WAKE}*.sock")):
            return True
        now = self.ctx.clock.now()
        return self.shared and any(
            not one.is_silent(now) for one in self.store.read(lambda tx: tx.scan(PROCESSES, limit=10_000))
        )

    # -- partners -----------------------------------------------------------------------------------------------

    def add_partner(self, body: bytes, by: str) -> Partner:
        """Take a partner's identity file. It stays unconfirmed until persons have compared the fingerprint.

        The same keys at another address replace the file. Other keys under a known name wait beside those in force,
        which go on to count: they bind when persons confirm their fingerprint.
        """
        identity = identities.parse(body)
        if identity.name == self.ctx.name:
            raise InputError(f"expected a partner's identity, got this node's own ({identity.name})")

        def work(tx: Writing) -> Partner:
            now = self.ctx.clock.now()
            there = tx.get(PARTNERS, identity.name)
            if there is not None:
                known = identities.parse(there.identity)
                if there.identity == body:
                    return there
                if known.key_digest != identity.key_digest and there.status != "unconfirmed":
                    return self._candidate(tx, there, identity, by)
            partner = Partner(
                name=identity.name,
                identity=body,
                fingerprint=identity.fingerprint,
                status="unconfirmed",
                added=there.added if there else now,
                changed=now,
                changed_by=by,
            )
            tx.put(PARTNERS, [partner])
            notes.record(tx, self.ctx, What.PARTNER_ADDED, by, identity.name, {"fingerprint": identity.fingerprint})
            return partner

        return self.store.write("partner.add", work)

    def _candidate(self, tx: Writing, there: Partner, identity: Identity, by: str) -> Partner:
        """Other keys of a known partner: kept beside those in force, and worth nothing before they were compared."""
        for span in tx.scan(SPANS, "key", (there.name,), limit=100_000):
            if span.fingerprint == identity.fingerprint:
                raise IdentityError(
                    f"expected an identity of {there.name} that is new, got one that it has handed over"
                )
        now = self.ctx.clock.now()
        tx.put(CANDIDATES, [Candidate(there.name, identity.body, identity.fingerprint, now, by)])
        details = {"fingerprint": identity.fingerprint}
        notes.record(tx, self.ctx, What.PARTNER_ADDED, by, identity.name, details)
        return there

    def candidate(self, name: str) -> Candidate | None:
        """The identity file with other keys that waits to be compared, if there is one."""
        return self.store.read(lambda tx: tx.get(CANDIDATES, name))

    def set_partner(self, name: str, status: str, by: str, fingerprint: str = "") -> Partner:
        """Confirm (with the fingerprint that was compared) or suspend a partner. Raises NotFoundError, InputError."""

        def work(tx: Writing) -> Partner:
            there = tx.get(PARTNERS, name)
            if there is None:
                raise NotFoundError(f"expected a known partner, got {name!r}")
            waiting = tx.get(CANDIDATES, name)
            if status == "confirmed" and waiting is not None and fingerprint == waiting.fingerprint:
                there = succession.rebind(tx, self.ctx, there, waiting, by)
            if status == "confirmed" and fingerprint != there.fingerprint:
                # The right one is not shown: it must come from the partner's voice.
                raise InputError(f"expected the fingerprint of {name}, got {fingerprint[:80] or 'none'}")
            changed = Partner(
                name=name,
                identity=there.identity,
                fingerprint=there.fingerprint,
                status=status,
                added=there.added,
                changed=self.ctx.clock.now(),
                changed_by=by,
            )
            tx.put(PARTNERS, [changed])
            if status == "confirmed":
                rotation.met(tx, self.ctx, name)
            what = What.PARTNER_CONFIRMED if status == "confirmed" else What.PARTNER_SUSPENDED
            notes.record(tx, self.ctx, what, by, name, {"fingerprint": there.fingerprint})
            return changed

        return self.store.write("partner.status", work)

    def partners(self) -> list[Partner]:
        """All partners, by name."""
        return self.store.read(lambda tx: tx.scan(PARTNERS, limit=10_000))


def _uploads(settings: Settings) -> Uploads:
    files = settings.attachments
    return Uploads(
        file_bytes=files.file_bytes,
        unfinished_bytes=files.unfinished_bytes,
        unfinished_files=files.unfinished_files,
        expire=add_duration(0, files.expire),
        unsent=add_duration(0, files.unsent),
    )


def _own_identity(folder: Path) -> Identity:
    try:
        return identities.parse((folder / IDENTITY).read_bytes())
    except OSError as error:
        raise KeyFileError(f"{folder / IDENTITY}: expected the identity file, got {error.strerror}") from None


def _agrees(folder: Path, settings: Settings, identity: Identity) -> None:
    """What partners were told of this node is what its settings say."""
    node = settings.node
    for key in ("country", "languages", "timezone"):
        told, said = getattr(identity, key), getattr(node, key)
        if told != said:
            where = folder / SETTINGS
            raise SettingsError(f"{where}: node.{key}: expected {told!r}, as in the identity file, got {said!r}")


_KEYS_LOST = (
    "put back the keys from a newer copy; if there is none, `passerelle keys renew` makes new ones, which partners "
    "must compare by voice"
)
_STORE_OLD = (
    "the store is from before the keys of this folder were changed: put back a newer copy of the store, or let it go "
    "by the keys of the folder: passerelle keys adopt"
)


def _belongs(store: Store, folder: Path, identity: Identity, *, mending: bool, creating: bool) -> Identity:
    """A store is bound to the node's identity when it is made, and follows its changes. Returns the one in force.

    The store says which that is. A folder whose identity file is of before the last change was stopped in between: the
    file is made anew. One that the store does not know is of another node, or the store was put back.
    """

    def read(tx: Reading) -> list[Era]:
        return tx.scan(ERAS, limit=100_000)

    eras = store.read(read)
    if not eras:
        if not creating:
            raise StoreError("expected the store of this node, got an empty one: was it lost? Put back a backup")
        store.write("node.bind", lambda tx: _bind(tx, identity))
        return identity
    current = identities.parse(eras[-1].identity)
    if current.body == identity.body:
        return identity
    if identity.fingerprint in {era.fingerprint for era in eras}:
        durable.replace(folder / IDENTITY, current.body)
        return current
    before = {path.stem.removeprefix("identity-") for path in (folder / KEYS).glob("identity-*.json")}
    if identity.name != current.name or current.fingerprint not in before:
        raise IdentityError(
            f"expected the keys that this store was made with, got those of another node: {identity.name}"
        )
    if not mending:
        raise StateError(f"{folder}: {_STORE_OLD}")
    return current


def _bind(tx: Writing, identity: Identity) -> None:
    rotation.first(tx, identity, SystemClock().now(), "node")
    tx.put(META, [Meta(name="node", value=identity.name)])
