"""The verifier of whole logs: a head of one line, then every leaf. No network, no node, no store, no contents.

    passerelle-log/1 head, canonical JSON on one line
    then the leaves as they are hashed, one behind the other, to the end of the file

Rules kept here: those of `verify`, and
- every leaf is looked at (form, place, time) and hashed; the root is compared with each checkpoint of the head;
- memory is that of the head and of one block, whatever the log;
- the last checkpoint is of the whole log; where the receiver has not cosigned that one, an earlier one that it has
  cosigned stands before it.

What no file can prove: that the log went no further since.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, BinaryIO

from passerelle.core.errors import InputError
from passerelle.core.text import check_node_name
from passerelle.exchange.succession import KEY_KINDS
from passerelle.identity.identity import Identity
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ledger.leaves import roots
from passerelle.oversight import verify as evidence
from passerelle.oversight.statements import BROKEN, Report, check_moment, moment, need, whole
from passerelle.oversight.verify import Verification

FORMAT = "passerelle-log/1"
MAX_HEAD = 16 * 1024 * 1024
BLOCK = 1024 * 1024
MOST_CHECKPOINTS = 2
_KEYS = {"format", "origin", "created", "by", "identities", "messages", "checkpoints", "digest"}
Advance = Callable[[int, int], None]
"""Told how many leaves of how many were looked at."""


def is_log(data: bytes) -> bool:
    """Whether a file that begins with these bytes says that it is a whole log."""
    return f'"format":"{FORMAT}"'.encode() in data.partition(b"\n")[0]


def verify(file: BinaryIO, trusted: Iterable[Identity] = (), advance: Advance = lambda done, of: None) -> Report:
    """What the file proves. Never raises for what stands in the file: a broken file is a failed report."""
    run = Verification()
    confirmed = False
    value = run.check("file", "has a whole head: canonical JSON under its own digest", lambda: _head(file))
    if isinstance(value, dict):
        known: dict[str, list[Identity]] = {}
        for identity in trusted:
            known.setdefault(identity.name, []).append(identity)
        try:
            names = run.check("log", "is that of a link", partial(_link, value["origin"]))
            if names is not None:
                _keys(run, value, known, *names)
                held = _checkpoints(run, value, *names)
                _leaves(run, file, value["origin"], held, advance)
            _written(run, value)
        except BROKEN as error:
            run.say("file", "has the form of a log", "fails", f"{type(error).__name__}: {error}")
        confirmed = bool(run.chain.identities) and all(name in known for name in run.chain.identities)
    return run.report(confirmed)


def _head(file: BinaryIO) -> dict[str, Any]:
    line = file.readline(MAX_HEAD + 1)
    need(len(line) <= MAX_HEAD, f"expected a head of at most {MAX_HEAD} bytes, got more")
    need(line.endswith(b"\n"), "expected a head that ends with a line feed")
    return whole(line, "log", FORMAT, _KEYS, lists=("identities", "messages", "checkpoints"))


def _link(origin: str) -> tuple[str, str]:
    sender, receiver, lane, generation = checkpoints.split_origin(origin)
    need(checkpoints.origin(sender, receiver, lane, generation) == origin, f"expected an origin, got {origin[:80]!r}")
    need(check_node_name(sender) != check_node_name(receiver), f"expected two nodes, got {sender} twice")
    return sender, receiver


def _keys(run: Verification, value: dict[str, Any], known: dict[str, list[Identity]], *names: str) -> None:
    """Identities, and the handovers between them: nothing else stands among the messages."""
    evidence.read_identities(run, value)
    run.chain.read(value["messages"], run.say)
    evidence.check_trusted(run, known)
    for item in value["messages"]:
        evidence.check_message(run, item)
    for message in run.messages.values():
        about = f"message {message.leaf.message}"
        if {message.sender, message.receiver} != set(names) or message.text("kind") not in KEY_KINDS:
            run.say(about, "hands over keys of sender or receiver", "fails", "expected no other message")
    for name in run.chain.identities:
        if name not in names:
            run.say(f"identity {name}", "is that of sender or receiver", "fails", "expected no other")


def _checkpoints(run: Verification, value: dict[str, Any], sender: str, receiver: str) -> list[Checkpoint]:
    """The checkpoints whose signatures are looked at here, and whose roots the leaves must give."""
    notes = value["checkpoints"]
    need(1 <= len(notes) <= MOST_CHECKPOINTS, f"expected 1 or {MOST_CHECKPOINTS} checkpoints, got {len(notes)}")
    found = [_checkpoint(run, text, value["origin"], sender, receiver) for text in notes]
    held = [one for one in found if one is not None]
    need(len(held) == len(notes), "expected checkpoints that can be read")
    if len(held) > 1:
        need(held[0].size < held[1].size, "expected the smaller checkpoint first")
        need(_bears(held[0], receiver) and not _bears(held[1], receiver), "expected one checkpoint with a receipt")
    return held


def _bears(held: Checkpoint, receiver: str) -> bool:
    return any(line.name == f"{receiver}/receipt" for line in held.note.signatures)


def _checkpoint(run: Verification, text: str, origin: str, sender: str, receiver: str) -> Checkpoint | None:
    def read() -> Checkpoint:
        held = checkpoints.parse(text)
        need(str(held) == text, "expected the checkpoint in its one form")
        need(held.origin == origin, f"expected a checkpoint of {origin}, got {held.origin[:80]!r}")
        need(held.size > 0, "expected a checkpoint of one entry or more")
        return held

    held = run.check("log", "has a checkpoint of its own", read, quiet=True)
    if not isinstance(held, Checkpoint):
        return None
    about = f"log, first {held.size} entries"
    root = run.roots.setdefault((origin, held.size), held.root)
    if root != held.root:
        run.say(about, "has one root", "fails", "expected that of the other proofs in the file, got another")
    lines = evidence.lines_of(run, held, sender, receiver)
    strange = [one.name for one in held.note.signatures if (one.name, one.key) not in lines]
    if strange:
        words = "bears only signatures of the log and of the receipt"
        run.say(about, words, "fails", f"got one of {strange[0]}")
    run.check(about, f"was signed by both log keys of {sender}", lambda: run.chain.signed(held, sender, receiver))
    says = f"was received by {receiver}: leaves durable, outcomes committed"
    if not _bears(held, receiver):
        run.say(about, says, "absent", "no cosignature in the file")
        return held

    def cosigned() -> str:
        found = run.chain.cosigned(held, sender, receiver)
        detail = f"cosigned {moment((found[0] if found else 0) * 1000)}"
        return detail

    run.check(about, says, cosigned)
    return held


def _leaves(run: Verification, file: BinaryIO, origin: str, held: list[Checkpoint], advance: Advance) -> None:
    expected = [(one.size, one.root) for one in held]
    last = held[-1].size

    def blocks() -> Iterator[bytes]:
        while block := file.read(BLOCK):
            yield block

    def walk() -> str:
        for (size, root), (reached, found) in zip(
            expected,
            roots(blocks(), origin, [size for size, _ in expected], lambda done: advance(done, last)),
            strict=True,
        ):
            need(reached == size and found == root, f"expected the root of {size} entries that was signed, got another")
        detail = f"{last} entries"
        return detail

    says = (
        "has every entry: each of this log, in its place, not before the one before it, and they give the signed root"
    )
    run.check("log", says, walk)


def _written(run: Verification, value: dict[str, Any]) -> None:
    run.check("file", "says when it was written", partial(check_moment, value["created"]))
    if value["by"] not in run.chain.identities:
        raise InputError(f"expected one of the identities to have written the file, got {str(value['by'])[:40]!r}")
    says = f"was written by {value['by']} at {value['created']}"
    run.say("file", says, "attested", "the file says so; no signature covers it")
