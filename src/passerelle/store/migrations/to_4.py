"""Schema 4: relations between persons, dossiers and things, in tables of their own; what is remembered of messages;
services of persons, and to which of them a dossier is addressed.

Of a message with a statement that may have been obtained by ill-treatment this is remembered from schema 4 on, because
it bars use in court and onward use. It is added for those whose contents are still here. From the same contents it is
known to which services of this side dossiers were addressed; nobody was of a service before.
"""

import json as plain_json

import msgspec

from passerelle.core import json
from passerelle.dossiers.rules import RISK
from passerelle.ports.records import CONTENTS, DOSSIERS, MESSAGES, Dossier
from passerelle.ports.store import Writing

_PAGE, _ALL = 500, 100_000
_SAID = b'"risk_of_ill_treatment":true'


def work(tx: Writing) -> None:
    """The new tables are there, new columns have the default of their field; what is remembered is added."""
    address(tx)
    after = None
    while page := tx.scan(CONTENTS, after=after, limit=_PAGE):
        after = (page[-1].message,)
        for content in page:
            if _SAID in content.body:
                _remember(tx, content.message, content.body)


def _remember(tx: Writing, id_: str, body: bytes) -> None:
    message = tx.get(MESSAGES, id_)
    statements = json.parse_object(body, "content").get("statements", ())
    if message is None or not any(one.get("risk_of_ill_treatment") is True for one in statements):
        return
    facts = plain_json.loads(message.facts) if message.facts else {}
    tx.put(MESSAGES, [msgspec.structs.replace(message, facts=plain_json.dumps(facts | {RISK: True}))])


def address(tx: Writing) -> None:
    """The recipients of the partner's acts, to the rows of dossiers."""
    after = None
    while page := tx.scan(DOSSIERS, after=after, limit=_PAGE):
        after = (page[-1].id,)
        tx.put(DOSSIERS, [made for row in page if (made := _addressed(tx, row)) != row])


def _addressed(tx: Writing, row: Dossier) -> Dossier:
    messages = tx.scan(MESSAGES, "by_dossier", (row.id,), limit=_ALL)
    coming = [(one.id,) for one in messages if (one.direction, one.kind, one.state) == ("in", "act", "applied")]
    contents = tx.get_many(CONTENTS, coming).values()
    named = {str(json.parse_object(one.body).get("recipient", "")) for one in contents}
    return msgspec.structs.replace(row, addressed=tuple(sorted(named - {""})))
