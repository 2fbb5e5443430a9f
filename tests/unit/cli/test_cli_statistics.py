"""`passerelle statistics`: the same figures on the screen, as JSON and as CSV."""

import csv
import io

from tests.unit.cli.scene import call, ok, said, value


def story(scene):
    first = scene.open()
    scene.act("ma", said(ground="not-competent"), "act", first, "--act", "refuse")
    scene.open()
    scene.settle()


def test_the_same_figures_in_every_form(partners, tmp_path):
    story(partners)
    made = value("statistics", partners.ma)
    (row,) = made["rows"]
    assert (row["type"], row["purpose"], row["received"], row["sent"]) == (
        "wanted-trace",
        "tracing-wanted-persons",
        2,
        1,
    )
    assert row["refused"] == {"total": 1, "by_ground": {"not-competent": 1}}
    assert made["total"]["received"] == 2
    assert made["channels"] == {row["channel"]: made["channels"][row["channel"]]}

    lines = list(csv.DictReader(io.StringIO(ok("statistics", partners.ma, "--csv", "-").out)))
    assert [line["received"] for line in lines] == ["2", "2"]
    assert (lines[0]["channel"], lines[0]["refused:not-competent"]) == (row["channel"], "1")
    assert lines[1]["channel"] == "total"

    assert "figures.csv" in ok("statistics", partners.ma, "--csv", tmp_path / "figures.csv").out
    assert list(csv.DictReader(io.StringIO((tmp_path / "figures.csv").read_text()))) == lines
    again = call("statistics", partners.ma, "--csv", tmp_path / "figures.csv")
    assert (again.code, again.out) == (2, "")

    shown = ok("statistics", partners.ma).out
    assert "refused, by ground" in shown
    assert row["channel"][:12] in shown
    assert "not-competent" in shown


def test_masked_and_grouped(partners):
    story(partners)
    made = value("statistics", partners.ma, "--by", "type", "--mask", 5)
    assert made["rows"][0]["received"] == made["total"]["received"] == "<5"
    assert "hidden: <5 stands for 1 to 4" in ok("statistics", partners.ma, "--mask", 5).out
    assert set(made["rows"][0]) & {"channel", "purpose", "month"} == set()


def test_nothing_passed(partners):
    story(partners)
    assert ok("statistics", partners.ma, "--from", "2020", "--until", "2020").out == "nothing passed in this period\n"


def test_wrong_input_is_told(partners):
    for options, words in (
        (("--by", "author"), "expected some of channel, type, purpose, month, got 'author'"),
        (("--mask", "2"), "expected 3 or more"),
        (("--from", "yesterday"), "expected a year, a month or a day"),
    ):
        result = call("statistics", partners.ma, *options)
        assert result.code == 2
        assert words in result.err
