"""Whatever is related, then erased, withdrawn or corrected: nothing rests on what is gone, no word of it stays."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerelle.core.errors import PasserelleError
from passerelle.exchange import erasing, relating
from passerelle.exchange.register import Register
from passerelle.office import relations
from passerelle.office.relations import Wanted
from passerelle.ports.erasures import Ground
from passerelle.ports.records import CONTENTS
from passerelle.ports.relations import RELATIONS, THINGS, THREADS
from tests.peers.related import Related

DOSSIERS = 4
KINDS = ("same-person", "not-same-person", "travelled-with", "member-of", "see-also")
PLACES = st.integers(0, DOSSIERS - 1)
STEPS = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(KINDS), PLACES, PLACES, st.none() | PLACES),
    st.tuples(st.just("end"), st.integers(0, 20)),
    st.tuples(st.sampled_from(("withdraw", "correct", "erase")), PLACES),
)


class Played:
    """Four notices, and what was said about them."""

    def __init__(self, folder: Path) -> None:
        self.scene = Related()
        self.notices = [self.scene.notice(handling=["H0"]) for _ in range(DOSSIERS)]
        self.register = Register(folder / "erasures.jsonl", "be")
        self.notes: dict[str, str] = {}

    def add(self, kind: str, one: int, other: int, because: int | None) -> None:
        ends: dict[str, Any] = {
            "one": Wanted(self.notices[one][0], "p1"),
            "other": Wanted(self.notices[other][0], "p1"),
        }
        if kind == "member-of":
            ends["other"] = Wanted(self.notices[other][0], thing="group", name=f"Casa {other}")
        note = f"NOTE-{len(self.notes)}-INSIDE"
        rests = () if because is None else ((self.notices[because][1], 0),)
        made = self.scene.relate(
            *(self.notices[place][0] for place in (one, other)), kind, because=rests, note=note, **ends
        )
        self.notes[made.id] = note

    def end(self, place: int) -> None:
        rows = self.scene.pair.be.all(RELATIONS)
        if rows:
            relations.withdraw(self.scene.office, self.scene.eva, rows[place % len(rows)].id, "another")

    def follow(self, act: str, place: int) -> None:
        dossier, message = self.notices[place]
        if act == "erase":
            erasing.erase(self.scene.pair.be.ctx, self.register, message, "dana", "decision 12", Ground.REQUEST)
        else:
            self.scene.answer("be", dossier, act, message=message)


def check(played: Played) -> None:
    be = played.scene.pair.be
    held = {one.message for one in be.all(CONTENTS)}
    rows = {one.id: one for one in be.all(RELATIONS)}
    for one in rows.values():
        assert held.issuperset(relating.messages_of(one)), "it rests on what is gone"
    threads = {(one.on, one.relation): one.standing for one in be.all(THREADS)}
    wanted = be.store.read(lambda tx: [thread for one in rows.values() for thread in relating.threads(tx, one)])
    assert threads == {(one.on, one.relation): one.standing for one in wanted}
    named = {end for one in rows.values() for end in (one.one, one.other)}
    assert {f"thing/{one.id}" for one in be.all(THINGS)} == {end for end in named if end.startswith("thing/")}
    said = played.scene.everything()
    for name, note in played.notes.items():
        assert (note in said) == (name in rows)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
def test_nothing_rests_on_what_is_gone(folders: pytest.TempPathFactory, steps: list[Any]) -> None:
    played = Played(folders.mktemp("relations"))
    for name, *rest in steps:
        try:
            match name:
                case "add":
                    played.add(*rest)
                case "end":
                    played.end(*rest)
                case _:
                    played.follow(name, *rest)
        except PasserelleError:  # said twice, denied, or on what was withdrawn or erased: nothing is left of the try
            pass
        check(played)
