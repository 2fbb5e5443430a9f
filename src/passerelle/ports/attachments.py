"""The records of files that acts bear: what was announced, and the sealed pieces that are here.

A file's row is small and changes; a piece's is small and stays; its megabyte stands in a row of its own, so that asking
which pieces are here reads none of them. Pieces belong to a row's id, never to an address: a file has no address before
all of it was sealed, and a file that begins again shares nothing with what is still being deleted.
"""

from passerelle.ports.store import Kind, Record


class Attachment(Record, frozen=True):
    """A file, this node's own (`source` is empty) or a partner's (`source` names it).

    `state` of an own one: sealing (its pieces are being written, it has no address yet) | sealed (belongs to no message
    yet) | bound (its message is in line or sent; the partner has not answered) | complete | refused | lost (this node
    was put back, its message came back without it). Of a partner's: expected (announced; pieces may be here) | checking
    (all are here, it is being read) | complete | refused.
    """

    id: str
    source: str
    address: str
    state: str
    size: int  # bytes of the file itself
    media: str
    count: int = 0  # pieces that are here
    expires: int = 0  # of a sealing, sealed or expected one; 0: never
    key: bytes = b""  # of a partner's: what opens it
    partner: str = ""  # to or from whom, once there is a message
    lane: str = ""
    message: str = ""
    place: int = 0  # among the attachments of its message
    outcome: str = ""  # complete, or why it was not taken; see `exchange.attachments_answers`
    answer: str = ""  # the message that says so
    noted: int = 0


class Piece(Record, frozen=True):
    """A piece that is here. `node`: its hash; `nodes`: of an own file, the subtrees it completes, lowest first."""

    file: str
    number: int
    node: bytes
    nodes: bytes = b""


class Body(Record, frozen=True):
    """The sealed bytes of a piece."""

    file: str
    number: int
    body: bytes


class Leftover(Record, frozen=True):
    """A file that is gone, and whose pieces are deleted one after the other."""

    file: str


class Unfinished(Record, frozen=True):
    """What a partner has begun to upload and not ended: files and their bytes."""

    partner: str
    files: int = 0
    bytes: int = 0


ATTACHMENTS = Kind(
    "attachments",
    Attachment,
    ("id",),
    by_address=("address", "source"),
    by_message=("message", "place"),
    by_line=("state", "partner", "lane", "message", "place"),
    by_expiry=("state", "expires"),
)
PIECES = Kind("pieces", Piece, ("file", "number"))
BODIES = Kind("piece_bodies", Body, ("file", "number"))
LEFTOVERS = Kind("leftovers", Leftover, ("file",))
UNFINISHED = Kind("unfinished", Unfinished, ("partner",))

KINDS = (ATTACHMENTS, PIECES, BODIES, LEFTOVERS, UNFINISHED)
