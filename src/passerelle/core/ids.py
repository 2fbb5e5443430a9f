"""Identifiers: UUID version 7 (RFC 9562), so that they sort by the time they were made.

Within one process identifiers strictly increase, even within a millisecond.
"""

import os
import re
import threading
import time

_lock = threading.Lock()
_last = 0

_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_id() -> str:
    """A fresh identifier: 36 characters, 62 random bits behind a millisecond and a 12-bit counter."""
    global _last  # noqa: PLW0603 - the counter is the point
    with _lock:
        # Milliseconds in the upper bits and a 12-bit counter below, moved on by one when the clock did not move.
        _last = max(_last + 1, (time.time_ns() // 1_000_000) << 12)
        head = _last
    tail = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    number = (head >> 12) << 80 | 7 << 76 | (head & 0xFFF) << 64 | 2 << 62 | tail
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(value: object) -> bool:
    """Whether the value is an identifier in the one form that `new_id` gives."""
    return isinstance(value, str) and _FORM.fullmatch(value) is not None


def order_of(identifier: str) -> int:
    """Where an identifier stands in the order of making: its 48-bit millisecond and 12-bit counter, below 2^60."""
    digits = identifier.replace("-", "")
    return int(digits[:12] + digits[13:16], 16)
