"""The command `./run coverage`: write docs/coverage.md, or say which cells no test shows."""

import sys
from collections.abc import Sequence

from tools.coverage.cells import COLUMNS, TYPES, collected, wrong
from tools.coverage.page import PAGE, text_of

USAGE = "usage: ./run coverage [check | update]"


def main(arguments: Sequence[str]) -> int:
    """`check` (the default): 1 when a cell is empty or the page is not what the tests say. `update`: it is written."""
    if list(arguments) not in ([], ["check"], ["update"]):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    cells = collected()
    text = text_of(cells)
    if "update" in arguments:
        PAGE.write_text(text, "utf-8")
    problems = list(wrong(cells))
    if not PAGE.exists() or PAGE.read_text("utf-8") != text:
        problems.append("docs/coverage.md: expected what the tests say, got another page: ./run coverage update")
    shown = sum((kind, column) in cells for kind in TYPES for column in COLUMNS)
    sys.stdout.write(f"coverage: {shown} of {len(TYPES) * len(COLUMNS)} cells are shown, {len(problems)} problems\n")
    sys.stdout.writelines(f"  {one}\n" for one in problems)
    return 1 if problems else 0


sys.exit(main(sys.argv[1:]))
