"""What benchmarks print: the table for persons, the list for machines."""

import io
import json

import pytest

from benchmarks.table import Figure, Runs, lines, number, parser, rounded, show

RATE = Figure("sent", Runs([900, 1000, 1100]), "1/s", "ceiling", Runs([4000, 5000, 3000]))
TIME = Figure("start", Runs([0.5]), "s", "other", Runs([0.25]), less_is_better=True)
ALONE = Figure("size", Runs([12]), "bytes")
EMPTY = Figure("sent", Runs([900]), "1/s", "not there")


def shown(*figures: Figure, **how: object) -> str:
    out = io.StringIO()
    show(figures, title="Title", out=out, **how)  # type: ignore[arg-type]
    return out.getvalue()


def test_a_figure_is_the_median_of_its_runs():
    assert (RATE.value, RATE.peer_value, RATE.ratio) == (1000, 4000, 0.25)
    assert RATE.runs.spread == "900 to 1,100"


def test_above_one_is_ahead_whether_more_or_less_is_better():
    assert TIME.ratio == 0.5
    assert Figure("start", Runs([0.2]), "s", "other", Runs([0.4]), less_is_better=True).ratio == 2


def test_a_peer_that_could_not_be_measured_has_no_value():
    assert EMPTY.plain() == {
        "what": "sent",
        "value": 900,
        "unit": "1/s",
        "peer": "not there",
        "peer_value": None,
        "ratio": None,
    }
    assert ALONE.plain()["peer"] is None


def test_a_peer_that_did_nothing_has_no_ratio():
    assert Figure("sent", Runs([900]), "1/s", "peer", Runs([0.0])).ratio is None


def test_what_cannot_be():
    with pytest.raises(ValueError, match="one run at least"):
        Runs([])
    with pytest.raises(ValueError, match="name of the peer"):
        Figure("sent", Runs([900]), "1/s", beside=Runs([1]))


def test_json_is_one_list_and_nothing_else():
    text = shown(RATE, TIME, ALONE, EMPTY, as_json=True, before=["machine"], notes=["note"])
    read = json.loads(text)
    assert [one["what"] for one in read] == ["sent", "start", "size", "sent"]
    assert all(list(one) == ["what", "value", "unit", "peer", "peer_value", "ratio"] for one in read)
    assert text.startswith("[")
    assert text.endswith("]\n")


def test_json_of_nothing():
    assert json.loads(shown(as_json=True)) == []


def test_the_table():
    text = shown(RATE, EMPTY, ALONE, before=["machine"], notes=["note"])
    assert text.startswith("Title\nmachine\n\nwhat  median  lowest to highest  unit   peer")
    assert text.endswith("\n\nnote\n")
    made = [" ".join(line.split()) for line in lines([RATE, EMPTY, ALONE])[2:]]
    assert made == [
        "sent 1,000 900 to 1,100 1/s ceiling 4,000 3,000 to 5,000 0.25",
        "sent 900 1/s not there –",
        "size 12 bytes",
    ]


def test_the_columns_stand_below_their_heads():
    head, rule, first, *_ = lines([RATE, EMPTY, ALONE])
    assert len(head) == len(rule) == len(first)
    assert first.index("ceiling") == head.index("peer")


@pytest.mark.parametrize(
    ("value", "machine", "person"),
    [
        (None, None, ""),
        (0.0, 0, "0"),
        (0.0123456, 0.01235, "0.0123"),
        (12.3456, 12.35, "12.3"),
        (999.96, 1000, "1,000"),
        (123456.7, 123457, "123,457"),
        (7.0, 7, "7"),
    ],
)
def test_numbers(value, machine, person):
    assert rounded(value) == machine
    assert number(value) == person


def test_the_arguments_that_all_have():
    asked = parser("What").parse_args(["--json", "--quick"])
    assert asked.json
    assert asked.quick
