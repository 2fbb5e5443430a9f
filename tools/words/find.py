"""Every text of the source that persons may read, found in its syntax tree.

Two kinds of texts are found:
- **texts of doors**, translated where they are written: the first argument of `_` and `N_`, both of `n_`; in `cli/`
  also the help of commands, groups, options and arguments, the names of fields and the heads of tables, which the door
  translates by itself;
- **texts that are retold** (`core.retold`): the node writes them in English, in an error, an alarm, a reason, a report,
  and a door translates them by their pattern. They are found wherever a literal stands in a `raise`, in a call of one
  of `WRITERS`, is marked with `E_`, or holds `expected`. An f-string becomes a template whose fields are named after
  what is filled in.

Besides: the labels of instruments, and the reasons that the policy gives.

What is left out: docstrings, errors of programming (`TypeError`, `AssertionError` and the like), the demonstration.
"""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from passerelle.core.words import ERRORS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "passerelle"
LABELS = "instruments/labels.json"
POLICY = "office/cedar/default.cedar"

WRITERS = {
    "_need": (1,),
    "need": (1,),
    "fail": (1, 2),
    "_fail": (1, 2),
    "refuse": (0,),
    "_refuse": (0,),
    "alarm": (4,),
    "_alarm": (5,),
    "away": (2,),
    "lies": (2,),
    "_stop": (3,),
    "say": (1, 3),
    "check": (1,),
    "Problem": (1, 2),
    "problem": (1, 2),
    "Objection": (1,),
    "reason": (2, 3),
    "Reason": (3, 4),
}
"""Functions whose arguments, at these places, are told to persons later. Methods count by their name."""

_GIVEN = {name: WRITERS[name] for name in ("alarm", "_alarm")} | {"say": (0, 1, 3), "check": (0, 1)}
"""Those of them whose texts are given a name first; of statements also what they are about."""

_SPOKEN = ("help", "words", "reason", "text", "detail", "expected", "got", "says", "todo")
_OF_PROGRAMMING = {"TypeError", "AssertionError", "RuntimeError", "ValueError", "KeyError", "Exit"}
_LETTER = re.compile(r"[A-Za-z]{2}")
_REASON = re.compile(r'@reason\("([^"]*)"\)')
_WAY = re.compile(r"[\w{}]+(\.[\w{}]+)+")
_EXPECTED = re.compile(r"\bexpected\b")


class Found(NamedTuple):
    """A text: its context in the catalogue (none, or that of texts retold), the text, its plural form or nothing."""

    context: str | None
    text: str
    plural: str | None = None


class Place(NamedTuple):
    """Where a text stands."""

    file: str
    line: int


class WrongError(Exception):
    """A text of the source that no catalogue can hold."""


def all_texts(source: Path = SOURCE) -> dict[Found, list[Place]]:
    """Every text of the source, with the places where it stands."""
    found: dict[Found, list[Place]] = {}
    for file in sorted(source.rglob("*.py")):
        inner = file.relative_to(source)
        if inner.parts[0] == "demo":
            continue
        name = (Path("src/passerelle") / inner).as_posix()
        for one, line in texts_of(file.read_text("utf-8"), name, door=inner.parts[0] == "cli"):
            found.setdefault(one, []).append(Place(name, line))
    for file in sorted(source.rglob("*.cedar")):
        for text in _REASON.findall(file.read_text("utf-8")):
            found.setdefault(Found(ERRORS, text.replace("{", "{{").replace("}", "}}")), []).append(
                Place((Path("src/passerelle") / file.relative_to(source)).as_posix(), 1)
            )
    for text in _leaves(json.loads((source / LABELS).read_text("utf-8"))):
        found.setdefault(Found(None, text), []).append(Place(f"src/passerelle/{LABELS}", 1))
    # The reasons of the shipped policy are told when it refuses somebody.
    for number, line in enumerate((source / POLICY).read_text("utf-8").splitlines(), 1):
        if reason := re.fullmatch(r'@reason\("(.*)"\)', line):
            found.setdefault(Found(ERRORS, reason.group(1)), []).append(Place(f"src/passerelle/{POLICY}", number))
    return found


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for child in value.values():
            yield from _leaves(child)
    elif value:
        yield value


def texts_of(code: str, name: str, *, door: bool) -> Iterator[tuple[Found, int]]:
    """The texts of one file. Raises WrongError."""
    tree = ast.parse(code)
    finder = _Finder(name, tree)
    yield from finder.marked()
    if door:
        yield from finder.helped()
        yield from finder.headed()
    yield from finder.retold()


