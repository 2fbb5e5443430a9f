"""Two people act on one draft at the same moment: one wins, the other is told who did what."""

import re
import threading

import pytest

from passerelle.core.errors import StateError
from passerelle.office import workflow
from passerelle.ports.records import AUDITS, MESSAGES
from passerelle.ports.work import DRAFTS
from passerelle.store.memory import MemoryStore
from passerelle.store.sqlite import SqliteStore
from tests.peers.pair import acts, partners
from tests.peers.staff import Desk


@pytest.fixture(params=["memory", "sqlite"])
def desk(request, tmp_path):
    store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "node.db")
    yield Desk(partners(store))
    store.close()


def race(*steps):
    """What each step did, all begun at once: its value, or its error."""
    gate = threading.Barrier(len(steps))
    done = [None] * len(steps)

    def run(number, step):
        gate.wait(10)
        try:
            done[number] = step()
        except Exception as error:
            done[number] = error

    threads = [threading.Thread(target=run, args=(number, step)) for number, step in enumerate(steps)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    return done


STEPS = {
    "release": lambda desk, made, who: workflow.release(desk.office, who, [made.id], seen={made.id: made.version}),
    "send back": lambda desk, made, who: workflow.send_back(desk.office, who, made.id, "why?", seen=made.version),
    "discard": lambda desk, made, who: workflow.discard(desk.office, who, made.id, "no", seen=made.version),
    "edit": lambda desk, made, who: workflow.edit(
        desk.office,
        desk.max if who is desk.max else desk.ann,
        made.id,
        desk.pair.act("be", acts.wanted_request(dossier=made.dossier)),
        seen=made.version,
    ),
}
PAIRS = [
    ("release", "send back"),
    ("release", "release"),
    ("release", "edit"),
    ("send back", "discard"),
    ("edit", "edit"),
]
TOLD = r"(released|sent back|thrown away|written) by (luc|max|ann) on 2026-"


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda name: name.replace(" ", "-"))
def test_one_wins_and_the_other_is_told(desk, one, other):
    made = workflow.draft(desk.office, desk.ann, desk.pair.act("be", acts.wanted_request()), submit=True)
    before = len(desk.pair.be.all(AUDITS))
    done = race(lambda: STEPS[one](desk, made, desk.luc), lambda: STEPS[other](desk, made, desk.max))
    lost = [result for result in done if isinstance(result, Exception)]
    assert [type(error) for error in lost] == [StateError], done
    assert re.search(TOLD, str(lost[0])), lost
    # Exactly one step was taken, and it alone is written down.
    assert len(desk.pair.be.all(AUDITS)) == before + 1
    released = [message for message in desk.pair.be.all(MESSAGES) if message.id == made.id]
    kept = [draft for draft in desk.pair.be.all(DRAFTS) if draft.id == made.id]
    assert len(released) + len(kept) == 1


def test_many_release_many_drafts_each_once(desk):
    drafts = [
        workflow.draft(desk.office, desk.ann, desk.pair.act("be", acts.wanted_request()), submit=True) for _ in range(6)
    ]
    steps = [lambda d=draft, w=who: STEPS["release"](desk, d, w) for draft in drafts for who in (desk.luc, desk.max)]
    done = race(*steps)
    assert sum(isinstance(one, StateError) for one in done) == 6
    desk.pair.settle()
    assert {one.id for one in desk.pair.ma.all(MESSAGES) if one.kind == "act"} == {one.id for one in drafts}
