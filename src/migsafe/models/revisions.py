"""The design that migrations have made up to a revision, from the files alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migsafe.capture import Migration, capture, find_history, read_scripts
from migsafe.capture.ranges import between, named
from migsafe.catalog import Catalog
from migsafe.check.judging import Judge
from migsafe.config import Settings
from migsafe.errors import ConfigError, HistoryError
from migsafe.models.rule import Design
from migsafe.names import Name
from migsafe.sql.ast import ObjectKind, Rename, SetSchema


@dataclass(frozen=True)
class Stage:
    """A migration, and the schema before and after it."""

    migration: Migration
    before: Catalog
    after: Catalog

    def touched(self) -> frozenset[Name]:
        """The tables that are new, gone or different after it."""
        old, new = self.before.tables, self.after.tables
        tables = {name for name in {*old, *new} if old.get(name) != new.get(name)}
        for name in {*self.before.indexes, *self.after.indexes}:
            was, is_ = self.before.indexes.get(name), self.after.indexes.get(name)
            if was != is_:
                tables |= {index.table for index in (was, is_) if index is not None}
        return frozenset(tables)

    def moves(self) -> Iterator[tuple[Name, Name]]:
        """The tables that get another name or schema: as they were called before, and after it."""
        for step in self.migration.upgrade:
            said = step.statement
            if isinstance(said, Rename) and said.kind is ObjectKind.TABLE:
                old = self._known(said.name)
                yield old, Name(old.schema, said.new_name)
            elif isinstance(said, SetSchema) and said.kind is ObjectKind.TABLE:
                old = self._known(said.target.name)
                yield old, Name(said.schema, old.name)

    def _known(self, name: Name) -> Name:
        return self.before.qualify(name)


def stages(folder: Path, settings: Settings, last: str | None = None) -> Iterator[Stage]:
    """The migrations of the project around *folder*, in their order, up to the revision *last*.

    Raises ConfigError or HistoryError when there is no history, or it has no such revision.
    """
    location = find_history(cwd=folder)
    wanted = between(read_scripts(location), None, last)
    history = capture(location)
    judge = Judge(history, (), settings)
    for migration in history.migrations:
        if migration.revision in wanted:
            before = judge.session.catalog
            judge.pass_over(migration)
            yield Stage(migration, before, judge.session.catalog)


def at_revision(folder: Path, settings: Settings, revision: str) -> Design:
    """The design after *revision* and all that comes before it; see `stages` for errors."""
    catalog = Catalog.empty(settings.target_version)
    for stage in stages(folder, settings, revision):
        catalog = stage.after
    return Design(catalog, settings=settings.models)


def around(folder: Path, settings: Settings, revision: str) -> tuple[Design, Design]:
    """The designs before and after one migration; HistoryError unless *revision* names one."""
    found = named(read_scripts(find_history(cwd=folder)), [revision])
    if len(found) != 1:
        raise HistoryError(f"{revision!r} names {len(found)} revisions; name one")
    *_, stage = stages(folder, settings, *found)
    before, after = stage.before, stage.after
    return Design(before, settings=settings.models), Design(after, settings=settings.models)


def stories(folder: Path, settings: Settings) -> dict[Name, list[tuple[str, str]]]:
    """By table, the (revision, first line of its docstring) of the migrations that touch it.

    A table that is renamed takes its story along. Empty when there is no history around *folder*.
    """
    try:
        find_history(cwd=folder)
    except (ConfigError, HistoryError):
        return {}
    found: dict[Name, list[tuple[str, str]]] = {}
    for stage in stages(folder, settings):
        first = (stage.migration.doc.strip().splitlines() or [""])[0]
        gone = set()
        for old, new in stage.moves():
            if old in found:
                found[new] = found.pop(old)
                gone.add(old)
        for name in sorted(stage.touched() - (gone - stage.after.tables.keys())):
            found.setdefault(name, []).append((stage.migration.revision, first))
    return found
