"""The neighbourhood: bounded walks that show nothing behind a wall, and nothing that somebody may not read."""

import msgspec
import pytest

from passerelle.core import ids
from passerelle.core.errors import InputError
from passerelle.exchange import relating
from passerelle.office import consulting, neighbours
from passerelle.office.ends import find
from passerelle.office.reach import Reach
from passerelle.office.relations import Wanted
from tests.peers.related import WHY, Related
from tests.peers.staff import hire

HERE, ALERTS, CYBER = "wanted-persons", "terrorism", "cyber"
PROSECUTION = {"purpose": "prosecution"}


def graph(scene, dossier, key="p1", who=None, **how):
    def walk(tx):
        person = who or scene.eva
        start = find(tx, Wanted(dossier, key), Reach(tx, scene.office, person))
        return neighbours.neighbourhood(tx, scene.office, person, start, WHY, **how)

    return scene.store.write("test.graph", walk)


def dossiers(found):
    return {relating.dossier_of(end) for end in found.ends}


@pytest.fixture
def chain():
    """Four traces, each related to the next."""
    scene = Related()
    scene.traces = [scene.trace(handling=["H0"])[0] for _ in range(4)]
    scene.links = [scene.relate(one, other) for one, other in zip(scene.traces, scene.traces[1:], strict=False)]
    return scene


def test_a_walk_goes_as_far_as_it_is_told(chain):
    for depth in (1, 2, 3):
        found = graph(chain, chain.traces[0], depth=depth)
        assert dossiers(found) == set(chain.traces[: depth + 1])
        assert [one.depth for one in found.edges] == list(range(1, depth + 1))
        assert not found.cut
    assert found.start == f"person/{chain.traces[0]}/p1"
    for depth, most in ((0, 200), (6, 200), (2, 0), (2, 1001)):
        with pytest.raises(InputError, match=r"(depth|most): expected 1 to"):
            graph(chain, chain.traces[0], depth=depth, most=most)


def test_what_the_walk_shows_is_recorded_as_read(chain):
    graph(chain, chain.traces[0], depth=2)
    for dossier in chain.traces[:3]:
        last = chain.store.read(lambda tx, one=dossier: consulting.readers(tx, one))[0]
        assert (last.who, last.what, last.reason) == ("eva", "relations", WHY)
    assert len(chain.store.read(lambda tx: consulting.readers(tx, chain.traces[3]))) == 1, "when it was related"


def test_a_circle_ends(chain):
    chain.relate(chain.traces[3], chain.traces[0])
    found = graph(chain, chain.traces[0], depth=5)
    assert (len(found.ends), len(found.edges)) == (4, 4)


def test_a_dossier_stands_among_the_relations_of_what_is_in_it(chain):
    chain.relate(chain.traces[1], chain.traces[1], "member-of", other=Wanted(chain.traces[1], "", "group", "Nord"))
    found = graph(chain, chain.traces[1], "", depth=1)
    assert dossiers(found) - {""} == set(chain.traces[:3])
    assert {one.relation.kind for one in found.edges} == {"same-person", "member-of"}


def test_a_walk_does_not_go_on_behind_who_is_another_person(chain):
    other, _ = chain.trace(handling=["H0"])
    chain.relate(chain.traces[0], other, "not-same-person")
    last, _ = chain.trace(handling=["H0"])
    chain.relate(other, last)
    found = graph(chain, chain.traces[0], depth=5)
    assert other in dossiers(found)
    assert last not in dossiers(found)


def test_nobody_looks_behind_a_wall_by_way_of_who_stands_between():
    """wanted-persons and terrorism name each other, and so do terrorism and cyber; not wanted-persons and cyber."""
    scene = Related(links=[{"domain": ALERTS}])
    alerts = scene.sign(domain=ALERTS, links=[{"domain": HERE}, {"domain": CYBER}])
    cyber = scene.sign(domain=CYBER, title="Cyber", links=[{"domain": ALERTS}])
    one, _ = scene.trace(handling=["H0"])
    between, _ = scene.trace(alerts, handling=["H0"], **PROSECUTION)
    behind, _ = scene.trace(cyber, handling=["H0"], purpose="execution-of-sentences")
    scene.relate(one, between)
    scene.relate(between, behind)
    assert dossiers(graph(scene, one, depth=3)) == {one, between}
    assert dossiers(graph(scene, between, depth=3)) == {one, between, behind}


def test_what_somebody_may_not_read_is_not_there(chain):
    other = chain.sign(domain=ALERTS, title="Terrorism")
    hidden, _ = chain.trace(other, handling=["H0"])
    chain.relate(chain.traces[0], hidden)
    mia = hire(chain.pair.be, "mia", "analyst", domain=HERE)
    found = graph(chain, chain.traces[0], who=mia, depth=5)
    assert dossiers(found) == set(chain.traces)
    assert hidden not in str(found)
    assert hidden in dossiers(graph(chain, chain.traces[0], depth=1))


def test_a_person_with_ten_thousand_relations_is_walked_in_bounds(chain):
    """Written straight into the store: what a walk reads does not grow with what is there."""
    [model] = chain.links[:1]
    many = [
        msgspec.structs.replace(model, id=ids.new_id(), other=f"person/{chain.traces[1]}/p{number}")
        for number in range(2, 10_002)
    ]

    def fill(tx):
        for one in many:
            relating.put(tx, one)

    chain.store.write("test.fill", fill)
    looked = []

    class Counting:
        def __init__(self, tx):
            self._tx = tx

        def __getattr__(self, name):
            return getattr(self._tx, name)

        def scan(self, *args, limit, **more):
            found = self._tx.scan(*args, limit=limit, **more)
            looked.append(len(found))
            return found

    def walk(tx):
        start = find(tx, Wanted(chain.traces[0], "p1"), Reach(tx, chain.office, chain.eva))
        return neighbours.neighbourhood(Counting(tx), chain.office, chain.eva, start, WHY, depth=5)

    found = chain.store.write("test.walk", walk)
    assert found.cut
    assert len(found.ends) == neighbours.MOST
    assert sum(looked) < 3 * neighbours.LOOK
    assert len(chain.of(model.one, most=50)) == 50
