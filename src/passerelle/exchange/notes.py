"""What a node writes down for persons: audit records of what happened, alarms of what must be looked at.

An audit record's details are committed to by a salted hash, so that the record can be proven later and its details can
be erased by retention. The commitment of a release travels with the act as the sender's attestation of four eyes.
"""

import os
from collections.abc import Mapping

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.exchange.context import Context
from passerelle.ledger import entry as entries
from passerelle.ports.records import ALARMS, AUDITS, Alarm, Audit
from passerelle.ports.store import Writing


def make_record(time: int, what: What, who: str, on: str, details: Mapping[str, object]) -> Audit:
    """An audit record, not stored yet. `time` in milliseconds."""
    body = json.canonical({"time": time, "what": what.value, "who": who, "on": on, **details})
    salt = os.urandom(entries.SALT)
    return Audit(
        id=ids.new_id(),
        time=time,
        what=what.value,
        who=who,
        on=on,
        salt=salt,
        details=body,
        commitment=entries.commit(salt, body),
    )


def record(tx: Writing, ctx: Context, what: What, who: str, on: str, details: Mapping[str, object]) -> Audit:
    """Write down what happened."""
    made = make_record(ctx.clock.now(), what, who, on, details)
    tx.add(AUDITS, [made])
    return made


def alarm(tx: Writing, ctx: Context, what: str, partner: str, text: str) -> None:
    """Write down something that persons must look at."""
    tx.add(ALARMS, [Alarm(id=ids.new_id(), time=ctx.clock.now(), what=what, partner=partner, text=text)])
