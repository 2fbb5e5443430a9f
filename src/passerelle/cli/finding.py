"""Finding a record by what a person types: its id, the beginning of it, or an own reference."""

from typing import TypeVar

import msgspec

from passerelle.core.errors import InputError, NotFoundError
from passerelle.ports.records import DOSSIERS, Dossier
from passerelle.ports.store import Kind, Reading

R = TypeVar("R", bound=msgspec.Struct)

LEAST = 4
"""Letters that the beginning of an id must have."""


def find(tx: Reading, kind: Kind[R], text: str, what: str) -> R:
    """The one record whose key is or begins with the text. Raises NotFoundError, or InputError when several do."""
    found = tx.get(kind, text)
    if found is not None:
        return found
    begin = [one for one in tx.scan(kind, after=(text,), limit=2) if kind.key_of(one)[0].startswith(text)]
    if len(text) < LEAST or not begin:
        raise NotFoundError(f"expected {what} that is here ({LEAST} letters of its id at least), got {text[:80]!r}")
    if len(begin) > 1:
        raise InputError(f"expected {what} named by enough letters, got {text!r}, with which several begin")
    return begin[0]


def find_dossier(tx: Reading, text: str) -> Dossier:
    """A dossier by its id, the beginning of its id, or the own reference. Raises NotFoundError or InputError."""
    named = tx.scan(DOSSIERS, "by_reference", (text,), limit=2) if text else []
    if len(named) == 1:
        return named[0]
    if named:
        raise InputError(
            f"expected a reference of one dossier, got {text[:80]!r} of several: {named[0].id}, {named[1].id}"
        )
    return find(tx, DOSSIERS, text, "a dossier")
