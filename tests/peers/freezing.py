"""A serving process that stops itself (SIGSTOP) at one point of a transaction, once, when a file says so.

    python -m tests.peers.freezing FOLDER INSTANCE LISTEN POINT FILE

It goes on with SIGCONT, as if nothing had been, and ends when its standard input does. Its log goes to standard error,
as that of `passerelle serve` does.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from passerelle.node import Node
from passerelle.service import Role, Service


def main(folder: str, instance: str, listen: str, point: str, file: str) -> None:
    def fault(passed: str) -> None:
        if passed == point and Path(file).exists():
            Path(file).unlink()
            os.kill(os.getpid(), signal.SIGSTOP)

    def say(event: str, **values: object) -> None:
        print(json.dumps({"event": event, **values}, default=str), file=sys.stderr, flush=True)

    def ready() -> None:
        print(json.dumps({"ready": True}), flush=True)

    async def serve() -> None:
        with node.serving(instance) as wake:
            service = Service(node, say, Role(instance, listen=listen))
            asyncio.get_running_loop().add_reader(sys.stdin, service.stop)
            await service.run(wake, ready)

    node = Node.open(Path(folder), fault=fault)
    try:
        asyncio.run(serve())
    finally:
        node.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
