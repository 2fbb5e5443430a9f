"""The remarks of the United States Treasury's list of specially designated nationals, taken apart.

Remarks are clauses between semicolons. Understood: births, places of birth, nationality and citizenship, gender, weak
aliases (`a.k.a. 'X'`), and documents and numbers of every kind that ends in a number, with the country in parentheses
and the dates of issue and expiry. What is not understood goes into the note as it stands, so nothing is lost.
"""

import re
from collections.abc import Iterator

from passerelle.screening.readers import countries, dates
from passerelle.screening.readers.reading import MAX_NAME, At, Draft

_LONGEST = 300  # characters of a document with its country and dates
_ALT = re.compile(r"alt\.\s+", re.IGNORECASE)
_WEAK = re.compile(r"[afn]\.k\.a\.\s+'(.+)'")
_HEAD = re.compile(r"(DOB|POB|nationality|citizen|Gender)\s*:?\s+(.+)")
_TAIL = re.compile(r"(.*\d[^\s,]*)(?:,\s*|\s+)((?:[A-Z]?[a-z]{2}|and\b).*)")  # "123, Diplomatic", "123 Colombia"
_DAY = r"(?:\d{1,2}\s+)?(?:[A-Z][a-z]{2,8}\s+)?\d{4}"
_MARKER = (
    r"Passport|C\.U\.R\.P\.|CURP|R\.F\.C\.|RFC|D\.N\.I\.|I\.F\.E\.|C\.U\.I\.[PT]\.|SSN|NIT|CNP|CUIT|CAN|RUC|LE"
    r"|Numero de Identidad|Electoral Registry|ID Card|ID|Number|No\b|#"
    r"|Licen[cs]e|Card|[Ee]lectoral|Nacional|Registration|Document|Fiscal Code|Cedula"
)
_PAPER = re.compile(
    rf"(?P<kind>(?:[A-Z][^\d(;]*?\s)??(?:{_MARKER})(?:\s*(?:No\b|Number|ID|#))?)[.:#]*"
    r"\s+(?P<number>(?:\([^)]*\))?[^(]*?\d[^(]*?(?:\(\w{1,3}\))?)"
    r"(?:\s*\((?P<country>[^)]{3,})\))?"
    rf"(?:,?\s*issued\s+(?P<issued>{_DAY}))?(?:,?\s*expires\s+(?P<expires>{_DAY}))?(?:\s*\((?P<after>[^)]*)\))?"
)
# Numbers that a state gives a person for life; all else that is numbered is a document.
_FOR_LIFE = re.compile(
    r"National ID|National Foreign ID|C\.U\.R\.P|CURP|Cedula|D\.N\.I|SSN|CNP|Personal ID|Identificiation|"
    r"Identification Number|Citizen's Card|Numero de Identidad|Tax ID|R\.F\.C|RFC|NIT|CUIT|Fiscal Code|I\.F\.E",
)
_NOT_PAPERS = re.compile(
    r"Linked To|Email|Website|Phone|Telephone|Digital Currency|Chinese Commercial Code|Aircraft|risk"
)


def clauses(remarks: str) -> Iterator[str]:
    """The clauses of remarks, without the full stop at their end."""
    text = remarks.strip()
    if text.endswith(".") and not text.endswith("..."):
        text = text[:-1]
    depth = 0
    begin = 0
    for at, one in enumerate(text):
        depth += (one == "(") - (one == ")") if depth or one == "(" else 0
        if one == ";" and depth <= 0:
            yield text[begin:at].strip()
            begin = at + 1
    yield text[begin:].strip()


def take(draft: Draft, remarks: str, at: At) -> Iterator[tuple[str, bool]]:
    """Put the clauses where they belong. Yields what each was, and whether it was understood."""
    for clause in clauses(remarks):
        if not clause:
            continue
        bare = _ALT.sub("", clause, count=1) if clause.casefold().startswith("alt.") else clause
        kind = _kind(draft, bare, at)
        if not kind:
            draft.note(clause, at)
        yield kind or _expected(bare), bool(kind)


def _expected(bare: str) -> str:
    """What a clause that was not understood would have been."""
    if found := _HEAD.match(bare):
        return found.group(1)
    return "paper" if "Passport" in bare or re.search(r"\b(?:No\.|Number|ID)\s", bare) else "text"


def _kind(draft: Draft, bare: str, at: At) -> str:
    if len(bare) > MAX_NAME:
        return ""
    if weak := _WEAK.fullmatch(bare):
        draft.name(weak.group(1), at, kind="alias", quality="low")
        return "alias"
    head = _HEAD.fullmatch(bare)
    if head is None:
        return _paper(draft, bare, at)
    what, text = head.group(1), head.group(2).strip()
    if what == "DOB":
        birth = dates.spoken_birth(text)
        if birth is None:
            return ""
        draft.birth(birth)
    elif what == "POB":
        _place(draft, text, at)
    elif what == "Gender":
        if text.casefold() not in ("male", "female"):
            return ""
        draft.sex = text.casefold()
    else:
        draft.nationality(text, at)
    return what


def _place(draft: Draft, text: str, at: At) -> None:
    """A place whose last part is its country; else the whole text, with no country."""
    parts = text.split(", ")
    for tail in (2, 1):  # "Congo, Democratic Republic of the" is a country of two parts
        country = ", ".join(parts[-tail:])
        if len(parts) >= tail and countries.alpha2(country):
            draft.place(", ".join(parts[:-tail]), country, at=at)
            return
    draft.place(text, at=at)


def _paper(draft: Draft, bare: str, at: At) -> str:
    found = None if len(bare) > _LONGEST or _NOT_PAPERS.match(bare) else _PAPER.fullmatch(bare)
    if found is None or len(found["number"]) > 60 or len(found["kind"]) > 60:
        return ""
    kind, number = found["kind"].strip(), found["number"].strip(" ,")
    said = found["country"] or ""
    country = countries.alpha2(said)
    issued, expires = (dates.spoken(found[name] or "") for name in ("issued", "expires"))
    if number.startswith("("):  # "National ID No. (Iran) 123"
        inner, _, rest = number[1:].partition(")")
        country, number = country or countries.alpha2(inner), rest.strip()
    tail = ""
    if words := _TAIL.fullmatch(number):
        number, tail = words.groups()
        country = country or countries.alpha2(tail)
    if not number:
        return ""
    remark = "; ".join(text for text in (kind, tail, "" if country else said, found["after"] or "") if text)
    if "Passport" not in kind and _FOR_LIFE.search(kind):
        draft.number(number, country, at)
        draft.note(
            " ".join(
                text
                for text in (
                    f"{number}: {remark}",
                    f"issued {issued}" if issued else "",
                    f"expires {expires}" if expires else "",
                )
                if text
            ),
            at,
        )
        return "number"
    form = "passport" if "Passport" in kind else "residence" if "Resid" in kind else "other"
    draft.document(
        form, number, at, country=country, issued=issued, expires=expires, note=draft.text(remark, "note", at)
    )
    return "document"
