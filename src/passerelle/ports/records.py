"""The records that a node keeps. Frozen; the store's tables are made from the `Kind`s below.

Content bytes and salts stand in rows of their own (`CONTENTS`): a change of status never rewrites them and an erasure
deletes exactly them. What a log must keep forever (`ENTRIES`) reveals nothing of a content.
"""

from passerelle.ports import (
    attachments,
    audit,
    backups,
    courier,
    erasures,
    keys,
    leases,
    lists,
    people,
    relations,
    screening,
    search,
    starts,
    work,
)
from passerelle.ports.store import Kind, Record
from passerelle.ports.timers import TIME_KINDS


class Meta(Record, frozen=True):
    """A fact of the store itself: the node's name, the fingerprint of its keys, the schema version."""

    name: str
    value: str


class Partner(Record, frozen=True):
    """A partner's node: its identity file and whether persons have confirmed it."""

    name: str
    identity: bytes
    fingerprint: str
    status: str  # unconfirmed | confirmed | suspended
    added: int
    changed: int
    changed_by: str


class Log(Record, frozen=True):
    """One log of one link, one generation. `direction`: out = this node sends.

    `size` leaves; `frontier` the hashes of the full subtrees at the right edge, largest first, 32 bytes each;
    `cosigned` the size that the receiver has cosigned; `receipt` the newest checkpoint with all signatures.
    """

    origin: str
    partner: str
    direction: str  # out | in
    lane: str  # flash | routine | governance
    generation: int
    size: int = 0
    frontier: bytes = b""
    last_time: int = 0
    cosigned: int = 0
    receipt: str = ""
    closing: int = -1  # of a closed log: the size that the next generation names
    state: str = "open"  # open | closed (a newer generation exists) | stopped (partner ahead) | frozen (equivocation)
    reason: str = ""
    reopen: bool = False  # in: persons here allow the partner to open the next generation after a freeze


class Attempt(Record, frozen=True):
    """How the sending to a partner in a lane stands: for retries and for `queue`."""

    partner: str
    lane: str
    failures: int = 0
    failed: int = 0
    reason: str = ""
    due: int = 0
    reached: bool = False  # the partner answered, and refused: that it can be reached is no reason to try sooner


class Entry(Record, frozen=True):
    """One leaf. `nodes`: the hashes of the subtrees that this leaf completes, lowest first, 32 bytes each."""

    origin: str
    index: int
    leaf: bytes
    nodes: bytes
    message: str


class Message(Record, frozen=True):
    """A message of either direction; its content stands in `CONTENTS`.

    States of own messages: unsequenced, sequenced (stored by the partner when its log's `cosigned` is past the
    index), refused, withdrawn (never got an index), withheld (the content is gone). Of the partner's: applied,
    waiting, refused, withheld.
    """

    id: str
    partner: str
    direction: str
    lane: str
    kind: str
    state: str
    dossier: str = ""
    act: str = ""
    channel: str = ""
    after: tuple[str, ...] = ()
    governance: str = ""  # "generation/size" of the author's governance log that the content relies on
    origin: str = ""
    index: int = -1
    time: int = 0  # the entry's time, 0 before it has one
    noted: int = 0  # when this node wrote or received it
    facts: str = ""  # what the type's rules need of the content (never personal), JSON text
    type: str = ""  # these three, words of closed lists, outlive the content: figures are made of them
    purpose: str = ""
    ground: str = ""  # of a refusal
    size: int = 0
    commitment: bytes = b""
    checks: tuple[str, ...] = ()  # numbers of the refusal
    refusal: str = ""  # the message that refused it
    reason: str = ""  # in words, local only
    author: str = ""
    releaser: str = ""
    position: int = 0  # own: order of writing; partner's: order of arrival


class Content(Record, frozen=True):
    """Exact content bytes and the salt of their commitment. Written once, deleted by erasure, never rewritten."""

    message: str
    salt: bytes
    body: bytes


class Wait(Record, frozen=True):
    """A message of the partner that waits for `need`: a message id, or `governance:<partner>`."""

    message: str
    need: str


class Dossier(Record, frozen=True):
    """A dossier as it stands: derived from its messages by the type's rule, kept for lists and for speed.

    `domain` is that of the channel it was opened under. `acknowledged`, `charged`, `answered`: the last act by which
    the answering side did that (`dossiers.progress`), so that a list can say how far a dossier has come. `person`,
    `desk`, `service` are the newest assignment here and come from no message; `given` is the most particular of them.
    `addressed`: the services of this side that messages came to, or that wrote in it, sorted.
    """

    id: str
    partner: str
    type: str
    channel: str
    opener: str
    state: str
    status: str  # open | ended
    standing: str = ""  # what the type's rules need beside the state, JSON text
    heads: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()  # this node's refusals since its last act: its next act builds on them too
    count: int = 0  # messages that count for the state
    own_reference: str = ""
    partner_reference: str = ""
    title: str = ""
    opened: int = 0
    updated: int = 0
    domain: str = ""
    opening: str = ""  # the opening message
    acknowledged: str = ""
    charged: str = ""
    answered: str = ""
    person: str = ""
    desk: str = ""
    service: str = ""
    given: str = ""  # person/ann, desk/fugitives, service/police; empty: to nobody
    addressed: tuple[str, ...] = ()


