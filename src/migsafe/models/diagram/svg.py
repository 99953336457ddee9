"""A diagram as SVG: boxes with their columns, and lines that end in crow's feet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib import resources

from migsafe.models.diagram.drawing import Box, Change, Drawing, Line, Row
from migsafe.models.diagram.layout import FRAME, TITLE, Layout, layout
from migsafe.models.diagram.routes import Rectangle
from migsafe.models.diagram.wires import Wire, parted, wire
from migsafe.names import Name

_ROW, _HEAD, _PAD = 19.0, 27.0, 10.0
_CHAR, _BOLD, _SMALL = 6.9, 7.9, 5.9  # widths of letters, rather too wide than too narrow
_KEY = 22.0
_MARGIN = 28.0
_LEGEND = 34.0
_STUB = 110.0  # room for the name of a table beside a box
_GAPS = (9.0, 13.0, 17.0)  # between boxes and the lines that are led around them
_OPEN_LINES = 40  # of more tables, lines between groups are only begun


@dataclass(frozen=True)
class Picture:
    """An SVG document and its size in pixels."""

    text: str
    width: float
    height: float


def part(name: str) -> str:
    """The text of a file that stands beside this one."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def svg(drawing: Drawing) -> Picture:
    """Draw *drawing*; the same drawing gives the same text."""
    pen = _Pen(drawing)
    width = max(pen.width + 2 * _MARGIN, 420.0)
    height = pen.layout.height + 2 * _MARGIN + _LEGEND
    body = "\n".join(pen.lines_of_svg())
    legend = "\n".join(_legend(drawing, height - _LEGEND + 4))
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="Database diagram">\n'
        f"<style>{part('svg.css')}</style>\n"
        f'<g id="all" transform="translate({_MARGIN:.0f} {_MARGIN:.0f})">\n{body}\n</g>\n'
        f"{legend}\n</svg>\n"
    )
    return Picture(text, width, height)


def _size(box: Box) -> tuple[float, float]:
    head = len(box.name.display()) * _BOLD + 2 * _PAD
    rows = [_KEY + len(r.name) * _CHAR + len(_type(r)) * _CHAR + 3 * _PAD for r in box.rows]
    others = [_breadth(text) * _SMALL + 2 * _PAD for text in _others(box)]
    count = len(box.rows) + len(_others(box))
    return max([130.0, head, *rows, *others]), _HEAD + count * _ROW + 6


def _breadth(text: str) -> float:
    """How many letters of usual width *text* is wide; capitals are wider."""
    return len(text) + 0.25 * sum(letter.isupper() for letter in text)


def _others(box: Box) -> list[str]:
    """Constraints and indexes are shown where they change."""
    signs = {Change.NEW: "+", Change.GONE: "−"}
    return [f"{signs[c]} {_cut(text)}" for text, c in box.others if c in signs]


def _cut(text: str, most: int = 52) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _type(row: Row) -> str:
    was = f"{row.was} → " if row.was else ""
    return _cut(f"{was}{row.type}", 44) + ("" if row.not_null else "?")


