"""The one place where persons meet the comparison of names: whole names, and the names of places."""

from functools import lru_cache

from passerelle import names
from passerelle.persons.model import Person
from passerelle.persons.weights import table


def prepared(person: Person) -> names.NameSet | None:
    """The person's names made ready; None when there are none."""
    texts = [name.text for name in person.names if name.text.strip()]
    return names.prepared(texts) if texts else None


def script_of(text: str) -> str:
    """The script of a text as an ISO 15924 word; `Zyyy` when it has none, or several."""
    found = names.scripts(text)
    return next(iter(found)) if len(found) == 1 else "Zyyy"


@lru_cache(maxsize=16_384)
def _place(text: str) -> names.NameSet:
    return names.prepared([text])


@lru_cache(maxsize=16_384)
def _alike(one: str, other: str) -> bool:
    return names.compare(_place(one), _place(other)) >= table().place.names


def alike(one: str, other: str) -> bool:
    """Whether two names of places sound alike, in whatever script."""
    return _alike(*sorted((one, other)))
