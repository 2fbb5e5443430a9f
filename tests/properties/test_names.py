import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.names import Index, blocks, compare, explained, match_keys, prepared
from passerelle.names.keys import MOST_KEYS

GIVEN = [
    "Yassine",
    "ياسين",
    "Abdelkader",
    "عبد القادر",
    "Zaynab",
    "زينب",
    "Marieke",
    "Nour Eddine",
    "M.",
    "Omar",
    "Élodie",
]
FAMILY = [
    "El Meskini",
    "المسكيني",
    "Lmeskini",
    "Zerhouni",
    "بن عمر",
    "Ben Omar",
    "Zevenbergen",
    "van Achterberg",
    "Tazi",
]
parts = st.sampled_from(GIVEN + FAMILY)
names = st.lists(parts, min_size=1, max_size=4).map(" ".join)
persons = st.lists(names, min_size=1, max_size=3)
days = st.dates().map(lambda day: day.isoformat())


@given(persons, persons)
def test_the_score_is_the_same_from_both_sides(one, other):
    left, right = prepared(one), prepared(other)
    assert compare(left, right) == pytest.approx(compare(right, left), rel=1e-5)
    assert 0.0 <= compare(left, right) < 1.0


@given(persons, persons, names)
def test_another_name_of_a_person_never_lowers_the_score(one, other, more):
    assert compare(prepared(one), prepared([*other, more])) >= compare(prepared(one), prepared(other))


@given(names, names)
def test_the_explanation_has_the_score_and_every_token_once(one, other):
    left, right = prepared([one]), prepared([other])
    found = explained(left, right)
    assert found.score == pytest.approx(compare(left, right))
    assert sorted("".join(part.left for part in found.parts).replace(" ", "")) == sorted(
        letter for letter in one if letter.isalpha()
    )


@given(st.sampled_from(GIVEN[:8]), st.sampled_from(["MESKINI", "ZERHOUNI", "TAZI"]), names)
def test_family_first_with_a_comma_is_given_first_without(given_name, family, other):
    one, same = prepared([f"{family}, {given_name}"]), prepared([f"{given_name} {family}"])
    assert compare(one, prepared([other])) == pytest.approx(compare(same, prepared([other])), rel=1e-5)


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_the_comparison(one, other):
    left, right = prepared([one]), prepared([other])
    assert 0.0 <= compare(left, right) < 1.0
    explained(left, right).sentences()
    blocks(left)
    match_keys([one, other], ["1980-05-17"])


@given(persons, st.lists(days, max_size=4), st.booleans())
def test_keys_are_few_distinct_and_hold_a_birth(one, births, years):
    keys = match_keys(one, births, years=years)
    assert len(keys) == len(set(keys)) <= MOST_KEYS
    assert all(key[1:].startswith(tuple(birth[:4] for birth in births)) and key.count("|") == 2 for key in keys)
    assert bool(keys) <= bool(births)


@settings(max_examples=25)
@given(
    st.dictionaries(st.text(min_size=1, max_size=6), persons, max_size=8),
    st.lists(
        st.tuples(
            st.dictionaries(st.text(min_size=1, max_size=6), persons, max_size=3),
            st.sets(st.text(max_size=6), max_size=4),
        ),
        max_size=3,
    ),
    names,
)
def test_after_any_changes_the_index_is_one_made_anew(first, changes, asked):
    with tempfile.TemporaryDirectory() as folder:
        index = Index.build(Path(folder) / "index", first.items())
        listed = dict(first)
        for added, removed in changes:
            index = index.update(added.items(), removed)
            listed = {one: texts for one, texts in listed.items() if one not in removed} | added
        anew = Index.build(Path(folder) / "anew", listed.items())
        found, wanted = index.search([asked], 20), anew.search([asked], 20)
        assert [one for one, _ in found] == [one for one, _ in wanted]
        assert [score for _, score in found] == pytest.approx([score for _, score in wanted])
        assert len(index) == len(listed)
