"""How an instrument stands, prepared once from the records so that `decide` has nothing left to look up.

Rules kept here:
- to accept under an instrument both signatures must be held; to send, also the partner's cosignature of the own one.
  The same holds for the agreement under which it stands, and the two must fit each other;
- it takes effect at the latest of: its own beginning, both signatures' entry times, the effect of its agreement;
- it ends at the earliest of: its own end (foreseen by both), a termination by either side, the effect of an instrument
  that both signed and that supersedes it, and any end of its agreement;
- a successor that ends no later than it would begin has never been in force and supersedes nothing.

Keep a `Standing` as long as the records it was made of stay the same; it holds no clock.
"""

from collections.abc import Iterable

import msgspec

from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError
from passerelle.instruments.errors import InstrumentStateError
from passerelle.instruments.kinds import Instrument
from passerelle.instruments.model import digest_of, parse
from passerelle.instruments.verdict import Reason, reason
from passerelle.ports import records

NEVER = 2**62


class Ending(msgspec.Struct, frozen=True):
    """An end. `at`: first moment (ms) after; `arrival`: until when (ms) what was written before may still arrive.

    `why`: expired, superseded or terminated; `by`: the party that terminated, or ""; `successor`: digest of what took
    effect instead, or ""; `ready`: this node may already send under that one; `inherited`: it is an end of the
    agreement under which the instrument stands.
    """

    at: int
    arrival: int
    why: str
    by: str = ""
    successor: str = ""
    ready: bool = True
    inherited: bool = False

    def unknown_to(self, sender: str) -> bool:
        """Whether the sender may have written without knowing of this end: not a date, nor its own doing."""
        return self.why != "expired" and self.by != sender


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How an instrument stands for the node `own`. Moments in milliseconds; signatures are entry times, 0 for none.

    `to_send`, `to_accept`: what is lacking whatever the moment. `begins`: the earliest moment of effect that is known
    so far; `endings`: all ends known, earliest first.
    """

    instrument: Instrument
    agreement: "Standing | None"
    own: str
    partner: str
    own_signed: int
    own_cosigned: bool
    partner_signed: int
    rejected: int
    terminated: int
    terminated_by: str
    begins: int
    endings: tuple[Ending, ...]
    to_send: tuple[Reason, ...]
    to_accept: tuple[Reason, ...]
    # The span within which no end needs a look: written before `calm_until`, arrived by `calm_arrival`.
    calm_until: int
    calm_arrival: int

    @property
    def effective_at(self) -> int | None:
        """When it took or takes effect, in milliseconds; None while something is lacking, or if it ended before."""
        return None if self.to_accept or self.begins >= self.calm_until else self.begins

    @property
    def ended_at(self) -> int | None:
        """The earliest end known, in milliseconds, foreseen or not."""
        return self.endings[0].at if self.endings else None

    @property
    def superseded_by(self) -> str:
        """The digest of what superseded it, or ""."""
        return next((end.successor for end in self.endings if end.successor and not end.inherited), "")

    def in_force(self, moment: int) -> bool:
        """Whether it governs at this moment (milliseconds), as far as is known now."""
        return self.effective_at is not None and self.begins <= moment < self.calm_until


def standing(
    record: records.Instrument, agreement: Standing | None = None, successors: Iterable[Standing] = ()
) -> Standing:
    """How the instrument of this record stands.

    `agreement`: the standing of the agreement that it names, None when the node does not have it. `successors`: the
    standings of all instruments that name this one in `supersedes`; those that are not in force change nothing.
    Raises InstrumentStateError when the record's bytes are not those of its digest, or a standing belongs elsewhere;
    InstrumentFormError when the bytes are no instrument.
    """
    if digest_of(record.body) != record.digest:
        raise InstrumentStateError(f"expected the body of {record.digest}, got that of {digest_of(record.body)}")
    instrument = parse(record.body)
    try:
        own = instrument.other(record.partner)
    except InputError as error:
        raise InstrumentStateError(f"{record.digest}: {error}") from error
    if agreement is not None and agreement.instrument.digest != instrument.agreement:
        raise InstrumentStateError(f"expected the agreement {instrument.agreement}, got {agreement.instrument.digest}")
    to_send, to_accept = _lacking(record, instrument, agreement)
    begins = [instrument.begins, record.own_signed, record.partner_signed]
    endings = _endings(record, instrument, successors)
    if agreement is not None:
        begins.append(agreement.begins)
        endings += [
            Ending(end.at, arrival_limit(end.at, instrument.grace), end.why, end.by, end.successor, inherited=True)
            for end in agreement.endings
        ]
    endings.sort(key=lambda end: end.at)
    return Standing(
        instrument=instrument,
        agreement=agreement,
        own=own,
        partner=record.partner,
        own_signed=record.own_signed,
        own_cosigned=record.own_cosigned,
        partner_signed=record.partner_signed,
        rejected=record.rejected,
        terminated=record.terminated,
        terminated_by=record.terminated_by,
        begins=max(begins),
        endings=tuple(endings),
        to_send=to_send,
        to_accept=to_accept,
        calm_until=min((end.at for end in endings), default=NEVER),
        calm_arrival=min((end.arrival for end in endings), default=NEVER),
    )


def _lacking(
    record: records.Instrument, instrument: Instrument, agreement: Standing | None
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """What is lacking to send, and to accept."""
    own, partner, path = instrument.other(record.partner), record.partner, instrument.kind
    accept: list[Reason] = []
    if record.rejected:
        accept.append(reason("rejected", path, "not rejected", f"rejected by {record.rejected_by}"))
    if not record.own_signed:
        accept.append(reason("own-signature", path, f"signed by {own}", "no signature"))
    if not record.partner_signed:
        accept.append(reason("partner-signature", path, f"signed by {partner}", "no signature"))
    send = list(accept)
    if record.own_signed and not record.own_cosigned:
        send.append(reason("own-cosigned", path, f"the signature of {own} receipted by {partner}", "no receipt"))
    if instrument.agreement:
        if agreement is None:
            missing = reason("agreement-missing", "agreement", f"the agreement {instrument.agreement}", "nothing")
            return (*send, missing), (*accept, missing)
        misfits = [
            reason("agreement-mismatch", problem.path, problem.expected, problem.got)
            for problem in instrument.against(agreement.instrument)
        ]
        send += [*agreement.to_send, *misfits]
        accept += [*agreement.to_accept, *misfits]
    return tuple(send), tuple(accept)


def _endings(record: records.Instrument, instrument: Instrument, successors: Iterable[Standing]) -> list[Ending]:
    """The ends of the instrument itself."""
    endings = []
    if instrument.ends is not None:
        endings.append(Ending(instrument.ends, arrival_limit(instrument.ends, instrument.grace), "expired"))
    if at := record.terminated:
        endings.append(Ending(at, arrival_limit(at, instrument.grace), "terminated", by=record.terminated_by))
    for successor in successors:
        digest = successor.instrument.digest
        if successor.instrument.supersedes != record.digest:
            raise InstrumentStateError(f"expected what supersedes {record.digest}, got {digest}")
        if (effect := successor.effective_at) is not None:
            arrival = arrival_limit(effect, instrument.grace)
            endings.append(Ending(effect, arrival, "superseded", successor=digest, ready=not successor.to_send))
    return endings


def arrival_limit(at: int, grace: str) -> int:
    """The moment (ms) up to which something of the moment `at` (ms) may still arrive, by the ISO 8601 grace."""
    try:
        return add_duration(at, grace)
    except InputError:
        # A termination "from" the year 9999 leaves no room for a grace, and harms nobody.
        return at
