"""A store of an older schema becomes one of this program's: one step a schema, each in one transaction.

    from N to N + 1:  what tables, columns and indexes lack is added (`tables`)
                      the step's own work on rows (`to_<N + 1>`)
                      what no kind names any more goes
                      the caller looks at it; META says N + 1

Rules kept here:
- a step is one transaction of the store, and META's `schema` is set in it: a stop anywhere leaves the schema before or
  the one behind, and the next try goes on there;
- the tables are those of this program's kinds after any step, so a step's own work is about rows alone and may use the
  records. What a kind lost, or keeps in another form, is that step's own work;
- that nobody else has the store open meanwhile, and that a copy was made before (`copies`), is the caller's order.

A new schema N + 1: raise `base.SCHEMA`, write `to_<N + 1>.py`, name it in `STEPS`, freeze the tables of N as
`tests/contract/schema-<N>`.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from passerelle.core.errors import StoreError
from passerelle.ports.records import KINDS, META, Meta
from passerelle.ports.store import Reading, Store, Writing
from passerelle.store.base import SCHEMA, SCHEMA_KEY, BaseStore
from passerelle.store.migrations import tables, to_3, to_4, to_5, to_6
from passerelle.store.sql import SqlTransaction

T = TypeVar("T")

Step = Callable[[Writing], None]
STEPS: Mapping[int, Step] = {2: to_3.work, 3: to_4.work, 4: to_5.work, 5: to_6.work}
"""What is done to the rows of a store of this schema to bring it to the next."""

Look = Callable[[Store, int], None]
"""Given a store inside the transaction, and the schema that the step begins at. What it raises undoes the step."""


class _UndoneError(Exception):
    """The rehearsal is over."""


def rehearse(store: BaseStore, look: Look) -> None:
    """Have a store of an older schema looked at as one of this program's. Nothing of it stays."""

    def work(tx: Writing) -> None:
        tables.add(_database(tx), KINDS)
        look(Inside(tx), schema_of(tx))
        raise _UndoneError

    with suppress(_UndoneError):
        store.write("upgrade.rehearse", work)


def upgrade(store: BaseStore, after: Look) -> list[int]:
    """Bring a store, opened for `upgrade`, to this program's schema. Returns the schemas it was brought from.

    `after` looks at it at the end of each step's transaction, and may write there.
    """
    done: list[int] = []
    while (at := store.read(schema_of)) < SCHEMA:
        store.write(f"upgrade.{at}", lambda tx, at=at: _step(tx, at, after))  # type: ignore[misc]
        done.append(at)
    return done


def schema_of(tx: Reading) -> int:
    """The schema that a store says it has."""
    row = tx.get(META, SCHEMA_KEY)
    if row is None or not row.value.isdecimal():
        raise StoreError("expected a store that says its schema, got one that does not")
    return int(row.value)


def _step(tx: Writing, at: int, after: Look) -> None:
    if schema_of(tx) != at:  # another process was faster
        return
    tables.add(_database(tx), KINDS)
    STEPS[at](tx)
    if at + 1 == SCHEMA:
        tables.remove(_database(tx), KINDS)
    after(Inside(tx), at)
    tx.put(META, [Meta(name=SCHEMA_KEY, value=str(at + 1))])


def _database(tx: Writing) -> SqlTransaction[Any]:
    """The transaction, with as much time as it needs: an index of millions of rows is not made in a moment."""
    if not isinstance(tx, SqlTransaction):
        raise TypeError(f"expected a database, got {type(tx).__name__}")
    tx.take_time()
    return tx


class Inside:
    """A `Store` that is one transaction: whatever is asked of it happens there."""

    def __init__(self, tx: Writing) -> None:
        self._tx = tx

    def read(self, work: Callable[[Reading], T]) -> T:
        return work(self._tx)

    def write(self, name: str, work: Callable[[Writing], T]) -> T:
        return work(self._tx)

    def close(self) -> None:
        """The transaction ends without this."""