class Instrument(Record, frozen=True):
    """An instrument's exact bytes and what both sides did with it. Times are those of the log entries, 0 = not."""

    digest: str
    kind: str
    partner: str
    body: bytes
    proposed_by: str
    proposed: int = 0
    agreement: str = ""  # digest of the agreement under which it stands
    supersedes: str = ""
    own_signed: int = 0
    own_cosigned: bool = False
    partner_signed: int = 0
    own_message: str = ""
    partner_message: str = ""
    rejected: int = 0
    rejected_by: str = ""
    terminated: int = 0
    terminated_by: str = ""
    reason: str = ""


class Usage(Record, frozen=True):
    """What a channel has carried on a UTC day in one direction, by entry time: for limits a day."""

    channel: str
    day: str
    direction: str
    entries: int = 0
    bytes: int = 0


class Audit(Record, frozen=True):
    """An act of a person or of the node; `commitment` = SHA-256(salt, details).

    Its place in the audit log: block `index` of `generation`, leaf `place` of that block; `nodes` are the subtrees that
    the leaf completes there. Without one it is still in line. Erased, it keeps id, time, commitment and place.
    """

    id: str
    time: int
    what: str
    who: str
    on: str
    salt: bytes
    details: bytes
    commitment: bytes
    dossier: str = ""  # the dossier that it is about, whatever `on` is
    generation: int = 0
    index: int = -1
    place: int = -1
    nodes: bytes = b""


class Alarm(Record, frozen=True):
    """Something that persons must look at."""

    id: str
    time: int
    what: str
    partner: str
    text: str
    status: str = "open"  # open | seen


class Conflict(Record, frozen=True):
    """Proof of equivocation: two checkpoints the partner signed that no one log can have, with their proofs."""

    id: str
    origin: str
    index: int
    time: int
    ours: str
    theirs: str


META = Kind("meta", Meta, ("name",))
PARTNERS = Kind("partners", Partner, ("name",))
LOGS = Kind("logs", Log, ("origin",), by_link=("partner", "direction", "lane", "generation"))
ATTEMPTS = Kind("attempts", Attempt, ("partner", "lane"))
ENTRIES = Kind("entries", Entry, ("origin", "index"))
MESSAGES = Kind(
    "messages",
    Message,
    ("id",),
    by_queue=("partner", "direction", "lane", "state", "position"),
    by_dossier=("dossier", "position"),
)
CONTENTS = Kind("contents", Content, ("message",))
WAITS = Kind("waits", Wait, ("message", "need"), by_need=("need",))
DOSSIERS = Kind(
    "dossiers",
    Dossier,
    ("id",),
    # Lists are asked by a person, who sees some domains: no list walks over those of others.
    by_status=("domain", "status", "updated"),
    by_partner=("domain", "partner", "type", "status", "updated"),
    by_type=("domain", "type", "status", "updated"),
    by_given=("domain", "given", "status", "updated"),
    by_desk=("domain", "desk", "status", "updated"),
    by_reference=("own_reference",),
    by_partner_reference=("partner_reference",),
)
INSTRUMENTS = Kind(
    "instruments", Instrument, ("digest",), by_partner=("partner", "kind"), by_superseded=("supersedes",)
)
USAGE = Kind("usage", Usage, ("channel", "day", "direction"))
AUDITS = Kind(
    "audits",
    Audit,
    ("id",),
    by_place=("generation", "index", "place"),
    by_dossier=("dossier", "time"),
    by_on=("on", "time"),
    by_who=("who", "time"),
    by_time=("time",),
)
ALARMS = Kind("alarms", Alarm, ("id",), by_status=("status", "time"))
CONFLICTS = Kind("conflicts", Conflict, ("id",), by_origin=("origin",))

KINDS: tuple[Kind, ...] = (  # type: ignore[type-arg]
    META,
    PARTNERS,
    LOGS,
    ATTEMPTS,
    ENTRIES,
    MESSAGES,
    CONTENTS,
    WAITS,
    DOSSIERS,
    INSTRUMENTS,
    USAGE,
    AUDITS,
    ALARMS,
    CONFLICTS,
    *TIME_KINDS,
    *audit.KINDS,
    *people.KINDS,
    *work.KINDS,
    *keys.KINDS,
    *backups.KINDS,
    *attachments.KINDS,
    *erasures.KINDS,
    *leases.KINDS,
    *courier.KINDS,
    *starts.KINDS,
    *relations.KINDS,
    *lists.KINDS,
    *screening.KINDS,
    *search.KINDS,
)
