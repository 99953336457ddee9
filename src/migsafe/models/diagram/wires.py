"""The line of a foreign key: its curve, the signs at its ends, and what it says on deletes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

from migsafe.models.diagram.drawing import Line
from migsafe.models.diagram.routes import (
    Point,
    Rectangle,
    Segment,
    detour,
    is_hidden,
    path_text,
)
from migsafe.names import Name

_STRAIGHT = 20.0  # for the signs at an end
_ROOM = 30.0
_HALF = 4.5  # of the height of a sign
_APART = 8.0  # signs at one row
_BOW = 24.0
_DEEP = 4.0  # into a box
_LETTER = 5.6  # of small words, rather too wide than too narrow


@dataclass(frozen=True)
class End:
    """Where a line meets a box, and the sign there: for one or *many*, and for *none*.

    *rows* are the heights of all columns of the key; *y* is that of the first of them.
    """

    owner: Name
    side: int  # -1 left, 1 right
    x: float
    y: float
    many: bool
    none: bool
    rows: tuple[float, ...]

    @property
    def port(self) -> tuple[Name, int, float]:
        """What it shares with other ends, which may need another sign."""
        return self.owner, self.side, self.y

    @property
    def away(self) -> Point:
        """Where there is room for the sign between it and the box."""
        return self.x + self.side * _STRAIGHT, self.y

    def sign(self) -> Iterator[str]:
        """The SVG elements: a crow's foot or a bar, and a ring if it may be none."""
        x, y, side = self.x, self.y, self.side
        if self.many:
            tip = x + side * 11
            path = f"M{x:.1f} {y - _HALF:.1f}L{tip:.1f} {y:.1f}L{x:.1f} {y + _HALF:.1f}"
        else:
            path = _bar(x + side * 6, y)
        if self.none:
            centre = x + side * (15 if self.many else 13)
            yield f'<path class="end" d="{path}" style="fill:none"/>'
            yield f'<circle class="end" cx="{centre:.1f}" cy="{y:.1f}" r="3.5"/>'
        else:
            yield f'<path class="end" d="{path}{_bar(x + side * 11, y)}" style="fill:none"/>'

    def bracket(self, kind: str) -> Iterator[str]:
        """What ties the rows of several columns together, inside the box, in the style *kind*."""
        if len(self.rows) > 1:
            deep = -self.side * _DEEP
            ticks = "".join(f"M{self.x:.1f} {row:.1f}h{deep:.0f}" for row in self.rows)
            spine = f"M{self.x + deep:.1f} {min(self.rows):.1f}V{max(self.rows):.1f}"
            yield f'<path class="{f"pair {kind}".rstrip()}" d="{ticks}{spine}"/>'


