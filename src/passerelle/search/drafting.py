"""A hit becomes a dossier: the draft of the act that the type opens on a hit, with reference, claim and person.

Rules kept here:
- the type says which act that is, and what of its body the search knows: index, reference and claim, and where the act
  has fields for them, the day, the objective link and the offence that were named. The rest a person says;
- of the person goes what the channel lets pass and the act takes, and nothing else;
- one draft for a hit: it is taken from when the draft is written until that is thrown away, and it is opened when the
  draft is released (`exchange.claiming`);
- nothing is drafted from a hit that a current withdrawal list does not let stand.

Left unchecked: whether the act may leave. Its desk checks it, as every draft.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from passerelle.core.audit import What
from passerelle.core.clock import day_of
from passerelle.core.errors import InputError, StateError
from passerelle.dossiers.shapes import ActType, DossierType
from passerelle.exchange import claiming, notes
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.instruments.channel import Channel
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.persons.model import Person
from passerelle.persons.subject import Subject, to_dossier
from passerelle.ports.people import Person as Who
from passerelle.ports.records import DOSSIERS
from passerelle.ports.search import Question, SearchHit
from passerelle.ports.store import Reading, Writing
from passerelle.ports.work import Draft
from passerelle.search import asking, hits
from passerelle.search.grounds import on

_PERSON = ("names", "births", "sex", "nationalities", "documents", "numbers", "places")


def type_of(tx: Reading, ctx: Context, question: Question, named: str = "") -> tuple[DossierType, ActType]:
    """The type of the dossier that a hit opens, and the act: the one named, that of the dossier behind the question, or
    the only one that the channel carries. Raises InputError with those that may be named.
    """
    found = Channels(tx, ctx).standing(question.channel)
    channel = found.instrument if found else None
    carried = channel.types if isinstance(channel, Channel) else {}
    fitting = {}
    for name, entry in carried.items():
        kind = ctx.catalogue.get(name)
        if kind is not None and kind.search is not None and kind.search.opens in entry.acts:
            fitting[name] = kind
    behind = tx.get(DOSSIERS, question.dossier) if question.dossier else None
    wanted = named or (behind.type if behind is not None and behind.type in fitting else "")
    if not wanted:
        # A list is of travellers: of several types the one that opens on a hit and on nothing else.
        always = [name for name, kind in fitting.items() if kind.search and kind.search.always]
        wanted = next(iter(always if not question.dossier and len(always) == 1 else fitting), "")
        wanted = wanted if len(fitting) == 1 or wanted in always else ""
    if wanted not in fitting:
        known = ", ".join(fitting) or "none: the channel carries no type that opens on a hit"
        raise InputError(f"--type: expected one of {known}, got {wanted[:60] or 'nothing'}")
    kind = fitting[wanted]
    return kind, kind.acts[kind.search.opens if kind.search else ""]


def written(
    tx: Reading,
    ctx: Context,
    question: Question,
    hit: SearchHit,
    given: Mapping[str, Any],
    kind: DossierType,
    act: ActType,
    category: str = "",
) -> dict[str, Any]:
    """The act as its author writes it: what he gave, and what the search knows. Raises InputError, StateError."""
    body = dict(given.get("body", {}))
    proof = dict(zip(claiming.FIELDS, (hit.index, hit.reference, hit.claim.hex()), strict=True))
    if taken := sorted({*proof, "subjects"} & {*body, *given}):
        raise InputError(f"{taken[0]}: expected it to be put in from the hit, got it in the file")
    for name, value in _named(question, act).items():
        body.setdefault(name, value)
    made = dict(given) | {"body": body | proof, "subjects": [_subject(tx, ctx, question, hit, act, category)]}
    standing = Channels(tx, ctx).standing(question.channel)
    if standing is not None and standing.in_force(ctx.clock.now()):
        made.setdefault("channel", question.channel)
        made.setdefault("purpose", question.purpose)
    return made


def put_in(question: Question, act: ActType) -> tuple[str, ...]:
    """The fields of the body that need not be filled in by hand."""
    return (*claiming.FIELDS, *_named(question, act))


def _named(question: Question, act: ActType) -> dict[str, str]:
    """What was named when it was asked, where the act has fields for it."""
    said, fields = asking.said_of(question), act.schema.get("properties", {})
    known = {"screened_on": day_of(question.asked), "link": said.get("link"), "offence": said.get("offence")}
    return {name: value for name, value in known.items() if value and name in fields}


def _subject(
    tx: Reading, ctx: Context, question: Question, hit: SearchHit, act: ActType, category: str
) -> dict[str, Any]:
    """The person of a hit, as far as channel and act let him pass."""
    allowed = sorted(act.subjects.categories)
    chosen = category or (allowed[0] if len(allowed) == 1 else "")
    if chosen not in allowed:
        raise InputError(f"--category: expected one of {', '.join(allowed)}, got {chosen[:40] or 'nothing'}")
    person: Person = hits.entry_of(hit).person
    made = to_dossier(Subject(person=person, key="p1", category=chosen, minor=""), losing=True)
    found = Channels(tx, ctx).standing(question.channel)
    channel = found.instrument if found else None
    covers = channel.fields.covers if isinstance(channel, Channel) else lambda _: True
    kept = {name for name in _PERSON if covers(f"subjects.{name}") and name not in act.subjects.without}
    return {name: value for name, value in made.items() if name not in _PERSON or name in kept}


def link(tx: Writing, office: Office, who: Who, question: Question, number: int, reason: str, draft: Draft) -> None:
    """In the transaction that writes the draft: the hit is taken by it. Raises StateError, NotFoundError."""
    ask(tx, office, who, Action.SEARCH_READ, on(question.domain, "hit", question.id))
    words = hits.why(who, question, reason)
    hits.withdraw(tx, office.ctx, question)
    hit = hits.find(tx, question, number)
    check_free(hit)
    claiming.drafted(tx, hit, draft.id)
    details = {"hit": number, "draft": draft.id, "reason": words}
    notes.record(tx, office.ctx, What.SEARCH_OPENED, who.id, f"search/{question.id}", details, question.dossier)


def check_free(hit: SearchHit) -> None:
    """Raises StateError for a hit that a draft or a dossier has."""
    if hit.state != "unverified":
        raise StateError(f"expected an unverified hit, got {hit.number}, {hit.state} in dossier {hit.dossier}")
    if hit.draft:
        raise StateError(f"expected a hit that no draft has, got {hit.number} of draft {hit.draft}")


def numbers(wanted: Iterable[int], found: Iterable[SearchHit]) -> list[SearchHit]:
    """The hits of these numbers; of none the only one there is. Raises InputError."""
    every = {one.number: one for one in found}
    if not every:
        raise InputError("expected a question with hits that can be opened, got none")
    named = list(dict.fromkeys(wanted)) or (list(every) if len(every) == 1 else [])
    if not named or set(named) - set(every):
        known = ", ".join(map(str, every))
        raise InputError(f"HIT: expected numbers of hits ({known}), got {', '.join(map(str, named)) or 'none'}")
    return [every[one] for one in named]
