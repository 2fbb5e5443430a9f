"""Links between persons, dossiers and things of this node: what its people say belongs together, and on what ground.

    made = add(office, who, New(kind="same-person", one=Wanted(a, "p1"), other=Wanted(b, "p1"), ...), reason="...")

Rules kept here:
- whoever relates two dossiers may do that in both, and may read each dossier that the relation rests on; that he reads
  them is recorded first, with his reason, as all reading is (`consulting`);
- everything that a relation rests on is on the same side of every wall (`walls`), and may still be used;
- a relation is evaluated as a statement is (4x4, fact or assessment). It never changes: it is withdrawn, or another
  takes its place. Of the same ends nothing is said twice, nor what denies what stands;
- that data were combined is an audit record on both dossiers (Directive (EU) 2016/680, article 25); it names no key and
  no word. Relations leave the node in no message, evidence or export.

Left unchecked: whether a relation is true.
"""

from collections.abc import Iterable, Sequence

import msgspec

from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.dossiers.relations import INFORMATION, NATURES, SOURCES, RelationKind
from passerelle.exchange import notes, relating
from passerelle.office import consulting, ends, facts, work
from passerelle.office.asking import Office, On, ask
from passerelle.office.ends import End, Wanted
from passerelle.office.policy import Action
from passerelle.office.reach import Reach
from passerelle.ports.people import Person
from passerelle.ports.records import MESSAGES, Dossier, Message
from passerelle.ports.relations import RELATIONS, THREADS, Relation
from passerelle.ports.store import Reading, Writing

MOST_BECAUSE = 50
WALK = 2000
"""Relations that are looked at for one list."""
_PAGE = 200


