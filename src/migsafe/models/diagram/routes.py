"""The ways of lines: curves as long as they can be seen, and else corners around the boxes."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Sequence

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
Segment = tuple[Point, ...]  # the end of a straight line, or two controls and the end of a curve

_CLEAR = 6.0  # between a line and a box that it passes
_TURN = 60.0  # a corner costs as much as so many pixels
_ROUND = 8.0
_STEPS = 12  # points of a curve that are looked at
_AROUND = 320.0  # boxes so far away are not in the way


def is_hidden(start: Point, way: Iterable[Segment], boxes: Sequence[Rectangle]) -> bool:
    """Whether a way from *start* runs behind one of *boxes*."""
    points = [start, *_points(start, way)]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    near = [
        (x + 1, y + 1, x + w - 1, y + h - 1)
        for x, y, w, h in boxes
        if x < right and x + w > left and y < bottom and y + h > top
    ]
    return any(x < px < u and y < py < v for px, py in points for x, y, u, v in near)


def path_text(start: Point, way: Iterable[Segment]) -> str:
    """The ``d`` of an SVG path."""
    text = f"M{start[0]:.1f} {start[1]:.1f}"
    for segment in way:
        sign = {1: "L", 2: "Q", 3: "C"}[len(segment)]
        text += sign + " ".join(f"{x:.1f} {y:.1f}" for x, y in segment)
    return text


def _points(start: Point, way: Iterable[Segment]) -> Iterator[Point]:
    at = start
    for segment in way:
        for step in range(1, _STEPS + 1):
            yield _on((at, *segment), step / _STEPS)
        at = segment[-1]


def _on(points: Sequence[Point], part: float) -> Point:
    """The point of a Bézier curve, by de Casteljau."""
    while len(points) > 1:
        points = [
            (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part)
            for a, b in itertools.pairwise(points)
        ]
    return points[0]


def detour(
    start: Point, out: int, end: Point, back: int, boxes: Sequence[Rectangle], gap: float
) -> list[Segment] | None:
    """A way with rounded corners between *boxes*, *gap* pixels beside them; None if there is none.

    It leaves *start* to the side *out* (-1 left, 1 right) and comes to *end* from the side *back*.
    """
    low_x, high_x = sorted((start[0], end[0]))
    low_y, high_y = sorted((start[1], end[1]))
    near = [
        box
        for box in boxes
        if box[0] < high_x + _AROUND
        and box[0] + box[2] > low_x - _AROUND
        and box[1] < high_y + _AROUND
        and box[1] + box[3] > low_y - _AROUND
    ]
    corners = _Grid(start, end, near, gap).shortest(out, back)
    return None if corners is None else list(_rounded(corners))


class _Grid:
    """The lines beside boxes, on which a way may run."""

    def __init__(self, start: Point, end: Point, boxes: Sequence[Rectangle], gap: float):
        sides = [(x - gap, x + w + gap, y - gap, y + h + gap) for x, y, w, h in boxes]
        self._xs = sorted({start[0], end[0], *(x for side in sides for x in side[:2])})
        self._ys = sorted({start[1], end[1], *(y for side in sides for y in side[2:])})
        self._walls = [
            (x - _CLEAR, y - _CLEAR, x + w + _CLEAR, y + h + _CLEAR) for x, y, w, h in boxes
        ]
        self._start = (self._xs.index(start[0]), self._ys.index(start[1]))
        self._end = (self._xs.index(end[0]), self._ys.index(end[1]))

    def shortest(self, out: int, back: int) -> list[Point] | None:
        """The corners of the shortest way with few of them (A*), the ends included."""
        first = (*self._start, out, 0)
        came: dict[tuple[int, int, int, int], tuple[int, int, int, int]] = {}
        cost = {first: 0.0}
        waiting = [(self._left(first), first)]
        while waiting:
            _, at = heapq.heappop(waiting)
            if at[:2] == self._end and at[2:] == (-back, 0):
                return self._corners(came, at)
            for there, more in self._steps(at):
                total = cost[at] + more
                if total < cost.get(there, float("inf")):
                    cost[there], came[there] = total, at
                    heapq.heappush(waiting, (total + self._left(there), there))
        return None

    def _left(self, state: tuple[int, int, int, int]) -> float:
        x, y, u, v = *state[:2], *self._end
        return abs(self._xs[x] - self._xs[u]) + abs(self._ys[y] - self._ys[v])

    def _steps(
        self, state: tuple[int, int, int, int]
    ) -> Iterator[tuple[tuple[int, int, int, int], float]]:
        x, y, dx, dy = state
        for tx, ty in ((dx, dy), (dy, dx), (-dy, -dx)):
            u, v = x + tx, y + ty
            if not (0 <= u < len(self._xs) and 0 <= v < len(self._ys)):
                continue
            here, there = (self._xs[x], self._ys[y]), (self._xs[u], self._ys[v])
            if not self._is_walled(here, there):
                length = abs(here[0] - there[0]) + abs(here[1] - there[1])
                yield (u, v, tx, ty), length + (_TURN if (tx, ty) != (dx, dy) else 0.0)

    def _is_walled(self, here: Point, there: Point) -> bool:
        left, right = sorted((here[0], there[0]))
        top, bottom = sorted((here[1], there[1]))
        return any(x < right and u > left and y < bottom and v > top for x, y, u, v in self._walls)

    def _corners(
        self,
        came: dict[tuple[int, int, int, int], tuple[int, int, int, int]],
        at: tuple[int, int, int, int],
    ) -> list[Point]:
        states = [at]
        while at in came:
            at = came[at]
            states.append(at)
        points = [(self._xs[x], self._ys[y]) for x, y, _, _ in reversed(states)]
        return [
            point
            for place, point in enumerate(points)
            if place in (0, len(points) - 1)
            or not _are_level(points[place - 1], point, points[place + 1])
        ]


def _are_level(*points: Point) -> bool:
    return len({x for x, _ in points}) == 1 or len({y for _, y in points}) == 1


def _rounded(corners: Sequence[Point]) -> Iterator[Segment]:
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        yield (_toward(corner, before),)
        yield corner, _toward(corner, after)
    yield (corners[-1],)


def _toward(corner: Point, other: Point) -> Point:
    """The point from which a corner is round."""
    length = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    part = min(_ROUND, length / 2) / length if length else 0.0
    return (corner[0] + (other[0] - corner[0]) * part, corner[1] + (other[1] - corner[1]) * part)
