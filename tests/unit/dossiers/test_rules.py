"""The named rules by themselves."""

import pytest

from passerelle.dossiers.rules import Deed, Fact, RequiresBefore

FREE = RequiresBefore(act=("lifted", "returned"), where={"still_frozen": (False,)}, since="frozen")


def fact(at: int, *, still: bool) -> Fact:
    return Fact(at, f"m{at}", "answerer", {"still_frozen": still})


@pytest.mark.parametrize(
    ("facts", "allowed"),
    [
        ({}, False),
        ({"lifted": fact(2, still=False)}, True),
        ({"lifted": fact(2, still=True)}, False),
        ({"returned": fact(2, still=False), "lifted": fact(3, still=True)}, False),
        ({"returned": fact(2, still=True), "lifted": fact(3, still=False)}, True),
        ({"lifted": fact(2, still=False), "frozen": fact(3, still=True)}, False),
    ],
)
def test_of_several_acts_the_one_applied_last_has_the_words(facts: dict[str, Fact], allowed: bool) -> None:
    assert (FREE.problem(facts, Deed("opener")) is None) == allowed
