"""Invented match keys, the same for every process and environment: only the standard library."""


def match_key(number: int) -> str:
    """A match key of an index, as `names.match_keys` writes them."""
    born = f"{1930 + number % 80}-{1 + number // 80 % 12:02d}-{1 + number // 960 % 28:02d}"
    return f"d{born}|{_skeleton(number // 26_880)}|{_skeleton(number * 7 + 3)}"


def _skeleton(number: int) -> str:
    letters = "bdfjklmnrstxz"
    return "".join(letters[number // 13**place % 13] for place in range(6))


def asked(count: int, known: int) -> list[str]:
    """So many match keys: every second one stands in an index of `known` keys, the others in none."""
    step = max(1, known // count)
    return [match_key(place * step) if place % 2 == 0 else f"y1970|{place}|zz" for place in range(count)]
