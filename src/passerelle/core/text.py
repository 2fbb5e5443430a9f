"""What characters may stand in text that is exchanged, and what a name of a node looks like.

Refused everywhere in exchanged text: control characters but newline and tab (they corrupt terminals and logs),
bidirectional overrides and isolates (they make text read differently from what it is; Unicode TR 36, CVE-2021-42574),
line and paragraph separators, the byte order mark, unpaired surrogates and non-characters. Left alone: everything else,
Arabic letters, marks and joiners included (U+200C and U+200D are needed to write some languages).

What is shown may hold first-strong isolates that the node itself put around names and numbers: `visible` leaves them
where they pair up within a line, and replaces everything else that would act on a terminal.
"""

import re

from passerelle.core.errors import InputError

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# What would move the cursor, or turn what stands beside it around, when it is shown.
_ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066\u2067\ud800-\udfff]")
_ISOLATES = re.compile("([\u2068\u2069])")
_NODE = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")


def forbidden_character(text: str) -> str | None:
    """The first forbidden character as `U+XXXX`, or None."""
    found = _FORBIDDEN.search(text)
    return f"U+{ord(found.group()):04X}" if found else None


def check_text(text: str, what: str) -> str:
    """The text itself. Raises InputError naming the first forbidden character."""
    if found := forbidden_character(text):
        raise InputError(f"{what}: expected text without control or bidirectional characters, got {found}")
    return text


def visible(text: str) -> str:
    """The text as it may be shown: what would act on a terminal is U+FFFD, and so is an isolate that has no partner.

    An isolate left open would turn the rest of the line around; one closed too often would end that of another text.
    """
    seen = _ACTS.sub("\ufffd", text)
    if "\u2068" not in seen and "\u2069" not in seen:
        return seen
    return "\n".join(map(_paired, seen.split("\n")))


def _paired(line: str) -> str:
    parts = _ISOLATES.split(line)  # what was split at stands at the odd places
    opened: list[int] = []
    for place in range(1, len(parts), 2):
        if parts[place] == "\u2068":
            opened.append(place)
        elif opened:
            opened.pop()
        else:
            parts[place] = "\ufffd"
    for place in opened:
        parts[place] = "\ufffd"
    return "".join(parts)


def check_node_name(name: str) -> str:
    """The name itself: 1 to 63 of a-z 0-9 . -, a letter or digit at both ends. Raises InputError."""
    if not _NODE.fullmatch(name):
        raise InputError(f"expected a node name of a-z, 0-9, dot and dash, 63 characters at most, got {name!r}")
    return name
