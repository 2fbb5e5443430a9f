"""Evidence after whatever can happen to two nodes: what either of them can prove then, it proves."""

import pytest

from passerelle.core.errors import StateError
from passerelle.oversight.evidence import collect
from passerelle.oversight.verify import UNCONFIRMED, VERIFIED, verify
from passerelle.ports.records import DOSSIERS, MESSAGES
from tests.faults import played
from tests.faults.world import NAMES, World


def test_evidence_of_everything_verifies_after_crashes_and_restores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "close", lambda _: None)
    worlds: list[World] = []
    seed = 100
    while len(worlds) < 3:
        world = played.play(seed, 90, None)
        seed += 1
        if world.counts.get("restores") and world.counts.get("recoveries"):
            worlds.append(world)
    assert sum(everything_verifies(world) for world in worlds) > 60


def everything_verifies(world: World) -> int:
    """How many files both nodes write; each of them must verify."""
    both = [world.pair.be.identity, world.pair.ma.identity]
    count = 0
    for name in NAMES:
        peer = world.pair.peer(name)
        wanted = [one.id for one in peer.all(MESSAGES) if one.index >= 0] + [one.id for one in peer.all(DOSSIERS)]
        for one in wanted:
            try:
                data = collect(peer.ctx, peer.identity, one, "auditor")
            except StateError:
                continue  # a dossier of which nothing has an index yet
            report = verify(data, both)
            assert report.verdict == VERIFIED, (one, [s for s in report.statements if s.result == "fails"])
            assert verify(data).verdict == UNCONFIRMED
            count += 1
    return count
