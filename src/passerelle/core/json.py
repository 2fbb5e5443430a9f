"""Strict JSON (RFC 8259, I-JSON RFC 7493): what is read is what every other reader would read.

Refused: bytes that are not UTF-8, a byte order mark, duplicate keys, NaN and infinities, floats, integers beyond
2^53, nesting deeper than 32, forbidden characters (see `core.text`) in keys and values. So two decoders can never
understand the same signed bytes differently.

Left alone: the order of keys and white space. Content is kept and hashed as the bytes that came, never re-encoded.
"""

import json
import math
import re
from typing import Any

from passerelle.core.errors import JsonError
from passerelle.core.text import forbidden_character

MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1


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


def _float(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise JsonError(f"expected a number, got {text[:40]}")
    return value


def _integer(text: str) -> int:
    if len(text) > 17 or not -MAX_INTEGER <= (value := int(text)) <= MAX_INTEGER:
        raise JsonError(f"expected an integer within ±(2^53-1), got {text[:40]}")
    return value


# The decoder is made once: json.loads with hooks would build one for each text.
_own_decoder = json.JSONDecoder(parse_constant=_no_constant, parse_float=_no_float, parse_int=_integer)
_decoder = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_no_constant, parse_float=_no_float, parse_int=_integer
)
_with_floats = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_no_constant, parse_float=_float, parse_int=_integer
)


# An escape that can hide a forbidden character; text without one shows all its characters as they are.
_HIDING = re.compile(r"\\[ubfr]")


def _shallow(value: Any, depth: int) -> None:
    """Raises JsonError when containers are nested too deep."""
    if depth > MAX_DEPTH:
        raise JsonError(f"expected nesting of at most {MAX_DEPTH}, got more")
    for child in value.values() if value.__class__ is dict else value:
        if child.__class__ is dict or child.__class__ is list:
            _shallow(child, depth + 1)


def _clean(value: Any) -> None:
    """Raises JsonError when a key or a value has a forbidden character."""
    if isinstance(value, str):
        if found := forbidden_character(value):
            raise JsonError(f"expected text without control or bidirectional characters, got {found}")
    elif isinstance(value, dict):
        for key, child in value.items():
            _clean(key)
            _clean(child)
    elif isinstance(value, list):
        for child in value:
            _clean(child)


def parse(data: bytes | str, what: str = "JSON", *, floats: bool = False, characters: bool = True) -> Any:
    """The value that the bytes (UTF-8) or the text say. Raises JsonError, prefixed with `what`.

    `floats`: for texts of others that are looked into and never written again. `characters`: false where the caller
    looks for forbidden ones itself, value by value.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = (_with_floats if floats else _decoder).decode(text)
        # As many brackets as levels at least: most texts are shallow by their count alone.
        if text.count("{") + text.count("[") > MAX_DEPTH and value.__class__ in (dict, list):
            _shallow(value, 1)
        if not characters:
            return value
        # White space between tokens may hold what a string may not; the strict decoder has refused the rest.
        if _HIDING.search(text):
            _clean(value)
        if found := forbidden_character(text.replace("\r", " ")):
            raise JsonError(f"expected text without control or bidirectional characters, got {found}")
        return value
    except JsonError as error:
        raise JsonError(f"{what}: {error}") from None
    except UnicodeDecodeError as error:
        raise JsonError(f"{what}: expected UTF-8, got byte {data[error.start]!r} at {error.start}") from None
    except RecursionError:
        raise JsonError(f"{what}: expected nesting of at most {MAX_DEPTH}, got more") from None
    except ValueError as error:
        raise JsonError(f"{what}: expected JSON, {str(error)[:120]}") from None


def check_written(body: bytes, what: str = "JSON") -> None:
    """Raises JsonError unless what `canonical` wrote is what `parse` reads: a value may hold floats or bad characters.

    Keys cannot be there twice in what was a dict, so the costly part of `parse` is left out.
    """
    text = body.decode()
    try:
        value = _own_decoder.decode(text)
        if text.count("{") + text.count("[") > MAX_DEPTH and value.__class__ in (dict, list):
            _shallow(value, 1)
        if found := forbidden_character(text):
            raise JsonError(f"expected text without control or bidirectional characters, got {found}")
        if _HIDING.search(text):
            _clean(value)
    except JsonError as error:
        raise JsonError(f"{what}: {error}") from None


def parse_object(data: bytes | str, what: str = "JSON") -> dict[str, Any]:
    """Like `parse`, and the value must be an object."""
    value = parse(data, what)
    if not isinstance(value, dict):
        raise JsonError(f"{what}: expected an object, got {type(value).__name__}")
    return value


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: Any) -> bytes:
    """The one encoding that the product writes where bytes are addressed by hash: keys sorted, no white space, UTF-8.

    Equal to RFC 8785 for the values that `parse` lets through (no floats) with keys of the basic plane.
    """
    return _encoder.encode(value).encode()
