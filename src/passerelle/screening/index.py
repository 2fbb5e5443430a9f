"""The index files of lists, below the node's folder: derived from the store, and made anew whenever they do not fit it.

    lists/<id of the list>/<edition>/    the index of that edition; a folder of another name is none
    lists/<id of the list>/lock          held while one is made

Rules kept here:
- an index counts only under the name of the list's current edition, which it gets when it is whole. If we stop before,
  what is there is thrown away by the next who looks; if the store goes back or forth, the name does not fit;
- what an import changed is added to the index of the edition before; when that is much, or there is none, all is made
  anew. Both are held against the number of entries;
- nobody but the owner reads them (0700, 0600). They are in no backup, and go with their list (`forget`).

Left unchecked: who opened an index before its list changed reads on in the old files, and is told by the run.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from passerelle.core import locks
from passerelle.core.errors import PasserelleError, StateError
from passerelle.ports.lists import EDITIONS, LIST_ENTRIES, List
from passerelle.ports.store import Store
from passerelle.screening import lists
from passerelle.screening.matching import texts_of

if TYPE_CHECKING:
    from passerelle.names import Index

NAME = "lists"
MUCH = 5
"""Where a fifth of a list or more changed, its index is made anew."""
_LOCK, _NEW = "lock", ".new"
Advance = Callable[[int, int], None]
Item = tuple[str, list[str]]


def nobody(done: int, of: int) -> None:
    """No one looks at the progress."""


class Indexes:
    """The indexes of the lists of a node, in its folder."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self._store = folder / NAME, store

    def open(self, row: List, advance: Advance = nobody) -> "Index":
        """The index of a list's current edition, made or brought up to date first where need be.

        Raises StateError when the list has no entries, or is imported anew meanwhile.
        """
        if not row.edition:
            raise StateError(f"expected a list with entries, got {row.name}, whose time is over: import it again")
        place = self.folder / row.id
        for one in (self.folder, place):
            one.mkdir(mode=0o700, exist_ok=True)
        with locks.turn(place / _LOCK):
            found = self._there(place, row) or self._updated(place, row, advance) or self._built(place, row, advance)
            _clear(place, {_LOCK, row.edition})
            return found

    def forget(self) -> None:
        """The files of lists that are not here (any more) go, and those of editions that nobody needs."""
        if not self.folder.is_dir():
            return
        known = {row.id: row for row in self._store.read(lists.listed)}
        for place in self.folder.iterdir():
            row = known.get(place.name)
            if row is None:
                shutil.rmtree(place, ignore_errors=True)
            elif not row.edition:
                _clear(place, {_LOCK})

    def _there(self, place: Path, row: List) -> "Index | None":
        from passerelle.names import Index

        try:
            found = Index.open(place / row.edition) if (place / row.edition).is_dir() else None
        except (PasserelleError, OSError, ValueError):
            return None  # damaged: it is made anew
        return found if found is not None and len(found) == row.entries else None

    def _updated(self, place: Path, row: List, advance: Advance) -> "Index | None":
        """The index of the edition before, with what the import changed."""
        from passerelle.names import Index

        edition = self._store.read(lambda tx: tx.get(EDITIONS, row.edition))
        before = place / edition.before if edition and edition.before else None
        if edition is None or before is None or not before.is_dir():
            return None
        if MUCH * (edition.added + edition.changed + edition.removed) > row.entries:
            return None
        new = place / _NEW
        shutil.rmtree(new, ignore_errors=True)
        before.rename(new)
        try:
            changed = self._changed(row, advance)
            made = Index.open(new).update(changed[0], changed[1])
        except (PasserelleError, OSError, ValueError):
            return None
        return self._named(place, row) if len(made) == row.entries else None

    def _changed(self, row: List, advance: Advance) -> tuple[Iterator[Item], list[str]]:
        """New and other entries with their names, and the ids of those that went."""
        edition = self._store.read(lambda tx: lists.edition_of(tx, row))
        there: list[str] = []
        gone: list[str] = []
        after = ""
        while page := self._store.read(lambda tx, at=after: lists.changes(tx, edition, after=at)):  # type: ignore[misc]
            after = page[-1].entry
            for one in page:
                (gone if one.what == "removed" else there).append(one.entry)
        return self._items_of(row, there, advance), gone

    def _items_of(self, row: List, names: list[str], advance: Advance) -> Iterator[Item]:
        for start in range(0, len(names), lists.PAGE):
            keys = [(row.edition, one) for one in names[start : start + lists.PAGE]]
            found = self._store.read(lambda tx, keys=keys: tx.get_many(LIST_ENTRIES, keys))  # type: ignore[misc]
            for one in found.values():
                yield one.entry, texts_of(lists.decode(one.body).person)
            advance(start + len(keys), len(names))

    def _built(self, place: Path, row: List, advance: Advance) -> "Index":
        from passerelle.names import Index

        new = place / _NEW
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        made = Index.build(new, self._items(row, advance))
        if len(made) != row.entries:
            raise StateError(f"expected list {row.name} as it was when its index was begun, got another: try again")
        return self._named(place, row)

    def _items(self, row: List, advance: Advance) -> Iterable[Item]:
        for done, one in enumerate(lists.entries(self._store, row.edition), 1):
            yield one.id, texts_of(one.person)
            if done % lists.PAGE == 0:
                advance(done, row.entries)

    def _named(self, place: Path, row: List) -> "Index":
        """The new index under the name by which it counts."""
        from passerelle.names import Index

        new, named = place / _NEW, place / row.edition
        for one in new.rglob("*"):
            one.chmod(0o700 if one.is_dir() else 0o600)
        shutil.rmtree(named, ignore_errors=True)
        new.rename(named)
        return Index.open(named)


def _clear(place: Path, kept: set[str]) -> None:
    """Whatever is in a list's folder but what is kept goes."""
    for one in place.iterdir():
        if one.name in kept:
            continue
        if one.is_dir():
            shutil.rmtree(one, ignore_errors=True)
        else:
            one.unlink(missing_ok=True)
