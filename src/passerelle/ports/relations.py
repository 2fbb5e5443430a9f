"""The records of relations: what this node's people say of two persons, dossiers or things, and what that rests on.

All of it is local: no field of these records ever enters a message, an evidence file or any other export.

An *end* is written as text: `person/<dossier>/<key>` (keys of persons hold within their dossier), `dossier/<id>`,
`thing/<id>`. A relation is found by what it touches: its ends, their dossiers and the messages it rests on each have a
`Thread` to it, so nothing is looked for by walking over all relations.
"""

from passerelle.ports.store import Kind, Record

AGAIN = "again"
"""What threads of relations that must be looked at again hang on."""


class Relation(Record, frozen=True):
    """What somebody says of two ends. Its words never change: it is withdrawn, or replaced by another.

    `one`, `other`: the ends; of a directed kind it leads from `one` to `other`. `one_message`, `other_message`: the
    message that brought the person; of a dossier or a thing the one that opened the dossier. `source`, `information`:
    its evaluation (4x4). `because`: messages it rests on beside, each as `<id>` or `<id>#<number>` of a statement,
    from 1. `state`: noted | withdrawn | replaced (by `instead`). `again`: the message after which it must be looked
    at again.
    """

    id: str
    kind: str
    one: str
    other: str
    one_message: str
    other_message: str
    source: str  # A | B | C | X
    information: str  # 1 | 2 | 3 | 4
    nature: str  # fact | assessment
    because: tuple[str, ...]
    note: str
    by: str
    time: int
    state: str = "noted"
    instead: str = ""
    again: str = ""
    ended: int = 0
    ended_by: str = ""
    reason: str = ""


class Thread(Record, frozen=True):
    """That a relation touches something: an end, both (`pair/…`), `dossier/<id>` of an end, `message/<id>` it rests on,
    or `AGAIN`.
    """

    on: str
    relation: str
    standing: bool = True


class Thing(Record, frozen=True):
    """What is no person: a group, a company, a vehicle, an account … It belongs to the dossier that it was met in."""

    id: str
    dossier: str
    kind: str
    name: str
    by: str
    time: int


RELATIONS = Kind("relations", Relation, ("id",))
THREADS = Kind("relation_threads", Thread, ("on", "relation"), by_on=("on", "standing", "relation"))
THINGS = Kind("relation_things", Thing, ("id",), by_dossier=("dossier", "kind", "name"))

KINDS = (RELATIONS, THREADS, THINGS)
