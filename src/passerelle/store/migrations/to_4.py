"""Schema 4: relations between persons, dossiers and things, in tables of their own; what is remembered of messages.

Of a message with a statement that may have been obtained by ill-treatment this is remembered from schema 4 on, because
it bars use in court and onward use. It is added for those whose contents are still here.
"""

import json as plain_json

import msgspec

from passerelle.core import json
from passerelle.dossiers.rules import RISK
from passerelle.ports.records import CONTENTS, MESSAGES
from passerelle.ports.store import Writing

_PAGE = 500
_SAID = b'"risk_of_ill_treatment":true'


def work(tx: Writing) -> None:
    """The new tables are there, new columns have the default of their field; what is remembered is added."""
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
