"""Schema 5: lists in clear, what is screened against them. All of it in tables of their own."""

from passerelle.ports.store import Writing


def work(tx: Writing) -> None:
    """No row of before changes: what is new stands in new tables."""
