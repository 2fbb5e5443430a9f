"""What every store knows of a `Kind` beside its names: the types of its fields, and what may be asked of it.

Rules kept here:
- a field is `str`, `int`, `bool`, `bytes` or `tuple[str, ...]`, or one of these or None; another is a TypeError when
  the store is opened;
- a field of the key or of an index is neither a tuple nor ever None;
- a key, a prefix or a place has no more values than its index has fields, a limit is not negative.

Left unchecked: the types of the values that are asked for. A type checker sees them, and a wrong one finds nothing or
fails, with nothing changed. `check_record`, which looks at the values of a whole record, is called by the store in
memory alone: the databases check their columns themselves, and at no cost.
"""

import sys
import types
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from passerelle.core.errors import StoreError
from passerelle.ports.store import Key, Kind

R = TypeVar("R", bound=msgspec.Struct)

_PLAIN = (str, int, bool, bytes)
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class Column(NamedTuple):
    """A field as a store keeps it."""

    name: str
    type: type  # str | int | bool | bytes | tuple (of str)
    nullable: bool


def _column(kind: Kind[Any], name: str, hint: Any) -> Column:
    nullable = False
    if get_origin(hint) in (Union, types.UnionType):
        inner = [part for part in get_args(hint) if part is not types.NoneType]
        nullable = len(inner) < len(get_args(hint))
        hint = inner[0] if len(inner) == 1 else hint
    if hint in _PLAIN:
        return Column(name, hint, nullable)
    if get_origin(hint) is tuple and get_args(hint) == (str, ...):
        return Column(name, tuple, nullable)
    raise TypeError(f"{kind.name}: expected {name} to be str, int, bool, bytes or tuple[str, ...], got {hint}")


def _reader(fields: Sequence[str]) -> Callable[[Any], Key]:
    """A function from a record to the tuple of these fields."""
    read = attrgetter(*fields)
    if len(fields) == 1:
        return lambda record: (read(record),)
    return read


class Shape(Generic[R]):
    """A kind with the types of its fields."""

    def __init__(self, kind: Kind[R]) -> None:
        hints = get_type_hints(kind.record)
        indexed = {name for columns in kind.indexes.values() for name in columns}
        self.kind = kind
        self.columns = tuple(_column(kind, name, hints[name]) for name in kind.fields)
        for column in self.columns:
            if column.name in indexed and column.type is tuple:
                raise TypeError(f"{kind.name}: expected no tuple in a key or an index, got {column.name}")
        # What the type allows, an index may forbid.
        self.columns = tuple(c._replace(nullable=c.nullable and c.name not in indexed) for c in self.columns)
        self.key_of = _reader(kind.key)
        self.places_of = {index: _reader(columns) for index, columns in kind.indexes.items()}
        self._integers = [at for at, column in enumerate(self.columns) if column.type is int]
        self._good: set[tuple[type, ...]] = set()

    def check_keys(self, keys: Sequence[Key]) -> None:
        length = len(self.kind.key)
        for key in keys:
            if len(key) != length:
                raise StoreError(f"{self.kind.name}: expected a key of {length} values, got {len(key)}")

    def check_prefix(self, index: str, prefix: Key, after: Key = (), limit: int = 0) -> None:
        columns = self.kind.indexes.get(index)
        if columns is None:
            raise StoreError(
                f"{self.kind.name}: expected one of the indexes {', '.join(self.kind.indexes)}, got {index}"
            )
        if len(prefix) + len(after) > len(columns):
            got = len(prefix) + len(after)
            raise StoreError(f"{self.kind.name}: expected at most {len(columns)} values for {index}, got {got}")
        if not 0 <= limit <= sys.maxsize:
            raise StoreError(f"{self.kind.name}: expected a limit of 0 or more, got {limit}")

    def check_type(self, records: Sequence[R]) -> None:
        if (found := {*map(type, records)}) != {self.kind.record}:
            names = ", ".join(sorted(one.__name__ for one in found))
            raise StoreError(f"{self.kind.name}: expected records of type {self.kind.record.__name__}, got {names}")

    def check_record(self, record: R) -> None:
        """Raises StoreError for what a database would refuse: wrong types, large integers, NUL, surrogates."""
        values = msgspec.structs.astuple(record)
        found = tuple(map(type, values))
        if found not in self._good:
            self._check_types(values)
            self._good.add(found)
        for at in self._integers:
            if values[at] is not None and not _SMALLEST <= values[at] <= _LARGEST:
                raise StoreError(f"{self.kind.name}: expected {self.columns[at].name} within 64 bits, got more")
        text = "".join(value for value in values if value.__class__ is str)
        text += "".join(part for value in values if value.__class__ is tuple for part in value)
        if "\0" in text or not (text.isascii() or text.encode("utf-8", "replace").decode() == text):
            raise StoreError(f"{self.kind.name}: expected text without NUL and unpaired surrogates, got some")

    def _check_types(self, values: tuple[Any, ...]) -> None:
        for value, column in zip(values, self.columns, strict=True):
            if type(value) is column.type or (value is None and column.nullable):
                continue
            wanted, got = column.type.__name__, type(value).__name__
            raise StoreError(f"{self.kind.name}: expected {column.name} to be {wanted}, got {got}")
