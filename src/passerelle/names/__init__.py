"""Names in any script: read, compared, explained, found in a list."""

from passerelle.names.block import Block
from passerelle.names.comparing import (
    Comparison,
    NameSet,
    Part,
    compare,
    compare_many,
    explained,
    odds,
    prepared,
    scored,
)
from passerelle.names.index import Index, StaleIndexError
from passerelle.names.keys import blocks, match_keys
from passerelle.names.reading import NameReadError, read
from passerelle.names.script import scripts

__all__ = [
    "Block",
    "Comparison",
    "Index",
    "NameReadError",
    "NameSet",
    "Part",
    "StaleIndexError",
    "blocks",
    "compare",
    "compare_many",
    "explained",
    "match_keys",
    "odds",
    "prepared",
    "read",
    "scored",
    "scripts",
]
