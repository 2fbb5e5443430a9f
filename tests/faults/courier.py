"""A process that carries by hand what the network carries too, there and back, until it is told to stop or is killed.

    python -m tests.faults.courier FOLDER OTHER

What it was killed over lies half written, half imported or not imported at all; the next one begins anew.
"""

import io
import select
import sys
import time
from contextlib import suppress
from pathlib import Path

from passerelle.core.errors import PasserelleError
from passerelle.exchange import courier, courier_import
from passerelle.node import Node

PAUSE = 0.02


def carry(sender: Node, receiver: Node) -> None:
    file = io.BytesIO()
    courier.export(sender.ctx, receiver.ctx.name, file, by="courier")
    file.seek(0)
    courier_import.take(receiver.ctx, file, by="courier")


def main() -> None:
    one, other = (Node.open(Path(folder)) for folder in sys.argv[1:])
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        with suppress(PasserelleError):
            carry(one, other)
            time.sleep(PAUSE)
            carry(other, one)
    one.close()
    other.close()


if __name__ == "__main__":
    main()
