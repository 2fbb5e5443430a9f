"""How the private keys of a folder are kept: each in a file of its own, or in a token with a file that says where.

    <base64 of the seed>                                           in clear
    {"format", "label", "public", "sealed"}                        sealed by the folder's vault
    {"format", "label", "public", "token", "id"}                   in a token, under this CKA_ID

Rules kept here:
- the public half stands in clear, so that all who only look at a node need neither passphrase nor PIN: a key is fetched
  when it is first used;
- what comes out of a sealed file must be the key of its public half;
- a passphrase is read once a process; a PIN each time that a token is opened, one that was typed excepted.

Left unchecked: memory. A seed that is in use can be read by who can read this process; that is what tokens are for.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.errors import IdentityError, JsonError, KeyFileError
from passerelle.core.settings import KeysSettings
from passerelle.identity import passphrases, vault
from passerelle.identity.keys import SEEDS, OpenKey, Secret, b64, private_key, read_private, signature_type, unb64
from passerelle.identity.passphrases import Ask
from passerelle.identity.tokens import Token
from passerelle.identity.vault import Vault

FORMAT = "passerelle key 1"
VAULT = "vault"
CLEAR, SEALED, TOKEN = "clear", "sealed", "token"
IN_TOKEN = ("log", "receipt", "witness", "envelope")
"""Labels of the Ed25519 keys. The others' algorithms are in no token that one can buy."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key file that is not a seed in clear."""

    format: str
    label: str
    public: str
    sealed: str = ""
    token: str = ""
    id: str = ""


class SealedKey:
    """A key in a sealed file (`Kept`)."""

    place = SEALED

    def __init__(self, label: str, public: bytes, reveal: Callable[[], bytes]) -> None:
        self.label, self.public, self._reveal = label, public, reveal
        self._key: Any = None

    def seed(self) -> bytes:
        """The seed. Raises KeyFileError when it is not that of the public half."""
        seed = self._reveal()
        if len(seed) != SEEDS[self.label] or public_of(self.label, seed) != self.public:
            raise KeyFileError(f"expected the {self.label} key of its public half in a sealed file, got another")
        return seed

    def ready(self) -> None:
        if self._key is None:
            seed = self.seed()
            self._key = OpenKey(seed) if self.label == "sealing" else private_key(signature_type(self.label), seed)

    def sign(self, message: bytes) -> bytes:
        self.ready()
        return bytes(self._key.sign(message))

    def open(self, sealed: bytes, info: bytes) -> bytes:
        self.ready()
        plain: bytes = self._key.open(sealed, info)
        return plain


class TokenKey:
    """A key in a token (`Kept`)."""

    place = TOKEN

    def __init__(self, label: str, public: bytes, cka_id: bytes, token: str, reach: Callable[[str], Token]) -> None:
        self.label, self.public, self.id, self.token, self._reach = label, public, cka_id, token, reach

    def ready(self) -> None:
        if not self._reach(self.token).has(self.id):
            raise KeyFileError(f"expected the {self.label} key {self.id.hex()} in the token {self.token}, got none")

    def sign(self, message: bytes) -> bytes:
        return self._reach(self.token).sign(self.id, self.public, message)

    def destroy(self) -> None:
        """It is gone from the token."""
        self._reach(self.token).destroy(self.id)

    def open(self, sealed: bytes, info: bytes) -> bytes:
        raise KeyFileError(f"expected a sealing key, got the {self.label} key in a token")


