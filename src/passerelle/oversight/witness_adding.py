"""Adding and removing witnesses of the node's audit log: by persons, who have compared the fingerprint by voice."""

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import IdentityError, InputError, NotFoundError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.identity import fingerprint as fingerprints
from passerelle.identity import witness as identities
from passerelle.identity.witness import WitnessIdentity
from passerelle.ports.audit import WATCHES, WITNESSES, Witness
from passerelle.ports.records import PARTNERS
from passerelle.ports.store import Writing


def add(ctx: Context, body: bytes, compared: str, who: str) -> WitnessIdentity:
    """Have this witness cosign the log. `compared`: the fingerprint that its people read out.

    A known witness's file is replaced. Raises IdentityError for another fingerprint, InputError for a name in use.
    """
    made = identities.parse(body)
    if not fingerprints.matches(compared, made.name, made.fingerprint):
        raise IdentityError(f"expected the fingerprint of the file of {made.name}, got another: nothing is added")

    def work(tx: Writing) -> WitnessIdentity:
        if made.name == ctx.name or tx.get(PARTNERS, made.name) is not None:
            raise InputError(f"expected a witness with a name of its own, got {made.name}, the name of a node")
        tx.put(WITNESSES, [Witness(made.name, body, made.fingerprint, "active", ctx.clock.now(), who)])
        tx.delete(WATCHES, [(made.name,)])  # what was wrong with it before is over
        notes.record(tx, ctx, What.WITNESS_ADDED, who, made.name, {"fingerprint": made.fingerprint})
        return made

    return ctx.store.write("witness.add", work)


def remove(ctx: Context, name: str, who: str) -> None:
    """Show the log to this witness no more; what it has cosigned stays. Raises NotFoundError."""

    def work(tx: Writing) -> None:
        there = tx.get(WITNESSES, name)
        if there is None or there.status != "active":
            raise NotFoundError(f"expected a witness of this node, got {name[:64]!r}")
        changed = msgspec.structs.replace(there, status="removed", changed=ctx.clock.now(), changed_by=who)
        tx.put(WITNESSES, [changed])
        tx.delete(WATCHES, [(name,)])
        notes.record(tx, ctx, What.WITNESS_REMOVED, who, name, {"fingerprint": there.fingerprint})

    ctx.store.write("witness.remove", work)
