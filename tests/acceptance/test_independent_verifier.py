"""The verifier that was written from the protocol alone comes to the same verdict on every file, good or forged."""

import ast
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from passerelle.identity.identity import Identity
from passerelle.oversight.verify import FAILED, UNCONFIRMED, VERIFIED
from tests.acceptance import independent_verifier as independent
from tests.unit.oversight import test_verify_bytes as written
from tests.unit.oversight import test_verify_forgeries as forgeries
from tests.unit.oversight.test_evidence_corpus import FILES, Scene, compact, disguised, judged, label, sealed, walked


def agreed(data: bytes, trusted: Iterable[Identity] = ()) -> str:
    """The verdict of both."""
    trusted = tuple(trusted)
    run = independent.verify(data, [one.body for one in trusted])
    report = judged(data, trusted)
    failing = [one for one in run.findings if one[0] == "fails"]
    assert run.verdict() == report.verdict, (failing, [one for one in report.statements if one.result == "fails"])
    return run.verdict()


def test_it_knows_nothing_of_the_product() -> None:
    """Nothing but the standard library and the signatures."""
    parts = ast.walk(ast.parse(Path(independent.__file__).read_text("utf-8")))
    named = [alias.name for part in parts if isinstance(part, ast.Import) for alias in part.names]
    parts = ast.walk(ast.parse(Path(independent.__file__).read_text("utf-8")))
    named += [str(part.module) for part in parts if isinstance(part, ast.ImportFrom)]
    assert {name.split(".")[0] for name in named} - sys.stdlib_module_names == {"cryptography"}


@pytest.mark.parametrize("of", FILES, ids=map(label, FILES))
def test_good_files(of: tuple[Callable[[], Scene], str, str]) -> None:
    scene, by, name = of[0](), of[1], of[2]
    data = sealed(scene.file(by, name))
    be, ma = scene.trusted
    assert agreed(data, (be, ma)) == VERIFIED
    for trusted in ((), (be,), (ma,), (forgeries.FR,)):
        assert agreed(data, trusted) == UNCONFIRMED
    other = forgeries.identity_of(forgeries.OTHERS)
    assert agreed(data, (other, ma)) == FAILED
    assert agreed(data, (other, be, ma)) == VERIFIED


def test_every_small_change() -> None:
    _, trusted = compact()
    verdicts = Counter(agreed(sealed(made), trusted) for _, _, made in walked())
    assert verdicts[FAILED] > 2000
    assert verdicts[VERIFIED] > 20
    assert set(verdicts) == {FAILED, VERIFIED}


def test_changes_of_an_identity_that_nobody_trusts() -> None:
    verdicts = Counter(agreed(sealed(made)) for _, _, made in disguised())
    assert verdicts[FAILED] > 50
    assert verdicts[UNCONFIRMED] >= 4
    assert set(verdicts) == {FAILED, UNCONFIRMED}


@pytest.mark.parametrize("name", forgeries.FORGED)
def test_forgeries(name: str) -> None:
    data = sealed(forgeries.FORGED[name][0]())
    assert agreed(data, forgeries.TRUSTED) == FAILED
    agreed(data)  # some of them only trust can tell


@pytest.mark.parametrize("name", forgeries.ALLOWED)
def test_what_does_not_fail(name: str) -> None:
    assert agreed(sealed(forgeries.ALLOWED[name][0]()), forgeries.TRUSTED) == VERIFIED


@pytest.mark.parametrize("name", written.WRITTEN)
def test_the_same_written_in_another_way(name: str) -> None:
    assert agreed(written.WRITTEN[name].encode(), written.TRUSTED) == FAILED


def test_changed_bytes() -> None:
    data = written.DATA
    for place in range(0, len(data), 211):
        for bit in (0, 5):
            assert agreed(data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :], written.TRUSTED) == FAILED
        assert agreed(data[:place], written.TRUSTED) == FAILED
        assert agreed(data + data[:place] + b"\n", written.TRUSTED) == FAILED
    assert agreed(data[:-1], written.TRUSTED) == VERIFIED


def test_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As a person calls it."""
    value, trusted = compact()
    file = tmp_path / "evidence.json"
    options = []
    for one in trusted:
        (tmp_path / f"{one.name}.json").write_bytes(one.body)
        options += ["--trust", str(tmp_path / f"{one.name}.json")]
    for data, more, verdict, code in (
        (sealed(value), options, VERIFIED, 0),
        (sealed(value), [], UNCONFIRMED, 0),
        (sealed(value)[:-2], options, FAILED, 1),
    ):
        file.write_bytes(data)
        monkeypatch.setattr(sys, "argv", ["independent_verifier.py", str(file), *more])
        assert independent.main() == code
        assert capsys.readouterr().out.splitlines()[-1] == verdict
