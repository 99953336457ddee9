"""Existing migrations in their safe form: rewritten, and proved to do the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from migsafe.capture.history import capture
from migsafe.capture.location import Location
from migsafe.capture.model import Migration, Step
from migsafe.capture.naming import is_certain
from migsafe.capture.schema import Schema
from migsafe.catalog import Catalog, Rows
from migsafe.check.assumed import Assumptions
from migsafe.check.findings import order
from migsafe.check.ignores import Ignores, of_migration
from migsafe.check.selection import chosen, is_excluded
from migsafe.config import Settings
from migsafe.fix.downgrades import derived
from migsafe.fix.emitted import SAFE, UNSAFE, Emitted, apart, emitted
from migsafe.fix.files import new_path
from migsafe.fix.mending import Mending, Revision, written
from migsafe.fix.model import FileChange, Left, Outcome
from migsafe.fix.proof import Court, Judged, State
from migsafe.fix.source import SourceFile
from migsafe.rule import Finding, Rule
from migsafe.session import Session

__all__ = ["FileChange", "Left", "Outcome", "fix"]
_UNREAD = ("error", "timeout")
MISSING = "MS501"
"""The rule about missing downgrades."""
_FAILING = frozenset(("MS402", "MS404"))
_ELSEWHERE = frozenset(("MS402", "MS603"))


def fix(
    location: Location,
    rules: Sequence[Rule],
    settings: Settings,
    *,
    only: Callable[[Migration], bool] = lambda migration: True,
    unsafe: bool = False,
    lock_timeout: str | None = None,
) -> Outcome:
    """Work out the safe form of the migrations that *only* accepts; nothing is written.

    *unsafe* takes in fixes after which somebody has to look at the rows, and missing downgrades.
    *lock_timeout*, such as ``5s``, goes before locks that cannot be avoided in the files that are
    rewritten, unless env.py sets one. Raises HistoryError when the files are no history.
    """
    history = capture(location, major=settings.target_version)
    with tempfile.TemporaryDirectory(prefix="migsafe-") as name:
        run = _Run(
            Court(location, history, chosen(rules, settings), settings),
            location,
            settings,
            SAFE | UNSAFE | {MISSING} if unsafe else SAFE,
            Path(name).resolve(),
            None if history.environment.lock_timeout else lock_timeout,
        )
        outcomes = [
            run.outcome(migration, only(migration) and not is_excluded(migration.path, settings))
            for migration in history.migrations
        ]
    return Outcome(
        tuple(change for one in outcomes for change in one.changes),
        tuple(finding for one in outcomes for finding in one.fixed),
        tuple(left for one in outcomes for left in one.left),
    )


class _Run:
    """Goes through a history in its order."""

    def __init__(
        self,
        court: Court,
        location: Location,
        settings: Settings,
        codes: frozenset[str],
        folder: Path,
        timeout: str | None,
    ):
        self._court = court
        self._location = location
        self._settings = settings
        self._codes = codes
        self._folder = folder
        self._timeout = timeout
        self._tried = 0
        self._named = is_certain(location)
        self._session = Session(Catalog.empty(settings.target_version))
        self._schema = Schema(self._session.catalog)
        self._assumptions = Assumptions(court.history)
        self._taken = frozenset(m.revision for m in court.history.migrations)

    def outcome(self, migration: Migration, wanted: bool) -> Outcome:
        """What becomes of *migration*, which is left alone unless *wanted*."""
        before = State(self._session, self._schema.snapshot(), self._assumptions.known)
        judged = self._court.judge(migration, self._session, self._assumptions, self._court.history)
        self._session = judged.up.end
        for step in migration.upgrade:
            self._schema.add(step.statement)
        if not wanted:
            return Outcome()
        found = self._with_downgrade(judged, before) if MISSING in self._codes else None
        if found is None:
            return self._mended(judged, before)
        return _of_original(self._mended(found, before), judged, found)

    def _with_downgrade(self, judged: Judged, before: State) -> Judged | None:
        """The same with a downgrade, where it has none and the upgrade says how."""
        old = judged.migration
        _, ignored = Ignores(dict.fromkeys(of_migration(old))).apply(judged.findings)
        # An upgrade that fails for certain has nothing to be taken back until it is mended.
        if old.downgrade or old.problems or MISSING in {f.rule for f in ignored}:
            return None
        file = SourceFile(old.path)
        found = emitted(judged.up, (), frozenset(), frozenset())
        if file.with_op is None:
            return None
        tree = derived(file.with_op, found, major=self._settings.target_version)
        if tree is None:
            return None
        path = self._trial() / old.path.name
        path.write_bytes(tree.bytes)
        before = replace(before, session=_without_rows(before.session))
        goal = self._goal(judged, self._statements(judged, frozenset()), before)
        return self._court.with_way_back(goal, path, before)

    def _statements(
        self, judged: Judged, accepted: frozenset[tuple[str, int]]
    ) -> dict[str, tuple[Emitted, ...]]:
        """What both directions emit; findings that were *accepted* do not count."""
        rules = self._court.rules
        ways = {"upgrade": judged.up, "downgrade": judged.down}
        return {way: emitted(walk, rules, self._codes, accepted) for way, walk in ways.items()}

    def _trial(self) -> Path:
        self._tried += 1
        folder = self._folder / str(self._tried)
        folder.mkdir()
        return folder

    def _mended(self, judged: Judged, before: State) -> Outcome:
        migration = judged.migration
        kept, ignored = Ignores(dict.fromkeys(of_migration(migration))).apply(judged.findings)
        accepted = frozenset((f.rule, f.line) for f in ignored)
        rules = self._court.rules
        statements = self._statements(judged, accepted)
        if not any(one.codes for found in statements.values() for one in found):
            return Outcome()
        file = SourceFile(migration.path)
        if any(problem.kind in _UNREAD for problem in migration.problems):
            return self._left(kept, statements, {}, frozenset(), "not all of the file can be read")
        if file.with_op is None:
            return self._left(kept, statements, {}, frozenset(), "op is not Alembic's in this file")
        if any("MS401" in one.codes for found in statements.values() for one in found):
            before = replace(before, session=_without_rows(before.session))
        goal = self._goal(judged, statements, before)
        mending = Mending(
            file, judged, goal, statements, partial(apart, asked=rules, codes=self._codes),
            self._settings.target_version, self._named, self._timeout, self._taken,
            partial(self._objection, judged, goal, before, migration.path.name),
        )  # fmt: skip
        revisions, places = mending.best()
        left = self._left(
            kept, statements, mending.reasons, places, "it stands in a function of its own"
        )
        changes = tuple(self._changes(file, revisions))
        changed = _changed(statements, places)
        fixed = [
            f
            for f in kept
            if (f.direction, f.line, f.rule) in changed
            or (f.rule in _ELSEWHERE and (f.direction, 0, f.rule) in changed)
        ]
        return replace(left, changes=changes, fixed=tuple(sorted(fixed, key=order)))

    def _goal(
        self, judged: Judged, statements: dict[str, tuple[Emitted, ...]], before: State
    ) -> Judged:
        """Where *judged* leads when what cannot run in a transaction does not run in one."""
        apart = {
            (one.step.line, one.step.sql)
            for found in statements.values()
            for one in found
            if one.codes & _FAILING
        }
        if not apart and before.session is judged.start:
            return judged

        def moved(steps: tuple[Step, ...]) -> tuple[Step, ...]:
            return tuple(
                replace(s, transaction=None) if (s.line, s.sql) in apart else s for s in steps
            )

        old = judged.migration
        migration = replace(old, upgrade=moved(old.upgrade), downgrade=moved(old.downgrade))
        history = self._court.history
        assumptions = Assumptions(history, known=before.known)
        return self._court.judge(migration, before.session, assumptions, history)

    def _objection(
        self,
        judged: Judged,
        goal: Judged,
        before: State,
        name: str,
        revisions: Sequence[Revision],
    ) -> str | None:
        paths = written(revisions, self._trial(), name)
        return self._court.objection(judged, goal, paths, before)

    def _left(
        self,
        findings: Sequence[Finding],
        statements: dict[str, tuple[Emitted, ...]],
        reasons: dict[tuple[str, int], str],
        fixed: frozenset[tuple[str, int]],
        otherwise: str,
    ) -> Outcome:
        """The findings that stay although their kind has a safe form."""
        coded = {
            (direction, one.line, code)
            for direction, found in statements.items()
            for one in found
            for code in one.codes
        }
        left = [
            Left(f, reasons.get((f.direction, f.line), otherwise))
            for f in sorted(findings, key=order)
            if (f.direction, f.line) not in fixed and (f.direction, f.line, f.rule) in coded
        ]
        return Outcome(left=tuple(left))

    def _changes(self, file: SourceFile, revisions: Sequence[Revision]) -> list[FileChange]:
        changes = []
        for revision in revisions:
            if revision.message is None:
                changes.append(FileChange(file.path, file.data, revision.data))
            else:
                path = new_path(self._location, file.path, revision.revision, revision.message)
                changes.append(FileChange(path, None, revision.data))
        return changes


def _of_original(outcome: Outcome, old: Judged, new: Judged) -> Outcome:
    """*outcome* of the migration *new*, which is *old* with a downgrade, as one of *old*."""
    path, trial = old.migration.path, new.migration.path
    changes = outcome.changes or (FileChange(trial, None, trial.read_bytes()),)
    here = tuple(
        FileChange(path, path.read_bytes(), change.after)
        if change.path == trial
        else replace(change, path=path.parent / change.path.name)
        for change in changes
    )
    missing = [f for f in old.findings if f.rule == MISSING]
    return Outcome(
        here,
        (*missing, *(replace(f, file=path) for f in outcome.fixed)),
        tuple(Left(replace(one.finding, file=path), one.reason) for one in outcome.left),
    )


def _without_rows(session: Session) -> Session:
    """*session* in which no table is known to hold rows, so that nothing is certain to fail."""
    tables = {
        name: replace(table, rows=Rows.UNKNOWN) for name, table in session.catalog.tables.items()
    }
    return replace(session, catalog=replace(session.catalog, tables=tables))


def _changed(
    statements: dict[str, tuple[Emitted, ...]], places: frozenset[tuple[str, int]]
) -> set[tuple[str, int, str]]:
    """Direction, line and code of what was changed; line 0 for all lines of the direction."""
    return {
        (direction, line, code)
        for direction, found in statements.items()
        for one in found
        for code in one.codes
        if (direction, one.line) in places
        for line in (0, one.line)
    }
