"""The line of a foreign key: its curve, the signs at its ends, and what it says on deletes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from migsafe.models.diagram.drawing import Line

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]

_STRAIGHT = 20.0  # for the signs at an end
_ROOM = 30.0


@dataclass(frozen=True)
class Wire:
    """A *line* between two rectangles, at the heights of its rows.

    *bends* are the points where it passes other layers, from the parent to the child; a line that
    *is_far* is only begun, and has a name at its end.
    """

    line: Line
    child: Rectangle
    parent: Rectangle
    child_y: float
    parent_y: float
    bends: tuple[Point, ...]
    is_far: bool
    kind: str

    def drawn(self) -> Iterator[str]:
        """The SVG elements."""
        out, back = self._sides()
        start = (_edge(self.child, out), self.child_y)
        end = (_edge(self.parent, back), self.parent_y)
        styles = ["line", "" if self.line.is_identifying else "loose", self.kind]
        style = " ".join(part for part in styles if part)
        path = _curve(start, out, tuple(reversed(self.bends)), end, back)
        if self.is_far:
            x, y = _edge(self.child, -1), self.child_y
            yield f'<path class="line far" d="{path}"/>'
            yield f'<path class="{style}" d="M{x:.1f} {y:.1f}h-24"/>'
            yield from _end(x, y, -1, many=not self.line.is_single, none=True)
            yield _words("to", x - 27, y + 3.5, -1, self._target())
            return
        yield f'<path class="{style}" d="{path}"/>'
        yield from _end(*start, out, many=not self.line.is_single, none=True)
        yield from _end(*end, back, many=False, none=not self.line.is_mandatory)
        if self.line.action:
            x = start[0] + out * (_STRAIGHT + 4)
            yield _words("act", x, start[1] - 4, out, self.line.action.lower())

    def _sides(self) -> tuple[int, int]:
        """On which sides (-1 left, 1 right) the line leaves the child and comes to the parent."""
        if self.parent[0] + self.parent[2] + _ROOM <= self.child[0]:
            return -1, 1
        return (1, -1) if self.child[0] + self.child[2] + _ROOM <= self.parent[0] else (1, 1)

    def _target(self) -> str:
        action = self.line.action.lower()
        return self.line.parent.name + (f" · {action}" if action else "")


def _edge(rectangle: Rectangle, side: int) -> float:
    return rectangle[0] + (rectangle[2] if side > 0 else 0.0)


def _words(style: str, x: float, y: float, side: int, text: str) -> str:
    anchor = "end" if side < 0 else "start"
    place = f'text-anchor="{anchor}" x="{x:.1f}" y="{y:.1f}"'
    return f'<text class="{style}" {place}>{escape(text)}</text>'


def _curve(start: Point, out: int, bends: Sequence[Point], end: Point, back: int) -> str:
    """A path that leaves *start* and comes to *end* level, and passes *bends* on the way."""
    (x, y), (last_x, last_y) = start, end
    x, last_x = x + out * _STRAIGHT, last_x + back * _STRAIGHT
    text = f"M{start[0]:.1f} {y:.1f}H{x:.1f}"
    if out == back:  # both on one side: a bow
        far = max(x, last_x) + 24
        text += f"C{far:.1f} {y:.1f} {far:.1f} {last_y:.1f} {last_x:.1f} {last_y:.1f}"
        return f"{text}H{end[0]:.1f}"
    for number, (to_x, to_y) in enumerate((*bends, (last_x, last_y))):
        if number % 2:  # level behind the boxes of a layer
            text += f"L{to_x:.1f} {to_y:.1f}"
        else:
            middle = (x + to_x) / 2
            text += f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
    return f"{text}H{end[0]:.1f}"


def _end(x: float, y: float, side: int, *, many: bool, none: bool) -> Iterator[str]:
    """The sign for how many: a crow's foot or a bar, and a ring if it may be none."""
    if many:
        tip = x + side * 11
        path = f"M{x:.1f} {y - 5:.1f}L{tip:.1f} {y:.1f}L{x:.1f} {y + 5:.1f}"
    else:
        path = f"M{x + side * 6:.1f} {y - 5:.1f}v10"
    if none:
        centre = x + side * (15 if many else 13)
        yield f'<path class="end" d="{path}" style="fill:none"/>'
        yield f'<circle class="end" cx="{centre:.1f}" cy="{y:.1f}" r="3.5"/>'
    else:
        yield f'<path class="end" d="{path}M{x + side * 11:.1f} {y - 5:.1f}v10" style="fill:none"/>'
