"""Options that choose revisions, for the commands that look at a part of a history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from migsafe.values import dataclass

if TYPE_CHECKING:
    from migsafe.capture import Location, Migration

_Command = TypeVar("_Command", bound=Callable[..., Any])
_OPTIONS = (
    click.option("--only", multiple=True, metavar="REVISION", help="Judge only this revision."),
    click.option("--from", "first", metavar="REVISION", help="Judge this one and those after it."),
    click.option("--to", "last", metavar="REVISION", help="Judge this one and those before it."),
    click.option(
        "-r", "--range", "range_", metavar="A:B",
        help="The same as --from A --to B, as in alembic history; each may be left out.",
    ),
    click.option("--since", metavar="GITREF", help="Judge only files new or changed since GITREF."),
    click.option("--staged", is_flag=True, help="Judge only files staged for the next commit."),
)  # fmt: skip


def choosing(command: _Command) -> _Command:
    """Give *command* the options of a `Choice`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Choice:
    """Which revisions to report, by names in Alembic's notation and by what git says is new."""

    only: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None
    since: str | None = None
    staged: bool = False

    @classmethod
    def of(cls, *, range_: str | None, **options: Any) -> Choice:
        """The choice that the options of `choosing` make."""
        if range_ is None:
            return cls(**options)
        if options["first"] or options["last"]:
            raise click.UsageError("Use either --range or --from and --to.")
        first, colon, last = range_.partition(":")
        if not colon:
            return cls(**{**options, "only": (*options["only"], first)})
        return cls(**{**options, "first": first or None, "last": last or None})

    @property
    def is_all(self) -> bool:
        """Whether nothing was left out."""
        return self == Choice()

    def wanted(self, location: Location) -> Callable[[Migration], bool]:
        """Whether to report a migration: it is chosen, and *location* does not name others.

        Raises HistoryError for a revision that is not there, MigsafeError for what git refuses.
        """
        files = self._changed(location)
        revisions = self._named(location)
        given = frozenset(path.resolve() for path in location.selected)

        def is_wanted(migration: Migration) -> bool:
            if revisions is None and files is None and not given:
                return True  # to resolve a thousand paths takes a tenth of a second
            path = migration.path.resolve()
            return (
                (not given or path in given)
                and (files is None or path in files)
                and (revisions is None or migration.revision in revisions)
            )

        return is_wanted

    def _named(self, location: Location) -> frozenset[str] | None:
        if not self.only and self.first is None and self.last is None:
            return None
        from migsafe.capture import read_scripts
        from migsafe.capture.ranges import between, named

        scripts = read_scripts(location)
        found = between(scripts, self.first, self.last)
        return found & named(scripts, self.only) if self.only else found

    def _changed(self, location: Location) -> frozenset[Path] | None:
        from migsafe.check.selection import changed_since, staged

        if self.since is None and not self.staged:
            return None
        of_folder = staged if self.since is None else partial(changed_since, self.since)
        return frozenset(path for folder in location.versions for path in of_folder(folder))

    def released(self, location: Location) -> dict[Path, str]:
        """The texts on the base branch of files that differ now; none without --since."""
        from migsafe.check.selection import released_since

        found: dict[Path, str] = {}
        for folder in location.versions if self.since is not None else ():
            found.update(released_since(str(self.since), folder))
        return found


def from_standard_input(names: Iterable[str], cwd: Path) -> Iterator[Path]:
    """The migrations among the file *names*, seen from *cwd* or from the top of its repository.

    What git prints is seen from the top. Names of other files, and of files that are gone, are
    left out.
    """
    from migsafe.capture.location import is_migration

    top = next((folder for folder in (cwd, *cwd.parents) if (folder / ".git").exists()), cwd)
    for name in names:
        candidates = (folder / name for folder in (cwd, top))
        found = next((path for path in candidates if is_migration(path)), None)
        if found is not None:
            yield found
