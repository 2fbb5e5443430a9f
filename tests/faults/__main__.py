"""A campaign: many worlds, everything that can happen to them in an order drawn from a seed.

    python -m tests.faults [--seed N] [--rounds N] [--steps N] [--short]

Every tenth round keeps its stores in SQLite files, the others in memory. A round that fails is played again with the
same `--seed` and `--rounds 1`. The last line says how much happened, and "0 lost, 0 doubled", or what failed.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from passerelle.identity.keys import KINDS
from tests.faults.world import DAY, HOUR, LANES, MINUTE, NAMES, World

MODES = ("ok", "ok", "ok", "request-lost", "answer-lost", "twice", "delayed")
STEPS = ("propose", "sign", "sign", "reject", "terminate")
OFF = (0, -MINUTE, MINUTE, 4 * MINUTE, -4 * MINUTE, 10 * MINUTE, -10 * MINUTE)


def happenings(world: World, draw: random.Random) -> list[tuple[int, Callable[[], object]]]:
    """What can happen next, and how often it does."""
    name, lane, choice = draw.choice(NAMES), draw.choice(LANES), draw.random()
    act_lane = draw.choice(("routine", "routine", "flash"))

    def crash(victim: str, points: int) -> None:
        world.crash_at(victim, draw.randint(1, points))

    return [
        (6, lambda: world.open(name)),
        (14, lambda: world.write(name, choice, act_lane)),
        (4, lambda: [world.write(one, draw.random()) for one in NAMES]),
        (2, lambda: world.misbehave(name)),
        (4, lambda: world.instrument(name, draw.choice(STEPS), choice)),
        (20, lambda: world.send(name, lane, draw.choice(MODES))),
        (8, lambda: (crash(draw.choice(NAMES), 12), world.send(name, lane))),
        (6, lambda: [world.send(one, other) for one in NAMES for other in LANES]),
        (3, lambda: world.deliver_late(choice)),
        (4, lambda: world.replay(choice)),
        (2, lambda: world.restart(name)),
        (2, lambda: world.rotate(name, *draw.sample(KINDS, draw.randint(1, 5)))),
        (1, lambda: (crash(name, 3), world.rotate(name, "log"))),
        (2, lambda: world.destroy(name)),
        (4, lambda: world.copy(name)),
        (3, lambda: world.put_back(name, choice)),
        (1, lambda: [world.put_back(one, draw.random()) for one in NAMES]),
        (3, world.recover),
        (1, lambda: (crash(name, 20), world.recover())),
        (2, lambda: world.insist(name, lane)),
        (1, lambda: (crash(name, 12), world.insist(name, lane))),
        (3, lambda: world.pass_time(draw.choice((1, 1000, MINUTE, HOUR, DAY)))),
        (2, lambda: world.set_clock(name, draw.choice(OFF))),
    ]


def play(seed: int, steps: int, folder: Path | None) -> World:
    """One round. Raises what went wrong."""
    draw = random.Random(seed)
    world = World(folder, draw.choice((5, 1000)), draw.choice((1, 3, 500)))
    try:
        for _ in range(steps):
            possible = happenings(world, draw)
            happening = draw.choices([one for _, one in possible], [weight for weight, _ in possible])[0]
            happening()
            world.check()
        world.settle()
    finally:
        world.close()
    return world


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="faults", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first round; the next has the next")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--steps", type=int, default=120, help="in a round")
    parser.add_argument("--short", action="store_true", help="10 rounds of 60 steps")
    given = parser.parse_args(arguments)
    rounds, steps = (10, 60) if given.short else (given.rounds, given.steps)
    counts: Counter[str] = Counter()
    failed: list[int] = []
    print(f"faults: {rounds} rounds of {steps} steps from seed {given.seed}", flush=True)
    for seed in range(given.seed, given.seed + rounds):
        with tempfile.TemporaryDirectory() as folder:
            try:
                world = play(seed, steps, Path(folder) if seed % 10 == 0 else None)
            except Exception:
                failed.append(seed)
                print(f"faults: round with seed {seed} failed\n{traceback.format_exc()}", flush=True)
                continue
        counts.update(world.counts)
        counts["lost with a store"] += len(world.lost)
    words = ", ".join(f"{counts[name]} {name}" for name in ("acts", "batches", "replays", "crashes", "restores"))
    if failed:
        print(f"faults: {len(failed)} of {rounds} rounds failed (seeds {', '.join(map(str, failed))}): {words}")
        return 1
    print(f"faults: {rounds} rounds, {words}: 0 lost, 0 doubled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
