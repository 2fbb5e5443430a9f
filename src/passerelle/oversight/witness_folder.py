"""A witness on its own: a folder with its keys, the logs that persons have added, and what it has cosigned of each.

    DIR/witness.toml                      name, address
    DIR/identity.json                     what nodes get
    DIR/keys/*.key, tls.key, tls.pem      readable by their owner only
    DIR/logs/<node>/identity.json         the node whose audit log is watched
    DIR/logs/<node>/<generation>          the newest checkpoint that was cosigned, as the log signed it
    DIR/logs/<node>/refused/<n>           what it signed that does not continue what was held
    DIR/serve.lock                        held by the one process that serves

A checkpoint replaces the one before by a file beside it, flushed to the disk, renamed over it, and the folder flushed:
the disk has the old one or the new one, whole. Only then it is cosigned. One process serves, and its requests of one
log come one after the other. A folder that was put back from a backup cosigns what continues the older checkpoint: the
log notices, since it holds the cosignature of the newer one.
"""

import fcntl
import os
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from passerelle.core import durable, folders
from passerelle.core.clock import Clock, SystemClock
from passerelle.core.errors import (
    BusyError,
    FullError,
    IdentityError,
    KeyFileError,
    NotFoundError,
    SettingsError,
    StoreError,
)
from passerelle.core.settings import split_listen
from passerelle.core.text import check_node_name
from passerelle.identity import fingerprint as fingerprints
from passerelle.identity import identity as identities
from passerelle.identity import keys as key_files
from passerelle.identity import tls
from passerelle.identity import witness as witnesses
from passerelle.identity.identity import Identity
from passerelle.identity.witness import WitnessIdentity
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.oversight import witness
from passerelle.oversight.witness import BehindError, Held, InconsistentError, UnknownLogError
from passerelle.ports.store import Fault, no_fault

SETTINGS, IDENTITY, KEYS, TLS_KEY, TLS_CERTIFICATE = "witness.toml", "identity.json", "keys", "tls.key", "tls.pem"
LOGS, REFUSED, LOCK = "logs", "refused", "serve.lock"
MOST_REFUSED = 100


class Listening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a witness."""

    name: str
    listen: str


def create(folder: Path, name: str, listen: str, endpoints: tuple[str, ...] = ()) -> WitnessIdentity:
    """Make a witness's folder: all of it, or nothing. Raises InputError when something is there."""
    check_node_name(name)
    split_listen(listen, "--listen")
    with folders.fresh(folder) as made:
        (made / KEYS).mkdir(mode=0o700)
        (made / LOGS).mkdir()
        for label, length in witnesses.SEEDS.items():
            key_files.write_private(made / KEYS / f"{label}.key", witnesses.encoded(os.urandom(length)))
        private, certificate = tls.make_certificate(name)
        key_files.write_private(made / TLS_KEY, private)
        (made / TLS_CERTIFICATE).write_bytes(certificate)
        signers = witnesses.load(name, made / KEYS)
        identity = witnesses.make(name, signers, endpoints or (f"https://{listen}",), tls.pin_of(certificate))
        (made / IDENTITY).write_bytes(identity.body)
        (made / SETTINGS).write_text(f'name = "{name}"\nlisten = "{listen}"\n', "utf-8")
    return identity


def _settings(folder: Path) -> Listening:
    where = folder / SETTINGS
    try:
        found = msgspec.convert(tomllib.loads(where.read_text("utf-8")), Listening)
    except FileNotFoundError:
        raise SettingsError(f"expected a witness's folder, got none at {folder} (make one: witness init)") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{where}: {error}") from None
    split_listen(found.listen, str(where))
    return found


