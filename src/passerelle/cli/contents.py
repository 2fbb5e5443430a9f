"""What a message says, line by line: each field under the label that its type gives it, in the language in use.

Words of closed lists are shown by their labels, too. What persons wrote stands as they wrote it, and so does what the
type does not know (a partner's later version). JSON output keeps the keys and words of the content.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from passerelle.core.words import _, isolated, language
from passerelle.dossiers.schema import resolved
from passerelle.dossiers.types import DossierType

Schema = Mapping[str, Any]

_FRAME = ("v", "kind", "id", "governance", "after", "dossier", "type", "act")


def lines_of(content: Mapping[str, Any], kind: DossierType | None) -> Iterator[str]:
    """A content as indented lines, without the frame that the timeline shows anyway. `kind`: its type, when known."""
    fields = kind.envelope["properties"] if kind else {}
    shared = kind.envelope["$defs"] if kind else {}
    act = kind.acts.get(str(content.get("act"))) if kind else None
    for key, value in content.items():
        if key in _FRAME:
            continue
        schema: Schema = resolved(fields.get(key, {}), shared)
        defs = shared
        label = _label(schema, key)
        if key == "attachments" and isinstance(value, list):
            value = [_without_key(one) for one in value]  # noqa: PLW2901 - what opens a file is for no screen
        if key == "body" and act is not None:
            schema, defs = act.schema, act.schema.get("$defs", {})
        yield from _field(label, value, schema, defs, 1)


def _without_key(file: Any) -> Any:
    return {key: value for key, value in file.items() if key != "key"} if isinstance(file, dict) else file


def _label(schema: Schema, key: str) -> str:
    return str(schema["x-labels"][language()]) if "x-labels" in schema else isolated(key)


def _field(label: str, value: Any, schema: Schema, defs: Schema, depth: int) -> Iterator[str]:
    indent, colon = "  " * depth, _(":")
    if not isinstance(value, dict | list):
        text = _word(value, schema)
    elif isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        items = resolved(schema.get("items", {}), defs)
        text = _(", ").join(_word(one, items) for one in value)
    else:
        yield f"{indent}{label}{colon}"
        yield from _lines(value, schema, defs, depth + 1)
        return
    # A line that a text brings along cannot pass for a line of ours.
    yield f"{indent}{label}{colon} " + text.replace("\n", f"\n{indent}  | ")


def _lines(value: Any, schema: Schema, defs: Schema, depth: int) -> Iterator[str]:
    if isinstance(value, list):
        items = resolved(schema.get("items", {}), defs)
        for number, child in enumerate(value, 1):
            yield from _field(str(number), child, items, defs, depth)
        return
    fields = schema.get("properties", {})
    for key, child in value.items():
        below = resolved(fields.get(key, {}), defs)
        yield from _field(_label(below, key), child, below, defs, depth)


def _word(value: Any, schema: Schema) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    known = schema.get("x-values", {}).get(value) if isinstance(value, str) else None
    return str(known[language()]) if known else isolated(str(value))
