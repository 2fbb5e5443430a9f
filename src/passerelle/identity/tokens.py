"""Ed25519 keys in a PKCS#11 token (OASIS PKCS#11 3.0: CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA): made there, never out.

Rules kept here:
- a key is made as sensitive and not extractable, and is refused when the token says otherwise;
- a key is found by its CKA_ID, and its first signature is checked against the public half that its file names: another
  key under the same id signs nothing that leaves;
- one session a process and token, behind a lock: sessions are scarce and not made for threads. Others of this
  process go on meanwhile (the library lets go of the interpreter); a batch needs three signatures;
- a token that was away (removed, restarted, cut off) is opened anew at the next use, but not more often than every
  `PAUSE` seconds, so that a dead one does not hold up everything;
- a wrong PIN is given once, since tokens lock after a few: this process gives none again, and since the token itself
  remembers (CKF_USER_PIN_COUNT_LOW), neither does another process or the next start, before a person says so.

The module is loaded when a token is first used. Left unchecked: what the module does. It is code in this process, and
is named in the settings alone.
"""

import math
import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from passerelle.core.errors import SignatureError, TokenError
from passerelle.identity.keys import ED25519, Verifier

T = TypeVar("T")

PAUSE = 5.0
_ED25519 = bytes.fromhex("06032b6570")  # OID 1.3.101.112 (RFC 8410), DER
_PATIENCE = 3.0
"""Seconds for which a module that fails without a reason is opened again."""
_POINTS = (32, 34)  # a raw point, or one in an OCTET STRING


class _Module:
    """A PKCS#11 module in this process: its lock, and a session for each token."""

    def __init__(self, path: str, label: str) -> None:
        import pkcs11

        self.lock = threading.RLock()
        self.path = path
        self.sessions: dict[str, Any] = {}
        self.refused: set[str] = set()
        self.failed: dict[str, float] = {}
        self.process = os.getpid()
        try:
            self.lib = pkcs11.lib(path)
        except (RuntimeError, OSError) as error:
            words = f"{type(error).__name__} {error}".strip()
            raise TokenError(
                f"expected a PKCS#11 module at {path} with the token {label}, got none or one that fails: {words}"
            ) from None

    def reset(self) -> None:
        """Begin anew: what was known of the tokens is forgotten. Sessions of before are void."""
        self.sessions.clear()
        self.process = os.getpid()
        self.lib.reinitialize()


_modules: dict[str, _Module] = {}
_loading = threading.Lock()


def _module(path: str, label: str) -> _Module:
    with _loading:
        if path not in _modules:
            _modules[path] = _Module(path, label)
        return _modules[path]


