"""The records of keys over time: the node's own, what each partner was told of them, and the partners'.

Whether a partner has taken what it was told is not written down: it is derived from the cosigned size of the log in
which the message stands, as of every message.
"""

import msgspec

from passerelle.ports.store import Kind


class Era(msgspec.Struct, frozen=True):
    """An identity of this node, from one change to the next. The newest is the one in force here."""

    number: int
    identity: bytes
    fingerprint: str
    time: int
    # made | rotated | revoked | adopted (the store was put back from before it) | renewed (known to partners by hand) |
    # lost (only its public keys are known)
    how: str
    by: str
    reason: str
    kinds: tuple[str, ...] = ()  # the kinds of keys that changed
    revoked: str = ""  # the kind of which the keys before are lost or stolen


class Told(msgspec.Struct, frozen=True):
    """That a partner knows an era: by hand (`message` empty), or by a message once its entry is cosigned.

    `lasts`: `kind origin size`, as the message names them.
    """

    partner: str
    number: int
    era: int
    time: int
    message: str = ""
    lasts: tuple[str, ...] = ()


class Span(msgspec.Struct, frozen=True):
    """An identity of a partner, from one change to the next. `lasts` as of `Told`: what the keys before prove."""

    partner: str
    number: int
    identity: bytes
    fingerprint: str
    time: int
    how: str  # confirmed (compared by voice) | rotated | revoked
    by: str
    message: str = ""
    lasts: tuple[str, ...] = ()


class Candidate(msgspec.Struct, frozen=True):
    """An identity file with other keys under a known name: it binds nothing before persons have compared it."""

    partner: str
    identity: bytes
    fingerprint: str
    time: int
    by: str


class Retired(msgspec.Struct, frozen=True):
    """A private key that is no longer needed. `due`: when it is destroyed, ms; `state`: waiting | destroyed."""

    id: str
    kind: str
    due: int
    state: str


ERAS = Kind("eras", Era, ("number",))
TOLD = Kind("told", Told, ("partner", "number"))
SPANS = Kind("spans", Span, ("partner", "number"))
CANDIDATES = Kind("candidates", Candidate, ("partner",))
RETIRED = Kind("retired", Retired, ("id",))

KINDS = (ERAS, TOLD, SPANS, CANDIDATES, RETIRED)
