"""A trail of the audit log: what is asked of it, that it was asked, and how its records are told.

Rules kept here: a question is written down in the transaction that answers it; who asks about a dossier needs its
domain, who asks about everything needs all of them; words of closed lists are told in the language in use.

Left unchecked: whether the records are proven; `trace.state` says what the log knows of that.
"""

from typing import TYPE_CHECKING, Any

from passerelle.cli.door import (
    permitted,
)
from passerelle.cli.terms import DETAILS, term
from passerelle.core.retold import retold
from passerelle.core.words import _, isolated

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.office.asking import Office
    from passerelle.oversight.audit_reading import Asked, Trace
    from passerelle.ports.people import Person
    from passerelle.ports.store import Reading, Writing


def named(tx: "Reading", office: "Office", who: "Person", dossier: str) -> str:
    """The id of the dossier that is meant; "" for none. Raises NotFoundError."""
    from passerelle.cli.finding import find_dossier
    from passerelle.office.veil import Veil

    return find_dossier(tx, dossier, Veil(tx, office, who)).id if dossier else ""


def allowed(node: "Node", named: str, action: str, dossier: str) -> "Person":
    """He may read, or take out, the log: of a dossier in its domain, else of everything."""
    from passerelle.office import facts
    from passerelle.ports.records import DOSSIERS

    def domain(tx: "Reading") -> str:
        row = tx.get(DOSSIERS, dossier) if dossier else None
        return facts.domain_of(tx, node.ctx, row.channel) if row is not None else "*"

    return permitted(node, named, action, id=dossier, domain=node.store.read(domain))


def moment(text: str, option: str, zone: Any, otherwise: int) -> int:
    """Milliseconds of a day, in the zone, or of a moment; `otherwise` when nothing is said. Raises InputError."""
    from datetime import date, datetime

    from passerelle.core.clock import from_iso
    from passerelle.core.errors import InputError

    if not text:
        return otherwise
    try:
        if len(text) == 10:
            return int(datetime.combine(date.fromisoformat(text), datetime.min.time(), zone).timestamp()) * 1000
        return from_iso(text)
    except (ValueError, InputError):
        raise InputError(f"{option}: expected a day or a moment like 2026-11-21T20:51:49Z, got {text[:40]!r}") from None


def asked_of(node: "Node", dossier: str, **given: Any) -> "Asked":
    """The question that the options make. Raises InputError when a word is not of the vocabulary."""
    from passerelle.core.audit import Operation, What
    from passerelle.core.errors import InputError
    from passerelle.oversight.audit_reading import FAR, Asked

    for word in given["what"]:
        if word not in {one.value for one in What}:
            raise InputError(f"--what: expected a word of the vocabulary like act.released, got {word[:40]!r}")
    if given["operation"] and given["operation"] not in {one.value for one in Operation}:
        known = ", ".join(one.value for one in Operation)
        raise InputError(f"--operation: expected one of {known}, got {given['operation'][:40]!r}")
    start, end = given.pop("start"), given.pop("end")
    return Asked(
        dossier=dossier,
        start=moment(start, "--from", node.office.zone, 0),
        end=moment(end, "--until", node.office.zone, FAR),
        **given,
    )


def trail(node: "Node", asked: "Asked", by: str) -> "list[Trace]":
    """What the log has on a question. That it was asked is written down."""
    from passerelle.core.audit import What
    from passerelle.core.clock import to_iso
    from passerelle.exchange import notes
    from passerelle.oversight import audit_reading
    from passerelle.oversight.audit_reading import FAR

    def work(tx: "Writing") -> "list[Trace]":
        found = audit_reading.find(tx, asked)
        details = {
            "records": len(found),
            **({"person": asked.who} if asked.who else {}),
            **({"words": list(asked.what)} if asked.what else {}),
            **({"operation": asked.operation} if asked.operation else {}),
            **({"from": to_iso(asked.start)} if asked.start else {}),
            **({"until": to_iso(asked.end)} if asked.end < FAR else {}),
        }
        notes.record(tx, node.ctx, What.AUDIT_READ, by, asked.dossier or asked.on or "audit", details, asked.dossier)
        return found

    return node.store.write("audit.read", work)


def trace_value(node: "Node", trace: "Trace") -> dict[str, Any]:
    """A record as it is shown."""
    from passerelle.core.clock import to_iso
    from passerelle.oversight import audit_reading

    one = trace.record
    return {
        "record": one.id,
        "time": to_iso(one.time),
        "what": one.what,
        "operation": audit_reading.operation_of(one),
        "who": one.who,
        "on": one.on,
        "dossier": one.dossier,
        "details": audit_reading.details_of(one),
        "erased": not one.salt,
        "state": trace.state,
        "cosigned_by": list(trace.by),
        "place": audit_reading.where(one, node.ctx.name),
    }


def why(value: dict[str, Any]) -> str:
    """The details of a record in words, or that they are erased."""
    if value["erased"]:
        return _("erased")
    return _detail(value["details"], "; ")


def _detail(value: Any, between: str = ", ") -> str:
    """Details of a record in words: keys and words of closed lists in the language in use, all else as it is."""
    if isinstance(value, dict):
        said = ((_(DETAILS[key]) if key in DETAILS else isolated(key), one) for key, one in value.items())
        return between.join(f"{name}{_(':')} {_detail(one)}" for name, one in said)
    if isinstance(value, list):
        return ", ".join(map(_detail, value))
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return isolated(retold(text) if " " in text else term(text))


def place(text: str) -> str:
    """Where a record stands in the log, in words."""
    if not text:
        return ""
    origin, _block, block, _of, place = text.rsplit(" ", 4)
    return _("{origin}, block {block}, place {place}", origin=origin, block=block, place=place)


def proof(value: dict[str, Any]) -> str:
    """How far a record is proven, and by whom."""
    words = term(value["state"])
    return f"{words}: {', '.join(value['cosigned_by'])}" if value["cosigned_by"] else words
