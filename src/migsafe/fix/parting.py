"""One revision as several, where a transaction must end before a step that is apart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import libcst as cst

from migsafe.capture.model import Migration
from migsafe.catalog import Catalog
from migsafe.fix import calls
from migsafe.fix import source as trees
from migsafe.fix.proof import difference
from migsafe.fix.units import Unit, assembled

_LONGEST = 32  # alembic_version.version_num
_NAMING = (cst.Assign, cst.AnnAssign, cst.Import, cst.ImportFrom)


@dataclass(frozen=True)
class Part:
    """A revision that is split off, to run before the one that keeps the id."""

    revision: str
    message: str
    tree: cst.Module


def cuts(units: Sequence[Unit]) -> list[int]:
    """Where a new revision begins: before a step apart whose forerunners cannot run again."""
    found: list[int] = []
    start = 0
    for position, unit in enumerate(units):
        if unit.begins:
            found.append(position)
            start = position
            continue
        # What comes of one statement of the author's stays together.
        first = next(n for n, u in enumerate(units) if u.line == unit.line)
        if unit.apart and any(u.lasting and not u.ends_transaction for u in units[start:first]):
            found.append(first)
            start = first
    return found


def is_repeatable(units: Sequence[Unit]) -> bool:
    """Whether what is committed before each step apart can be run again.

    What the author's own blocks commit is as it was before.
    """
    pending = False
    for unit in units:
        if unit.apart and pending:
            return False
        pending = not unit.ends_transaction and (pending or unit.lasting)
    return True


def slices(units: Sequence[Unit], at: Sequence[int]) -> list[list[Unit]]:
    """*units* cut before each position in *at*; assignments go along into the later parts."""
    bounds = [0, *at, len(units)]
    carried: list[Unit] = []
    parts = []
    for start, stop in pairwise(bounds):
        own = list(units[start:stop])
        parts.append([*carried, *own])
        carried += [unit for unit in own if not unit.emitted and _is_name(unit.node)]
    return parts


def _is_name(node: Any) -> bool:
    """Whether *node* only gives names to values that what follows may use."""
    return isinstance(node, cst.SimpleStatementLine) and all(
        isinstance(part, _NAMING) for part in node.body
    )


def way_back(
    units: Sequence[Unit], end: Catalog, up: Sequence[Unit], at: Sequence[int]
) -> list[list[Unit]] | None:
    """The downgrade cut so that its parts undo those of *up*, which is cut *at* these places.

    The parts are in the order of the upgrade. None when no cut leads there.
    """
    if not any(unit.emitted for unit in units):
        return [list(units)] * (len(at) + 1)
    places: list[int] = []
    own: dict[int, list[Unit]] = {}
    for number, position in enumerate(reversed(at)):
        undone = up[position].begins
        if undone:
            own[number] = [Unit(calls.executing(undone), 0)]
            places.append(places[-1] if places else 0)
            continue
        goal = catalog_after(up[:position], end)
        found = _reaching(units, end, goal, places[-1] if places else 0)
        if found is None:
            return None
        places.append(found)
    parts = slices(units, places)
    return [own.get(number, part) for number, part in enumerate(parts)][::-1]


def _reaching(units: Sequence[Unit], end: Catalog, goal: Catalog, first: int) -> int | None:
    """The first position from *first* on before which the schema is *goal*."""
    for position in range(first, len(units) + 1):
        halfway = 0 < position < len(units) and units[position - 1].line == units[position].line
        if not halfway and difference(goal, catalog_after(units[:position], end)) is None:
            return position
    return None


def catalog_after(units: Sequence[Unit], start: Catalog) -> Catalog:
    """The schema behind *units*."""
    for unit in reversed(units):
        if unit.emitted:
            return unit.emitted[-1].context.after
    return start


def identifiers(migration: Migration, count: int, taken: frozenset[str]) -> list[str] | None:
    """Ids for *count* revisions before *migration*, the same in every run; None if one is taken."""
    names = [f"{migration.revision}_{number}" for number in range(1, count + 1)]
    if any(len(name) > _LONGEST for name in names):
        names = [hashlib.sha256(name.encode()).hexdigest()[:12] for name in names]
    return None if taken.intersection(names) else names


def parted(
    tree: cst.Module,
    migration: Migration,
    names: Sequence[str],
    up: Sequence[Sequence[Unit]],
    down: Sequence[Sequence[Unit]],
) -> Iterator[Part]:
    """The revisions that *tree* becomes; the last keeps the id, so nothing after it changes."""
    revisions = [*names, migration.revision]
    parent = _constant(migration.down_revisions)
    said = ", ".join(migration.down_revisions)
    count = len(revisions)
    for number, revision in enumerate(revisions, 1):
        made = trees.with_body(tree, "upgrade", assembled(up[number - 1]))
        made = trees.with_body(made, "downgrade", assembled(down[number - 1]))
        if number < count:
            made = trees.with_constant(made, "revision", _text(revision))
        if number > 1:
            made = trees.with_constant(made, "down_revision", parent)
            made = trees.with_constant(made, "depends_on", "None")
        if number < count:
            made = trees.with_constant(made, "branch_labels", "None")
        suffix = f"step {number} of {count}"
        yield Part(revision, f"{migration.doc} {suffix}", _described(made, revision, said, suffix))
        parent, said = _text(revision), revision


def _described(tree: cst.Module, revision: str, parents: str, suffix: str) -> cst.Module:
    text = trees.docstring(tree)
    if text is None:
        return tree
    text = re.sub(r"(?m)^(\s*Revision ID:[ \t]*)\S+", rf"\g<1>{revision}", text)
    text = re.sub(r"(?m)^(\s*Revises:)[^\n]*", rf"\g<1> {parents}".rstrip(), text)
    text = re.sub(
        r"\A([rRuU]*(?:\"\"\"|'''|\"|')\s*)([^\n\"']*[^\s\"'])", rf"\g<1>\g<2> ({suffix})", text
    )
    return trees.with_docstring(tree, text)


def _constant(values: Sequence[str]) -> str:
    if not values:
        return "None"
    if len(values) == 1:
        return _text(values[0])
    return f"({', '.join(map(_text, values))})"


def _text(value: Any) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
