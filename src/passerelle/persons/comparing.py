"""Two persons compared, part by part. It ranks; a person decides.

    left = prepared(person)                                   # once
    ranked = scores(left, candidates, names=found)            # 1,000 candidates: no words are made
    agreement = compare(left, candidates[0])                  # for what is shown
    agreement.score, agreement.parts, agreement.sentences()

Rules kept here:
- evidence is added up in bits: the log-likelihood ratios of Fellegi and Sunter (`weights.toml`), with the odds that the
  score of the names stands for. With names alone the score is that of the names;
- what is missing on one side adds nothing and takes nothing away;
- of each part the best pair counts, so what agrees is never drowned by what else a list knows. What contradicts ranks
  lower and is told; it hides nothing;
- both ways around the score is the same;
- a number that stands in a register on one side and on a card on the other counts once.

Left alone: that parts depend on one another (a nationality on a place of birth), which the small weights allow for; and
where to stop looking. No threshold is applied here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp2, log2

from passerelle import names as naming
from passerelle.persons import births, marks, places, telling, traits
from passerelle.persons.finding import KINDS, Finding, Kind
from passerelle.persons.model import Person
from passerelle.persons.naming import alike
from passerelle.persons.naming import prepared as _named
from passerelle.persons.remarks import Remark, of_name, of_person
from passerelle.persons.weights import Verdict, table

_SUREST = 1e-9  # a score of names is taken as no surer than this, nor than its complement
_MOST = 45.0  # bits, either way: a score is never 0 or 1


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A person made ready for many comparisons."""

    person: Person
    names: naming.NameSet | None
    births: tuple[births.Reading, ...]
    documents: tuple[marks.Mark, ...]
    numbers: tuple[marks.Mark, ...]
    places: tuple[places.Spot, ...]
    sex: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What the comparison of one part came to. `bits`: its evidence, positive for one person.

    `left`, `right`, `why` and `sentence` speak the language that is in use when they are read.
    """

    kind: Kind
    verdict: Verdict
    bits: float
    finding: Finding | None = None
    names: naming.Comparison | None = None
    remarks: tuple[Remark, ...] = ()

    @property
    def left(self) -> str:
        """What stood left; empty when nothing was compared."""
        return self.names.left if self.names else telling.side(self.finding.left) if self.finding else ""

    @property
    def right(self) -> str:
        """What stood right; empty when nothing was compared."""
        return self.names.right if self.names else telling.side(self.finding.right) if self.finding else ""

    def sentences(self) -> list[str]:
        """What was found, and what is to be remarked on either side; nothing when there is nothing to say."""
        told = list(self.names.sentences()) if self.names else []
        if self.finding:
            told.append(telling.sentence(self.finding))
        return [*told, *map(telling.remark, self.remarks)]


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far two persons agree. `score`: in (0, 1), to rank by; `bits`: the same as log-odds; a part for each kind."""

    score: float
    bits: float
    parts: tuple[Part, ...]

    def sentences(self) -> list[str]:
        """The comparison in the language in use, the names first; last, what could not be compared."""
        told = [sentence for part in self.parts for sentence in part.sentences()]
        lacking = [part.kind for part in self.parts if part.verdict == "missing"]
        return [*told, telling.missing(lacking)] if lacking else told


def prepared(person: Person) -> Prepared:
    """A person made ready; never raises: what cannot be read is left out of the comparison, and told by it."""
    documents, numbers = marks.of_documents(person.documents), marks.of_numbers(person.numbers)
    held = [mark.held for mark in (*numbers, *documents) if mark.held]
    return Prepared(
        person=person,
        names=_named(person),
        births=(
            *births.readings(person.births),
            *births.readings([birth for one in held for birth in one.births], numbered=True),
        ),
        documents=documents,
        numbers=numbers,
        places=places.spots(person.places),
        sex=traits.said(person.sex, [one.sex for one in held]),
    )


# ---- scores ----------------------------------------------------------------------------------------------------------


def score(one: Prepared, other: Prepared, *, names: float | None = None) -> float:
    """The score of `compare`, without words. `names`: the score of the names where it is known already."""
    return _score(_total(_name_bits(one, other, names), _findings(one, other)))


