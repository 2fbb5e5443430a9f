"""How far somebody sees among relations, within one transaction: dossiers, messages, and relations between them.

A relation is seen by who may read both dossiers and, in them, the messages that brought its ends: what a sister service
was not shown is not shown by a relation either (`readership`).
"""

from passerelle.exchange import relating
from passerelle.exchange.channels import Channels
from passerelle.office import facts, readership
from passerelle.office.asking import Office, holder_of
from passerelle.office.onward import contents_of
from passerelle.office.policy import Action
from passerelle.office.readership import Readers
from passerelle.office.walls import Walls
from passerelle.ports.people import Person
from passerelle.ports.records import DOSSIERS, MESSAGES, Dossier, Message
from passerelle.ports.relations import Relation
from passerelle.ports.store import Reading


class Reach:
    """What one person reads. `walls` are those that he stands before, with what was consented to for his service."""

    def __init__(self, tx: Reading, office: Office, who: Person) -> None:
        self._tx, self._ctx = tx, office.ctx
        self._held, self._policy = holder_of(tx, who.id, office.today()), office.policy(tx)
        self._channels = Channels(tx, office.ctx)
        self.walls = Walls(tx, office.ctx, self._held.service)
        self._rows: dict[str, Dossier | None] = {}
        self._readers: dict[str, Readers | None] = {}
        self._opens: dict[str, bool] = {}

    def sees(self, relation: Relation) -> bool:
        """Whether he sees a relation."""
        dossiers = relating.dossiers_of(self._tx, relation)
        return all(map(self.reads, dossiers)) and all(map(self.opens, (relation.one_message, relation.other_message)))

    def reads(self, dossier: str) -> bool:
        """Whether he may read of this dossier at all."""
        if dossier not in self._rows:
            row = self._tx.get(DOSSIERS, dossier)
            on = facts.of_dossier(self._tx, self._ctx, row, self._channels) if row else None
            allowed = on is not None and self._policy.decide(self._held, Action.DOSSIER_READ, on).allowed
            self._rows[dossier] = row if allowed and self._held.held else None
            self._readers[dossier] = on.readers if on else None
        return self._rows[dossier] is not None

    def opens(self, name: str) -> bool:
        """Whether he may read what this message says."""
        if name not in self._opens:
            message = self._tx.get(MESSAGES, name)
            self._opens[name] = message is not None and self.reads(message.dossier) and self._shown(message)
        return self._opens[name]

    def _shown(self, message: Message) -> bool:
        row, readers = self._rows[message.dossier], self._readers[message.dossier]
        if readers is None or (row is not None and readership.overseen(self._held.here(row.domain))):
            return True
        content = contents_of(self._tx, [message.id]).get(message.id)
        return readership.reads(readers, self._held.service, message, content)
