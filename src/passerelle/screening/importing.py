"""Importing a list: a reader's entries become the current edition of a list, all of it or nothing.

1. `list.begin`: the edition is noted as being written. An older import of the list that still writes loses its place;
2. `list.batch`, as often as it takes: some hundred entries. If we stop here or before: what was written counts nowhere
   and is deleted within the hour, or by the next import of the list at once;
3. `list.compare`, as often as it takes: what differs from the current edition is noted, both read in the order of ids.
   If we stop here: the same;
4. `list.current`: the edition is the current one, the one before leaves. All or nothing;
5. `list.tidy`: the entries of the one before are deleted. If we stop here: whoever comes next goes on.

Rules kept here:
- an id stands once in a list; an entry names somebody, or bears a document or a number;
- a file that has nothing in it, or cannot be read to its end, changes nothing: a list is emptied by removing it, never
  by half a file;
- a file without half of the entries of a list of some length is taken only when that is said: it may be cut at the end
  of a line, or another list;
- the same files, read in the same way, change nothing but the time until which entries may stay;
- memory holds one page, whatever the size of the list; of faults the first `MOST_FAULTS` are told, the others counted.

Left unchecked: whether what a file says of a person is true.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice

import msgspec

from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError, StateError, StoreError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.exchange.register import Register
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.persons.model import Entry, Fault
from passerelle.ports.erasures import ERASURES
from passerelle.ports.lists import (
    EDITIONS,
    LIST_ENTRIES,
    LIST_KEYS,
    LISTS,
    Edition,
    List,
    ListEntry,
    ListKey,
)
from passerelle.ports.people import Person
from passerelle.ports.store import Writing
from passerelle.screening import comparing, lists
from passerelle.screening.lists import PAGE, encode, on
from passerelle.screening.matching import keys_of

MOST_FAULTS = 100
LARGEST = 256 * 1024
"""Bytes of an entry at most."""
_LONGEST_ID = 200
Advance = Callable[[int], None]


def nobody(done: int) -> None:
    """No one looks at the progress."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a list by who imports it. Of one that is there, "" stands for what it has.

    `whole`: one fault refuses all of it; `fewer`: it is right that half of the entries or more go.
    """

    name: str
    form: str
    domain: str = ""
    purpose: str = ""
    basis: str = ""
    retention: str = ""
    whole: bool = False
    fewer: bool = False


class Imported(msgspec.Struct, frozen=True):
    """What came of it. `same`: the files are those of the current edition. `faults`: the first of them."""

    row: List
    edition: Edition
    faults: tuple[Fault, ...] = ()
    same: bool = False


class FaultsError(InputError):
    """The file has faults, and all of it was wanted."""

    def __init__(self, faults: tuple[Fault, ...], count: int) -> None:
        self.faults, self.count = faults, count
        line, column, message = faults[0].line, faults[0].column, faults[0].message
        super().__init__(
            f"expected a file without faults (--whole), got {count}, nothing changed; "
            f"first on line {line}, column {column}: {message}"
        )


def run(
    office: Office,
    register: Register,
    who: Person,
    wanted: Wanted,
    source: str,
    found: Iterable[Entry | Fault],
    advance: Advance = nobody,
    ended: Callable[[], bool] = lambda: True,
) -> Imported:
    """Import what a reader found. `source`: the digest of what it reads; `advance` is told how many entries there are;
    `ended` says afterwards whether all of it could be read.

    Raises InputError (FaultsError), NotAllowedError, StateError when somebody else was faster.
    """
    ctx = office.ctx
    lists.tidy_all(ctx)
    row, edition = ctx.store.write("list.begin", lambda tx: _begin(tx, office, who, wanted, source))
    if edition.state == "current":
        return Imported(row, edition, same=True)
    try:
        written, faults, last = _write(ctx, edition, found, wanted.whole, advance)
        if not ended():
            raise InputError(_cut(last))
        compared = comparing.compare(ctx, row, written)
        if not wanted.fewer:
            comparing.check_fewer(row, compared)
        row, edition = ctx.store.write("list.current", lambda tx: _current(tx, office, who, row, compared))
    except (Exception, KeyboardInterrupt):
        with suppress(StoreError):  # a store that fails now is tidied later
            ctx.store.write("list.undo", lambda tx: _undo(tx, edition))
            lists.tidy_all(ctx)
        raise
    if edition.removed or edition.changed:
        # If we stop before: the next start writes into the register what only the store knows.
        register.add([lists.erasure(edition.before, ctx.clock.now(), who.id)])
    lists.tidy_all(ctx)
    return Imported(row, edition, faults)


# -- 1 -----------------------------------------------------------------------------------------------------------------


def _begin(tx: Writing, office: Office, who: Person, wanted: Wanted, source: str) -> tuple[List, Edition]:
    ctx, now = office.ctx, office.ctx.clock.now()
    there = tx.get(LISTS, lists.check_name(wanted.name))
    row = _same(there, wanted, now) if there else _new(wanted, who, now)
    ask(tx, office, who, Action.LIST_IMPORT, on(row))
    current = tx.get(EDITIONS, row.edition) if row.edition else None
    if there and current and current.source == source and not lists.is_behind(tx, there):
        row = msgspec.structs.replace(row, expires=add_duration(now, row.retention))
        tx.put(LISTS, [row])
        _note(tx, ctx, who, row, current, same=True)
        return row, current
    older = [one for one in tx.scan(EDITIONS, "by_list", (row.id, 0), limit=PAGE) if one.state == "writing"]
    tx.put(EDITIONS, [msgspec.structs.replace(one, state="leaving") for one in older])
    edition = Edition(
        id=ids.new_id(),
        list=row.id,
        number=0,
        state="writing",
        moved=now,
        by=who.id,
        source=source,
        form=wanted.form,
        before=row.edition,
    )
    tx.add(EDITIONS, [edition])
    return row, edition


def _new(wanted: Wanted, who: Person, now: int) -> List:
    return List(
        name=wanted.name,
        id=ids.new_id(),
        domain=lists.check_domain(wanted.domain),
        purpose=lists.check_purpose(wanted.purpose),
        basis=lists.check_basis(wanted.basis),
        form=wanted.form,
        retention=lists.check_retention(wanted.retention, now),
        created=now,
        created_by=who.id,
    )


def _same(there: List, wanted: Wanted, now: int) -> List:
    """The list that is there, with another time if one is given."""
    for key in ("domain", "purpose", "basis"):
        said, has = getattr(wanted, key), getattr(there, key)
        if said and said != has:
            raise InputError(
                f"--{key}: expected {has}, as list {there.name} has, got {said[:60]}: another {key} is another list"
            )
    retention = lists.check_retention(wanted.retention, now) if wanted.retention else there.retention
    return msgspec.structs.replace(there, form=wanted.form, retention=retention)


# -- 2 -----------------------------------------------------------------------------------------------------------------


def _write(
    ctx: Context, edition: Edition, found: Iterable[Entry | Fault], whole: bool, advance: Advance
) -> tuple[Edition, tuple[Fault, ...], Fault | None]:
    """The entries, page by page; the first faults, and the last. With `whole` all are found before it is refused."""
    told: list[Fault] = []
    last: Fault | None = None
    count = entries = 0
    source = iter(found)
    while page := list(islice(source, PAGE)):
        faults = [one for one in page if isinstance(one, Fault)]
        last = faults[-1] if faults else last
        good = [one for one in page if isinstance(one, Entry)]
        faults += [fault for one in good if (fault := _fault(one))]
        rows = [one for one in good if _fault(one) is None]
        twice = ctx.store.write("list.batch", lambda tx, rows=rows: _batch(tx, ctx, edition, rows))  # type: ignore[misc]
        entries += len(rows) - len(twice)
        faults += twice
        count += len(faults)
        told += sorted(faults, key=lambda one: one.line)[: MOST_FAULTS - len(told)]
        advance(entries)
    if whole and count:
        raise FaultsError(tuple(told), count)
    if not entries:
        raise _nobody(told, count)
    return msgspec.structs.replace(edition, entries=entries, faults=count), tuple(told), last


def _nobody(told: list[Fault], count: int) -> InputError:
    if not told:
        return InputError("expected at least one person in the file, got nobody")
    line, column, message = told[0].line, told[0].column, told[0].message
    return InputError(
        f"expected at least one person in the file, got {count} faults and nobody; "
        f"first on line {line}, column {column}: {message}"
    )


def _cut(last: Fault | None) -> str:
    line, column, message = (last.line, last.column, last.message) if last else (1, 1, "nothing")
    return (
        f"expected a file that can be read to its end, got an end on line {line}, column {column}: {message}; "
        "nothing changed"
    )


def _fault(one: Entry) -> Fault | None:
    """What no list may hold."""
    person = one.person
    if not 1 <= len(one.id) <= _LONGEST_ID or not one.id.isprintable():
        return Fault(line=one.line, column=1, message=f"expected an id of 1 to {_LONGEST_ID} characters, got another")
    if not any(name.text.strip() for name in person.names) and not person.documents and not person.numbers:
        return Fault(line=one.line, column=1, message=f"{one.id}: expected a name, a document or a number, got none")
    if len(encode(one)) > LARGEST:
        return Fault(line=one.line, column=1, message=f"{one.id}: expected at most {LARGEST} bytes, got more")
    return None


def _batch(tx: Writing, ctx: Context, edition: Edition, rows: list[Entry]) -> list[Fault]:
    """Write entries; returns those whose id is there already."""
    comparing.still(tx, ctx, edition)
    there = {key[1] for key in tx.get_many(LIST_ENTRIES, [(edition.id, one.id) for one in rows])}
    twice: list[Fault] = []
    new: list[Entry] = []
    for one in rows:
        if one.id in there:
            words = f"{one.id}: expected each id once, got it a second time"
            twice.append(Fault(line=one.line, column=1, message=words))
        else:
            there.add(one.id)
            new.append(one)
    bodies = [(one, encode(msgspec.structs.replace(one, line=0))) for one in new]
    tx.add(LIST_ENTRIES, [ListEntry(edition=edition.id, entry=one.id, body=body) for one, body in bodies])
    keys = [ListKey(edition=edition.id, key=key, entry=one.id) for one in new for key in keys_of(one.person)]
    tx.add(LIST_KEYS, keys)
    return twice


# -- 4 -----------------------------------------------------------------------------------------------------------------


def _current(tx: Writing, office: Office, who: Person, row: List, edition: Edition) -> tuple[List, Edition]:
    ctx, now = office.ctx, office.ctx.clock.now()
    ask(tx, office, who, Action.LIST_IMPORT, on(row))
    comparing.still(tx, ctx, edition)
    there = tx.get(LISTS, row.name)
    if (there.id, there.edition) != (row.id, row.edition) if there else row.edition:
        raise StateError(f"expected list {row.name} as it was when the import began, got another; nothing changed")
    before = tx.get(EDITIONS, row.edition) if row.edition else None
    last = tx.scan(EDITIONS, "by_list", (row.id,), limit=1, descending=True)
    number = max((one.number for one in last), default=0) + 1
    made = msgspec.structs.replace(edition, state="current", number=number, moved=now)
    tx.put(EDITIONS, [made])
    if before is not None:
        tx.put(EDITIONS, [msgspec.structs.replace(before, state="leaving")])
        if made.removed or made.changed:
            tx.put(ERASURES, [lists.erasure(before.id, now, who.id)])
    expires = add_duration(now, row.retention)
    row = msgspec.structs.replace(row, edition=made.id, entries=made.entries, expires=expires)
    tx.put(LISTS, [row])
    _note(tx, ctx, who, row, made)
    return row, made


def _note(tx: Writing, ctx: Context, who: Person, row: List, made: Edition, *, same: bool = False) -> None:
    details: dict[str, object] = {"number": made.number, "digest": made.source, "purpose": row.purpose}
    details |= {"same": True} if same else {key: getattr(made, key) for key in ("entries", *lists.WHATS, "faults")}
    notes.record(tx, ctx, What.LIST_IMPORTED, who.id, f"list/{row.name}", details)


def _undo(tx: Writing, edition: Edition) -> None:
    there = tx.get(EDITIONS, edition.id)
    if there is not None and there.state == "writing":
        tx.put(EDITIONS, [msgspec.structs.replace(there, state="leaving")])
