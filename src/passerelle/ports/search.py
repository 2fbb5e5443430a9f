"""The records of the blind search, of both sides: who holds an index, and who asks.

A holder's index has *entries* (persons of its lists and dossiers, each with its match keys). What a partner gets of it
is an *epoch*: a table under a key of its own, announced by a manifest in the governance lane. The asker keeps
manifests, fetched tables, its questions and their hits. Entries, keys and questions never leave the node that has them.
"""

from passerelle.ports.lists import NEVER
from passerelle.ports.store import Kind, Record

BASE, DELTA = "base", "delta"


# ---- who holds an index ----------------------------------------------------------------------------------------------


class Index(Record, frozen=True):
    """An index for one partner. `channel`: digest under which it was made; `lists`, `types`: what its entries follow.

    `list_categories`: of the persons of each of `lists`, in their order.
    `base_size`, `delta_size`: padded counts of keys (`base_size` 0: by the ladder of sizes); `base_every`,
    `delta_every`: ISO 8601; `burst`, `day`: elements that the partner may ask at once and a day. `entries`, `epochs`:
    how many were given a number so far. `due`: when the next epoch is (ms). `state`: open | ended.
    """

    name: str
    partner: str
    channel: str
    domain: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    lists: tuple[str, ...]
    types: tuple[str, ...]
    base_size: int
    delta_size: int
    base_every: str
    delta_every: str
    burst: int
    day: int
    created: int
    created_by: str
    entries: int = 0
    epochs: int = 0
    due_base: int = 0
    due_delta: int = 0
    state: str = "open"
    list_categories: tuple[str, ...] = ()


class IndexEntry(Record, frozen=True):
    """A person in an index. `source`: `list/<name>` or `dossier/<id>`; `entry`: which of it (an entry, a message/key).

    `number`: rising; who changes gets a new one. `keys`: the match keys, none once he is out; `body`: a digest of what
    they were made of, so that a change is seen. `category`: his, as dossiers have it. `by`: who put him in, `node` for
    who is followed. `state`: in | out (the row goes when nobody can claim a reference of it any more). `until`: when he
    goes by himself; `gone`: when he went (ms).
    """

    index: str
    number: int
    source: str
    entry: str
    keys: tuple[str, ...]
    body: bytes
    noted: int
    by: str
    state: str = "in"
    category: str = ""
    until: int = NEVER
    gone: int = 0


class Followed(Record, frozen=True):
    """How far an index has followed a source: the edition of a list, the time of a dossier's latest change."""

    index: str
    source: str
    mark: str


class Epoch(Record, frozen=True):
    """A published table. `id`: SHA-256 of its manifest, hex. `kind`: base | delta; `count`: padded keys; `root`: Merkle
    root over its shards. `upto`: the highest number of an entry in it; a delta has those beyond its base's.

    `state`: making | current | past (answered until `ends`) | over (its key is gone; the row goes with the claims).
    `ends`: when its key is destroyed (ms); of what is made, when it is given up; `expires`: as the manifest says.
    """

    id: str
    index: str
    partner: str
    kind: str
    number: int
    public: bytes
    root: bytes
    count: int
    shards: int
    upto: int
    published: int
    expires: int
    ends: int
    state: str
    manifest: bytes = b""
    message: str = ""


class EpochKey(Record, frozen=True):
    """What the key of an epoch and the references of its table are derived from. In no backup; gone at the end."""

    epoch: str
    secret: bytes


class Claims(Record, frozen=True):
    """A part of an epoch's references, sorted: reference (8 bytes), hash of its claim, number of the entry."""

    epoch: str
    part: int
    body: bytes


class Withdrawn(Record, frozen=True):
    """A reference (16 hex digits) that counts no more. `why`: a word."""

    epoch: str
    reference: str
    index: str
    time: int
    why: str


class Asked(Record, frozen=True):
    """A question that was answered, or is being answered: all that is kept of it.

    `again`: how often it came again since it was debited.
    """

    partner: str
    handle: str
    index: str
    purpose: str
    elements: bytes  # SHA-256 over them
    count: int
    time: int
    again: int = 0


