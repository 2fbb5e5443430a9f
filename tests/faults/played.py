"""Rounds that are played: many worlds, everything that can happen to them in an order drawn from a seed.

Every tenth round keeps its stores in SQLite files, the others in memory. A round that fails is played again, step by
step, with the same seed.
"""

import random
import tempfile
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


def run(seed: int, rounds: int, steps: int) -> tuple[Counter[str], list[str]]:
    """So many rounds. What happened, and what failed."""
    counts: Counter[str] = Counter()
    failed: list[str] = []
    for number in range(seed, seed + rounds):
        with tempfile.TemporaryDirectory() as folder:
            try:
                world = play(number, steps, Path(folder) if number % 10 == 0 else None)
            except Exception:
                failed.append(f"round played with seed {number}")
                print(f"faults: round played with seed {number} failed\n{traceback.format_exc()}", flush=True)
                continue
        counts.update(world.counts)
        counts["lost with a store"] += len(world.lost)
    return counts, failed