@dataclass(frozen=True)
class Wire:
    """A *line* from a *child* to its *parent*.

    *bends* are the points where it passes other layers, from the parent to the child; a line that
    *is_far* is only begun, and has a name at its end. *kind* is a style.
    """

    line: Line
    child: End
    parent: End
    bends: tuple[Point, ...]
    is_far: bool
    kind: str

    def drawn(self, boxes: Sequence[Rectangle], gap: float) -> Iterator[str]:
        """The SVG elements; a line that *boxes* would hide is led around them, *gap* away."""
        path = path_text((self.child.x, self.child.y), self._way(boxes, gap))
        styles = ["line", "" if self.line.is_identifying else "loose", self.kind]
        style = " ".join(part for part in styles if part)
        if self.is_far:
            x, y = self.child.x, self.child.y
            yield f'<path class="line far" d="{path}"/>'
            yield f'<path class="{style}" d="M{x:.1f} {y:.1f}h-24"/>'
            yield from self.child.sign()
            yield _words("to", x - 27, y + 3.5, -1, self._target())
            return
        yield f'<path class="{style}" d="{path}"/>'
        yield from self.child.sign()
        yield from self.parent.sign()

    @property
    def reach(self) -> float:
        """How far right its bow and its words go."""
        words = len(self.line.action) * _LETTER if self.child.side > 0 else 0.0
        bow = _BOW if self.child.side > 0 and self.parent.side > 0 else 0.0
        return max(
            self._place_of_words + words, self.child.away[0] + bow, self.parent.away[0] + bow
        )

    @property
    def _place_of_words(self) -> float:
        # A bow back to the same table runs where the words would stand.
        past = _BOW if self.child.owner == self.parent.owner else 0.0
        return self.child.away[0] + self.child.side * (4 + past)

    def said(self) -> Iterator[str]:
        """What becomes of the child on a delete, as SVG."""
        if self.line.action and not self.is_far:
            out, y = self.child.side, self.child.y - 4
            yield _words("act", self._place_of_words, y, out, self.line.action.lower())

    def tied(self) -> Iterator[str]:
        """The brackets of a key of several columns, as SVG; a box would cover them."""
        yield from self.child.bracket(self.kind)
        if not self.is_far:
            yield from self.parent.bracket(self.kind)

    def _way(self, boxes: Sequence[Rectangle], gap: float) -> list[Segment]:
        start, end = self.child.away, self.parent.away
        last = (self.parent.x, self.parent.y)
        plain: list[Segment] = [(start,), *self._curves(start, end), (last,)]
        if self.is_far or not is_hidden((self.child.x, self.child.y), plain, boxes):
            return plain
        around = detour(start, self.child.side, end, self.parent.side, boxes, gap)
        return plain if around is None else [(start,), *around, (last,)]

    def _curves(self, start: Point, end: Point) -> Iterator[Segment]:
        """A way that leaves *start* and comes to *end* level, and passes the bends."""
        (x, y), (last_x, last_y) = start, end
        if self.child.side == self.parent.side:  # a bow
            far = (max if self.child.side > 0 else min)(x, last_x) + self.child.side * _BOW
            yield (far, y), (far, last_y), end
            return
        for number, (to_x, to_y) in enumerate((*reversed(self.bends), end)):
            if number % 2:  # level behind the boxes of a layer
                yield ((to_x, to_y),)
            else:
                middle = (x + to_x) / 2
                yield (middle, y), (middle, to_y), (to_x, to_y)
            x, y = to_x, to_y

    def _target(self) -> str:
        action = self.line.action.lower()
        return self.line.parent.name + (f" · {action}" if action else "")


def wire(
    line: Line,
    child: tuple[Rectangle, tuple[float, ...]],
    parent: tuple[Rectangle, tuple[float, ...]],
    bends: Sequence[Point],
    *,
    is_far: bool,
    kind: str,
) -> Wire:
    """The wire of *line* between two boxes, at the heights of the rows of its columns."""
    (box, rows), (other, keys) = child, parent
    out, back = (-1, 1) if is_far else _sides(box, other)
    none = not line.is_mandatory
    return Wire(
        line,
        End(line.child, out, _edge(box, out), rows[0], not line.is_single, True, rows),
        End(line.parent, back, _edge(other, back), keys[0], False, none, keys),
        tuple(bends),
        is_far,
        kind,
    )


def parted(wires: Iterable[Wire]) -> list[Wire]:
    """The *wires*, with different signs at the same place moved beside each other."""
    wires = list(wires)
    signs: dict[tuple[Name, int, float], set[tuple[bool, bool]]] = {}
    for end in (end for one in wires for end in (one.child, one.parent)):
        signs.setdefault(end.port, set()).add((end.many, end.none))

    def moved(end: End) -> End:
        there = sorted(signs[end.port])
        place = there.index((end.many, end.none)) - (len(there) - 1) / 2
        return replace(end, y=end.y + place * _APART)

    return [replace(one, child=moved(one.child), parent=moved(one.parent)) for one in wires]


def _sides(child: Rectangle, parent: Rectangle) -> tuple[int, int]:
    """On which sides the line leaves the child and comes to the parent."""
    if parent[0] + parent[2] + _ROOM <= child[0]:
        return -1, 1
    return (1, -1) if child[0] + child[2] + _ROOM <= parent[0] else (1, 1)


def _edge(rectangle: Rectangle, side: int) -> float:
    return rectangle[0] + (rectangle[2] if side > 0 else 0.0)


def _words(style: str, x: float, y: float, side: int, text: str) -> str:
    anchor = "end" if side < 0 else "start"
    place = f'text-anchor="{anchor}" x="{x:.1f}" y="{y:.1f}"'
    return f'<text class="{style}" {place}>{escape(text)}</text>'


def _bar(x: float, y: float) -> str:
    return f"M{x:.1f} {y - _HALF:.1f}v{2 * _HALF:.0f}"
