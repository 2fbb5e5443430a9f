"""Bad input of every act of every type: refused by the desk that writes it and by the node that receives it.

Valid acts are made out of the schemas, and pass at both ends. Then one constraint is broken at a time: each that a
schema says, and those that no schema says (`breaking`). Both ends refuse with the same number and the same path.
`./run fuzz` does the same with as many acts as there is time for.
"""

from random import Random

import pytest

from tests.types import Sample, every
from tests.types.fuzz import Fuzz

SCHEMA_BREAKS = 4
"""So many broken constraints of a schema are tried with each act here; all others in a campaign."""


@pytest.mark.parametrize("sample", every("refusals"))
def test_bad_input_is_refused_at_both_ends_alike(sample: Sample) -> None:
    fuzz = Fuzz(sample, Random(sample.name))
    fuzz.samples(SCHEMA_BREAKS)
    assert fuzz.slipped == []
    assert fuzz.valid >= len(sample.kind.acts)
    assert fuzz.bad >= 10 * len(sample.kind.acts)


@pytest.mark.parametrize("sample", every("refusals"))
def test_valid_acts_made_out_of_the_schemas_pass_at_both_ends(sample: Sample) -> None:
    fuzz = Fuzz(sample, Random(sample.name))
    fuzz.generated(len(fuzz.trial.firsts), breaks=2)
    assert fuzz.slipped == []


@pytest.mark.parametrize("sample", every("refusals"))
def test_what_the_state_does_not_allow_is_refused_at_both_ends_alike(sample: Sample) -> None:
    fuzz = Fuzz(sample, Random(sample.name))
    fuzz.out_of_order()
    assert fuzz.slipped == []
    assert fuzz.bad > len(sample.kind.states)


@pytest.mark.parametrize("sample", every("refusals"))
def test_bad_acts_that_leave_unchecked_are_refused_over_the_wire(sample: Sample) -> None:
    fuzz = Fuzz(sample, Random(sample.name))
    fuzz.wire(1)
    assert fuzz.slipped == []
    assert fuzz.bad >= len(sample.kind.acts)
