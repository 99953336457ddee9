"""Where the boxes of a drawing stand: by schema, in groups that belong together, on shelves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from migsafe.models.diagram.groups import groups_of
from migsafe.models.diagram.layered import Layers, Size
from migsafe.names import Name

Pair = tuple[Name, Name]
Point = tuple[float, float]

FRAME = 22.0  # between a frame and what is in it
TITLE = 26.0
_BETWEEN = 56.0  # between groups
_WIDE = 1.5


@dataclass(frozen=True)
class Layout:
    """Places of boxes (left upper corners), frames of schemas, and bends of lines.

    *groups* numbers the group of each box; lines between groups have no bends.
    """

    places: Mapping[Name, Point]
    frames: Mapping[str, tuple[float, float, float, float]]
    bends: Mapping[Pair, Sequence[Point]]
    groups: Mapping[Name, int]
    width: float
    height: float


@dataclass(frozen=True)
class _Block:
    """Something with a size, and what is where in it."""

    size: Size
    places: Mapping[Name, Point]
    bends: Mapping[Pair, Sequence[Point]]
    names: tuple[Name, ...]


def layout(sizes: Mapping[Name, Size], pairs: Iterable[Pair], *, room: float = 0.0) -> Layout:
    """Where boxes of *sizes* stand; *pairs* are (parent, child). The same input, the same layout.

    *room* is kept free to the left of each group.
    """
    pairs = sorted({pair for pair in pairs if pair[0] != pair[1]})
    schemas: dict[str, list[Name]] = {}
    for name in sorted(sizes):
        schemas.setdefault(str(name.schema), []).append(name)
    blocks, groups, count = [], {}, 0
    for names in schemas.values():
        found = [_block(group, sizes, pairs, room) for group in groups_of(names, pairs)]
        for block in found:
            groups.update(dict.fromkeys(block.names, count))
            count += 1
        blocks.append(_packed(found, pairs))
    if len(blocks) == 1:
        whole, frames = blocks[0], {}
    else:
        framed = [_framed(block) for block in blocks]
        whole = _packed(framed, pairs, gap=_BETWEEN / 2)
        frames = {
            schema: _around(whole, block, names)
            for (schema, names), block in zip(schemas.items(), blocks, strict=True)
        }
    return Layout(whole.places, frames, whole.bends, groups, *whole.size)


def _block(
    names: Sequence[Name], sizes: Mapping[Name, Size], pairs: Sequence[Pair], room: float
) -> _Block:
    """The layers of one group."""
    number = {name: place for place, name in enumerate(names)}
    inside = [pair for pair in pairs if pair[0] in number and pair[1] in number]
    edges = [(number[parent], number[child]) for parent, child in inside]
    layers = Layers([sizes[name] for name in names], edges)
    places = dict(zip(names, ((x + room, y) for x, y in layers.places), strict=True))
    bends = {
        pair: [(x + room, y) for x, y in layers.bends[edge]]
        for pair, edge in zip(inside, edges, strict=True)
    }
    return _Block((layers.width + room, layers.height), places, bends, tuple(names))


def _packed(blocks: Sequence[_Block], pairs: Sequence[Pair], gap: float = _BETWEEN) -> _Block:
    """*blocks* on shelves, those with many links near each other, about as wide as a screen."""
    area = sum((b.size[0] + gap) * (b.size[1] + gap) for b in blocks)
    limit = max([(area * _WIDE) ** 0.5, *(block.size[0] for block in blocks)])
    places: dict[Name, Point] = {}
    bends: dict[Pair, Sequence[Point]] = {}
    width = height = 0.0
    for block, (x, y) in _shelved(_in_order(blocks, pairs), limit, gap):
        for name, (left, top) in block.places.items():
            places[name] = (left + x, top + y)
        for pair, points in block.bends.items():
            bends[pair] = [(left + x, top + y) for left, top in points]
        width, height = max(width, x + block.size[0]), max(height, y + block.size[1])
    names = tuple(name for block in blocks for name in block.names)
    return _Block((width, height), places, bends, names)


def _shelved(blocks: Iterable[_Block], limit: float, gap: float) -> Iterator[tuple[_Block, Point]]:
    """Each block with its place: beside the last one, or below it while there is room for that."""
    x = y = shelf = column = 0.0  # where the column begins, the shelf and its height
    filled = 0.0  # how much of the column is
    for block in blocks:
        width, height = block.size
        if filled and filled + height <= shelf and width <= max(column, gap):
            yield block, (x, y + filled)
            filled += height + gap
            continue
        x += column + gap if column else 0.0
        if x and x + width > limit:
            x, y, shelf = 0.0, y + shelf + gap, 0.0
        yield block, (x, y)
        column, filled, shelf = width, height + gap, max(shelf, height)


def _in_order(blocks: Sequence[_Block], pairs: Sequence[Pair]) -> list[_Block]:
    """The tallest first, then always the one with the most links to those before it."""
    owner = {name: place for place, block in enumerate(blocks) for name in block.names}
    links: Counter[tuple[int, int]] = Counter()
    for parent, child in pairs:
        if parent in owner and child in owner:
            links[owner[parent], owner[child]] += 1
            links[owner[child], owner[parent]] += 1
    linked = {place for pair in links for place in pair if pair[0] != pair[1]}
    rest = list(range(len(blocks)))
    order: list[int] = []
    pull: Counter[int] = Counter()
    while rest:
        small = [p for p in rest if len(blocks[p].names) == 1 and p not in linked]
        candidates = [p for p in rest if p not in small] or small
        best = min(candidates, key=lambda p: (-pull[p], -blocks[p].size[1], p))
        rest.remove(best)
        order.append(best)
        for other in rest:
            pull[other] += links[best, other]
    return [blocks[place] for place in order]


def _framed(block: _Block) -> _Block:
    """*block* with room for a frame and its title."""
    dx, dy = FRAME, FRAME + TITLE
    return _Block(
        (block.size[0] + 2 * FRAME, block.size[1] + 2 * FRAME + TITLE),
        {name: (x + dx, y + dy) for name, (x, y) in block.places.items()},
        {pair: [(x + dx, y + dy) for x, y in points] for pair, points in block.bends.items()},
        block.names,
    )


def _around(
    whole: _Block, block: _Block, names: Sequence[Name]
) -> tuple[float, float, float, float]:
    """Left, top, width and height of the frame of a schema."""
    name = names[0]
    left = whole.places[name][0] - block.places[name][0] - FRAME
    top = whole.places[name][1] - block.places[name][1] - FRAME - TITLE
    return left, top, block.size[0] + 2 * FRAME, block.size[1] + 2 * FRAME + TITLE
