"""`./run demo`: plays the story, prints what happens, and ends with 0 only if every step was checked true.

--once       end after the story (otherwise the nodes stay up until Ctrl-C)
--out DIR    keep node folders and evidence in DIR
--list FILE  open one listed-person dossier for each person of a published list (UN consolidated list, XML)
--json       print the closing figures as JSON on the last line
"""

import argparse
import contextlib
import json
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from passerelle.core.errors import InputError, PasserelleError
from passerelle.demo import blind, officers, published, round, years
from passerelle.demo.story import Story


def main() -> int:
    """Play the story. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--list", type=Path, dest="published")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    console = Console(highlight=False, stderr=options.json)
    if options.out is None:
        with tempfile.TemporaryDirectory(prefix="passerelle-demo-") as folder:
            return _play(Path(folder), options, console)
    if options.out.exists() and any(options.out.iterdir()):
        console.print(f"error: --out: expected a new or empty folder, got {options.out}", markup=False)
        return 2
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        console.print(f"error: --out: expected a folder that can be made, got {error.strerror}", markup=False)
        return 2
    return _play(options.out, options, console)


def _play(folder: Path, options: argparse.Namespace, console: Console) -> int:
    console.print(
        "Passerelle: two services, be and ma, exchange under what both have signed. All persons are invented."
    )
    # Whoever ends the demonstration, and however, the nodes end with it and their folder goes.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    try:
        persons = published.read(options.published) if options.published else []
    except InputError as error:
        console.print(f"error: --list: {error}", markup=False)
        return 2
    story = Story(folder, console.print)
    code = 0
    try:
        story.identities()
        story.instruments()
        story.trace_a_person()
        officers.identification(story)
        officers.alerts(story)
        officers.refusals(story)
        blind.asked(story)
        years.photograph(story)
        story.overtake()
        story.forbidden()
        story.kill_receiver()
        years.by_hand(story)
        story.put_back()
        if options.published:
            story.list_of(options.published.name, persons)
        years.lost_disk(story)
        story.evidence()
        round.closing(story)
        officers.audit(story)
    except PasserelleError as error:
        code = 1
        story.scenes[-1] = (story.scenes[-1][0], "FAILED")
        console.print(f"\n[red]The story stopped:[/red] {type(error).__name__}", highlight=False)
        console.print(str(error), markup=False)
    except KeyboardInterrupt:
        code = 130
    try:
        if code != 130:
            _close(story, console, options, code)
        if code == 0 and not options.once:
            console.print(f"\nBoth nodes are up (folders in {folder}). Ctrl-C ends them.")
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    finally:
        story.close()
    return code


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _close(story: Story, console: Console, options: argparse.Namespace, code: int) -> None:
    story.end()
    table = Table(title="What was shown", title_justify="left")
    table.add_column("scene")
    table.add_column("outcome")
    for title, outcome in story.scenes:
        table.add_row(title, outcome)
    console.print()
    console.print(table)
    figures = Table(title="Figures", title_justify="left", show_header=False)
    figures.add_column("what")
    figures.add_column("value", justify="right")
    for name, value in story.figures.items():
        figures.add_row(name.replace("_", " "), str(value))
    console.print(figures)
    if options.json:
        print(json.dumps({"ok": code == 0, **story.figures}))
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
