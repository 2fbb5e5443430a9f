"""The match keys of a person: what an entry of an index is found by, and what is asked about somebody.

Rules kept here:
- `p|kind|country|number` of a document, `n|country|number` of a national number: in the form that spelling and misread
  signs do not change (`persons.marks`, loose), five signs or more, one of them a digit;
- names by `names.match_keys`: two tokens as skeletons and a birth date, `d` with the day or `y` with the year. A birth
  that leaves the day open has years: partial, approximate, of the Hijri calendar, or a day that registries write for an
  unknown one. So a key is never a date alone, one token alone, or a number that says nothing;
- an entry has the keys of what its source says. Who asks gives the years of full dates as well, and numbers without
  their country, for entries that know no more;
- at most ten each: numbers first, but no more than four of them where names need the rest.

What follows: somebody without a document and without a birth date can neither be indexed nor asked about; who asks with
a year alone finds entries with a partial date alone; a date wrong by a digit finds nothing. Recall is measured in
docs/measurements.md.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from passerelle.persons import births, marks
from passerelle.persons.model import Birth, Name, Person

MOST = 10
"""Keys of a person at most."""
_NUMBERS = 4
_SIGNS = range(5, 65)  # of a number
_LIVING = range(1850, 2101)  # years of birth that are worth a key
_SPREAD = 3  # years of one birth, from the middle of what it leaves open


def keys_of(person: Person) -> tuple[str, ...]:
    """The match keys of an entry of an index, at most ten; none when there is nothing to find it by."""
    from passerelle.names import match_keys  # much to load, for a node that holds no index and asks nothing

    return _chosen(_numbers(person, asking=False), match_keys(_texts(person.names), _dates(person.births)))


def questions_of(person: Person) -> tuple[str, ...]:
    """The match keys to ask about somebody with, at most ten; none when he cannot be asked about."""
    from passerelle.names import match_keys

    names = match_keys(_texts(person.names), _dates(person.births, asking=True), years=True)
    return _chosen(_numbers(person, asking=True), names)


def _chosen(numbers: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    first, others = list(dict.fromkeys(numbers)), list(dict.fromkeys(names))
    room = max(_NUMBERS, MOST - len(others))
    kept = first[:room]
    return (*kept, *others[: MOST - len(kept)])


def _numbers(person: Person, *, asking: bool) -> Iterator[str]:
    """The most exact ones first."""
    papers = [one for one in marks.of_documents(person.documents) if _tells(one)]
    registers = [one for one in marks.of_numbers(person.numbers) if _tells(one)]
    yield from (f"n|{one.country}|{one.loose}" for one in registers)
    yield from (f"p|{one.kind}|{one.country}|{one.loose}" for one in papers)
    if asking:
        yield from (f"n||{one.loose}" for one in registers)
        yield from (f"p|{one.kind}||{one.loose}" for one in papers)


def _tells(mark: marks.Mark) -> bool:
    return len(mark.loose) in _SIGNS and any(sign.isdigit() for sign in mark.key)


def _texts(names: Iterable[Name]) -> list[str]:
    """What names say, weak aliases last."""
    return [one.text for one in sorted(names, key=lambda one: one.quality == "low")]


def _dates(those: Iterable[Birth], *, asking: bool = False) -> list[str]:
    """The days and years of births: exact days first."""
    days, years = dict[str, None](), dict[str, None]()
    for one in births.readings(those):
        first, last = (date.fromordinal(day) for day in one.days)
        if first == last:
            days[first.isoformat()] = None
            if one.birth.uncertain and (other := _swapped(first)):
                days[other] = None
        else:
            if asking and one.hijri and one.digits:  # converted, a day off at most as a rule
                days[date.fromordinal(sum(one.days) // 2).isoformat()] = None
            years |= dict.fromkeys(map(str, _middle(first.year, last.year)))
    return [text for text in (*days, *years) if int(text[:4]) in _LIVING]


def _middle(first: int, last: int) -> range:
    if last - first < _SPREAD:
        return range(first, last + 1)
    begin = (first + last - _SPREAD + 1) // 2
    return range(begin, begin + _SPREAD)


def _swapped(day: date) -> str:
    try:
        return day.replace(month=day.day, day=day.month).isoformat()
    except ValueError:
        return ""
