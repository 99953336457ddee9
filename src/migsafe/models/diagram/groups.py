"""Which tables of a large schema belong together, by their foreign keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from migsafe.names import Name

Near = Mapping[Name, Sequence[Name]]

_TOGETHER = 26  # so many tables are one group
_MOST = 16  # of more, a group has at most so many
_HUB = 14  # what more tables refer to says nothing about any of them


def groups_of(names: Sequence[Name], pairs: Sequence[tuple[Name, Name]]) -> list[list[Name]]:
    """Groups of *names*, the large ones first; *pairs* are (parent, child)."""
    known = set(names)
    near: dict[Name, list[Name]] = {name: [] for name in names}
    for parent, child in pairs:
        if parent in known and child in known:
            near[parent].append(child)
            near[child].append(parent)
    linked = [name for name in names if near[name]]
    if len(linked) <= _TOGETHER:
        found = _connected(linked, near)
    else:
        hubs = {name for name in linked if len(near[name]) > _HUB}
        rest = {n: [o for o in near[n] if o not in hubs] for n in linked if n not in hubs}
        found = [*([hub] for hub in sorted(hubs)), *_merged(_settled(rest), rest)]
    alone = [name for name in names if not near[name]]
    return sorted(found, key=lambda group: (-len(group), group[0])) + [[n] for n in alone]


def _connected(names: Sequence[Name], near: Near) -> list[list[Name]]:
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


def _settled(near: Near) -> list[list[Name]]:
    """Groups into which tables move until each is where most of its neighbours are."""
    home = {name: name for name in near}
    sizes = Counter(home.values())
    for _ in range(12):
        moved = False
        for name in near:
            pull: dict[Name, float] = {}
            for other in near[name]:
                weight = 1.0 / (len(near[other]) * len(near[name])) ** 0.5
                pull[home[other]] = pull.get(home[other], 0.0) + weight
            allowed = [h for h in pull if h == home[name] or sizes[h] < _MOST]
            best = min(allowed, key=lambda h: (-pull[h], h != home[name], h), default=home[name])
            if best != home[name]:
                sizes[home[name]] -= 1
                sizes[best] += 1
                home[name], moved = best, True
        if not moved:
            break
    groups: dict[Name, list[Name]] = {}
    for name in near:
        groups.setdefault(home[name], []).append(name)
    return list(groups.values())


def _merged(groups: list[list[Name]], near: Near) -> list[list[Name]]:
    """Small groups joined to those that they have the most foreign keys with, for their size."""
    groups = [list(group) for group in groups]
    while True:
        owner = {name: place for place, group in enumerate(groups) for name in group}
        links: Counter[tuple[int, int]] = Counter()
        for name, others in near.items():
            for other in others:
                if owner[name] < owner[other]:
                    links[owner[name], owner[other]] += 1
        joined = {pair: len(groups[pair[0]]) + len(groups[pair[1]]) for pair in links}
        fitting = [pair for pair in links if joined[pair] <= _MOST]
        if not fitting:
            return groups
        first, second = min(fitting, key=lambda pair: (-links[pair] / joined[pair], pair))
        groups[first] += groups.pop(second)
