"""A goAML report (UNODC, XML) as persons and fields of an act: transactions, accounts, legal persons, indicators.

What names the reporter, or lets one find him, is never taken over: reporting entity, branch and person, his references,
his address, teller and authoriser, and his own words (`reason`, `action`, comments). Sides of "my client" become sides
like others. What has no field here, or is longer than its field, is left out too; every element left out is named.

The XML is read strictly (`core.xml`): no document type, so no entities; a bounded depth and number of elements.

Left to the person who fills in the form: the category of each person, and the kind of a transaction, since each FIU has
codes of its own; whether a name or a description that was taken over gives the reporter away.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from passerelle.core.errors import InputError, XmlError
from passerelle.core.text import forbidden_character
from passerelle.core.xml import StrictXml

_DEEPEST, _MOST = 40, 200_000
_KINDS = {
    "STR": "suspicious-transaction",
    "SAR": "suspicious-activity",
    "CTR": "cash-transaction",
    "EFT": "cross-border-transfer",
    "IFT": "cross-border-transfer",
    "TPR": "terrorist-property",
    "AIF": "additional-information",
    "AIFT": "additional-information",
}
_AMOUNT = re.compile(r"(\d{1,18})(?:\.(\d{1,18}))?")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_IBAN = re.compile(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}")
_SEX = {"M": "male", "F": "female"}


@dataclass
class Element:
    """An element: its name without namespace, its text, what stands in it."""

    name: str
    text: str = ""
    children: list["Element"] = field(default_factory=list)
    taken: bool = False

    def child(self, *names: str) -> "Element | None":
        """The first child of one of these names, which is taken."""
        for one in self.children:
            if one.name in names:
                one.taken = True
                return one
        return None

    def all(self, name: str) -> list["Element"]:
        found = [one for one in self.children if one.name == name]
        for one in found:
            one.taken = True
        return found

    def value(self, *names: str, most: int = 160) -> str:
        """The text of the first child of these names on one line, or nothing."""
        found = self.child(*names)
        return found.line(most) if found else ""

    def line(self, most: int = 160) -> str:
        """Its text on one line. What is longer than its field may be is not taken, and so is named as left out."""
        text = " ".join(self.text.split())
        self.taken = len(text) <= most
        return text if self.taken else ""


@dataclass(frozen=True)
class Taken:
    """What was taken over: the report as the body has it, the persons; and the elements left out, by name."""

    report: dict[str, Any]
    subjects: list[dict[str, Any]]
    left_out: tuple[str, ...]


def read(data: bytes, category: str) -> Taken:
    """The report that the XML says. `category`: what stands as category of each person. Raises InputError."""
    root = _tree(data)
    if root.name != "report":
        raise InputError(f"goaml: expected a report, got {root.name[:40]!r}")
    return _Reader(category).report(root)


def _tree(data: bytes) -> Element:
    stack = [Element("")]

    def start(name: str) -> None:
        made = Element(name)
        stack[-1].children.append(made)
        stack.append(made)

    def text(data: str) -> None:
        stack[-1].text += data

    reader = StrictXml(start=start, text=text, end=stack.pop, deepest=_DEEPEST, most=_MOST)
    try:
        reader.feed(data, final=True)
    except XmlError as error:
        raise InputError(f"goaml: {error}, at line {error.line}, column {error.column}") from None
    return stack[0].children[0]


class _Reader:
    """One report being taken over; persons, accounts and legal persons get a key each and stand once."""

    def __init__(self, category: str) -> None:
        self.category = category
        self.subjects: dict[str, dict[str, Any]] = {}
        self.accounts: dict[str, dict[str, Any]] = {}
        self.entities: dict[str, dict[str, Any]] = {}

    def report(self, root: Element) -> Taken:
        currency = root.value("currency_code_local")
        report: dict[str, Any] = {"kind": _KINDS.get(root.value("report_code").upper(), "other")}
        if currency:
            report["currency"] = currency
        transactions = [self.transaction(one, currency) for one in root.all("transaction")]
        parties = []
        activity = root.child("activity")
        for box in activity.all("report_parties") if activity else ():
            parties += [made for one in box.all("report_party") if (made := self.party(one))]
        indicators = root.child("report_indicators")
        for name, found in (
            ("transactions", transactions),
            ("accounts", list(self.accounts.values())),
            ("entities", list(self.entities.values())),
            ("parties", parties),
            ("indicators", [text for one in indicators.all("indicator") if (text := one.line())] if indicators else []),
        ):
            if found:
                report[name] = found
        return Taken(report, list(self.subjects.values()), tuple(sorted(set(_left_out(root)))))

    def transaction(self, one: Element, currency: str) -> dict[str, Any]:
        number = one.value("transactionnumber", "internal_ref_number") or "-"
        made: dict[str, Any] = {
            "number": number,
            "date": _day(one, "date_transaction"),
            "amount": _amount(one.value("amount_local"), number),
            "currency": currency,
            "kind": "other",
        }
        if value_date := _day(one, "value_date"):
            made["value_date"] = value_date
        if said := one.value("transmode_comment", "transaction_description", most=1000):
            made["description"] = said
        for name in ("from", "to"):
            side = one.child(f"t_{name}_my_client", f"t_{name}")
            if side is None:
                continue
            conductor = side.child("t_conductor")
            if conductor:
                made["conductor"] = self.person(conductor)
            if found := self.side(side, name):
                made[name] = found
        box = one.child("involved_parties")
        involved = [found for two in box.all("party") if (found := self.party(two))] if box else []
        if involved:
            made["involved"] = involved
        countries = [made[name].get("country") for name in ("from", "to") if name in made]
        if len(countries) == 2 and all(countries) and countries[0] != countries[1]:
            made["kind"] = "cross-border-transfer"
        return made

    def side(self, one: Element, name: str) -> dict[str, Any]:
        party = self.any_of(one, f"{name}_")
        if not party:
            return {}
        made = {"party": party}
        if funds := one.value(f"{name}_funds_code", f"{name}_funds_comment"):
            made["funds"] = funds
        if country := _country(one.value(f"{name}_country")):
            made["country"] = country
        foreign = one.child(f"{name}_foreign_currency")
        if foreign:
            made["currency"] = foreign.value("foreign_currency_code")
            made["amount"] = _amount(foreign.value("foreign_amount"), name)
            made["rate"] = _amount(foreign.value("foreign_exchange_rate"), name)
        return made

    def party(self, one: Element) -> dict[str, Any]:
        key = self.any_of(one, "")
        made: dict[str, Any] = {"party": key} if key else {}
        if key and (role := one.value("role")):
            made["role"] = role
        if key and (weight := one.value("significance")).isdigit() and int(weight) <= 10:
            made["significance"] = int(weight)
        return made

    def any_of(self, one: Element, prefix: str) -> str:
        """The key of the account, person or legal person that stands here, my client's or not."""
        for kind, read in (("account", self.account), ("person", self.person), ("entity", self.entity)):
            found = one.child(f"{prefix}{kind}", f"{prefix}{kind}_my_client")
            if found:
                return read(found)
        return ""

    def account(self, one: Element) -> str:
        number = one.value("iban") or one.value("account")
        plain = number.replace(" ", "")
        made: dict[str, Any] = {"number": number or "-", "scheme": "iban" if _IBAN.fullmatch(plain) else "national"}
        _put(made, institution=one.value("institution_name"), currency=one.value("currency_code"))
        _put(
            made, name=one.value("account_name", most=300), opened_on=_day(one, "opened"), closed_on=_day(one, "closed")
        )
        if _BIC.fullmatch(bic := one.value("swift")):
            made["bic"] = bic
        holder = one.child("t_entity")
        if holder:
            made["holders"] = [self.entity(holder)]
        signatories = [self.person(person) for box in one.all("signatory") for person in box.all("t_person")]
        _put(made, signatories=list(dict.fromkeys(signatories)))
        return _keyed(self.accounts, f"{plain} {made.get('institution', '')}", "a", made)

    def entity(self, one: Element) -> str:
        made: dict[str, Any] = {"name": one.value("name", most=300) or "-"}
        _put(made, commercial_name=one.value("commercial_name", most=300), activity=one.value("business"))
        _put(made, legal_form=one.value("incorporation_legal_form"), number=one.value("incorporation_number"))
        _put(made, country=_country(one.value("incorporation_country_code")))
        _put(made, established_on=_day(one, "incorporation_date"))
        directors = [self.person(person) for person in one.all("director_id")]
        _put(made, directors=list(dict.fromkeys(directors)))
        return _keyed(self.entities, f"{made['name']} {made.get('number', '')}", "e", made)

    def person(self, one: Element) -> str:
        parts = [one.value(name, most=90) for name in ("first_name", "middle_name", "last_name")]
        text = " ".join(part for part in parts if part) or "-"
        names = [_name(text, "primary")]
        if alias := one.value("alias", most=300):
            names.append(_name(alias, "alias"))
        made: dict[str, Any] = {"category": self.category, "names": names}
        if born := _day(one, "birthdate"):
            made["births"] = [{"date": born, "calendar": "gregorian", "kind": "exact"}]
        _put(made, sex=_SEX.get(one.value("gender"), ""))
        countries = [_country(one.value(f"nationality{number}")) for number in (1, 2, 3)]
        _put(made, nationalities=list(dict.fromkeys(one for one in countries if one)))
        papers = []
        for number, kind, country in (
            ("passport_number", "passport", "passport_country"),
            ("id_number", "identity-card", ""),
        ):
            if found := one.value(number):
                papers.append({"kind": kind, "number": found})
                _put(papers[-1], country=_country(one.value(country)) if country else "")
        _put(made, documents=papers)
        return _keyed(self.subjects, f"{text} {born} {papers}", "p", made)


