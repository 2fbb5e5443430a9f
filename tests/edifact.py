"""UN/EDIFACT interchanges, written: the other half of the reader, for tests."""

from collections.abc import Sequence

Element = str | Sequence[str]


def escaped(text: str, service: str = ":+.? '") -> str:
    """The text with a release character before each service character."""
    release = service[3]
    return "".join(release + one if one in (service[0], service[1], release, service[5]) else one for one in text)


def segment(tag: str, *elements: Element, service: str = ":+.? '") -> str:
    parts = [tag]
    for one in elements:
        components = [one] if isinstance(one, str) else one
        parts.append(service[0].join(escaped(part, service) for part in components))
    return service[1].join(parts) + service[5]


def interchange(
    body: Sequence[Sequence[Element]],
    *,
    release: str = "02B",
    charset: str = "UNOA",
    service: str = "",
    end: str = "\n",
) -> str:
    """An interchange of one PAXLST message, its counts right."""
    used = service or ":+.? '"
    frame = [
        ["UNB", [charset, "4"], "CARRIER", "AUTHORITY", ["260601", "1200"], "REF1"],
        ["UNH", "MSG1", ["PAXLST", "D", release, "UN", "IATA"]],
        ["BGM", "745"],
        *body,
        ["UNT", str(len(body) + 3), "MSG1"],
        ["UNZ", "1", "REF1"],
    ]
    text = end.join(segment(str(one[0]), *one[1:], service=used) for one in frame)
    return (f"UNA{service}" if service else "") + text


FLIGHT: list[list[Element]] = [
    ["NAD", "MS", "", "", ["DESK", "DUTY"]],
    ["COM", ["+212 000", "TE"]],
    ["TDT", "20", "XX123", "", "", "XX"],
    ["LOC", "125", "CMN"],
    ["DTM", ["189", "2606011430", "201"]],
    ["LOC", "87", "BRU"],
    ["DTM", ["232", "202606011800", "203"]],
]
TRAVELLER: list[list[Element]] = [
    ["NAD", "FL", "", "", ["TAZROUTI", "YASMINA", "LINA"], "1 LONG STREET", "OUJDA", "", "60000", "MAR"],
    ["ATT", "2", "", "F"],
    ["DTM", ["329", "850517"]],
    ["LOC", "178", "BRU"],
    ["LOC", "174", "BEL"],
    ["LOC", "180", ["MAR", "", "", "OUJDA"]],
    ["NAT", "2", "MAR"],
    ["RFF", ["AVF", "ABC123"]],
    ["DOC", ["P", "110", "111"], "AB1234567"],
    ["DTM", ["36", "300101"]],
    ["LOC", "91", "MAR"],
    ["DOC", ["V", "110", "111"], "V7654321"],
    ["DTM", ["36", "20270101"]],
    ["LOC", "91", "BEL"],
]
CREW: list[list[Element]] = [
    ["NAD", "FM", "", "", ["VAN LOEREN", "PIET"]],
    ["ATT", "2", "", "M"],
    ["DTM", ["329", "19850230"]],
    ["NAT", "2", "XXA"],
]
COUNTS: list[list[Element]] = [["CNT", ["42", "1"]], ["CNT", ["41", "1"]]]
