"""Judging migration after migration, and the report that their verdicts make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from migsafe.capture.model import History, Migration
from migsafe.catalog import Catalog
from migsafe.check import findings as found
from migsafe.check.assumed import Assumptions
from migsafe.check.baseline import read_baseline
from migsafe.check.ignores import Ignore, Ignores, of_migration
from migsafe.check.model import Coverage, Report, Verdict
from migsafe.check.selection import is_wanted
from migsafe.check.sizes import sized
from migsafe.check.walk import EffectsOf, Walk, predicted, walk
from migsafe.config import Settings
from migsafe.names import Name
from migsafe.rule import Rule, Severity
from migsafe.session import Session

Walked = Mapping[str, tuple[Walk, tuple[Name, ...], int]]
"""By revision, its upgrade as it went in a judge `ahead`, what became known, and how much was."""


class Judge:
    """Goes through a history in its order; *session* is the state before the next migration.

    Without *notes* the rules that take no more than a note of a direction are not asked about it.
    """

    def __init__(
        self,
        history: History,
        rules: Sequence[Rule],
        settings: Settings,
        *,
        effects_of: EffectsOf = predicted,
        session: Session | None = None,
        assumptions: Assumptions | None = None,
        walked: Walked | None = None,
        notes: bool = True,
    ):
        self.session = session or Session(Catalog.empty(settings.target_version))
        self.assumptions = assumptions or Assumptions(history)
        self._history = history
        every = found.Listening(rules)
        self._every = every, every
        self._grave = self._every if notes else _grave(rules, settings)
        self._effects_of = effects_of
        self._walked = walked or {}

    def ahead(self, migrations: Iterable[Migration]) -> Walked:
        """Take in what *migrations* do, for a judge that will say what is wrong with them."""
        walked = {}
        for migration in migrations:
            before, up = self.assumptions.extent, self.pass_over(migration)
            come = self.assumptions.since(before)
            walked[migration.revision] = up, come, self.assumptions.extent
        return walked

    def is_along(self, migration: Migration) -> bool:
        """Whether the judge ahead had known behind *migration* what this one knows."""
        known = self._walked.get(migration.revision)
        return known is None or known[2] == self.assumptions.extent

    def pass_over(self, migration: Migration) -> Walk:
        """Take in what *migration* does, without a verdict."""
        up = self._up(migration)
        self.session = up.end
        return up

    def verdict(self, migration: Migration) -> Verdict:
        """Take in what *migration* does, and say what is wrong with it."""
        before = self.session
        up = self._up(migration)
        down = walk(
            migration, "downgrade", up.end, self._history, self._effects_of, self.assumptions,
            undone=before,
        )  # fmt: skip
        self.session = up.end
        ignores = tuple(dict.fromkeys(of_migration(migration)))
        # A comment that accepts what is only a note is not there for nothing.
        of_up, of_down = self._every if ignores else self._grave
        findings = (*found.told(up, of_up), *found.told(down, of_down))
        return Verdict(findings, _coverage(migration, up, down), ignores)

    def _up(self, migration: Migration) -> Walk:
        if migration.revision in self._walked:
            up, come, _ = self._walked[migration.revision]
            self.assumptions.add(come)
            return up
        return walk(
            migration, "upgrade", self.session, self._history, self._effects_of, self.assumptions
        )


def _grave(rules: Iterable[Rule], settings: Settings) -> tuple[found.Listening, found.Listening]:
    """The *rules* that may say more than a note of an upgrade, and of a downgrade.

    What is a note in a downgrade stays one, whatever *settings* say.
    """
    stays = not (settings.severity or settings.paths)
    up = (rule for rule in rules if not (stays and rule.severity is Severity.INFO))
    down = (rule for rule in rules if rule.downgrade_severity is not Severity.INFO)
    return found.Listening(up), found.Listening(down)


def _coverage(migration: Migration, up: Walk, down: Walk) -> Coverage:
    stand_in = any(problem.kind == "import" for problem in migration.problems)
    statements = len(up.states) + len(down.states)
    return Coverage(1, statements, up.unknown + down.unknown, int(stand_in))


def reported(
    history: History,
    judged: Sequence[Migration],
    verdicts: Iterable[Verdict],
    rules: Sequence[Rule],
    settings: Settings,
) -> Report:
    """The report on the migrations *judged*, from the *verdict* on each of them."""
    names = {migration.revision for migration in judged}
    findings = [f for f in found.of_history(history, rules) if f.revision in names | {None}]
    coverage = Coverage()
    accepted: list[Ignore] = []
    for verdict in verdicts:
        findings += verdict.findings
        coverage += verdict.coverage
        accepted += verdict.ignores
    ignores = Ignores(accepted)
    kept, ignored = ignores.apply(found.leveled(sized(findings, rules, settings), settings))
    revisions = {migration.path: migration.revision for migration in judged}
    kept += found.leveled(ignores.complaints(rules, settings, revisions), settings)
    known = read_baseline(settings)
    new = [f for f in kept if f.fingerprint not in known and is_wanted(f, settings)]
    ordered = sorted(found.once(new), key=found.order)
    return Report(tuple(ordered), coverage, tuple(ignored))
