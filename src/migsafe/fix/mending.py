"""One migration: the forms that it could have, tried until one is proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from libcst import Module

from migsafe.fix import parting
from migsafe.fix import source as trees
from migsafe.fix.emitted import Emitted
from migsafe.fix.proof import Judged
from migsafe.fix.rewriting import Rewriter
from migsafe.fix.source import SourceFile
from migsafe.fix.units import Unit, assembled, hurried

Place = tuple[str, int]
"""A direction and a line."""

Objection = Callable[[Sequence["Revision"]], "str | None"]
_DIRECTIONS = ("upgrade", "downgrade")


@dataclass(frozen=True)
class Revision:
    """A file that a migration becomes; *message* is for its name, None for the file there is."""

    revision: str
    data: bytes
    message: str | None = None


Form = tuple[tuple[Revision, ...], frozenset[Place]]
"""The files that a migration becomes, and the places that are changed in them."""


@dataclass
class Mending:
    """Looks for the best form of one migration.

    *goal* has the schemas that are to be reached, *emitted* the statements by direction;
    *objection* proves a form, or says what is wrong with it. *reasons* are why statements stay;
    *covered* are the statements of a call with several.
    """

    file: SourceFile
    judged: Judged
    goal: Judged
    emitted: dict[str, tuple[Emitted, ...]]
    parts: Callable[[Emitted], tuple[Emitted, ...]]
    major: int
    named: bool
    timeout: str | None
    taken: frozenset[str]
    objection: Objection
    reasons: dict[Place, str] = field(default_factory=dict)
    covered: dict[Place, list[Place]] = field(default_factory=dict)

    def best(self) -> Form:
        """The files that prove right, and the places that are changed in them; none if none do.

        All places at once if that is right; else as many as are right together.
        """
        revisions, places = self._most(((), frozenset()), self._places())
        return revisions, frozenset(one for place in places for one in self.covered[place])

    def _most(self, best: Form, places: Sequence[Place]) -> Form:
        """*best* with as many of *places* as are right too, halving them where they are not."""
        if not places:
            return best
        wanted = best[1].union(places)
        found, reason = self._proved(wanted)
        if found:
            return found, wanted
        if len(places) == 1:
            self.reasons.update(dict.fromkeys(self.covered[places[0]], reason))
            return best
        middle = len(places) // 2
        return self._most(self._most(best, places[:middle]), places[middle:])

    def _places(self) -> list[Place]:
        """All places that can be changed; the reasons for the others are noted."""
        found: list[Place] = []
        for direction in _DIRECTIONS:
            rewriter = self._rewriter(direction, lambda line: True)
            rewriter.units(self.file.body(direction))
            for line, covered in rewriter.changed.items():
                found.append((direction, line))
                self.covered[direction, line] = [(direction, line) for line in covered]
            for one, reason in rewriter.refused:
                self.reasons.setdefault((direction, one.line), reason)
        return found

    @property
    def _tree(self) -> Module:
        assert self.file.with_op is not None  # else there would be nothing to mend
        return self.file.with_op

    def _rewriter(
        self, direction: str, allowed: Callable[[int], bool], repeat_before: int = 0
    ) -> Rewriter:
        return Rewriter(
            self.file, self.emitted[direction], self.parts, allowed, self.major, self.named,
            repeat_before,
        )  # fmt: skip

    def _proved(self, places: frozenset[Place]) -> tuple[tuple[Revision, ...], str]:
        """The first form with *places* changed that is right; else why the last one is not."""
        reason = ""
        for form in self._forms(places):
            if isinstance(form, str):
                reason = form
                continue
            against = self.objection(form)
            if against is None:
                return form, ""
            reason = against
        return (), reason

    def _forms(self, places: frozenset[Place]) -> Iterator[tuple[Revision, ...] | str]:
        """One revision whose steps can run again; then several."""
        tree = self._tree
        bodies = {
            direction: self._units(direction, places, repeat=True)
            for direction in sorted({direction for direction, _ in places})
        }
        for direction, units in bodies.items():
            tree = trees.with_body(tree, direction, assembled(units))
        if any(unit.begins for unit in bodies.get("upgrade", ())):
            pass
        elif all(map(parting.is_repeatable, bodies.values())):
            yield (self._kept(tree),)
        else:
            yield "what is committed before it cannot be run again"
        yield from self._several(places)

    def _units(
        self, direction: str, places: frozenset[Place], *, repeat: bool = False
    ) -> list[Unit]:
        def allowed(line: int) -> bool:
            return (direction, line) in places

        body = self.file.body(direction)
        units = self._rewriter(direction, allowed).units(body)
        apart = [unit.line for unit in units if unit.apart]
        if repeat and apart:
            units = self._rewriter(direction, allowed, max(apart)).units(body)
        return hurried(units, self.timeout) if self.timeout and apart else units

    def _several(self, places: frozenset[Place]) -> Iterator[tuple[Revision, ...] | str]:
        migration = self.judged.migration
        up = self._units("upgrade", places, repeat=True)
        at = parting.cuts(up)
        if not at:
            return
        start = self.goal.up.end.catalog
        down = parting.way_back(self._units("downgrade", places, repeat=True), start, up, at)
        if down is None:
            yield "the downgrade cannot be split between several revisions"
            return
        names = parting.identifiers(migration, len(at), self.taken)
        if names is None:
            yield "the ids of its parts are taken"
            return
        made = parting.parted(self._tree, migration, names, parting.slices(up, at), down)
        *earlier, last = made
        yield (
            *(Revision(part.revision, part.tree.bytes, part.message) for part in earlier),
            self._kept(last.tree),
        )

    def _kept(self, tree: Module) -> Revision:
        return Revision(self.judged.migration.revision, tree.bytes)


def written(revisions: Sequence[Revision], folder: Path, name: str) -> list[Path]:
    """The files of *revisions* in *folder*, the one that is there already under its own *name*."""
    paths = []
    for revision in revisions:
        path = folder / (name if revision.message is None else f"{revision.revision}.py")
        path.write_bytes(revision.data)
        paths.append(path)
    return paths
