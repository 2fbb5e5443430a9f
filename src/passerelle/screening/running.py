"""Screening travellers against an own list: what is found is shown to a person, who decides.

1. `screen.begin`: who screens, against which list and why stands in the audit log before anybody is looked up;
2. for each traveller: the candidates of the index and those with the same number of a document, compared with him;
   whoever is close enough is a hit. `screen.batch` writes them, some travellers at a time;
3. `screen.order` numbers the hits, the closest first, a page at a time;
4. `screen.done`: the run is done, its figures stand. If we stop anywhere before: the run is *broken*, it shows nothing,
   its hits are deleted, and the travellers are screened again. A part of a result is never shown for the whole.

Rules kept here:
- of a traveller who is no hit nothing is written, in any file;
- the score ranks and decides nothing: every hit begins *unverified*. Who bears the number of an entry's document is a
  hit whatever his name, and stands before those of his other hits that are left out;
- nobody is left out because of what was decided of him before: a rejected hit is a hit again, and the earlier decision
  is told with it as long as it is here;
- of one traveller the best hits are kept, the others counted;
- memory holds some travellers and their candidates, however many travellers and entries there are.

Left unchecked: the file of travellers itself. It is not this node's, and whoever brought it deletes it.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError, StateError, StoreError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.office.asking import Office, On, ask
from passerelle.office.policy import Action
from passerelle.persons.model import Entry, Fault, Person
from passerelle.ports.lists import LIST_ENTRIES, LIST_KEYS, List
from passerelle.ports.people import Person as Who
from passerelle.ports.screening import HITS, RUNS, Hit, Run
from passerelle.ports.store import Reading, Writing
from passerelle.screening import figures, lists, rules
from passerelle.screening.lists import decode, encode
from passerelle.screening.matching import keys_of, scripts_of, texts_of
from passerelle.screening.rules import Asked

if TYPE_CHECKING:
    from passerelle import persons
    from passerelle.names import Index

MILLION = 1_000_000
CANDIDATES = 50
"""Entries that are compared with a traveller because of their names."""
MOST_FAULTS = 100
_SAME_NUMBER = 50
_AT_ONCE = 50
_UNORDERED = 1_000_000_000
"""Beyond it are the numbers of hits that are not in order yet."""


def nobody(done: int) -> None:
    """No one looks at the progress."""


class Limits(msgspec.Struct, frozen=True):
    """What is shown. `least`: the score (0 to 1) from which on; `most`: hits of one traveller."""

    least: float
    most: int


class Found(NamedTuple):
    """An entry that a traveller was compared with. `score` in (0, 1); `numbered`: both bear the same number."""

    score: float
    entry: Entry
    numbered: bool


def on(domain: str, kind: str = "screening", name: str = "") -> On:
    """A screening as the policy sees it."""
    return On(kind=kind, id=name, domain=domain)


def run(
    office: Office,
    who: Who,
    row: List,
    asked: Asked,
    form: str,
    index: "Index",
    travellers: Iterable[Entry | Fault],
    limits: Limits,
    advance: Callable[[int], None] = nobody,
    ended: Callable[[], bool] = lambda: True,
) -> Run:
    """Screen travellers against a list whose index is open. `advance` is told how many were looked at; `ended` says
    afterwards whether all of the file could be read.

    Raises InputError, NotAllowedError; StateError when the list is imported anew meanwhile.
    """
    ctx = office.ctx
    begun = ctx.store.write("screen.begin", lambda tx: _begin(tx, office, who, row, asked, form, limits))
    try:
        done, tally = _all(ctx, begun, index, travellers, limits, advance)
        if not ended():
            raise InputError("--travellers: expected a file that can be read to its end, got one that cannot")
        _order(ctx, done)
        return ctx.store.write("screen.done", lambda tx: _done(tx, ctx, done, tally))
    except (Exception, KeyboardInterrupt):
        with suppress(StoreError):  # a store that fails now is tidied later
            ctx.store.write("screen.undo", lambda tx: _stop(tx, begun.id))
        raise


def _begin(tx: Writing, office: Office, who: Who, row: List, asked: Asked, form: str, limits: Limits) -> Run:
    ctx, now = office.ctx, office.ctx.clock.now()
    ask(tx, office, who, Action.SCREENING_RUN, on(row.domain, name=row.name))
    kind = rules.type_of(ctx)
    said = rules.checked(asked, row, kind)
    times = rules.times(tx, ctx, kind, said.channel)
    if lists.find(tx, row.name).edition != row.edition:
        raise _other(row)
    if lists.is_behind(tx, row):
        raise StateError(
            f"expected list {row.name} as of its latest import, got one that was put back to before it: import it again"
        )
    made = Run(
        id=ids.new_id(),
        list=row.name,
        domain=row.domain,
        edition=row.edition,
        number=lists.edition_of(tx, row).number,
        purpose=said.purpose,
        basis=row.basis,
        link=said.link,
        offence=said.offence,
        journey=said.journey,
        channel=said.channel,
        form=form,
        least=round(limits.least * MILLION),
        by=who.id,
        begun=now,
        moved=now,
        expires=add_duration(now, times.unconfirmed),
        retention=times.confirmed,
    )
    tx.add(RUNS, [made])
    keys = ("purpose", "basis", "link", "offence", "journey", "channel", "number")
    details = {key: getattr(made, key) for key in keys if getattr(made, key)} | {"list": row.name}
    notes.record(tx, ctx, What.LIST_SCREENED, who.id, f"screening/{made.id}", details)
    return made


def _other(row: List) -> StateError:
    return StateError(f"expected list {row.name} as it was when the screening began, got another: screen again")


# -- comparing ---------------------------------------------------------------------------------------------------------


def _all(
    ctx: Context,
    begun: Run,
    index: "Index",
    travellers: Iterable[Entry | Fault],
    limits: Limits,
    advance: Callable[[int], None],
) -> tuple[Run, figures.Tally]:
    made, tally = begun, figures.Tally(begun.list, figures.month_of(begun.begun))
    source: Iterator[Entry | Fault] = iter(travellers)
    unread: Fault | None = None
    while page := list(islice(source, _AT_ONCE)):
        new: list[Hit] = []
        cut = 0
        people = [one for one in page if isinstance(one, Entry)]
        unread = unread or next((one for one in page if isinstance(one, Fault)), None)
        for one in people:
            tally.traveller(scripts_of(texts_of(one.person)))
            found = candidates(ctx, begun, index, one.person)
            close = [other for other in found if other.numbered or other.score >= limits.least]
            close.sort(key=lambda other: (not other.numbered, -other.score, other.entry.id))
            cut += max(0, len(close) - limits.most)
            first = _UNORDERED + made.hits + len(new) + 1
            new += [_hit(begun, number, one, other) for number, other in enumerate(close[: limits.most], first)]
        for hit in new:
            tally.count(hit, "hits")
        made = msgspec.structs.replace(
            made,
            moved=ctx.clock.now(),
            travellers=made.travellers + len(people),
            faults=made.faults + len(page) - len(people),
            hits=made.hits + len(new),
            cut=made.cut + cut,
        )
        ctx.store.write("screen.batch", lambda tx, made=made, new=new: _batch(tx, made, new))  # type: ignore[misc]
        advance(made.travellers)
    if not made.travellers:
        raise _nobody(unread, made.faults)
    return made, tally


def _nobody(first: Fault | None, count: int) -> InputError:
    if first is None:
        return InputError("--travellers: expected at least one traveller, got nobody")
    line, column, message = first.line, first.column, first.message
    return InputError(
        f"--travellers: expected at least one traveller, got {count} faults and nobody; "
        f"first on line {line}, column {column}: {message}"
    )


def candidates(ctx: Context, begun: Run, index: "Index", person: Person) -> list[Found]:
    """The entries that names or numbers of documents lead to, each compared with the person."""
    from passerelle import persons

    texts = texts_of(person)
    by_name = dict(index.search(texts, CANDIDATES)) if texts else {}

    def read(tx: Reading) -> tuple[list[Entry], set[str]]:
        numbered: set[str] = set()
        for key in keys_of(person):
            same = tx.scan(LIST_KEYS, "key", (begun.edition, key), limit=_SAME_NUMBER)
            numbered |= {one.entry for one in same}
        names = list(dict.fromkeys([*by_name, *sorted(numbered)]))
        found = tx.get_many(LIST_ENTRIES, [(begun.edition, name) for name in names])
        if len(found) < len(names):
            raise StateError(
                f"expected list {begun.list} as it was when the screening began, got another: screen again"
            )
        return [decode(one.body) for one in found.values()], numbered

    entries, numbered = ctx.store.read(read)
    if not entries:
        return []
    left = persons.prepared(person)
    return [Found(_score(left, one.person, by_name.get(one.id)), one, one.id in numbered) for one in entries]


def _score(left: "persons.Prepared", other: Person, alike: float | None) -> float:
    """How close somebody is. `alike`: what the index says of the names; they are not read and compared once more."""
    from passerelle import persons

    if alike is None:
        return persons.score(left, persons.prepared(other))
    return persons.score(left, persons.prepared(msgspec.structs.replace(other, names=())), names=alike)


def _hit(begun: Run, number: int, one: Entry, found: Found) -> Hit:
    from passerelle import persons

    names = next(part for part in persons.compare(one.person, found.entry.person).parts if part.kind == "name")
    return Hit(
        run=begun.id,
        number=number,
        rank=MILLION - round(found.score * MILLION),
        list=begun.list,
        entry=found.entry.id,
        same=same_of(one.person),
        script=scripts_of([names.left] if names.left else texts_of(one.person)),
        against=scripts_of([names.right] if names.right else texts_of(found.entry.person)),
        traveller=encode(one),
        body=encode(found.entry),
    )


def same_of(person: Person) -> str:
    """What two travellers share who are named, born and documented alike."""
    facts = (
        sorted(" ".join(text.casefold().split()) for text in texts_of(person)),
        sorted(one.date for one in person.births),
        keys_of(person),
    )
    return hashlib.sha256(msgspec.msgpack.encode(facts)).hexdigest()


# -- writing -----------------------------------------------------------------------------------------------------------


def _still(tx: Reading, made: Run) -> None:
    there = tx.get(RUNS, made.id)
    if there is None or there.state != "running":
        raise StateError(
            "expected a screening that goes on, got one that gave no sign of life for too long: begin again"
        )


def _batch(tx: Writing, made: Run, new: list[Hit]) -> None:
    _still(tx, made)
    tx.put(RUNS, [made])
    tx.add(HITS, new)


def _order(ctx: Context, made: Run) -> None:
    """The closest hit is number 1. What has its number stands before what has none yet, so no hit is met twice."""
    after: tuple[int, int] | None = None
    done = 0

    def work(tx: Writing) -> list[Hit]:
        _still(tx, made)
        page = tx.scan(HITS, "by_rank", (made.id,), after=after, limit=lists.PAGE)
        tx.delete(HITS, [(made.id, one.number) for one in page])
        tx.add(HITS, [msgspec.structs.replace(one, number=number) for number, one in enumerate(page, done + 1)])
        return page

    while page := ctx.store.write("screen.order", work):
        after, done = (page[-1].rank, page[-1].number), done + len(page)


def _done(tx: Writing, ctx: Context, made: Run, tally: "figures.Tally") -> Run:
    _still(tx, made)
    done = msgspec.structs.replace(made, state="done", ended=ctx.clock.now(), moved=ctx.clock.now())
    tx.put(RUNS, [done])
    tally.add_to(tx)
    return done


def _stop(tx: Writing, name: str) -> None:
    there = tx.get(RUNS, name)
    if there is not None and there.state == "running":
        tx.put(RUNS, [msgspec.structs.replace(there, state="stopped")])
