"""What the log of a serving node may say: closed names of events, fields of known kinds, no personal data.

Rules kept here:
- an event that is not in `EVENTS`, or a field that it does not have, is a mistake of the program and raises TypeError;
- a field holds what its kind (`KINDS`) allows, and is short. Names are those of nodes and witnesses, never of persons;
- a reason is told by the pattern of the node's own text (`core.retold`): its words, and of what stood in its fields
  only small numbers and texts of the node itself. So whatever a partner, a stranger or a content brings into an error,
  none of it can come into the log;
- what strangers can cause is bounded: of a noisy event so many a second are told, and how many were not.

Left unchecked: a reason of a text that has no fields and quotes a person: such a text would stand in the source.
"""

import re
import time
from collections.abc import Callable, Mapping

from passerelle.core.retold import without_fields

Say = Callable[..., None]

KINDS = {
    "name": "the name of a node or a witness",
    "word": "a word of a closed list",
    "number": "a whole number",
    "id": "the id of a public key",
    "place": "a module of the program and a line in it",
    "reason": "a text of the node, without what came from elsewhere",
}

EVENTS: Mapping[str, Mapping[str, str]] = {
    "node.started": {"node": "name", "instance": "word"},
    "node.stopped": {"node": "name", "instance": "word"},
    "batch.receipted": {"partner": "name", "lane": "word", "start": "number", "size": "number"},
    "link.stands-still": {"partner": "name", "lane": "word"},
    "send.failed": {"partner": "name", "lane": "word", "reason": "reason", "next_ms": "number"},
    "partner.refused": {"path": "word", "check": "word", "reason": "reason"},
    "partner.later": {"path": "word", "why": "word"},
    "question.answered": {"partner": "name", "elements": "number"},
    "question.refused": {"partner": "name", "check": "word"},
    "question.failed": {"partner": "name", "reason": "reason"},
    "table.fetched": {"partner": "name", "shards": "number"},
    "table.failed": {"partner": "name", "reason": "reason"},
    "upload.brought": {"partner": "name", "lane": "word", "pieces": "number"},
    "upload.failed": {"partner": "name", "lane": "word", "reason": "reason"},
    "upload.refused": {"status": "number", "reason": "reason"},
    "witness.refused": {"path": "word", "status": "number", "reason": "reason"},
    "part.failed": {"part": "word", "reason": "reason"},
    "lease.taken": {"lease": "word", "token": "number"},
    "lease.given-back": {"lease": "word"},
    "lease.lost": {"lease": "word", "token": "number"},
    "write.refused": {"lease": "word", "token": "number", "reason": "reason"},
    "lease.failed": {"reason": "reason"},
    "keys.away": {"reason": "reason"},
    "keys.back": {"reason": "reason"},
    "key.destroyed": {"kind": "word", "id": "id"},
    "erasures.replayed": {"count": "number"},
    "screening.erased": {"count": "number"},
    "search.erased": {"count": "number"},
    "index.published": {"kind": "word", "number": "number"},
    "audit.closed": {"generation": "number", "index": "number"},
    "audit.cosigned": {"witness": "name", "size": "number"},
    "audit.witness-away": {"witness": "name", "reason": "reason"},
    "audit.witness-back": {"witness": "name"},
    "audit.refused": {"witness": "name", "status": "number"},
    "program.failed": {"logger": "word", "error": "word", "place": "place"},
}
"""Every event, with its fields and their kinds. `docs/how-to/operator.md` has the same table."""

NOISY = frozenset({"partner.refused", "partner.later", "upload.refused", "witness.refused", "program.failed"})
"""What anybody who reaches the port can cause, as often as he likes."""
A_SECOND = 20

_FORMS = {
    "name": re.compile(r"[a-z0-9][a-z0-9.-]{0,62}"),
    "word": re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}"),
    "id": re.compile(r"[0-9a-f]{1,128}"),
    "place": re.compile(r"[A-Za-z0-9_.]{1,100}:[0-9]{1,6}"),
}
_REASON = 300


def fields_of(event: str, given: Mapping[str, object]) -> dict[str, object]:
    """The fields as they are written. Raises TypeError for an event or a field that is not in `EVENTS`."""
    kinds = EVENTS.get(event)
    if kinds is None or not given.keys() <= kinds.keys():
        raise TypeError(f"expected an event of the table with its fields, got {event}: {', '.join(sorted(given))}")
    return {name: _told(kinds[name], value) for name, value in given.items()}


def _told(kind: str, value: object) -> object:
    if kind == "number":
        return value if isinstance(value, int) else 0
    if kind == "reason":
        name = f"{type(value).__name__}: " if isinstance(value, BaseException) else ""
        return f"{name}{without_fields(str(value)) or '…'}"[:_REASON]
    return text if _FORMS[kind].fullmatch(text := str(value)) else "…"


class Journal:
    """Writes events. `write`: the event and its fields; from any thread."""

    def __init__(
        self, write: Callable[[str, Mapping[str, object]], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._write, self._now = write, now
        self._second: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._left_out: dict[str, int] = {}

    def __call__(self, event: str, **given: object) -> None:
        if event in NOISY and not self._room(event):
            return
        fields = fields_of(event, given)
        if left_out := self._left_out.pop(event, 0):
            fields["left_out"] = left_out
        self._write(event, fields)

    def _room(self, event: str) -> bool:
        second = int(self._now())
        if self._second.get(event) != second:
            self._second[event], self._told[event] = second, 0
        self._told[event] += 1
        if self._told[event] <= A_SECOND:
            return True
        self._left_out[event] = self._left_out.get(event, 0) + 1
        return False