class New(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to relate. `because`: messages, each with the number of a statement from 1, or 0 for all.

    `instead`: the id of the relation whose place it takes.
    """

    kind: str
    one: Wanted
    other: Wanted
    source: str
    information: str
    nature: str
    because: tuple[tuple[str, int], ...] = ()
    note: str = ""
    instead: str = ""


def add(office: Office, who: Person, new: New, reason: str = "") -> Relation:
    """Relate two ends. Returns the record.

    Raises InputError, NotFoundError, NotAllowedError, StateError, or WallError when a wall stands between them.
    """
    kind = ends.check_kind(new.kind)
    _check_words(new)

    def do(tx: Writing) -> Relation:
        now = office.ctx.clock.now()
        reach = Reach(tx, office, who)
        for wanted in (new.one, new.other):
            row = work.dossier(tx, wanted.dossier)
            ask(tx, office, who, Action.DOSSIER_READ, facts.of_dossier(tx, office.ctx, row))
            ask(tx, office, who, Action.RELATION_ADD, _on(tx, office, row))
            if wanted.thing:
                ends.make_thing(tx, wanted, who.id, now)
        one, other = (ends.find(tx, wanted, reach) for wanted in (new.one, new.other))
        messages = [one.message, other.message, *_because(tx, new.because)]
        read(tx, office, who, messages, reason)
        _check_ends(office, kind, new.kind, one, other)
        reach.walls.check(messages)
        made = Relation(
            id=ids.new_id(),
            kind=new.kind,
            one=one.text,
            other=other.text,
            one_message=one.message.id,
            other_message=other.message.id,
            source=new.source,
            information=new.information,
            nature=new.nature,
            because=tuple(f"{message}#{number}" if number else message for message, number in new.because),
            note=work.check_note(new.note) if new.note else "",
            by=who.id,
            time=now,
        )
        if new.instead:
            _replace(tx, office, who, new.instead, made)
        _check_new(tx, made, kind)
        relating.put(tx, made)
        _record(tx, office, What.RELATION_ADDED, who, made)
        return made

    return office.ctx.store.write("relation.add", do)


def withdraw(office: Office, who: Person, relation_id: str, reason: str) -> Relation:
    """End a relation, and say why. Raises InputError, NotFoundError, NotAllowedError or StateError."""
    words = work.check_line(reason, "--reason")

    def do(tx: Writing) -> Relation:
        found = standing(tx, relation_id)
        _may_end(tx, office, who, found)
        made = msgspec.structs.replace(
            found, state="withdrawn", ended=office.ctx.clock.now(), ended_by=who.id, reason=words
        )
        relating.put(tx, made)
        _record(tx, office, What.RELATION_WITHDRAWN, who, made)
        return made

    return office.ctx.store.write("relation.withdraw", do)


# ---- looking ---------------------------------------------------------------------------------------------------------


class Found(msgspec.Struct, frozen=True):
    """Relations, the latest first, and whether there are more than were looked at."""

    rows: tuple[Relation, ...]
    cut: bool = False


def of(
    tx: Writing, office: Office, who: Person, on: str, reason: str = "", *, ended: bool = False, most: int = 200
) -> Found:
    """The relations that touch an end, a dossier or a message (`ports.relations`), or `AGAIN`; it is recorded.

    `ended`: those that were withdrawn or replaced, too. What somebody may not read is left out. Raises InputError when
    the reading has no reason.
    """
    reach = Reach(tx, office, who)
    found = walk(tx, on, (True, False) if ended else (True,), WALK)
    rows = [one for one in found if reach.sees(one)]
    shown = tuple(sorted(rows, key=lambda one: one.id, reverse=True)[:most])
    read(tx, office, who, brought(tx, shown), reason)
    return Found(shown, cut=len(rows) > most or len(found) == WALK)


def count(tx: Reading, office: Office, who: Person, dossier: str, most: int = 200) -> int:
    """How many relations of a dossier somebody sees; counted up to `most`. It says nothing of them: nothing is read."""
    reach = Reach(tx, office, who)
    return sum(map(reach.sees, walk(tx, f"dossier/{dossier}", (True,), most)))


def show(tx: Writing, office: Office, who: Person, relation_id: str, reason: str = "") -> Relation:
    """One relation; it is recorded. To somebody who may not read it, it is not here. Raises NotFoundError."""
    found = tx.get(RELATIONS, relation_id)
    if found is None or not Reach(tx, office, who).sees(found):
        raise _unknown(relation_id)
    read(tx, office, who, brought(tx, [found]), reason)
    return found


def walk(tx: Reading, on: str, standings: Iterable[bool], most: int) -> list[Relation]:
    """At most so many relations that touch this, the latest first of each standing; read a page at a time."""
    found: list[Relation] = []
    for standing_ in standings:
        after: tuple[str, ...] | None = None
        while len(found) < most:
            limit = min(_PAGE, most - len(found))
            page = tx.scan(THREADS, "by_on", (on, standing_), after=after, limit=limit, descending=True)
            rows = tx.get_many(RELATIONS, [(one.relation,) for one in page])
            found += rows.values()
            if len(page) < limit:
                break
            after = (page[-1].relation,)
    return found


def brought(tx: Reading, relations: Iterable[Relation]) -> list[Message]:
    """The messages that brought what stands at their ends."""
    names = dict.fromkeys(name for one in relations for name in (one.one_message, one.other_message))
    return list(tx.get_many(MESSAGES, [(name,) for name in names]).values())


def read(tx: Writing, office: Office, who: Person, messages: Sequence[Message], reason: str) -> None:
    """Record that somebody reads these messages, in the dossier of each. Raises NotAllowedError, InputError."""
    parts: dict[str, list[Message]] = {}
    for one in dict.fromkeys(messages):
        parts.setdefault(one.dossier, []).append(one)
    for dossier, found in parts.items():
        row = work.dossier(tx, dossier)
        shown = consulting.dossier(tx, office, who, row, found, reason, what="relations").messages
        if kept := [one for one in found if one.id not in shown]:
            raise consulting.kept_back(who, Action.DOSSIER_READ, row, kept)


def standing(tx: Reading, relation_id: str) -> Relation:
    """A relation that was neither withdrawn nor replaced. Raises NotFoundError or StateError."""
    found = tx.get(RELATIONS, relation_id)
    if found is None:
        raise _unknown(relation_id)
    if found.state != "noted":
        raise StateError(f"expected a relation that stands, got {found.id}, which is {found.state}")
    return found


def _unknown(relation_id: str) -> NotFoundError:
    return NotFoundError(f"expected a relation that is here, got {relation_id[:80]!r}")


# ---- the steps -------------------------------------------------------------------------------------------------------


def _on(tx: Reading, office: Office, row: Dossier) -> On:
    return msgspec.structs.replace(facts.of_dossier(tx, office.ctx, row), kind="relation")


def _check_words(new: New) -> None:
    for what, got, words in (
        ("source", new.source, SOURCES),
        ("information", new.information, INFORMATION),
        ("nature", new.nature, NATURES),
    ):
        if got not in words:
            raise InputError(f"{what}: expected one of {', '.join(words)}, got {got[:40]!r}")
    if len(new.because) > MOST_BECAUSE:
        raise InputError(f"because: expected at most {MOST_BECAUSE} messages, got {len(new.because)}")


def _because(tx: Reading, because: Iterable[tuple[str, int]]) -> list[Message]:
    found = []
    for message_id, number in because:
        message = tx.get(MESSAGES, message_id)
        if message is None or not message.dossier:
            raise NotFoundError(f"because: expected a message of a dossier, got {message_id[:80]!r}")
        count = len(ends.content_of(tx, message_id).get("statements", ()))
        if number and not 1 <= number <= count:
            raise InputError(f"because: expected a statement from 1 to {count} of message {message_id}, got {number}")
        found.append(message)
    return found


def _check_ends(office: Office, kind: RelationKind, name: str, one: End, other: End) -> None:
    """The ends are of a kind that the relation may have."""
    if one.text == other.text:
        raise InputError("other: expected another end, got the same one twice")
    for what, end, allowed in (("one", one, kind.one), ("other", other, kind.other)):
        if end.kind not in allowed:
            raise InputError(f"{what}: expected {' or '.join(allowed)} for {name}, got a {end.kind}")
    if other.thing is not None and other.thing.kind not in kind.things:
        raise InputError(f"other: expected {' or '.join(kind.things)} for {name}, got a {other.thing.kind}")
    for end in (one, other):
        type_ = office.ctx.catalogue.get(end.row.type)
        taken = {category for act in type_.acts.values() for category in act.subjects.categories} if type_ else set()
        if kind.category and kind.category not in taken:
            raise InputError(f"kind: expected dossiers whose type takes a {kind.category}, got {end.row.type}")


def _check_new(tx: Reading, made: Relation, kind: RelationKind) -> None:
    for one in relating.touching(tx, relating.pair(made), standing=True):
        same = (one.one, one.other) == (made.one, made.other) or kind.symmetric
        if one.kind == made.kind and same:
            raise StateError(f"expected a relation that does not stand yet, got that of {one.id}")
        if one.kind == kind.denies:
            raise StateError(
                f"expected a relation that nothing denies, got the contrary of {one.id}: withdraw it first"
            )


def _replace(tx: Writing, office: Office, who: Person, relation_id: str, made: Relation) -> None:
    found = standing(tx, relation_id)
    _may_end(tx, office, who, found)
    if relating.pair(found) != relating.pair(made):
        raise InputError(f"instead: expected a relation of the same ends, got {found.id}")
    ended = {"ended": made.time, "ended_by": who.id, "instead": made.id}
    relating.put(tx, msgspec.structs.replace(found, state="replaced", **ended))


def _may_end(tx: Reading, office: Office, who: Person, found: Relation) -> None:
    if not Reach(tx, office, who).sees(found):
        raise _unknown(found.id)
    for dossier in relating.dossiers_of(tx, found):
        ask(tx, office, who, Action.RELATION_WITHDRAW, _on(tx, office, work.dossier(tx, dossier)))


def _record(tx: Writing, office: Office, what: What, who: Person, made: Relation) -> None:
    for dossier in relating.dossiers_of(tx, made):
        notes.record(tx, office.ctx, what, who.id, dossier, {"relation": made.id, "kind": made.kind}, dossier)
