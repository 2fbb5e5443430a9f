"""A dossier type drawn as SVG: states in columns, each with the acts that lead out of it, and deadlines below.

    Path("type.svg").write_text(svg_of(kind, "ar"), "utf-8")

A column is so many acts away from the opening; ended states stand in the last one. Every act is a row in the box of the
state it leaves, and a line from there to the state it leads to, so no label lies on a line. In a language that runs to
the left the drawing does, too. One file without scripts, fonts or links; its description says in words what it shows,
for those who do not see it.

Left unchecked: how wide a browser's letters are. Boxes are as wide as letters usually need.
"""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from passerelle.core.words import _, runs_left, speaking
from passerelle.dossiers import drawing
from passerelle.dossiers.drawing import Step
from passerelle.dossiers.shapes import DossierType, Language

_ROW, _HEAD, _PAD, _BETWEEN = 17, 26, 10, 22  # heights, and what lies between boxes
_LANE = 90  # between columns
_MARGIN = 24
_LETTER = 6.6
_BAR = 300
_STYLE = (
    "text{font:12px system-ui,'Noto Sans','DejaVu Sans',sans-serif;fill:#1d2733}"
    ".t{font-size:18px;font-weight:600}.h{font-weight:600}"
    ".b{fill:#fff;stroke:#51606f}.e{fill:#e9edf1;stroke:#51606f}.l{fill:none;stroke:#51606f;stroke-opacity:.55}"
    ".opener{fill:#0b5cad}.answerer{fill:#a2480c}.g{stroke:#51606f;stroke-width:3}.s{fill:#5b6875}"
)


class _Box(NamedTuple):
    """A state where it stands; `rows`: what leads out of it."""

    name: str
    column: int
    x: float
    y: float
    width: float
    rows: list[Step]

    @property
    def height(self) -> float:
        return _HEAD + _PAD / 2 + _ROW * len(self.rows)


def svg_of(kind: DossierType, language: Language) -> str:
    """The drawing in one of the four languages, complete and well-formed."""
    with speaking(language):
        return "\n".join(_Drawing(kind, language).lines()) + "\n"


