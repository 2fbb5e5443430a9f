"""Rounds of kills: two nodes at work, written to from both sides, and SIGKILL at any moment.

A round: the writers write, and in some a courier carries the same logs by hand beside the network; then, at a moment
that is drawn, one node or both are killed, and perhaps writers and courier too. Before anything starts again, no
receipt may be ahead of what is stored. Then the dead are started (and perhaps killed once more while they start), the
writers end, everything settles, files are brought to their end, and everything must be well.

Who is killed, and after how long, is drawn from the seed; what the processes are doing at that moment is the machine's.
Ten rounds share two nodes, so that what one kill left behind meets the next.
"""

import random
import shutil
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.faults import landed
from tests.faults.living import NAMES, PATIENCE, Living

SHARED = 10
CARRIED = 0.4
"""Part of the rounds in which a courier goes beside the network."""
VICTIMS = (("be",), ("ma",), ("be", "ma"))


class Kills:
    """Some rounds on two nodes of their own."""

    def __init__(self, folder: Path) -> None:
        self.living = Living(folder)
        self.counts: Counter[str] = Counter()

    def round(self, draw: random.Random) -> None:
        """Raises what went wrong."""
        living = self.living
        before = {name: len(living.written(name)) for name in NAMES}
        attached = {name: len(living.files(name)) for name in NAMES}
        for name in NAMES:
            living.write(name, draw.getrandbits(32))
        living.busy(before)
        courier = living.carry() if draw.random() < CARRIED else None
        victims = draw.choice(VICTIMS)
        writers_too = [name for name in victims if draw.random() < 0.5]
        time.sleep(draw.random() * 0.4)
        self._kill(draw, victims, writers_too)
        if courier is not None and draw.random() < 0.5:
            courier.kill()
            self.counts["kills of couriers"] += 1
            courier = None
        with living.pair(*writers_too) as pair:
            self.counts["receipted entries"] += landed.no_receipt_ahead(pair)
        for name in victims:
            self._start(draw, name)
        for name in victims:
            living.nodes[name].ready()
        time.sleep(draw.random() * 0.1)
        for name in NAMES:
            if name not in writers_too:
                living.writers[name].end()
        if courier is not None:
            courier.end()
        self._settle(attached)
        self.counts["acts"] += sum(len(living.written(name)) - before[name] for name in NAMES)

    def _kill(self, draw: random.Random, victims: tuple[str, ...], writers: list[str]) -> None:
        """Nodes and writers, in an order that is drawn."""
        living = self.living
        dying = [living.nodes[name] for name in victims] + [living.writers[name] for name in writers]
        draw.shuffle(dying)
        for one in dying:
            one.kill()
        self.counts["kills"] += len(victims)
        self.counts["kills of writers"] += len(writers)

    def _start(self, draw: random.Random, name: str) -> None:
        node = self.living.nodes[name]
        node.start()
        if draw.random() < 0.2:
            time.sleep(draw.random())
            node.kill()
            self.counts["kills"] += 1
            node.start()

    def _settle(self, attached: dict[str, int]) -> None:
        end = time.monotonic() + PATIENCE
        with self.living.pair() as pair:
            while not landed.at_rest(pair):
                assert time.monotonic() < end, "expected both sides to settle, got no rest"
                time.sleep(0.02)
            landed.all_well(pair, {name: self.living.written(name) for name in NAMES})
            files = {name: list(self.living.files(name).items())[attached[name] :] for name in NAMES}
            self.counts["files"] += landed.files_whole(pair, {name: dict(those) for name, those in files.items()})

    def end(self) -> None:
        """Both nodes end as they should, and said nothing of an error of their own."""
        for one in self.living.nodes.values():
            one.end()
            assert "Traceback" not in one.log.read_text(), one.log.read_text()[-4000:]


def run(seed: int, rounds: int) -> tuple[Counter[str], list[str]]:
    """So many rounds. What happened, and what failed: the folder with both stores and all logs is kept then."""
    counts: Counter[str] = Counter()
    failed: list[str] = []
    for first in range(seed, seed + rounds, SHARED):
        folder = Path(tempfile.mkdtemp(prefix="passerelle-kills-"))
        number, kept = first, False
        kills: Kills | None = None
        try:
            kills = Kills(folder)
            for number in range(first, min(first + SHARED, seed + rounds)):
                kills.round(random.Random(number))
                counts["rounds"] += 1
            kills.end()
        except Exception as error:
            print(f"faults: round of kills with seed {number} failed\n{traceback.format_exc()}", flush=True)
            failed.append(f"round of kills with seed {number}: {str(error).partition(chr(10))[0]} (kept in {folder})")
            kept = True
        finally:
            if kills is not None:
                kills.living.close()
                counts.update(kills.counts)
            if not kept:
                shutil.rmtree(folder)
    return counts, failed
