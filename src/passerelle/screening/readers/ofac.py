"""The list of specially designated nationals of the United States Treasury: three CSV files that belong together.

The persons (`sdn.csv`, twelve cells), their other names (`alt.csv`, five) and addresses (`add.csv`, six), told apart by
how many cells their records have, in any order. `-0-` is empty; the byte 0x1A that ends the published files is left
out. The two smaller files are held while the persons are read, at most `MAX_ROWS` records each; what they say of no
person of the list (companies, vessels) is passed over. Weak aliases stand in the remarks (`remarks`).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from passerelle.persons.model import Entry, Fault
from passerelle.screening.readers import remarks
from passerelle.screening.readers.reading import Draft, Options, Reading
from passerelle.screening.readers.rows import Row, records
from passerelle.screening.readers.text import ENCODINGS, Source, encoding_of, known, lines

MAX_ROWS = 200_000
_PERSONS, _NAMES, _PLACES = 12, 5, 6
_WHAT = {_PERSONS: "sdn.csv", _NAMES: "alt.csv", _PLACES: "add.csv"}
_EMPTY = "-0-"


def read(sources: Sequence[Source], reading: Reading, options: Options) -> Iterator[Entry | Fault]:
    """The persons of the list."""
    files: dict[int, tuple[Source, str]] = {}
    for source in sources:
        encoding = known(options.encoding) if options.encoding else encoding_of(source)
        width = _width(source, encoding)
        if width not in _WHAT or width in files:
            message = f"expected sdn.csv, alt.csv and add.csv (12, 5 and 6 cells), got a file with {width} cells"
            yield reading.broken(message, (1, 1))
            return
        files[width] = (source, encoding)
    if _PERSONS not in files:
        yield reading.broken("expected sdn.csv among the files (12 cells), got none", (1, 1))
        return
    reading.encoding = ", ".join(dict.fromkeys(ENCODINGS[encoding] for _source, encoding in files.values()))
    held: dict[int, dict[str, list[Row]]] = {}
    for width in (_NAMES, _PLACES):
        held[width] = defaultdict(list)
        if width in files:
            yield from _hold(*files[width], width, held[width], reading)
    for row in _rows(*files[_PERSONS], _PERSONS, reading):
        if isinstance(row, Fault):
            yield row
        elif row.cells[2].casefold() != "individual":
            reading.skipped += 1
        else:
            yield from _person(row, held[_NAMES].get(row.cells[0], ()), held[_PLACES].get(row.cells[0], ()))


def looks_like(text: str) -> bool:
    """Whether the first line of a file is one of the three."""
    parts = text.split(",")
    return parts[0].strip().isdigit() and len(parts) >= _NAMES and _EMPTY in text


def _width(source: Source, encoding: str) -> int:
    """How many cells the first record has."""
    text = source.head.decode("utf-8" if encoding == "utf-8" else "latin-1", "replace")
    first = next((line for line in text.splitlines() if line.strip(" \x1a")), "")
    count, quoted = 1 if first else 0, False
    for one in first:
        quoted ^= one == '"'
        count += one == "," and not quoted
    return count


def _rows(source: Source, encoding: str, width: int, reading: Reading) -> Iterator[Row | Fault]:
    for row in records((one for one in lines(source, encoding) if one.text.strip() != "\x1a"), ",", encoding):
        if isinstance(row, Fault):
            fault = Fault(line=row.line, column=row.column, message=f"{_WHAT[width]}: {row.message}")
            yield reading.torn(fault, source.unended)
            continue
        cells = ["" if cell.strip() == _EMPTY else cell.strip(" \t") for cell in row.cells]
        if len(cells) == width and cells[0].isascii() and cells[0].isdigit():
            yield Row(row.line, cells, row.raw)
        else:
            message = f"expected {width} cells, the first a number, got {len(cells)} and {row.cells[0][:20]!r}"
            fault = Fault(line=row.line, column=1, message=f"{_WHAT[width]}: {message}")
            yield reading.torn(fault, source.unended)


def _hold(source: Source, encoding: str, width: int, held: dict[str, list[Row]], reading: Reading) -> Iterator[Fault]:
    for count, row in enumerate(_rows(source, encoding, width, reading)):
        if count >= MAX_ROWS:
            yield reading.broken(f"expected at most {MAX_ROWS} records in {_WHAT[width]}, got more", (count, 1))
            return
        if isinstance(row, Fault):
            yield row
        else:
            held[row.cells[0]].append(row._replace(raw=""))


def _person(row: Row, names: Sequence[Row], places: Sequence[Row]) -> Iterator[Entry | Fault]:
    draft = Draft((row.line, 1))
    ident, name, _kind, programme, title = row.cells[:5]
    _name(draft, name, row, "primary")
    for one in names:
        before = len(draft.faults)
        _name(draft, one.cells[3], one, "alias")
        for at, fault in enumerate(draft.faults[before:], before):
            draft.faults[at] = Fault(line=fault.line, column=fault.column, message=f"{_WHAT[_NAMES]}: {fault.message}")
        if one.cells[4]:
            draft.note(f"{one.cells[3]}: {one.cells[4]}")
    for one in places:
        _number, _id, street, city, country, remark = one.cells
        if street or city or country:
            draft.place(", ".join(text for text in (street, city) if text), country, kind="residence")
        if remark:
            draft.note(f"address: {remark}")
    if programme:
        draft.note(f"programme: {programme}", row.place(programme))
    if title:
        draft.note(f"title: {title}", row.place(title))
    for _what in remarks.take(draft, row.cells[11], row.place(row.cells[11])):
        pass
    yield from draft.done(ident)


def _name(draft: Draft, text: str, row: Row, kind: str) -> None:
    family, comma, given = text.partition(",")
    at = row.place(text)
    draft.name(text, at, kind=kind, family=family if comma else "", given=given.strip() if comma else "")