class WitnessFolder:
    """A witness's folder, opened. `add` and `held` are what its interface asks; they may run in threads."""

    def __init__(self, folder: Path, *, clock: Clock | None = None, fault: Fault = no_fault) -> None:
        """Raise SettingsError, KeyFileError or IdentityError when the folder is not whole."""
        self.folder, self.settings = folder, _settings(folder)
        self._signers = witnesses.load(self.settings.name, folder / KEYS)
        self.identity = witnesses.parse(_read(folder / IDENTITY))
        if self.identity.keys != tuple(one.verifier for one in self._signers):
            raise IdentityError(f"{folder}: expected the keys of its identity file, got others")
        self._clock, self._fault = clock or SystemClock(), fault
        self._lock = threading.Lock()

    # -- the logs that it watches -------------------------------------------------------------------------------

    def watch(self, body: bytes, compared: str) -> Identity:
        """Watch the audit log of this node. `compared`: the fingerprint that its people read out.

        A known node's file is replaced, for changed keys or addresses. Raises IdentityError, InputError.
        """
        identity = identities.parse(body)
        if not fingerprints.matches(compared, identity.name, identity.fingerprint):
            raise IdentityError(f"expected the fingerprint of the file of {identity.name}, got another: nothing added")
        place = self.folder / LOGS / identity.name
        place.mkdir(exist_ok=True)
        durable.sync(self.folder / LOGS)
        self._replace(place / IDENTITY, body)
        return identity

    def nodes(self) -> list[str]:
        """The nodes whose logs are watched."""
        return sorted(one.name for one in (self.folder / LOGS).iterdir() if (one / IDENTITY).exists())

    def identity_of(self, node: str) -> Identity:
        """The identity of a node that is watched. Raises UnknownLogError."""
        try:
            return identities.parse((self.folder / LOGS / check_node_name(node) / IDENTITY).read_bytes())
        except FileNotFoundError:
            raise UnknownLogError(f"expected a node that is watched, got {node}") from None

    def generations(self, node: str) -> list[tuple[int, Checkpoint, int]]:
        """What was cosigned of each generation, oldest first: generation, checkpoint, when (milliseconds)."""
        place = self.folder / LOGS / node
        numbers = sorted(int(one.name) for one in place.iterdir() if one.name.isdecimal()) if place.exists() else []
        return [
            (number, checkpoints.parse(_read(place / str(number))), (place / str(number)).stat().st_mtime_ns // 10**6)
            for number in numbers
        ]

    def refused(self, node: str) -> list[Path]:
        """The proofs of what this node signed and this witness did not cosign."""
        place = self.folder / LOGS / node / REFUSED
        return sorted(place.iterdir()) if place.exists() else []

    # -- what logs ask ------------------------------------------------------------------------------------------

    def add(self, body: bytes) -> bytes:
        """The cosignature lines. Raises WitnessError, StoreError."""
        request, node, generation = witness.read(body)
        identity = self.identity_of(node)
        with self._lock:
            held = self._newest(node)
            try:
                made = witness.judge(request, generation, identity.log, held)
            except (BehindError, InconsistentError) as error:
                if held is not None and (isinstance(error, InconsistentError) or error.fork):
                    self._suspect(node, held, request.checkpoint)
                raise
            self._replace(self.folder / LOGS / node / str(generation), made.note.encode())
        return witness.lines(made, [self._signers], self._clock.now())

    def held(self, body: bytes) -> bytes:
        """The newest checkpoint that is held of the asker's log, cosigned. Raises WitnessError, StoreError."""
        asked, node = witness.read_question(body)
        witness.signed(asked, self.identity_of(node).log)
        with self._lock:
            held = self._newest(node)
        if held is None:
            raise UnknownLogError(f"expected a log that was shown here, got {asked.origin}")
        return witness.shown(held.checkpoint, [self._signers], self._clock.now())

    def _newest(self, node: str) -> Held | None:
        found = self.generations(node)
        return Held(found[-1][0], found[-1][1]) if found else None

    def _suspect(self, node: str, held: Held, offered: Checkpoint) -> None:
        place = self.folder / LOGS / node / REFUSED
        place.mkdir(exist_ok=True)
        known = sorted(place.iterdir())
        text = f"{held.checkpoint}\n{offered}".encode()
        if len(known) < MOST_REFUSED and all(one.read_bytes() != text for one in known):
            self._replace(place / f"{len(known) + 1:03d}", text)

    # -- the disk -----------------------------------------------------------------------------------------------

    def _replace(self, path: Path, data: bytes) -> None:
        """The file has these bytes, durably, or its old ones. Raises FullError or StoreError."""
        beside = path.with_name(f".{path.name}.new")
        try:
            with beside.open("wb") as file:
                file.write(data)
                self._fault("witness.keep:begin")
                durable.settle(file)
            self._fault("witness.keep:commit")
            beside.replace(path)
            durable.sync(path.parent)
            self._fault("witness.keep:done")
        except OSError as error:
            if error.errno == 28:  # ENOSPC
                raise FullError(f"{path}: {error.strerror}") from None
            raise StoreError(f"{path}: {error.strerror}") from None

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Hold the folder's lock. Raises BusyError when another process serves it."""
        key_files.read_private(self.folder / TLS_KEY)
        with (self.folder / LOCK).open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyError(f"expected a folder that no process serves, got {self.folder}, in use") from None
            yield


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"expected a file at {path}, got none") from None
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
