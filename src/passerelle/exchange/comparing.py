"""Whether both copies of an own log were compared in this life of the node, also by answers that were carried.

A process that serves compares at its start and after every failure, and remembers that itself (`sender`). What gives
out indexes without a network (`courier`) has no such moment: an answer comes days after its question, to another
process. So the store keeps that a comparison took place, and `ports.marks` says, from outside the store, whether it
still holds.

Rules kept here:
- a comparison holds while the life lasts and the mark stands: every transaction that gives out an index moves the mark
  and, with it, the comparison that held. A store that was put back holds an old mark, and nothing it says counts;
- the same for a question: its answer compares only where no index was given out since, but by who had compared.
  So an answer from before a restore, to a question that the restored store still knows, compares nothing;
- an answer may be older than what is known since, when it was carried or a receipt was. It lowers what the partner is
  believed to hold only below what it held when it was asked: only then it was put back;
- entries that left in a file, and that the store does not know any more, may still arrive: their indexes are used. The
  log stands still until persons open a new generation.

A partner that is put back loses what it had cosigned, behind the back of a process here that compared long ago and has
nothing new to send. So what speaks for it is counted in the store (`Doubt`), and whoever sends compares anew, soon:
- its status question names another start than the one before. What a process draws when it begins is the same in all
  its questions, so a question that was caused by one causes none: each start of either node is answered once;
- it asks for what it was answered and has cosigned, or does not know what it cosigned (`doubt`): once a minute at most,
  for it may merely be on its way.
Where nothing speaks, an hour does (`sender`).
"""

from collections.abc import Sequence

import msgspec

from passerelle.exchange import links
from passerelle.exchange.context import Context
from passerelle.ledger.checkpoint import LANES, split_origin
from passerelle.ports.courier import COMPARISONS, DOUBTS, QUESTIONS, Comparison, Doubt, Question
from passerelle.ports.records import MESSAGES, Log
from passerelle.ports.store import Reading, Writing

_CALM = 60_000  # ms

MOST_QUESTIONS = 16
"""Open questions to a partner: with one more, the oldest is forgotten."""


def holds(tx: Reading, ctx: Context, partner: str, lane: str) -> bool:
    """Whether both copies were compared in this life: then an index may be given out."""
    row = tx.get(COMPARISONS, partner, lane)
    return row is not None and row.life == ctx.marks.life and ctx.marks.stands(partner, lane, row.mark)


def met(tx: Writing, ctx: Context, partner: str, lane: str, time: int) -> None:
    """Both copies were compared now. `time`: the partner's clock when it said what it holds, ms."""
    mark = ctx.marks.look(partner, lane) or ctx.marks.touch(partner, lane)
    tx.put(COMPARISONS, [Comparison(partner, lane, ctx.marks.life, mark, time)])


def met_after(tx: Reading, partner: str, lane: str, seconds: int) -> bool:
    """Whether the partner said what it holds after it cosigned, by its own clock (seconds)."""
    row = tx.get(COMPARISONS, partner, lane)
    return row is not None and seconds < row.time // 1000


def doubts(tx: Reading, partner: str) -> Doubt:
    """How often there was a reason to compare anew."""
    return tx.get(DOUBTS, partner) or Doubt(partner)


def began(ctx: Context, partner: str, start: str) -> None:
    """A verified status question of a partner that says this of its start."""

    def work(tx: Writing) -> None:
        if doubts(tx, partner).start != start:
            anew(tx, ctx, partner, start=start)

    if ctx.store.read(lambda tx: doubts(tx, partner)).start != start:
        ctx.store.write("comparing.began", work)


def anew(tx: Writing, ctx: Context, partner: str, **more: str) -> None:
    """There is a reason to compare anew; also that a partner handed over its keys: receipts may be of the old ones."""
    there = doubts(tx, partner)
    tx.put(DOUBTS, [msgspec.structs.replace(there, count=there.count + 1, time=ctx.clock.now(), **more)])


def doubt(ctx: Context, partner: str, message: str) -> None:
    """A partner behaves as if it did not have an own message. Where it has cosigned it, both copies are compared."""

    def doubtful(tx: Reading) -> bool:
        calm = not 0 <= ctx.clock.now() - doubts(tx, partner).time < _CALM
        return calm and links.receipted(tx, tx.get(MESSAGES, message))

    def work(tx: Writing) -> None:
        if doubtful(tx):
            anew(tx, ctx, partner)

    if ctx.store.read(doubtful):
        ctx.store.write("comparing.doubt", work)


def giving(tx: Writing, ctx: Context, partner: str, lane: str) -> None:
    """An index is given out in this transaction: a comparison that held holds on, any other mark is void."""
    row = tx.get(COMPARISONS, partner, lane)
    held = holds(tx, ctx, partner, lane)
    mark = ctx.marks.touch(partner, lane, row.mark if row and held else "")
    if row is not None and held:
        tx.put(COMPARISONS, [msgspec.structs.replace(row, mark=mark)])


def ask(tx: Writing, ctx: Context, partner: str, nonce: bytes) -> Question:
    """Remember a question that is about to leave in a file."""
    marks = tuple(ctx.marks.look(partner, lane) or ctx.marks.touch(partner, lane) for lane in LANES)
    made = Question(partner, nonce, ctx.clock.now(), ctx.marks.life, marks, held(tx, partner))
    there = tx.scan(QUESTIONS, "by_time", (partner,), limit=MOST_QUESTIONS, descending=True)
    tx.delete(QUESTIONS, [(partner, one.nonce) for one in there[MOST_QUESTIONS - 1 :]])
    tx.add(QUESTIONS, [made])
    return made


def held(tx: Reading, partner: str) -> tuple[str, ...]:
    """What is known of the partner's copy of each lane, as `generation/size`: what an answer is later held against."""
    return tuple("{}/{}".format(*known(tx, partner, lane)) for lane in LANES)


def known(tx: Reading, partner: str, lane: str) -> tuple[int, int]:
    """The newest generation that the partner has cosigned something of, and that size; (0, 0) for nothing."""
    cosigned = [log for log in links.generations(tx, partner, "out", lane) if log.cosigned]
    return (cosigned[-1].generation, cosigned[-1].cosigned) if cosigned else (0, 0)


def counts(tx: Reading, ctx: Context, question: Question, lane: str) -> bool:
    """Whether the answer to a carried question compares a lane: only who had compared gave out an index since."""
    if holds(tx, ctx, question.partner, lane):
        return True
    mark = question.marks[LANES.index(lane)]
    return question.life == ctx.marks.life and ctx.marks.stands(question.partner, lane, mark)


def late(tx: Reading, partner: str, asked: Sequence[str], lane: str, state: tuple[int, int]) -> bool:
    """Whether an answer says less than is known since, though no less than was known when it was asked.

    `asked`: `held` at that time; `state`: generation and size that the partner says it holds.
    """
    generation, _, size = asked[LANES.index(lane)].partition("/")
    return (int(generation), int(size)) <= state < known(tx, partner, lane)


def lost(tx: Reading, ctx: Context, partner: str, lane: str) -> str:
    """What left in a file and is not known here any more, in words; nothing where nothing is missing."""
    origin, size = ctx.marks.carried(partner, lane)
    if not origin:
        return ""
    log: Log | None = links.current(tx, partner, "out", lane)
    generation = split_origin(origin)[3]
    if log is not None and (log.generation > generation or (log.origin == origin and log.size >= size)):
        return ""
    there = f"{log.size} of {log.origin}" if log else "none"
    return f"entries below {size} of {origin} left in a file, this store knows {there}: it was put back"
