"""Evidence after whatever can happen to two nodes: what either of them can prove then, it proves."""

import pytest

from passerelle.core.errors import StateError
from passerelle.oversight.evidence import collect
from passerelle.oversight.verify import UNCONFIRMED, VERIFIED, verify
from passerelle.ports.records import DOSSIERS, MESSAGES
from tests.faults import __main__ as campaign
from tests.faults.world import NAMES, World


@pytest.mark.parametrize("seed", [104, 117, 126])
def test_evidence_of_everything_verifies_after_crashes_and_restores(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "close", lambda _: None)
    world = campaign.play(seed, 90, None)
    assert world.counts["restores"] > 0
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
    assert count > 20
