"""Persons put into an index, or kept out of it, by a person: beside what the index follows.

Rules kept here:
- who is put in meets the same rules as who is followed, and is followed from then on: what his source says no longer,
  goes. Once he is out he comes back only by a person;
- who is taken out stays out, whatever is followed later, until a person puts him in again;
- both stand in the register of erasures before the store changes, so that a store that is put back keeps to them. The
  register names nobody: a person is a digest there;
- a reference that is withdrawn by hand takes out who stands behind it, or the next table would have him again.

Left unchecked: the reason. It stands in the audit log under the name of who gave it.
"""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.exchange.register import Register
from passerelle.office import facts, work
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.ports.erasures import ERASURES, Erasure, Ground
from passerelle.ports.lists import LIST_ENTRIES
from passerelle.ports.people import Person
from passerelle.ports.records import DOSSIERS
from passerelle.ports.search import CLAIMS, FOLLOWED, INDEX_ENTRIES, INDEXES, Followed, Index, IndexEntry
from passerelle.ports.store import Reading, Writing
from passerelle.screening import lists
from passerelle.search import acts, indexes, sources, table, withdrawing

LIST, DOSSIER = "list/", "dossier/"
MOST = 1000
"""References, or persons of a dossier, at once."""
_ALL = 100_000


class Chosen(msgspec.Struct, frozen=True):
    """A person of a source. `entry`: of a list his id there; of a dossier his key."""

    source: str
    entry: str

    @property
    def dossier(self) -> str:
        """The dossier that he is of, if it is one."""
        return self.source.removeprefix(DOSSIER) if self.source.startswith(DOSSIER) else ""


class Left(msgspec.Struct, frozen=True):
    """How many persons left an index, and how many references were withdrawn."""

    persons: int
    references: int


def who(source: str, entry: str) -> str:
    """What tells a person of a source from the others: of a dossier his key, whichever message brought him."""
    return entry.rpartition("/")[2] if source.startswith(DOSSIER) else entry


# -- what the register has ---------------------------------------------------------------------------------------------


def mark_of(row: Index, chosen: Chosen, what: str, turn: int) -> str:
    """What the register calls that a person was kept out (`out`), or let in again (`in`), for the `turn`th time."""
    said = (row.name, row.partner, chosen.source, chosen.entry, what, str(turn))
    found = hashlib.sha256("\n".join(said).encode()).hexdigest()
    return f"{found[:8]}-{found[8:12]}-7{found[13:16]}-8{found[17:20]}-{found[20:32]}"


def turns(tx: Reading, row: Index, chosen: Chosen) -> tuple[int, bool]:
    """How often a person was kept out of an index, and whether he is now."""
    turn = 0
    while tx.get(ERASURES, mark_of(row, chosen, "out", turn + 1)) is not None:
        turn += 1
    return turn, bool(turn) and tx.get(ERASURES, mark_of(row, chosen, "in", turn)) is None


def kept_out(tx: Reading, row: Index, source: str, entries: Iterable[str]) -> set[str]:
    """Of entries of a source those of persons who are kept out."""
    marks = {entry: mark_of(row, Chosen(source, who(source, entry)), "out", 1) for entry in entries}
    known = tx.get_many(ERASURES, [(mark,) for mark in marks.values()])
    found = {entry for entry, mark in marks.items() if (mark,) in known}
    return {entry for entry in found if turns(tx, row, Chosen(source, who(source, entry)))[1]}


def _marked(mark: str, now: int, by: str) -> Erasure:
    commitment = hashlib.sha256(mark.encode()).digest()
    return Erasure(message=mark, commitment=commitment, time=now, by=by, ground=Ground.OTHER.value)


# -- in ----------------------------------------------------------------------------------------------------------------


def add(office: Office, register: Register, by: Person, name: str, chosen: Chosen, category: str, reason: str) -> Index:
    """Put a person into an index. `category`: of a person of a list that the index does not follow.

    Raises InputError, NotFoundError, StateError, NotAllowedError.
    """
    words = work.check_line(reason, "--reason")
    ctx = office.ctx

    def planned(tx: Reading) -> list[Erasure]:
        row = indexes.opened(tx, name)
        _candidates(tx, office, by, row, chosen, category)
        turn, is_out = turns(tx, row, chosen)
        return [_marked(mark_of(row, chosen, "in", turn), ctx.clock.now(), by.id)] if is_out else []

    marks = ctx.store.read(planned)
    register.add(marks)

    def do(tx: Writing) -> Index:
        row = indexes.opened(tx, name)
        found = _candidates(tx, office, by, row, chosen, category)
        tx.put(ERASURES, marks)
        if tx.get(FOLLOWED, name, chosen.source) is None:
            tx.put(FOLLOWED, [Followed(index=name, source=chosen.source, mark="")])
        row, _, _ = change(tx, ctx, row, chosen.source, {one.entry: one for one in found}, by.id)
        details = {"source": chosen.source, "entry": chosen.entry, "category": found[0].category, "reason": words}
        notes.record(tx, ctx, What.INDEX_ADDED, by.id, indexes.named(row), details, chosen.dossier)
        return row

    return ctx.store.write("index.add", do)