def scores(one: Prepared, others: Sequence[Prepared], *, names: Sequence[float] | None = None) -> list[float]:
    """The score against each of many, in their order; `names`: the scores of the names where they are known already."""
    known = [None] * len(others) if names is None else names
    return [score(one, other, names=value) for other, value in zip(others, known, strict=True)]


def compare(one: Person | Prepared, other: Person | Prepared, *, names: float | None = None) -> Agreement:
    """Two persons compared, with what an officer needs to judge it. `names`: as of `score`. It ranks, never decides."""
    left = one if isinstance(one, Prepared) else prepared(one)
    right = other if isinstance(other, Prepared) else prepared(other)
    name_bits, findings = _name_bits(left, right, names), _findings(left, right)
    total = _total(name_bits, findings)
    remarks = (
        *of_person(left.person, left.numbers, left.documents),
        *of_person(right.person, right.numbers, right.documents),
    )
    by_kind = {finding.kind: finding for finding in findings}
    parts = []
    for kind in KINDS:
        own = tuple(dict.fromkeys(remark for remark in remarks if remark.kind == kind))
        if kind == "name":
            parts.append(_name_part(left, right, name_bits))
        elif finding := by_kind.get(kind):
            parts.append(Part(kind=kind, verdict=finding.verdict, bits=finding.bits, finding=finding, remarks=own))
        else:
            parts.append(Part(kind=kind, verdict="missing", bits=0.0, remarks=own))
    return Agreement(score=_score(total), bits=total, parts=tuple(parts))


def _name_part(one: Prepared, other: Prepared, bits: float | None) -> Part:
    if bits is None:
        return Part(kind="name", verdict="missing", bits=0.0)
    limits, value = table().names, _score(bits + table().prior.bits)
    verdict: Verdict = "agrees" if value >= limits.agrees else "close" if value >= limits.close else "differs"
    if one.names is None or other.names is None:
        return Part(kind="name", verdict=verdict, bits=bits)
    told = naming.explained(one.names, other.names)
    said = (*of_name(one.person, told.left), *of_name(other.person, told.right))
    return Part(kind="name", verdict=verdict, bits=bits, names=told, remarks=tuple(dict.fromkeys(said)))


def _findings(one: Prepared, other: Prepared) -> list[Finding]:
    """What was found, of each kind but the names at most one."""
    found = [
        births.compared(one.births, other.births) if one.births and other.births else None,
        places.compared(one.places, other.places, alike) if one.places and other.places else None,
        *_marks(one, other),
        traits.sex(one.sex, other.sex),
        traits.nationality(one.person.nationalities, other.person.nationalities),
    ]
    return [finding for finding in found if finding is not None]


def _marks(one: Prepared, other: Prepared) -> tuple[Finding | None, Finding | None]:
    """Documents and national numbers. What is the same number in both counts once, whichever way it comes to more."""
    document = marks.documents(one.documents, other.documents)
    if not one.numbers and not other.numbers:
        return document, None
    four = one.numbers, other.numbers, one.documents, other.documents
    number = marks.numbers(*four)
    twice = marks.shared(document, number)
    if not twice:
        return document, number
    ways = (
        (document, marks.numbers(*four, without=twice)),
        (marks.documents(one.documents, other.documents, without=twice), number),
    )
    return max(ways, key=lambda way: sum(finding.bits for finding in way if finding))


def _name_bits(one: Prepared, other: Prepared, names: float | None) -> float | None:
    """What the names say, in bits; None when one side has none, or none that can be read (the score is 0 then)."""
    if names is None:
        if one.names is None or other.names is None:
            return None
        names = naming.compare(one.names, other.names)
    if not names:
        return None
    value = min(1 - _SUREST, max(_SUREST, names))
    return log2(value / (1 - value)) - table().prior.bits


def _total(names: float | None, findings: Sequence[Finding]) -> float:
    # Sorted: a sum of floats depends on its order, and the score must not depend on who stands left.
    return table().prior.bits + sum(sorted([names or 0.0, *(finding.bits for finding in findings)]))


def _score(bits: float) -> float:
    return 1 / (1 + exp2(-min(_MOST, max(-_MOST, bits))))
