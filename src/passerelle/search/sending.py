"""Questions that wait: which is due, what is sent, what comes of the answer.

    prepare     blinded again from the stored seed, held against the digest of the audit log, sealed afresh
    take        the answer is this question's, its proofs hold under the manifests' keys; then it is looked up
    refused     6 and 10 wait for what they wait for, the others are for good
    failed      the partner is away, or says later: tried again after pauses that grow

Rules kept here:
- the elements and the handle of a question never change: a stop anywhere, an answer that is lost, leave it waiting, and
  it is answered again without a debit;
- which epochs are asked is said in the row before anything leaves, so that their tables stay until it is answered;
- an answer counts only with its partner's signature, for this handle and these elements; elements whose proof does not
  hold for every one of them are never unblinded: the question ends with an alarm;
- an index that has deltas is never asked without a current one: a miss would say nothing of what came this morning;
- only the shards are read in which something may stand.

Left unchecked: that the holder evaluates under the key of the index that it means. The manifest says which it is.
"""

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from passerelle.core.errors import ElementError, NoteError, ProofError, SearchError, SignatureError, StateError
from passerelle.core.retold import E_
from passerelle.exchange import manifests, notes, trust
from passerelle.exchange.channels import Channels
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.exchange.context import Context
from passerelle.identity.identity import Identity
from passerelle.ports.lists import NEVER
from passerelle.ports.search import MANIFESTS, OPENINGS, QUESTIONS, SHARD_BODIES, Opening, Question
from passerelle.ports.store import Reading, Writing
from passerelle.search import asking, blinding, fetching, hits, opening, table, wire
from passerelle.search.hits import Found

REFILL_FIRST, REFILL_MOST = 60_000, 3_600_000
"""Milliseconds after which a question is asked again that the quota refused: twice as many each time, up to an hour."""
_PAGE = 100


class Posting(NamedTuple):
    """A question on its way: its row, what unblinds the answer, the body."""

    question: Question
    blinded: blinding.Blinded
    body: bytes


class _EndedError(StateError):
    """The question cannot be sent any more; `check` says why."""

    def __init__(self, check: str, words: str) -> None:
        super().__init__(words)
        self.check = check


# ---- sending ---------------------------------------------------------------------------------------------------------


def due(ctx: Context, partner: str, leave: Collection[str] = (), *, alive: bool = False) -> Question | None:
    """The next question to be sent to a partner, but those of `leave`.

    `alive`: it can be reached again, so pauses for its absence end.
    """

    def read(tx: Reading) -> Question | None:
        now = ctx.clock.now()
        waiting = tx.scan(QUESTIONS, "by_partner", (partner, "waiting"), limit=_PAGE + len(leave))
        those = (one for one in waiting if one.id not in leave)
        return next((one for one in those if one.due <= now or (alive and not one.check)), None)

    return ctx.store.read(read)


def prepare(ctx: Context, question: Question) -> Posting | None:
    """A question ready to be posted; nothing when it has ended or must wait for a table, which is written down."""
    held = ctx.store.read(lambda tx: tx.get(OPENINGS, question.id))
    blinded = blinding.blind(held.seed, held.keys, question.count) if held else None
    digest = opening.digest(blinded.elements) if blinded else b""

    def work(tx: Writing) -> Question | None:
        now_is = tx.get(QUESTIONS, question.id)
        if now_is is None or now_is.state != "waiting":
            return None
        try:
            _may(tx, ctx, now_is, held, digest)
        except _EndedError as error:
            asking.refused(tx, now_is, error.check, str(error))
            return None
        base, delta = manifests.current(tx, now_is.partner, now_is.index, ctx.clock.now())
        if base is None or (delta is None and manifests.has_deltas(tx, base)):
            reason = E_("no current table of the index is here")
            tx.put(QUESTIONS, [msgspec.structs.replace(now_is, check=str(Check.STATE), reason=reason, due=NEVER)])
            return None
        named = msgspec.structs.replace(now_is, base=base.id, delta=delta.id if delta else "")
        tx.put(QUESTIONS, [named])
        return named

    named = ctx.store.write("search.prepare", work)
    return _posting(ctx, named, blinded) if named and blinded else None


def _may(tx: Reading, ctx: Context, question: Question, held: Opening | None, digest: bytes) -> None:
    """Raises _EndedError when a question may not leave any more."""
    if held is None:
        raise _EndedError("", E_("what opens the question is not here any more"))
    if digest != question.elements:
        raise _EndedError("", E_("expected the elements that the audit log names, got others"))
    purposes, now = frozenset((question.purpose,)), ctx.clock.now()
    for objection in manifests.under(
        Channels(tx, ctx), question.channel, question.partner, purposes, now, sending=True
    ):
        raise _EndedError(str(objection.check), objection.words)


def _posting(ctx: Context, question: Question, blinded: blinding.Blinded) -> Posting:
    def read(tx: Reading) -> tuple[Identity, trust.Mine]:
        return ctx.confirmed(tx, question.partner)[1], trust.mine(tx, ctx, question.partner)

    identity, mine = ctx.store.read(read)
    body = wire.question(
        (ctx.name, question.partner),
        question.id,
        question.index,
        (question.base, question.delta),
        wire.Asking(question.purpose, question.channel, blinded.elements),
        to=identity.sealing,
        signer=mine.envelopes,
        now=ctx.clock.now(),
    )
    return Posting(question, blinded, body)


