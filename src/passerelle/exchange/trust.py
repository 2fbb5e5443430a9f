"""Which keys count between this node and a partner: theirs, as they handed over; ours, as far as they know them.

Rules kept here:
- a partner's keys change by its own signed handover (`rotation`) or by persons who compared a fingerprint, by nothing
  else; what its old keys prove ends where the handover, or what was held when persons compared, says;
- until a partner has cosigned a handover of ours, nobody here knows which of our keys it goes by. So what it must read
  at once (headers, questions, receipts) bears signatures of both, and it finds the one it knows;
- beyond the last size that our old log keys sign, nothing is sent before the partner has cosigned the handover.

Each function asks the store, so what another process changed counts at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from passerelle.core.errors import KeyFileError, NoteError, SignatureError
from passerelle.exchange import links
from passerelle.exchange.context import Context
from passerelle.identity.history import History, Stage
from passerelle.identity.keys import PublicKeys, Signer, Verifier
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger.checkpoint import Checkpoint, Signers
from passerelle.ledger.note import Note, Signature
from passerelle.ports.keys import ERAS, SPANS, TOLD, Era, Told
from passerelle.ports.records import MESSAGES, Log, Partner
from passerelle.ports.store import Reading

ALL = 100_000
MOST_SETS = 5
"""Pairs of signatures of one kind in a note: it has room for 16 lines, two of them the other side's."""


def lasts_of(lines: Sequence[str]) -> dict[tuple[str, str], int]:
    """Last sizes as a record keeps them: `kind origin size`."""
    parts = (line.split(" ") for line in lines)
    return {(kind, origin): int(size) for kind, origin, size in parts}


def lines_of(lasts: dict[tuple[str, str], int]) -> tuple[str, ...]:
    """Last sizes as a record keeps them."""
    return tuple(f"{kind} {origin} {size}" for (kind, origin), size in lasts.items())


# -- theirs ------------------------------------------------------------------------------------------------------------


def theirs(tx: Reading, ctx: Context, partner: Partner) -> History:
    """The keys of a partner over time."""
    spans = tx.scan(SPANS, "key", (partner.name,), limit=ALL)
    if not spans:
        return History([Stage(ctx.identity_of(partner).keys)])
    return History([Stage(ctx.parsed(span.identity).keys, lasts_of(span.lasts)) for span in spans])


def pins(tx: Reading, ctx: Context, partner: Partner) -> tuple[str, ...]:
    """The certificates by which a partner is known: its newest, and the one before, which it may still show."""
    spans = tx.scan(SPANS, "key", (partner.name,), limit=2, descending=True)
    return tuple(dict.fromkeys([ctx.identity_of(partner).tls, *(ctx.parsed(span.identity).tls for span in spans)]))


def signed_by(given: Checkpoint, history: History) -> tuple[Verifier, Verifier]:
    """The log keys that signed a checkpoint of a node. Raises SignatureError or NoteError unless they may and hold."""
    keys = _pair_of(given, history, "log")
    checkpoints.verify(given, keys)
    return keys


def cosigned_by(given: Checkpoint, history: History) -> tuple[int, tuple[Verifier, Verifier]]:
    """When (seconds) and with which keys a node cosigned. Raises as `signed_by`."""
    keys = _pair_of(given, history, "receipt")
    return checkpoints.verify_cosignature(given, keys), keys


def _pair_of(given: Checkpoint, history: History, kind: str) -> tuple[Verifier, Verifier]:
    allowed = history.may(kind, given.origin, given.size)
    for first, second in allowed:
        if given.note.find(first.name, first.id) is not None:
            return first, second
    for stage in history.stages:
        old = stage.keys.pair(kind)
        if given.note.find(old[0].name, old[0].id) is not None:
            last = history.last(old, kind, given.origin)
            words = f"expected size {last} or less under the old {kind} key {old[0].id.hex()}, got {given.size}"
            raise SignatureError(words)
    first, second = allowed[0]
    return first, second  # whose absence is what the verification then says


