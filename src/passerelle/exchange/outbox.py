"""Writing messages, and giving them their index.

Rules kept here:
- a message, its content and what it changes here are written in one transaction; from then on it will arrive, or the
  sender will be told why not;
- an index is given out in a transaction of its own, gap-free, once; times never decrease within a log;
- no index is given out in a log that is stopped, frozen or closed, nor before the log was compared with the partner's
  copy: since this process started (the caller keeps that, see `sender`), or in this life (`comparing`);
- a message that may no longer leave (its channel ended, its day is full) gets no index: the first is withdrawn and the
  sender told, the second waits for the next day.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.core.clock import day_of
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.exchange import attachments, comparing, limits, links, notes
from passerelle.exchange.cases import Cases, marks
from passerelle.exchange.context import Context
from passerelle.exchange.wire import MAX_CONTENT, MAX_ENTRIES
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle
from passerelle.ports.records import (
    CONTENTS,
    ENTRIES,
    LOGS,
    MESSAGES,
    Content,
    Entry,
    Log,
    Message,
)
from passerelle.ports.store import Key, Reading, Writing
from passerelle.ports.timers import TOUCHED

LOOK_AGAIN = 60_000
"""Milliseconds after which a line that waits for the next day is looked through again: a channel may have ended."""


Mark = tuple[str, int, str]
"""Of a line: the day, how many are in it, the newest of them."""


@dataclass
class Waiting:
    """What a line was like when all of it waited for the next day: nothing is looked through again before it changes.

    May be forgotten at any time.
    """

    mark: Mark | None = None
    until: int = 0


class Outgoing(msgspec.Struct, frozen=True):
    """A message ready to be written: its row and its content."""

    message: Message
    content: Content


def governance_of(tx: Reading, ctx: Context, partner: str) -> str:
    """What a message to this partner relies on now: generation and size of this node's governance log to it."""
    log = links.current(tx, partner, "out", "governance")
    return f"{log.generation}/{log.size}" if log else "1/0"


def encode(content: dict[str, Any]) -> bytes:
    """The bytes of a content. Raises InputError or JsonError when a partner could not read them."""
    try:
        body = json.canonical(content)
    except (TypeError, ValueError) as error:
        raise InputError(f"expected JSON values, got {error}") from None
    if len(body) > MAX_CONTENT:
        raise InputError(f"expected a message of at most {MAX_CONTENT} bytes, got {len(body)}")
    json.check_written(body, "message")
    return body


def prepare(content: dict[str, Any], body: bytes, *, partner: str, lane: str, now: int, **row: Any) -> Outgoing:
    """The rows of a message of these bytes."""
    salt = os.urandom(entries.SALT)
    message_id = str(content["id"])
    message = Message(
        id=message_id,
        partner=partner,
        direction="out",
        lane=lane,
        kind=str(content["kind"]),
        state="unsequenced",
        after=tuple(content["after"]),
        governance=str(content["governance"]),
        noted=now,
        size=len(body),
        commitment=entries.commit(salt, body),
        position=ids.order_of(message_id),
        **row,
    )
    return Outgoing(message, Content(message=message_id, salt=salt, body=body))


def write(tx: Writing, outgoing: list[Outgoing]) -> None:
    """Put messages in line to be sent."""
    tx.add(MESSAGES, [one.message for one in outgoing])
    tx.add(CONTENTS, [one.content for one in outgoing])


def simple(
    tx: Writing, ctx: Context, partner: str, lane: str, kind: str, *, message_id: str = "", **fields: object
) -> Message:
    """Write a message of a kind without dossier: refusal, instrument, generation, keys."""
    content = {
        "v": 1,
        "kind": kind,
        "id": message_id or ids.new_id(),
        "governance": governance_of(tx, ctx, partner),
        "after": [],
        **fields,
    }
    made = prepare(content, encode(content), partner=partner, lane=lane, now=ctx.clock.now())
    write(tx, [made])
    return made.message


def enter(tx: Writing, ctx: Context, log: Log, message: Message, time: int) -> Log:
    """Give a message that was just written the next index of a log at once. Returns the log with it."""
    comparing.giving(tx, ctx, log.partner, log.lane)
    tree = merkle.Tree(log.size, log.frontier)
    leaf = entries.Leaf(log.origin, log.size, time, message.id, message.size, message.commitment).encode()
    row = Entry(origin=log.origin, index=log.size, leaf=leaf, nodes=tree.append(leaf), message=message.id)
    tx.add(ENTRIES, [row])
    tx.put(
        MESSAGES,
        [msgspec.structs.replace(message, state="sequenced", origin=log.origin, index=row.index, time=time)],
    )
    changed = msgspec.structs.replace(log, size=tree.size, frontier=tree.frontier, last_time=time)
    tx.put(LOGS, [changed])
    return changed


def withdraw(ctx: Context, message_id: str, by: str, reason: str) -> Message:
    """Take back a message that has no index yet: it never gets one. Raises NotFoundError or StateError."""

    def work(tx: Writing) -> Message:
        message = tx.get(MESSAGES, message_id)
        if message is None or message.direction != "out":
            raise NotFoundError(f"expected a message of this node, got {message_id!r}")
        if message.state != "unsequenced":
            raise StateError(f"expected a message that has no index yet, got one that is {message.state}")
        if message.dossier:
            for other in tx.scan(MESSAGES, "by_dossier", (message.dossier,), limit=1_000_000):
                if message_id in other.after and other.state != "withdrawn":
                    raise StateError(f"expected a message that no other builds on, got {other.id} behind it")
        gone = msgspec.structs.replace(message, state="withdrawn", reason=reason)
        tx.put(MESSAGES, [gone])
        tx.delete(CONTENTS, [(message_id,)])
        attachments.forget(tx, message_id)
        if message.dossier:
            Cases(tx, ctx).recount({message.dossier})
        notes.record(tx, ctx, What.MESSAGE_WITHDRAWN, by, message_id, {"reason": reason})
        return gone

    return ctx.store.write("outbox.withdraw", work)


