"""The closed vocabulary of what is written down: `what.happened`. A word that is not here cannot be written."""

from enum import StrEnum


class What(StrEnum):
    """What happened."""

    NODE_CREATED = "node.created"
    NODE_STARTED = "node.started"
    NODE_STOPPED = "node.stopped"
    PARTNER_ADDED = "partner.added"
    PARTNER_CONFIRMED = "partner.confirmed"
    PARTNER_SUSPENDED = "partner.suspended"
    INSTRUMENT_PROPOSED = "instrument.proposed"
    INSTRUMENT_SIGNED = "instrument.signed"
    INSTRUMENT_REJECTED = "instrument.rejected"
    INSTRUMENT_TERMINATED = "instrument.terminated"
    ACT_DRAFTED = "act.drafted"
    ACT_ATTESTED = "act.attested"
    ACT_DISCARDED = "act.discarded"
    ACT_RELEASED = "act.released"
    ACT_REFUSED = "act.refused"
    MESSAGE_WITHDRAWN = "message.withdrawn"
    GENERATION_OPENED = "generation.opened"
    GENERATION_ALLOWED = "generation.allowed"
    EVIDENCE_EXPORTED = "evidence.exported"
    ALARM_SEEN = "alarm.seen"
    DEADLINE_MISSED = "deadline.missed"
    ONCALL_CHANGED = "oncall.changed"


NEVER_EXPORTED = frozenset({What.ACT_ATTESTED})
"""Words whose details stay on this node: an export carries their commitment alone. What an author attests (that no
protection claim is pending, say) tells by its very question what must never reach a partner or a file."""
