"""What a finding is worth: the table `weights.toml`, read once.

A weight is the base-2 logarithm of how often the finding shows in records of one person over how often in those of two
(Fellegi and Sunter, 1969). The table says where its figures come from. A verdict is a word for the reader; only the
bits are added up.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from math import log2
from typing import Literal, NamedTuple

import msgspec

Verdict = Literal["agrees", "close", "differs", "contradicts", "missing"]


class Weight(NamedTuple):
    """A finding's word and its evidence in bits, positive for one person."""

    verdict: Verdict
    bits: float


class _Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    verdict: Literal["agrees", "close", "differs", "contradicts"]
    m: float
    u: float
    why: str

    def weight(self) -> Weight:
        return Weight(self.verdict, log2(self.m / self.u))


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    levels: dict[str, _Level] = {}
    costs: dict[str, float] = {}
    chance_years: int = 0
    placeholders: tuple[str, ...] = ()
    a_sign: float = 0.0
    least: int = 0
    near_least: int = 0
    names: float = 0.0


class _Prior(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bits: float


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    agrees: float
    close: float


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prior: _Prior
    names: _Names
    birth: _Part
    document: _Part
    number: _Part
    place: _Part
    sex: _Part
    nationality: _Part


@cache
def table() -> _Table:
    """The table as it is shipped."""
    text = (resources.files("passerelle.persons") / "weights.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Table)


@cache
def levels(part: str) -> Mapping[str, Weight]:
    """The weights of one part (birth, document, number, place, sex, nationality) by the name of the finding."""
    found: _Part = getattr(table(), part)
    return {name: level.weight() for name, level in found.levels.items()}
