"""The campaign itself: that it runs, that it says what failed, and that it finds what is planted."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from passerelle.exchange import inbox, intake, outbox, reconciling
from tests.faults import __main__ as campaign
from tests.faults import played
from tests.faults.world import World


def test_a_short_campaign_loses_nothing_and_doubles_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert campaign.main(["--rounds", "3", "--played", "6", "--steps", "60", "--seed", "3"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("faults: 3 rounds of kills (")
    assert last.endswith(": 0 lost, 0 doubled")


def test_a_round_that_fails_is_named_with_its_seed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(seed: int, steps: int, folder: object) -> World:
        if seed == 8:
            raise AssertionError("something was lost")
        return World()

    monkeypatch.setattr(played, "play", play)
    assert campaign.main(["--seed", "7", "--rounds", "0", "--played", "3", "--steps", "1"]) == 1
    printed = capsys.readouterr().out
    assert "something was lost" in printed
    assert printed.splitlines()[-1].startswith("faults: failed: round played with seed 8; 0 rounds of kills")


def test_a_round_can_be_played_again() -> None:
    one, other = played.play(11, 60, None), played.play(11, 60, None)
    assert one.counts == other.counts
    assert one.counts["acts"] > 0


def forgets_what_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restore the messages that the partner never had stay where they are."""
    monkeypatch.setattr(reconciling, "unsent", lambda *_: [])


def never_wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waited for own messages is not looked at when they have come back."""
    monkeypatch.setattr(intake, "wake_own", lambda *_: None)


def judges_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for what is not here yet."""
    monkeypatch.setattr(intake._Intake, "_needs", lambda *_: [])


def gives_indexes_without_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message in line is thrown away with its content when the log is begun anew."""
    honest = outbox.simple

    def simple(tx: Any, ctx: Any, partner: str, lane: str, kind: str, **fields: object) -> Any:
        if kind == "generation":
            line = tx.scan(outbox.MESSAGES, "by_queue", (partner, "out", lane, "unsequenced"), limit=1)
            tx.put(outbox.MESSAGES, [msgspec.structs.replace(one, state="withheld") for one in line])
        return honest(tx, ctx, partner, lane, kind, **fields)

    monkeypatch.setattr(outbox, "simple", simple)


def answers_before_it_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receipt covers more than is kept."""
    honest = inbox._accept

    def accept(tx: Any, ctx: Any, opened: Any) -> Any:
        log = honest(tx, ctx, opened)
        if log.size % 5 == 0:
            tx.delete(inbox.ENTRIES, [(log.origin, log.size - 1)])
        return log

    monkeypatch.setattr(inbox, "_accept", accept)


# The defect, and the first of the seeds that are tried.
PLANTED: list[tuple[Callable[[pytest.MonkeyPatch], None], int]] = [
    (forgets_what_is_behind, 125),
    (never_wakes, 131),
    (judges_at_once, 100),
    (gives_indexes_without_a_look, 104),
    (answers_before_it_stores, 100),
]


@pytest.mark.parametrize(("defect", "first"), PLANTED, ids=[one.__name__ for one, _ in PLANTED])
def test_what_is_planted_is_found(
    defect: Callable[[pytest.MonkeyPatch], None], first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    defect(monkeypatch)
    for seed in range(first, first + 40):
        try:
            played.play(seed, 80, None)
        except Exception:
            return
    pytest.fail("expected a round to fail, got none")
