"""The dossiers that one transaction touches: judging acts, applying them, and deriving each dossier's state anew.

Rules kept here:
- the same judgement guards leaving and entering (checks 7 to 10), all reasons at once;
- an act is judged at what its author had seen: the fold over its `after` and everything before it;
- a dossier's row is derived, never edited: it is the fold over the messages that count. A message counts from when it
  is written or applied until it is refused, withdrawn or found withheld;
- the fast path, an act that builds on exactly the newest messages, steps from the kept standing and gives the same
  result as the fold over everything (property test in the suite).
"""

import json as plain_json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from passerelle.core.errors import DossierError
from passerelle.dossiers import corrections, progress
from passerelle.dossiers import state as states
from passerelle.dossiers.rules import CATEGORIES
from passerelle.dossiers.types import ActType, DossierType
from passerelle.exchange import claiming, correcting, relating
from passerelle.exchange.channels import Channels
from passerelle.exchange.checks import Check
from passerelle.exchange.context import Context
from passerelle.exchange.counted import counts, remembered, resolve, side, standing_in
from passerelle.exchange.judging import Objection, Passage, by_content, under
from passerelle.instruments.channel import Channel
from passerelle.ports.people import PERSONS
from passerelle.ports.records import DOSSIERS, MESSAGES, Dossier, Message
from passerelle.ports.store import Reading, Writing
from passerelle.ports.timers import TOUCHED, Touched

_ALL = 10_000_000


