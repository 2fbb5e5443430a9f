"""Schema 6: the blind search. All of it in tables of their own."""

from passerelle.ports.store import Writing


def work(tx: Writing) -> None:
    """No row of before changes: what is new stands in new tables."""
