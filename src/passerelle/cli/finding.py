"""Finding a record by what a person types: its id, the beginning of it, or a reference."""

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
    """A dossier by the own reference, its id, the partner's reference, or the beginning of its id, in this order.

    A partner chooses its references. One that is the beginning of another dossier's id stands for neither.
    Raises NotFoundError, or InputError when several dossiers fit.
    """
    own = tx.scan(DOSSIERS, "by_reference", (text,), limit=2) if text else []
    if own:
        return _only(own, text)
    theirs = tx.scan(DOSSIERS, "by_partner_reference", (text,), limit=2) if text else []
    if not theirs or tx.get(DOSSIERS, text) is not None:
        return find(tx, DOSSIERS, text, "a dossier")
    begin = tx.scan(DOSSIERS, after=(text,), limit=1) if len(text) >= LEAST else []
    return _only([*theirs, *(one for one in begin if one.id.startswith(text))], text)


def _only(found: list[Dossier], text: str) -> Dossier:
    named = list({one.id: one for one in found}.values())
    if len(named) > 1:
        raise InputError(
            f"expected a reference of one dossier, got {text[:80]!r} of several: {named[0].id}, {named[1].id}"
        )
    return named[0]
