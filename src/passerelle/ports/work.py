"""The records of the officers' daily work: drafts, who works on what, notes, copies sent another way, reviews.

All of it is local: no field of these records ever enters a message, an evidence file or any other export. What a
dossier's list needs (`person`, `desk`, `service`) stands in the dossier's row as well; the history stands here.
"""

import msgspec

from passerelle.ports.store import Kind


class Draft(msgspec.Struct, frozen=True):
    """An act that is being written, and has no index nor place in line yet. Its id becomes that of the message.

    `state`: draft (being written) | submitted (waits for release) | returned (sent back, with `comment`) | discarded.
    A released one is gone: the message of the same id says by whom and when. A discarded one keeps no content.
    `version` grows with each step, so that of two persons who act on what they saw one is told; `edition` grows when
    what the draft says changes.
    """

    id: str
    partner: str
    dossier: str
    act: str
    body: bytes  # canonical JSON of the act as written, without what the node sets itself
    author: str  # who wrote this version
    created: int
    type: str = ""
    channel: str = ""
    lane: str = "routine"
    state: str = "draft"
    version: int = 1
    edition: int = 1
    authors: tuple[str, ...] = ()  # everybody who wrote a version: none of them is the second pair of eyes
    attested: tuple[str, ...] = ()  # what the author states locally; never sent
    comment: str = ""  # why it was sent back or discarded
    changed: int = 0
    changed_by: str = ""
    first: str = ""  # who approved this version first, where it needs a second approver; since `approved`
    approved: int = 0


class Assignment(msgspec.Struct, frozen=True):
    """That a dossier was given to a service, a desk, a person. The newest one counts."""

    id: str
    dossier: str
    time: int
    by: str
    service: str = ""
    desk: str = ""
    person: str = ""
    note: str = ""


class Note(msgspec.Struct, frozen=True):
    """An internal note on a dossier."""

    id: str
    dossier: str
    time: int
    by: str
    text: str


class Via(msgspec.Struct, frozen=True):
    """That a copy went another way (INTERPOL, SIENA, …), under the reference that it has there."""

    id: str
    dossier: str
    time: int
    by: str
    system: str
    reference: str
    sent: str = ""  # the day, as written


class Review(msgspec.Struct, frozen=True):
    """That an act was released by one person alone, and another looks at it afterwards. `due` in milliseconds.

    `state`: open | upheld | not-upheld.
    """

    message: str
    dossier: str
    partner: str
    act: str
    channel: str
    domain: str
    released: int
    released_by: str
    author: str
    due: int
    state: str = "open"
    done: int = 0
    done_by: str = ""
    comment: str = ""


DRAFTS = Kind(
    "drafts",
    Draft,
    ("id",),
    by_dossier=("dossier", "created"),
    by_state=("state", "changed"),
    by_author=("author", "state", "changed"),
)
ASSIGNMENTS = Kind("assignments", Assignment, ("id",), by_dossier=("dossier", "time"))
NOTES = Kind("work_notes", Note, ("id",), by_dossier=("dossier", "time"))
VIAS = Kind("vias", Via, ("id",), by_dossier=("dossier", "time"))
REVIEWS = Kind("reviews", Review, ("message",), by_state=("state", "due"), by_dossier=("dossier", "released"))

KINDS = (DRAFTS, ASSIGNMENTS, NOTES, VIAS, REVIEWS)
