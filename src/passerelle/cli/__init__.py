"""The command line: a thin door. It reads what a person typed, calls the node, and prints the answer.

Rules kept here:
- no rule of the product lives here: what may happen is decided by the rooms behind the door;
- every command gives one `Answer`, printed for a person or, with `--json`, as one JSON value and nothing else;
- an error is one line on standard error and an exit code of `exits`, never a traceback;
- whatever is heavy is imported inside the command that needs it, so that the shell does not wait for help and version.
"""

import sys


def main() -> None:
    """The console script."""
    from passerelle.cli.app import run

    sys.exit(run(sys.argv[1:]))