class Cases:
    """A working set. `save` writes the rows of all dossiers that changed."""

    def __init__(self, tx: Reading, ctx: Context, channels: Channels | None = None) -> None:
        self._tx, self._ctx = tx, ctx
        self._channels = channels or Channels(tx, ctx)
        self._rows: dict[str, Dossier | None] = {}
        self._standings: dict[str, states.Standing] = {}
        self._pending: dict[str, list[Message]] = {}
        self._fresh: dict[str, dict[str, Any]] = {}
        self._services: dict[str, str] = {}  # of the authors of own acts
        self._changed: set[str] = set()
        self._followed: list[tuple[Message, dict[str, Any]]] = []
        self._searched: set[str] = set()  # dossiers whose hit may have another answer now

    def preload(self, dossiers: Iterable[str]) -> None:
        """Read many dossiers at once."""
        wanted = [(one,) for one in dict.fromkeys(dossiers) if one not in self._rows]
        found = self._tx.get_many(DOSSIERS, wanted)
        for key in wanted:
            self._rows[key[0]] = found.get(key)

    def row(self, dossier: str) -> Dossier | None:
        if dossier not in self._rows:
            self.preload([dossier])
        return self._rows[dossier]

    # -- judging ------------------------------------------------------------------------------------------------

    def judge(
        self, content: dict[str, Any], *, partner: str, leaving: bool, lane: str, written: int, now: int, size: int
    ) -> list[Objection]:
        """All reasons why an act may not leave or enter; none means yes. `written`, `now` in milliseconds."""
        kind = self.kind_of(content)
        if kind is None:
            got = str(content.get("type"))[:40]
            return [Objection(Check.CONTENT, f"type: expected a type of the catalogue, got {got!r}")]
        row = self.row(content["dossier"]) if isinstance(content.get("dossier"), str) else None
        sender = self._ctx.name if leaving else partner
        # What a dossier with somebody else is like, this partner learns from no number: it is refused with 10 below.
        own = row is not None and row.partner == partner
        is_opener = sender == row.opener if row is not None and own and row.opener else None
        if wrong := by_content(content, kind, now=written, sender_is_opener=is_opener, leaving=leaving):
            return wrong
        channel = self._channels.standing(content["channel"])
        receiver = partner if leaving else self._ctx.name
        passage = Passage(sender=sender, receiver=receiver, leaving=leaving, lane=lane, written=written, size=size)
        objections = under(content, kind, channel, passage, now)
        # A row without an opener is of own acts that came back after a restore: the opening will say its channel.
        known = channel is not None and isinstance(channel.instrument, Channel)
        if known and row is not None and row.opener and not self._same_line(row.channel, content["channel"]):
            words = f"channel: expected that of the dossier or one that supersedes it, got {content['channel'][:12]}"
            objections.append(Objection(Check.CHANNEL, words))
        if channel is not None and isinstance(channel.instrument, Channel):
            instrument = channel.instrument
            objections += claiming.judged(
                self._tx, kind, content, instrument, partner, leaving=leaving, written=written
            )
        if kind.acts[content["act"]].corrects and own and row is not None:

            def weigh(one: dict[str, Any], time: int) -> list[Objection]:
                return under(one, kind, channel, msgspec.structs.replace(passage, written=time), now)

            objections += self._judge_correction(content, kind, row, sender, weigh)
        return objections + self._judge_state(content, kind, row, partner, sender)

    def _same_line(self, opened: str, named: str) -> bool:
        """Whether the named channel is the dossier's or a successor of it."""
        seen: set[str] = set()
        while named and named != opened and named not in seen:
            seen.add(named)
            found = self._channels.standing(named)
            named = found.instrument.supersedes if found else ""
        return named == opened

    def _judge_correction(
        self, content: dict[str, Any], kind: DossierType, row: Dossier, sender: str, weigh: correcting.Weigh
    ) -> list[Objection]:
        """What stands against a correction of an own message that its author had seen; of another 10 says no."""
        messages, name = self._messages(row), content["body"]["message"]
        past = states.closure(self._events(row, messages), resolve(content["after"], messages))
        seen = next((one for one in past if one.id == name), None)
        if seen is None or seen.act not in kind.acts or seen.by != side(sender, row):
            return []
        earlier = [
            one.id
            for one in states.order(kind, past)
            if one.facts.get("message") == name and one.act in kind.acts and kind.acts[one.act].corrects
        ]
        return correcting.judged(self._tx, kind, content, messages[name], earlier, self._fresh, weigh)

    def _judge_state(
        self, content: dict[str, Any], kind: DossierType, row: Dossier | None, partner: str, sender: str
    ) -> list[Objection]:
        act = kind.acts[content["act"]]
        if row is None:
            if act.opening:
                return []
            return [Objection(Check.STATE, f"dossier: expected one that is open, got {content['dossier']}, not known")]
        if row.partner != partner:
            return [Objection(Check.STATE, "dossier: expected one of this partner, got another's")]
        if row.type != kind.name:
            return [Objection(Check.STATE, f"type: expected {row.type}, that of the dossier, got {kind.name}")]
        if act.opening:
            if not row.opener:
                return []  # own acts of it came back after a restore, its opening only now
            return [Objection(Check.STATE, f"dossier: expected a fresh id to open, got {row.id} which is there")]
        by = side(sender, row)
        after = tuple(content["after"])
        named = None
        message = content.get("body", {}).get("message")
        if message is None and self._newest(row, after):
            standing = self._standing(row, kind)
        else:
            messages = self._messages(row)
            events = self._events(row, messages)
            past = states.closure(events, resolve(after, messages))
            standing = states.fold(kind, past)
            named = states.named(kind, past, standing, message)
            if named is not None:
                named = msgspec.structs.replace(named, entered=messages[message].time)
        found = states.refusals(kind, standing, content["act"], by, content, named=named)
        return [Objection(Check.STATE, str(one)) for one in found]

    def kind_of(self, content: dict[str, Any]) -> DossierType | None:
        """The type that a content names, if the catalogue has it."""
        name = content.get("type")
        return self._ctx.catalogue.types.get(name) if isinstance(name, str) else None

    def _newest(self, row: Dossier, after: tuple[str, ...]) -> bool:
        """Whether an act builds on exactly the newest acts; refusals beside them change nothing."""
        extra = set(after) - set(row.heads)
        if len(after) - len(extra) != len(row.heads):
            return False
        if not extra:
            return True
        found = self._tx.get_many(MESSAGES, [(one,) for one in extra])
        return len(found) == len(extra) and all(one.kind == "refusal" for one in found.values())

    # -- applying -----------------------------------------------------------------------------------------------

    def apply(self, message: Message, content: dict[str, Any]) -> Message:
        """Count an act. Returns its row with the facts that later judgements need; the caller stores it."""
        kind = self._ctx.catalogue.types[content["type"]]
        act = kind.acts[content["act"]]
        row = self.row(message.dossier)
        sender = self._ctx.name if message.direction == "out" else message.partner
        if row is None:
            row = Dossier(
                id=message.dossier,
                partner=message.partner,
                type=kind.name,
                channel=message.channel,
                # Own acts that come back after a restore may be here before the partner's opening.
                opener=sender if act.opening else "",
                state="",
                status="open",
                opened=message.noted,
                domain=self._channels.domain(message.channel),
            )
        elif not row.opener and act.opening:
            row = msgspec.structs.replace(
                row,
                opener=sender,
                channel=message.channel,
                opened=message.noted,
                domain=self._channels.domain(message.channel),
            )
        event = states.event_of(kind, content, side(sender, row))
        self._fresh[message.id] = content
        if act.corrects and (found := self._other_categories(act, content, row)):
            event.facts[CATEGORIES] = found
        facts = plain_json.dumps(event.facts, ensure_ascii=False) if event.facts else ""
        made = msgspec.structs.replace(message, facts=facts)
        newest = row.opener and self._newest(row, message.after)
        self._pending.setdefault(row.id, []).append(made)
        if newest:
            # The edges that count are those to acts; refusals among `after` order nothing.
            event = msgspec.structs.replace(event, after=row.heads)
            standing = states.step(kind, self._standing(row, kind), event)
            row = progress.moved(standing_in(row, standing), kind, event, standing)
        else:
            self._rows[row.id] = row
            row = self._fold(row, kind)
            standing = self._standings[row.id]
        references: dict[str, Any] = {}
        reference = content.get("reference", "")
        if reference and sender == self._ctx.name:
            references["own_reference"] = reference
        elif reference:
            references["partner_reference"] = reference
        if sender == self._ctx.name:
            references["refused"] = ()
        addressed = self._addressed(row, message, content)
        self._rows[row.id] = msgspec.structs.replace(row, updated=message.noted, addressed=addressed, **references)
        self._standings[row.id] = standing
        self._changed.add(row.id)
        if claiming.follows(kind, made.act):
            self._searched.add(row.id)
        if relating.follows(made):
            self._followed.append((made, content))
        return made

    def _other_categories(self, act: ActType, content: dict[str, Any], row: Dossier) -> dict[str, str]:
        """The categories that a correction gives to persons, by key; who they are is remembered of its message."""
        body = content.get("body", {})
        if not act.validator.is_valid(body) or not any(".category" in one["field"] for one in body["corrections"]):
            return {}
        message = self._messages(row).get(body["message"])
        keys = remembered(message).get("subjects", ()) if message else ()
        return corrections.categories(body["corrections"], list(keys))

    def _addressed(self, row: Dossier, message: Message, content: dict[str, Any]) -> tuple[str, ...]:
        """The services of this side with this act: the one that it came to, or that of the person who wrote it."""
        service = str(content["recipient"]) if message.direction == "in" else self._service(message.author)
        return tuple(sorted({*row.addressed, service})) if service and service not in row.addressed else row.addressed

    def _service(self, author: str) -> str:
        if author and author not in self._services:
            person = self._tx.get(PERSONS, author)
            self._services[author] = person.service if person else ""
        return self._services.get(author, "")

    def note(self, message: Message) -> None:
        """A message of this transaction that does not count: what builds on it hands on to what it built on itself.

        Without it an act would be judged differently when the refused one came in the same batch.
        """
        if message.dossier:
            self._pending.setdefault(message.dossier, []).append(message)

    def refused_here(self, dossier: str, partner: str, refusal: str) -> None:
        """This node refused an act of the partner in a dossier: its next act there says that it builds on that."""
        row = self.row(dossier)
        # A partner may name another's dossier in an act that is refused for it; that one must never hear of it.
        if row is not None and row.partner == partner and refusal not in row.refused:
            self._rows[dossier] = msgspec.structs.replace(row, refused=(*row.refused, refusal))
            self._changed.add(dossier)

    def recount(self, dossiers: Iterable[str]) -> None:
        """Derive dossiers anew after a message ceased to count, and store their rows."""
        for dossier in dossiers:
            row = self.row(dossier)
            kind = self._ctx.catalogue.types.get(row.type) if row else None
            if row is None or kind is None:
                continue
            self._rows[dossier] = self._fold(row, kind)
            self._changed.add(dossier)
            if kind.search is not None:
                self._searched.add(dossier)
        self.save()

    def save(self) -> None:
        """Write the rows of all dossiers that changed."""
        if self._changed:
            tx: Writing = self._tx  # type: ignore[assignment]
            rows = [row for name in self._changed if (row := self._rows[name]) is not None]
            tx.put(DOSSIERS, rows)
            touch(tx, self._ctx, rows)
            self._changed.clear()
            for message, content in self._followed:
                relating.followed(tx, self._ctx, message, content)
            self._followed.clear()
            for name in sorted(self._searched):
                self._settle(tx, name)
            self._searched.clear()

    def _settle(self, tx: Writing, dossier: str) -> None:
        """The hit of a search that a dossier is about, by the acts that count now."""
        row = self._rows[dossier]
        if row is not None and (kind := self._ctx.catalogue.types.get(row.type)) is not None:
            acts = [one for one in self._messages(row).values() if counts(one)]
            claiming.settle(tx, self._ctx.name, kind, row, acts, self._fresh)

    def history(self, row: Dossier, kind: DossierType) -> list[tuple[str, states.Standing]]:
        """The acts that count, by message id, in the one order that both nodes use, with the standing after each."""
        standing = states.EMPTY
        found = []
        for event in states.order(kind, self._events(row, self._messages(row))):
            standing = states.step(kind, standing, event)
            found.append((event.id, standing))
        return found

    # -- deriving -----------------------------------------------------------------------------------------------

    def _standing(self, row: Dossier, kind: DossierType) -> states.Standing:
        found = self._standings.get(row.id)
        if found is None:
            try:
                found = states.Standing.from_text(row.standing) if row.standing else states.EMPTY
            except DossierError:  # kept by another version of this program
                found = states.fold(kind, self._events(row, self._messages(row)))
            self._standings[row.id] = found
        return found

    def _messages(self, row: Dossier) -> dict[str, Message]:
        stored = self._tx.scan(MESSAGES, "by_dossier", (row.id,), limit=_ALL)
        return {one.id: one for one in (*stored, *self._pending.get(row.id, ()))}

    def _events(self, row: Dossier, messages: dict[str, Message]) -> list[states.Event]:
        return [
            states.Event(
                id=one.id,
                by=side(self._ctx.name if one.direction == "out" else one.partner, row),
                act=one.act,
                after=resolve(one.after, messages),
                facts=remembered(one),
            )
            for one in messages.values()
            if counts(one)
        ]

    def _fold(self, row: Dossier, kind: DossierType) -> Dossier:
        standing = states.EMPTY
        row = progress.forgotten(row)
        for event in states.order(kind, self._events(row, self._messages(row))):
            standing = states.step(kind, standing, event)
            row = progress.moved(row, kind, event, standing)
        self._standings[row.id] = standing
        return standing_in(row, standing)


def touch(tx: Writing, ctx: Context, rows: Iterable[Dossier]) -> None:
    """Have the clock count the timers of these dossiers anew: what starts and ends them may have changed."""
    tx.put(TOUCHED, marks(ctx, {row.id: row.type for row in rows}))


def marks(ctx: Context, dossiers: Mapping[str, str]) -> list[Touched]:
    """The marks of dossiers, by id, of these types: none where a type has no deadlines."""
    types = ctx.catalogue.types
    timed = [(name, types[kind]) for name, kind in dossiers.items() if kind in types and types[kind].deadlines]
    return [Touched(dossier=name, turn=0 if kind.calls else 1) for name, kind in timed]
