"""What is asked of the comparison of names, on the public data that PASSERELLE_DATA names."""

import os
import random
from pathlib import Path

import pytest

from passerelle.names import Index, match_keys
from passerelle.names.weights import weights

DATA = Path(os.environ.get("PASSERELLE_DATA", Path(__file__).parents[2].parent / "shared" / "data")) / "names"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no name data in {DATA}; PASSERELLE_DATA says where it is")


@pytest.fixture(scope="module")
def names():
    from tools.names.data import Names

    os.environ.setdefault("PASSERELLE_DATA", str(DATA.parent))
    return Names()


@pytest.mark.parametrize(
    ("group", "thousand", "ten_thousand", "f1"),
    [("AL-ep-arab", 0.92, 0.80, 0.92), ("AL-un", 0.90, 0.75, 0.90), ("LL-respell", 0.93, 0.75, 0.93)],
)
def test_true_spellings_are_told_from_look_alikes(names, group, thousand, ten_thousand, f1):
    from tools.names.factors import Group
    from tools.names.questions import of_evaluation

    number, *found = Group(group, weights(), list(of_evaluation(names, group))).figures(weights().factors)
    assert number > 30
    assert [value >= wanted for value, wanted in zip(found, (thousand, ten_thousand, f1), strict=True)] == [True] * 3, (
        found
    )


@pytest.mark.parametrize(
    ("kind", "thousand", "ten_thousand", "f1"), [("travellers", 0.86, 0.82, 0.90), ("full names", 0.93, 0.85, 0.93)]
)
def test_so_they_are_where_nothing_was_tuned(names, kind, thousand, ten_thousand, f1):
    from tools.names.factors import Group
    from tools.names.questions import of_full_names, of_travellers

    draw = random.Random(11)
    candidates = of_travellers(names, draw) if kind == "travellers" else of_full_names(names, draw)
    _, *found = Group(kind, weights(), list(candidates)).figures(weights().factors)
    assert [value >= wanted for value, wanted in zip(found, (thousand, ten_thousand, f1), strict=True)] == [True] * 3, (
        found
    )


def test_the_right_entry_is_among_the_first_fifty(names, tmp_path):
    index = Index.build(tmp_path / "index", ((str(one), person["names"]) for one, person in names.persons.items()))
    asked = [query for query in names.queries if query["group"] != "LL-otheralias"]
    found = 0
    for query in asked:
        (true,) = (str(entry) for entry, is_true, _ in query["candidates"] if is_true)
        found += true in {one for one, _ in index.search([query["query"]], 50)}
    assert found / len(asked) >= 0.99


@pytest.mark.parametrize(("country", "wanted"), [("TN", 0.97), ("DZ", 0.92)])
def test_full_names_in_two_scripts_share_a_match_key(country, wanted):
    from tools.names.data import columns

    pairs = [line[:2] for line in columns(f"fullnames-{country}.tsv.gz")]
    shared = sum(bool(set(match_keys([a], ["1980-05-17"])) & set(match_keys([b], ["1980-05-17"]))) for a, b in pairs)
    assert shared / len(pairs) >= wanted


def test_travellers_who_are_on_no_list_seldom_hit_it(names):
    from tools.names.data import rows

    listed = [person for person in names.persons.values() if person["birth"]]
    index = {key for person in listed for key in match_keys(person["names"], person["birth"])}
    known = {(name.lower(), birth) for person in listed for name in person["names"] for birth in person["birth"]}
    others = rows("travellers.jsonl.gz")
    clean = [one for one in others if not any((name.lower(), one["birth"][0]) in known for name in one["names"])]
    hit = sum(not index.isdisjoint(match_keys(one["names"], one["birth"])) for one in clean)
    assert hit / len(clean) < 0.01


def test_the_weights_are_those_that_the_data_gives(names):
    """What ships was trained by what is in the repository: the same data gives the same ratios."""
    from tools.names import ratios

    pairs = ratios.pairs(names)
    table, _ = ratios.trained(pairs["latin-arabic"], symmetrical=False)
    assert abs(table - weights().ratios[1]).max() < 0.02
