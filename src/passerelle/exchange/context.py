"""What the exchange works with, joined once by the node: store, keys, clock, catalogue, limits."""

import os
from dataclasses import dataclass, field
from typing import Any

from passerelle.core.clock import MILLISECONDS_A_DAY, Clock
from passerelle.core.errors import NotFoundError, StateError
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.timing import Place
from passerelle.dossiers.types import Catalogue
from passerelle.identity import identity as identities
from passerelle.identity.identity import Identity
from passerelle.identity.keys import NodeKeys
from passerelle.instruments.standing import Standing
from passerelle.ports.marks import Marks, MemoryMarks
from passerelle.ports.records import PARTNERS, Partner
from passerelle.ports.store import Reading, Store

MAX_AHEAD = 5 * 60_000
"""Milliseconds that an entry's time may lie ahead of the receiver's clock."""


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """What this node's settings say about attachments. Sizes in bytes, times in milliseconds."""

    file_bytes: int = 8 * 1024**3
    unfinished_bytes: int = 32 * 1024**3
    unfinished_files: int = 100
    expire: int = 7 * MILLISECONDS_A_DAY
    unsent: int = 30 * MILLISECONDS_A_DAY


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What this node's settings say about the exchange. Sizes in entries and bytes, times in milliseconds."""

    batch_entries: int = 500
    batch_bytes: int = 4 * 1024 * 1024
    retry_first: int = 500
    retry_most: int = 300_000
    uploads: Uploads = Uploads()
    check_own: bool = True  # False only in tests and demonstrations: leaves the own check before sending out

    def pause(self, failures: int, draw: float) -> int:
        """Milliseconds until the next try after so many failures before: exponential, half of it drawn in [0, 1)."""
        most = min(self.retry_most, self.retry_first << min(failures, 30))
        return most // 2 + int(draw * (most - most // 2))


@dataclass(frozen=True, kw_only=True)
class Context:
    """The rooms that the exchange needs, and a cache of what never changes once parsed.

    `country`, `zone`: where this node's own duties run, as its identity file says. `start`: drawn when this process
    began; partners tell by it that both copies are to be compared anew (`exchange.comparing`).
    """

    name: str
    keys: NodeKeys
    store: Store
    clock: Clock
    catalogue: Catalogue
    policy: Policy = Policy()
    country: str = ""
    zone: str = "UTC"
    calendars: Calendars = field(default_factory=Calendars)
    marks: Marks = field(default_factory=MemoryMarks)
    start: bytes = field(default_factory=lambda: os.urandom(16))
    standings: dict[Any, Standing] = field(default_factory=dict)
    _identities: dict[bytes, Identity] = field(default_factory=dict)

    def identity_of(self, partner: Partner) -> Identity:
        """A partner's identity in force."""
        return self.parsed(partner.identity)

    def parsed(self, body: bytes) -> Identity:
        """The identity that a file says, read once."""
        found = self._identities.get(body)
        if found is None:
            found = self._identities[body] = identities.parse(body)
        return found

    def place(self, tx: Reading, partner: str = "") -> Place:
        """Where this node's duties run, or those of a partner."""
        there = tx.get(PARTNERS, partner) if partner else None
        if there is None:
            return Place(self.zone, self.calendars.of(self.country))
        identity = self.identity_of(there)
        return Place(identity.timezone, self.calendars.of(identity.country))

    def confirmed(self, tx: Reading, name: str) -> tuple[Partner, Identity]:
        """A partner that persons have confirmed. Raises NotFoundError or StateError."""
        partner = tx.get(PARTNERS, name)
        if partner is None:
            raise NotFoundError(f"expected a known partner, got {name!r}")
        if partner.status != "confirmed":
            raise StateError(f"expected partner {name} to be confirmed, got {partner.status}")
        return partner, self.identity_of(partner)