class _Finder:
    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        self.nodes = list(ast.walk(tree))
        self.calls = [one for one in self.nodes if isinstance(one, ast.Call)]
        self.functions = {
            one.name: one for one in self.nodes if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.marks: set[int] = set()  # literals that have been dealt with, or that no person reads
        for one in self.nodes:
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                self.marks.add(id(one.value))  # docstrings

    def marked(self) -> Iterator[tuple[Found, int]]:
        """Arguments of `_`, `N_` and `n_`."""
        for call in self.calls:
            kind = _called(call)
            if kind not in ("_", "N_", "n_", "E_") or not call.args:
                continue
            texts = [_literal(one) for one in call.args[: 2 if kind == "n_" else 1]]
            if any(isinstance(one, ast.JoinedStr) for part in call.args[:2] for one in ast.walk(part)):
                raise WrongError(
                    f"{self.name}:{call.lineno}: expected a text with named fields in {kind}(), got an f-string"
                )
            if None in texts:
                if kind == "_":
                    continue  # a constant, marked where it stands
                raise WrongError(f"{self.name}:{call.lineno}: expected a text in {kind}(), got something else")
            for part in call.args[: len(texts)]:
                self.marks |= {id(one) for one in ast.walk(part)}
            context = ERRORS if kind == "E_" else None
            yield Found(context, str(texts[0]), str(texts[1]) if kind == "n_" else None), call.lineno

    def helped(self) -> Iterator[tuple[Found, int]]:
        """Help of commands, groups, options and arguments."""
        for call in self.calls:
            kind = _called(call)
            if kind in ("Option", "Argument", "Typer", "callback"):
                for word in call.keywords:
                    if word.arg in ("help", "show_default", "epilog") and (text := _literal(word.value)):
                        self.marks |= {id(one) for one in ast.walk(word.value)}
                        yield Found(None, text), call.lineno
            elif kind == "group" and len(call.args) > 2 and (text := _literal(call.args[2])):
                yield Found(None, text), call.lineno
            elif isinstance(call.func, ast.Call) and _called(call.func) == "command":
                for one in call.args:
                    work = self.functions.get(one.id) if isinstance(one, ast.Name) else None
                    if work is not None and (said := ast.get_docstring(work, clean=False)):
                        yield Found(None, inspect.cleandoc(said)), work.lineno

    def headed(self) -> Iterator[tuple[Found, int]]:
        """Heads of tables and names of fields, which `Screen` translates."""
        for call in self.calls:
            kind = _called(call)
            if kind == "table" and call.args:
                for head in self._texts_in(call.args[0]):
                    yield Found(None, head.replace("_", " ")), call.lineno
                for one in [*call.args[2:3], *(word.value for word in call.keywords if word.arg == "empty")]:
                    if text := _literal(one):
                        yield Found(None, text), call.lineno
            elif kind == "fields" and call.args:
                for one in ast.walk(call.args[0]):
                    if isinstance(one, ast.Tuple) and len(one.elts) == 2 and (text := _literal(one.elts[0])):
                        yield Found(None, text.replace("_", " ")), call.lineno

        for one in self.nodes:
            if isinstance(one, ast.Assign) and any(
                isinstance(to, ast.Name) and to.id.upper().endswith(("TABLES", "HEADS", "KEYS")) for to in one.targets
            ):
                for inner in ast.walk(one.value):
                    if isinstance(inner, ast.Tuple) and all(map(_literal, inner.elts)):
                        for part in inner.elts:
                            yield Found(None, str(_literal(part)).replace("_", " ")), one.lineno

    def _texts_in(self, node: ast.expr) -> Iterator[str]:
        """The texts of a tuple or list, or of one that a name stands for in this file."""
        if isinstance(node, ast.Tuple | ast.List):
            yield from (text for one in node.elts if (text := _literal(one)))
        elif isinstance(node, ast.Name):
            for one in self.nodes:
                if isinstance(one, ast.Assign) and any(
                    isinstance(to, ast.Name) and to.id == node.id for to in one.targets
                ):
                    yield from self._texts_in(one.value) if not isinstance(one.value, ast.Name) else ()

    # ---- texts that are retold ---------------------------------------------------------------------------------------

    def retold(self) -> Iterator[tuple[Found, int]]:
        """Templates and fragments of what the node writes in English."""
        for one in self.nodes:
            if isinstance(one, ast.Raise) and isinstance(one.exc, ast.Call) and _called(one.exc) in _OF_PROGRAMMING:
                self.marks |= {id(inner) for inner in ast.walk(one.exc)}
        yield from self._named()
        for one in self.nodes:
            if isinstance(one, ast.Raise) and isinstance(one.exc, ast.Call):
                name = _called(one.exc)
                if name not in WRITERS:
                    for part in [*one.exc.args, *(word.value for word in one.exc.keywords)]:
                        # A message of an error is a sentence; a word alone is the name of something.
                        yield from (told for told in self._told(part) if " " in told[0].text)
            elif isinstance(one, ast.Call) and _called(one) in WRITERS:
                for place in WRITERS[_called(one)]:
                    if place < len(one.args):
                        yield from self._told(one.args[place])
            elif isinstance(one, ast.Call):
                for word in one.keywords:
                    if word.arg in _SPOKEN and "cli" not in self.name:
                        yield from self._told(word.value)
        for one in self.nodes:
            if isinstance(one, ast.JoinedStr | ast.Constant) and id(one) not in self.marks:
                text = template(one)
                if text is not None and _EXPECTED.search(text):
                    yield from self._told(one)

    def _named(self) -> Iterator[tuple[Found, int]]:
        """Texts that were given a name first, in the same function: of alarms, of statements, of what checks found."""
        for function in (one for one in self.nodes if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)):
            inner = list(ast.walk(function))
            calls = (one for one in inner if isinstance(one, ast.Call) and _called(one) in _GIVEN)
            given = (one.args[place] for one in calls for place in _GIVEN[_called(one)] if place < len(one.args))
            bare = (one.value if isinstance(one, ast.Subscript) else one for one in given)
            names = {one.id for one in bare if isinstance(one, ast.Name)}
            if "oversight/" in self.name:
                names.add("detail")  # what a check of the verifier returns
            for one in inner:
                if isinstance(one, ast.Assign):
                    for to in one.targets:
                        for target, value in _pairs(to, one.value):
                            if isinstance(target, ast.Name) and target.id in names:
                                # A word alone is the name of something.
                                yield from (told for told in self._told(value) if " " in told[0].text)

    def _told(self, node: ast.expr) -> Iterator[tuple[Found, int]]:
        """The templates that an expression may give."""
        for part in _choices(node):
            if id(part) in self.marks:
                continue
            self.marks |= {id(one) for one in ast.walk(part)}
            text = template(part)
            if text is not None and _says_something(text):
                yield Found(ERRORS, text), part.lineno
            for inner in ast.walk(part):  # words that are filled in: `'nothing' if … else …`
                if isinstance(inner, ast.IfExp | ast.BoolOp):
                    for choice in _choices(inner):
                        word = template(choice)
                        if word is not None and _says_something(word):
                            yield Found(ERRORS, word), part.lineno


