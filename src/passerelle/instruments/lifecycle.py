"""The steps in the life of an instrument, as pure transitions of its record: propose, sign, cosigned, reject,
terminate. To supersede is to propose with `supersedes`, and to sign.

Rules kept here; each depends on what that side itself did before, or on entry times, so that both nodes agree on
whether and when an instrument governs, whatever messages of the two sides cross:

- a text is proposed once; proposing what is there changes nothing (repeats, or both sides at once), but a text that
  was rejected or terminated must be changed before it is proposed again;
- what supersedes another instrument must find it known, of the same kind and between the same parties;
- a side signs once, with its agreement known and fitting, and never two living successors of one instrument;
- before a side has signed it may reject; after it has signed, only terminate. Either side terminates alone; the earlier
  of two terminations counts, and none counts before its own entry's time;
- nothing is ever unsigned: whether an instrument governs is computed (`standing`), never stored.

Errors bear `check`: "9" for a malformed text, "10" for a step that the state does not allow. `side` and `proposer` are
node names; times are those of the log entries, in milliseconds. `known`: the records of this partner, by digest.

Left unchecked: who in the service may do this (roles), and that `cosigned` is called only for a receipt that was
verified.
"""

from collections.abc import Mapping

import msgspec

from passerelle.core.errors import InputError
from passerelle.instruments.errors import InstrumentFormError, InstrumentStateError, Problem, listed
from passerelle.instruments.kinds import Instrument
from passerelle.instruments.model import parse
from passerelle.ports import records

Known = Mapping[str, records.Instrument]


def propose(body: bytes, *, node: str, partner: str, proposer: str, time: int, known: Known) -> records.Instrument:
    """The record of a text that `proposer` (this node or the partner) proposes; the one known when it is there already.

    Raises InstrumentFormError when the text is malformed, is not between these two nodes or does not fit its agreement
    as far as that is known; InstrumentStateError when what it supersedes does not allow it, or the text itself has
    ended.
    """
    instrument = parse(body)
    if set(instrument.parties) != {node, partner}:
        raise InstrumentFormError([Problem("parties", listed((node, partner)), listed(instrument.parties))])
    if proposer not in instrument.parties:
        raise InstrumentStateError(f"expected a proposal of {listed(instrument.parties)}, got one of {proposer!r}")
    if (there := known.get(instrument.digest)) is not None:
        repeated = there.proposed == time and there.proposed_by == proposer
        if not repeated and (there.rejected or there.terminated):
            raise InstrumentStateError(f"expected a new text, got {there.digest}, which is {_ended(there)}")
        return there
    if (agreement := known.get(instrument.agreement)) is not None:
        _fits(instrument, agreement)
    if instrument.supersedes:
        _supersedes(instrument, known)
    return records.Instrument(
        digest=instrument.digest,
        kind=instrument.kind,
        partner=partner,
        body=body,
        proposed_by=proposer,
        proposed=time,
        agreement=instrument.agreement,
        supersedes=instrument.supersedes,
    )


def sign(record: records.Instrument | None, *, side: str, time: int, message: str, known: Known) -> records.Instrument:
    """The record with the signature of `side`; `message` is the id of the signing message.

    The same message again changes nothing. Raises InstrumentStateError for an unknown (None), rejected, terminated or
    already signed instrument, an unknown agreement, or a second successor; InstrumentFormError when the instrument does
    not fit its agreement.
    """
    record = _known(record)
    instrument = parse(record.body)
    own = _is_own(record, instrument, side)
    signed, by = (record.own_signed, record.own_message) if own else (record.partner_signed, record.partner_message)
    if signed and by == message:
        return record
    if signed:
        raise InstrumentStateError(f"expected no signature of {side} yet, got one already: {record.digest}")
    # A signature written before the termination took effect crossed it: it counts, for the time that is left.
    if record.rejected or (record.terminated and time >= record.terminated):
        raise InstrumentStateError(f"expected an instrument that may be signed, got {_ended(record)}: {record.digest}")
    if instrument.agreement:
        if (agreement := known.get(instrument.agreement)) is None:
            raise InstrumentStateError(f"expected the agreement {instrument.agreement} to be known, got nothing")
        _fits(instrument, agreement)
    if instrument.supersedes:
        _supersedes(instrument, known)
        _no_rival(record, own, known)
    if own:
        return msgspec.structs.replace(record, own_signed=time, own_message=message)
    return msgspec.structs.replace(record, partner_signed=time, partner_message=message)


