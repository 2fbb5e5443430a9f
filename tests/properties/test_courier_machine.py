"""By hand and by network in any order, with losses, crashes and restores: exactly once, and one leaf an index."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from passerelle.ledger.checkpoint import LANES
from tests.faults.world import NAMES
from tests.properties.test_link_machine import Link, fractions, names, run

some_lanes = st.sampled_from([LANES, LANES, ("routine",), ("governance",), ()])


class Courier(Link):
    """What can happen to a link, and files."""

    @rule(name=names, lanes=some_lanes, onward=st.booleans())
    def export(self, name: str, lanes: tuple[str, ...], onward: bool) -> None:
        self.w.export(name, lanes, onward=onward)

    @rule(name=names, victim=names, point=st.integers(1, 8))
    def export_and_crash(self, name: str, victim: str, point: int) -> None:
        self.w.crash_at(victim, point)
        self.w.export(name)

    @rule(choice=fractions, answer=st.booleans(), cut=st.sampled_from([1, 1, 1, 0.7, 0.3]))
    def take_in(self, choice: float, answer: bool, cut: float) -> None:
        self.w.take_in(choice, answer=answer, cut=cut)

    @rule(choice=fractions, victim=names, point=st.integers(1, 12))
    def take_in_and_crash(self, choice: float, victim: str, point: int) -> None:
        self.w.crash_at(victim, point)
        self.w.take_in(choice, answer=True)

    @rule(name=names)
    def there_and_back(self, name: str) -> None:
        """A file, its answer, and what the answer lets go: the newest files are those just written."""
        self.w.export(name)
        for _ in range(2):
            self.w.take_in(-1, answer=True)

    @rule(name=names)
    def boot(self, name: str) -> None:
        self.w.boot(name)


def test_files_and_network_in_any_order() -> None:
    run(Courier, 40, 45)


def test_the_machine_carries_something() -> None:
    from tests.faults.world import World

    world = World()
    for name in NAMES:
        world.export(name)
        world.take_in(0, answer=True)
    world.open("be")
    world.export("be")
    assert world.counts["files"] >= 4