def _left_out(one: Element) -> Iterator[str]:
    """The names of the outermost elements that were not taken over."""
    for child in one.children:
        if child.taken:
            yield from _left_out(child)
        else:
            yield child.name


def _keyed(known: dict[str, dict[str, Any]], mark: str, letter: str, made: dict[str, Any]) -> str:
    """The key under which this stands, the one of before when it is there already."""
    if mark not in known:
        known[mark] = {"key": f"{letter}{len(known) + 1}", **made}
    return str(known[mark]["key"])


def _put(made: dict[str, Any], **values: Any) -> None:
    made.update({name: value for name, value in values.items() if value})


def _day(one: Element, name: str) -> str:
    return one.value(name)[:10]


def _country(text: str) -> str:
    return text.upper() if len(text) == 2 and text.isascii() and text.isalpha() else ""


def _amount(text: str, what: str) -> str:
    found = _AMOUNT.fullmatch(text)
    if found is None or forbidden_character(text):
        raise InputError(f"goaml: expected an amount like 9800.00 in {what[:40]!r}, got {text[:40]!r}")
    whole = found.group(1).lstrip("0") or "0"
    return whole + (f".{found.group(2)}" if found.group(2) else "")


def _name(text: str, kind: str) -> dict[str, str]:
    arabic = any("ARABIC" in unicodedata.name(one, "") for one in text)
    return {"text": text, "script": "Arab" if arabic else "Latn", "kind": kind}