def _says_something(text: str) -> bool:
    """Whether there is something to translate: neither fields alone nor the way to a key, `acts.{name}.body`."""
    return bool(_LETTER.search(re.sub(r"\{\w+\}", "", text))) and not _WAY.fullmatch(text)


def _called(call: ast.Call) -> str:
    """The last name of what is called."""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _literal(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _literal(node.left), _literal(node.right)
        return left + right if left is not None and right is not None else None
    return None


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each name of an assignment with what it is given."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def _choices(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression may give, as far as its form says."""
    if isinstance(node, ast.IfExp):
        yield from (*_choices(node.body), *_choices(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for one in node.values:
            yield from _choices(one)
    elif isinstance(node, ast.Tuple | ast.List):
        for one in node.elts:
            yield from _choices(one)
    elif isinstance(node, ast.Subscript):  # `f"…"[:1000]`
        yield from _choices(node.value)
    elif isinstance(node, ast.Call):
        for place in WRITERS.get(_called(node), ()):
            yield from _choices(node.args[place]) if place < len(node.args) else ()
    else:
        yield node


# ---- templates -------------------------------------------------------------------------------------------------------


def template(node: ast.expr) -> str | None:
    """The text of a literal, an f-string or a sum of them, each part that varies as a named field; or None."""
    if isinstance(node, ast.BinOp) and not _holds_text(node):
        return None
    if not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
        return None
    names: list[str] = []
    parts = list(_parts(node, names))
    return "".join(parts) if all(one is not None for one in parts) else None


def _holds_text(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.Add) and any(
        isinstance(one, ast.Constant) and isinstance(one.value, str) for one in ast.walk(node)
    )


def _parts(node: ast.expr, names: list[str]) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value.replace("{", "{{").replace("}", "}}")
        else:
            yield f"{{{_unused('value', names)}}}"
    elif isinstance(node, ast.JoinedStr):
        for one in node.values:
            yield from _parts(one, names)
    elif isinstance(node, ast.FormattedValue):
        yield f"{{{_unused(_name(node.value), names)}}}"
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _parts(node.left, names)
        yield from _parts(node.right, names)
    else:
        yield f"{{{_unused(_name(node), names)}}}"


def _unused(name: str, names: list[str]) -> str:
    made, number = name, 2
    while made in names:
        made, number = f"{name}{number}", number + 1
    names.append(made)
    return made


def _name(node: ast.expr) -> str:
    """What a field is called after: a name, an attribute, what is joined or counted."""
    found = ""
    if isinstance(node, ast.Name):
        found = node.id
    elif isinstance(node, ast.Attribute):
        found = node.attr
    elif isinstance(node, ast.Subscript):
        found = _name(node.value)
    elif isinstance(node, ast.Call):
        if _called(node) == "len":
            found = "number"
        elif node.args:
            found = _name(node.args[0])
        else:
            found = _called(node)
    elif isinstance(node, ast.GeneratorExp | ast.ListComp):
        found = _name(node.elt)
    elif isinstance(node, ast.IfExp):
        found = _name(node.body)
    elif isinstance(node, ast.BoolOp):
        found = _name(node.values[0])
    made = found.strip("_").lower()
    return made if made.isidentifier() else "value"
