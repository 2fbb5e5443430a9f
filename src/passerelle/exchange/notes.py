"""What a node writes down for persons: audit records of what happened, alarms of what must be looked at.

An audit record's details are committed to by a salted hash, so that the record can be proven later and its details can
be erased by retention. The commitment of a release travels with the act as the sender's attestation of four eyes. A
record names the dossier that it is about, whatever else it is on, so that a dossier's trail is whole; its details say
which, or a record could be moved out of a trail in the store with nothing to tell. Its place in the audit log is given
later, in a transaction of its own: nobody waits for it.
"""

import os
from collections.abc import Mapping

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.exchange.context import Context
from passerelle.ledger import entry as entries
from passerelle.ports.records import ALARMS, AUDITS, DOSSIERS, MESSAGES, Alarm, Audit
from passerelle.ports.store import Reading, Writing
from passerelle.ports.work import DRAFTS

_ITSELF = frozenset(("time", "what", "who", "on", "dossier"))


def make_record(time: int, what: What, who: str, on: str, details: Mapping[str, object], dossier: str = "") -> Audit:
    """An audit record, not stored yet. `time` in milliseconds. `details` say nothing that the record itself says."""
    if taken := _ITSELF & details.keys():
        raise TypeError(f"details: expected keys beside those of the record, got {', '.join(sorted(taken))}")
    about = {"dossier": dossier} if dossier else {}
    body = json.canonical({"time": time, "what": what.value, "who": who, "on": on, **about, **details})
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
        dossier=dossier,
    )


def record(
    tx: Writing, ctx: Context, what: What, who: str, on: str, details: Mapping[str, object], dossier: str = ""
) -> Audit:
    """Write down what happened. `dossier`: the one that it is about, found by `on` where it is not given."""
    made = make_record(ctx.clock.now(), what, who, on, details, dossier or _dossier(tx, on))
    tx.add(AUDITS, [made])
    return made


def _dossier(tx: Reading, on: str) -> str:
    """The dossier of a dossier, a message or a draft, named by its id or as `kind/id`; of anything else none."""
    on = on.rpartition("/")[2]
    if not ids.is_id(on):
        return ""
    if (message := tx.get(MESSAGES, on)) is not None:
        return message.dossier
    if (draft := tx.get(DRAFTS, on)) is not None:
        return draft.dossier
    known = tx.get(DOSSIERS, on) is not None or tx.scan(DRAFTS, "by_dossier", (on,), limit=1)
    return on if known else ""


def alarm(tx: Writing, ctx: Context, what: str, partner: str, text: str, *, once: str = "") -> None:
    """Write down something that persons must look at; `once`: only the first time it is said of this."""
    if once:
        name = f"{what}/{once}"
        if tx.get(ALARMS, name) is None:
            tx.put(ALARMS, [Alarm(id=name, time=ctx.clock.now(), what=what, partner=partner, text=text)])
        return
    tx.add(ALARMS, [Alarm(id=ids.new_id(), time=ctx.clock.now(), what=what, partner=partner, text=text)])
