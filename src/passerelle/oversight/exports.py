"""What stays out of every export: the content of acts that their type keeps back (`exported = false`)."""

from passerelle.exchange.context import Context
from passerelle.ports.records import DOSSIERS
from passerelle.ports.store import Reading


def kept(tx: Reading, ctx: Context, dossier: str) -> frozenset[str]:
    """The acts of a dossier whose content, and every word of whose making, is in no export; none without a dossier."""
    row = tx.get(DOSSIERS, dossier) if dossier else None
    kind = ctx.catalogue.get(row.type) if row else None
    return kind.kept if kind else frozenset()
