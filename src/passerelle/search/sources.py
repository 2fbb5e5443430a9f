"""Whose data an index may be made of: persons of an own list, persons that own acts brought to a dossier. Pure.

Rules kept here:
- never a victim, a witness, a relative; never a minor, nor who may be one by any of his births; nor who has no match
  key. The channel's categories hold beside the type's own (`dossiers.indexing`);
- of a dossier only what this node's own acts say, of persons whom they brought first: what a partner sent, or whom he
  named, goes into no index, for him or another. As the act stands now: corrected, and not at all once it was withdrawn
  or is under a restriction (until that is taken back);
- an act counts as long as its dossier is worked on: not while it is suspended, nor from an ending on (a refusal, or
  what the type's deadline of withdrawal from indexes runs from), whatever state the dossier is then in;
- an act made for other purposes than the index's stays out; so does one that bears a risk of ill-treatment (which bars
  onward use), one that names an offence of opinion (which waits for a second approver), one whose content is above the
  partner's level, and one under H2 or H3 where it was written to somebody else than the index is for;
- what is erased is gone, and at its retention date a person leaves.

Left unchecked: whether a list's persons are of the category that is said of it (`indexes`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from passerelle.core.clock import day_of, from_iso
from passerelle.core.errors import InputError
from passerelle.dossiers import corrections
from passerelle.dossiers.dates import minor_of
from passerelle.dossiers.indexing import NEVER, searchable
from passerelle.dossiers.rules import OPINION, RISK
from passerelle.dossiers.shapes import DossierType
from passerelle.dossiers.state import Standing
from passerelle.instruments.channel import Channel
from passerelle.persons.model import Birth, Person
from passerelle.ports import lists as ports
from passerelle.ports.records import Dossier, Message
from passerelle.screening.lists import decode
from passerelle.search import keys

FORM = b"1"
"""Of match keys: with another, all entries are made anew."""
WITHDRAWAL = "index-withdrawal"
"""The deadline of a type that runs from the acts with which its persons leave every index."""
_NOT_PASSED_ON = frozenset(("H2", "H3"))
_RESTRICT, _REFUSE = "restrict", "refuse"


class Candidate(msgspec.Struct, frozen=True):
    """A person who may stand in an index. `entry`: which of its source; `body`: a digest of what he is made of."""

    entry: str
    category: str
    keys: tuple[str, ...]
    body: bytes
    until: int = ports.NEVER


def digest(*parts: bytes) -> bytes:
    """What changes when a person, or the way that match keys are made, does."""
    made = hashlib.sha256(FORM)
    for part in parts:
        made.update(len(part).to_bytes(4, "big") + part)
    return made.digest()[:16]


# -- lists -------------------------------------------------------------------------------------------------------------


def of_entry(entry: str, body: bytes, category: str, today: str) -> Candidate | None:
    """A person of a list, from his entry as it stands there; None for who may not be searched. `today`: ISO day."""
    person = decode(body).person
    if not is_adult(person.births, today):
        return None
    found = keys.keys_of(person)
    return Candidate(entry, category, found, digest(category.encode(), body)) if found else None


def is_adult(births: Iterable[Birth], today: str) -> bool:
    """Whether a person is 18 or more on a day whichever of his births is right: doubt is a minor."""
    return minor_of([one for birth in births for one in _readings(birth, today)], today) == "no"


def _readings(birth: Birth, today: str) -> Iterator[dict[str, str]]:
    """A birth as dossiers have it; one that the source leaves open in each way that it can be read."""
    made = {"date": birth.date, "calendar": birth.calendar, "kind": birth.kind}
    if birth.until:
        made["until"] = birth.until
    yield made
    year = birth.date[:4]
    if birth.uncertain and year.isdecimal():
        yield made | {"date": year}  # day and month may be the other way round
        if birth.calendar == "gregorian" and int(year) + 100 <= int(today[:4]):
            yield made | {"date": f"{int(year) + 100:04d}"}  # the century was guessed


# -- dossiers ----------------------------------------------------------------------------------------------------------


class Told(msgspec.Struct, frozen=True):
    """An act of a dossier in the one order that both nodes use: its message, what its row remembers, its content
    (None: not here, or not needed), and where the dossier stood after it.
    """

    message: Message
    facts: Mapping[str, Any]
    content: Mapping[str, Any] | None
    standing: Standing


class Terms(msgspec.Struct, frozen=True):
    """What an index asks of an act: for whom it is, for which purposes and categories, under which channel."""

    own: str
    partner: str
    purposes: frozenset[str]
    categories: frozenset[str]
    channel: Channel


def of_dossier(
    kind: DossierType, row: Dossier, history: Sequence[Told], terms: Terms, now: int
) -> dict[str, Candidate]:
    """The persons of a dossier who may stand in an index, by entry (`message/key`). `now` in milliseconds."""
    if kind.name != row.type or row.status != "open" or row.state in kind.resting or has_ended(kind, history):
        return {}
    gone, own = _taken_away(kind, history), _own_persons(history)
    last = history[-1].standing.subjects if history else {}
    found = {}
    for one in history:
        if one.message.direction != "out" or one.content is None or one.message.id in gone:
            continue
        content = _as_corrected(kind, one, history, gone)
        if content is None or not _may_be_used(one, content, terms, row):
            continue
        until = from_iso(f"{content['retention']}T00:00:00Z") if content.get("retention") else ports.NEVER
        if until <= now:
            continue
        for person in content.get("subjects", ()):
            key, category = person["key"], person["category"]
            if key not in own or last.get(key) in NEVER or category not in terms.categories:
                continue
            if searchable(kind, person) and (made := _candidate(one.message.id, person, until, day_of(now))):
                found[made.entry] = made
    return found


def has_ended(kind: DossierType, history: Sequence[Told]) -> bool:
    """Whether an act with which persons leave every index was done, and the dossier was not opened again since."""
    deadline = kind.deadlines.get(WITHDRAWAL)
    ends = {_REFUSE} | ({start.act for start in deadline.runs_from} if deadline else set())
    ended, before = False, ""
    for one in history:
        if one.message.act in ends and one.message.id not in one.standing.overtaken:
            ended = True
        elif before == "ended" and one.standing.status == "open":
            ended = False
        before = one.standing.status
    return ended


def _own_persons(history: Sequence[Told]) -> set[str]:
    """The keys of persons whom an act of this node brought before any of the partner's did."""
    first: dict[str, str] = {}
    for one in history:
        for key in one.facts.get("subjects", ()):
            first.setdefault(key, one.message.direction)
    return {key for key, direction in first.items() if direction == "out"}


