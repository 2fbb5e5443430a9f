"""How many messages a second two nodes exchange, beside what the machine allows and beside a peer.

    ./run bench exchange [--json] [--quick] [--profile] [--batch N ...] [--runs N] [--part NAME ...]

Measured, each message an opening act of 2,048 bytes in a dossier of its own:

- batches of 1, 10, 100 and 1,000: the whole path, from the sender's desk to the receipt it keeps, in steady state (the
  desk writes the next batch while one is on its way); messages that are in line already, from the first index to the
  last receipt; and the ceiling, the same bytes between two processes and files without anything of the product (see
  `_ceiling`);
- flash: one urgent alert after the other, from the desk's write to the receipt, under a full routine load;
- senders: two partners' nodes that send to one receiver at once;
- postgres: the same with both stores in PostgreSQL, a real server;
- attachments: files of 1 MB in steady state (see `_files`), and of 100 MB;
- as2: the same payloads by a full AS2 server, django-pyas2 (see `_as2`), with the number of clients that suits it best.

Rules kept here:
- every process is a real one, every byte passes the loopback, every commit waits for the disk;
- runs of what is compared take turns where both can stand ready, so that what else the machine does falls on both; the
  first run of each is a warm-up and is not counted; shown is the median with the lowest and the highest run;
- at the end the stores are asked: every message sent must have been applied, once, none refused; else it is an error;
- everything is bounded in count and time; a peer that cannot be installed is left empty and fails nothing.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from benchmarks import table
from benchmarks._against import measure_as2
from benchmarks._batches import Bench
from benchmarks._beside import measure_attachments, measure_flash, measure_postgres, measure_senders
from benchmarks._children import BenchError, Run, run
from benchmarks._machine import described, fdatasync_rate
from benchmarks._plan import PARTS, PROFILED, QUICK, SIZE, Clock, Found, Plan
from benchmarks._report import DID, figures_of, verdicts
from benchmarks.table import Runs

_ALONE = {
    "flash": measure_flash,
    "senders": measure_senders,
    "postgres": measure_postgres,
    "attachments": measure_attachments,
}


def parsed(arguments: Sequence[str] | None = None) -> tuple[Plan, Any]:
    """The plan that the arguments say."""
    parser = table.parser((__doc__ or "").partition("\n")[0])
    parser.add_argument("--profile", action="store_true", help="one more run at batch 100 under cProfile, both sides")
    parser.add_argument("--batch", type=int, action="append", metavar="N", help="a batch size, 1 to 1000; repeatable")
    parser.add_argument("--runs", type=int, metavar="N", help="runs that count, 3 to 9 (default: 3)")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part; repeatable")
    asked = parser.parse_args(arguments)
    for batch in asked.batch or ():
        if not 1 <= batch <= 1000:
            parser.error(f"--batch: expected 1 to 1000, got {batch}")
    if asked.runs is not None and not 3 <= asked.runs <= 9:
        parser.error(f"--runs: expected 3 to 9, got {asked.runs}")
    plan = QUICK if asked.quick else Plan()
    changes: dict[str, Any] = {}
    if asked.batch:
        changes["batches"] = tuple(dict.fromkeys(asked.batch))
    if asked.part:
        changes["parts"] = tuple(one for one in PARTS if one in asked.part)
    if asked.runs:
        changes["runs"] = asked.runs
    return Plan(**(vars(plan) | changes)), asked


def _measure(place: Run, plan: Plan, found: Found, clock: Clock, asked: Any) -> None:
    if "batches" in plan.parts:
        bench = Bench(place, plan, found, clock)
        for batch in plan.batches:
            bench.measure(batch)
        if asked.profile:
            bench.profile(PROFILED)
        bench.check()
        bench.close()
    for name, measure in _ALONE.items():
        if name in plan.parts:
            measure(place, plan, found, clock)
    if "as2" in plan.parts:
        measure_as2(place, plan, found, clock, make=not asked.quick)


def main(arguments: Sequence[str] | None = None) -> int:
    plan, asked = parsed(arguments)
    found = Found()
    machine = described()
    clock = Clock(plan.all, lambda words: print(f"… {words}", file=sys.stderr) if sys.stderr.isatty() else None)
    try:
        with run() as place:
            found.fdatasync.append(fdatasync_rate(place.folder, plan.fdatasync))
            _measure(place, plan, found, clock, asked)
            found.fdatasync.append(fdatasync_rate(place.folder, plan.fdatasync))
    except BenchError as error:
        print(f"bench exchange: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench exchange: stopped", file=sys.stderr)
        return 130
    sealed = "; ".join(f"{batch}: {size:,} bytes" for batch, size in sorted(found.sealed.items()))
    disk = Runs(found.fdatasync)
    before = [
        machine,
        f"fdatasync {table.number(disk.median)}/s ({disk.spread}), measured between the batches",
        f"content of a message {SIZE:,} bytes" + (f"; sealed batch of {sealed}" if sealed else ""),
        f"median of {plan.runs} runs after a warm-up",
    ]
    notes = [*verdicts(found), *found.notes, "", *DID]
    figures = figures_of(found, plan)
    table.show(figures, title="Exchange between two nodes", before=before, notes=notes, as_json=asked.json)
    if found.profiles:
        print("\n".join(found.profiles), file=sys.stderr if asked.json else sys.stdout)
    return 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
