"""Where a node is, and which of its starts this is: a copy is told from the node, an old store from its own.

`place.json` in the node's folder has an id of the folder, the machine and the path where persons know it to be, and
number and token of the newest start; the store has number and token too, under the folder's id. Each start of serving
compares, then counts:

- another machine or path: the folder was copied or moved. Alarm `node.elsewhere`; nothing is served before a person has
  confirmed that no other copy runs (`confirm`);
- the store behind the file, or of another token: the store was put back alone, or is that of a copy. Alarm
  `store.put-back` and an audit record; as at any start no lane gives out an index before it was compared;
- the file behind the store: a start that stopped between the two, which is no sign of anything.

Counting writes the store, then the file. If we stop in between: the store is ahead.

Left unnoticed here: a whole machine, or store and folder together, put back or copied to where they were. Then partners
hold more than the store does, and say so (`exchange.sender`); of two that run at once, their own signatures prove that
two logs were signed (`exchange.inbox`).
"""

import hashlib
import os
from pathlib import Path

import msgspec

from passerelle.core import durable, ids, json, locks
from passerelle.core.audit import What
from passerelle.core.errors import JsonError, StateError
from passerelle.exchange import notes
from passerelle.node import Node
from passerelle.ports.starts import STARTS, Start
from passerelle.ports.store import Reading, Writing

PLACE, LOCK = "place.json", "place.lock"
_MACHINE = Path("/etc/machine-id")


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`place.json`. `machine`: a hash of its id, "" where it has none; `number`, `token`: the newest start."""

    folder: str
    machine: str
    path: str
    number: int = 0
    token: str = ""


def machine() -> str:
    """What this machine is told by: a hash, because its id itself is nobody's business (machine-id(5))."""
    try:
        text = _MACHINE.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return hashlib.sha256(f"passerelle {text}".encode()).hexdigest()[:32] if text else ""


def here(folder: Path) -> tuple[str, str]:
    """The machine and the path of a folder."""
    return machine(), str(folder.resolve())


def read(folder: Path) -> Place | None:
    """What the folder says; None when it was never served. Raises StateError when it cannot be read."""
    path = folder / PLACE
    try:
        return msgspec.convert(json.parse_object(path.read_bytes(), PLACE), Place)
    except FileNotFoundError:
        return None
    except (JsonError, msgspec.ValidationError, OSError) as error:
        raise StateError(f"{path}: expected what the last start wrote, got: {error}") from None


def elsewhere(place: Place | None, at: tuple[str, str]) -> str:
    """Where persons know the node to be, in words, when that is not `at`; else nothing."""
    if place is None or (place.machine, place.path) == at:
        return ""
    return f"another machine, {place.path}" if place.machine != at[0] else place.path


def was_put_back(place: Place | None, row: Start | None) -> bool:
    """Whether a store is of before the newest start that the folder knows, or of another history."""
    if place is None or not place.number:
        return False
    if row is None or row.number < place.number:
        return True
    return row.number == place.number and row.token != place.token


def begin(node: Node, say: object = None) -> None:
    """Count a start. Raises StateError while the node is elsewhere than persons know it to be."""
    with locks.turn(node.folder / LOCK):
        place, at = read(node.folder), here(node.folder)
        if there := elsewhere(place, at):
            _alarm(node, at, there)
            raise StateError(
                f"expected this node at {there}, as it served last, got {at[1]}: when no other copy runs, "
                "passerelle node confirm"
            )
        place = place or Place(ids.new_id(), *at)
        _write(node, _count(node, place))


def confirm(node: Node, by: str, reason: str) -> Place:
    """A person has seen to it that no other copy of this folder runs: it is a place of its own from now on.

    Raises StateError when the node is where it was.
    """
    if not reason.strip():
        raise StateError("--reason: expected why the node is here now, got nothing")
    with locks.turn(node.folder / LOCK):
        place, at = read(node.folder), here(node.folder)
        there = elsewhere(place, at)
        if not there:
            raise StateError("expected a node that is elsewhere than it served last, got one that is where it was")
        made = Place(ids.new_id(), *at)
        details = {"before": there, "after": at[1], "reason": reason}

        def work(tx: Writing) -> None:
            notes.record(tx, node.ctx, What.NODE_CONFIRMED, by, node.ctx.name, details)

        node.store.write("node.confirm", work)
        _write(node, made)
    return made


def _count(node: Node, place: Place) -> Place:
    def work(tx: Writing) -> Place:
        row = _row(tx, place.folder)
        if was_put_back(place, row):
            text = (
                f"the store is of before start {place.number} of this node: it was put back; nothing is sent before "
                "every lane was compared with the partner"
            )
            notes.alarm(tx, node.ctx, "store.put-back", "", text)
            details = {"before": place.number, "after": row.number if row else 0}
            notes.record(tx, node.ctx, What.STORE_PUT_BACK, "node", node.ctx.name, details)
        number = max(place.number, row.number if row else 0) + 1
        token = os.urandom(16).hex()
        tx.put(STARTS, [Start(place.folder, number, token, node.ctx.clock.now())])
        return msgspec.structs.replace(place, number=number, token=token)

    return node.store.write("node.start", work)


def _row(tx: Reading, folder: str) -> Start | None:
    return tx.get(STARTS, folder)


def _write(node: Node, place: Place) -> None:
    durable.replace(node.folder / PLACE, json.canonical(msgspec.to_builtins(place)) + b"\n", 0o600)


def _alarm(node: Node, at: tuple[str, str], there: str) -> None:
    text = f"this node is at {at[1]} and served last at {there}: a copy, or moved; it serves nothing until confirmed"
    once = hashlib.sha256("\0".join(at).encode()).hexdigest()[:16]
    node.store.write("node.elsewhere", lambda tx: notes.alarm(tx, node.ctx, "node.elsewhere", "", text, once=once))