def _taken_away(kind: DossierType, history: Sequence[Told]) -> set[str]:
    """The messages that were withdrawn or are under a restriction; who takes a restriction back lifts it."""
    gone: set[str] = set()
    naming = [(one.message.act, one.message.id, str(one.facts.get("message", ""))) for one in history]
    for act, _, named in naming:
        if act in kind.acts and kind.acts[act].revokes:
            gone.add(named)
    return gone | {named for act, id_, named in naming if act == _RESTRICT and id_ not in gone}


def _as_corrected(kind: DossierType, one: Told, history: Sequence[Told], gone: set[str]) -> Mapping[str, Any] | None:
    """The content as it stands now; None when a correction of it is not here: then nobody knows what it says."""
    content: Mapping[str, Any] | None = one.content
    for other in history:
        if other.message.act not in kind.acts or not kind.acts[other.message.act].corrects:
            continue
        if other.facts.get("message") != one.message.id or other.message.id in gone or content is None:
            continue
        if other.content is None:
            return None
        content, wrong = corrections.corrected(content, other.content["body"]["corrections"], kind)
        if wrong:
            return None
    return content


def _may_be_used(one: Told, content: Mapping[str, Any], terms: Terms, row: Dossier) -> bool:
    side = terms.channel.sides.get(terms.own)
    passed_on = row.partner == terms.partner or not _NOT_PASSED_ON & set(content.get("handling", ()))
    return (
        content.get("purpose") in terms.purposes
        and not one.facts.get(RISK)
        and OPINION not in one.facts
        and side is not None
        and content.get("classification") in side.levels
        and passed_on
    )


def _candidate(message: str, person: Mapping[str, Any], until: int, today: str) -> Candidate | None:
    from passerelle.persons import subject  # much to load, for a node without an index

    try:
        who: Person = subject.from_dossier(person).person
    except InputError:  # written unchecked, or by another version of the form
        return None
    if not is_adult(who.births, today):
        return None
    found = keys.keys_of(who)
    body = digest(str(person["category"]).encode(), msgspec.msgpack.encode(who))
    return Candidate(f"{message}/{person['key']}", str(person["category"]), found, body, until) if found else None
