"""Corrections held against the message that they correct: what it says afterwards must be what could have been sent.

Both ends judge alike, from the content that they keep: as it was sent, with the corrections that the author of the new
one had seen. What is told: what the type finds wrong with it (check 9) and the channel (check 8), and did not before.

Left unchecked: whether the dossier allows the act, and whose message it names (check 10, by `cases`). Where a content
that is needed is gone, nothing is judged: nobody here reads it any more.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from passerelle.core import json
from passerelle.dossiers import corrections
from passerelle.dossiers.problem import Problem
from passerelle.dossiers.types import DossierType
from passerelle.exchange.checks import Check
from passerelle.exchange.judging import Objection, guarded
from passerelle.ports.records import CONTENTS, Message
from passerelle.ports.store import Reading

Parsed = Mapping[str, dict[str, Any]]
Weigh = Callable[[dict[str, Any], int], list[Objection]]


def judged(
    tx: Reading,
    kind: DossierType,
    content: dict[str, Any],
    message: Message,
    earlier: Iterable[str],
    fresh: Parsed,
    weigh: Weigh,
) -> list[Objection]:
    """What stands against the corrections of `content`.

    `message`: what they correct; `earlier`: the messages that corrected it before, in their order; `fresh`: contents by
    message of those that this transaction takes in. `weigh`: what channel and type say of a content of a time.
    """
    if kind.acts[message.act].corrects:
        wrong = Problem("body.message", "a message that is no correction: that one is corrected again", message.act)
        return [Objection(Check.CONTENT, str(wrong))]
    texts = _contents(tx, (message.id, *earlier), fresh)
    if texts is None:
        return []
    time = message.time or message.noted
    was: Mapping[str, Any] = texts[0]
    for one in texts[1:]:
        was, _ = corrections.corrected(was, one["body"]["corrections"], kind)
    made, wrongs = corrections.corrected(was, content["body"]["corrections"], kind)
    if wrongs:
        return [Objection(Check.CONTENT, str(one)) for one in wrongs]
    if found := guarded(lambda: corrections.problems(was, made, kind, now=time)):
        return found
    known = {one.words for one in weigh(dict(was), time)}
    return [one for one in weigh(dict(made), time) if one.words not in known]


def _contents(tx: Reading, names: Iterable[str], fresh: Parsed) -> list[dict[str, Any]] | None:
    """The contents of messages, or None when one is gone."""
    wanted = list(names)
    kept = tx.get_many(CONTENTS, [(one,) for one in wanted if one not in fresh])
    if len(kept) + sum(one in fresh for one in wanted) < len(wanted):
        return None
    return [fresh[one] if one in fresh else json.parse_object(kept[one,].body, "content") for one in wanted]
