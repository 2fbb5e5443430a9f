"""A question of the blind search, opened for an auditor: one file that recomputes what both sides wrote down.

The file has the salt and the text that the question's commitment opens to (match keys, width, seed), and what the
question's row says of itself. It says whom the question was about as far as match keys say it, so it is personal data.
That it was written is written down.

Left unchecked: everything. `verify_search` checks it, against exports of the audit logs of both sides.
"""

from typing import Any

from passerelle.core import json
from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import StateError
from passerelle.exchange import notes
from passerelle.identity.keys import b64
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.oversight.statements import digest_of
from passerelle.ports.people import Person
from passerelle.ports.search import OPENINGS, QUESTIONS, Question
from passerelle.ports.store import Writing
from passerelle.search import opening
from passerelle.search.grounds import on

FORMAT = "passerelle-search-opening/1"


def collect(office: Office, who: Person, question: Question) -> bytes:
    """The file. Raises NotAllowedError, StateError when the question's time is over and nothing opens it any more."""
    ctx = office.ctx

    def do(tx: Writing) -> bytes:
        ask(tx, office, who, Action.SEARCH_COMMITMENT, on(question.domain, name=question.id))
        now_is, held = tx.get(QUESTIONS, question.id) or question, tx.get(OPENINGS, question.id)
        if held is None:
            raise StateError(
                f"expected a question whose time is not over, got {question.id[:12]}: the log keeps its digest alone"
            )
        value: dict[str, Any] = {
            "format": FORMAT,
            "by": ctx.name,
            "created": to_iso(ctx.clock.now()),
            "question": facts(now_is),
            "salt": b64(held.salt),
            "opening": opening.text(now_is.id, held.keys, held.seed, now_is.count).decode(),
        }
        value["digest"] = digest_of(value)
        details = {"digest": value["digest"], "handle": now_is.id}
        on_ = f"search/{now_is.id}"
        notes.record(tx, ctx, What.COMMITMENT_OPENED, who.id, on_, details, now_is.dossier)
        return json.canonical(value) + b"\n"

    return ctx.store.write("search.commitment", do)


def facts(question: Question) -> dict[str, Any]:
    """What a question says of itself; the audit log has each of these."""
    kept = ("partner", "index", "channel", "purpose", "basis", "dossier", "audit")
    return {key: getattr(question, key) for key in kept} | {
        "handle": question.id,
        "count": question.count,
        "elements": question.elements.hex(),
        "opening": question.commitment.hex(),
        "asked": to_iso(question.asked),
    }
