from pathlib import Path

import pytest

from benchmarks import deadlines


def test_every_timer_is_told_at_each_stage_by_the_product_and_by_the_ceiling(tmp_path: Path) -> None:
    said: list[str] = []
    figures, memory = deadlines.measure(tmp_path, 300, said.append)
    assert [figure.what for figure in figures[::2]] == [
        "timers told at half",
        "timers told at nine tenths",
        "timers told at end",
    ]
    assert all(figure.peer == "executemany" and figure.value > 0 for figure in figures)
    assert 0 < memory.start <= memory.most
    assert len(said) == 3


def test_no_timer_reaches_the_next_stage_while_others_are_told(tmp_path: Path) -> None:
    ((first, *_, last),) = list(deadlines.timers(100))
    for stage, following in zip(deadlines.STAGES, ("late", "due"), strict=False):
        assert getattr(last, stage.field) <= stage.at <= getattr(first, following)
    assert last.due < deadlines.STAGES[-1].at
    assert first.dossier < last.dossier


@pytest.mark.parametrize("count", ["0", "100000001"])
def test_a_number_of_timers_that_makes_no_sense(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        deadlines.main(["--timers", count])
    assert "--timers: expected 1 to 100000000" in capsys.readouterr().err
