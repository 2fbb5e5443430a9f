"""No text of an act bears a mark of a person's data.

    checks = [{ impersonal = {} }]

What is looked for: addresses for mail, telephone numbers (international, and as Belgium and Morocco write them at
home), national numbers and numbers of identity documents, accounts, machine-readable zones, births, and a title before
a name. Texts are compared in their composed form, without signs that nobody sees and without Arabic vowel signs.

Every pattern is bounded in what it repeats, and none begins anew within a run that it has looked at, so the work grows
with the length of a text and with nothing else (tested).

Left unchecked: a bare name, and what is written around on purpose. A type that must stay impersonal has its authors
attest it, too. A problem never repeats what was found: the receiver keeps the problem and not the text.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

import msgspec

from passerelle.dossiers import texts
from passerelle.dossiers.check import Check, Content
from passerelle.dossiers.problem import Problem, place

_GAP = r"[ ()./-]{0,2}"
_TITLES = (
    r"mr|mrs|ms|mister|sir|mme|mmes|mlle|monsieur|messieurs|madame|mademoiselle|sieur|dr|docteur|doctor|prof|professeur|professor|"
    r"ma[iî]tre|dhr|mevr|mevrouw|mw|meneer|meester|(?:de )?heer|nommée?"
)
_ARABIC_TITLES = r"سيد[ةه]?|سيدات|ساد[ةه]|[آا]نس[ةه]|[أا]ستاذ[ةه]?|دكتور[ةه]?|مدعو[ةه]?|حاج[ةه]?"
MARKS: tuple[tuple[str, str], ...] = (
    ("an e-mail address", r"[\w.+-]@[\w-]{1,63}\.\w"),
    ("a telephone number", rf"(?<!\w)(?:\+|00)(?:{_GAP}\d){{9,15}}(?!\d)"),
    # Written at home; days such as 01.02.2026 begin alike.
    (
        "a telephone number",
        rf"(?<![\w+])(?<!\d[./,-])(?!\d\d([./-])\d\d\1\d{{4}}\b)0[1-9](?:{_GAP}\d){{7,8}}(?![\d,]\d|\d)",
    ),
    (
        "a national number",
        r"(?<![\w.])\d\d[. ]?(?:0[1-9]|1[0-2]|[24][1-9]|[35][0-2])[. ]?(?:0[1-9]|[12]\d|3[01])"
        r"[. -]?\d{3}[. ]?\d\d(?!\d)",
    ),
    ("an account number", r"(?<![A-Za-z\d])[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,4})?(?![A-Za-z\d])"),
    ("a machine-readable zone", r"(?<![A-Z\d<])(?=[A-Z\d]{1,44}<)[A-Z\d<]{29}|[A-Z\d]<<[A-Z\d]|[A-Z\d]<<<"),
    # Within a text: a field that holds nothing else may be a reference, or the one document that a type asks about.
    (
        "the number of an identity document",
        r"(?<=[\s(])[A-Z]{1,2}\d{5,7}(?![\w/])|(?<![\w/-])[A-Z]{1,2}\d{5,7}(?=[\s.,;:)!?])",
    ),
    (
        "the number of an identity document",
        r"(?i:passport|passeport|paspoort|identity card|carte d.identité|identiteitskaart|\bcin\b|\bcnie?\b|"
        r"جواز|بطاق[ةه])"
        r"[^\w\n]{0,3}(?i:no|nr|n°|number|numéro|nummer|رقم)?[^\w\n]{0,4}[A-Z]{0,3}[ .-]?\d{5}",
    ),
    (
        "a date of birth",
        r"(?i:\bborn\b|\bdate of birth\b|\bdob\b|(?<!\w)né(?:e|\(e\)|s|es)?\b|\bdate de naissance\b|"
        r"\bgeboren\b|\bgeboortedatum\b|مزداد|مواليد|مولود|تاريخ [اإ]?ال[اإ]زدياد|تاريخ الميلاد)\D{0,15}\d",
    ),
    ("a person's name", rf"(?<!\w)(?:(?i:{_TITLES})\b\.?|M\.|Me\b\.?)\s{{1,3}}[A-ZÀ-Þ]\w"),
    ("a person's name", rf"(?<!\w)\w{{0,2}}(?:ال|لل)(?:{_ARABIC_TITLES})\s{{1,3}}\w"),
)
"""What tells of a person in a text, and the pattern by which it is found."""
_FOUND_BY = tuple((what, re.compile(pattern)) for what, pattern in MARKS)

# The id of a message: chance makes digits of it that look like a telephone number.
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TATWEEL = "\u0640"


def _compared(text: str) -> str:
    """The text in its composed form, without vowel signs and what is not seen, with digits of any script as 0 to 9."""
    if text.isascii():
        return text
    whole = unicodedata.normalize("NFKC", text)
    return "".join(
        str(unicodedata.decimal(one, one))
        for one in whole
        if one != _TATWEEL and unicodedata.category(one) != "Cf" and not unicodedata.combining(one)
    )


class Impersonal(Check, frozen=True):
    """No text bears a mark of a person's data.

    `except`: acts that may. `contacts`: fields of the body that say who does the work, and where to reach them. Of a
    person who is brought, the note is a text, and the data are not.
    """

    but: tuple[str, ...] = msgspec.field(name="except", default=())
    contacts: tuple[str, ...] = ()

    def named(self) -> tuple[str, ...]:
        return self.contacts

    def words(self) -> Mapping[str, tuple[str, ...]]:
        return {"act": self.but}

    def problems(self, content: Content) -> Iterator[Problem]:
        for steps, text in texts.written(content) if content.get("act") not in self.but else ():
            if (steps[0] == "body" and steps[1] in self.contacts) or (steps[0] == "subjects" and steps[-1] != "note"):
                continue
            if _ID.fullmatch(text):
                continue
            compared = _compared(text)
            for what in dict.fromkeys(what for what, mark in _FOUND_BY if mark.search(compared)):
                yield Problem(place(steps), "nothing about a person", what)
