"""The search over HTTPS: three posts beside those of batches (`search.wire`, `search.wire_tables` say the form).

    POST /passerelle/1/question      a sealed question      -> 200 the sealed answer
    POST /passerelle/1/withdrawals   a signed request       -> 200 the newest list, a signed note
    POST /passerelle/1/table         a signed request       -> 200 shards with their paths, from the one asked on

A refusal is 422 with the number of the check, as of a batch; 503 means: later (no room, too much is being evaluated,
locked store). What was debited before such an end is not debited again.

Rules kept here: nothing of a question is read beyond its header before a partner has signed that; room for body and
answer is taken then. Questions have threads of their own: however long they wait to be evaluated, no batch does.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.routing import Route

from passerelle.core.errors import SearchError
from passerelle.core.log import Say
from passerelle.exchange.checks import BatchRefusedError
from passerelle.exchange.sealing import MAX_HEADER
from passerelle.search import wire
from passerelle.search.answering import TABLE_BYTES, Desk
from passerelle.search.evaluating import WAITING
from passerelle.search.wire_tables import TABLE_REQUEST, WITHDRAWALS_REQUEST
from passerelle.transport import flow
from passerelle.transport.https import Count, endpoint, read_body

_LATER_SECONDS = 2
_ROOM_TABLE = TABLE_BYTES + 3 * 1024 * 1024
"""Bytes: an answer with shards, and one that may go beyond what it should have."""


class Searching:
    """The three routes of a desk."""

    def __init__(self, desk: Desk, say: Say, count: Count) -> None:
        self._desk, self._say, self._count = desk, say, count
        self._threads = ThreadPoolExecutor(WAITING, "question")

    @property
    def routes(self) -> list[Route]:
        works = {"question": self._question, "withdrawals": self._withdrawals, "table": self._table}
        return [
            Route(f"/passerelle/1/{name}", endpoint(name, work, self._say, self._count), methods=["POST"])
            for name, work in works.items()
        ]

    def close(self) -> None:
        """Nothing more is answered."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _question(self, request: Request) -> bytes:
        size = flow.declared(request, wire.MAX_QUESTION)
        body = await read_body(request, wire.MAX_QUESTION, self._desk.admit, 2 * size + wire.MAX_LIST)
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._desk.question, body)
        except BatchRefusedError:
            self._count("question", "refused")
            raise
        except SearchError:
            self._count("question", "busy")
            raise flow.LaterError("evaluating", _LATER_SECONDS) from None
        self._count("question", "done")
        return answer

    async def _withdrawals(self, request: Request) -> bytes:
        body = await read_body(request, MAX_HEADER)
        asked = await asyncio.to_thread(self._desk.request, body, WITHDRAWALS_REQUEST)
        await flow.hold(request, asked.sender, wire.MAX_LIST)
        try:
            return await asyncio.to_thread(self._desk.withdrawals, asked)
        except SearchError:
            raise flow.LaterError("evaluating", _LATER_SECONDS) from None

    async def _table(self, request: Request) -> bytes:
        body = await read_body(request, MAX_HEADER)
        asked = await asyncio.to_thread(self._desk.request, body, TABLE_REQUEST)
        await flow.hold(request, asked.sender, _ROOM_TABLE)
        try:
            return await asyncio.to_thread(self._desk.table, asked)
        except SearchError:
            raise flow.LaterError("evaluating", _LATER_SECONDS) from None
