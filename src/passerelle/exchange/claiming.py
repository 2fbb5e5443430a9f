"""Dossiers that open with a hit of the blind search: whether the claim is right, and what the other side said of it.

Rules kept here:
- under a channel with a search, an act that opens on a hit bears the index, the reference and the claim, all three; an
  act that may also open without a hit bears all three or none. Under a channel without a search nothing is judged;
- leaving, the reference must not be one that the newest list here withdraws;
- entering, the reference must be one that a table of that index for that partner has, and the claim the one that comes
  of having asked and hit (32 bytes, of which this node keeps a hash, compared in constant time). Else it is refused
  with 8: nobody is followed up, or made known, by guessing a reference;
- a hit is opened when its dossier is, and what the answering side says in the act that the type names is counted once;
  it is no longer when that act was taken back or refused. All of it is derived, in the transaction that changes the
  dossier.

A node that was put back, and lost a table that it had announced, cannot judge what comes of it: it lets it in.

Left unchecked: whether the person is the one of the entry. A person of the index holder compares them. That a claim was
used before: two travellers may share a match key. A correction of an answer is not counted.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.clock import MILLISECONDS_A_DAY, day_of, from_iso
from passerelle.dossiers.types import DossierType
from passerelle.exchange import claims, links
from passerelle.exchange.checks import Check
from passerelle.exchange.judging import Objection
from passerelle.instruments.channel import Channel
from passerelle.ports.records import CONTENTS, MESSAGES, Dossier, Message
from passerelle.ports.search import (
    CLAIMED,
    CLAIMS,
    EPOCHS,
    QUESTIONS,
    SCRIPT_FIGURES,
    SEARCH_FIGURES,
    SEARCH_HITS,
    WITHDRAWALS,
    Claimed,
    Epoch,
    ScriptFigure,
    SearchFigure,
    SearchHit,
)
from passerelle.ports.store import Reading, Writing

FIELDS = ("index", "reference", "claim")
ASKED, ANSWERED = "asked", "answered"
"""The sides of figures: this node asked, or it was asked."""
_ALL = 100_000
_KEPT = ("current", "past", "over")  # states of epochs whose claims are here
_PUBLISH = "index.publish"
_AFTER = 7 * MILLISECONDS_A_DAY  # so long claims are known after a table has run out
_DIGITS = {"reference": 16, "claim": 64}


# -- judging -----------------------------------------------------------------------------------------------------------


def judged(
    tx: Reading,
    kind: DossierType,
    content: dict[str, Any],
    channel: Channel,
    partner: str,
    *,
    leaving: bool,
    written: int = 0,
) -> list[Objection]:
    """What stands against the claim of an act of this type, under this channel; nothing where it has none to bear.

    `written`: when it was (ms).
    """
    if kind.search is None or content["act"] != kind.search.opens or channel.search is None:
        return []
    body = content["body"]
    if "claim" not in body and not kind.search.always:
        return []
    if lacking := [name for name in FIELDS if name not in body]:
        return [_objection(f"claim: expected {', '.join(FIELDS)} of a hit, got no {', '.join(lacking)}")]
    if leaving:
        return _withdrawn(tx, partner, body["index"], body["reference"])
    if behind(tx, partner, body["index"], body["reference"], body["claim"]):
        return []
    if _lost(tx, partner, body["index"], written):
        return []
    return [
        _objection(f"claim: expected one of a reference of index {str(body['index'])[:64]} that was hit, got another")
    ]


def _withdrawn(tx: Reading, partner: str, index: str, reference: str) -> list[Objection]:
    """A draft may be older than the list that withdraws what it is about: then nobody is named to the partner."""
    newest = tx.get(WITHDRAWALS, partner, index)
    if newest is None or claims.named(reference, newest.salt) not in newest.references:
        return []
    return [_objection(f"claim: expected a reference of index {index} that counts, got one that {partner} withdrew")]


def _lost(tx: Reading, partner: str, index: str, written: int) -> bool:
    """Whether a table of the index that was announced by then is not known any more: this node was put back to before.

    What came of it was right when it came, and must not be refused when it comes again.
    """
    log = links.current(tx, partner, "out", "governance")
    if log is None or log.generation == 1:
        return False
    sent = tx.scan(MESSAGES, "by_queue", (partner, "out", "governance", "sequenced"), limit=_ALL)
    for one in sent:
        held = tx.get(CONTENTS, one.id) if one.kind == _PUBLISH else None
        text = str(json.parse_object(held.body).get("manifest", "")) if held else ""
        if not text or tx.get(EPOCHS, hashlib.sha256(text.encode()).hexdigest()) is not None:
            continue
        manifest = json.parse_object(text)
        first, last = (from_iso(manifest[name]) for name in ("published", "expires"))
        if manifest["index"] == index and first <= written <= last + _AFTER:
            return True
    return False


def _objection(words: str) -> Objection:
    return Objection(Check.CHANNEL, words)


def behind(tx: Reading, partner: str, index: str, reference: str, claim: str) -> tuple[Epoch, tuple[int, ...]] | None:
    """The epoch that has this reference and the numbers of the entries behind it, when the claim is right."""
    if any(len(text) != _DIGITS[what] for what, text in (("reference", reference), ("claim", claim))):
        return None
    number, proof = int(reference, 16), bytes.fromhex(claim)
    kept = [one for state in _KEPT for one in tx.scan(EPOCHS, "by_state", (state,), limit=_ALL)]
    for epoch in kept:
        if (epoch.index, epoch.partner) != (index, partner):
            continue
        part = tx.get(CLAIMS, epoch.id, claims.part_of(number, epoch.count))
        if part is not None and (found := claims.claimed(part.body, number, proof)):
            return epoch, found
    return None


# -- what becomes of it ------------------------------------------------------------------------------------------------


def follows(kind: DossierType, act: str) -> bool:
    """Whether an act opens a dossier on a hit, or answers one."""
    return kind.search is not None and act in (kind.search.opens, kind.search.answers.act)


def settle(
    tx: Writing, own: str, kind: DossierType, row: Dossier, acts: Iterable[Message], fresh: Mapping[str, dict[str, Any]]
) -> None:
    """Bring the hits or the claim of a dossier up to what its acts say. `acts`: those that count, the oldest first.

    `own`: the name of this node; `fresh`: contents of this transaction, by message.
    """
    if kind.search is None:
        return
    counting = list(acts)
    openings = [one for one in counting if one.act == kind.search.opens]
    # Who asked does not answer himself: some types have one act of this name for both sides.
    answers = [one for one in counting if (one.direction == "in") == (row.opener == own)]
    if row.opener == own:
        _settle_asked(tx, kind, row, answers, openings, fresh)
    else:
        for one in openings:
            _claimed(tx, row, one, fresh)
        for there in tx.scan(CLAIMED, "by_dossier", (row.id,), limit=_ALL):
            state = _said(tx, kind, answers, fresh, there.state)
            if state != there.state:
                tx.put(CLAIMED, [msgspec.structs.replace(there, state=state)])
                _recount(tx, ANSWERED, there.partner, there.index, there.time, there.state, state)


def _settle_asked(
    tx: Writing,
    kind: DossierType,
    row: Dossier,
    answers: list[Message],
    openings: list[Message],
    fresh: Mapping[str, dict[str, Any]],
) -> None:
    known = {hit.draft: hit for hit in tx.scan(SEARCH_HITS, "by_dossier", (row.id,), limit=_ALL)}
    for one in openings:
        known |= {hit.draft: hit for hit in tx.scan(SEARCH_HITS, "by_draft", (one.id,), limit=_ALL)}
    names = {one.id for one in openings}
    for hit in known.values():
        counts = hit.draft in names
        state = _said(tx, kind, answers, fresh, hit.state) if counts else "unverified"
        made = msgspec.structs.replace(
            hit, state=state, dossier=row.id if counts else "", draft=hit.draft if counts else ""
        )
        if made == hit:
            continue
        question = tx.get(QUESTIONS, hit.question)
        if state == "unverified" and (question is None or question.state == "over"):
            tx.delete(SEARCH_HITS, [(hit.question, hit.number)])
        else:
            tx.put(SEARCH_HITS, [made])
        _recount(tx, ASKED, hit.partner, hit.index, hit.asked, hit.state, state)
        more = {word: (state == word) - (hit.state == word) for word in ("confirmed", "rejected")}
        tally_script(tx, hit.partner, hit.index, hit.asked, hit.script, **more)


def _claimed(tx: Writing, row: Dossier, message: Message, fresh: Mapping[str, dict[str, Any]]) -> None:
    """The partner opened a dossier by a claim: it is kept whose, while the table that has it is."""
    body = fresh.get(message.id, {}).get("body", {})
    if "claim" not in body or tx.get(CLAIMED, message.id) is not None:
        return
    found = behind(tx, row.partner, body["index"], body["reference"], body["claim"])
    if found is None:
        return
    epoch, entries = found
    made = Claimed(
        message=message.id,
        dossier=row.id,
        partner=row.partner,
        index=body["index"],
        epoch=epoch.id,
        reference=body["reference"],
        time=message.noted,
        entries=tuple(map(str, entries)),
    )
    tx.add(CLAIMED, [made])
    tally(tx, ANSWERED, made.partner, made.index, made.time, hits=1, opened=1)


def _said(
    tx: Reading, kind: DossierType, answers: Iterable[Message], fresh: Mapping[str, dict[str, Any]], before: str
) -> str:
    """What the newest answer that says it says of a hit: opened (nothing yet) | confirmed | rejected.

    An answer whose content was erased says what it said before.
    """
    rule = kind.search.answers if kind.search else None
    state = "opened"
    for one in answers:
        if rule is None or one.act != rule.act:
            continue
        content = fresh.get(one.id) or _content(tx, one)
        if content is None:
            state = before
            continue
        word = content.get("body", {}).get(rule.field)
        state = "confirmed" if word in rule.confirmed else "rejected" if word in rule.rejected else state
    return state


def _content(tx: Reading, message: Message) -> dict[str, Any] | None:
    held = tx.get(CONTENTS, message.id)
    return json.parse_object(held.body) if held else None


def drafted(tx: Writing, hit: SearchHit, draft: str) -> None:
    """A draft would open a dossier on a hit."""
    tx.put(SEARCH_HITS, [msgspec.structs.replace(hit, draft=draft)])


def discarded(tx: Writing, draft: str) -> None:
    """A draft was thrown away: what it would have opened waits as before."""
    for hit in tx.scan(SEARCH_HITS, "by_draft", (draft,), limit=_ALL):
        if hit.state == "unverified":
            tx.put(SEARCH_HITS, [msgspec.structs.replace(hit, draft="")])


# -- figures -----------------------------------------------------------------------------------------------------------


def tally(tx: Writing, side: str, partner: str, index: str, moment: int, **more: int) -> None:
    """Add to the counts of an index and the UTC month of a moment (ms): fields of `SearchFigure`, less than 0 too."""
    month = day_of(moment)[:7]
    row = tx.get(SEARCH_FIGURES, side, partner, index, month)
    row = row or SearchFigure(side=side, partner=partner, index=index, month=month)
    tx.put(SEARCH_FIGURES, [msgspec.structs.replace(row, **{name: getattr(row, name) + n for name, n in more.items()})])


def tally_script(tx: Writing, partner: str, index: str, moment: int, script: str, **more: int) -> None:
    """Add to the counts of hits by the script of the name: fields of `ScriptFigure`."""
    month = day_of(moment)[:7]
    row = tx.get(SCRIPT_FIGURES, partner, index, month, script)
    row = row or ScriptFigure(partner=partner, index=index, month=month, script=script)
    if any(more.values()):
        tx.put(
            SCRIPT_FIGURES, [msgspec.structs.replace(row, **{name: getattr(row, name) + n for name, n in more.items()})]
        )


def _recount(tx: Writing, side: str, partner: str, index: str, moment: int, before: str, now: str) -> None:
    """A hit changed its state: opened stays counted beside confirmed and rejected."""
    more = {"opened": (now != "unverified") - (before != "unverified")}
    for word in ("confirmed", "rejected"):
        more[word] = (now == word) - (before == word)
    if any(more.values()):
        tally(tx, side, partner, index, moment, **more)