class Claimed(Record, frozen=True):
    """A dossier that a partner opened by a claim. `time`: when it came; `state`: opened | confirmed | rejected.

    `entries`: numbers of the index entries behind the reference when it came.
    """

    message: str
    dossier: str
    partner: str
    index: str
    epoch: str
    reference: str
    time: int
    entries: tuple[str, ...] = ()
    state: str = "opened"


class Quota(Record, frozen=True):
    """What a partner has asked of an index. `day`: UTC; `used`: elements on it.

    `level`: what the bucket had at `at` (ms), in parts of an element: as many as a day has milliseconds, so that what a
    millisecond brings is a whole number of them.
    """

    partner: str
    index: str
    day: str
    used: int
    level: int
    at: int


# ---- who asks --------------------------------------------------------------------------------------------------------


class Manifest(Record, frozen=True):
    """A partner's epoch as it announced it. `state`: announced | here (the whole table is) | over.

    `early`: its holder ended it before its time. `burst`, `day`: elements that may be asked at once and a day.
    """

    id: str
    partner: str
    index: str
    channel: str
    purposes: tuple[str, ...]
    kind: str
    number: int
    public: bytes
    root: bytes
    count: int
    shards: int
    published: int
    expires: int
    body: bytes
    message: str
    state: str = "announced"
    early: bool = False
    burst: int = 0
    day: int = 0


class Shard(Record, frozen=True):
    """A shard of a table, own or fetched: its digest (the leaf under the root) and size; its bytes stand beside it."""

    epoch: str
    number: int
    digest: bytes
    size: int
    here: bool = True


class ShardBody(Record, frozen=True):
    """The bytes of a shard."""

    epoch: str
    number: int
    body: bytes


class Withdrawals(Record, frozen=True):
    """The newest signed list of a partner's index: references that count no more. `until`: how long it is current.

    `references`: as the list names them, by a hash with its `salt`; `base`, `delta`: numbers of the first of each kind
    that it is about.
    """

    partner: str
    index: str
    time: int
    until: int
    references: tuple[str, ...]
    note: bytes
    salt: bytes = b""
    base: int = 0
    delta: int = 0


class Question(Record, frozen=True):
    """A question of this node. `id` is its handle (32 hex digits), fresh for each.

    `run`: drawn for each command; its questions belong together. `basis`: `dossier` or the legal basis of a list in
    words; `dossier`: that of a person's question; `about`: of a list link, offence and journey (JSON).
    `count`: elements, padded; `elements`: SHA-256 over them. `audit`: the record that it was asked.
    `state`: waiting | answered | refused | stopped | over (its opening went). `left_burst`, `left_day`: what is left of
    the quota, as the partner said. `withdrawn`: hits that went because the partner withdrew their references.
    """

    id: str
    partner: str
    index: str
    channel: str
    domain: str
    purpose: str
    basis: str
    dossier: str
    about: str
    by: str
    asked: int
    persons: int
    keys: int
    count: int
    elements: bytes
    commitment: bytes
    audit: str
    expires: int
    state: str = "waiting"
    reason: str = ""
    check: str = ""
    tries: int = 0
    due: int = 0
    base: str = ""
    delta: str = ""
    answered: int = 0
    hits: int = 0
    left_burst: int = -1
    left_day: int = -1
    run: str = ""
    withdrawn: int = 0


class Opening(Record, frozen=True):
    """What opens the commitment of a question: salt, seed, match keys.

    `people`: who was asked about (MessagePack); empty once it was answered: of whom it did not find nothing stays.
    """

    question: str
    salt: bytes
    seed: bytes
    keys: tuple[str, ...]
    people: bytes


class SearchHit(Record, frozen=True):
    """A person that an index holds. `epoch`: whose table; `claim`: proof that it was asked; `person`: MessagePack.

    `key`: the match key that hit; `more`: other references of the same person, weaker ones (MessagePack). `script`: of
    his names. `state`: unverified | opened (a dossier asks the partner) | confirmed | rejected (by the partner).
    `draft`: of the opening act, whose id its message has.
    """

    question: str
    number: int
    partner: str
    index: str
    domain: str
    epoch: str
    reference: str
    claim: bytes
    person: bytes
    expires: int
    state: str = "unverified"
    draft: str = ""
    dossier: str = ""
    key: str = ""
    more: bytes = b""
    script: str = ""
    asked: int = 0


