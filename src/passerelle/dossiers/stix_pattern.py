"""Patterns of indicators: whether a text is one by the grammar of STIX Patterning (STIX 2.1, section 9).

    fault("[file:hashes.'SHA-256' = 'ef53…']") is None

Checked: the grammar; object types and first properties that `stix_objects` knows, so that no pattern asks for what may
not be sent; comparisons joined by AND speak of one object (section 9.6); nesting of at most 20.

Left unchecked: whether a regular expression in MATCHES is one, whether a value is of the kind of its property, and
patterns of other languages (YARA, Sigma, Snort …), which are taken as texts.
"""

import re
from collections.abc import Collection

from passerelle.dossiers.problem import Problem, shown
from passerelle.dossiers.stix_objects import OBJECTS, OBSERVABLES

_DEEPEST = 20
_TOKENS = re.compile(
    r"""\s+|/\*.*?\*/|//[^\n]*
    |(?P<moment>t'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z')
    |(?P<bytes>h'(?:[0-9A-Fa-f]{2})*'|b'(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?')
    |(?P<text>'(?:[^'\\]|\\.)*')
    |(?P<number>[+-]?\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    |(?P<sign><=|>=|<>|!=|==|[=<>\[\]().,:*])""",
    re.VERBOSE | re.DOTALL,
)
_COMPARES = {"=", "==", "!=", "<>", "<", ">", "<=", ">="}
_SAYS = {"LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"}
_WORDS = _SAYS | {
    "AND",
    "OR",
    "NOT",
    "FOLLOWEDBY",
    "EXISTS",
    "IN",
    "START",
    "STOP",
    "WITHIN",
    "SECONDS",
    "REPEATS",
    "TIMES",
}


class _WrongError(Exception):
    """Something stands where another is expected."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def fault(text: str, objects: Collection[str] = OBSERVABLES) -> Problem | None:
    """What is wrong with a pattern, without a path; None: nothing. `objects`: the observables it may speak of."""
    try:
        _Pattern(text, objects).whole()
    except _WrongError as error:
        return error.problem
    return None


class _Pattern:
    """One pass over the tokens of a pattern."""

    def __init__(self, text: str, objects: Collection[str]) -> None:
        self.objects = objects
        self.tokens: list[tuple[str, str]] = []
        self.at = self.depth = 0
        place = 0
        while place < len(text):
            found = _TOKENS.match(text, place)
            if found is None:
                raise _WrongError(
                    Problem("", "a pattern by the grammar of STIX", f"{shown(text[place : place + 20])} at {place}")
                )
            if found.lastgroup:
                self.tokens.append((found.lastgroup, found.group()))
            place = found.end()

    # ---- tokens

    def next(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "the end")

    def take(self, *words: str) -> bool:
        """Whether the next token is one of these words or signs; then it is passed."""
        kind, text = self.next()
        if kind in ("name", "sign") and text in words:
            self.at += 1
            return True
        return False

    def must(self, *words: str) -> None:
        if not self.take(*words):
            raise _WrongError(Problem("", f"{' or '.join(words)} in the pattern", shown(self.next()[1])))

    def kind(self, *kinds: str) -> str:
        """The text of the next token, which is of one of these kinds and no word of the language."""
        kind, text = self.next()
        if kind not in kinds or text in _WORDS:
            raise _WrongError(Problem("", f"{' or '.join(kinds)} in the pattern", shown(text)))
        self.at += 1
        return text

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _WrongError(Problem("", f"a pattern nested {_DEEPEST} deep at most", "more"))

    # ---- observations

    def whole(self) -> None:
        self.observations()
        if self.at < len(self.tokens):
            raise _WrongError(Problem("", "the end of the pattern", shown(self.next()[1])))

    def observations(self) -> None:
        self.observation()
        while self.take("AND", "OR", "FOLLOWEDBY"):
            self.observation()

    def observation(self) -> None:
        if self.take("("):
            self.deeper()
            self.observations()
            self.must(")")
            self.depth -= 1
        else:
            self.must("[")
            self.either()
            self.must("]")
        while self.take("START", "WITHIN", "REPEATS"):
            word = self.tokens[self.at - 1][1]
            self.kind("moment" if word == "START" else "number")
            self.must({"START": "STOP", "WITHIN": "SECONDS", "REPEATS": "TIMES"}[word])
            if word == "START":
                self.kind("moment")

    # ---- comparisons: each gives the types of objects that it may be true of

    def either(self) -> frozenset[str]:
        found = self.both()
        while self.take("OR"):
            found |= self.both()
        return found

    def both(self) -> frozenset[str]:
        found = self.comparison()
        while self.take("AND"):
            more = self.comparison()
            if not found & more:
                raise _WrongError(
                    Problem("", "comparisons of one object joined by AND", ", ".join(sorted(found | more)))
                )
            found &= more
        return found

    def comparison(self) -> frozenset[str]:
        if self.take("("):
            self.deeper()
            found = self.either()
            self.must(")")
            self.depth -= 1
            return found
        if self.take("EXISTS"):
            return self.path()
        found = self.path()
        self.take("NOT")
        if self.take("IN"):
            self.must("(")
            self.literal()
            while self.take(","):
                self.literal()
            self.must(")")
        elif self.take(*_SAYS):
            self.kind("text")
        else:
            self.must(*sorted(_COMPARES))
            self.literal()
        return found

    def literal(self) -> None:
        if not self.take("true", "false"):
            self.kind("text", "number", "moment", "bytes")

    def path(self) -> frozenset[str]:
        kind = self.kind("name")
        if kind not in self.objects:
            raise _WrongError(Problem("", f"one of {', '.join(sorted(self.objects))} in the pattern", shown(kind)))
        self.must(":")
        name = self.kind("name", "text").strip("'")
        if name not in OBJECTS[kind].known:
            raise _WrongError(Problem("", f"a property of {kind} that may be sent", shown(name)))
        while self.take(".", "["):
            if self.tokens[self.at - 1][1] == ".":
                self.kind("name", "text")
            else:
                if not self.take("*"):
                    self.kind("number")
                self.must("]")
        return frozenset({kind})
