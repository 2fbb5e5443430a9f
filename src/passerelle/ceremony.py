"""Changing the keys of a node, as a security officer orders it: files and store in an order that no crash breaks.

1. new private keys (and a certificate) are written under their ids, durable. If we stop here: files that nothing names;
   they are destroyed at the next change;
2. the store goes by the new identity (`rotation.start`): the moment of the change. If we stop here: the identity file
   is the one before; opening the node makes it anew;
3. the identity file is replaced; the one before is kept beside the keys, so that a store that is put back later is
   known to be of before this change.

Telling partners and destroying old keys is the work of the process that serves (`exchange.rotation`).

Rules kept here: one ceremony at a time; nothing is destroyed that the store names as in use.
"""

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from passerelle.core import durable
from passerelle.core.audit import What
from passerelle.core.errors import BusyError, IdentityError, InputError, StateError
from passerelle.exchange import notes, rotation, trust
from passerelle.identity import files, identity, keys, protecting, tls
from passerelle.identity.identity import Identity
from passerelle.identity.keys import KINDS, OpenKey, PublicKeys, Secret, Signer
from passerelle.node import IDENTITY, KEYS, Node
from passerelle.ports.keys import ERAS, RETIRED, Retired
from passerelle.ports.store import Reading, Writing

TLS = "tls"
LOCK = "keys.lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While this lasts no key of the folder changes. Raises BusyError when one does."""
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError(f"expected one change of keys at a time, got another one under way in {folder}") from None
        yield


def rotate(
    node: Node,
    kinds: Sequence[str],
    by: str,
    reason: str,
    *,
    endpoints: Sequence[str] = (),
    token: bool | None = None,
) -> Identity:
    """New keys of these kinds (`KINDS`, and `tls`: a certificate), or other addresses.

    `token`: whether Ed25519 keys are made in the token of the settings; None: when they name one.
    Raises InputError, StateError while a log of a confirmed partner stands still, BusyError.
    """
    known = (*KINDS, TLS)
    if strange := [kind for kind in kinds if kind not in known]:
        raise InputError(f"expected kinds of keys among {', '.join(known)}, got {', '.join(strange)[:60]}")
    if not kinds and not endpoints:
        raise InputError("expected a kind of key or an endpoint to change, got none")
    return _change(node, kinds, by, reason, "rotated", endpoints=endpoints, token=token)


def revoke(node: Node, kind: str, by: str, reason: str, *, token: bool | None = None) -> Identity:
    """A new key of one kind in place of one that is lost or stolen, told to partners by the other keys.

    Raises as `rotate`.
    """
    if kind not in KINDS:
        raise InputError(f"expected one kind of key among {', '.join(KINDS)}, got {kind[:20]!r}")
    return _change(node, (kind,), by, reason, "revoked", revoked=kind, token=token)


def renew(node: Node, by: str, reason: str, lost: Identity | None = None, *, token: bool | None = None) -> Identity:
    """All keys new, known to no partner before persons there have compared the new identity file.

    `lost`: an identity of this node that its store does not know, as a partner holds it.
    """
    if lost is not None and lost.name != node.ctx.name:
        raise InputError(f"--lost: expected an identity of {node.ctx.name}, got that of {lost.name}")
    return _change(node, KINDS, by, reason, "renewed", lost=lost, token=token)


def adopt(node: Node, by: str) -> Identity:
    """Have a store that was put back from before a change of keys go by the keys of its folder again.

    Raises StateError when the store is not older than the folder, KeyFileError when keys of the folder are missing.
    """
    made = _strange(node)
    if made is None:
        raise StateError("expected a store from before the last change of keys, got one that knows it")
    eras = node.store.read(lambda tx: tx.scan(ERAS, limit=trust.ALL))
    known = {made.fingerprint, *(era.fingerprint for era in eras)}
    # Those in between: a partner may have been told of one of them.
    paths = sorted((node.folder / KEYS).glob("identity-*.json"), key=lambda path: path.stat().st_mtime_ns)
    kept = [identity.parse(path.read_bytes()) for path in paths]
    forgotten = [*(one for one in kept if one.fingerprint not in known), made]
    with alone(node.folder):
        node.ctx.keys.turn(made.keys)
        node.store.write("keys.adopt", lambda tx: rotation.adopt(tx, node.ctx, forgotten, by))
        node.identity = made
    return made