def _next(
    tx: Writing, ctx: Context, partner: str, lane: str, limit: int, now: int
) -> tuple[list[Message], list[tuple[Message, str]]]:
    """Which messages in line get an index now, and which never will, with the reason in words."""
    queue = (partner, "out", lane, "unsequenced")
    line = tx.scan(MESSAGES, "by_queue", queue, limit=limit)
    leaving, ended = limits.may_leave(tx, ctx, line, now)
    while not leaving and not ended and len(line) == limit:
        # A page full of messages that wait for the next day holds up nobody else's.
        line = tx.scan(MESSAGES, "by_queue", queue, after=(line[-1].position, line[-1].id), limit=limit)
        leaving, ended = limits.may_leave(tx, ctx, line, now)
    gone: dict[str, tuple[Message, str]] = {}
    for message, words in ended:
        behind = _behind(tx, message)
        if any(other.index >= 0 for other in behind):
            # Something under way builds on it, so it goes all the same: the partner refuses it with its number and
            # then judges what came behind. It would wait for ever for one that is never sent.
            leaving.append(message)
            continue
        gone[message.id] = (message, words)
        for other in behind:
            gone.setdefault(other.id, (other, f"it builds on message {message.id}, which was not sent"))
    line = sorted((one for one in leaving if one.id not in gone), key=lambda one: (one.position, one.id))
    return line, list(gone.values())


def _behind(tx: Reading, message: Message) -> list[Message]:
    """Own messages that were written after this one, in whatever lane, and those after them."""
    if not message.dossier:
        return []
    others = tx.scan(MESSAGES, "by_dossier", (message.dossier,), limit=1_000_000)
    mine = [other for other in others if other.direction == "out" and other.state != "withdrawn"]
    reached = {message.id}
    found: list[Message] = []
    while more := [other for other in mine if other.id not in reached and not reached.isdisjoint(other.after)]:
        reached |= {other.id for other in more}
        found += more
    return found


def sequence(
    ctx: Context,
    partner: str,
    lane: str,
    limit: int = MAX_ENTRIES,
    on_entered: Callable[[Writing, Context, list[Message]], None] = lambda tx, ctx, messages: None,
    *,
    compared: bool = True,
    waiting: Waiting | None = None,
) -> int:
    """Give the next messages in line their index. Returns how many got one.

    `on_entered` is told, within the transaction, of messages of the governance lane that got theirs. `compared`: the
    caller compared both copies since its process started; else nothing gets one unless they were in this life.
    `waiting`: what the caller keeps of this line from one call to the next.
    """
    queue, moment = (partner, "out", lane, "unsequenced"), ctx.clock.now()
    known = waiting.mark if waiting and moment < waiting.until else None

    def nothing(tx: Reading) -> bool:
        if not tx.scan(MESSAGES, "by_queue", queue, limit=1):
            return True
        return known is not None and known == _mark(tx, queue, moment)

    if ctx.store.read(nothing):
        return 0

    def work(tx: Writing) -> tuple[int, Mark | None]:
        log = links.current_or_new(tx, ctx.name, partner, "out", lane)
        if log.state != "open" or not (compared or comparing.holds(tx, ctx, partner, lane)):
            return 0, None
        now = max(ctx.clock.now(), log.last_time)
        leaving, ended = _next(tx, ctx, partner, lane, limit, now)
        tree = merkle.Tree(log.size, log.frontier)
        rows: list[Entry] = []
        numbered: list[Message] = []
        for message in leaving:
            leaf = entries.Leaf(log.origin, tree.size, now, message.id, message.size, message.commitment).encode()
            index = tree.size
            rows.append(Entry(origin=log.origin, index=index, leaf=leaf, nodes=tree.append(leaf), message=message.id))
            numbered.append(
                msgspec.structs.replace(message, state="sequenced", origin=log.origin, index=index, time=now)
            )
        for message, words in ended:
            numbered.append(msgspec.structs.replace(message, state="withdrawn", reason=words))
            tx.delete(CONTENTS, [(message.id,)])
            attachments.forget(tx, message.id)
            notes.alarm(tx, ctx, "message.not-sent", partner, f"message {message.id} was not sent: {words}")
        tx.put(MESSAGES, numbered)
        # Only now has an own act the time from which deadlines run.
        tx.put(TOUCHED, marks(ctx, {one.dossier: one.type for one in numbered if one.dossier}))
        if rows:
            comparing.giving(tx, ctx, partner, lane)
            tx.add(ENTRIES, rows)
            changed = msgspec.structs.replace(log, size=tree.size, frontier=tree.frontier, last_time=now)
            tx.put(LOGS, [changed])
        if lane == "governance":
            on_entered(tx, ctx, [message for message in numbered if message.state == "sequenced"])
        if ended:
            Cases(tx, ctx).recount({message.dossier for message, _ in ended if message.dossier})
        return len(rows), None if rows or ended else _mark(tx, queue, moment)

    count, mark = ctx.store.write("outbox.sequence", work)
    if waiting is not None:
        waiting.mark, waiting.until = mark, moment + LOOK_AGAIN
    return count


def _mark(tx: Reading, queue: Key, now: int) -> Mark:
    """What tells whether a line is as it was."""
    newest = tx.scan(MESSAGES, "by_queue", queue, limit=1, descending=True)
    return day_of(now), tx.count(MESSAGES, "by_queue", queue), newest[0].id if newest else ""
