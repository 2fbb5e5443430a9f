"""Exporting: what goes to one partner, into one courier file.

In this order, so that it can be taken as it is read: receipts of what came from the partner, refusals, the answer to
its question; then of each lane, governance first, all that lacks a receipt, sealed in batches exactly as on the wire;
then the question what the partner holds; at last the pieces of files whose messages have an index.

Rules kept here:
- an index is given out only in a lane whose copies were compared in this life (`comparing`). Of any other lane go the
  entries that have one, with the question; the rest waits for the answer to be carried back;
- memory is that of one batch, whatever waits;
- what leaves is noted, beside the store and in the audit log, before it leaves;
- what the next file begins behind (`onward`) is what left: it is noted once the file is there (`published`).

If we stop before the end: what got an index goes with the next file or by network, the question waits for an answer
that never comes, and the file is not there (the caller's part). If we stop before `published`, the next file takes
along again what this one has, which changes nothing there.
"""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import BinaryIO

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError
from passerelle.exchange import (
    answering,
    attachments_out,
    comparing,
    governance,
    inbox,
    links,
    notes,
    outbox,
    rotation,
    trust,
)
from passerelle.exchange.checks import BatchRefusedError
from passerelle.exchange.context import Context
from passerelle.exchange.courier_file import ID, Kind, Writer, head, piece
from passerelle.exchange.sender import Sender, Taken, seal, take
from passerelle.ledger import pieces
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.attachments import ATTACHMENTS, Attachment
from passerelle.ports.courier import ASKED, CARRIED, CARRIED_FILES, Carried, CarriedFile
from passerelle.ports.records import MESSAGES, Log
from passerelle.ports.store import Reading, Writing

ORDER = ("governance", "flash", "routine")
LEAST = 256 * 1024
"""Bytes of a file at least: receipts, answer and question of a node whose keys changed lately, and one message."""
_RESERVE = 16 * 1024  # the question and the end
PIECE = 1024 * 1024 + 64 * 1024
"""Bytes that must be left in a file for a whole piece, with what surrounds it."""
_PAGE = 100
_ROUND = 32 * 1024  # what surrounds the entries in a batch


class Lane(msgspec.Struct, frozen=True):
    """What went of one lane. `start`, `end`: entries of the newest of its logs that went; `waiting`: without index.

    `state`: compared (whatever was in line went) | asks (the rest waits for the answer) | stopped | frozen.
    """

    lane: str
    state: str
    origin: str = ""
    start: int = 0
    end: int = 0
    entries: int = 0
    batches: int = 0
    waiting: int = 0
    pieces: int = 0  # of attachments
    pieces_left: int = 0  # found no room
    left: int = 0  # have an index and found no room, or wait for a change of keys to be taken


class Exported(msgspec.Struct, frozen=True):
    """What is in a file."""

    id: str
    partner: str
    bytes: int
    receipts: int
    refusals: int
    answers: bool
    lanes: tuple[Lane, ...]
    files: tuple[CarriedFile, ...] = ()  # how far each attachment went