# ---- both ------------------------------------------------------------------------------------------------------------


class SearchFigure(Record, frozen=True):
    """Counts of an index and a UTC month: they name nobody and stay. `side`: asked (by this node) | answered."""

    side: str
    partner: str
    index: str
    month: str
    questions: int = 0
    elements: int = 0
    refused: int = 0
    hits: int = 0
    opened: int = 0
    confirmed: int = 0
    rejected: int = 0


class ScriptFigure(Record, frozen=True):
    """Hits of own questions by the script of the name that was asked about (ISO 15924): they name nobody and stay."""

    partner: str
    index: str
    month: str
    script: str
    hits: int = 0
    confirmed: int = 0
    rejected: int = 0


INDEXES = Kind("indexes", Index, ("name",))
INDEX_ENTRIES = Kind(
    "index_entries",
    IndexEntry,
    ("index", "number"),
    by_source=("index", "source", "entry"),
    by_state=("index", "state", "number"),
    by_share=("index", "state", "source"),
    by_origin=("source", "entry"),
    by_until=("index", "state", "until"),
    by_gone=("index", "gone"),
)
FOLLOWED = Kind("index_followed", Followed, ("index", "source"))
EPOCHS = Kind("index_epochs", Epoch, ("id",), by_index=("index", "kind", "number"), by_state=("state", "ends"))
EPOCH_KEYS = Kind("index_keys", EpochKey, ("epoch",))
CLAIMS = Kind("index_claims", Claims, ("epoch", "part"))
WITHDRAWN = Kind("index_withdrawn", Withdrawn, ("epoch", "reference"), by_index=("index", "time"))
ASKED = Kind("index_asked", Asked, ("partner", "handle"), by_time=("time",))
CLAIMED = Kind("index_claimed", Claimed, ("message",), by_dossier=("dossier",), by_index=("index", "time"))
QUOTAS = Kind("index_quotas", Quota, ("partner", "index"))
MANIFESTS = Kind(
    "search_manifests",
    Manifest,
    ("id",),
    by_index=("partner", "index", "kind", "number"),
    by_state=("state", "expires"),
)
SHARDS = Kind("search_shards", Shard, ("epoch", "number"), by_here=("epoch", "here", "number"))
SHARD_BODIES = Kind("search_shard_bodies", ShardBody, ("epoch", "number"))
WITHDRAWALS = Kind("search_withdrawals", Withdrawals, ("partner", "index"))
QUESTIONS = Kind(
    "search_questions",
    Question,
    ("id",),
    by_state=("state", "due"),
    by_partner=("partner", "state", "due"),
    by_expiry=("expires",),
    by_domain=("domain", "asked"),
    by_run=("run",),
    by_dossier=("dossier", "asked"),
)
OPENINGS = Kind("search_openings", Opening, ("question",))
SEARCH_HITS = Kind(
    "search_hits",
    SearchHit,
    ("question", "number"),
    by_state=("state", "expires"),
    by_draft=("draft",),
    by_dossier=("dossier",),
)
SEARCH_FIGURES = Kind("search_figures", SearchFigure, ("side", "partner", "index", "month"))
SCRIPT_FIGURES = Kind("search_script_figures", ScriptFigure, ("partner", "index", "month", "script"))

KINDS = (
    INDEXES,
    INDEX_ENTRIES,
    FOLLOWED,
    EPOCHS,
    EPOCH_KEYS,
    CLAIMS,
    WITHDRAWN,
    ASKED,
    CLAIMED,
    QUOTAS,
    MANIFESTS,
    SHARDS,
    SHARD_BODIES,
    WITHDRAWALS,
    QUESTIONS,
    OPENINGS,
    SEARCH_HITS,
    SEARCH_FIGURES,
    SCRIPT_FIGURES,
)

FLEETING = (EPOCH_KEYS, OPENINGS, SEARCH_HITS)
"""What no backup has: it must be gone when its time is over, in every copy."""
