"""Lists in clear: what may be said of one, what is in it, how one goes.

Rules kept here:
- a list has a purpose of the channels' vocabulary, a legal basis in words, a domain, and a time after which its entries
  go unless an import has confirmed them. None of these changes but the time: a list for another purpose is another one;
- who imports or removes a list does not read it; who reads an entry is written down first, with a reason;
- a list is this node's own: nothing here is read by `exchange`, and no export opens what was written down of it;
- what counts no more is deleted in small transactions (`tidy`), by whoever comes next after a stop;
- that a list was removed, and that an import took entries out of one, stands in the register of erasures, too. A store
  that was put back has the first erased once more, and is not screened against the second until it is imported again.

Left unchecked: whether the legal basis carries the list. A person answers for it, and the audit log has his name.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import add_duration, to_iso
from passerelle.core.errors import InputError, NotFoundError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.exchange.register import Register
from passerelle.instruments.kinds import data
from passerelle.office import work
from passerelle.office.asking import Office, On, ask
from passerelle.office.policy import Action
from passerelle.persons.model import Entry
from passerelle.ports.erasures import ERASURES, Erasure, Ground
from passerelle.ports.lists import (
    EDITIONS,
    LIST_CHANGES,
    LIST_ENTRIES,
    LIST_KEYS,
    LISTS,
    NEVER,
    Edition,
    List,
    ListChange,
)
from passerelle.ports.people import Person
from passerelle.ports.store import Kind, Reading, Store, Writing

WHATS = ("added", "changed", "removed")
SILENT = 3_600_000
"""Milliseconds after which an import that gives no sign of life has ended."""
PAGE = 500
_WORD = re.compile(r"[a-z][a-z0-9-]{0,39}")
_DOMAIN = re.compile(r"[a-z][a-z0-9-]{0,63}")
_ALL = 100_000
_ROWS: tuple[Kind[Any], ...] = (LIST_ENTRIES, LIST_KEYS, LIST_CHANGES)

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Entry).decode
"""An entry as it stands in the store."""


# -- what may be said of a list ----------------------------------------------------------------------------------------


def purposes() -> dict[str, str]:
    """The area of each purpose that channels know."""
    return {purpose: area for area, entry in data("vocabulary")["areas"].items() for purpose in entry["purposes"]}


def check_name(text: str) -> str:
    """The name of a list. Raises InputError."""
    if not _WORD.fullmatch(text):
        raise InputError(f"NAME: expected 1 to 40 of a-z 0-9 -, a letter first, got {text[:60]!r}")
    return text


def check_purpose(text: str) -> str:
    """A purpose that channels know. Raises InputError."""
    if text not in purposes():
        raise InputError(f"--purpose: expected one of {', '.join(purposes())}, got {text[:60]!r}")
    return text


def check_basis(text: str) -> str:
    """A legal basis in words. Raises InputError."""
    if not text:
        raise InputError("--basis: expected the law or the article that allows it, in words, got nothing")
    return work.check_line(text, "--basis")


def check_domain(text: str) -> str:
    """A domain. Raises InputError."""
    if not _DOMAIN.fullmatch(text):
        raise InputError(f"--domain: expected a word like wanted-persons, got {text[:60]!r}")
    return text


def check_retention(text: str, now: int) -> str:
    """How long entries may stay. Raises InputError."""
    end = add_duration(now, text)
    if not text.startswith("P") or "T" in text or not now < end <= add_duration(now, "P10Y"):
        raise InputError(f"--retention: expected P1D to P10Y, got {text[:40]!r}")
    return text


def on(row: List) -> On:
    """A list as the policy sees it."""
    return On(kind="list", id=row.name, domain=row.domain)


# -- what is in it -----------------------------------------------------------------------------------------------------


def find(tx: Reading, name: str) -> List:
    """The list of a name. Raises NotFoundError."""
    found = tx.get(LISTS, name)
    if found is None:
        raise NotFoundError(f"expected a list that is here, got {name[:60]!r}")
    return found


def listed(tx: Reading) -> list[List]:
    """All lists, by name."""
    return tx.scan(LISTS, limit=_ALL)


def editions(tx: Reading, row: List, most: int = 50) -> list[Edition]:
    """The imports of a list that became current, the latest first."""
    return [one for one in tx.scan(EDITIONS, "by_list", (row.id,), limit=most, descending=True) if one.number]


def edition_of(tx: Reading, row: List, number: int = 0) -> Edition:
    """One import of a list, the latest when no number is given. Raises NotFoundError."""
    found = tx.scan(EDITIONS, "by_list", (row.id, number) if number else (row.id,), limit=1, descending=True)
    if not found or not found[0].number:
        raise NotFoundError(f"expected an import of list {row.name} that was made, got number {number or 1}")
    return found[0]


def changes(tx: Reading, edition: Edition, what: str = "", after: str = "", limit: int = PAGE) -> list[ListChange]:
    """What an import changed, by the ids of entries. Only of the current edition is it kept."""
    if what:
        return tx.scan(LIST_CHANGES, "by_what", (edition.id, what), after=(after,) if after else None, limit=limit)
    return tx.scan(LIST_CHANGES, "key", (edition.id,), after=(after,) if after else None, limit=limit)


def entries(store: Store, edition: str) -> Iterator[Entry]:
    """The entries of an edition, in the order of their ids, a page at a time."""
    for page in pages(store, edition):
        for _, body in page:
            yield decode(body)


def pages(store: Store, edition: str) -> Iterator[list[tuple[str, bytes]]]:
    """The entries of an edition as they stand in the store, each with its id."""
    after: tuple[str] | None = None
    while True:
        page = store.read(lambda tx, at=after: tx.scan(LIST_ENTRIES, "key", (edition,), after=at, limit=PAGE))  # type: ignore[misc]
        yield [(one.entry, one.body) for one in page]
        if len(page) < PAGE:
            return
        after = (page[-1].entry,)


def read(tx: Writing, office: Office, who: Person, row: List, entry: str, reason: str) -> Entry:
    """An entry, once it is written down who reads it and why. Raises NotAllowedError, InputError, NotFoundError."""
    ask(tx, office, who, Action.LIST_READ, on(row))
    if not reason:
        raise InputError(f"--reason: expected why an entry of list {row.name} is read by {who.id}, got nothing")
    words = work.check_line(reason, "--reason")
    found = tx.get(LIST_ENTRIES, row.edition, entry)
    if found is None:
        raise NotFoundError(f"expected an entry of list {row.name}, got {entry[:60]!r}")
    notes.record(tx, office.ctx, What.LIST_READ, who.id, f"list/{row.name}", {"entry": entry, "reason": words})
    return decode(found.body)


# -- how it goes -------------------------------------------------------------------------------------------------------


def remove(office: Office, register: Register, who: Person, name: str, reason: str) -> List:
    """Remove a list with all its entries. Confirmed hits stay until their own dates.

    Raises NotFoundError, NotAllowedError, InputError (the register cannot be written; nothing was changed).
    """
    words = work.check_line(reason, "--reason")
    ctx = office.ctx

    def planned(tx: Reading) -> Erasure:
        row = find(tx, name)
        ask(tx, office, who, Action.LIST_REMOVE, on(row))
        return erasure(row.id, ctx.clock.now(), who.id)

    made = ctx.store.read(planned)
    register.add([made])

    def do(tx: Writing) -> List:
        row = find(tx, name)
        ask(tx, office, who, Action.LIST_REMOVE, on(row))
        tx.put(ERASURES, [made])
        tx.delete(LISTS, [(name,)])
        _leave(tx, row)
        details = {"entries": row.entries, "reason": words}
        notes.record(tx, ctx, What.LIST_REMOVED, who.id, f"list/{name}", details)
        return row

    row = ctx.store.write("list.remove", do)
    tidy_all(ctx)
    return row


def erasure(name: str, now: int, by: str, ground: Ground = Ground.OTHER) -> Erasure:
    """That a list, an edition of one, or a confirmed hit was erased: what the register of erasures keeps of it."""
    commitment = hashlib.sha256(name.encode()).digest()
    return Erasure(message=name, commitment=commitment, time=now, by=by, ground=ground.value)


def is_behind(tx: Reading, row: List) -> bool:
    """Whether the store was put back to before an import that took entries out of the list."""
    return bool(row.edition) and tx.get(ERASURES, row.edition) is not None


def expire(ctx: Context) -> bool:
    """The entries of a list whose time is over leave, and the list stays, empty; one that was removed before the store
    was put back goes again. Returns whether there was one.
    """
    now = ctx.clock.now()
    if not ctx.store.read(lambda tx: _over(tx, now) or _again(tx)):
        return False

    def do(tx: Writing) -> bool:
        for row in _again(tx):
            tx.delete(LISTS, [(row.name,)])
            _leave(tx, row)
            notes.record(tx, ctx, What.LIST_REMOVED, "node", f"list/{row.name}", {"replayed": True})
        for row in _over(tx, now):
            _leave(tx, row)
            tx.put(LISTS, [msgspec.structs.replace(row, edition="", entries=0, expires=NEVER)])
            details = {"entries": row.entries, "until": to_iso(row.expires)}
            notes.record(tx, ctx, What.LIST_REMOVED, "node", f"list/{row.name}", details)
        return True

    return ctx.store.write("list.expire", do)


def _again(tx: Reading) -> list[List]:
    """Lists that were removed and are here again."""
    return [one for one in listed(tx) if tx.get(ERASURES, one.id) is not None]


def _over(tx: Reading, now: int) -> list[List]:
    return [one for one in tx.scan(LISTS, "by_expiry", limit=1) if one.expires <= now]


def _leave(tx: Writing, row: List) -> None:
    """Every edition of a list leaves, those too that are being written."""
    found = tx.scan(EDITIONS, "by_list", (row.id,), limit=_ALL)
    tx.put(EDITIONS, [msgspec.structs.replace(one, state="leaving") for one in found if one.state != "past"])
    if tx.get(LISTS, row.name) is None:
        tx.delete(EDITIONS, [(one.id,) for one in found if one.state == "past"])


def tidy(ctx: Context) -> bool:
    """One small step: delete what counts no more. Returns whether there may be more."""
    silent = ctx.clock.now() - SILENT

    def needed(tx: Reading) -> bool:
        return bool(tx.scan(EDITIONS, "by_state", ("leaving",), limit=1) or _dead(tx, silent))

    def work(tx: Writing) -> bool:
        tx.put(EDITIONS, [msgspec.structs.replace(one, state="leaving") for one in _dead(tx, silent)])
        for one in tx.scan(EDITIONS, "by_state", ("leaving",), limit=1):
            _sweep(tx, one)
        return True

    return ctx.store.read(needed) and ctx.store.write("list.tidy", work)


def tidy_all(ctx: Context) -> None:
    """Delete all that counts no more."""
    while tidy(ctx):
        pass


def _dead(tx: Reading, silent: int) -> list[Edition]:
    """Imports that were stopped."""
    return [one for one in tx.scan(EDITIONS, "by_state", ("writing",), limit=PAGE) if one.moved < silent]


def _sweep(tx: Writing, edition: Edition) -> None:
    """Delete a page of the rows of an edition; when none is left, it is past, or forgotten."""
    left = 0
    for kind in _ROWS:
        found = tx.scan(kind, "key", (edition.id,), limit=PAGE)
        tx.delete(kind, [kind.key_of(one) for one in found])
        left += len(found)
    if left:
        return
    known = edition.number and any(one.id == edition.list for one in listed(tx))
    if known:
        tx.put(EDITIONS, [msgspec.structs.replace(edition, state="past")])
    else:
        tx.delete(EDITIONS, [(edition.id,)])
