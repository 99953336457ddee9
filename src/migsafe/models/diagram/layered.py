"""Where boxes stand that belong together: parents to the left of their children, few crossings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key")
Size = tuple[float, float]
Edge = tuple[int, int]

GAP_X, GAP_Y = 96.0, 26.0
_BEND = 14.0  # how high a line is where it passes a layer
_SWEEPS = 10


class Layers:
    """Boxes, numbered from 0, in layers from left to right, and the bends of lines between them.

    *sizes* are widths and heights; *edges* are pairs (parent, child) without doubles or loops.
    After the call, *places* has the left upper corner of each box, *bends* the points at which an
    edge passes the layers between its ends, from the parent to the child.
    """

    def __init__(self, sizes: Sequence[Size], edges: Sequence[Edge]):
        self._sizes = list(sizes)
        self._edges = _without_circles(len(sizes), edges)
        self._ranks = _ranks(len(sizes), list(self._edges.values()))
        self._chains: dict[Edge, list[int]] = {}
        self._links: list[Edge] = []
        for given, (left, right) in self._edges.items():
            self._chains[given] = self._chain(left, right)
        self._layers = self._ordered()
        tops = self._tops()
        lefts = self._lefts()
        self.places = [(lefts[self._ranks[n]], tops[n]) for n in range(len(sizes))]
        self.bends = {edge: self._points(edge, lefts, tops) for edge in self._chains}
        self.width = max(
            (x + s[0] for (x, _), s in zip(self.places, sizes, strict=True)), default=0
        )
        self.height = max(
            (y + s[1] for (_, y), s in zip(self.places, sizes, strict=True)), default=0
        )

    def _chain(self, left: int, right: int) -> list[int]:
        """Stand-ins for a line in the layers that it passes."""
        chain = []
        previous = left
        for rank in range(self._ranks[left] + 1, self._ranks[right]):
            number = len(self._sizes)
            self._sizes.append((0.0, _BEND))
            self._ranks.append(rank)
            self._links.append((previous, number))
            chain.append(number)
            previous = number
        self._links.append((previous, right))
        return chain

    def _ordered(self) -> list[list[int]]:
        """The layers, in an order with few crossings: that of the means of the neighbours."""
        layers: list[list[int]] = [[] for _ in range(max(self._ranks, default=-1) + 1)]
        for number, rank in enumerate(self._ranks):
            layers[rank].append(number)
        near = self._neighbours()
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            for rank in range(len(layers)) if down else reversed(range(len(layers))):
                other = rank - 1 if down else rank + 1
                if 0 <= other < len(layers):
                    at = {number: place for place, number in enumerate(layers[other])}
                    own = {number: place for place, number in enumerate(layers[rank])}
                    layers[rank].sort(
                        key=lambda n: _mean([at[o] for o in near[n] if o in at], own[n])
                    )
        return layers

    def _neighbours(self) -> list[list[int]]:
        near: list[list[int]] = [[] for _ in self._sizes]
        for left, right in self._links:
            near[left].append(right)
            near[right].append(left)
        return near

    def _tops(self) -> list[float]:
        """Heights at which each stands as near to its neighbours as the others let it."""
        middles = [0.0] * len(self._sizes)
        for layer in self._layers:
            top = 0.0
            for number in layer:
                middles[number] = top + self._sizes[number][1] / 2
                top += self._sizes[number][1] + GAP_Y
        near = self._neighbours()
        for sweep in range(_SWEEPS):
            for layer in self._layers if sweep % 2 == 0 else reversed(self._layers):
                wanted = [_mean([middles[o] for o in near[n]], middles[n]) for n in layer]
                heights = [self._sizes[n][1] for n in layer]
                for number, middle in zip(layer, _spread(wanted, heights), strict=True):
                    middles[number] = middle
        tops = [m - s[1] / 2 for m, s in zip(middles, self._sizes, strict=True)]
        return [top - min(tops, default=0.0) for top in tops]

    def _lefts(self) -> list[float]:
        lefts, left = [], 0.0
        for layer in self._layers:
            lefts.append(left)
            left += max((self._sizes[n][0] for n in layer), default=0.0) + GAP_X
        return lefts

    def _points(
        self, edge: Edge, lefts: list[float], tops: list[float]
    ) -> list[tuple[float, float]]:
        points = []
        for number in self._chains[edge]:
            rank = self._ranks[number]
            width = lefts[rank + 1] - lefts[rank] - GAP_X
            middle = tops[number] + _BEND / 2
            points += [(lefts[rank], middle), (lefts[rank] + width, middle)]
        return points if self._edges[edge] == edge else points[::-1]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """The middles nearest to those *wanted* at which nothing overlaps, in the same order.

    Neighbours that want the same place are moved as one block (pool adjacent violators).
    """
    offsets, at = [], 0.0
    for height in heights:
        offsets.append(at + height / 2)
        at += height + GAP_Y
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, size = blocks.pop()
            mean, count = (before * size + mean * count) / (size + count), size + count
        blocks.append((mean, count))
    shifts = [mean for mean, count in blocks for _ in range(count)]
    return [shift + offset for shift, offset in zip(shifts, offsets, strict=True)]


def _without_circles(count: int, edges: Iterable[Edge]) -> dict[Edge, Edge]:
    """Each edge as it is drawn: those that would close a circle are turned round."""
    following: dict[int, list[int]] = {n: [] for n in range(count)}
    for parent, child in edges:
        following[parent].append(child)
    drawn: dict[Edge, Edge] = {}
    done: set[int] = set()
    open_: set[int] = set()
    starts = sorted(range(count), key=lambda n: (any(n in f for f in following.values()), n))
    for start in starts:
        stack = [(start, iter(following[start]))] if start not in done else []
        open_.add(start)
        while stack:
            number, rest = stack[-1]
            child = next(rest, -1)
            if child < 0:
                stack.pop()
                open_.discard(number)
                done.add(number)
                continue
            drawn[number, child] = (child, number) if child in open_ else (number, child)
            if child not in done and child not in open_:
                open_.add(child)
                stack.append((child, iter(following[child])))
    return drawn


def _ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The layer of each: right of all its parents, and not further left than its children need."""
    ranks = [0] * count
    for _ in range(count):
        moved = False
        for left, right in edges:
            if ranks[right] <= ranks[left]:
                ranks[right], moved = ranks[left] + 1, True
        if not moved:
            break
    children: Mapping[int, list[int]] = {n: [r for le, r in edges if le == n] for n in range(count)}
    has_parent = {right for _, right in edges}
    for number in range(count):
        if number not in has_parent and children[number]:
            ranks[number] = min(ranks[child] for child in children[number]) - 1
    return ranks
