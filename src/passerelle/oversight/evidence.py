"""Writing evidence: everything that `verify` needs about a message or a dossier, in one file, and nothing else.

The file holds leaves, salts, contents, inclusion proofs (C2SP tlog-proof) under checkpoints that the sender signed and
the receiver cosigned, the identities of both nodes, and the instruments with the messages that signed them. Of an act
that its type keeps out of exports it holds leaf and proof alone. It holds personal data in clear: who may write one is
the business of the doors.
"""

from collections.abc import Callable, Sequence
from typing import Any

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import NotFoundError, StateError
from passerelle.exchange import attachments, links, notes, trust
from passerelle.exchange.context import Context
from passerelle.exchange.wire import WITHHELD
from passerelle.identity.identity import Identity
from passerelle.identity.keys import b64
from passerelle.instruments.model import digest_of as digest_of_text
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle
from passerelle.ledger import proof as proofs
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.oversight.exports import kept
from passerelle.oversight.verify import FORMAT, LOCAL, NOT_HELD, digest_of
from passerelle.ports.erasures import ERASURES
from passerelle.ports.keys import ERAS, SPANS, TOLD, Era, Span
from passerelle.ports.records import (
    CONTENTS,
    DOSSIERS,
    ENTRIES,
    INSTRUMENTS,
    LOGS,
    MESSAGES,
    PARTNERS,
    Instrument,
    Message,
)
from passerelle.ports.store import Reading

Advance = Callable[[int, int], None]
"""Told how many messages of how many are in."""


def collect(
    ctx: Context,
    own: Identity,
    wanted: str,
    by: str,
    advance: Advance = lambda done, of: None,
    *,
    reason: str = "",
) -> bytes:
    """The evidence of a message or a dossier, by its id. The export is written down in the audit log, with its reason.

    Raises NotFoundError for an unknown id and StateError when nothing of it has an index yet.
    """
    made = ctx.store.read(lambda tx: Collection(tx, ctx, own, advance).of(wanted))
    value = {**made, "created": to_iso(ctx.clock.now()), "by": ctx.name}
    value["digest"] = digest_of(value)
    ctx.store.write(
        "evidence.export",
        lambda tx: notes.record(
            tx, ctx, What.EVIDENCE_EXPORTED, by, wanted, {"digest": value["digest"], "reason": reason}
        ),
    )
    return json.canonical(value) + b"\n"


