"""The tables of `data/tables.toml`: words and classes of letters that the reading of names knows."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.files("passerelle.names").joinpath("data/tables.toml").read_text("utf8"))


def words(name: str) -> frozenset[str]:
    """The words of an entry of `[words]`."""
    return frozenset(_tables()["words"][name].split())


def classes(name: str) -> dict[str, list[str]]:
    """The entries of a table of classes: name -> words."""
    return {key: value.split() for key, value in _tables()[name].items()}
