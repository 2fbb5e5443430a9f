"""Importing: each part of a courier file is judged as if it had come by network, in the order in which it stands.

Rules kept here:
- the head is signed by the partner that hands it over, and names this node: else nothing is looked at. What other nodes
  have signed is left out;
- a batch is taken by `inbox.receive`, a receipt by `Sender.receipt`, an answer by `Sender.compare`. So a file may come
  twice, late, in any order with others and with the network: nothing is applied twice;
- a batch that leaves a gap is not refused: the file that fills it may be on its way. Nothing of that lane is looked at
  behind it, nor behind a batch that is refused;
- a refusal is answered by its number in the next file to the partner, as 422 answers by network;
- damage ends the import where it is; what stood before it is taken.

Each part is one transaction of its own. If we stop anywhere, the same file is imported again.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import ExchangeError, IdentityError, InputError, LedgerError, NotFoundError, StateError
from passerelle.exchange import answering, attachments_in, courier_file, inbox, links, notes, trust, wire
from passerelle.exchange.attachments_in import AnsweredError
from passerelle.exchange.checks import BatchRefusedError
from passerelle.exchange.context import Context
from passerelle.exchange.courier import ORDER
from passerelle.exchange.courier_file import DamageError, Kind, Part
from passerelle.exchange.sender import Sender
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import pieces
from passerelle.ports.attachments import ATTACHMENTS, Attachment
from passerelle.ports.courier import ASKED, QUESTIONS, Asked
from passerelle.ports.records import LOGS, MESSAGES, Log
from passerelle.ports.store import Reading, Writing

MOST_PROBLEMS = 100
"""Problems that are told in words; the rest is counted."""


class Taken(msgspec.Struct, frozen=True):
    """What of one lane was taken: entries that were new; those known before."""

    lane: str
    entries: int = 0
    known: int = 0


class Problem(msgspec.Struct, frozen=True):
    """A part that was not taken. `at`: its place in the file."""

    at: int
    words: str


class Imported(msgspec.Struct, frozen=True):
    """What came of a file. `problems`: at most 100 of `failed`; `damage`: where the file ended to be whole, or nothing.

    `receipts`: lanes of which the partner holds more than was known; `compared`: lanes whose copies are compared now.
    """

    id: str
    partner: str
    time: int
    taken: tuple[Taken, ...]
    receipts: tuple[str, ...]
    compared: tuple[str, ...]
    refused: int
    pieces: int
    failed: int
    problems: tuple[Problem, ...]
    damage: str
    asked: bool
    refusals: tuple[bytes, ...]
    finished: tuple[str, ...] = ()  # lanes in which answers about whole files wait to be carried back


class _Import:
    def __init__(self, ctx: Context, partner: str) -> None:
        self.ctx, self.partner = ctx, partner
        self.sender = Sender(ctx, partner)
        self.taken: dict[str, Taken] = {}
        self.held: dict[str, str] = {}  # lanes of which nothing more is looked at, and why
        self.receipts: dict[str, None] = {}
        self.compared: dict[str, None] = {}
        self.refusals: list[bytes] = []
        self.refused = self.failed = 0
        self.problems: list[Problem] = []
        self.asked = False
        self.finished: dict[str, None] = {}
        self.pieces = 0
        self._take: dict[Kind, Callable[[Part], None]] = {
            Kind.RECEIPT: self._receipt,
            Kind.REFUSAL: self._refusal,
            Kind.ANSWER: self._answer,
            Kind.BATCH: self._batch,
            Kind.QUESTION: self._question,
            Kind.PIECE: self._piece,
        }

    def part(self, part: Part) -> None:
        """One part; what is wrong with it is told and does not end the import."""
        try:
            self._take[part.kind](part)
        except (ExchangeError, LedgerError, IdentityError, NotFoundError) as error:
            self._problem(part, str(error))

    def _problem(self, part: Part, words: str) -> None:
        self.failed += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(part.at, words[:1000]))

    def _own(self, origin: str) -> str:
        """The lane of an own log to this partner. Raises ExchangeError for any other."""
        sender, receiver, lane, _ = checkpoints.split_origin(origin)
        if (sender, receiver) != (self.ctx.name, self.partner):
            raise ExchangeError(f"expected a log of {self.ctx.name} to {self.partner}, got {origin}")
        return lane

    def _log(self, origin: str) -> Log | None:
        return self.ctx.store.read(lambda tx: tx.get(LOGS, origin))

    # -- what answers this node ---------------------------------------------------------------------------------

    def _receipt(self, part: Part) -> None:
        origin = checkpoints.parse(part.body).origin
        lane, before = self._own(origin), self._log(origin)
        size = self.sender.receipt(origin, lane, part.body, carried=True)
        if before is None or size > before.cosigned:
            self.receipts[lane] = None

    def _refusal(self, part: Part) -> None:
        said = courier_file.parse_refusal(part.body)
        identity = self.ctx.store.read(lambda tx: self.ctx.confirmed(tx, self.partner))[1]
        courier_file.verify(said.note, identity.envelope)
        lane, log = self._own(said.origin), self._log(said.origin)
        if (said.receiver, said.sender) != (self.partner, self.ctx.name):
            raise ExchangeError(f"expected a refusal of {self.partner}, got one of {said.receiver}")
        if log is None or log.state == "closed" or log.cosigned >= said.end:
            return  # it was taken since, or its log is over
        self.refused += 1
        self.sender.failed(lane, f"the partner refused with check {said.check}", refused=True)

    def _answer(self, part: Part) -> None:
        nonce = wire.answered(part.body)
        question = self.ctx.store.read(lambda tx: tx.get(QUESTIONS, self.partner, nonce))
        if question is None:
            return  # taken before, or its question is too old
        for lane in ORDER:
            if self.sender.compare(nonce, part.body, lane, question):
                self.compared[lane] = None
        self.ctx.store.write("courier.answered", lambda tx: tx.delete(QUESTIONS, [(self.partner, nonce)]))

    # -- what is new --------------------------------------------------------------------------------------------

    def _question(self, part: Part) -> None:
        request = wire.parse_status_request(part.body)
        if request.sender != self.partner:
            raise ExchangeError(f"expected a question of {self.partner}, got one of {request.sender}")
        answering.status(self.ctx, part.body)  # raises unless the partner asks this node

        def work(tx: Writing) -> None:
            there = tx.get(ASKED, self.partner)
            if there is None or there.time <= request.time:
                tx.put(ASKED, [Asked(self.partner, request.time, part.body.decode())])

        self.ctx.store.write("courier.asked", work)
        self.asked = True

    def _batch(self, part: Part) -> None:
        header, _ = wire.parse_header(part.body)
        sender, receiver, lane, _ = checkpoints.split_origin(header.origin)
        if (sender, receiver) != (self.partner, self.ctx.name):
            raise ExchangeError(f"expected a log of {self.partner} to {self.ctx.name}, got {header.origin}")
        if lane in self.held:
            return
        before = self._log(header.origin)
        size = before.size if before is not None else 0
        if header.start > size:
            self.held[lane] = "gap"
            lacking = f"{size} to {header.start} of {header.origin}"
            raise ExchangeError(f"entries {lacking} are missing: import the file that has them, then this one again")
        try:
            inbox.receive(self.ctx, part.body)
        except BatchRefusedError as error:
            self.held[lane] = "refused"
            self._answer_refused(header, error)
            raise
        after = self._log(header.origin)
        new = max(0, (after.size if after is not None else 0) - size)
        there = self.taken.get(lane, Taken(lane))
        known = there.known + header.end - header.start - new
        self.taken[lane] = Taken(lane, there.entries + new, max(0, known))

    def _piece(self, part: Part) -> None:
        address, number, path, body = courier_file.parse_piece(part.body)

        def read(tx: Reading) -> Attachment | None:
            found = tx.scan(ATTACHMENTS, "by_address", (address, self.partner), limit=1)
            return found[0] if found else None

        row = self.ctx.store.read(read)
        if row is None:
            raise ExchangeError(
                f"expected a file that {self.partner} announced, got a piece of {address[:12]}: "
                "import the file that has its message, then this one again"
            )
        if row.state != "expected":
            self._finished(address)  # it was answered since
            return
        with suppress(AnsweredError):
            if number >= pieces.pieces_in(row.size):
                raise ExchangeError(f"expected a piece of {address[:12]}, got number {number}")
            answered = attachments_in.take(self.ctx, row, number, path, body)
            self.pieces += 1
            if answered:
                self._finished(address)

    def _finished(self, address: str) -> None:
        """The answer about a file goes back with the answer to this one, unless the partner has it."""

        def read(tx: Reading) -> str:
            found = tx.scan(ATTACHMENTS, "by_address", (address, self.partner), limit=1)
            answer = tx.get(MESSAGES, found[0].answer) if found and found[0].answer else None
            return answer.lane if answer is not None and not links.receipted(tx, answer) else ""

        if lane := self.ctx.store.read(read):
            self.finished[lane] = None

    def _answer_refused(self, header: wire.Header, error: BatchRefusedError) -> None:
        mine = self.ctx.store.read(lambda tx: trust.mine(tx, self.ctx, self.partner))
        now = self.ctx.clock.now()
        made = courier_file.refusal(header, self.ctx.name, self.partner, error.check, now, mine.envelopes)
        self.refusals.append(made)

    # -- the end ------------------------------------------------------------------------------------------------

    def done(self, head: courier_file.Head, damage: str, by: str) -> Imported:
        made = Imported(
            id=head.id,
            partner=self.partner,
            time=head.time,
            taken=tuple(self.taken.values()),
            receipts=tuple(self.receipts),
            compared=tuple(self.compared),
            refused=self.refused,
            pieces=self.pieces,
            failed=self.failed,
            problems=tuple(self.problems),
            damage=damage,
            asked=self.asked,
            refusals=tuple(self.refusals),
            finished=tuple(self.finished),
        )
        details = {
            "file": made.id,
            "entries": {one.lane: one.entries for one in made.taken},
            "not_taken": made.failed,
            "whole": not damage,
        }

        def work(tx: Writing) -> None:
            notes.record(tx, self.ctx, What.COURIER_IMPORTED, by, self.partner, details)

        self.ctx.store.write("courier.import", work)
        return made


def _head(ctx: Context, part: Part) -> courier_file.Head:
    """Whom the file is of. Raises InputError unless a confirmed partner hands it to this node."""
    try:
        head = courier_file.parse_head(part.body)
        if head.sender == ctx.name:
            raise InputError(f"expected a file of a partner, got this node's own: carry it to {head.receiver}")
        if head.receiver != ctx.name:
            raise InputError(f"expected a file to {ctx.name}, got one to {head.receiver}")
        identity = ctx.store.read(lambda tx: ctx.confirmed(tx, head.sender))[1]
        courier_file.verify(head.note, identity.envelope)
    except (LedgerError, IdentityError, NotFoundError, StateError) as error:
        raise InputError(f"courier file: {error}") from None
    return head


def take(ctx: Context, file: BinaryIO, *, by: str, advance: Callable[[int], None] = lambda done: None) -> Imported:
    """Import a courier file. `advance` is told how many bytes were read.

    Raises InputError for a file that no confirmed partner hands to this node; nothing was changed then. What is wrong
    with a part of it stands in the answer.
    """
    parts = courier_file.read(file)
    try:
        head = _head(ctx, next(parts))
    except DamageError as error:
        raise InputError(f"courier file: {error}") from None
    work = _Import(ctx, head.sender)
    damage = ""
    try:
        for part in parts:
            work.part(part)
            advance(part.at)
    except DamageError as error:
        damage = str(error)
    return work.done(head, damage, by)