class Collection:
    """What goes into a file, from one moment of the store."""

    def __init__(self, tx: Reading, ctx: Context, own: Identity, advance: Advance) -> None:
        self._tx, self._ctx, self._own, self._advance = tx, ctx, own, advance
        self._partners: set[str] = set()
        self._checkpoints: dict[str, Checkpoint] = {}
        self._trees: dict[str, links.Tree] = {}

    def of(self, wanted: str) -> dict[str, Any]:
        if not ids.is_id(wanted):
            raise NotFoundError(f"expected the id of a message or a dossier, got {wanted[:60]!r}")
        tx = self._tx
        if tx.get(DOSSIERS, wanted):
            kind = "dossier"
            chosen = [m for m in tx.scan(MESSAGES, "by_dossier", (wanted,), limit=1_000_000) if m.index >= 0]
        else:
            kind = "message"
            message = tx.get(MESSAGES, wanted)
            if message is None:
                raise NotFoundError(f"expected the id of a message or a dossier that is here, got {wanted}")
            if self._kept(message):
                raise StateError(f"expected an act that may leave this node, got {message.act}, kept out of exports")
            chosen = [message] if message.index >= 0 else []
        if not chosen:
            raise StateError(f"expected {kind} {wanted} to have an entry in a log, got none yet")
        instruments = self._instruments(chosen)
        answers = [message.refusal for message in chosen if message.refusal]
        answers += [row.answer for message in chosen for row in attachments.progress(tx, message.id) if row.answer]
        signing = [name for record in instruments for name in (record.own_message, record.partner_message) if name]
        partners = dict.fromkeys(message.partner for message in chosen)
        handovers = [name for partner in partners for name in self.handovers(partner)]
        more = tx.get_many(MESSAGES, [(name,) for name in dict.fromkeys([*signing, *answers, *handovers])])
        messages = {m.id: m for m in (*more.values(), *chosen) if m.index >= 0}
        ordered = sorted(messages.values(), key=lambda m: (m.time, m.origin, m.index))
        items = []
        for done, message in enumerate(ordered, 1):
            items.append(self.item(message))
            self._advance(done, len(ordered))
        return {
            "format": FORMAT,
            "subject": {"kind": kind, "id": wanted},
            "identities": self.identities(),
            "messages": items,
            "instruments": [record.body.decode() for record in instruments],
        }

    def _instruments(self, messages: list[Message]) -> list[Instrument]:
        found: dict[str, Instrument] = {}
        for digest, partner in dict.fromkeys((self._named(message), message.partner) for message in messages):
            record = self._tx.get(INSTRUMENTS, digest) if digest else None
            # An act may name, and be refused for it, a channel with somebody else: that text is not theirs to see.
            if record is None or record.partner != partner:
                continue
            found[digest] = record
            agreement = self._tx.get(INSTRUMENTS, record.agreement) if record.agreement else None
            if agreement is not None and agreement.partner == partner:
                found[agreement.digest] = agreement
        return list(found.values())

    def _named(self, message: Message) -> str:
        """The instrument that a message is under, or about, as its content says; nothing where that is not held.

        The file would else hold a text that none of its messages names, and fail.
        """
        content = self._tx.get(CONTENTS, message.id)
        if content is None:
            return ""
        if not message.kind.startswith("instrument."):
            return message.channel
        value = json.parse_object(content.body)
        if message.kind == "instrument.propose":
            return digest_of_text(str(value.get("instrument")).encode())
        return str(value.get("digest", ""))

    def handovers(self, partner: str) -> list[str]:
        """The messages by which either side changed its keys towards the other."""
        told = self._tx.scan(TOLD, "key", (partner,), limit=trust.ALL)
        spans = self._tx.scan(SPANS, "key", (partner,), limit=trust.ALL)
        return [name for name in (*(row.message for row in told), *(row.message for row in spans)) if name]

    def identities(self) -> list[str]:
        """Of both sides every identity that keys in the file are of, or that leads to one, oldest first."""
        eras = self._tx.scan(ERAS, limit=trust.ALL)
        bodies: dict[str, None] = {}
        for partner in sorted(self._partners):
            told = self._tx.scan(TOLD, "key", (partner,), limit=trust.ALL)
            mine = trust.mine(self._tx, self._ctx, partner)
            first = told[0].era if told and not told[0].message else 0
            shown = {mine.known, *(row.era for row in told), *([first] if any(row.message for row in told) else [])}
            chosen = [era for era in eras if era.number in shown]
            # Another one only where a line is of its keys alone: nothing in the file leads to it.
            more = [era for era in eras if era not in chosen and self._used(era, chosen)]
            bodies |= dict.fromkeys(era.identity.decode() for era in eras if era in chosen or era in more)
        bodies = bodies or {self._own.body.decode(): None}
        for name in sorted(self._partners):
            partner_row = self._tx.get(PARTNERS, name)
            spans = self._tx.scan(SPANS, "key", (name,), limit=trust.ALL)
            if spans:
                linked = [
                    one for one, after in zip(spans, [*spans[1:], None], strict=True) if not after or after.message
                ]
                kept = [one for one in spans if one in linked or self._used(one, linked)]
                bodies |= dict.fromkeys(span.identity.decode() for span in kept)
            elif partner_row is not None:
                bodies[partner_row.identity.decode()] = None
        return list(bodies)

    def _used(self, era: Era | Span, chosen: Sequence[Era | Span]) -> bool:
        """Whether a checkpoint bears a line of a log or receipt key of this identity that none of the others has."""
        lines = {(line.name, line.key) for held in self._checkpoints.values() for line in held.note.signatures}

        def keys(one: Era | Span) -> set[tuple[str, bytes]]:
            identity = self._ctx.parsed(one.identity)
            return {(key.name, key.id) for key in (*identity.log, *identity.receipt)}

        return bool(lines & keys(era) - {key for one in chosen for key in keys(one)})

    def bearing(self, partner: str, name: str, held: Checkpoint) -> None:
        """One more checkpoint that the file bears, of a log with a partner."""
        self._partners.add(partner)
        self._checkpoints[name] = held

    def item(self, message: Message) -> dict[str, str]:
        self._partners.add(message.partner)
        entry = self._tx.get(ENTRIES, message.origin, message.index)
        if entry is None:
            raise NotFoundError(f"expected entry {message.index} of {message.origin}, got none")
        checkpoint = self._checkpoint(message)
        tree = self._trees.setdefault(message.origin, links.Tree(self._tx, message.origin))
        path = merkle.inclusion(tree.subtree, message.index, checkpoint.size)
        item = {"leaf": entry.leaf.decode(), "proof": str(proofs.make(message.index, path, checkpoint))}
        content = self._tx.get(CONTENTS, message.id)
        if content is None:
            # Why it did not come is known where its sender said so.
            told = message.state == "withheld" and message.reason in WITHHELD
            gone = "erased" if self._tx.get(ERASURES, message.id) else NOT_HELD
            return item | {"withheld": message.reason if told else gone}
        if self._kept(message):
            return item | {"withheld": LOCAL}
        return item | {"salt": b64(content.salt), "content": content.body.decode()}

    def _kept(self, message: Message) -> bool:
        """Whether the message is an act that its type keeps out of exports."""
        return message.kind == "act" and message.act in kept(self._tx, self._ctx, message.dossier)

    def _checkpoint(self, message: Message) -> Checkpoint:
        found = self._checkpoints.get(message.origin)
        if found is not None and found.size > message.index:
            return found
        log = self._tx.get(LOGS, message.origin)
        if log is None:
            raise NotFoundError(f"expected the log {message.origin}, got none")
        held = checkpoints.parse(log.receipt) if log.receipt else None
        if log.direction == "in":
            mine = trust.mine(self._tx, self._ctx, log.partner)
            held = mine.cosigned_once(checkpoints.parse(log.receipt), self._ctx.clock.now() // 1000)
        elif held is None or held.size <= message.index:
            # Not cosigned yet: the own signature proves that it was entered, and the verifier says what is absent.
            mine = trust.mine(self._tx, self._ctx, log.partner)
            held = mine.kept(log.origin, log.size, links.root_of(self._tx, log, log.size))
        self._checkpoints[message.origin] = held
        return held
