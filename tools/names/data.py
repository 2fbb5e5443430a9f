"""Reading the public name data that the tables are trained on. It stays where it is: nothing of it goes into the
product.

Split by entity. Ratios and frequencies are never counted on a person whose alias or Arabic form is a query of the
evaluation (`queries.jsonl.gz`), nor on anybody who has a name of such a person in another of the files, in whatever
order; its queries were looked at while the comparison was made. Beside them a quarter of the travellers and of the full
names in two scripts, by the hash of the first name, is kept from everything, and with them whoever has one of their
names: what is measured on them was tuned on nothing. Half of the queries (`kept`) is measured apart too.
"""

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any


def folder() -> Path:
    """The folder of the data. Raises SystemExit when it is absent."""
    place = Path(os.environ.get("PASSERELLE_DATA", "../shared/data")) / "names"
    if not place.is_dir():
        raise SystemExit(f"expected name data in {place}; set PASSERELLE_DATA to the folder that holds names/")
    return place


def rows(name: str) -> Iterator[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    with gzip.open(folder() / name, "rt", encoding="utf8") as file:
        yield from map(json.loads, file)


def columns(name: str) -> Iterator[list[str]]:
    """The rows of a file of tab-separated values."""
    with gzip.open(folder() / name, "rt", encoding="utf8") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def apart(text: str) -> bool:
    """Whether what this text names is kept from everything but the last measurement."""
    return sha256(f"apart {text}".encode()).digest()[0] < 64


def unordered(name: str) -> str:
    """A name whatever the order of its words."""
    return " ".join(sorted(name.casefold().replace(",", " ").split()))


class Names:
    """All of it: persons with two or more names that may be trained on, others, full names in two scripts, tokens."""

    def __init__(self) -> None:
        self.persons = {row["id"]: row for row in rows("persons.jsonl.gz") if row["names"]}
        self.queries = list(rows("queries.jsonl.gz"))
        travellers = [row for row in rows("travellers.jsonl.gz") if row["names"]]
        full = [line[:2] for name in ("fullnames-TN.tsv.gz", "fullnames-DZ.tsv.gz") for line in columns(name)]
        self.travellers_apart = [row for row in travellers if apart(row["names"][0])]
        self.full_apart = [pair for pair in full if apart(pair[0])]
        self.held = {entry for query in self.queries for entry, true, _ in query["candidates"] if true}
        measured = [self.persons[entry]["names"] for entry in self.held] + [[query["query"]] for query in self.queries]
        measured += [row["names"] for row in self.travellers_apart] + self.full_apart
        self._measured = {unordered(name) for names in measured for name in names}
        self.travellers = [row for row in travellers if self._counted(row["names"])]
        self.full = [pair for pair in full if self._counted(pair)]
        self.tokens = [
            (latin, arabic.replace(" ", ""), int(count))
            for name in ("tokens-wd_arabic_16.tsv.gz", "tokens-wd_arabic_64.tsv.gz")
            for latin, arabic, count in columns(name)
        ]

    def _counted(self, names: Sequence[str]) -> bool:
        return self._measured.isdisjoint(map(unordered, names))

    def trained(self) -> list[dict[str, Any]]:
        """Persons that are no answer of a query, and have no name of somebody who is measured."""
        return [
            person
            for number, person in self.persons.items()
            if number not in self.held and self._counted(person["names"])
        ]

    def kept(self, query: dict[str, Any]) -> bool:
        """Whether the query only measures."""
        (true,) = (entry for entry, true, _ in query["candidates"] if true)
        return bool(sha256(f"person {true}".encode()).digest()[0] & 1)
