"""What a comparison of persons found, in words, in the language in use.

Dates stand as ISO 8601: what differs by a digit, or by day and month, is seen. What a source wrote is shown as it
wrote it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import reduce

from passerelle.core import spoken
from passerelle.core.words import N_, _
from passerelle.persons import marks
from passerelle.persons.births import Reading
from passerelle.persons.finding import Finding, Kind
from passerelle.persons.marks import Mark
from passerelle.persons.model import Birth
from passerelle.persons.places import Spot
from passerelle.persons.remarks import Remark
from passerelle.persons.weights import Verdict

_KINDS: Mapping[Kind, str] = {
    "name": N_("names"),
    "birth": N_("birth"),
    "place": N_("places"),
    "document": N_("documents"),
    "number": N_("national numbers"),
    "sex": N_("sex"),
    "nationality": N_("nationality"),
}
_VERDICTS: Mapping[Verdict, str] = {
    "agrees": N_("agrees"),
    "close": N_("close"),
    "differs": N_("differs"),
    "contradicts": N_("contradicts"),
    "missing": N_("not compared"),
}
_ALIKE: Mapping[str, str] = {
    "birth": N_("born {left}: {why}"),
    "place": N_("place {left}: {why}"),
    "document": N_("{left}: {why}"),
    "number": N_("national number {left}: {why}"),
    "sex": N_("sex {left}: {why}"),
    "nationality": N_("nationality {left}: {why}"),
}
_PAIR: Mapping[str, str] = {
    "birth": N_("born {left} ~ {right}: {why}"),
    "place": N_("place {left} ~ {right}: {why}"),
    "document": N_("{left} ~ {right}: {why}"),
    "number": N_("national number {left} ~ {right}: {why}"),
    "sex": N_("sex {left} ~ {right}: {why}"),
    "nationality": N_("nationality {left} ~ {right}: {why}"),
}
_LEVELS: Mapping[tuple[str, str], str] = {
    ("birth", "turned"): N_("day and month swapped, and the source leaves open which is which"),
    ("birth", "swapped"): N_("day and month swapped"),
    ("birth", "digit"): N_("one digit differs"),
    ("birth", "month"): N_("same month, another day"),
    ("birth", "year"): N_("same year, another day"),
    ("birth", "anniversary"): N_("same day and month, another year"),
    ("birth", "near"): N_("at most two years apart"),
    ("birth", "apart"): N_("at most five years apart"),
    ("birth", "far"): N_("more than five years apart"),
    ("document", "same"): N_("the same number"),
    ("document", "differs"): N_("another number of the same kind and country"),
    ("document", "slip"): N_("one sign differs, or two are exchanged"),
    ("document", "mended"): N_("one sign differs, or two are exchanged, and only one of the two fits its check digit"),
    ("number", "unsound"): N_("another number, and not both are sound"),
    ("place", "birth"): N_("the same place of birth"),
    ("place", "spelled"): N_("the same place of birth, spelled otherwise"),
    ("place", "other"): N_("the same place"),
    ("place", "country"): N_("the same country of birth"),
    ("place", "elsewhere"): N_("another place of birth"),
    ("place", "abroad"): N_("another country of birth"),
    ("sex", "agrees"): N_("the same"),
    ("sex", "differs"): N_("not the same"),
    ("sex", "contradicts"): N_("they contradict each other"),
    ("nationality", "agrees"): N_("one in common"),
    ("nationality", "differs"): N_("none in common"),
}
_WHY: Mapping[str, str] = {
    "numbered": N_("as the national number has it"),
    "misread": N_("if the year is one of the Hijri calendar"),
    "century": N_("in another century, as the century was guessed"),
    "placeholder": N_("1 January, 1 July and 31 December often stand for a day that is not known"),
    "zeros": N_("but for zeros in front"),
    "letter": N_("but for the check letter at the end"),
    "confused": N_("but for letters and digits that are read for one another, as O and 0, I and 1"),
    "country": N_("of two countries"),
    "kind": N_("on documents of two kinds"),
}
_DOCUMENTS: Mapping[str, str] = {
    "passport": N_("passport {number}"),
    "identity-card": N_("identity card {number}"),
    "residence": N_("residence permit {number}"),
    "visa": N_("visa {number}"),
    "other": N_("document {number}"),
}
_SEXES: Mapping[str, str] = {"female": N_("female"), "male": N_("male"), "other": N_("other")}


def kind(name: Kind) -> str:
    """The word for a part of the comparison."""
    return _(_KINDS[name])


def verdict(name: Verdict) -> str:
    """The word for what a part came to."""
    return _(_VERDICTS[name])


def missing(kinds: Iterable[Kind]) -> str:
    """One sentence on what could not be compared."""
    return _("Not compared, as one side does not have it: {parts}", parts=spoken.listed(map(kind, kinds)))


def sentence(finding: Finding) -> str:
    """A finding as a sentence: what stood left, what stood right, and how they go together."""
    left, right = side(finding.left), side(finding.right)
    why = reduce(lambda one, more: _("{one}; {more}", one=one, more=more), _reasons(finding))
    if left == right:
        return _(_ALIKE[finding.kind], left=left, why=why)
    return _(_PAIR[finding.kind], left=left, right=right, why=why)


def side(value: object) -> str:
    """What stood on one side."""
    match value:
        case Reading():
            return _birth(value.birth)
        case Mark():
            return _mark(value)
        case Spot():
            return value.source.text or _country(value.country)
        case tuple():
            return spoken.listed(map(_country, value))
    return _(_SEXES.get(str(value), "")) or str(value)


def _reasons(finding: Finding) -> list[str]:
    left, right = finding.left, finding.right
    if isinstance(left, Reading) and isinstance(right, Reading):
        return _of_births(finding.level, left, right)
    text = _LEVELS.get((finding.kind, finding.level)) or _LEVELS["document", finding.level]
    return [_(text), *(_(_WHY[why]) for why in finding.why if why in _WHY)]


def _of_births(level: str, one: Reading, other: Reading) -> list[str]:
    found = [_overlap(one, other) if level == "overlap" else _(_LEVELS["birth", level])]
    found += [_(_WHY[why]) for why in dict.fromkeys((*one.why, *other.why)) if why in _WHY]
    for reading in (one, other) if one.hijri != other.hijri else ():
        if reading.hijri:
            first, last = (date.fromordinal(day).isoformat() for day in reading.days)
            found.append(_("the Hijri date is between {first} and {last}", first=first, last=last))
    return found


def _overlap(one: Reading, other: Reading) -> str:
    """Two dates that have a day in common: how much is known of the vaguer one."""
    if any(why in ("between", "approximate", "claimed") for why in (*one.why, *other.why)):
        return _("within the time that is given")
    known = min(4 if "placeholder" in each.why else len(each.birth.date) for each in (one, other))
    if known == len("1966-05-17"):
        return _("the same day") if one.hijri == other.hijri else _("the same day, as far as the moon allows")
    return _("year only") if known == len("1966") else _("year and month only")


def _birth(birth: Birth) -> str:
    text = _("{date} (Hijri)", date=birth.date) if birth.calendar == "hijri" else birth.date
    if birth.kind == "between" and birth.until:
        until = _("{date} (Hijri)", date=birth.until) if birth.calendar == "hijri" else birth.until
        return _("between {first} and {last}", first=text, last=until)
    if birth.kind == "approximate":
        return _("about {date}", date=text)
    return _("{date}, as claimed", date=text) if birth.kind == "claimed" else text


def _mark(mark: Mark) -> str:
    number = marks.written(mark)
    text = _(_DOCUMENTS[mark.kind], number=number) if mark.kind in _DOCUMENTS else number
    return _("{number} of {country}", number=text, country=_country(mark.country)) if mark.country else text


def _country(code: str) -> str:
    from babel import Locale

    return str(Locale.parse(spoken.locale()).territories.get(code, code))


# ---- remarks ---------------------------------------------------------------------------------------------------------


def remark(one: Remark) -> str:
    """A remark on one side as a sentence."""
    return _REMARKS[one.what](one)


def _said(value: Birth | str | None) -> str:
    return _birth(value) if isinstance(value, Birth) else _(_SEXES.get(value or "", "")) or str(value)


_REMARKS: Mapping[str, Callable[[Remark], str]] = {
    "weak": lambda one: _("{text} is a weak alias, says its source", text=one.text),
    "cut": lambda one: _("The end of {text} may be missing", text=one.text),
    "no-date": lambda one: _("{text} is a date that does not exist", text=one.text),
    "check": lambda one: _(
        "The number {text} fails its check digit ({form}): perhaps it was misread", text=one.text, form=one.form
    ),
    "form": lambda one: _("The number {text} has not the form of such a number ({form})", text=one.text, form=one.form),
    "odd-birth": lambda one: _(
        "The number {text} ({form}) says born {said}; the person is given as born {claimed}",
        text=one.text,
        form=one.form,
        said=_said(one.said),
        claimed=_said(one.claimed),
    ),
    "odd-sex": lambda one: _(
        "The number {text} ({form}) says {said}; the person is given as {claimed}",
        text=one.text,
        form=one.form,
        said=_said(one.said),
        claimed=_said(one.claimed),
    ),
}
