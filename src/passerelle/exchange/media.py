"""What a file says it is, held against its first bytes: a closed list of media types, the same at both ends.

The list is a rule of the protocol, so it stands here and not in a library whose guesses change with its version. Each
type has the bytes by which it begins (WHATWG MIME Sniffing, IANA registrations); text is UTF-8 to its end.
`application/octet-stream` is for what has no type here, and is told by nothing. Fingerprints are WSQ images (FBI
IAFIS-IC-0110) or files of ANSI/NIST-ITL 1 in its traditional encoding, which begin with the length of a first record.

Refused under every type: programs (ELF, PE, Mach-O, Java), scripts that begin as such (`#!`, `<?php`, `<?=`,
`@echo off`), HTML, SVG and XML.

Left unchecked: what lies behind the first bytes: a file of two types at once, a document with macros or scripts, an
archive's inside. Nothing here is ever executed or rendered; a service that opens a file scans it first.
"""

import codecs
import re

from passerelle.core.retold import E_

_TEXT = ("text/plain", "text/csv")
_ISO = rb"\A.{4}ftyp"
_ZIP = rb"\APK\x03\x04"
_RIFF = rb"\ARIFF.{4}"
_MATROSKA = rb"\A\x1aE\xdf\xa3"

_BEGIN: dict[str, bytes] = {
    "application/pdf": rb"\A%PDF-",
    "application/zip": rb"\APK(\x03\x04|\x05\x06)",
    "application/vnd.oasis.opendocument.spreadsheet": _ZIP,
    "application/vnd.oasis.opendocument.text": _ZIP,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": _ZIP,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _ZIP,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _ZIP,
    "application/x-ansi-nist-itl": rb"\A1\.0?0?1:\d+\x1d",
    "audio/flac": rb"\AfLaC",
    "audio/mp4": _ISO,
    "audio/mpeg": rb"\A(ID3|\xff[\xe2-\xff])",
    "audio/ogg": rb"\AOggS",
    "audio/wav": _RIFF + b"WAVE",
    "image/bmp": rb"\ABM",
    "image/gif": rb"\AGIF8[79]a",
    "image/heic": _ISO + rb"(heic|heix|mif1|msf1)",
    "image/jp2": rb"\A\x00\x00\x00\x0cjP  \r\n\x87\n",
    "image/jpeg": rb"\A\xff\xd8\xff",
    "image/png": rb"\A\x89PNG\r\n\x1a\n",
    "image/tiff": rb"\A(II\*\x00|MM\x00\*)",
    "image/webp": _RIFF + b"WEBP",
    "image/x-wsq": rb"\A\xff\xa0\xff[\xa2-\xa8]",
    "video/mp4": _ISO,
    "video/mpeg": rb"\A\x00\x00\x01[\xb3\xba]",
    "video/quicktime": rb"\A.{4}(ftypqt|moov|mdat|wide|free)",
    "video/webm": _MATROSKA,
    "video/x-matroska": _MATROSKA,
    "video/x-msvideo": _RIFF + b"AVI ",
}
_PATTERNS = {media: re.compile(pattern, re.DOTALL) for media, pattern in _BEGIN.items()}

MEDIA = tuple(sorted(("application/octet-stream", *_TEXT, *_BEGIN)))
"""The media types that an attachment may have."""

_HARMFUL = (
    (
        E_("a program"),
        re.compile(rb"\A(\x7fELF|MZ|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe|\xca\xfe\xd0\x0d)"),
    ),
    (E_("a script"), re.compile(rb"\A(\xef\xbb\xbf)?\s*(#!|<\?(php|=)|@echo\s+off)", re.IGNORECASE)),
    (
        E_("HTML, SVG or XML"),
        re.compile(
            rb"\A(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\x00]*<\x00?(!|\?xml|svg|html|head|script|iframe|h1|div|font|table"
            rb"|a|style|title|b|body|br|p|meta|link)\x00?[\s>/\x00!-]|\A(\xef\xbb\xbf)?\s*<(!doctype|!--|\?xml)",
            re.IGNORECASE,
        ),
    ),
)


def is_text(media: str) -> bool:
    """Whether a file of this type is text, and is looked at to its end."""
    return media in _TEXT


def head_problem(media: str, head: bytes) -> str:
    """Why a file that begins so (as much of its first chunk as there is) is not of this type, in words; or nothing."""
    for words, pattern in _HARMFUL:
        if pattern.search(head[:1024]):
            return f"expected a file of type {media}, got {words}"
    pattern_of = _PATTERNS.get(media)
    if pattern_of is not None and not pattern_of.match(head):
        return f"expected a file of type {media}, got one that begins otherwise"
    return ""


class Reader:
    """A file looked at from its first byte to its last, part by part."""

    def __init__(self, media: str) -> None:
        self._media = media
        self._begun = False
        self._text = codecs.getincrementaldecoder("utf-8")() if is_text(media) else None

    def problem(self, part: bytes, *, last: bool) -> str:
        """What is wrong with the file so far, in words; or nothing. The first part is a whole chunk or all there is."""
        begun, self._begun = self._begun, True
        found = "" if begun else head_problem(self._media, part)
        if self._text is None or found:
            return found
        try:
            text = self._text.decode(part, last)
        except UnicodeDecodeError:
            return f"expected a file of type {self._media}, got bytes that are no text in UTF-8"
        return f"expected a file of type {self._media}, got a text with NUL" if "\0" in text else ""
