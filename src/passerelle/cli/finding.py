"""Finding a record by what a person types: its id, the beginning of it, or a reference."""

from typing import Any, TypeVar

import msgspec

from passerelle.core.errors import InputError, NotFoundError
from passerelle.office.veil import Veil
from passerelle.ports.records import DOSSIERS, Dossier
from passerelle.ports.store import Kind, Reading

R = TypeVar("R", bound=msgspec.Struct)

_SAME = 64  # dossiers of one reference that are looked at
LEAST = 4
"""Letters that the beginning of an id must have."""


def find(tx: Reading, kind: Kind[R], text: str, what: str, veil: Veil | None = None) -> R:
    """The one record whose key is or begins with the text. Raises NotFoundError, or InputError when several do.

    `veil`: what it hides is not here.
    """
    found = tx.get(kind, text)
    if found is not None and not (veil and veil.hides(found)):
        return found
    begin = _beginning(tx, kind, text, veil)
    if not begin:
        words = f"expected {what} that is here ({LEAST} letters of its id at least), got {text[:80]!r}"
        raise veil.missing(words) if veil else NotFoundError(words)
    if len(begin) > 1:
        raise InputError(f"expected {what} named by enough letters, got {text!r}, with which several begin")
    return begin[0]


def _beginning(tx: Reading, kind: Kind[R], text: str, veil: Veil | None) -> list[R]:
    """Two records at most whose key begins with the text, and that are not hidden."""
    found: list[R] = []
    after: tuple[Any, ...] = (text,)
    while len(text) >= LEAST and len(found) < 2:
        page = tx.scan(kind, after=after, limit=2)
        some = [one for one in page if kind.key_of(one)[0].startswith(text)]
        found += [one for one in some if not (veil and veil.hides(one))]
        if len(some) < 2:
            break
        after = kind.key_of(some[-1])
    return found[:2]


def find_dossier(tx: Reading, text: str, veil: Veil | None = None) -> Dossier:
    """A dossier by the own reference, its id, the partner's reference, or the beginning of its id, in this order.

    A partner chooses its references. One that is the beginning of another dossier's id stands for neither.
    Raises NotFoundError, or InputError when several dossiers fit.
    """

    def seen(found: list[Dossier]) -> list[Dossier]:
        return [one for one in found if not (veil and veil.hides(one))]

    own = seen(tx.scan(DOSSIERS, "by_reference", (text,), limit=_SAME)) if text else []
    if own:
        return _only(own, text)
    theirs = seen(tx.scan(DOSSIERS, "by_partner_reference", (text,), limit=_SAME)) if text else []
    there = tx.get(DOSSIERS, text)
    if not theirs or (there is not None and not (veil and veil.hides(there))):
        return find(tx, DOSSIERS, text, "a dossier", veil)
    return _only([*theirs, *_beginning(tx, DOSSIERS, text, veil)], text)


def _only(found: list[Dossier], text: str) -> Dossier:
    named = list({one.id: one for one in found}.values())
    if len(named) > 1:
        raise InputError(
            f"expected a reference of one dossier, got {text[:80]!r} of several: {named[0].id}, {named[1].id}"
        )
    return named[0]
