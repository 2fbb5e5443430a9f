"""A process that writes acts at the desk of a node, until it is told to stop or is killed.

    python -m tests.faults.writer FOLDER CHANNEL SEED NOTES

One line goes into the file NOTES for each write that returned: the ids of its messages, and of each file that they bear
address and SHA-256, with a colon between. Whatever stands there must arrive, or be refused with a reason; a line is one
call of the system, so the kernel has all of it even if the process is killed behind it. The process ends when its
standard input does, after the write that it is at.

Acts are drawn from SEED: new dossiers, some with photographs, and what the type's rules allow next in those that are
there, of either side; in both lanes; one to twelve a transaction. It holds still while `AHEAD` of its messages have no
index.
"""

import hashlib
import io
import os
import random
import select
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from passerelle.core.errors import PasserelleError
from passerelle.dossiers.state import Standing, next_acts
from passerelle.exchange import attachments, desk
from passerelle.exchange.desk import Act
from passerelle.node import Node
from passerelle.ports.records import DOSSIERS, MESSAGES, Dossier
from passerelle.ports.store import Reading
from tests.unit.dossiers import samples

AHEAD = 150
BEARING = 0.03
"""Part of the requests that bear photographs."""
SIZES = (1, 500, 65_533, 65_534, 300_000, 1_048_573, 1_500_000, 3_300_000)
"""Bytes of photographs: around a chunk and a piece, too."""
_SET_BY_NODE = ("v", "kind", "id", "governance", "after", "four_eyes")


def _day(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


class Writer:
    """The officers of one node."""

    def __init__(self, folder: Path, channel: str, seed: int, notes: Path) -> None:
        self.node = Node.open(folder)
        self.name = self.node.ctx.name
        self.partner = "ma" if self.name == "be" else "be"
        self.channel, self.draw = channel, random.Random(seed)
        self.files: list[str] = []
        self.notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _act(self, content: dict[str, Any], lane: str) -> Act:
        made = {key: value for key, value in content.items() if key not in _SET_BY_NODE}
        made |= {"channel": self.channel, "retention": _day(300)}
        if self.name == "ma":
            made["classification"] = "diffusion-restreinte"
        return Act(
            partner=self.partner, lane=lane, content=made, author=f"{self.name}-017", releaser=f"{self.name}-003"
        )

    def _photograph(self) -> dict[str, Any]:
        body = b"\xff\xd8\xff" + self.draw.randbytes(self.draw.choice(SIZES))
        made = attachments.seal(self.node.ctx, io.BytesIO(body), name="photograph.jpg", media="image/jpeg")
        self.files.append(f"{made.address}:{hashlib.sha256(body).hexdigest()}")
        return dict(msgspec.to_builtins(made))

    def _opening(self) -> Act:
        if self.draw.random() < 0.7:
            count = self.draw.choice((1, 1, 2)) if self.draw.random() < BEARING else 0
            bears = {"attachments": [self._photograph() for _ in range(count)]} if count else {}
            return self._act(samples.wanted_request(**bears), "routine")
        alert = samples.urgent_alert()
        alert["body"] = {**alert["body"], "when": {"moment": "on-day", "day": _day(1), "time": "17:30"}}
        return self._act(alert, self.draw.choice(("flash", "flash", "routine")))

    def _next(self, tx: Reading, dossier: Dossier, lane: str) -> Act | None:
        """Something that the dossier allows this side now."""
        kind = self.node.ctx.catalogue.types[dossier.type]
        side = "opener" if dossier.opener == self.name else "answerer"
        possible = next_acts(kind, Standing.from_text(dossier.standing), side)  # type: ignore[arg-type]
        names = [one for one in possible if lane in kind.acts[one].lanes]
        if not names:
            return None
        name = self.draw.choice(names)
        changes: dict[str, Any] = {"dossier": dossier.id}
        if kind.acts[name].refers:
            rows = tx.scan(MESSAGES, "by_dossier", (dossier.id,), limit=50)
            known = [one.id for one in rows if one.kind == "act"]
            if known:
                changes["message"] = self.draw.choice(known)
        return self._act(samples.act(dossier.type, name, **changes), lane)

    def _open(self, tx: Reading) -> list[Dossier]:
        first = tx.scan(DOSSIERS, limit=1)
        place = (first[0].domain, "open") if first else ("", "")
        return tx.scan(DOSSIERS, "by_status", place, limit=40, descending=True)

    def _drawn(self, newest: list[Dossier]) -> list[Act]:
        made = [self._opening() for _ in range(self.draw.choice((0, 1, 1, 3, 8)))]
        for one in self.draw.sample(newest, min(len(newest), self.draw.choice((0, 1, 2, 4)))):
            lane = self.draw.choice(("routine", "routine", "flash"))
            found = self.node.store.read(lambda tx, one=one, lane=lane: self._next(tx, one, lane))  # type: ignore[misc]
            made += [found] if found else []
        return made

    def _in_line(self, tx: Reading) -> int:
        lines = [(self.partner, "out", lane, "unsequenced") for lane in ("routine", "flash")]
        return sum(tx.count(MESSAGES, "by_queue", line) for line in lines)

    def step(self) -> bool:
        """One transaction. False when enough is in line, or the rules let none of what was drawn out."""
        if self.node.store.read(self._in_line) > AHEAD:
            return False
        self.files.clear()
        acts = self._drawn(self.node.store.read(self._open))
        if not acts:
            return False
        with suppress(PasserelleError):
            written = desk.post(self.node.ctx, acts)
            os.write(self.notes, (" ".join([*(one.id for one in written), *self.files]) + "\n").encode())
            self.node.wake()
            return True
        return False


def main() -> None:
    folder, channel, seed, notes = sys.argv[1:]
    writer = Writer(Path(folder), channel, int(seed), Path(notes))
    while not select.select([sys.stdin], [], [], 0)[0]:
        time.sleep(writer.draw.random() * 0.01 if writer.step() else 0.01)
    writer.node.close()


if __name__ == "__main__":
    main()
