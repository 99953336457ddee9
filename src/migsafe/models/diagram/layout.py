"""Where the boxes of a drawing stand: by schema, in groups that belong together, on shelves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migsafe.models.diagram.layered import Layers, Size
from migsafe.names import Name

Pair = tuple[Name, Name]
Point = tuple[float, float]

FRAME = 22.0  # between a frame and what is in it
TITLE = 26.0
_BETWEEN = 56.0  # between groups
_TOGETHER = 26  # so many tables are drawn as one group
_GROUP = 14  # of more, a group has at most so many
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
        found = [_block(group, sizes, pairs, room) for group in _groups(names, pairs)]
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


def _groups(names: Sequence[Name], pairs: Sequence[Pair]) -> list[list[Name]]:
    """Tables that belong together, by their foreign keys; those without any come last, as one."""
    known = set(names)
    near: dict[Name, list[Name]] = {name: [] for name in names}
    for parent, child in pairs:
        if parent in known and child in known:
            near[parent].append(child)
            near[child].append(parent)
    linked = [name for name in names if near[name]]
    found = (_components if len(linked) <= _TOGETHER else _settled)(linked, near)
    alone = [name for name in names if not near[name]]
    return sorted(found, key=lambda group: (-len(group), group[0])) + [[n] for n in alone]


def _components(names: Sequence[Name], near: Mapping[Name, list[Name]]) -> list[list[Name]]:
    found, seen = [], set[Name]()
    for start in names:
        if start in seen:
            continue
        group, waiting = [], [start]
        seen.add(start)
        while waiting:
            name = waiting.pop()
            group.append(name)
            fresh = sorted(set(near[name]) - seen)
            seen.update(fresh)
            waiting += fresh
        found.append(sorted(group))
    return found


def _settled(names: Sequence[Name], near: Mapping[Name, list[Name]]) -> list[list[Name]]:
    """Groups into which tables move until each is where most of its neighbours are.

    A neighbour that everybody refers to counts little: it is no sign of belonging together.
    """
    home = {name: name for name in names}
    sizes = Counter(home.values())
    for _ in range(12):
        moved = False
        for name in names:
            pull: dict[Name, float] = {}
            for other in near[name]:
                weight = 1.0 / (len(near[other]) * len(near[name])) ** 0.5
                pull[home[other]] = pull.get(home[other], 0.0) + weight
            allowed = [h for h in pull if h == home[name] or sizes[h] < _GROUP]
            best = min(allowed, key=lambda h: (-pull[h], h != home[name], h), default=home[name])
            if best != home[name]:
                sizes[home[name]] -= 1
                sizes[best] += 1
                home[name], moved = best, True
        if not moved:
            break
    groups: dict[Name, list[Name]] = {}
    for name in names:
        groups.setdefault(home[name], []).append(name)
    return list(groups.values())


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
    x = y = height = width = 0.0
    for block in _in_order(blocks, pairs):
        if x and x + block.size[0] > limit:
            x, y, height = 0.0, y + height + gap, 0.0
        for name, (left, top) in block.places.items():
            places[name] = (left + x, top + y)
        for pair, points in block.bends.items():
            bends[pair] = [(left + x, top + y) for left, top in points]
        x += block.size[0] + gap
        width, height = max(width, x - gap), max(height, block.size[1])
    names = tuple(name for block in blocks for name in block.names)
    return _Block((width, y + height), places, bends, names)


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
