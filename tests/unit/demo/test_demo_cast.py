"""What the demonstration writes is right by the types and by its own channels, so the story does not stumble."""

import pytest

from passerelle.core import ids
from passerelle.core.clock import from_iso
from passerelle.core.json import canonical
from passerelle.demo import cast
from passerelle.dossiers.content import problems
from passerelle.dossiers.types import Catalogue
from passerelle.exchange import fitting
from passerelle.instruments.model import parse

CATALOGUE = Catalogue.load()
NOW = from_iso("2026-11-21T12:00:00Z")
SAID = [key for key in cast._BODIES if key[0] in ("identification", "urgent-alert")]


@pytest.mark.parametrize("kind", cast._KINDS)
def test_there_is_a_channel_for_every_type_of_the_story_and_it_fits(kind: str) -> None:
    agreement = parse(canonical(cast.AGREEMENT))
    text = cast.channel(
        CATALOGUE, agreement.digest, kind, "x", cast._KINDS[kind]["articles"], "2026-01-01", "2027-01-01"
    )
    made = parse(canonical(text))
    assert made.against(agreement) == ()
    assert fitting.misfits(made, CATALOGUE) == ()


@pytest.mark.parametrize(
    ("kind", "name"), [*SAID, ("identification", "laissez-passer-issued"), ("identification", "suspend")]
)
def test_the_acts_of_the_cast_are_valid(kind: str, name: str) -> None:
    made = cast.act(kind, name, ids.new_id(), "c" * 64, "2027-05-21", "be")
    four_eyes = {"author": "be-017", "releaser": "be-003", "audit": "a" * 64}
    whole = {"v": 1, "kind": "act", "id": ids.new_id(), "governance": "1/1", "after": [], "four_eyes": four_eyes} | made
    assert problems(whole, CATALOGUE.types[kind], now=NOW) == ()