def cosigned(record: records.Instrument, *, time: int) -> records.Instrument:
    """The record once the partner has cosigned the own signature's entry. Idempotent.

    `time`: that entry's time. The signature bears it from now on: when it was written it had no entry yet, and both
    nodes must count from the same moment. Raises InstrumentStateError when there is no own signature.
    """
    if not record.own_signed:
        raise InstrumentStateError(f"expected an own signature that is receipted, got none: {record.digest}")
    return msgspec.structs.replace(record, own_cosigned=True, own_signed=time)


def reject(record: records.Instrument | None, *, side: str, time: int, reason: str) -> records.Instrument:
    """The record once `side` has said that it will not sign, or withdraws its own unsigned proposal. The first counts.

    Raises InstrumentStateError when the instrument is unknown (None), or that side has signed it: then it terminates.
    """
    record = _known(record)
    own = _is_own(record, parse(record.body), side)
    if record.own_signed if own else record.partner_signed:
        raise InstrumentStateError(
            f"expected a side that has not signed, got {side}, which may terminate: {record.digest}"
        )
    if record.rejected and (record.rejected, record.rejected_by) <= (time, side):
        return record
    return msgspec.structs.replace(record, rejected=time, rejected_by=side, reason=reason)


def terminate(
    record: records.Instrument | None, *, side: str, time: int, effective: int, reason: str
) -> records.Instrument:
    """The record once `side`, alone, has ended the instrument from `effective` on, at the earliest from `time` on.

    The earlier of two terminations counts. Raises InstrumentStateError when the instrument is unknown (None), rejected,
    or not signed by that side: then it rejects.
    """
    record = _known(record)
    own = _is_own(record, parse(record.body), side)
    if not (record.own_signed if own else record.partner_signed) or record.rejected:
        state = _ended(record) or "which may reject"
        raise InstrumentStateError(f"expected a side that has signed, got {side}, {state}: {record.digest}")
    at = max(effective, time)
    if record.terminated and (record.terminated, record.terminated_by) <= (at, side):
        return record
    return msgspec.structs.replace(record, terminated=at, terminated_by=side, reason=reason)


def _known(record: records.Instrument | None) -> records.Instrument:
    if record is None:
        raise InstrumentStateError("expected an instrument that was proposed, got one that is unknown")
    return record


def _is_own(record: records.Instrument, instrument: Instrument, side: str) -> bool:
    """Whether the side is this node."""
    try:
        return instrument.other(side) == record.partner
    except InputError as error:
        raise InstrumentStateError(f"{record.digest}: {error}") from error


def _ended(record: records.Instrument) -> str:
    """In words, or "" for an instrument that nobody ended."""
    if record.rejected:
        return f"rejected by {record.rejected_by}"
    return f"terminated by {record.terminated_by}" if record.terminated else ""


def _fits(instrument: Instrument, agreement: records.Instrument) -> None:
    if problems := instrument.against(parse(agreement.body)):
        raise InstrumentFormError(problems)


def _supersedes(instrument: Instrument, known: Known) -> None:
    old = known.get(instrument.supersedes)
    if old is None:
        raise InstrumentStateError(f"expected to supersede a known instrument, got {instrument.supersedes}")
    parties = parse(old.body).parties
    if old.kind != instrument.kind or set(parties) != set(instrument.parties):
        expected = f"the {instrument.kind} of {listed(instrument.parties)}"
        raise InstrumentStateError(f"expected to supersede {expected}, got the {old.kind} of {listed(parties)}")


def _no_rival(record: records.Instrument, own: bool, known: Known) -> None:
    """A side that signed two successors of one instrument would leave both nodes to guess which one governs."""
    for rival in known.values():
        signed = rival.own_signed if own else rival.partner_signed
        living = signed and not (rival.rejected or rival.terminated)
        if living and rival.supersedes == record.supersedes and rival.digest != record.digest:
            raise InstrumentStateError(f"expected one successor of {record.supersedes}, got also {rival.digest}")