class _Drawing:
    def __init__(self, kind: DossierType, language: Language) -> None:
        self.kind, self.language = kind, language
        self.left = runs_left(kind.labels.text(language))
        self.boxes: dict[str, _Box] = {}
        self._place(drawing.steps_of(kind))
        wide = [box.x + box.width + _LANE for box in self.boxes.values()]
        self.width = max(*wide, *(end + len(ends) * _LETTER for _, end, _, ends in self._bars()))
        self.bottom = max(box.y + box.height for box in self.boxes.values())
        self.height = self.bottom + 60 + 46 * len(kind.deadlines)

    def _place(self, steps: list[Step]) -> None:
        x = float(_MARGIN + _LANE / 2)
        for column, layer in enumerate(drawing.layers_of(self.kind)):
            rows = {name: [one for one in steps if one.source == name] for name in layer}
            texts = [self.kind.states[name].labels.text(self.language) for name in layer]
            texts += [self._row(one) for some in rows.values() for one in some]
            width = max(map(len, texts)) * _LETTER + 3 * _PAD
            y = float(_MARGIN + 60)
            for name in layer:
                box = self.boxes[name] = _Box(name, column, x, y, width, rows[name])
                y += box.height + _BETWEEN
            x += width + _LANE

    def _row(self, step: Step) -> str:
        text = self.kind.acts[step.act].labels.text(self.language) + ("*" if step.bound else "")
        if step.target == "@back":
            return f"{text} ↩"
        arrow = "←" if self.left else "→"
        return f"{text} {arrow} {self.kind.states[step.target].labels.text(self.language)}"

    # ---- what is written

    def lines(self) -> Iterator[str]:
        kind, language = self.kind, self.language
        size = f'width="{self.width:.0f}" height="{self.height:.0f}" viewBox="0 0 {self.width:.0f} {self.height:.0f}"'
        direction = "rtl" if self.left else "ltr"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc" '
            f'xml:lang="{language}" lang="{language}" style="max-width:100%;height:auto">'
        )
        yield f'<title id="title">{escape(kind.labels.text(language))}</title>'
        yield f'<desc id="desc">{escape(drawing.text_of(kind, language))}</desc>'
        yield f"<style>{_STYLE}</style>"
        yield (
            '<defs><marker id="to" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0 8 4 0 8z" fill="#51606f"/></marker></defs>'
        )
        # Of the texts, not of the page: a page that is read from the right would be scrolled to its other end.
        yield f'<g direction="{direction}">'
        yield f'<rect width="{self.width:.0f}" height="{self.height:.0f}" fill="#f7f9fa"/>'
        yield self._text(_MARGIN, _MARGIN + 12, kind.labels.text(language), "t")
        yield self._text(_MARGIN, _MARGIN + 34, drawing.legend()[0], "s")
        for number, by in enumerate(("opener", "answerer")):
            yield self._text(_MARGIN + 430 + 220 * number, _MARGIN + 34, f"● {drawing.side(by)}", by)
        for box in self.boxes.values():
            yield from self._edges(box)
        for box in self.boxes.values():
            yield from self._box(box)
        yield from self._deadlines()
        yield "</g></svg>"

    def _x(self, x: float) -> float:
        """Where a place lies, counted from the side where reading begins."""
        return self.width - x if self.left else x

    def _text(self, x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
        styled = f' class="{style}"' if style else ""
        return f'<text x="{self._x(x):.1f}" y="{y:.1f}" text-anchor="{anchor}"{styled}>{escape(text)}</text>'

    def _box(self, box: _Box) -> Iterator[str]:
        state = self.kind.states[box.name]
        x = self._x(box.x + box.width) if self.left else box.x
        style = "e" if state.status == "ended" else "b"
        yield (
            f'<rect x="{x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5" '
            f'class="{style}"><title>{escape(state.help.text(self.language))}</title></rect>'
        )
        mark = "■" if state.status == "ended" else "○"
        yield self._text(box.x + _PAD, box.y + 17, f"{mark} {state.labels.text(self.language)}", "h")
        for number, step in enumerate(box.rows):
            yield self._text(box.x + _PAD, box.y + _HEAD + _ROW * number + 11, self._row(step), step.by)

    def _edges(self, box: _Box) -> Iterator[str]:
        for number, step in enumerate(box.rows):
            if step.target not in self.boxes:
                continue
            to = self.boxes[step.target]
            out, there = box.x + box.width, to.x if to.column > box.column else to.x + to.width
            y, end = box.y + _HEAD + _ROW * number + 7, to.y + _HEAD / 2
            bend = _LANE / 2 + 4 * (number % 6)
            into = there - bend if to.column > box.column else there + bend
            path = (
                f"M{self._x(out):.1f} {y:.1f}C{self._x(out + bend):.1f} {y:.1f} {self._x(into):.1f} {end:.1f} "
                f"{self._x(there):.1f} {end:.1f}"
            )
            title = f"<title>{escape(self._row(step))}</title>"
            yield f'<path d="{path}" class="l" marker-end="url(#to)">{title}</path>'

    def _deadlines(self) -> Iterator[str]:
        kind, language = self.kind, self.language
        if not kind.deadlines:
            return
        y = self.bottom + 40
        yield self._text(_MARGIN, y, _("Deadlines, from what begins them to what ends them"), "h")
        for number, (start, end, begins, ends) in enumerate(self._bars()):
            deadline = list(kind.deadlines.values())[number]
            y += 46
            owner = f"{deadline.labels.text(language)} ({drawing.side(deadline.owner)})"
            yield self._text(_MARGIN, y - 18, f"{owner}: {drawing.figures(deadline)}", deadline.owner)
            yield self._text(_MARGIN, y, begins)
            yield f'<path d="M{self._x(start):.1f} {y - 4:.1f}H{self._x(end):.1f}" class="g"/>'
            yield self._text(end + _PAD, y, ends)

    def _bars(self) -> Iterator[tuple[float, float, str, str]]:
        """Where the bar of each deadline begins and ends, and the words before and behind it."""
        for deadline in self.kind.deadlines.values():
            begins, ends = (
                drawing.moments(self.kind, one, self.language) for one in (deadline.runs_from, deadline.ends_at)
            )
            start = _MARGIN + len(begins) * _LETTER + _PAD
            yield start, start + max(24, _BAR * drawing.length(deadline)), begins, ends
