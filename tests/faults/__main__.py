"""The campaign: real processes that are killed, then worlds in which everything else happens.

    python -m tests.faults [--seed N] [--rounds N] [--played N] [--steps N] [--short]

`killed` has the first kind of round, `played` the second. The last line says how much happened, and "0 lost, 0
doubled", or what failed; then the exit code is 1. Who is killed in a round comes from the seed, what he was doing then
from the machine; a played round is the same each time (`--rounds 0 --played 1 --seed N` for one).
"""

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.faults import killed, played

KILLED = ("kills", "kills of writers", "kills of couriers", "acts", "files", "receipted entries")
PLAYED = ("acts", "batches", "replays", "crashes", "restores")
SHORT = (10, 10, 60)


def _words(counts: Counter[str], names: Sequence[str]) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in names)


def _stop(number: int, frame: object) -> None:
    raise SystemExit(128 + number)  # so that what was started is ended


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="faults", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first round; the next has the next")
    parser.add_argument("--rounds", type=int, default=100, help="in which processes are killed")
    parser.add_argument("--played", type=int, default=100, help="rounds in one process")
    parser.add_argument("--steps", type=int, default=120, help="in a played round")
    parser.add_argument("--short", action="store_true", help="10 rounds of kills, 10 played rounds of 60 steps")
    given = parser.parse_args(arguments)
    rounds, plays, steps = SHORT if given.short else (given.rounds, given.played, given.steps)
    print(f"faults: {rounds} rounds of kills and {plays} played ones from seed {given.seed}", flush=True)
    kills, failed = killed.run(given.seed, rounds)
    counts, more = played.run(given.seed, plays, steps)
    happened = f"{kills['rounds']} rounds of kills ({_words(kills, KILLED)}), {plays} played ({_words(counts, PLAYED)})"
    if failed or more:
        print(f"faults: failed: {'; '.join(failed + more)}; {happened}")
        return 1
    print(f"faults: {happened}: 0 lost, 0 doubled")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(main())
