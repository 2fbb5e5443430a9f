"""Whether one content of kind "act" is valid for its type (check 9), by itself: no dossier, no channel, no store.

    for problem in problems(content, kind, now=now): ...

In this order:
1. the form: envelope and body against their JSON Schemas. What follows relies on it, so it ends here if it fails;
2. the act: `type`, `act`, an opening one has nothing before it, a message is not after itself;
3. days: those marked past or future, births and documents by calendar; judged on the day of `now` wherever on Earth
   that may be, so that no time zone makes an honest act fail;
4. persons: number, category and fields as the type says, keys that differ, the minor flag as the births give it;
5. statements and body: persons that exist; privileged material only where the type takes it, and material with a risk
   of ill-treatment only with the codes that bar court and onward use (H1, H2);
6. attachments: as many and of the kinds that the act may bear, each address once;
7. handling: the note of H3 is there exactly when H3 is; the codes that the type allows, and those that it always wants;
8. what the type demands for certain persons or words (`demands`), its content rules (`checks`), the words that it
   leaves unsaid (`unsaid`), and a second approver for an offence of opinion (`opinion`).

`now` is the moment of the entry (the time of writing for a draft), never that of checking later: a content that was
valid stays so. The minor flag may also be the one of the day on which the id was made, at most 40 days before `now`: a
birthday between writing and sending refuses nobody.

Left unchecked: whether the channel allows it (check 8) and the dossier's state (check 10); persons that statements and
body of a later act name may stand in earlier acts, so `state.refusals` looks for them. Whether a text is true, whether
a country code is given to a country, whether a name is written in the script it names.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from passerelle.core.clock import MILLISECONDS_A_DAY, day_of
from passerelle.dossiers import opinion, texts, unsaid
from passerelle.dossiers.dates import OLDEST, born, days_of, minor_of, years_before
from passerelle.dossiers.problem import Problem, place, shown
from passerelle.dossiers.rules import CATEGORIES, OPINION, RISK, WESTMOST
from passerelle.dossiers.schema import MOST_PROBLEMS, problems_of
from passerelle.dossiers.shapes import ActType, DossierType, HandlingRule, SubjectRule

__all__ = ["Problem", "categories_of", "facts_of", "fields_of", "minor_of", "named_keys", "problems", "special_of"]

_EASTMOST = 14 * 60 * 60 * 1000  # milliseconds: no place on Earth is further ahead of UTC
_WRITING = 40 * MILLISECONDS_A_DAY
_BARRED = ("H1", "H2")
_UNNAMED = {"key", "category", "minor"}


def problems(
    content: Mapping[str, Any], kind: DossierType, *, now: int, sender_is_opener: bool | None = None
) -> tuple[Problem, ...]:
    """What is wrong with a parsed content, at most 50 problems. Empty: nothing.

    `now`: milliseconds since the epoch, of the entry. `sender_is_opener`: whether its author opened the dossier; None
    when that is not known, then it is not looked at.
    """
    if not kind.validator.is_valid(content):
        return tuple(problems_of(kind.validator, content))
    act = kind.acts.get(content["act"])
    if content["type"] != kind.name:
        return (Problem("type", kind.name, shown(content["type"])),)
    if act is None:
        return (Problem("act", "one of " + ", ".join(kind.acts), shown(content["act"])),)
    body = content.get("body", {})
    if not act.validator.is_valid(body):
        return tuple(problems_of(act.validator, body, ("body",)))
    found = _act(content, act, sender_is_opener)
    earliest, latest = day_of(now - WESTMOST), day_of(now + _EASTMOST)
    if content["retention"] < earliest:
        found.append(Problem("retention", f"{earliest} or later", content["retention"]))
    for steps, when in act.dated:
        for where, day in texts.at(body, steps, ("body",)):
            found += _day(day, where, when, earliest if when == "future" else latest)
    persons = content.get("subjects", ())
    _count(persons, act.subjects, found)
    keys: set[str] = set()
    for number, person in enumerate(persons):
        _person(person, number, act.subjects, latest, found)
        if person["key"] in keys:
            found.append(Problem(f"subjects[{number}].key", "a key that no other person has", person["key"]))
        keys.add(person["key"])
        _minor(person, number, content["id"], now, found)
    _statements(content, keys, act, kind, found)
    found += _attachments(content, act)
    if ("H3" in content["handling"]) != ("handling_note" in content):
        expected = "a value, with H3" if "H3" in content["handling"] else "nothing without H3"
        found.append(Problem("handling_note", expected, "nothing" if "H3" in content["handling"] else "a value"))
    _handling(content["handling"], kind.handling, found)
    for demand in act.demands:
        found += demand.problems(content)
    for check in act.checks:
        found += check.problems(content)
    found += unsaid.problems(content, kind.unsaid)
    found += opinion.problems(content, kind)
    return tuple(found[:MOST_PROBLEMS])


def _act(content: Mapping[str, Any], act: ActType, sender_is_opener: bool | None) -> list[Problem]:
    found = []
    if act.opening and content["after"]:
        found.append(Problem("after", "nothing, for an opening act", shown(content["after"])))
    if content["id"] in content["after"]:
        found.append(Problem("after", "other messages", "this one"))
    if sender_is_opener is not None and act.by in ("opener", "answerer") and (act.by == "opener") != sender_is_opener:
        found.append(Problem("act", "an act of the " + ("opener" if sender_is_opener else "answerer"), act.name))
    return found


def _attachments(content: Mapping[str, Any], act: ActType) -> list[Problem]:
    files, rule = content.get("attachments", ()), act.attachments
    found = []
    if files and not rule.most:
        return [Problem("attachments", f"no files, as {act.name} bears none", str(len(files)))]
    if len(files) > rule.most:
        found.append(Problem("attachments", f"at most {rule.most} files", str(len(files))))
    addresses = [one["address"] for one in files]
    for number, one in enumerate(files):
        at = f"attachments[{number}]"
        if one["media"] not in rule.media:
            found.append(Problem(f"{at}.media", "a file of " + ", ".join(k.name for k in rule.kinds), one["media"]))
        if one["address"] in addresses[:number]:
            found.append(Problem(f"{at}.address", "an address that no other has", one["address"]))
    return found


def _day(day: str, steps: tuple[str | int, ...], when: Literal["past", "future"], limit: str) -> Iterator[Problem]:
    """Compare a day of the body. `limit`: the last day allowed, or the first."""
    if when == "past" and day > limit:
        yield Problem(place(steps), "a day that is not in the future", day)
    elif when == "future" and day < limit:
        yield Problem(place(steps), "a day that is not in the past", day)


def _handling(codes: Any, rule: HandlingRule, found: list[Problem]) -> None:
    if surplus := [code for code in codes if code not in rule.allowed]:
        found.append(Problem("handling", "only " + ", ".join(sorted(rule.allowed)), ", ".join(surplus)))
    if missing := [code for code in rule.always if code not in codes]:
        found.append(Problem("handling", " and ".join(missing) + " too, in every act of this type", ", ".join(codes)))


def _count(persons: Any, rule: SubjectRule, found: list[Problem]) -> None:
    if not rule.min <= len(persons) <= rule.max:
        wanted = f"{rule.min}" if rule.min == rule.max else f"{rule.min} to {rule.max}"
        found.append(Problem("subjects", f"{wanted} persons", f"{len(persons)}"))


def _person(person: Mapping[str, Any], number: int, rule: SubjectRule, latest: str, found: list[Problem]) -> None:
    at = f"subjects[{number}]"
    if person["category"] not in rule.categories:
        found.append(Problem(f"{at}.category", "one of " + ", ".join(sorted(rule.categories)), person["category"]))
    for name in rule.needs:
        if name not in person:
            found.append(Problem(f"{at}.{name}", "a value", "nothing"))
    for name in rule.without:
        if name in person:
            found.append(Problem(f"{at}.{name}", "no such field in this type", "a value"))
    for place_, birth in enumerate(person.get("births", ())):
        _birth(birth, f"{at}.births[{place_}]", latest, found)
    for place_, document in enumerate(person.get("documents", ())):
        _document(document, f"{at}.documents[{place_}]", latest, found)


def _birth(birth: Mapping[str, Any], at: str, latest: str, found: list[Problem]) -> None:
    days = days_of(birth["date"], birth["calendar"])
    if days is None:
        found.append(Problem(f"{at}.date", f"a date that exists ({birth['calendar']})", birth["date"]))
        return
    oldest = years_before(latest, OLDEST)
    if days[0] > latest:
        found.append(Problem(f"{at}.date", "a day that is not in the future", birth["date"]))
    elif days[1] < oldest:
        found.append(Problem(f"{at}.date", f"at most {OLDEST} years ago ({birth['calendar']})", birth["date"]))
    if (birth["kind"] == "between") != ("until" in birth):
        expected = "a value, with between" if birth["kind"] == "between" else "nothing without between"
        found.append(Problem(f"{at}.until", expected, "a value" if "until" in birth else "nothing"))
    elif "until" in birth:
        whole = born(birth)
        if whole is None:
            found.append(Problem(f"{at}.until", f"a date that exists ({birth['calendar']})", birth["until"]))
        elif whole[1] < days[1]:
            found.append(Problem(f"{at}.until", f"{birth['date']} or later", birth["until"]))


def _document(document: Mapping[str, Any], at: str, latest: str, found: list[Problem]) -> None:
    ends: dict[str, tuple[str, str]] = {}
    for name in ("issued", "expires"):
        if name in document:
            days = days_of(document[name])
            if days is None:
                found.append(Problem(f"{at}.{name}", "a date that exists", document[name]))
            else:
                ends[name] = days
    if "issued" in ends and ends["issued"][0] > latest:
        found.append(Problem(f"{at}.issued", "a day that is not in the future", document["issued"]))
    if len(ends) == 2 and ends["expires"][1] < ends["issued"][0]:
        found.append(Problem(f"{at}.expires", f"{document['issued']} or later", document["expires"]))


def _minor(person: Mapping[str, Any], number: int, id_: str, now: int, found: list[Problem]) -> None:
    births = person.get("births", ())
    right = minor_of(births, day_of(now))
    if person["minor"] == right:
        return
    written = int(id_[:8] + id_[9:13], 16)  # a UUID of version 7 begins with its milliseconds (RFC 9562)
    if 0 <= now - written <= _WRITING and person["minor"] == minor_of(births, day_of(written)):
        return
    found.append(Problem(f"subjects[{number}].minor", f"{right}, as the births give it", person["minor"]))


def _statements(
    content: Mapping[str, Any], keys: set[str], act: ActType, kind: DossierType, found: list[Problem]
) -> None:
    statements = content.get("statements", ())
    if statements and not kind.statements:
        found.append(Problem("statements", "none: what is said in this type is said in fields", str(len(statements))))
    if act.opening:
        found += [
            Problem(where, "the key of a person here", key)
            for where, key in named_keys(act, content)
            if key not in keys
        ]
    for number, statement in enumerate(statements):
        if "privileged" in statement and not kind.privileged:
            found.append(Problem(f"statements[{number}].privileged", "no privileged material", statement["privileged"]))
        if statement["risk_of_ill_treatment"]:
            missing = [code for code in _BARRED if code not in content["handling"]]
            if missing:
                expected = f"{' and '.join(missing)} too, for statements[{number}]"
                found.append(Problem("handling", expected, ", ".join(content["handling"])))


def named_keys(act: ActType, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where statements and body name persons by their keys, and which ones."""
    for number, statement in enumerate(content.get("statements", ())):
        for at_, key in enumerate(statement["about"]):
            yield f"statements[{number}].about[{at_}]", key
    for way in act.keyed:
        for steps, key in texts.at(content.get("body", {}), way, ("body",)):
            yield place(steps), key