class _Export:
    def __init__(self, ctx: Context, partner: str, file: BinaryIO, most: int, onward: bool) -> None:
        self.ctx, self.partner, self.most, self.onward = ctx, partner, most, onward
        self.sender = Sender(ctx, partner)
        self.identity = ctx.store.read(lambda tx: ctx.confirmed(tx, partner))[1]
        self.id = os.urandom(ID)
        self.carried: list[CarriedFile] = []
        mine = ctx.store.read(lambda tx: trust.mine(tx, ctx, partner))
        self.file = Writer(file, head(ctx.name, partner, self.id, ctx.clock.now(), mine.envelopes))

    @property
    def room(self) -> int | None:
        """Bytes that batches may still take; None for as many as there are."""
        return self.most - self.file.bytes - _RESERVE if self.most else None

    # -- what answers the partner -------------------------------------------------------------------------------

    def receipts(self) -> int:
        def read(tx: Reading) -> list[Log]:
            found = (links.current(tx, self.partner, "in", lane) for lane in ORDER)
            return [log for log in found if log is not None and log.receipt]

        logs = self.ctx.store.read(read)
        for log in logs:
            self.file.add(Kind.RECEIPT, inbox.receipt(self.ctx, log))
        return len(logs)

    def answer(self) -> bool:
        asked = self.ctx.store.read(lambda tx: tx.get(ASKED, self.partner))
        if asked is None:
            return False
        try:
            answer = answering.status(self.ctx, asked.note.encode())
        except BatchRefusedError:
            return False  # the keys that signed it were replaced since: it will be asked again
        self.file.add(Kind.ANSWER, answer)
        return True

    def question(self) -> None:
        nonce = os.urandom(16)
        self.ctx.store.write("courier.ask", lambda tx: comparing.ask(tx, self.ctx, self.partner, nonce))
        self.file.add(Kind.QUESTION, self.sender.question(nonce))

    # -- own messages -------------------------------------------------------------------------------------------

    def lane(self, lane: str) -> Lane:
        """All of a lane: what has an index, then as long as there is room what gets one now."""
        ctx, partner = self.ctx, self.partner
        if lane == "governance":
            rotation.tell(ctx, partner, [one for one in LANES if self._holds(one)])
        made = Lane(lane, "")
        place: tuple[str, int] = ("", 0)
        while True:
            made, place = self._batches(made, place)
            if made.left:
                break
            # One batch's worth at a time: what finds no room can still be taken back.
            most = ctx.policy.batch_entries
            if not outbox.sequence(ctx, partner, lane, most, governance.entered, compared=False):
                break
        return ctx.store.read(lambda tx: self._told(tx, made))

    def with_files(self, made: Lane) -> Lane:
        went, left = self.files(made.lane)
        return msgspec.structs.replace(made, pieces=went, pieces_left=left)

    def files(self, lane: str) -> tuple[int, int]:
        """Pieces of the lane's files whose messages have an index: how many went, how many found no room."""
        went = left = 0
        for row in self._files(lane):
            begin = end = self._left_before(row) if self.onward else 0
            total = pieces.pieces_in(row.size)
            while end < total and self._piece(row, end):
                end += 1
            if end > begin:
                self.carried.append(CarriedFile(row.id, end))
            went, left = went + end - begin, left + total - end
        return went, left

    def _left_before(self, row: Attachment) -> int:
        there = self.ctx.store.read(lambda tx: tx.get(CARRIED_FILES, row.id))
        return there.pieces if there is not None else 0

    def _piece(self, row: Attachment, number: int) -> bool:
        """One piece into the file, unless there is no room or the file was erased meanwhile."""
        size = attachments_out.body_size(row, (number, number + 1)) + 36
        if self.room is not None and Writer.takes(size) > self.room:
            return False
        try:
            self.file.add(Kind.PIECE, piece(row.address, number, attachments_out.frame(self.ctx, row, number)))
        except NotFoundError:
            return False
        return True

    def _files(self, lane: str) -> Iterator[Attachment]:
        place: tuple[str, int, str] | None = None
        while True:
            page, place = self.ctx.store.read(partial(self._page, lane=lane, place=place))
            yield from page
            if place is None:
                return

    def _page(
        self, tx: Reading, lane: str, place: tuple[str, int, str] | None
    ) -> tuple[list[Attachment], tuple[str, int, str] | None]:
        page = tx.scan(ATTACHMENTS, "by_line", ("bound", self.partner, lane), after=place, limit=_PAGE)
        messages = tx.get_many(MESSAGES, [(row.message,) for row in page])
        sent = [row for row in page if (one := messages.get((row.message,))) and one.state == "sequenced"]
        last = page[-1] if len(page) == _PAGE else None
        return sent, (last.message, last.place, last.id) if last is not None else None

    def _holds(self, lane: str) -> bool:
        return self.ctx.store.read(lambda tx: comparing.holds(tx, self.ctx, self.partner, lane))

    def _told(self, tx: Reading, made: Lane) -> Lane:
        log = links.current(tx, self.partner, "out", made.lane)
        still = log.state if log is not None and log.state in ("stopped", "frozen") else ""
        holds = comparing.holds(tx, self.ctx, self.partner, made.lane)
        waiting = tx.count(MESSAGES, "by_queue", (self.partner, "out", made.lane, "unsequenced"))
        return msgspec.structs.replace(made, state=still or ("compared" if holds else "asks"), waiting=waiting)

    def _batches(self, made: Lane, place: tuple[str, int]) -> tuple[Lane, tuple[str, int]]:
        """Batches from a place (log, index) on, until nothing with an index is left or there is no room."""
        while (found := self._log(made.lane, place)) is not None:
            log, start = found
            room = self.room
            taken = self._take(log, start, room)
            body = seal(self.ctx, self.identity, taken) if taken is not None else b""
            if taken is None or (room is not None and Writer.takes(len(body)) > room):
                return msgspec.structs.replace(made, left=links.to_send(log) - start), place
            self.file.add(Kind.BATCH, body)
            made = msgspec.structs.replace(
                made,
                origin=log.origin,
                start=made.start if made.origin == log.origin else start,
                end=taken.end,
                entries=made.entries + len(taken.items),
                batches=made.batches + 1,
            )
            place = (log.origin, taken.end)
        return made, place

    def _take(self, log: Log, start: int, room: int | None) -> Taken | None:
        if room is not None and room <= _ROUND:
            return None
        most = None if room is None else room - _ROUND
        return self.ctx.store.read(lambda tx: take(tx, self.ctx, log, start, most))

    def _log(self, lane: str, place: tuple[str, int]) -> tuple[Log, int] | None:
        """The log to go on with, and the index: behind the place and what is cosigned; `onward`, behind what left."""
        return self.ctx.store.read(lambda tx: self._place(tx, lane, place))

    def _place(self, tx: Reading, lane: str, place: tuple[str, int]) -> tuple[Log, int] | None:
        there = tx.get(CARRIED, self.partner, lane) if self.onward else None
        logs = links.generations(tx, self.partner, "out", lane)
        known = {log.origin: log.generation for log in logs}
        least = max(known.get(place[0], 0), known.get(there.origin, 0) if there else 0)
        for log in logs:
            if log.generation < least or log.state in ("stopped", "frozen"):
                continue
            left = there.size if there is not None and there.origin == log.origin else 0
            start = max(log.cosigned, left, place[1] if place[0] == log.origin else 0)
            if start < links.to_send(log):
                return log, start
        return None

    # -- the end ------------------------------------------------------------------------------------------------

    def note(self, made: Exported, by: str) -> None:
        """What is about to leave, noted where a restore does not reach it, then in the store."""
        gone = [one for one in made.lanes if one.entries]
        for one in gone:
            self.ctx.marks.carry(self.partner, one.lane, one.origin, one.end)

        def work(tx: Writing) -> None:
            details = {"file": made.id, "entries": {one.lane: one.entries for one in gone}, "bytes": made.bytes}
            notes.record(tx, self.ctx, What.COURIER_EXPORTED, by, self.partner, details)

        self.ctx.store.write("courier.export", work)