def _candidates(
    tx: Reading, office: Office, by: Person, row: Index, chosen: Chosen, category: str
) -> list[sources.Candidate]:
    """What of a person may stand in the index."""
    ctx = office.ctx
    ask(tx, office, by, Action.INDEX_ADD, indexes.on(row))
    channel, search = indexes.channel_of(tx, ctx, row.channel, row.partner)
    if chosen.dossier:
        _read_dossier(tx, office, by, chosen)
        if category:
            raise InputError("--category: expected it for a person of a list: a dossier has its own, got one")
        there = acts.of_dossier(tx, ctx, row, channel, chosen.dossier)
        found = [one for one in there if who(chosen.source, one.entry) == chosen.entry]
    else:
        listed = lists.find(tx, chosen.source.removeprefix(LIST))
        if problem := indexes.fits(listed, channel, search):
            raise InputError(problem)
        if lists.is_behind(tx, listed):
            raise StateError(
                f"expected list {listed.name} as of its latest import, got one that was put back to before it"
            )
        wanted = indexes.check_category(_category(row, listed.name, category), search)
        entry = tx.get(LIST_ENTRIES, listed.edition, chosen.entry)
        if entry is None:
            raise NotFoundError(f"expected an entry of list {listed.name}, got {chosen.entry[:60]!r}")
        one = sources.of_entry(chosen.entry, entry.body, wanted, office.today())
        found = [one] if one else []
    if not found:
        raise InputError(
            "expected a person who may be searched (of full age whichever birth is right, of a category that channel "
            f"and type name, of own acts that count now, with a match key), got {chosen.entry[:60]}"
        )
    return found


def _category(row: Index, name: str, category: str) -> str:
    """The category of a list's persons: that which the index has for the list, or the one that is said."""
    if name not in row.lists:
        return category or indexes.LISTED
    known = row.list_categories[row.lists.index(name)]
    if category not in ("", known):
        raise InputError(f"--category: expected {known}, as the index has it for list {name}, got {category[:40]!r}")
    return known


def _read_dossier(tx: Reading, office: Office, by: Person, chosen: Chosen) -> None:
    there = tx.get(DOSSIERS, chosen.dossier)
    if there is None:
        raise NotFoundError(f"expected a dossier that is here, got {chosen.dossier[:60]!r}")
    ask(tx, office, by, Action.DOSSIER_READ, facts.of_dossier(tx, office.ctx, there))


def change(
    tx: Writing, ctx: Context, row: Index, source: str, wanted: dict[str, sources.Candidate | None], by: str = "node"
) -> tuple[Index, int, int]:
    """Bring entries of a source to what they are to be (None: out). Returns the index, how many came and went.

    Who has other match keys goes, and comes under a new number. Who is kept out does not come.
    """
    kept = kept_out(tx, row, source, [entry for entry, one in wanted.items() if one])
    gone: list[IndexEntry] = []
    new: list[IndexEntry] = []
    for entry, one in wanted.items():
        there = withdrawing.standing(tx, row, source, entry)
        same = [old for old in there if one and entry not in kept and _alike(old, one)][:1]
        gone += [old for old in there if old not in same]
        if one is None or entry in kept:
            continue
        if same:
            tx.put(INDEX_ENTRIES, [msgspec.structs.replace(same[0], body=one.body, until=one.until)])
            continue
        new.append(
            IndexEntry(
                index=row.name,
                number=row.entries + len(new) + 1,
                source=source,
                entry=entry,
                keys=one.keys,
                body=one.body,
                noted=ctx.clock.now(),
                by=there[0].by if there else by,
                category=one.category,
                until=one.until,
            )
        )
    if gone:
        withdrawing.out(tx, ctx, row, gone, "changed" if new else "gone")
    if new:
        tx.add(INDEX_ENTRIES, new)
        row = msgspec.structs.replace(row, entries=row.entries + len(new))
        tx.put(INDEXES, [row])
    return row, len(new), len(gone)


def _alike(old: IndexEntry, one: sources.Candidate) -> bool:
    """Whether tables would have the same of both."""
    return (set(old.keys), old.category) == (set(one.keys), one.category)


# -- out ---------------------------------------------------------------------------------------------------------------