def special_of(content: Mapping[str, Any], kind: DossierType) -> frozenset[str]:
    """The fields of a valid content that hold special categories of data (LED art. 10): `attachments.fingerprints`."""
    borne = {one["media"] for one in content.get("attachments", ())}
    kinds = kind.acts[content["act"]].attachments.kinds if borne else ()
    return frozenset(f"attachments.{one.name}" for one in kinds if one.special and not borne.isdisjoint(one.media))


def fields_of(content: Mapping[str, Any]) -> frozenset[str]:
    """The fields that a valid content uses, for the channel's list: `subjects.names`, `body.warrant`.

    Of a person all but key, category and minor flag, which are always there; of a statement each field
    (`statements.text`), so that a channel may list `statements` or parts of it; of the body its fields at the top;
    `attachments` where there are any.
    """
    names = {f"body.{name}" for name in content.get("body", ())}
    if "attachments" in content:
        names.add("attachments")
    for person in content.get("subjects", ()):
        names.update(f"subjects.{name}" for name in person if name not in _UNNAMED)
    for statement in content.get("statements", ()):
        names.update(f"statements.{name}" for name in statement)
    return frozenset(names)


def categories_of(content: Mapping[str, Any]) -> frozenset[str]:
    """The categories of the persons that a valid content brings."""
    return frozenset(person["category"] for person in content.get("subjects", ()))


def facts_of(content: Mapping[str, Any], kind: DossierType) -> dict[str, Any]:
    """What the state of a dossier needs of a valid content, as plain JSON values; never a name, a date or a text.

    `message`, `question`: the ids that the body names; `subjects`: keys of the persons it brings, `@categories` theirs;
    `@risk`: that a statement may have been obtained by ill-treatment; `@opinion`: that it names an offence of opinion;
    and the fields of the body that rules of the type look at (words of a closed list, or true and false).
    """
    body = content.get("body", {})
    facts = {name: body[name] for name in kind.acts[content["act"]].remembered if name in body}
    facts |= {name: body[name] for name in ("message", "question") if name in body}
    if content.get("subjects"):
        facts["subjects"] = [person["key"] for person in content["subjects"]]
        facts[CATEGORIES] = {person["key"]: person.get("category", "") for person in content["subjects"]}
    if any(statement["risk_of_ill_treatment"] for statement in content.get("statements", ())):
        facts[RISK] = True
    if opinion.found(content, kind):
        facts[OPINION] = True
    return facts
