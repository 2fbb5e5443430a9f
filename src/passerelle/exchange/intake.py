"""Taking messages in: each is decided once (applied, waiting, refused), and what waited for it is decided after it.

Checks of one message, all reasons at once:
    7   instrument in force for both, same digest         `instruments.decide`
    8   act allowed by the channel                         `instruments.decide`
    9   content valid for its kind and type                `content`, `dossiers.content`, `instruments`
    10  state of the dossier or instrument allows the act  `dossiers.state`, `instruments.lifecycle`

A refused message leaves its row and its leaf; its content is not kept. All refusals of one batch go back in one message
of the same lane. Refusals, and answers about attachments, are never refused nor answered: one that makes no sense is
kept as an alarm and ignored. An act is applied before its attachments are here: an alert does not wait for its
photograph.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from passerelle.exchange import (
    attachments,
    attachments_in,
    attachments_out,
    erasing,
    governance,
    limits,
    links,
    manifests,
    notes,
    outbox,
    succession,
)
from passerelle.exchange import content as contents
from passerelle.exchange.arrivals import BEFORE, Arrival
from passerelle.exchange.cases import Cases
from passerelle.exchange.channels import Channels
from passerelle.exchange.checks import Check
from passerelle.exchange.context import Context
from passerelle.exchange.judging import Objection
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.records import CONTENTS, MESSAGES, WAITS, Content, Message, Wait
from passerelle.ports.store import Writing

_PARENT = "governance:"
_OWN = "own:"
_FEW = 100


class _Intake:
    """One transaction's worth of deciding."""

    def __init__(self, tx: Writing, ctx: Context, partner: str, lane: str) -> None:
        self.tx, self.ctx, self.partner, self.lane = tx, ctx, partner, lane
        self.channels = Channels(tx, ctx)
        self.cases = Cases(tx, ctx, self.channels)
        self.rows: dict[str, Message] = {}
        self.bodies: list[Content] = []
        self.waits: list[Wait] = []
        self.waited: list[Wait] | None = None  # of before, when they are few
        self.refused: list[tuple[Message, list[Objection]]] = []
        self.decided: list[str] = []
        self.known: dict[tuple[str, ...], Message] = {}
        self.undone: list[Message] = []
        self.recounted: set[str] = set()
        governing = links.current(tx, partner, "in", "governance")
        self.governance = (governing.generation, governing.size) if governing else (1, 0)
        logs = {one: links.current(tx, partner, "out", one) for one in LANES}
        self.still = {one for one, log in logs.items() if log is not None and log.state in ("stopped", "frozen")}
        self.put_back = any(log is not None and log.generation > 1 for log in logs.values())

    # -- new messages -------------------------------------------------------------------------------------------

    def take(self, arrivals: list[Arrival]) -> None:
        self.cases.preload(_dossiers(arrivals))
        earlier = {name for one in arrivals if one.content for name in one.content["after"]}
        self.known = self.tx.get_many(MESSAGES, [(name,) for name in earlier])
        for one in arrivals:
            row = contents.row_of(self.partner, "in", self.lane, one.leaf, one.content, one.noted)
            if row.dossier and (known := self.cases.row(row.dossier)) and known.partner != self.partner:
                # Refused below; its row must not stand among the messages of a dossier with somebody else.
                row = msgspec.structs.replace(row, dossier="")
            if one.item.withheld:
                row = msgspec.structs.replace(row, state="withheld", reason=one.item.withheld)
                self._keep(row)
            elif self.put_back and self._was_refused(row):
                continue
            elif one.content is None and (kind := contents.kind_of(one.item.content)) in contents.UNANSWERED:
                row = msgspec.structs.replace(row, kind=kind)
                self._ignore(row, one.problem)
                self.bodies.append(Content(message=row.id, salt=one.item.salt, body=one.item.content))
            elif one.content is None:
                self._refuse(row, [Objection(Check.CONTENT, one.problem)])
            elif needs := self._needs(row.lane, one.content):
                self._keep(msgspec.structs.replace(row, state="waiting"), decided=False)
                self.waits += [Wait(message=row.id, need=need) for need in needs]
                self.bodies.append(Content(message=row.id, salt=one.item.salt, body=one.item.content))
            elif self._decide(row, one.content):
                self.bodies.append(Content(message=row.id, salt=one.item.salt, body=one.item.content))

    def _needs(self, lane: str, content: dict[str, Any]) -> list[str]:
        """What is not here yet: messages, the author's governance log, own messages that a restore took away."""
        if content["kind"] in succession.KEY_KINDS:
            return []  # what comes behind it is signed by the keys that it brings
        needs = []
        for name in content["after"]:
            row = self.rows.get(name) or self.known.get((name,))
            if row is None or row.partner != self.partner or row.state == "waiting":
                needs.append(name)
            elif row.direction == "out" and (self.put_back or self.still):
                needs += self._lacking(row)
        # While an own log stands still, this node was put back and lacks messages of its own, until persons have
        # recovered them. The partner rests on them: on signatures whatever it sends, on what it refuses or answers.
        for own in {"governance", lane} if content["kind"] in contents.UNANSWERED else {"governance"}:
            if own in self.still:
                needs.append(f"{_OWN}{self.partner}/{own}")
        generation, _, size = content["governance"].partition("/")
        if (int(generation), int(size)) > self.governance and int(generation) >= self.governance[0]:
            needs.append(_PARENT + self.partner)
        return needs

    def _lacking(self, own: Message) -> list[str]:
        """What an own message that came back rests on, and that has not come again or not been decided yet."""
        lacking: dict[str, None] = {}
        seen: set[str] = set()
        todo = list(own.after)
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            row = self.rows.get(name) or self.tx.get(MESSAGES, name)
            if row is None or row.state == "waiting":
                lacking[name] = None
            elif row.direction == "out":
                todo += row.after
        return list(lacking)

    def _keep(self, row: Message, *, decided: bool = True) -> None:
        self.rows[row.id] = row
        if decided:
            self.decided.append(row.id)

    def _refuse(self, row: Message, objections: list[Objection]) -> None:
        checks = tuple(sorted({str(one.check) for one in objections}, key=int))
        words = "; ".join(one.words for one in objections)[:2000]
        row = msgspec.structs.replace(row, state="refused", checks=checks, reason=words)
        self._keep(row)
        self.cases.note(row)
        self.refused.append((row, objections))
        if any(one.defect for one in objections):
            notes.alarm(self.tx, self.ctx, "check.failed", self.partner, f"message {row.id}: {words}"[:1000])

    def _decide(self, row: Message, content: dict[str, Any]) -> bool:
        """Decide a message that waits for nothing. True when its content is to be kept."""
        if content["kind"] == "act":
            if row.lane == "governance":
                self._refuse(row, [Objection(Check.CONTENT, "lane: expected flash or routine for an act")])
                return False
            seen = [self.known[name,] for name in content["after"] if (name,) in self.known]
            if back := erasing.taken_there(self.tx, seen):
                self.cases.recount(back)
            objections = self.cases.judge(
                content,
                partner=self.partner,
                leaving=False,
                lane=row.lane,
                written=row.time,
                now=row.noted,
                size=row.size,
            )
            if not objections and (words := attachments_in.clash(self.tx, self.partner, content)):
                objections = [Objection(Check.CONTENT, words)]
            if objections:
                self._refuse(row, objections)
                return False
            self._keep(self.cases.apply(row, content))
            attachments_in.announce(self.tx, self.ctx, row, content)
            return True
        return self._plain(row, content)

    def _plain(self, row: Message, content: dict[str, Any]) -> bool:
        if content["kind"] in succession.KEY_KINDS and row.lane == "governance":
            succession.enter(self.tx, self.ctx, self.partner, row, content)
            self._keep(row)
            return True
        try:
            contents.check_plain(content)
        except contents.ContentError as error:
            return self._wrong(row, content, str(error))
        kind = content["kind"]
        if kind == "refusal":
            self._refused_there(row, content)
        elif kind == "attachment":
            if words := attachments_out.answered(self.tx, self.ctx, self.partner, row, content):
                return self._wrong(row, content, words)
        elif kind == "generation":
            if row.index != 0:
                return self._wrong(row, content, "expected a generation's first entry, got one behind it")
        else:
            if row.lane != "governance":
                return self._wrong(row, content, f"lane: expected governance for {kind}, got {row.lane}")
            entering = manifests.enter if kind in manifests.KINDS else governance.enter
            objections = entering(self.tx, self.ctx, self.partner, row, content)
            self.channels.forget()
            if objections:
                self._refuse(row, objections)
                return False
        self._keep(row)
        return True

    def _wrong(self, row: Message, content: dict[str, Any], words: str) -> bool:
        if content["kind"] in contents.UNANSWERED:
            self._ignore(row, words)
            return True
        self._refuse(row, [Objection(Check.CONTENT, words)])
        return False

    def _ignore(self, row: Message, words: str) -> None:
        """A refusal or an answer is never refused, however wrong: it is kept and moves nothing."""
        text = f"message {row.id}: {words}"[:1000]
        if row.kind == "refusal":
            notes.alarm(self.tx, self.ctx, "refusal.ignored", self.partner, text)
        else:
            notes.alarm(self.tx, self.ctx, "attachment.ignored", self.partner, text)
        self._keep(row)

    def _refused_there(self, row: Message, content: dict[str, Any]) -> None:
        """The partner refused messages of this node: they cease to count."""
        names = [one["message"] for one in content["refused"]]
        found = self.tx.get_many(MESSAGES, [(name,) for name in names])
        changed: list[Message] = []
        for one in content["refused"]:
            own = found.get((one["message"],))
            if own is None or (own.direction, own.partner) != ("out", self.partner) or own.kind in contents.UNANSWERED:
                text = f"message {row.id} refuses {one['message']}, which this node did not send"
                notes.alarm(self.tx, self.ctx, "refusal.ignored", self.partner, text)
                continue
            # Refused without a refusal, or withheld: it came back from the partner, whose refusal comes again now. One
            # that is in line goes again, as the partner was put back and others may build on it: it is decided anew.
            if own.refusal or own.state in ("withdrawn", "unsequenced"):
                continue
            checks = tuple(one["checks"])
            own = msgspec.structs.replace(own, state="refused", checks=checks, refusal=row.id)
            self.tx.put(MESSAGES, [own])
            changed.append(own)
            text = f"{self.partner} refused message {own.id} ({own.act or own.kind}): checks {', '.join(checks)}"
            notes.alarm(self.tx, self.ctx, "message.refused", self.partner, text)
            governance.refused(self.tx, self.ctx, own)
            manifests.refused(self.tx, self.ctx, own)
            attachments_out.refused(self.tx, own)
            self.undone.append(own)
        self.channels.forget()
        self.cases.recount({own.dossier for own in changed if own.dossier})

    # -- what waited --------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Decide what waited for what was just decided, until nothing more moves."""
        if self.lane == "governance":
            self._wake_for(_PARENT + self.partner)
        self.settle()

    def settle(self) -> None:
        """Decide what waited for what was decided."""
        while self.decided:
            self._wake_for(self.decided.pop())

    def _wake_for(self, need: str) -> None:
        there = self._waiting_for(need)
        there |= {wait.message for wait in self.waits if wait.need == need}
        rows = self.tx.get_many(MESSAGES, [(name,) for name in there])
        waiting = [row for name in there if (row := self.rows.get(name) or rows.get((name,))) is not None]
        # As they arrived, but first the instruments, on which the rest relies.
        for row in sorted(waiting, key=lambda one: (one.lane != "governance", one.position)):
            now = self.rows.get(row.id, row)
            if now.state == "waiting" and now.partner == self.partner:
                self._retry(now)

    def _waiting_for(self, need: str) -> set[str]:
        """The messages that waited for this before. Mostly few wait at all: then one look is for the whole batch."""
        if self.waited is None:
            self.waited = self.tx.scan(WAITS, "by_need", limit=_FEW)
        few = len(self.waited) < _FEW
        found = self.waited if few else self.tx.scan(WAITS, "by_need", (need,), limit=1_000_000)
        return {wait.message for wait in found if wait.need == need}

    def _retry(self, row: Message) -> None:
        kept = next((one for one in self.bodies if one.message == row.id), None) or self.tx.get(CONTENTS, row.id)
        if kept is None:
            return
        content = contents.parse(kept.body, row.id)
        self.known |= self.tx.get_many(MESSAGES, [(name,) for name in content["after"]])
        if needs := self._needs(row.lane, content):
            # What it waits for may be another thing by now: an own log came to stand still, or moves again.
            there = {wait.need for wait in self.tx.scan(WAITS, "key", (row.id,), limit=1000)}
            there |= {wait.need for wait in self.waits if wait.message == row.id}
            self.waits += [Wait(message=row.id, need=need) for need in needs if need not in there]
            return
        row = msgspec.structs.replace(row, state="applied")
        old = [(wait.message, wait.need) for wait in self.tx.scan(WAITS, "key", (row.id,), limit=1000)]
        self.tx.delete(WAITS, old)
        self.waits = [wait for wait in self.waits if wait.message != row.id]
        if not self._decide(row, content):
            self.bodies = [one for one in self.bodies if one.message != row.id]
            self.tx.delete(CONTENTS, [(row.id,)])

    # -- the end ------------------------------------------------------------------------------------------------

    def returned(self, names: list[str]) -> None:
        """Own messages are here again, and the log of this lane moves again."""
        mine = self.tx.get_many(MESSAGES, [(name,) for name in names])
        for refusal in (one for one in mine.values() if one.kind == "refusal"):
            for wait in self.tx.scan(WAITS, "key", (refusal.id,), limit=10_000):
                row = self.tx.get(MESSAGES, wait.need.removeprefix(BEFORE))
                if row is not None and row.state in ("waiting", "applied"):
                    self._was_refused(row)
        self.decided += names
        self.settle()
        self._wake_for(f"{_OWN}{self.partner}/{self.lane}")
        self.settle()
        self.write()

    def _was_refused(self, row: Message) -> bool:
        """A refusal from before this node was put back stands, also where the message was applied anew meanwhile.

        The partner acted on it. It is told again, because it may have put the message in line again.
        """
        found = self.tx.scan(WAITS, "by_need", (BEFORE + row.id,), limit=1)
        kept = self.tx.get(CONTENTS, found[0].message) if found else None
        if kept is None or (row.direction, row.partner) != ("in", self.partner):
            return False
        refused = contents.parse(kept.body, found[0].message)["refused"]
        checks = [Check(one) for part in refused if part["message"] == row.id for one in part["checks"]]
        gone = self.tx.scan(WAITS, "key", (row.id,), limit=1000)
        self.tx.delete(WAITS, [(wait.message, wait.need) for wait in (*gone, *found)])
        if (body := self.tx.get(CONTENTS, row.id)) is not None:
            self.tx.delete(CONTENTS, [(row.id,)])
            content = contents.parse(body.body, row.id)
            governance.take_away(self.tx, self.ctx, row, content)
            manifests.take_away(self.tx, self.partner, row, content)
            attachments.forget(self.tx, row.id)
            self.channels.forget()
        self._refuse(row, [Objection(check, "refused before this node was put back") for check in checks])
        self.recounted.add(row.dossier)
        return True

    def finish(self) -> None:
        self.wake()
        self.write()

    def write(self) -> None:
        """Answer and store what was decided."""
        for lane in dict.fromkeys(row.lane for row, _ in self.refused):
            self._answer(lane)
        self.tx.put(MESSAGES, list(self.rows.values()))
        self.tx.put(CONTENTS, self.bodies)
        self.tx.put(WAITS, self.waits)
        self.cases.save()
        self.cases.recount(self.recounted - {""})
        erasing.arrived(self.tx, self.ctx, self.rows)
        for own in self.undone:  # once more, when every step of this batch is among those that count
            governance.refused(self.tx, self.ctx, own)

    def _answer(self, lane: str) -> None:
        """One refusal a batch, in the lane of what it refuses."""
        rows = [row for row, _ in self.refused if row.lane == lane]
        named = [{"message": row.id, "checks": list(row.checks)} for row in rows]
        for start in range(0, len(named), 1000):
            part = named[start : start + 1000]
            refusal = outbox.simple(self.tx, self.ctx, self.partner, lane, "refusal", refused=part)
            for row in rows[start : start + 1000]:
                self.rows[row.id] = msgspec.structs.replace(row, refusal=refusal.id)
                if row.dossier:
                    self.cases.refused_here(row.dossier, self.partner, refusal.id)


def _dossiers(arrivals: list[Arrival]) -> list[str]:
    named = (one.content.get("dossier") for one in arrivals if one.content)
    return [one for one in named if isinstance(one, str)]


def take_in(
    tx: Writing, ctx: Context, partner: str, lane: str, arrivals: list[Arrival], refused: Sequence[Message] = ()
) -> None:
    """Decide new messages of a partner, in the order of their entries, and everything that waited for them.

    `refused`: known ones that came again and were refused; the partner is told again.
    """
    intake = _Intake(tx, ctx, partner, lane)
    intake.refused += [(row, []) for row in refused]
    readable = [(one.leaf, one.content) for one in arrivals if one.content and one.content["kind"] == "act"]
    limits.within(tx, intake.channels, partner, readable, ctx.clock.now())
    intake.take(arrivals)
    intake.finish()


def wake_own(tx: Writing, ctx: Context, partner: str, lane: str, names: list[str]) -> None:
    """Own messages came back, and the own log moves again: what the partner sent meanwhile is judged now."""
    _Intake(tx, ctx, partner, lane).returned(names)
