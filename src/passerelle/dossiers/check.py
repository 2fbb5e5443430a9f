"""What a content rule is: its parameters, what they name, and what it finds. The rules themselves: `checks`."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from passerelle.dossiers.problem import Problem

Content = Mapping[str, Any]


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A content rule with its parameters."""

    def named(self) -> tuple[str, ...]:
        """The fields of the body that it looks at."""
        return ()

    def words(self) -> Mapping[str, tuple[str, ...]]:
        """Other words that it names: of `category`, `handling`, `act` (of the type) or `person` (fields of one)."""
        return {}

    def ways(self) -> tuple[str, ...]:
        """The ways into a content that it follows: `subjects.*.key`, `body.report.accounts.*.key`."""
        return ()

    def fault(self) -> str:
        """What its parameters must be, in words, when they are something else; empty when nothing is wrong."""
        return ""

    def problems(self, content: Content) -> Iterator[Problem]:
        """What is wrong with a content of the right form."""
        yield from ()