def remove(office: Office, register: Register, by: Person, name: str, those: Sequence[Chosen], reason: str) -> Left:
    """Take persons out of an index and keep them out; their references are withdrawn at once.

    Raises InputError, NotFoundError (neither the index nor this node has such a source), StateError, NotAllowedError.
    """
    for one in those:
        office.ctx.store.read(lambda tx, one=one: _known(tx, name, one))  # type: ignore[misc]
    return _leave(office, register, by, name, those, reason, Action.INDEX_REMOVE)


def withdraw(office: Office, register: Register, by: Person, name: str, references: Sequence[str], reason: str) -> Left:
    """Withdraw references (16 hex digits) by hand; who stands behind them is taken out, and kept out.

    Raises InputError, NotFoundError (no table of the index has the reference), NotAllowedError.
    """

    def read(tx: Reading) -> list[Chosen]:
        row = indexes.find(tx, name)
        ask(tx, office, by, Action.INDEX_WITHDRAW, indexes.on(row))
        return list(dict.fromkeys(one for text in references for one in _behind(tx, row, text)))

    those = office.ctx.store.read(read)
    return _leave(office, register, by, name, those, reason, Action.INDEX_WITHDRAW, references)


def of_dossier(tx: Reading, row: Index, dossier: str) -> list[Chosen]:
    """The persons of a dossier who are in an index."""
    source = DOSSIER + dossier
    found = withdrawing.standing(tx, row, source)
    return list(dict.fromkeys(Chosen(source, who(source, one.entry)) for one in found))


def _behind(tx: Reading, row: Index, text: str) -> list[Chosen]:
    """Who stands behind a reference, in whichever table. Raises InputError, NotFoundError."""
    if len(text) != 16 or set(text) - set("0123456789abcdef"):
        raise InputError(f"REFERENCE: expected 16 hex digits, got {text[:40]!r}")
    reference, numbers = int(text, 16), set[int]()
    for epoch in withdrawing.epochs(tx, row.name):
        claims = tx.get(CLAIMS, epoch.id, table.part_of(reference, epoch.count))
        if claims and (known := table.referred(claims.body, reference)):
            numbers |= set(known[1])
    if not numbers:
        raise NotFoundError(f"REFERENCE: expected one of a table of index {row.name}, got {text}")
    found = tx.get_many(INDEX_ENTRIES, [(row.name, number) for number in sorted(numbers)])
    return [Chosen(one.source, who(one.source, one.entry)) for one in found.values()]


def _leave(
    office: Office,
    register: Register,
    by: Person,
    name: str,
    those: Sequence[Chosen],
    reason: str,
    action: Action,
    references: Sequence[str] = (),
) -> Left:
    words, ctx = work.check_line(reason, "--reason"), office.ctx
    if not those or len(those) > MOST:
        raise InputError(f"expected 1 to {MOST} persons of index {name}, got {len(those)}")

    def planned(tx: Reading) -> list[Erasure]:
        row = indexes.opened(tx, name)
        ask(tx, office, by, action, indexes.on(row))
        found = [(one, *turns(tx, row, one)) for one in those]
        now = ctx.clock.now()
        return [_marked(mark_of(row, one, "out", turn + 1), now, by.id) for one, turn, is_out in found if not is_out]

    marks = ctx.store.read(planned)
    register.add(marks)

    def do(tx: Writing) -> Left:
        row = indexes.opened(tx, name)
        ask(tx, office, by, action, indexes.on(row))
        tx.put(ERASURES, marks)
        gone = [entry for one in those for entry in _entries(tx, row, one)]
        count = withdrawing.out(tx, ctx, row, gone, "by-hand")
        for one in those:
            details: dict[str, object] = {"source": one.source, "entry": one.entry, "reason": words}
            what = What.INDEX_WITHDRAWN if references else What.INDEX_REMOVED
            details |= {"references": list(references)} if references else {}
            notes.record(tx, ctx, what, by.id, indexes.named(row), details, one.dossier)
        return Left(len(gone), count)

    return ctx.store.write("index.remove", do)


def _known(tx: Reading, name: str, chosen: Chosen) -> None:
    """Raises NotFoundError for a person of a source that is not here, and of which nobody is in the index."""
    if withdrawing.standing(tx, indexes.find(tx, name), chosen.source):
        return
    if not chosen.dossier:
        lists.find(tx, chosen.source.removeprefix(LIST))
    elif tx.get(DOSSIERS, chosen.dossier) is None:
        raise NotFoundError(f"expected a dossier that is here, got {chosen.dossier[:60]!r}")


def _entries(tx: Reading, row: Index, chosen: Chosen) -> list[IndexEntry]:
    found = withdrawing.standing(tx, row, chosen.source) if chosen.dossier else None
    if found is None:
        return withdrawing.standing(tx, row, chosen.source, chosen.entry)
    return [one for one in found if who(chosen.source, one.entry) == chosen.entry]
