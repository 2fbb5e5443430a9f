"""What characters may stand in text that is exchanged, and what a name of a node looks like.

Refused everywhere in exchanged text: control characters but newline and tab (they corrupt terminals and logs),
bidirectional overrides and isolates (they make text read differently from what it is; Unicode TR 36, CVE-2021-42574),
line and paragraph separators, the byte order mark, unpaired surrogates and non-characters. Left alone: everything else,
Arabic letters, marks and joiners included (U+200C and U+200D are needed to write some languages).
"""

import re

from passerelle.core.errors import InputError

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
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


def check_node_name(name: str) -> str:
    """The name itself: 1 to 63 of a-z 0-9 . -, a letter or digit at both ends. Raises InputError."""
    if not _NODE.fullmatch(name):
        raise InputError(f"expected a node name of a-z, 0-9, dot and dash, 63 characters at most, got {name!r}")
    return name
