"""Strict XML: no document type, hence no entities; bounded depth, number of elements and length of a tag.

Read as it comes, piece by piece, with expat; what is wrong is said with line and column (characters, from 1). Character
references and the five entities that XML itself has (`&amp;`) are left alone.

Left to the caller: a bound on the text of elements that it keeps, and what characters may stand in it.
"""

from collections.abc import Callable
from xml.parsers import expat

from passerelle.core.errors import XmlError

MAX_TAG = 1 << 20
"""The longest that a tag, a comment or a processing instruction may be, in bytes: expat holds it whole."""


class StrictXml:
    """A reader that tells what begins, what text comes and what ends. Namespace prefixes are taken off the names."""

    def __init__(
        self,
        *,
        start: Callable[[str], object],
        text: Callable[[str], object],
        end: Callable[[], object],
        deepest: int,
        most: int | None = None,
    ) -> None:
        self.encoding = "UTF-8"
        self._start, self._end, self._deepest, self._most = start, end, deepest, most
        self._depth = self._count = self._fed = 0
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._began
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = text
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._refused
        parser.EntityDeclHandler = self._refused

    @property
    def place(self) -> tuple[int, int]:
        """Line and column of what is being told, from 1."""
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1

    def feed(self, data: bytes, *, final: bool = False) -> None:
        """Read on. Raises XmlError; nothing can be read after that."""
        self._fed += len(data)
        try:
            self._parser.Parse(data, final)
        except expat.ExpatError as error:
            reason = expat.errors.messages[error.code]
            raise XmlError(f"expected XML, got {reason}", error.lineno, error.offset + 1) from None
        except (LookupError, ValueError):  # an encoding by a name that nothing is known under
            raise XmlError("expected XML in an encoding that is known, got another", *self.place) from None
        if not final and self._fed - self._parser.CurrentByteIndex > MAX_TAG + len(data):
            raise XmlError(f"expected tags of at most {MAX_TAG} bytes, got more", *self.place)

    def _declared(self, _version: str, encoding: str | None, _alone: int) -> None:
        self.encoding = (encoding or "UTF-8").upper()

    def _began(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > self._deepest:
            raise XmlError(f"expected elements at most {self._deepest} deep, got a deeper one", *self.place)
        if self._most is not None and self._count > self._most:
            raise XmlError(f"expected at most {self._most} elements, got more", *self.place)
        self._start(name.rpartition(":")[2])

    def _ended(self, _name: str) -> None:
        self._depth -= 1
        self._end()

    def _refused(self, *_arguments: object) -> None:
        raise XmlError("expected XML without a document type, got one", *self.place)
