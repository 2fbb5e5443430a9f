"""The records of lists in clear: a node's own lists of persons, which never leave it.

An import writes its entries as an *edition* of their own, in as many transactions as it takes; the last one makes it
the current edition of its list. So what is half written counts nowhere, and is deleted. The entries of the edition
before are deleted when they count no more; that it was there, and how many it had, stays.

An entry is the reader's own (`persons.model.Entry`), as MessagePack.
"""

from passerelle.ports.store import Kind, Record

NEVER = 2**62
"""The time of what does not come."""


class List(Record, frozen=True):
    """A list. `id`: another for one that is made anew under its name; its index files are found by it.

    `purpose`: a word of the channels' vocabulary; `basis`: the legal basis, in words; `retention`: how long entries may
    stay without an import that confirms them, ISO 8601; `expires`: until when (ms). `edition`: the current one, "" when
    there are no entries (any more).
    """

    name: str
    id: str
    domain: str
    purpose: str
    basis: str
    form: str
    retention: str
    created: int
    created_by: str
    edition: str = ""
    entries: int = 0
    expires: int = NEVER


class Edition(Record, frozen=True):
    """What one import brought. `number`: from 1, of those that became current; 0 before.

    `state`: writing | current | leaving (its rows are being deleted) | past. `moved`: when an import that writes gave
    its last sign of life (ms). `before`: the edition that it took the place of. `source`: SHA-256 over the files, the
    form and the mapping, in hex. `added`, `changed`, `removed`: against the edition before. `faults`: what could not
    be read.
    """

    id: str
    list: str
    number: int
    state: str
    moved: int
    by: str
    source: str
    form: str
    before: str = ""
    entries: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    faults: int = 0


class ListEntry(Record, frozen=True):
    """One person of an edition. `body`: the entry without its line, so that what says the same is the same."""

    edition: str
    entry: str
    body: bytes


class ListKey(Record, frozen=True):
    """That an entry bears this document or number (`matching.keys_of`): it is found by it under any name."""

    edition: str
    key: str
    entry: str


class ListChange(Record, frozen=True):
    """What an import did to an entry: added | changed | removed. Kept for the current edition alone."""

    edition: str
    entry: str
    what: str


LISTS = Kind("lists", List, ("name",), by_expiry=("expires",))
EDITIONS = Kind("list_editions", Edition, ("id",), by_list=("list", "number"), by_state=("state", "moved"))
LIST_ENTRIES = Kind("list_entries", ListEntry, ("edition", "entry"))
LIST_KEYS = Kind("list_keys", ListKey, ("edition", "key", "entry"))
LIST_CHANGES = Kind("list_changes", ListChange, ("edition", "entry"), by_what=("edition", "what"))

KINDS = (LISTS, EDITIONS, LIST_ENTRIES, LIST_KEYS, LIST_CHANGES)