# ---- what comes back -------------------------------------------------------------------------------------------------


def take(ctx: Context, posting: Posting, body: bytes) -> Question:
    """Take an answer. Raises SearchError when it is not this question's: it is asked again.

    A proof that does not hold, or what is no element, ends the question.
    """
    question = posting.question
    identity = ctx.store.read(lambda tx: ctx.confirmed(tx, question.partner))[1]
    try:
        answer = _opened(ctx, question, identity, body)
        listed = fetching.read_list(ctx, question.partner, question.index, answer.withdrawals, identity)
    except (BatchRefusedError, NoteError, SignatureError) as error:
        raise SearchError(f"expected the answer to question {question.id[:12]}, got another: {error}") from None
    try:
        found = [one for evaluated in answer.evaluated for one in _found(ctx, posting, evaluated)]
    except (ProofError, ElementError) as error:
        words = str(error)
        return ctx.store.write("search.wrong-answer", lambda tx: _wrong(tx, ctx, question, words))

    def work(tx: Writing) -> Question:
        return hits.taken(tx, ctx, question, found, listed, answer.left_burst, answer.left_day)

    return ctx.store.write("search.taken", work)


def _opened(ctx: Context, question: Question, identity: Identity, body: bytes) -> wire.Answer:
    """The inside of the answer to a question. Raises BatchRefusedError."""
    header, sealed = wire.read_answer(body)
    named = (header.sender, header.receiver, header.handle, header.elements)
    if named != (question.partner, ctx.name, question.id, question.elements):
        raise BatchRefusedError(Check.ORIGIN, "expected an answer to this handle and these elements")
    key = ctx.keys.opener(header.seal) or ctx.keys.sealing
    epochs = (question.base, question.delta) if question.delta else (question.base,)
    return wire.open_answer(header, sealed, epochs, question.count, sender=identity.envelope, key=key)


def _found(ctx: Context, posting: Posting, evaluated: wire.Evaluated) -> list[Found]:
    """What the table of an epoch has. Raises ProofError, ElementError; SearchError when the table went."""
    manifest = ctx.store.read(lambda tx: tx.get(MANIFESTS, evaluated.epoch))
    if manifest is None:
        raise SearchError(f"expected the manifest {evaluated.epoch[:12]}, got none")
    outputs = posting.blinded.unblind(evaluated.elements, evaluated.proof, manifest.public)

    def read(number: int) -> bytes:
        body = ctx.store.read(lambda tx: tx.get(SHARD_BODIES, manifest.id, number))
        if body is None:
            raise SearchError(f"expected shard {number} of {manifest.id[:12]}, got none")
        return body.body

    found = table.find(outputs, manifest.count, read)
    return [Found(key, manifest.id, one.reference, one.claim) for key, one in found.items()]


def _wrong(tx: Writing, ctx: Context, question: Question, words: str) -> Question:
    text = f"the answer to question {question.id} about index {question.index} proves nothing: {words}"
    notes.alarm(tx, ctx, "search.answer-wrong", question.partner, text[:1000], once=question.id)
    now_is = tx.get(QUESTIONS, question.id) or question
    return asking.refused(tx, now_is, "", words) if now_is.state == "waiting" else now_is


def refused(ctx: Context, question: Question, check: str) -> Question:
    """The partner refused a question with the number of a check."""

    def work(tx: Writing) -> Question:
        now_is = tx.get(QUESTIONS, question.id)
        if now_is is None or now_is.state != "waiting":
            return now_is or question
        if check == Check.LIMITS:
            pause = min(REFILL_MOST, REFILL_FIRST << min(now_is.tries if now_is.check == check else 0, 20))
            return _later(
                tx, now_is, check, E_("the quota is used up: asked again when it fills"), ctx.clock.now() + pause
            )
        if check == Check.STATE:
            newer = _newer(tx, now_is, ctx.clock.now())
            reason = E_("the partner has a newer table: asked again when it is here")
            return _later(tx, now_is, check, reason, ctx.clock.now() if newer else NEVER)
        return asking.refused(tx, now_is, check, f"{question.partner} refused it: check {check}")

    return ctx.store.write("search.refused", work)


def _newer(tx: Reading, question: Question, now: int) -> bool:
    """Whether another table came to be here since a question was sent."""
    found = manifests.current(tx, question.partner, question.index, now)
    return [one.id if one else "" for one in found] != [question.base, question.delta] and found[0] is not None


def failed(ctx: Context, question: Question, reason: str, draw: float, *, anew: bool = False) -> None:
    """The partner could not be reached, or answered nothing of use. `draw`: in [0, 1), spreads retries.

    `anew`: pauses begin anew, as they do after anything else that it waited for.
    """

    def work(tx: Writing) -> None:
        now_is = tx.get(QUESTIONS, question.id)
        if now_is is not None and now_is.state == "waiting":
            if anew or now_is.check:
                now_is = msgspec.structs.replace(now_is, tries=0)
            _later(tx, now_is, "", reason[:300], ctx.clock.now() + ctx.policy.pause(now_is.tries, draw))

    ctx.store.write("search.failed", work)


def _later(tx: Writing, question: Question, check: str, reason: str, due: int) -> Question:
    tries = question.tries + 1 if question.check == check else 1
    made = msgspec.structs.replace(question, check=check, reason=reason, due=due, tries=tries)
    tx.put(QUESTIONS, [made])
    return made
