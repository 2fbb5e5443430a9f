"""Whose data may stand in a search index at all, before any channel says more (Directive (EU) 2016/680, article 6).

Never those of victims, witnesses and relatives, whatever the type; never those of a minor, nor of somebody who may be
one. Of the others those whose category the type names (`indexed`).
"""

from collections.abc import Mapping
from typing import Any

from passerelle.dossiers.shapes import DossierType

NEVER = frozenset({"victim", "witness", "relative"})
"""Categories that no type may name under `indexed`."""


def searchable(kind: DossierType, person: Mapping[str, Any]) -> bool:
    """Whether a person of a valid content may stand in an index."""
    return person["category"] in kind.indexed - NEVER and person["minor"] == "no"
