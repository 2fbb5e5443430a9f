"""Schema 4: relations between persons, dossiers and things. All of it in tables of their own."""

from passerelle.ports.store import Writing


def work(tx: Writing) -> None:
    """No row of before changes: what is new stands in new tables, and new columns have the default of their field."""
