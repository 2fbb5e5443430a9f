"""Ways to break what no schema says, one constraint each: persons, days, handling, demands, checks, files, the channel.

    for bad in beyond(sample, side, act, content): bad.check, bad.path, bad.change(content)

What a schema says is broken by `generate.breakings`. `content` is valid; each change leaves it valid but for one thing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from passerelle.dossiers import texts
from passerelle.dossiers.checks import Apart, AsPerson, InOrder, OneOf, PublicAddress, Refers
from passerelle.dossiers.checks_persons import Ascribed, MinorsOnly, NoStatements, PersonsWithout, Protected
from passerelle.dossiers.rules import Side
from passerelle.dossiers.types import ActType
from tests.types import Sample
from tests.unit.dossiers.samples import PHOTO, Content, statement

PAST, FUTURE = "1999-01-01", "2045-01-01"
OVER = {"opener": "confidential", "answerer": "confidentiel"}
Change = Callable[[Content], None]


@dataclass(frozen=True)
class Bad:
    """One broken constraint: the check that refuses it, the field that is told, the lane it takes."""

    check: str
    path: str
    change: Change
    lane: str = "routine"


def put(value: Any, *steps: str | int) -> Change:
    """A change that sets what stands at the end of the steps."""

    def change(content: Content) -> None:
        at: Any = content
        for step in steps[:-1]:
            at = at[step]
        at[steps[-1]] = value

    return change


def beyond(sample: Sample, side: Side, act: ActType, content: Content) -> Iterator[Bad]:
    """Each way to break something that is not said in a schema."""
    yield from _envelope(sample, side, act, content)
    yield from _persons(act, content)
    yield from _handling(sample, content)
    yield from _statements(sample, act, content)
    yield from _days(act, content)
    yield from _demands(act, content)
    yield from _checks(act, content)
    yield from _protected(act, content)
    yield from _figures(act, content)
    yield from _files(act)
    for word in sample.kind.unsaid[:2]:
        yield Bad("9", "necessity", put(f"Voir {word.rstrip('*')}", "necessity"))


def _envelope(sample: Sample, side: Side, act: ActType, content: Content) -> Iterator[Bad]:
    yield Bad("7", "channel", put("f" * 64, "channel"))
    yield Bad("8", "purpose", put("no-such-purpose", "purpose"))
    yield Bad("8", "basis", put("99(9)", "basis"))
    yield Bad("8", "recipient", put("nobody", "recipient"))
    yield Bad("8", "classification", put(OVER[side], "classification"))
    yield Bad("8", "retention", put(FUTURE, "retention"))
    yield Bad("9", "retention", put(PAST, "retention"))
    yield Bad("9", "act", put("no-such-act", "act"))
    if act.opening:
        yield Bad("9", "after", put([content["dossier"]], "after"))
    if act.four_eyes:
        yield Bad("8", "four_eyes", put(content["four_eyes"]["author"], "four_eyes", "releaser"))
    if "flash" not in act.lanes:
        yield Bad("8", "lane", lambda content: None, "flash")
    other = next((one for one in sample.kind.acts.values() if one.by not in (side, "either") and not one.refers), None)
    if other and not other.opening and not act.opening:
        yield Bad("9", "act", _instead(other, sample.act(other.name)["body"]))


def _instead(act: ActType, body: Content) -> Change:
    """Another act in place of this one."""

    def change(content: Content) -> None:
        message = {"message": content["id"]} if "message" in act.schema.get("required", ()) else {}
        content.update(act=act.name, body={**body, **message}, subjects=[], statements=[])

    return change


def _persons(act: ActType, content: Content) -> Iterator[Bad]:
    rule, persons = act.subjects, content.get("subjects", [])
    if rule.min:
        yield Bad("9", "subjects", put([], "subjects"))
    person = persons[0] if persons else _person(act)
    surplus = [{**person, "key": f"p{number}"} for number in range(1, rule.max + 2)]
    if rule.max < 50:
        yield Bad("9", "subjects", put(surplus, "subjects"))
    if not persons:
        return
    yield Bad("9", "subjects[0].minor", put("yes" if person["minor"] != "yes" else "no", "subjects", 0, "minor"))
    others = {"suspect", "relative", "listed", "convicted"} - rule.categories
    for category in sorted(others)[:1]:
        yield Bad("9", "subjects[0].category", put(category, "subjects", 0, "category"))
    for name in rule.needs:
        if name != "births":  # without a birth the minor flag is another one, too
            yield Bad("9", f"subjects[0].{name}", lambda content, name=name: content["subjects"][0].pop(name))
    for name in rule.without:
        value = {"note": "x", "sex": "unknown", "nationalities": ["BE"], "nationalities_text": "x"}.get(name)
        if value is not None:
            yield Bad("9", f"subjects[0].{name}", put(value, "subjects", 0, name))
    if rule.max > 1:
        yield Bad("9", "subjects[1].key", put([*persons[:1], person], "subjects"))
    if "births" in person:
        wrong = {"date": "2025-02-30", "calendar": "gregorian", "kind": "exact"}
        for value in (wrong, {**wrong, "date": FUTURE}, {**wrong, "date": "1399"}):
            births = [*person["births"], value]
            yield Bad("9", f"subjects[0].births[{len(births) - 1}].date", put(births, "subjects", 0, "births"))
    if "documents" not in rule.without:
        paper = {"kind": "passport", "number": "ZZ1", "issued": "2020-01-01", "expires": "2019-01-01"}
        yield Bad("9", "subjects[0].documents[0].expires", put([paper], "subjects", 0, "documents"))


def _person(act: ActType) -> Content:
    return {"category": min(act.subjects.categories, default="suspect"), "minor": "doubt"}


def _handling(sample: Sample, content: Content) -> Iterator[Bad]:
    rule, codes = sample.kind.handling, content["handling"]
    for code in rule.always:
        rest = [one for one in codes if one != code]
        if rest:
            yield Bad("9", "handling", put(rest, "handling"))
    for code in sorted({"H0", "H1", "H2", "H3"} - rule.allowed)[:1]:
        yield Bad("9", "handling", put([*codes, code], "handling"))
    if "H3" not in codes:
        yield Bad("9", "handling_note", put("x", "handling_note"))
        if "H3" in rule.allowed:
            yield Bad("9", "handling_note", put([*codes, "H3"], "handling"))


def _statements(sample: Sample, act: ActType, content: Content) -> Iterator[Bad]:
    made = statement(about=[])
    if not sample.kind.statements or any(isinstance(one, NoStatements) for one in act.checks):
        yield Bad("9", "statements", put([made], "statements"))
        return
    apart = any(isinstance(one, Apart) for one in act.checks)
    unknown = statement(about=["p999"])
    yield Bad("9" if act.opening or apart else "10", "statements[0].about[0]", put([unknown], "statements"))
    if not sample.kind.privileged:
        yield Bad("9", "statements[0].privileged", put([{**made, "privileged": "lawyer"}], "statements"))
    if not {"H1", "H2"} <= set(content["handling"]):
        risk = {**made, "risk_of_ill_treatment": True}
        yield Bad("9", "handling", put([risk], "statements"))


def _days(act: ActType, content: Content) -> Iterator[Bad]:
    for steps, when in act.dated:
        places = list(_places(content["body"], steps, ("body",)))
        for place in places[:1]:
            value = FUTURE if when == "past" else PAST
            yield Bad("9", _text(place), put(value, *place))


def _places(value: Any, steps: tuple[str, ...], done: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if not steps:
        yield done
    elif steps[0] == "*":
        for number, item in enumerate(value):
            yield from _places(item, steps[1:], (*done, number))
    elif steps[0] in value:
        yield from _places(value[steps[0]], steps[1:], (*done, steps[0]))


def _text(steps: tuple[str | int, ...]) -> str:
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in steps)[1:]


def _demands(act: ActType, content: Content) -> Iterator[Bad]:
    body = content["body"]
    for demand in act.demands:
        if not demand.when.holds(content):
            continue
        for name in demand.then.fields:
            if name in body and name not in act.schema.get("required", ()):
                yield Bad("9", f"body.{name}", lambda content, name=name: content["body"].pop(name))
        for code in demand.then.handling:
            rest = [one for one in content["handling"] if one != code]
            if rest:
                yield Bad("9", "handling", put(rest, "handling"))
        if demand.then.persons and not act.subjects.min:
            yield Bad("9", "subjects", put([], "subjects"))


def _checks(act: ActType, content: Content) -> Iterator[Bad]:
    body = content["body"]
    for check in act.checks:
        if isinstance(check, InOrder):
            there = [name for name in check.fields if name in body]
            if len(there) > 1 and body[there[0]] < body[there[-1]]:
                yield Bad("9", f"body.{there[-1]}", _exchange(there[0], there[-1]))
        elif isinstance(check, PublicAddress):
            for name in check.fields:
                for value in ("ftp://example.org/a", "http://localhost/a", "https://a:b@example.org/"):
                    if isinstance(body.get(name), str):
                        yield Bad("9", f"body.{name}", put(value, "body", name))
        elif isinstance(check, Refers):
            for way in check.uses:
                for steps, _ in list(texts.at(content, tuple(way.split("."))))[:1]:
                    yield Bad("9", _text(steps), put("p998", *steps))
        elif isinstance(check, AsPerson) and content.get("subjects"):
            yield Bad("9", f"subjects[0].{check.of}", put(["QQ"], "subjects", 0, check.of))
        elif isinstance(check, OneOf) and check.least:
            required = set(act.schema.get("required", ()))
            if not required & set(check.fields) and any(name in body for name in check.fields):
                yield Bad("9", "body", lambda content, check=check: _without(content, check.fields))


def _protected(act: ActType, content: Content) -> Iterator[Bad]:
    """Rules about persons, broken for the first one whom they are about."""
    persons = content.get("subjects", [])
    for check in act.checks:
        if isinstance(check, Protected) and persons:
            victim = {**persons[0], "category": check.categories[0]} if check.categories else persons[0]
            if victim["category"] in act.subjects.categories and {*content["handling"]} - {*check.handling}:
                rest = [one for one in content["handling"] if one not in check.handling]
                yield Bad("9", "handling", _with(put([victim], "subjects"), put(rest, "handling")))
        elif isinstance(check, PersonsWithout) and persons and persons[0]["category"] in check.categories:
            paper = [{"kind": "residence", "number": "ZZ1"}]
            value = {"documents": paper, "nationalities_text": "x", "note": "x"}[check.fields[0]]
            yield Bad("9", f"subjects[0].{check.fields[0]}", put(value, "subjects", 0, check.fields[0]))
        elif isinstance(check, MinorsOnly) and persons:
            grown = {"date": "1980", "calendar": "gregorian", "kind": "exact"}
            born = {"births": [grown], "minor": "no"} if act.name in check.acts else {"births": [], "minor": "doubt"}
            other = {key: value for key, value in {**persons[0], **born}.items() if value}
            yield Bad("9", "subjects[0].minor", put(other, "subjects", 0))
        elif isinstance(check, Ascribed) and persons and persons[0]["category"] in check.categories:
            alone = [{**one, "who": ["p999"]} for one in content["body"][check.field]]
            yield Bad("9", "subjects[0]", put(alone, "body", check.field))


def _with(*changes: Change) -> Change:
    def change(content: Content) -> None:
        for one in changes:
            one(content)

    return change


def _figures(act: ActType, content: Content) -> Iterator[Bad]:
    for rule in act.figures:
        for figure, value in ((rule.at_least, "P1D"), (rule.at_most, "P99Y")):
            if figure and rule.field in content["body"]:
                yield Bad("8", f"body.{rule.field}", put(value, "body", rule.field))


def _exchange(one: str, two: str) -> Change:
    def change(content: Content) -> None:
        body = content["body"]
        body[one], body[two] = body[two], body[one]

    return change


def _without(content: Content, names: tuple[str, ...]) -> None:
    for name in names:
        content["body"].pop(name, None)


def _files(act: ActType) -> Iterator[Bad]:
    if not act.attachments.most:
        yield Bad("9", "attachments", put([PHOTO], "attachments"))
        return
    media = min(act.attachments.media)
    good = {**PHOTO, "media": media}
    if act.attachments.most < 20:
        many = [{**good, "address": f"{number:064x}"} for number in range(act.attachments.most + 1)]
        yield Bad("9", "attachments", put(many, "attachments"))
    yield (
        Bad("9", "attachments[1].address", put([good, good], "attachments"))
        if act.attachments.most > 1
        else Bad("9", "attachments[0].address", put([{**good, "address": "x"}], "attachments"))
    )
    other = next((one for one in ("audio/mp4", "image/jpeg") if one not in act.attachments.media), "")
    if other:
        yield Bad("9", "attachments[0].media", put([{**good, "media": other}], "attachments"))
