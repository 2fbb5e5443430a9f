"""Persons as they are known: names, births, places, documents, numbers; read, compared and explained.

What compares is loaded when it is first asked for: names bring compiled code, which others that need no more than a
date or a record should not wait for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from passerelle.persons.comparing import Agreement, Part, Prepared, compare, prepared, score, scores

__all__ = ["Agreement", "Part", "Prepared", "compare", "prepared", "score", "scores"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from passerelle.persons import comparing

    return getattr(comparing, name)
