"""What can be wrong with an instrument, in a form that a person can mend and a program can read.

Each error bears `check`, the number of the receiver's checks that a refusal names: "9" the text is malformed, "10" the
state of the instrument does not allow the step.
"""

from collections.abc import Iterable

import msgspec

from passerelle.core.errors import InstrumentError


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong: where (`sides.be.regime`, "" for the whole), what was expected, what was found."""

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path or 'instrument'}: expected {self.expected}, got {self.got}"


class CheckedError(InstrumentError):
    """The instrument is refused."""

    check = ""


class InstrumentFormError(CheckedError):
    """The instrument's text is malformed. `problems` lists everything that was found."""

    check = "9"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class InstrumentStateError(CheckedError):
    """The state of the instrument does not allow this."""

    check = "10"


class Findings:
    """Collects problems, so that a person learns all of them at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, path: str, expected: str, got: object) -> None:
        self.problems.append(Problem(path, expected, got if isinstance(got, str) else shorten(got)))

    def raise_if_any(self) -> None:
        """Raises InstrumentFormError when something was found."""
        if self.problems:
            raise InstrumentFormError(self.problems)


def shorten(value: object) -> str:
    """The value as a person recognises it, 80 characters at most."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def listed(names: Iterable[str]) -> str:
    """Names in one order, for messages: `a, b, c`, or `nothing`."""
    return ", ".join(sorted(names)) or "nothing"
