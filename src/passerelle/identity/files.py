"""The folder of a node's private keys: one file a key, of its owner alone. What a file holds is `custody`'s to say.

    <label>.key         the keys that the node was made with
    <label>.<id>.key    keys made later
    <id>.making         a key is being made in a token, under this CKA_ID
    vault               what seals the files, when they are sealed

A file is known by what it holds; its name tells persons the same. A key is destroyed by writing over its file before
the name goes, one in a token by the token. That is as much as a program can do: what a disk, a snapshot or a backup
keeps of it is beyond reach.
"""

from collections.abc import Container, Iterable, Iterator
from pathlib import Path

import msgspec

from passerelle.core import durable
from passerelle.core.errors import KeyFileError
from passerelle.identity import custody as keeping
from passerelle.identity.custody import Custody, TokenKey
from passerelle.identity.keys import KINDS, SEEDS, NodeKeys, Secret, Signer, generate, write_private

MAKING, GONE = ".making", ".gone"


class Held(msgspec.Struct, frozen=True):
    """A private key of a folder. `kind` as in `KINDS`; `id` in hex; `place` in words (`custody.place_of`)."""

    path: Path
    label: str
    kind: str
    id: str
    place: str


def save(folder: Path, secrets: dict[str, bytes]) -> None:
    """Write one file a seed in clear, `<label>.key`, into a new folder of the owner alone."""
    folder.mkdir(mode=0o700)
    keep(folder, secrets, Custody(folder))


def keep(folder: Path, secrets: dict[str, Secret] | dict[str, bytes], custody: Custody) -> None:
    """Write one file a key, `<label>.key`. Raises KeyFileError when one is there."""
    for label, secret in secrets.items():
        write_private(folder / f"{label}.key", custody.written(label, secret))
        _made(folder, secret)


def load(name: str, folder: Path, custody: Custody | None = None) -> NodeKeys:
    """All private keys of a folder; in use are those that the node was made with. Raises KeyFileError naming the file.

    Another set is put in use with `turn`.
    """
    keys = NodeKeys(name, {})
    keys.look = lambda: read(folder, custody)
    for label, secret in keys.look():
        keys.add(label, secret)
    return keys


def first(name: str, folder: Path, custody: Custody | None = None) -> NodeKeys:
    """The keys that a node was made with. Raises KeyFileError naming the file that is missing."""
    custody = custody or Custody(folder)
    return NodeKeys(name, {label: custody.read(folder / f"{label}.key", label) for label in SEEDS})


def read(folder: Path, custody: Custody | None = None) -> list[tuple[str, Secret]]:
    """Label and private key of each key file. Raises KeyFileError."""
    custody = custody or Custody(folder)
    return [(label, custody.read(path, label)) for path, label in paths(folder)]


def paths(folder: Path) -> list[tuple[Path, str]]:
    """The key files, and the label of each."""
    found = ((path, path.name.split(".")[0]) for path in sorted(folder.glob("*.key")))
    return [(path, label) for path, label in found if label in SEEDS]


def held(name: str, folder: Path, custody: Custody | None = None) -> list[Held]:
    """The private keys of a folder, with where each is kept. Raises KeyFileError."""
    custody = custody or Custody(folder)
    found = []
    for path, label in paths(folder):
        secret = custody.read(path, label)
        kind = label.removesuffix("-pq")
        found.append(Held(path, label, kind, _id(name, label, secret), keeping.place_of(secret)))
    return found


def make(folder: Path, name: str, custody: Custody, kinds: Iterable[str] = KINDS, *, token: bool) -> dict[str, Secret]:
    """New private keys by label; `token`: the Ed25519 keys in the token.

    Before a key is made there, its CKA_ID is written down: if we stop, `finish` has the token destroy it. Raises
    TokenError.
    """
    secrets: dict[str, Secret] = dict(generate(name, kinds=kinds))
    for label in [one for one in secrets if token and one in keeping.IN_TOKEN]:
        custody.token().check()
        cka_id = keeping.new_id()
        durable.replace(folder / f"{cka_id.hex()}{MAKING}", custody.token().label.encode(), 0o600)
        secrets[label] = custody.make(label, cka_id, f"{name}/{label}")
    return secrets


def add(folder: Path, name: str, secrets: dict[str, Secret], custody: Custody | None = None) -> None:
    """Write more keys, each under its id. Durable when it returns; a key that is there already stays."""
    custody = custody or Custody(folder)
    for label, secret in secrets.items():
        made = custody.written(label, secret)
        durable.replace(folder / f"{label}.{_id(name, label, secret)}.key", made, 0o600)
        _made(folder, secret)


def _made(folder: Path, secret: Secret) -> None:
    """A key that was made in a token has its file now."""
    if isinstance(secret, TokenKey):
        (folder / f"{secret.id.hex()}{MAKING}").unlink(missing_ok=True)


def destroy(folder: Path, name: str, ids: Container[str], custody: Custody | None = None) -> list[str]:
    """Destroy these keys, in a token too. Returns the names of their files. Raises TokenError when a token is away."""
    custody = custody or Custody(folder)
    gone = []
    for path, label in paths(folder):
        if _id(name, label, custody.read(path, label)) in ids:
            gone.append(path.name)
            # Renamed first: if we stop while it is written over, no half a key is in the way of the next start.
            path.rename(path.with_suffix(GONE))
    finish(folder, custody)
    return gone


def unfinished(folder: Path) -> Iterator[Path]:
    """What `finish` would see to."""
    yield from folder.glob(f"*{GONE}")
    yield from folder.glob(f"*{MAKING}")


def finish(folder: Path, custody: Custody) -> None:
    """What a stop left undone: keys half destroyed, and keys half made in a token. Raises TokenError."""
    left = list(unfinished(folder))
    for path in left:
        if path.suffix == MAKING:
            custody.token(path.read_text("utf-8")).destroy(bytes.fromhex(path.stem))
        elif isinstance(secret := _kept(path, custody), TokenKey):
            secret.destroy()
        wipe(path)
    if left:
        durable.sync(folder)


def _kept(path: Path, custody: Custody) -> Secret | None:
    try:
        return custody.read(path, path.name.split(".")[0])
    except (KeyFileError, KeyError):
        return None  # written over already, or never a key


def wipe(path: Path) -> None:
    """Write over a file and remove it. Another name for the same file stays what it is."""
    there = path.stat()
    if there.st_nlink == 1:
        with path.open("r+b") as file:
            file.write(b"\0" * there.st_size)
            durable.settle(file)
    path.unlink()


def _id(name: str, label: str, secret: Secret) -> str:
    made = NodeKeys(name, {}).add(label, secret)
    return made.id.hex() if isinstance(made, Signer) else made.id
