"""What somebody is not even told to be here: dossiers of a type that is kept for kinds of services, to all others.

Rules kept here:
- to whom a type is closed for the sake of his service, a dossier of it, its messages and its drafts are not here: by
  reference, by id and by the beginning of an id he gets the words for what nobody has, and what he means beside it is
  found as if it were alone;
- data protection officer and auditor see it; a dispatcher only when his service is of such a kind;
- that somebody named one is a refusal, and an audit record as every other (`asking.recorded`).

Left unchecked: what an operator sees of lanes: messages wait there by id, partner and size alone.
"""

from typing import Any

from passerelle.core.errors import NotFoundError
from passerelle.exchange.channels import Channels
from passerelle.instruments.channel import Channel
from passerelle.office import readership
from passerelle.office.asking import HiddenError, Office, holder_of
from passerelle.office.people import ANYWHERE
from passerelle.ports.people import Person
from passerelle.ports.records import DOSSIERS, INSTRUMENTS, Dossier
from passerelle.ports.store import Reading

_ALL = 100_000


class Veil:
    """What one person is not told to be here, within one transaction."""

    def __init__(self, tx: Reading, office: Office, who: Person) -> None:
        self._tx, self._office, self._who = tx, office, who
        self._held = holder_of(tx, who.id, office.today())
        self._channels = Channels(tx, office.ctx)
        self._known: dict[tuple[str, str], bool] = {}
        self._met = ""

    def hides(self, record: Any) -> bool:
        """Whether a dossier, a message, a draft or what else belongs to a dossier is hidden from him."""
        one = record
        if not isinstance(record, Dossier) and (name := getattr(record, "dossier", "")):
            one = self._tx.get(DOSSIERS, name) or record
        hidden = self.closed(getattr(one, "type", ""), getattr(one, "channel", ""))
        if hidden:
            self._met = getattr(record, "dossier", "") or str(record.id)
        return hidden

    def closed(self, type: str, channel: str) -> bool:
        """Whether a type under a channel is closed to him, for his service's sake."""
        kind = self._office.ctx.catalogue.types.get(type)
        if kind is None or not kind.services:
            return False
        if (type, channel) not in self._known:
            self._known[type, channel] = self._closed(type, channel)
        return self._known[type, channel]

    def _closed(self, type: str, channel: str) -> bool:
        found = self._channels.standing(channel) if channel else None
        domain = getattr(found.instrument, "domain", ANYWHERE) if found else ANYWHERE
        readers = readership.of_type(self._office.ctx, type, channel, self._channels)
        if readership.overseen(self._held.here(domain)):
            return False
        return readers is None or readers.as_of(self._held.service) not in readers.fitting

    def missing(self, words: str) -> NotFoundError:
        """The error for what is not here to him, in the same words whether something was hidden or not."""
        return (
            HiddenError(self._who.id, "dossier.look", f"dossier/{self._met}", words)
            if self._met
            else NotFoundError(words)
        )

    def left_out(self) -> frozenset[tuple[str, str]]:
        """The channels and types that figures for him do not count."""
        kept = [kind.name for kind in self._office.ctx.catalogue if kind.services]
        channels = [one.digest for one in self._tx.scan(INSTRUMENTS, limit=_ALL)]
        standing = [one for one in channels if isinstance(self._instrument(one), Channel)]
        return frozenset((digest, name) for digest in standing for name in kept if self.closed(name, digest))

    def _instrument(self, digest: str) -> object:
        found = self._channels.standing(digest)
        return found.instrument if found else None
