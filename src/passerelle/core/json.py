"""Strict JSON (RFC 8259, I-JSON RFC 7493): what is read is what every other reader would read.

Refused: bytes that are not UTF-8, a byte order mark, duplicate keys, NaN and infinities, floats, integers beyond
2^53, nesting deeper than 32, forbidden characters (see `core.text`) in keys and values. So two decoders can never
understand the same signed bytes differently.

Left alone: the order of keys and white space. Content is kept and hashed as the bytes that came, never re-encoded.
"""

import json
from typing import Any

from passerelle.core.errors import JsonError
from passerelle.core.text import forbidden_character

MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1
_OPENING = "{["


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonError(f"expected each key once, got {twice!r} twice")
    return made


def _no_constant(text: str) -> Any:
    raise JsonError(f"expected a JSON value, got {text}")


def _no_float(text: str) -> Any:
    raise JsonError(f"expected whole numbers only, got {text[:40]}")


def _integer(text: str) -> int:
    if len(text) > 17 or not -MAX_INTEGER <= (value := int(text)) <= MAX_INTEGER:
        raise JsonError(f"expected an integer within ±(2^53-1), got {text[:40]}")
    return value


# The decoder is made once: json.loads with hooks would build one for each text.
_decoder = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_no_constant, parse_float=_no_float, parse_int=_integer
)


def _walk(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if not value.isascii() or not value.isprintable():
            if found := forbidden_character(value):
                raise JsonError(f"expected text without control or bidirectional characters, got {found}")
    elif isinstance(value, dict):
        if depth >= MAX_DEPTH:
            raise JsonError(f"expected nesting of at most {MAX_DEPTH}, got more")
        for key, child in value.items():
            if not key.isprintable() and forbidden_character(key):
                raise JsonError("expected keys without control or bidirectional characters")
            if child.__class__ is not int:
                _walk(child, depth + 1)
    elif isinstance(value, list):
        if depth >= MAX_DEPTH:
            raise JsonError(f"expected nesting of at most {MAX_DEPTH}, got more")
        for child in value:
            _walk(child, depth + 1)


def parse(data: bytes | str, what: str = "JSON") -> Any:
    """The value that the bytes (UTF-8) or the text say. Raises JsonError, prefixed with `what`."""
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        # One C-speed pass: text without these needs no walk to know that it is shallow or clean.
        value = _decoder.decode(text)
        if "\\" in text or not text.isascii() or sum(map(text.count, _OPENING)) > MAX_DEPTH or "\x7f" in text:
            _walk(value, 0)
        return value
    except JsonError as error:
        raise JsonError(f"{what}: {error}") from None
    except UnicodeDecodeError as error:
        raise JsonError(f"{what}: expected UTF-8, got byte {data[error.start]!r} at {error.start}") from None
    except RecursionError:
        raise JsonError(f"{what}: expected nesting of at most {MAX_DEPTH}, got more") from None
    except ValueError as error:
        raise JsonError(f"{what}: expected JSON, {str(error)[:120]}") from None


def parse_object(data: bytes | str, what: str = "JSON") -> dict[str, Any]:
    """Like `parse`, and the value must be an object."""
    value = parse(data, what)
    if not isinstance(value, dict):
        raise JsonError(f"{what}: expected an object, got {type(value).__name__}")
    return value


def canonical(value: Any) -> bytes:
    """The one encoding that the product writes where bytes are addressed by hash: keys sorted, no white space, UTF-8.

    Equal to RFC 8785 for the values that `parse` lets through (no floats) with keys of the basic plane.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
