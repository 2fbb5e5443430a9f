"""Machine-readable zones, written: the other half of the reader, for tests."""

_WEIGHTS = (7, 3, 1)


def digit(text: str) -> str:
    """The check digit, written apart from the product (ICAO 9303-3, 4.9)."""
    total = 0
    for at, one in enumerate(text):
        value = 0 if one == "<" else int(one) if one.isdigit() else ord(one) - 55
        total += value * _WEIGHTS[at % 3]
    return str(total % 10)


def name_field(family: str, given: str, width: int) -> str:
    text = family.replace(" ", "<") + ("<<" + given.replace(" ", "<") if given else "")
    return text[:width].ljust(width, "<")


def td3(
    family: str, given: str, number: str, state: str, birth: str, sex: str, expires: str, optional: str = ""
) -> str:
    number, optional = number.ljust(9, "<"), optional.ljust(14, "<")
    second = number + digit(number) + state + birth + digit(birth) + sex + expires + digit(expires) + optional
    second += digit(optional) if optional.strip("<") else "<"
    second += digit(second[:10] + second[13:20] + second[21:43])
    return f"P<{state}{name_field(family, given, 39)}\n{second}\n"


def td2(
    family: str, given: str, number: str, state: str, birth: str, sex: str, expires: str, optional: str = ""
) -> str:
    field, optional = _number(number, optional, 7)
    second = field + state + birth + digit(birth) + sex + expires + digit(expires) + optional
    second += digit(second[:10] + second[13:20] + second[21:35])
    return f"I<{state}{name_field(family, given, 31)}\n{second}\n"


def td1(
    family: str, given: str, number: str, state: str, birth: str, sex: str, expires: str, optional: str = ""
) -> str:
    field, optional = _number(number, optional, 15)
    first = f"I<{state}{field}{optional}"
    second = birth + digit(birth) + sex + expires + digit(expires) + state + "<" * 11
    second += digit(first[5:] + second[:7] + second[8:15] + second[18:29])
    return f"{first}\n{second}\n{name_field(family, given, 30)}\n"


def visa(width: int, family: str, given: str, number: str, state: str, birth: str, sex: str, expires: str) -> str:
    number = number.ljust(9, "<")
    second = number + digit(number) + state + birth + digit(birth) + sex + expires + digit(expires)
    return f"V<{state}{name_field(family, given, width - 5)}\n{second.ljust(width, '<')}\n"


def _number(number: str, optional: str, width: int) -> tuple[str, str]:
    """The number with its check digit, and the optional data, in which a long number goes on."""
    if len(number) <= 9:
        field = number.ljust(9, "<")
        return field + digit(field), optional.ljust(width, "<")
    return f"{number[:9]}<", f"{number[9:]}{digit(number)}<{optional}".ljust(width, "<")[:width]
