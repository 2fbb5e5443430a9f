"""Whatever is erased when, on either side: nobody's content comes back, and both sides show the same dossier."""

import random
import tempfile
from pathlib import Path
from typing import Any

import pytest

from passerelle.core.errors import StateError
from passerelle.exchange import erasing
from passerelle.exchange.cases import Cases
from passerelle.exchange.desk import RefusedError
from passerelle.exchange.register import Register
from passerelle.ports.erasures import ERASURES
from passerelle.ports.records import CONTENTS, MESSAGES
from tests.peers.copies import Copy, restart
from tests.peers.pair import Pair, Peer, partners

ACTS = {
    "be": ("remind", "ask-more", "reply", "close", "reopen", "cancelled"),
    "ma": ("acknowledge", "take-charge", "review", "interim", "reply", "sighting", "suspend", "resume"),
}
STEPS = 25


class Walk:
    """One dossier, and somebody on each side who erases."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.pair: Pair = partners()
        self.registers = {name: Register(folder / name, name) for name in ("be", "ma")}
        self.dossier, self.opening = self.pair.open_trace()
        self.pair.settle()

    def act(self) -> None:
        by = self.random.choice(("be", "ma"))
        name = self.random.choice(ACTS[by])
        more = {"message": self.opening.id} if name == "acknowledge" else {}
        try:
            self.pair.answer(by, self.dossier, name, **more)
        except RefusedError:
            return  # the state does not allow it now

    def erase(self) -> None:
        peer = self.pair.peer(self.random.choice(("be", "ma")))
        message = self.random.choice([one for one in peer.all(MESSAGES) if one.kind == "act"])
        try:
            erasing.erase(peer.ctx, self.registers[peer.ctx.name], message.id, "dana", "decision")
        except StateError:
            return  # in line, or erased already

    def lose(self) -> None:
        """A batch of be arrives, and its receipt does not."""

        def network(body: bytes) -> bytes:
            raise ConnectionError

        try:
            self.pair.send(self.pair.be, "routine", network)
        except ConnectionError:
            self.pair.be.sender.compared.discard("routine")

    def step(self) -> None:
        self.random.choice((self.act, self.act, self.erase, self.lose, self.pair.settle))()


def standing(peer: Peer, dossier: str) -> Any:
    row = peer.dossier(dossier)
    return row.state, row.status, row.standing, row.count, row.heads


@pytest.mark.parametrize("seed", range(12))
def test_both_sides_agree_and_nothing_that_was_erased_is_there(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        walk = Walk(seed, Path(folder))
        backups = []
        for number in range(STEPS):
            walk.step()
            if number == STEPS // 2:
                backups = [Copy(walk.pair.peer(name).store) for name in ("be", "ma")]
        walk.pair.settle()
        assert standing(walk.pair.be, walk.dossier) == standing(walk.pair.ma, walk.dossier)
        for peer in (walk.pair.be, walk.pair.ma):
            erased = {one.message for one in peer.all(ERASURES)}
            assert erased == {one.message for one in walk.registers[peer.ctx.name].read()}
            assert erased.isdisjoint(one.message for one in peer.all(CONTENTS))
            # Derived anew from what is left, it is what it was.
            before = standing(peer, walk.dossier)
            peer.store.write("test", lambda tx, ctx=peer.ctx: Cases(tx, ctx).recount([walk.dossier]))
            assert standing(peer, walk.dossier) == before
        for name, backup in zip(("be", "ma"), backups, strict=True):
            peer = restart(walk.pair, name, backup.open())
            erasing.begin(peer.ctx, walk.registers[name])
            erased = {one.message for one in walk.registers[name].read()}
            assert erased.isdisjoint(one.message for one in peer.all(CONTENTS))