class _Pen:
    """Knows where everything of one drawing is."""

    def __init__(self, drawing: Drawing):
        self._drawing = drawing
        self._sizes = {box.name: _size(box) for box in drawing.boxes}
        self._boxes = {box.name: box for box in drawing.boxes}
        self._stubs = len(drawing.boxes) > _OPEN_LINES
        pairs = [(line.parent, line.child) for line in drawing.lines]
        self.layout: Layout = layout(self._sizes, pairs, room=_STUB if self._stubs else 0.0)
        self._ids: Mapping[Name, str] = {
            box.name: f"t{number}" for number, box in enumerate(drawing.boxes)
        }
        self._wires = parted(self._wire(line) for line in drawing.lines)
        self.width = max([self.layout.width, *(wire_.reach for wire_ in self._wires)])

    def lines_of_svg(self) -> Iterator[str]:
        for schema, (x, y, w, h) in self.layout.frames.items():
            place = f'x="{x:.1f}" y="{y:.1f}"'
            yield f'<rect class="frame" {place} width="{w:.1f}" height="{h:.1f}" rx="8"/>'
            place = f'x="{x + FRAME:.1f}" y="{y + TITLE:.1f}"'
            yield f'<text class="schema" {place}>{escape(schema)}</text>'
        wires = self._wires
        boxes = [self._rectangle(box.name) for box in self._drawing.boxes]
        for number, wire_ in enumerate(wires):
            title = f"<title>{escape(_told(wire_.line))}</title>"
            yield f'<g class="link" {self._ends(wire_)}>{title}'
            yield from wire_.drawn(boxes, _GAPS[number % len(_GAPS)])
            yield "</g>"
        for wire_ in wires:
            for words in wire_.said():
                yield f'<g class="link said" {self._ends(wire_)}>{words}</g>'
        for box in self._drawing.boxes:
            yield from self._box(box)
        for wire_ in wires:
            for bracket in wire_.tied():
                yield f'<g class="link tied" {self._ends(wire_)}>{bracket}</g>'

    def _wire(self, line: Line) -> Wire:
        same = self._drawing.compares and line.change is Change.NONE
        groups = self.layout.groups
        return wire(
            line,
            (self._rectangle(line.child), self._heights(line.child, line.columns)),
            (self._rectangle(line.parent), self._heights(line.parent, line.referenced)),
            self.layout.bends.get((line.parent, line.child), ()),
            is_far=self._stubs and groups[line.child] != groups[line.parent],
            kind="same" if same else line.change.value,
        )

    def _ends(self, wire_: Wire) -> str:
        child, parent = self._ids[wire_.line.child], self._ids[wire_.line.parent]
        return f'data-child="{child}" data-parent="{parent}"'

    def _rectangle(self, name: Name) -> Rectangle:
        return (*self.layout.places[name], *self._sizes[name])

    def _heights(self, name: Name, columns: tuple[str, ...]) -> tuple[float, ...]:
        """The middles of the rows of *columns*; of the head, if there are none."""
        box, top = self._boxes[name], self.layout.places[name][1]
        rows = [number for number, row in enumerate(box.rows) if row.name in columns]
        return tuple(top + _HEAD + (row + 0.55) * _ROW for row in rows) or (top + _HEAD / 2,)

    def _box(self, box: Box) -> Iterator[str]:
        x, y = self.layout.places[box.name]
        w, h = self._sizes[box.name]
        same = self._drawing.compares and box.change is Change.NONE
        kind = " same" if same else f" {box.change.value}" if box.change.value else ""
        yield (
            f'<g class="table{kind}" id="{self._ids[box.name]}" '
            f'data-name="{escape(box.name.display())}" transform="translate({x:.1f} {y:.1f})">'
        )
        if box.comment:
            yield f"<title>{escape(box.comment)}</title>"
        yield f'<rect class="box" width="{w:.1f}" height="{h:.1f}" rx="4"/>'
        yield f'<rect class="head" width="{w:.1f}" height="{_HEAD:.0f}" rx="4"/>'
        shown = box.name.name if len(self._drawing.schemas) > 1 else box.name.display()
        yield f'<text class="name" x="{_PAD:.0f}" y="18">{escape(shown)}</text>'
        for number, row in enumerate(box.rows):
            yield from _row(row, _HEAD + number * _ROW, w, box.change)
        for number, text in enumerate(_others(box), len(box.rows)):
            top = _HEAD + number * _ROW
            change = "new" if text.startswith("+") else "gone"
            yield _mark(change, top, w)
            yield f'<text class="other" x="{_PAD:.0f}" y="{top + 15:.1f}">{escape(text)}</text>'
        yield "</g>"


def _told(line: Line) -> str:
    told = f"{line.child.display()}.{', '.join(line.columns)} → {line.parent.display()}"
    return told + (f", ON DELETE {line.action}" if line.action else "")


def _row(row: Row, top: float, width: float, of_box: Change) -> Iterator[str]:
    if row.change is not Change.NONE and of_box is Change.OTHER:
        yield _mark(row.change.value, top, width)
    gone = " gone" if row.change is Change.GONE else ""
    kind = f"col{gone}" if row.not_null else f"col null{gone}"
    base = f'y="{top + 15:.1f}"'
    keys = " ".join(key for key in row.keys if key != "UK" or row.keys == ("UK",))
    notes = ", ".join(note for note in (row.labels, row.comment) if note)
    title = f"<title>{escape(notes)}</title>" if notes else ""
    if keys:
        yield f'<text class="key" x="{_PAD - 4:.0f}" {base}>{keys.replace("PK FK", "PF")}</text>'
    yield f'<text class="{kind}" x="{_PAD + _KEY:.0f}" {base}>{escape(row.name)}{title}</text>'
    shown = escape(_type(row))
    yield f'<text class="type" text-anchor="end" x="{width - _PAD:.0f}" {base}>{shown}</text>'


def _mark(change: str, top: float, width: float) -> str:
    return (
        f'<rect class="mark {change}" x="1" y="{top + 1:.1f}" '
        f'width="{width - 2:.1f}" height="{_ROW:.0f}"/>'
    )


def _legend(drawing: Drawing, top: float) -> Iterator[str]:
    words = "? may be NULL · solid: part of the primary key · violet: ON DELETE"
    if drawing.compares:
        words += " · green is new, red is gone, yellow changes"
    count = len(drawing.boxes)
    tables = f"{count} table{'s' * (count != 1)}"
    yield f'<text class="type" x="{_MARGIN:.0f}" y="{top + 14:.1f}">{tables} · {words}</text>'
