"""The proof of a fix: the files are captured and judged again before one of them is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from migsafe.capture.history import captured
from migsafe.capture.location import Location
from migsafe.capture.model import History, Migration
from migsafe.capture.schema import Schema
from migsafe.capture.script import read_script
from migsafe.catalog import Catalog
from migsafe.catalog.diff import describe, diff, equivalent
from migsafe.check import findings as found
from migsafe.check.assumed import Assumptions
from migsafe.check.walk import Walk, predicted, walk
from migsafe.config import Settings
from migsafe.errors import MigsafeError
from migsafe.fix.emitted import SAFE, UNSAFE
from migsafe.names import Name
from migsafe.rule import Finding, Rule, Severity
from migsafe.session import Session

_ADVICE = frozenset(
    ("MS109", "MS501", "MS502", "MS505", "MS601", "MS604", "MS610", "MS704", "MS705")
)
"""Rules whose findings follow from what was there before, told of each transaction."""

FAILING = "MS407"
"""The rule about statements that fail, which IF EXISTS would only silence."""

_GRAVE = ("error", "timeout", "reads", "irreversible")


@dataclass(frozen=True)
class State:
    """What a migration meets: the *session* for the rules, the *schema* for the capture."""

    session: Session
    schema: Schema
    known: frozenset[Name]


@dataclass(frozen=True)
class Judged:
    """A migration with both directions walked through from *start*, and the findings about it."""

    migration: Migration
    start: Session
    up: Walk
    down: Walk
    findings: tuple[Finding, ...]


class Court:
    """Judges migrations of one history, and compares two forms of the same migration."""

    def __init__(
        self, location: Location, history: History, rules: Sequence[Rule], settings: Settings
    ):
        self.history = history
        self.rules = rules
        self._location = location
        self._settings = settings

    @cached_property
    def _before(self) -> tuple[Finding, ...]:
        """The findings about the chain as it is."""
        return tuple(found.of_history(self.history, self.rules))

    def judge(
        self, migration: Migration, session: Session, assumptions: Assumptions, history: History
    ) -> Judged:
        """Go through both directions of *migration* from *session*."""
        up = walk(migration, "upgrade", session, history, predicted, assumptions)
        down = walk(migration, "downgrade", up.end, history, predicted, assumptions, undone=session)
        findings = [f for way in (up, down) for f in found.of_walk(way, self.rules)]
        return Judged(migration, session, up, down, tuple(findings))

    def objection(
        self, old: Judged, goal: Judged, paths: Sequence[Path], before: State
    ) -> str | None:
        """Why the migrations in *paths* may not take the place of *old*; None when they may.

        *goal* has the schemas to which they are to lead.
        """
        try:
            new = self._captured(paths, before)
        except MigsafeError as error:
            return f"the new form is not accepted: {error.message}"
        trouble = _new_problem(old.migration, new)
        if trouble is not None:
            return trouble
        history = self._with(old.migration, new)
        assumptions = Assumptions(history, known=before.known)
        judged: list[Judged] = []
        session = before.session
        for migration in new:
            judged.append(self.judge(migration, session, assumptions, history))
            session = judged[-1].up.end
        return (
            _other_schema(goal, judged)
            or _other_way_back(goal, judged)
            or self._worse(old, judged, history)
        )

    def with_way_back(self, old: Judged, path: Path, before: State) -> Judged | None:
        """The migration in *path*, which is *old* with a downgrade, if that leads to the start."""
        new = self._captured([path], before)
        if _new_problem(old.migration, new) is not None:
            return None
        history = self._with(old.migration, new)
        assumptions = Assumptions(history, known=before.known)
        judged = self.judge(new[0], before.session, assumptions, history)
        known = {(f.rule, f.message) for f in old.findings}
        worse = any(
            f.rule not in SAFE | _ADVICE
            and f.severity is not Severity.INFO
            and (f.rule, f.message) not in known
            for f in judged.findings
        )
        ends = (judged.up.whole.start, judged.down.end.catalog)
        right = ends[0] is not None and difference(ends[0], ends[1]) is None
        return judged if right and not worse and not _other_schema(old, [judged]) else None

    def _captured(self, paths: Sequence[Path], before: State) -> tuple[Migration, ...]:
        scripts = [read_script(path) for path in paths]
        environment = self.history.environment
        return captured(scripts, self._location, environment, before.schema.snapshot())

    def _with(self, old: Migration, new: Sequence[Migration]) -> History:
        migrations: list[Migration] = []
        for migration in self.history.migrations:
            migrations += new if migration.revision == old.revision else [migration]
        return replace(self.history, migrations=tuple(migrations))

    def _worse(self, old: Judged, judged: Sequence[Judged], history: History) -> str | None:
        """A finding that is new, or that none has gone."""
        names = {one.migration.revision for one in judged} | {old.migration.revision}
        before = _counted([*old.findings, *(f for f in self._before if f.revision in names)])
        findings = [f for one in judged for f in one.findings]
        chain = (f for f in found.of_history(history, self.rules) if f.revision in names)
        after = _counted([*findings, *chain])
        for direction in ("upgrade", "downgrade"):
            if after[FAILING, direction] < before[FAILING, direction]:
                line = next(f.line for f in old.findings if _key(f) == (FAILING, direction))
                return f"line {line} fails ({FAILING}), and would no more: correct it first"
        for (rule, direction), count in sorted(after.items()):
            if count > before[rule, direction] and rule not in _ADVICE:
                name = next(one.rule_name() for one in self.rules if one.code == rule)
                return f"that would be {rule}, {name}"
        codes = SAFE | UNSAFE
        gone = sum(n for (rule, _), n in before.items() if rule in codes)
        left = sum(n for (rule, _), n in after.items() if rule in codes)
        return None if left < gone else "the new form is no better"


def _counted(findings: Sequence[Finding]) -> Counter[tuple[str, str]]:
    return Counter(map(_key, findings))


def _key(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.direction


def _new_problem(old: Migration, new: Sequence[Migration]) -> str | None:
    known = {(p.kind, p.direction) for p in old.problems}
    for migration in new:
        for problem in migration.problems:
            if problem.kind in _GRAVE and (problem.kind, problem.direction) not in known:
                return f"the new form cannot be read: {problem.message}"
    return None


def _other_schema(old: Judged, judged: Sequence[Judged]) -> str | None:
    other = difference(old.up.end.catalog, judged[-1].up.end.catalog)
    return f"it would end in another schema: {other}" if other else None


def _other_way_back(old: Judged, judged: Sequence[Judged]) -> str | None:
    """Why the downgrades do not lead where the old one led; each must undo its own upgrade."""
    if not any(one.migration.downgrade for one in (old, *judged)):
        return None
    other = difference(old.down.end.catalog, judged[0].down.end.catalog)
    if other:
        return f"its downgrade would end in another schema: {other}"
    for earlier, later in pairwise(judged):
        other = difference(earlier.up.end.catalog, later.down.end.catalog)
        if other:
            return f"the downgrade cannot be split: {other}"
    return None


def difference(a: Catalog, b: Catalog) -> str | None:
    """What sets two schemas apart, in words; expressions may be written in another way."""
    missing = [d for d in diff(a, b) if d.attribute is None and not d.benign]
    changed = [d for d in equivalent(a, b) if not d.benign]
    return next((describe(d) for d in (*missing, *changed)), None)