def published(ctx: Context, made: Exported) -> None:
    """The file is there, durably: the next one may begin behind it."""
    now = ctx.clock.now()

    def work(tx: Writing) -> None:
        gone = [one for one in made.lanes if one.entries]
        tx.put(CARRIED, [Carried(made.partner, one.lane, one.origin, one.end, now) for one in gone])
        tx.put(CARRIED_FILES, made.files)

    ctx.store.write("courier.published", work)


def export(
    ctx: Context,
    partner: str,
    file: BinaryIO,
    *,
    by: str,
    lanes: Sequence[str] = LANES,
    most: int = 0,
    onward: bool = False,
    files: bool = True,
    ask: bool = True,
    refusals: Sequence[bytes] = (),
) -> Exported:
    """Write a courier file to a partner. The file is the caller's to publish once this returns, and to say so.

    `lanes`: whose messages go, none for an answer alone; `most`: bytes of the file, 0 for as many as it takes;
    `onward`: begin behind what the last file took along; `files`: attachments too; `ask`: the question too, though no
    lane waits for an answer. Raises NotFoundError or StateError
    for a partner that is not confirmed, InputError.
    """
    if unknown := set(lanes) - set(LANES):
        raise InputError(f"expected lanes among {', '.join(LANES)}, got {', '.join(sorted(unknown))}")
    if most and most < LEAST:
        raise InputError(f"expected {LEAST} bytes or more, got {most}")
    work = _Export(ctx, partner, file, most, onward)
    receipts = work.receipts()
    for one in refusals:
        work.file.add(Kind.REFUSAL, one)
    answers = work.answer()
    made = tuple(work.lane(lane) for lane in ORDER if lane in lanes)
    if made and (ask or any(one.state == "asks" for one in made)):
        work.question()
    if files:
        made = tuple(work.with_files(one) for one in made)
    work.file.end()
    file.flush()  # a disk that is full says so now
    parts = (work.file.bytes, receipts, len(refusals), answers, made, tuple(work.carried))
    exported = Exported(work.id.hex(), partner, *parts)
    work.note(exported, by)
    return exported
