"""Asking: who asks, about whom and why is written down; then a question waits to be sent.

1. the match keys of everybody asked about (`parts_of`), a question for each index and each part of a long list;
2. handle, seed and salt are drawn, the elements blinded: their digest and the commitment go into the audit log, and
   `search.ask` writes record, question and what opens it in one transaction. Nothing was sent before;
3. the service sends what waits, and hands what comes back to `hits.taken`.

Rules kept here:
- a handle, a seed and a salt are of one question, fresh from the system's randomness: no two questions can be linked;
- the audit record says that it was asked, of whom, for what, and bears the commitment: never a key, a name or a count
  of persons;
- who has no match key (no birth date and no document) cannot be asked about; he is counted and told, never left out
  silently;
- a list of more keys than a question may have becomes several questions of one run, all of them or none.

Left unchecked: what the partner keeps. It learns that somebody asked, when, and how many elements.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.exchange import notes
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.ledger import entry as entries
from passerelle.office import work
from passerelle.office.asking import Office, Sight, ask
from passerelle.office.policy import Action
from passerelle.persons.model import Entry, Fault
from passerelle.ports.people import Person
from passerelle.ports.records import INSTRUMENTS
from passerelle.ports.search import OPENINGS, QUESTIONS, Opening, Question
from passerelle.ports.store import Reading, Writing
from passerelle.search import blinding, figures, opening
from passerelle.search.grounds import Ground, on
from passerelle.search.keys import questions_of

MOST_PEOPLE = 50_000
"""Travellers of one list at most: what is asked of them is written in one transaction."""
_ALL = 1_000_000

encode = msgspec.msgpack.Encoder().encode


class Asked(NamedTuple):
    """Somebody who is asked about, and the places of his keys among those of the question."""

    entry: Entry
    keys: tuple[int, ...]


class Part(NamedTuple):
    """Persons of one question: who they are, and their match keys, sorted."""

    people: tuple[Asked, ...]
    keys: tuple[str, ...]


class Parts(NamedTuple):
    """All who are asked about. `without`: ids of those who have no match key; `faults`: who could not be read."""

    parts: tuple[Part, ...]
    without: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def persons(self) -> int:
        """How many are asked about."""
        return sum(len(one.people) for one in self.parts)


decode = msgspec.msgpack.Decoder(tuple[Asked, ...]).decode
"""Who was asked about, as an opening has them."""


def nobody(done: int) -> None:
    """No one looks at the progress."""


# -- who is asked about ------------------------------------------------------------------------------------------------


def parts_of(
    travellers: Iterable[Entry | Fault], most: int = blinding.MOST_ELEMENTS, advance: Callable[[int], None] = nobody
) -> Parts:
    """Persons with their match keys, in parts of at most `most` keys. Pure.

    Raises InputError when there are more persons than one list may have, or nobody who can be asked about.
    """
    made: list[Part] = []
    here: list[tuple[Entry, tuple[str, ...]]] = []
    keys: set[str] = set()
    without: list[str] = []
    faults: list[Fault] = []
    count = 0
    for one in travellers:
        if isinstance(one, Fault):
            faults.append(one)
            continue
        count += 1
        if count > MOST_PEOPLE:
            raise InputError(f"expected at most {MOST_PEOPLE} persons to ask about at once, got more: part the list")
        found = questions_of(one.person)
        if not found:
            without.append(one.id)
        else:
            if len(keys.union(found)) > most:
                made.append(_part(here, keys))
                here, keys = [], set()
            here.append((one, found))
            keys.update(found)
        advance(count)
    if here:
        made.append(_part(here, keys))
    if not made:
        if not without and not faults:
            raise InputError("expected somebody to ask about, got nobody")
        raise InputError(
            "expected somebody with a birth date, a document or a national number to ask about, "
            f"got {len(without)} without any and {len(faults)} who could not be read"
        )
    return Parts(tuple(made), tuple(without), tuple(faults))


def _part(people: Iterable[tuple[Entry, tuple[str, ...]]], keys: set[str]) -> Part:
    known = tuple(sorted(keys))
    places = {key: place for place, key in enumerate(known)}
    return Part(tuple(Asked(one, tuple(places[key] for key in found)) for one, found in people), known)


# -- asking ------------------------------------------------------------------------------------------------------------


class _Drawn(msgspec.Struct, frozen=True):
    """A question before it is written down."""

    index: str
    part: Part
    handle: str
    salt: bytes
    seed: bytes
    width: int
    elements: bytes
    commitment: bytes


def run(
    office: Office,
    who: Person,
    ground: Callable[[Reading], Ground],
    parts: Parts,
    advance: Callable[[int, int], None] = lambda done, of: None,
) -> list[Question]:
    """Ask each index about each part: all questions wait to be sent when this returns, or there is none.

    `ground`: what `grounds` says, asked now and again in the transaction that writes; `advance`: told how many elements
    of how many are blinded. Raises what `ground` raises.
    """
    ctx = office.ctx
    first = ctx.store.read(ground)
    drawn = list(_draw(first.indexes, parts, advance))

    def do(tx: Writing) -> list[Question]:
        said = ground(tx)
        if gone := set(first.indexes) - set(said.indexes):
            raise StateError(
                f"expected indexes that may be asked, got {', '.join(sorted(gone))}, which ended meanwhile"
            )
        if max(one.width for one in drawn) > said.most:
            raise StateError(
                f"expected questions of at most {said.most} elements, as the partner takes them by now, got longer ones"
            )
        run_id, made = ids.new_id(), []
        for one in drawn:
            record = notes.record(
                tx, ctx, What.SEARCH_ASKED, who.id, f"search/{one.handle}", _told(said, one), said.dossier
            )
            made.append(_question(ctx, who, said, one, run_id, record.id))
            people = encode(one.part.people)
            tx.add(OPENINGS, [Opening(one.handle, one.salt, one.seed, one.part.keys, people)])
            figures.count(tx, made[-1], questions=1, elements=one.width)
        tx.add(QUESTIONS, made)
        return made

    return ctx.store.write("search.ask", do)


def _draw(indexes: Sequence[str], parts: Parts, advance: Callable[[int, int], None]) -> Iterator[_Drawn]:
    done, of = 0, len(indexes) * sum(blinding.width_of(len(one.keys)) for one in parts.parts)
    for index in indexes:
        for part in parts.parts:
            handle, seed, salt = os.urandom(16).hex(), os.urandom(blinding.SEED), os.urandom(entries.SALT)
            width = blinding.width_of(len(part.keys))
            digest = opening.digest(blinding.blind(seed, part.keys, width).elements)
            text = opening.text(handle, part.keys, seed, width)
            yield _Drawn(index, part, handle, salt, seed, width, digest, entries.commit(salt, text))
            done += width
            advance(done, of)


def _told(ground: Ground, one: _Drawn) -> dict[str, object]:
    """What the audit log says of a question."""
    return {
        "handle": one.handle,
        "partner": ground.partner,
        "index": one.index,
        "purpose": ground.purpose,
        "channel": ground.channel,
        "basis": ground.basis,
        **ground.said,
        "elements": one.elements.hex(),
        "count": one.width,
        "opening": one.commitment.hex(),
    }


def _question(ctx: Context, who: Person, ground: Ground, one: _Drawn, run_id: str, audit: str) -> Question:
    now = ctx.clock.now()
    return Question(
        id=one.handle,
        partner=ground.partner,
        index=one.index,
        channel=ground.channel,
        domain=ground.domain,
        purpose=ground.purpose,
        basis=ground.basis,
        dossier=ground.dossier,
        about=json.canonical(ground.said).decode() if ground.said else "",
        by=who.id,
        asked=now,
        persons=len(one.part.people),
        keys=len(one.part.keys),
        count=one.width,
        elements=one.elements,
        commitment=one.commitment,
        audit=audit,
        expires=ground.expires,
        due=now,
        run=run_id,
    )


# -- what becomes of it ------------------------------------------------------------------------------------------------


def refused(tx: Writing, question: Question, check: str, reason: str) -> Question:
    """The partner refused a question for good. `check`: the number; `reason`: in words of this node."""
    made = msgspec.structs.replace(
        question, state="refused", check=check, reason=reason[:300], tries=question.tries + 1
    )
    tx.put(QUESTIONS, [made])
    _forget_people(tx, question.id)
    figures.count(tx, made, refused=1)
    return made


def stop(office: Office, who: Person, question: Question, reason: str) -> Question:
    """Take a question back that was not answered. Raises NotAllowedError, InputError, StateError."""
    words = work.check_line(reason, "--reason")

    def do(tx: Writing) -> Question:
        ask(tx, office, who, Action.SEARCH_ASK, on(question.domain, name=question.id))
        now_is = tx.get(QUESTIONS, question.id) or question
        if now_is.state != "waiting":
            raise StateError(f"expected a question that waits, got {question.id}, which is {now_is.state}")
        made = msgspec.structs.replace(now_is, state="stopped", reason=words)
        tx.put(QUESTIONS, [made])
        _forget_people(tx, question.id)
        details = {"reason": words}
        notes.record(tx, office.ctx, What.SEARCH_STOPPED, who.id, f"search/{question.id}", details, question.dossier)
        return made

    return office.ctx.store.write("search.stop", do)


def said_of(question: Question) -> dict[str, str]:
    """What was named of a list: link, offence and journey; nothing of a question about one person."""
    return dict(json.parse_object(question.about)) if question.about else {}


def _forget_people(tx: Writing, question: str) -> None:
    """Who was asked about goes; what opens the commitment stays as long as the question."""
    if (there := tx.get(OPENINGS, question)) is not None and there.people:
        tx.put(OPENINGS, [msgspec.structs.replace(there, people=b"")])


# -- finding questions -------------------------------------------------------------------------------------------------


def questions(tx: Reading, office: Office, who: Person, *, state: str = "", most: int = 200) -> list[Question]:
    """The questions that somebody may see, the latest first. Of each domain so many are read as are shown."""
    sight = Sight(tx, office, who, Action.SEARCH_LOOK)
    made: list[Question] = []
    for domain in _domains(tx, office):
        if tx.scan(QUESTIONS, "by_domain", (domain,), limit=1) and sight.sees(on(domain)):
            made += _of_domain(tx, domain, state, most)
    sight.check(made)
    return sorted(made, key=lambda one: one.asked, reverse=True)[:most]


def _domains(tx: Reading, office: Office) -> list[str]:
    """The domains of all channels that are or were here: a question is of one of them."""
    channels = Channels(tx, office.ctx)
    return sorted({channels.domain(one.digest) for one in tx.scan(INSTRUMENTS, limit=_ALL)} - {""})


def _of_domain(tx: Reading, domain: str, state: str, most: int) -> list[Question]:
    found: list[Question] = []
    after: tuple[int, str] | None = None
    while len(found) < most:
        page = tx.scan(QUESTIONS, "by_domain", (domain,), after=after, limit=most, descending=True)
        found += [one for one in page if state in ("", one.state)]
        if len(page) < most:
            break
        after = (page[-1].asked, page[-1].id)
    return found[:most]


def of_run(tx: Reading, run_id: str) -> list[Question]:
    """The questions of one command, in the order of indexes. Raises NotFoundError."""
    found = tx.scan(QUESTIONS, "by_run", (run_id,), limit=_ALL)
    if not found:
        raise NotFoundError(f"expected a question that is here, got run {run_id[:40]!r}")
    return sorted(found, key=lambda one: (one.index, one.id))