class Custody:
    """What opens the keys of a folder: its vault, its token. Nothing is opened before a key needs it."""

    def __init__(self, folder: Path, settings: KeysSettings | None = None, ask: Ask = passphrases.nobody) -> None:
        """`folder`: that of the keys."""
        self.folder, self.settings, self._ask = folder, settings or KeysSettings(), ask
        self.path = folder / VAULT
        self.although_refused = False
        self._typed = ""
        self._vault: Vault | None = None
        self._tokens: dict[str, Token] = {}

    # -- the vault ----------------------------------------------------------------------------------------------

    @property
    def sealing(self) -> bool:
        """Whether keys of this folder are sealed."""
        return self.path.exists()

    def vault(self) -> Vault:
        """The open vault. Raises KeyFileError."""
        if self._vault is None:
            self._vault = vault.unlock(read_private(self.path), self.passphrase(), str(self.path))
        return self._vault

    def passphrase(self) -> str:
        return passphrases.read(self.settings.passphrase, passphrases.PASSPHRASE, self.folder.parent, self._ask)

    def password(self) -> str | None:
        """The password of sealed TLS keys, None where keys are in clear. Raises KeyFileError."""
        return self.vault().password() if self.sealing else None

    def take(self, made: Vault | None) -> None:
        """This is the vault from now on."""
        self._vault = made

    # -- the token ----------------------------------------------------------------------------------------------

    def token(self, label: str = "") -> Token:
        """A token of the settings' module, by default theirs. Raises TokenError when there is none in the settings."""
        label = label or self.settings.token
        if not self.settings.pkcs11_module or not label:
            raise KeyFileError("expected keys.pkcs11_module and keys.token in the settings, got none")
        if label not in self._tokens:
            self._tokens[label] = Token(self.settings.pkcs11_module, label, self._pin)
        self._tokens[label].although_refused = self.although_refused
        return self._tokens[label]

    def _pin(self) -> str:
        if self.settings.pin == "prompt" and self._typed:
            return self._typed
        self._typed = passphrases.read(self.settings.pin, passphrases.PIN, self.folder.parent, self._ask)
        return self._typed

    def make(self, label: str, cka_id: bytes, name: str) -> TokenKey:
        """A new key in the token."""
        token = self.token()
        return TokenKey(label, token.generate(cka_id, name), cka_id, token.label, self.token)

    # -- files --------------------------------------------------------------------------------------------------

    def written(self, label: str, secret: Secret) -> bytes:
        """What the file of a key holds."""
        if isinstance(secret, TokenKey):
            value = _File(FORMAT, label, b64(secret.public), token=secret.token, id=secret.id.hex())
        elif isinstance(secret, bytes) and self.sealing:
            public = public_of(label, secret)
            value = _File(FORMAT, label, b64(public), sealed=b64(self.vault().seal(secret, _bound(label, public))))
        elif isinstance(secret, bytes):
            return clear(secret)
        else:
            raise TypeError(f"expected a seed or a key in a token, got {type(secret).__name__}")
        kept = {key: one for key, one in msgspec.to_builtins(value).items() if one}
        return json.canonical(kept) + b"\n"

    def read(self, path: Path, label: str) -> Secret:
        """The key in a file. Raises KeyFileError."""
        data = read_private(path)
        try:
            return self._kept(data, label) if data.startswith(b"{") else _seed(data, label)
        except (IdentityError, JsonError, msgspec.ValidationError, ValueError) as error:
            raise KeyFileError(f"{path}: {error}") from None

    def _kept(self, data: bytes, label: str) -> Secret:
        found = msgspec.convert(json.parse_object(data, "key"), _File)
        if (found.format, found.label) != (FORMAT, label):
            raise KeyFileError(f"expected {FORMAT} of the {label} key, got {found.format} of {found.label}")
        public = unb64(found.public)
        if found.token:
            return TokenKey(label, public, bytes.fromhex(found.id), found.token, self.token)
        sealed = unb64(found.sealed)
        return SealedKey(label, public, lambda: self.vault().open(sealed, _bound(label, public)))


def clear(seed: bytes) -> bytes:
    """A seed as its file holds it in clear."""
    return b64(seed).encode() + b"\n"


def place_of(secret: Secret) -> str:
    """Where a key is kept, in words."""
    if isinstance(secret, TokenKey):
        return f"token {secret.token}"
    return CLEAR if isinstance(secret, bytes) else SEALED


def public_of(label: str, seed: bytes) -> bytes:
    """The raw public half of a seed; of a sealing key ML-KEM-768, then X25519."""
    if label == "sealing":
        made = OpenKey(seed).public
        return made.mlkem + made.x25519
    public: bytes = private_key(signature_type(label), seed).public_key().public_bytes_raw()
    return public


def new_id() -> bytes:
    """A CKA_ID that no other key has."""
    return os.urandom(16)


def _bound(label: str, public: bytes) -> bytes:
    return json.canonical({"format": FORMAT, "label": label, "public": b64(public)})


def _seed(data: bytes, label: str) -> bytes:
    seed = unb64(data.decode("ascii", "replace").strip())
    if len(seed) != SEEDS[label]:
        raise KeyFileError(f"expected {SEEDS[label]} bytes, got {len(seed)}")
    return seed