class Token:
    """A token by its label. `pin` is asked for when it is logged in to. Methods may be called from any thread.

    All raise TokenError: token or module missing, PIN refused, key missing, or whatever else the token says.
    `although_refused`: a person wants the PIN tried although the token remembers a wrong one.
    """

    def __init__(self, module: str, label: str, pin: Callable[[], str], *, pause: float = PAUSE) -> None:
        self.module, self.label = module, label
        self.although_refused = False
        self._pin, self._pause = pin, pause
        self._proven: set[bytes] = set()

    def check(self) -> None:
        """It is there and lets this process in."""
        self._use(lambda session: next(iter(session.get_objects({})), None))

    def has(self, cka_id: bytes) -> bool:
        """Whether the token holds the private key of this id."""
        return self._use(lambda session: self._find(session, cka_id) is not None)

    def sign(self, cka_id: bytes, public: bytes, message: bytes) -> bytes:
        """A signature (64 bytes) of the key with this id, whose public half is `public`."""
        from pkcs11 import Mechanism
        from pkcs11.exceptions import NoSuchKey

        def work(session: Any) -> bytes:
            key = self._find(session, cka_id)
            if key is None:
                raise NoSuchKey(cka_id.hex())  # or one that a session which was put out no longer sees
            return bytes(key.sign(message, mechanism=Mechanism.EDDSA))

        made = self._use(work)
        if cka_id not in self._proven:
            try:
                Verifier("", ED25519, public).verify(made, message)
            except SignatureError:
                words = f"expected the key of its file under {cka_id.hex()} in the token {self.label}, got another"
                raise TokenError(words) from None
            self._proven.add(cka_id)
        return made

    def generate(self, cka_id: bytes, label: str) -> bytes:
        """A new key pair under an id that is not taken. Returns the public half (32 bytes)."""
        self.check()  # so that making it needs no second try, which could make two
        return self._use(lambda session: self._make(session, cka_id, label), again=False)

    def destroy(self, cka_id: bytes) -> None:
        """The key of this id is gone from the token. One that is not there is no error."""
        from pkcs11 import Attribute

        def work(session: Any) -> None:
            for one in list(session.get_objects({Attribute.ID: cka_id})):
                one.destroy()

        self._use(work)

    def _make(self, session: Any, cka_id: bytes, label: str) -> bytes:
        from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag

        parameters = session.create_domain_parameters(KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: _ED25519}, local=True)
        public, private = parameters.generate_keypair(
            mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            store=True,
            id=cka_id,
            label=label,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            private_template={
                Attribute.PRIVATE: True,
                Attribute.SENSITIVE: True,
                Attribute.EXTRACTABLE: False,
                Attribute.SIGN: True,
            },
        )
        point = bytes(public[Attribute.EC_POINT])
        kept = private[Attribute.ALWAYS_SENSITIVE] and private[Attribute.NEVER_EXTRACTABLE]
        if not kept or len(point) not in _POINTS:
            private.destroy()
            public.destroy()
            raise TokenError(f"expected an Ed25519 key that never leaves the token {self.label}, got another")
        return point[-32:]

    @staticmethod
    def _find(session: Any, cka_id: bytes) -> Any:
        from pkcs11 import Attribute, ObjectClass

        return next(
            iter(list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: cka_id}))), None
        )

    # -- the session --------------------------------------------------------------------------------------------

    def _use(self, work: Callable[[Any], T], *, again: bool = True) -> T:
        """What `work` gives, with a session; with a new one when the one at hand turns out to be lost.

        A module that fails without a reason while it is opened is opened again, for seconds at most: SoftHSM does so,
        or finds no token, while other processes use it. A wrong PIN is never tried again.
        """
        from pkcs11.exceptions import GeneralError, PKCS11Error

        module = _module(self.module, self.label)
        with module.lock:
            if self.label in module.sessions and module.process == os.getpid():
                try:
                    return work(module.sessions[self.label])
                except PKCS11Error as error:
                    if not again:
                        raise TokenError(self._said(error)) from None
            end, failed = time.monotonic() + _PATIENCE, False
            try:
                while True:
                    try:
                        self._open(module)
                        return work(module.sessions[self.label])
                    except (GeneralError, TokenError) as error:
                        failed |= isinstance(error, GeneralError)
                        if not (again and failed) or time.monotonic() > end:
                            raise
                    module.reset()
                    time.sleep(_PATIENCE / 60)
            except PKCS11Error as error:
                module.failed[self.label] = time.monotonic()
                raise TokenError(self._said(error)) from None

    def _said(self, error: Exception) -> str:
        from pkcs11.exceptions import NoSuchKey

        if isinstance(error, NoSuchKey):
            return f"expected the key {error} in the token {self.label}, got none"
        words = f"{type(error).__name__} {error}".strip()
        return f"expected the token {self.label} of {self.module} to answer, got {words}: it is away, or has failed"

    def _open(self, module: _Module) -> None:
        """A session, logged in."""
        if time.monotonic() - module.failed.get(self.label, -math.inf) < self._pause:
            raise TokenError(f"expected the token {self.label}, got none: it is looked for again in a moment")
        if self.label in module.sessions or self.label in module.failed or module.process != os.getpid():
            module.reset()
        found = self._look(module)
        if not found:  # a module may know only the tokens that were there when it was loaded
            module.reset()
            found = self._look(module)
        if len(found) != 1:
            module.failed[self.label] = time.monotonic()
            raise TokenError(f"expected one token {self.label} in {self.module}, got {len(found) or 'none'}")
        self._may_log_in(module, found[0])
        module.sessions[self.label] = self._log_in(module, found[0])
        module.failed.pop(self.label, None)

    def _look(self, module: _Module) -> list[Any]:
        tokens = [slot.get_token() for slot in module.lib.get_slots(token_present=True)]
        return [token for token in tokens if token.label == self.label]

    def _may_log_in(self, module: _Module, token: Any) -> None:
        from pkcs11 import TokenFlag

        if token.flags & TokenFlag.USER_PIN_LOCKED:
            raise TokenError(f"expected the token {self.label} to take a PIN, got one that is locked")
        low = token.flags & (TokenFlag.USER_PIN_COUNT_LOW | TokenFlag.USER_PIN_FINAL_TRY)
        if (low or self.label in module.refused) and not self.although_refused:
            raise TokenError(
                f"a wrong PIN was given to the token {self.label}, which locks after a few: put the PIN right, then "
                "passerelle keys check --although-refused"
            )

    def _log_in(self, module: _Module, token: Any) -> Any:
        from pkcs11 import exceptions

        try:
            session = token.open(rw=True, user_pin=self._pin())
        except exceptions.UserAlreadyLoggedIn:
            session = token.open(rw=True)
        except (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange, exceptions.PinLocked):
            module.refused.add(self.label)
            raise TokenError(
                f"expected the PIN of the token {self.label}, got another; it is not tried again"
            ) from None
        module.refused.discard(self.label)
        return session
