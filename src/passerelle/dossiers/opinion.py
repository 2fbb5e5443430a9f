"""Offences of opinion: an act that names one waits for a second approver, on whichever node it leaves.

Which words name such an offence is data (`opinion` in `common.toml`), in four languages; which fields name an offence
the schemas say (`x-offence`), and which words of a closed list are one. The words are found as those that a type leaves
unsaid (`unsaid`). The list stands among what all types share, so both sides have the same one, and the receiver sees
that the second approver was there (check 9): `four_eyes.second`, neither author nor releaser, who are two persons, too.

A match refuses nothing: whether it is opinion alone (Human Rights Committee, general comment 34; Rabat Plan of Action)
is for three persons to judge, on a request that says what was done.

Left unchecked: an offence of opinion under another name; the receiver's review and the ground `opinion` are for that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from passerelle.dossiers.problem import Problem, place
from passerelle.dossiers.shapes import ActType, DossierType
from passerelle.dossiers.texts import at
from passerelle.dossiers.unsaid import said_in

NOBODY_YET = "-"
"""Stands for a person in an act that is judged before that one is known; no act that arrives has it."""


def found(content: Mapping[str, Any], kind: DossierType) -> tuple[str, ...]:
    """The fields of a content, also of one being written, that name an offence of opinion: `body.warrant.offence`."""
    act = kind.acts.get(content.get("act", ""))
    return tuple(_found(content, act, kind.opinion)) if act else ()


def _found(content: Mapping[str, Any], act: ActType, words: tuple[str, ...]) -> Iterator[str]:
    for way, listed in act.offences:
        for steps, text in at(content.get("body", {}), way, ("body",)):
            if text in listed if listed else isinstance(text, str) and said_in(text, words):
                yield place(steps)


def problems(content: Mapping[str, Any], kind: DossierType) -> Iterator[Problem]:
    """What the release of a content lacks: a second approver where one is due, who is neither author nor releaser."""
    eyes = content["four_eyes"]
    second = eyes.get("second")
    for where in found(content, kind):
        if second is None:
            yield Problem("four_eyes.second", f"a second approver, as {where} names an offence of opinion", "nothing")
        if eyes["author"] == eyes["releaser"]:
            expected = f"another person than the author, as {where} names an offence of opinion"
            yield Problem("four_eyes.releaser", expected, eyes["author"])
    if second not in (None, NOBODY_YET) and second in (eyes["author"], eyes["releaser"]):
        yield Problem("four_eyes.second", "another person than author and releaser", second)
