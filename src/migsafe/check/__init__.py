"""The checker: fold a history, know the effects of each step, ask every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from migsafe.capture.model import History, Migration
from migsafe.catalog import Catalog
from migsafe.check import findings as found
from migsafe.check.assumed import Assumptions
from migsafe.check.baseline import read_baseline
from migsafe.check.ignores import Ignores
from migsafe.check.selection import chosen, is_excluded
from migsafe.check.walk import EffectsOf, Walk, predicted, walk
from migsafe.config import Settings
from migsafe.rule import Finding, Rule, Severity
from migsafe.session import Session

__all__ = ["Coverage", "EffectsOf", "Report", "check", "predicted", "worst"]


@dataclass(frozen=True)
class Coverage:
    """How much was understood: *unknown* of *statements* could not be judged."""

    revisions: int = 0
    statements: int = 0
    unknown: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.revisions + other.revisions,
            self.statements + other.statements,
            self.unknown + other.unknown,
        )


@dataclass(frozen=True)
class Report:
    """What a check found, and how much it could read; *ignored* findings were accepted inline."""

    findings: tuple[Finding, ...]
    coverage: Coverage
    ignored: tuple[Finding, ...] = ()

    def at_least(self, severity: Severity) -> Report:
        """The same without findings that are less grave than *severity*."""
        kept = tuple(f for f in self.findings if f.severity.rank <= severity.rank)
        return Report(kept, self.coverage, self.ignored)


def check(
    history: History,
    rules: Sequence[Rule],
    settings: Settings,
    *,
    effects_of: EffectsOf = predicted,
    only: Callable[[Migration], bool] = lambda migration: True,
) -> Report:
    """Judge *history*; migrations that *only* refuses are folded, but not reported.

    *effects_of* says what a step does in a state: `predicted`, or measured on a server.
    """
    rules = chosen(rules, settings)
    judged = [m for m in history.migrations if only(m) and not is_excluded(m.path, settings)]
    names = {migration.revision for migration in judged}
    findings = [f for f in found.of_history(history, rules) if f.revision in names | {None}]
    coverage = Coverage()
    session = Session(Catalog.empty(settings.target_version))
    assumptions = Assumptions(history)
    for migration in history.migrations:
        up = walk(migration, "upgrade", session, history, effects_of, assumptions)
        if migration.revision in names:
            down = walk(
                migration, "downgrade", up.end, history, effects_of, assumptions, undone=session
            )
            findings += [f for way in (up, down) for f in found.of_walk(way, rules)]
            coverage += _coverage(up, down)
        session = up.end
    ignores = Ignores(judged)
    known = read_baseline(settings)
    new = [finding for finding in findings if finding.fingerprint not in known]
    kept, ignored = ignores.apply(found.leveled(new, settings))
    kept += found.leveled(ignores.complaints(rules), settings)
    ordered = sorted(found.once(kept), key=found.order)
    return Report(tuple(ordered), coverage, tuple(ignored))


def _coverage(*walks: Walk) -> Coverage:
    statements = sum(len(way.contexts) for way in walks)
    unknown = sum(way.unknown for way in walks)
    return Coverage(1, statements, unknown)


def worst(findings: Iterable[Finding], at_least: Severity) -> bool:
    """Whether any finding is as grave as *at_least*."""
    return any(finding.severity.rank <= at_least.rank for finding in findings)
