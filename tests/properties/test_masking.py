"""Whatever a masked table hides, a reader who knows the rules and can add up does not get it back."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.core.errors import InputError
from passerelle.oversight.masking import mask

COUNTS = st.integers(0, 7) | st.sampled_from([0, 1, 2, 11])


def tables(rows, columns):
    return st.integers(1, columns).flatmap(
        lambda width: st.lists(st.lists(COUNTS, min_size=width, max_size=width), min_size=1, max_size=rows)
    )


def _possible(value, shown, least, most):
    """The values that a reader of one count must reckon with."""
    if shown == "shown":
        return [value]
    return range(1, least) if shown == "small" else range(least, most + 1)


def _hidden_values(table, masked, least):
    """All values that each hidden count can have for a reader of the table, by trying every table."""
    height, width = len(table), len(table[0])
    sums = [sum(row) for row in table]
    below = [sum(row[c] for row in table) for c in range(width)]
    blanked = "small" not in {*masked.rows, *masked.columns, masked.all, *(m for row in masked.cells for m in row)}
    floor = 1 if blanked else least  # where all is hidden nothing says how small it is

    def fits(value, real, shown):
        if shown == "shown":
            return value == real
        return 1 <= value < least if shown == "small" else value >= floor

    def row_choices(r):
        domains = [
            _possible(table[r][c], masked.cells[r][c], least if not blanked else 1, table[r][c] + 2)
            for c in range(width)
        ]
        return [one for one in product(*domains) if fits(sum(one), sums[r], masked.rows[r])]

    seen = {}
    for choice in product(*(row_choices(r) for r in range(height))):
        columns = [sum(row[c] for row in choice) for c in range(width)]
        if not all(map(fits, columns, below, masked.columns)) or not fits(sum(columns), sum(below), masked.all):
            continue
        for r, row in enumerate(choice):
            seen.setdefault(("row", r), set()).add(sum(row))
            for c, value in enumerate(row):
                seen.setdefault((r, c), set()).add(value)
        for c, value in enumerate(columns):
            seen.setdefault(("column", c), set()).add(value)
        seen.setdefault("all", set()).add(sum(columns))
    return seen


def _marks(table, masked):
    """Every count of the extended table with its mark."""
    width = len(table[0])
    yield "all", sum(map(sum, table)), masked.all
    for r, row in enumerate(table):
        yield ("row", r), sum(row), masked.rows[r]
        for c, value in enumerate(row):
            yield (r, c), value, masked.cells[r][c]
    for c in range(width):
        yield ("column", c), sum(row[c] for row in table), masked.columns[c]


@settings(max_examples=200)
@given(table=tables(3, 2), least=st.integers(3, 5))
def test_nothing_hidden_can_be_computed(table, least):
    masked = mask(table, least)
    seen = _hidden_values(table, masked, least)
    for place, value, shown in _marks(table, masked):
        assert value in seen[place]
        if shown == "shown":
            assert value == 0 or value >= least
        else:
            assert value > 0
            assert len(seen[place]) > 1, (place, value, masked)


@given(table=tables(12, 6), least=st.integers(3, 20))
def test_small_counts_are_hidden_and_nothing_is_hidden_without_one(table, least):
    masked = mask(table, least)
    marks = list(_marks(table, masked))
    for _, value, shown in marks:
        assert not (shown == "shown" and 0 < value < least)
        assert not (shown != "shown" and value == 0)
        assert not (shown == "small" and value >= least)
    if not any(0 < value < least for _, value, _ in marks):
        assert all(shown == "shown" for _, _, shown in marks)


def test_one_small_count_takes_the_cheapest_other_with_it():
    masked = mask([[2], [40], [9], [0]], 5)
    assert masked.cells == (("small",), ("shown",), ("also",), ("shown",))
    assert masked.all == "shown"


def test_two_small_counts_hide_each_other():
    assert mask([[2], [40], [3]], 5).cells == (("small",), ("shown",), ("small",))


def test_two_that_can_only_be_one_each_are_no_help_to_each_other():
    masked = mask([[1], [1], [40]], 3)
    assert masked.cells == (("small",), ("small",), ("also",))  # else 42 - 40 would say that both are 1
    assert masked.all == "shown"


@pytest.mark.parametrize("least", [2, 1, 0, -1])
def test_fewer_than_2_would_say_1(least):
    with pytest.raises(InputError, match="expected 3 or more"):
        mask([[1]], least)


def test_a_large_table_is_quick():
    import random
    import time

    draw = random.Random(7)
    start = time.process_time()
    for width, counts in product((1, 8), ((0, 1, 2, 3, 30, 400), (0, *range(10, 60), 2))):
        mask([[draw.choice(counts) for _ in range(width)] for _ in range(1000)], 5)
    assert time.process_time() - start < 5
