"""A table of persons: CSV with a header, read by a mapping or by what the names of its columns say (`mapping`).

A row with more or fewer cells than the header is refused whole: nobody can say which cell slipped. A date that can't be
read is a fault and goes into the note. What stands in columns that nothing is taken from is not kept; they are named in
`Reading.left_out`.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from passerelle.core.errors import InputError
from passerelle.persons.model import Birth, Entry, Fault
from passerelle.screening.readers import countries, dates
from passerelle.screening.readers.mapping import Column, Mapping, obvious
from passerelle.screening.readers.reading import MAX_OF_A_KIND, At, Draft, Options, Reading
from passerelle.screening.readers.rows import Row, delimiter_of, records, undecoded
from passerelle.screening.readers.text import ENCODINGS, Line, Source, encoding_of, known, lines

MAX_COLUMNS = 1_000
_SEX = {
    **dict.fromkeys(("m", "male", "h", "homme", "masculin", "man", "mannelijk", "hombre", "ذكر", "1"), "male"),
    **dict.fromkeys(("f", "female", "v", "femme", "féminin", "vrouw", "vrouwelijk", "mujer", "أنثى", "2"), "female"),
    **dict.fromkeys(("x", "other", "autre", "andere", "آخر"), "other"),
    **dict.fromkeys(("", "u", "unknown", "inconnu", "onbekend", "غير معروف", "0", "9"), "unknown"),
}
_KINDS = {
    **dict.fromkeys(("passport", "passeport", "paspoort", "p", "جواز سفر"), "passport"),
    **dict.fromkeys(("identity-card", "i", "id", "identity card", "identiteitskaart"), "identity-card"),
    **dict.fromkeys(("cin", "cnie", "carte d'identité"), "identity-card"),
    **dict.fromkeys(("residence", "residence permit", "titre de séjour", "verblijfstitel"), "residence"),
    **dict.fromkeys(("visa", "v", "visum"), "visa"),
}  # fmt: skip
_KNOWS_BY = {"name", "family", "given", "alias", "document", "number"}


def read(source: Source, reading: Reading, options: Options) -> Iterator[Entry | Fault]:
    """The persons of a table."""
    mapping = options.mapping
    asked = options.encoding or (mapping.encoding if mapping else "")
    encoding = known(asked) if asked else encoding_of(source)
    reading.encoding = ENCODINGS[encoding]
    found = lines(source, encoding)
    first: list[Line] = []
    for line in found:
        first.append(line)
        if line.text.strip():
            break
        del first[:-1]
    if not first or not first[-1].text.strip():
        yield reading.broken("expected a header with the names of the columns, got an empty file", (1, 1))
        return
    if fault := undecoded(first[-1], encoding):
        reading.whole = False
        yield fault
        return
    delimiter = options.delimiter or (mapping.delimiter if mapping else "") or delimiter_of(first[-1].text)
    rows = records(chain(first, found), delimiter, encoding)
    header = next((row for row in rows if isinstance(row, Row)), None)
    try:
        table = _Table(header, mapping, options) if header else None
    except InputError as error:
        yield reading.broken(str(error), (header.line if header else 1, 1))
        return
    if table is None:
        yield reading.broken("expected a header with the names of the columns, got none", (first[-1].number, 1))
        return
    reading.left_out = table.left_out
    for row in rows:
        if isinstance(row, Fault):
            yield reading.torn(row, source.unended)
        elif wrong := table.misfit(row):
            yield reading.torn(wrong, source.unended)
        else:
            yield from table.entry(row)


class _Table:
    """A header and what its columns hold."""

    def __init__(self, header: Row, mapping: Mapping | None, options: Options) -> None:
        self._names = [name.strip() for name in header.cells]
        self._options = options
        if len(self._names) > MAX_COLUMNS:
            raise InputError(f"expected at most {MAX_COLUMNS} columns, got {len(self._names)}")
        taken = mapping or obvious(self._names)
        for name in taken.columns:
            if (many := self._names.count(name)) != 1:
                raise InputError(f"expected a column {name[:60]!r} once, got it {many} times in {_shown(self._names)}")
        self._columns = {self._names.index(name): taken.column(name) for name in taken.columns}
        if not _KNOWS_BY & {one.field for one in self._columns.values()}:
            raise InputError(f"expected a column with names, documents or numbers, got {_shown(self._names)}")
        self.left_out = tuple(name for at, name in enumerate(self._names) if at not in self._columns and name)

    def misfit(self, row: Row) -> Fault | None:
        """What is wrong with a row of more or fewer cells than the header."""
        if len(row.cells) == len(self._names):
            return None
        message = f"expected {len(self._names)} cells as in the header, got {len(row.cells)}"
        return Fault(line=row.line, column=1, message=message)

    def entry(self, row: Row) -> Iterator[Entry | Fault]:
        draft = _Row(row, self._options)
        for at, column in self._columns.items():
            draft.take(column, self._names[at], row.cells[at])
        yield from draft.entry()


def _shown(names: list[str]) -> str:
    return ", ".join(name[:40] for name in names[:30])


class _Row:
    """A row being read: what belongs together is gathered by group first."""

    def __init__(self, row: Row, options: Options) -> None:
        self._row, self._options = row, options
        self._draft = Draft((row.line, 1))
        self._id = ""
        self._parts: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._forms: dict[tuple[int, str], str] = {}
        self._names: list[tuple[Column, str, At]] = []
        self._named: dict[int, Column] = {}
        self._papers: dict[int, tuple[Column, list[tuple[str, At]]]] = {}

    def take(self, column: Column, name: str, cell: str) -> None:
        values = cell.split(column.separator, MAX_OF_A_KIND + 1) if column.separator else [cell]
        if len(values) > MAX_OF_A_KIND:
            self._draft.refuse()
            return
        for value in values:
            if value.strip():
                self._value(column, name, value, self._row.place(value))

    def _value(self, column: Column, name: str, value: str, at: At) -> None:
        draft, field = self._draft, column.field
        if field == "id":
            self._id = draft.text(value, "id", at)
        elif field in ("name", "alias"):
            self._names.append((column, value, at))
        elif field == "birth":
            self._birth(column, value, at)
        elif field == "sex":
            draft.sex = _SEX.get(value.strip().casefold(), "unknown")
            if draft.sex == "unknown" and value.strip().casefold() not in _SEX:
                draft.note(f"{name}: {value}", at)
        elif field == "nationality":
            draft.nationality(value, at)
        elif field == "number":
            self._papers.setdefault(-column.group, (column, []))[1].append((value, at))
        elif field == "document":
            self._papers.setdefault(column.group, (column, []))[1].append((value, at))
        elif field == "note":
            draft.note(value, at)
        else:
            if field in ("family", "given"):
                self._named.setdefault(column.group, column)
            self._parts[column.group][field].append(value)
            self._forms[column.group, field] = column.date

    def _birth(self, column: Column, value: str, at: At) -> None:
        births = dates.written(value, column.date, column.calendar, self._options.today)
        for one in births:
            self._draft.birth(one)
        if not births and (text := self._draft.text(value, "birth", at)):
            form = column.date or "17/05/1980"
            self._draft.fault(f"birth: expected a date like {form}, got {text[:40]!r}", at)
            self._draft.note(f"birth: {text}")

    def entry(self) -> Iterator[Entry | Fault]:
        self._full_names(first=True)
        for group, parts in self._parts.items():
            self._name(group, parts)
        self._full_names(first=False)
        for parts in self._parts.values():
            self._birth_parts(parts)
            for kind, text, country in (
                ("birth", "place-of-birth", "country-of-birth"),
                ("residence", "residence", "country-of-residence"),
            ):
                if text in parts or country in parts:
                    self._draft.place(" ".join(parts[text]), " ".join(parts[country]), kind=kind)
        self._documents()
        yield from self._draft.done(self._id or str(self._row.line))

    def _full_names(self, *, first: bool) -> None:
        """Names in one cell: first those that are no alias, so that one of them becomes the primary name."""
        for column, value, at in self._names:
            if first == (column.field == "name" and column.kind in ("", "primary")):
                kind = column.kind or ("alias" if column.field == "alias" or self._draft.names else "primary")
                self._draft.name(value, at, kind=kind, quality=column.quality)

    def _name(self, group: int, parts: dict[str, list[str]]) -> None:
        family, given = (" ".join(one.strip() for one in parts.get(field, ())) for field in ("family", "given"))
        if not (family or given):
            return
        column, draft = self._named[group], self._draft
        kind = column.kind or ("alias" if draft.names else "primary")
        at = self._row.place((parts.get("family") or parts["given"])[0])
        text = f"{family}, {given}" if family and given else family or given
        draft.name(text, at, kind=kind, family=family, given=given, quality=column.quality)

    def _birth_parts(self, parts: dict[str, list[str]]) -> None:
        if not any(field in parts for field in ("birth-year", "birth-month", "birth-day")):
            return
        texts = [" ".join(parts.get(field, ())) for field in ("birth-year", "birth-month", "birth-day")]
        plain = [dates.plain_digits(text) or "0" for text in texts]
        made = ""
        if all(one.isascii() and one.isdigit() and len(one) <= 4 for one in plain):
            made = dates.partial(int(plain[0]), int(plain[1]), int(plain[2]))
        if made:
            self._draft.birth(Birth(date=made))
        elif texts[0]:
            said = "-".join(texts)[:40]
            self._draft.fault(f"birth: expected a year, a month and a day in numbers, got {said!r}")
            self._draft.note(f"birth: {said}")

    def _documents(self) -> None:
        for key, (column, values) in self._papers.items():
            parts = self._parts.get(abs(key), {})
            field = "number-country" if key < 0 else "document-country"
            country = column.country
            if not country and (named := " ".join(parts.get(field, ()))):
                country = countries.alpha2(named)
                if not country:
                    self._draft.note(f"{field}: {named}")
            for value, at in values:
                if key < 0:
                    self._draft.number(value.strip(), country, at)
                else:
                    days = self._days(key, parts)
                    self._draft.document(self._kind(column, parts), value.strip(), at, country=country, **days)

    def _kind(self, column: Column, parts: dict[str, list[str]]) -> str:
        said = " ".join(parts.get("document-kind", ())).strip()
        if said and said.casefold() not in _KINDS:
            self._draft.note(f"document: {said}")
        return _KINDS.get(said.casefold(), "") or column.kind or "other"

    def _days(self, group: int, parts: dict[str, list[str]]) -> dict[str, str]:
        made = {}
        for name in ("issued", "expires"):
            said = " ".join(parts.get(f"document-{name}", ())).strip()
            form = self._forms.get((group, f"document-{name}"), "")
            found = dates.written(said, form, "gregorian", self._options.today) if said else ()
            if len(found) == 1 and not found[0].uncertain:
                made[name] = found[0].date
            elif said:
                self._draft.note(f"document {name} {said}")
        return made
