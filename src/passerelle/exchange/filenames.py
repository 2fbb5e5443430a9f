"""What a file is, by its name and its beginning; and a name under which it may be written down.

Rules kept here:
- a type is proposed by the file's ending and never believed for it: whoever seals it holds the bytes against it;
- a name that another chose is only ever a last part of a path: no separator, no control or direction character, no
  beginning that a program takes for an option or hides, an ending that its type has. So a film is never `photo.exe`.
"""

import re
import unicodedata

from passerelle.core.errors import InputError
from passerelle.exchange.media import MEDIA, head_problem

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
ENDINGS: dict[str, tuple[str, ...]] = {
    "application/octet-stream": ("bin",),
    "application/pdf": ("pdf",),
    "application/x-ansi-nist-itl": ("an2", "eft", "nist", "nst"),
    "application/zip": ("zip",),
    f"{_OPEN}.spreadsheet": ("ods",),
    f"{_OPEN}.text": ("odt",),
    f"{_OFFICE}.presentationml.presentation": ("pptx",),
    f"{_OFFICE}.spreadsheetml.sheet": ("xlsx",),
    f"{_OFFICE}.wordprocessingml.document": ("docx",),
    "audio/flac": ("flac",),
    "audio/mp4": ("m4a",),
    "audio/mpeg": ("mp3",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/wav": ("wav",),
    "image/bmp": ("bmp",),
    "image/gif": ("gif",),
    "image/heic": ("heic",),
    "image/jp2": ("jp2",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/tiff": ("tif", "tiff"),
    "image/webp": ("webp",),
    "image/x-wsq": ("wsq",),
    "text/csv": ("csv",),
    "text/plain": ("txt", "log"),
    "video/mp4": ("mp4", "m4v"),
    "video/mpeg": ("mpg", "mpeg"),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "video/x-matroska": ("mkv",),
    "video/x-msvideo": ("avi",),
}
"""The endings of names that files of a type have, the usual one first."""

UNTOLD = frozenset(("application/octet-stream", "application/zip", *(one for one in MEDIA if "vnd." in one)))
"""Types behind which a program or a macro may stand that nothing here looks for."""

_MOST = 150  # bytes of a name, so that every file system takes it
_UNFIT = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]')


def guessed(name: str, head: bytes) -> str:
    """The type of a file, by the ending of its name, else by its first bytes. Raises InputError when neither tells."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    for media, endings in ENDINGS.items():
        if ending in endings:
            return media
    told = [one for one in MEDIA if one not in UNTOLD and not one.startswith("text/")]
    fitting = [media for media in told if not head_problem(media, head)]
    if len(fitting) == 1:
        return fitting[0]
    raise InputError(f"--media: expected the type of a file that its name does not tell, got {name[:60]!r}")


def safe(name: str, media: str) -> str:
    """The name under which a file of this type may be written into a folder."""
    text = _UNFIT.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    text = text.lstrip("-~") or "file"
    endings = ENDINGS[media]
    stem, _, ending = text.rpartition(".")
    if not stem or ending.lower() not in endings:
        stem, ending = text, endings[0]
    while len(f"{stem}.{ending}".encode()) > _MOST:
        stem = stem[:-1]
    return f"{stem.strip(' .') or 'file'}.{ending}"