def _change(
    node: Node,
    kinds: Sequence[str],
    by: str,
    reason: str,
    how: str,
    *,
    revoked: str = "",
    endpoints: Sequence[str] = (),
    lost: Identity | None = None,
    token: bool | None = None,
) -> Identity:
    if not reason.strip():
        raise InputError("--reason: expected why the keys change, got nothing")
    with alone(node.folder):
        strange = _strange(node)
        if how != "renewed":
            if strange is not None:
                raise StateError("expected a store that knows the identity file of the folder: passerelle keys adopt")
            node.store.read(rotation.still)
        lost = lost or strange
        before = node.identity
        made_of = [kind for kind in kinds if kind != TLS]
        token = bool(node.settings.keys.token) if token is None else token
        secrets = files.make(node.folder / KEYS, before.name, node.custody, made_of, token=token)
        public = _public(before.name, before.keys, secrets)
        pin = _certificate(node) if TLS in kinds else ""
        made = identity.changed(before, public, endpoints=tuple(endpoints) or None, tls=pin)
        files.add(node.folder / KEYS, before.name, secrets, node.custody)
        durable.replace(node.folder / KEYS / f"identity-{before.fingerprint}.json", before.body)
        rotation.start(node.ctx, made, by=by, reason=reason, revoked=revoked, how=how, lost=lost)
        durable.replace(node.folder / IDENTITY, made.body)
        node.identity = made
        _sweep(node)
    node.wake()
    return made


def _strange(node: Node) -> Identity | None:
    """The identity of the folder when the store, put back from before a change, does not know it."""
    try:
        found = identity.parse((node.folder / IDENTITY).read_bytes())
    except (OSError, IdentityError):
        return None
    eras = node.store.read(lambda tx: tx.scan(ERAS, limit=trust.ALL))
    return found if all(era.fingerprint != found.fingerprint for era in eras) else None


def _public(name: str, before: PublicKeys, secrets: Mapping[str, Secret]) -> PublicKeys:
    made = {label: keys.NodeKeys(name, {}).add(label, secret) for label, secret in secrets.items()}
    changes: dict[str, object] = {}
    for label, one in made.items():
        other = made.get(f"{label}-pq")
        if isinstance(one, OpenKey):
            changes[label] = one.public
        elif not label.endswith("-pq"):
            changes[label] = (one.verifier, other.verifier) if isinstance(other, Signer) else one.verifier
    return msgspec.structs.replace(before, **changes)


def _certificate(node: Node) -> str:
    """A new certificate beside the one in use. Returns its pin."""
    private, certificate = tls.make_certificate(node.ctx.name)
    pin = tls.pin_of(certificate)
    private = tls.sealed(private, node.custody.password())
    durable.replace(node.folder / f"tls-{pin[:16]}.key", private, 0o600)
    durable.replace(node.folder / f"tls-{pin[:16]}.pem", certificate)
    return pin


def _sweep(node: Node) -> None:
    """Destroy key files that no era names: a change that stopped before its moment left them."""

    def named(tx: Reading) -> set[str]:
        sets = [node.ctx.parsed(era.identity).keys for era in tx.scan(ERAS, limit=trust.ALL)]
        return {one for public in sets for kind in KINDS for one in public.ids(kind)}

    use = node.store.read(named)
    strange = {one for one in node.ctx.keys.held if one not in use}
    if strange:
        files.destroy(node.folder / KEYS, node.ctx.name, strange, node.custody)
        node.ctx.keys.forget(strange)


def protect(node: Node, passphrase: str, by: str, step: protecting.Step = protecting.no_step) -> list[str]:
    """Seal the key files under a passphrase, or go on where that stopped. Returns the files that were sealed.

    Raises KeyFileError for a short passphrase, and for another than that of files which are sealed already.
    """
    with alone(node.folder):
        if not node.custody.sealing:
            _note(node, by, "protected")
            protecting.begin(node.custody, passphrase)
        return protecting.protect(node.custody, step)


def unprotect(node: Node, by: str, step: protecting.Step = protecting.no_step) -> list[str]:
    """Bring sealed key files into clear. Returns their names. Raises StateError when none are sealed, KeyFileError."""
    with alone(node.folder):
        if node.custody.sealing:
            node.custody.vault()
            _note(node, by, "unprotected")
        return protecting.unprotect(node.custody, step)


def change_passphrase(node: Node, passphrase: str, by: str) -> None:
    """Another passphrase for sealed key files. Raises StateError when none are sealed, KeyFileError."""
    with alone(node.folder):
        if not node.custody.sealing:
            raise StateError("expected key files that are sealed, got files in clear: passerelle keys protect")
        protecting.change(node.custody, passphrase)
        _note(node, by, "passphrase")


def _note(node: Node, by: str, how: str) -> None:
    def work(tx: Writing) -> None:
        notes.record(tx, node.ctx, What.KEYS_PROTECTED, by, node.ctx.name, {"how": how})

    node.store.write("keys.protect", work)


def tidy(node: Node) -> list[Retired]:
    """Destroy what nobody goes by any more. Returns the keys that went. Called by the process that serves."""
    folder, name = node.folder / KEYS, node.ctx.name
    with alone(node.folder):
        files.finish(folder, node.custody)
        return rotation.retire(node.ctx, lambda ids: files.destroy(folder, name, ids, node.custody))


def retired(tx: Reading) -> list[Retired]:
    """Private keys that are no longer needed, waiting or destroyed."""
    return tx.scan(RETIRED, limit=trust.ALL)
