"""How the instruments of a partner stand, read once a transaction and prepared once as long as the records stay."""

from typing import Any

from passerelle.exchange.context import Context
from passerelle.instruments.channel import Channel
from passerelle.instruments.standing import Standing, standing
from passerelle.ports.records import INSTRUMENTS, Instrument
from passerelle.ports.store import Reading

_MOST = 256


class Channels:
    """Standings by digest, within one transaction."""

    def __init__(self, tx: Reading, ctx: Context) -> None:
        self._tx, self._ctx = tx, ctx
        self._known: dict[str, tuple[Standing, Any] | None] = {}

    def standing(self, digest: str) -> Standing | None:
        """How the instrument stands, or None when this node does not have it."""
        found = self._find(digest)
        return found[0] if found else None

    def domain(self, digest: str) -> str:
        """The domain of a channel; nothing where this node does not have it."""
        found = self.standing(digest)
        return found.instrument.domain if found and isinstance(found.instrument, Channel) else ""

    def forget(self) -> None:
        """After a write to an instrument."""
        self._known.clear()

    def _find(self, digest: str) -> tuple[Standing, Any] | None:
        if digest not in self._known:
            self._known[digest] = None  # a circle of supersessions ends here
            record = self._tx.get(INSTRUMENTS, digest)
            self._known[digest] = self._made(record) if record else None
        return self._known[digest]

    def _made(self, record: Instrument) -> tuple[Standing, Any]:
        """The standing, and the records it was made of, by which it is kept for later transactions."""
        agreement = self._find(record.agreement) if record.agreement else None
        scanned = self._tx.scan(INSTRUMENTS, "by_superseded", (record.digest,), limit=1000)
        successors = [found for one in scanned if (found := self._find(one.digest)) is not None]
        key = (record, agreement[1] if agreement else None, tuple(part for _, part in successors))
        prepared = self._ctx.standings
        made = prepared.get(key)
        if made is None:
            if len(prepared) > _MOST:
                prepared.clear()
            above = agreement[0] if agreement else None
            made = prepared[key] = standing(record, above, [part for part, _ in successors])
        return made, key
