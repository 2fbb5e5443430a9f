"""Prepared names as bytes: what is compared from them is what `compare` says, wherever they stand in a column."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle import names
from passerelle.names.packed import Packed, compared, packed

WORDS = [
    "Yassine",
    "LMESKINI,",
    "ياسين",
    "المسكيني",
    "De Smet",
    "Joke",
    "عبد القادر",
    "Abdelkader",
    "A.",
    "…",
    "",
    "van",
    "Ольга",
]
PERSONS = st.lists(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join), max_size=3), min_size=1, max_size=6
)


def column(persons):
    forms = packed(names.Block(persons))
    return Packed(np.frombuffer(b"".join(forms), np.uint8), np.cumsum([0, *map(len, forms)]))


@settings(max_examples=60)
@given(PERSONS, st.randoms(use_true_random=False))
def test_from_bytes_as_from_texts(persons, draw):
    others = draw.sample(persons, len(persons))
    expected = [
        names.compare(names.prepared(one), names.prepared(other)) for one, other in zip(persons, others, strict=True)
    ]
    assert compared(column(persons), column(others)).tolist() == [round(score, 9) for score in expected]


def test_a_part_of_a_column_is_a_column():
    forms = packed(names.Block([["Joke De Smet"], ["Yassine Lmeskini", "ياسين المسكيني"], ["Joke"]]))
    data, ends = np.frombuffer(b"".join(forms), np.uint8), np.cumsum([0, *map(len, forms)])
    part = Packed(data, ends[1:3])
    assert len(part) == 1
    assert compared(part, column([["المسكيني ياسين"]]))[0] > 0.9


def test_what_has_no_readable_name_is_like_nothing():
    assert packed(names.Block([["…"], []])) == [b"", b""]
    assert compared(column([["…"], []]), column([["…"], ["Joke"]])).tolist() == [0, 0]