# -- ours --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mine:
    """This node's keys towards one partner.

    `known`: the era that it surely knows; `doubt`: what it was told and has not cosigned; `current`: the newest era.
    """

    ctx: Context
    partner: str
    known: int
    current: int
    sets: tuple[PublicKeys, ...]
    history: History
    doubt: Told | None = None
    stolen: tuple[tuple[Verifier, Verifier], ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the partner knows the newest identity."""
        return self.known == self.current

    @property
    def own(self) -> History:
        """What this node may once have signed: a store that was put back forgot, and so may the last sizes it names.

        What keys signed that were revoked counts no further than was named: it may be a thief's.
        """
        kept = [stage if stage.keys.log in self.stolen else Stage(stage.keys) for stage in self.history.stages]
        return History(kept)

    def signers(self, kind: str) -> list[tuple[Signer, ...]]:
        """The private keys that the partner may go by, those it surely knows first; one that is destroyed is left out.

        `kind`: receipt, witness or envelope.
        """
        keys = dict.fromkeys(one.pair(kind) for one in self._stages)
        return [found for one in keys if (found := self.ctx.keys.signers(one))][:MOST_SETS]

    @property
    def _stages(self) -> list[PublicKeys]:
        """What the partner goes by, then what it went by: it may have been put back, and old keys may be here still."""
        return [*self.sets, *(stage.keys for stage in reversed(self.history.stages))]

    @property
    def envelopes(self) -> tuple[Signer, ...]:
        """What signs headers, questions and answers."""
        return tuple(signers[0] for signers in self.signers("envelope"))

    def _log(self, origin: str, size: int) -> list[Signers]:
        may = self.history.may("log", origin, size)
        used = [keys for keys in dict.fromkeys(one.log for one in self._stages) if keys in may]
        found = (self.ctx.keys.signers(keys) for keys in used)
        return [(signers[0], signers[1]) for signers in found if signers][:MOST_SETS]

    def checkpoint(self, origin: str, size: int, root: bytes) -> Checkpoint:
        """A checkpoint of an own log, signed with every key that the partner may go by."""
        return _together([checkpoints.sign(signers, origin, size, root) for signers in self._log(origin, size)])

    def kept(self, origin: str, size: int, root: bytes) -> Checkpoint:
        """A checkpoint of an own log with the signatures of one pair, to be kept and shown."""
        return checkpoints.sign(self._log(origin, size)[0], origin, size, root)

    def cosigned(self, held: Checkpoint, seconds: int) -> Checkpoint:
        """A partner's checkpoint with the cosignatures of every receipt key that the partner may go by."""
        made = [checkpoints.cosign((one[0], one[1]), held, seconds) for one in self.signers("receipt")]
        return checkpoints.with_signatures(held, tuple(line for lines in made for line in lines))

    def cosigned_once(self, held: Checkpoint, seconds: int) -> Checkpoint:
        """The same with one pair of cosignatures, of keys that the partner surely knows while they are here.

        Of those that may prove this size: what was handed over does no more.
        """
        may = self.history.may("receipt", held.origin, held.size)
        pairs = self.signers("receipt")
        first = next((one for one in pairs if (one[0].verifier, one[1].verifier) in may), pairs[0])
        return checkpoints.with_signatures(held, checkpoints.cosign((first[0], first[1]), held, seconds))

    def bare(self, given: Checkpoint, cosigners: tuple[Verifier, Verifier]) -> Checkpoint:
        """A receipt with one pair of own signatures, those cosignatures, and no other line.

        A line of another key says nothing, and a verifier of evidence refuses it: the partner must not spoil ours with
        it. The cosignatures were verified by the caller; the own signatures are made anew unless they came back.
        """
        cosignatures = _lines(given, cosigners)
        try:
            signatures = _lines(given, signed_by(given, self.own))
        except (NoteError, SignatureError):
            signatures = self.kept(given.origin, given.size, given.root).note.signatures
        return Checkpoint(given.origin, given.size, given.root, Note(given.note.text, signatures + cosignatures))

    def most(self, log: Log) -> int | None:
        """The size up to which a log may be sent while the partner has not cosigned a handover; None: all of it."""
        if self.doubt is None:
            lost = not self.settled and not self.ctx.keys.signers(self.sets[0].log)
            return log.cosigned if lost else None
        before, after = self.sets[0], self.sets[1]
        if before.log == after.log:
            return None
        return max(lasts_of(self.doubt.lasts).get(("log", log.origin), 0), log.cosigned)


def _lines(given: Checkpoint, keys: tuple[Verifier, Verifier]) -> tuple[Signature, ...]:
    return tuple(one for key in keys if (one := given.note.find(key.name, key.id)) is not None)


def _together(given: list[Checkpoint]) -> Checkpoint:
    more = tuple(line for one in given[1:] for line in one.note.signatures)
    return checkpoints.with_signatures(given[0], more)


def log_keys(tx: Reading, ctx: Context) -> Signers:
    """The log keys in use, as the store says: another process may have changed them since this one began.

    Raises KeyFileError when their private halves are not here.
    """
    eras = tx.scan(ERAS, limit=1, descending=True)
    if not eras:
        return ctx.keys.log
    keys = ctx.parsed(eras[0].identity).keys
    found = ctx.keys.signers(keys.log)
    if not found:
        missing = f"log ({', '.join(keys.ids('log'))})"
        raise KeyFileError(f"expected the private keys {missing}, got none of these")
    return found[0], found[1]


def mine(tx: Reading, ctx: Context, partner: str) -> Mine:
    """This node's keys towards a partner."""
    eras = {era.number: era for era in tx.scan(ERAS, limit=ALL)}
    if len(eras) <= 1:
        keys = ctx.parsed(eras[0].identity).keys if eras else ctx.keys.public
        return Mine(ctx, partner, 0, 0, (keys,), History([Stage(keys)]))
    return _mine(tx, ctx, partner, eras)


def _mine(tx: Reading, ctx: Context, partner: str, eras: dict[int, Era]) -> Mine:
    def keys(number: int) -> PublicKeys:
        return ctx.parsed(eras[number].identity).keys

    current = max(eras)
    told = tx.scan(TOLD, "key", (partner,), limit=ALL)
    # What an era before the first that this partner was told signed was signed before it knew us, or before a loss.
    known = told[0].era if told and not told[0].message else min(eras)
    stages = [Stage(keys(number)) for number in sorted(eras) if number <= known]
    doubt = None
    for row in told:
        if not row.message:
            stages += [Stage(keys(row.era))] if row.era > known else []
            known, doubt = row.era, None
            continue
        stages.append(Stage(keys(row.era), lasts_of(row.lasts)))
        if taken(tx, row):
            known = row.era
        else:
            doubt = row
    after = [number for number in sorted(eras) if number > (doubt.era if doubt else known)]
    # What it was not told of it does not know, but where this store forgot whom it told: there any may be known.
    forgot = [number for number in after if any(eras[one].how == "adopted" for one in after)]
    named = list(dict.fromkeys([known, *([doubt.era] if doubt else []), *forgot, current]))
    stages += [Stage(keys(number)) for number in forgot or after[-1:]]  # no limit holds yet
    # Of these stages the last sizes hold: what came before them was revoked.
    stolen = tuple(keys(number).log for number, era in eras.items() if era.revoked == "log")
    return Mine(ctx, partner, known, current, tuple(map(keys, named)), History(stages), doubt, stolen)


def taken(tx: Reading, row: Told) -> bool:
    """Whether the partner has cosigned the entry of a handover: derived, as of every message."""
    message = tx.get(MESSAGES, row.message)
    return message is not None and links.covered(tx, message)
