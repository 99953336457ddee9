"""What checks of a whole history are about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from migsafe.catalog import Catalog
from migsafe.catalog.diff import describe, diff
from migsafe.introspect import introspect
from migsafe.roundtrip.loading import place
from migsafe.roundtrip.project import Project
from migsafe.roundtrip.runner import message
from migsafe.server.databases import connect


class NotApplicable(Exception):
    """A check has nothing to say about this history; the text says why."""


@dataclass(frozen=True)
class Subject:
    """A *project*, aboard of which the checks work.

    Attributes:
        released: the revisions of the last release, if that is known.
        stepwise: the schema to which single steps have led, if all were taken.
    """

    project: Project
    released: frozenset[str] | None = None
    stepwise: Catalog | None = None

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All revisions, in the order in which they run."""
        with self.project.aboard(), self.project.database():
            return self.project.runner.order()

    @cached_property
    def whole(self) -> Catalog | str:
        """The schema that an upgrade of all revisions at once makes, or the error it ends in."""
        with self.project.aboard(), self.project.database() as url:
            told = self.told(lambda: self.project.runner.upgrade(*self.order))
            found = told or self.catalog(url)
        self.project.roles.drop()
        return found

    @property
    def end(self) -> Catalog:
        """`whole`, if there is one; raises NotApplicable otherwise."""
        if isinstance(self.whole, str):
            raise NotApplicable(f"the history cannot be upgraded at once: {self.whole}")
        return self.whole

    def catalog(self, url: str) -> Catalog:
        """The schema of the database at *url*, without Alembic's own table."""
        with connect(url) as connection:
            return introspect(connection, ignore=self.project.runner.own_tables)

    def told(self, run: Callable[[], object]) -> str | None:
        """The error in which *run* ends, in words and with the place in a migration."""
        with self.project.roles.noticed():
            error = self.project.failure(run, steps=len(self.project.runner.order()))
        if error is None:
            return None
        file, line = place(error, self.project.location)
        where = f"{file.name}:{line}: " if file is not None else ""
        return f"{where}{message(error)}"


@dataclass(frozen=True)
class Check:
    """A check of a whole history: what it *proves* when *problems* yields nothing.

    *problems* raises NotApplicable where there is nothing to be asked.
    """

    name: str
    proves: str
    problems: Callable[[Subject], Iterator[str]]


def differences(wanted: Catalog, found: Catalog, *, ignored: Collection[str] = ()) -> Iterator[str]:
    """What *found* has otherwise than *wanted*, in words; the order of columns is left out."""
    for difference in diff(wanted, found):
        if not difference.benign:
            yield describe(difference)
