"""The checker: fold a history, know the effects of each step, ask every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from migsafe.capture.model import History, Migration
from migsafe.check.judging import Judge, reported
from migsafe.check.model import Coverage, Report
from migsafe.check.released import with_edits
from migsafe.check.selection import chosen, is_excluded
from migsafe.check.walk import EffectsOf, predicted
from migsafe.config import Settings
from migsafe.rule import Finding, Rule, Severity

__all__ = ["Coverage", "EffectsOf", "Report", "check", "predicted", "worst"]


def check(
    history: History,
    rules: Sequence[Rule],
    settings: Settings,
    *,
    effects_of: EffectsOf = predicted,
    only: Callable[[Migration], bool] = lambda migration: True,
    released: Mapping[Path, str] | None = None,
) -> Report:
    """Judge *history*; migrations that *only* refuses are folded, but not reported.

    *effects_of* says what a step does in a state: `predicted`, or measured on a server. *released*
    has the texts of migrations on the base branch, by resolved path.
    """
    rules = chosen(rules, settings)
    judge = Judge(history, rules, settings, effects_of=effects_of)
    judged, verdicts = [], []
    for migration in history.migrations:
        if only(migration) and not is_excluded(migration.path, settings):
            judged.append(migration)
            verdicts.append(judge.verdict(migration))
        else:
            judge.pass_over(migration)
    return reported(with_edits(history, released or {}), judged, verdicts, rules, settings)


def worst(findings: Iterable[Finding], at_least: Severity) -> bool:
    """Whether any finding is as grave as *at_least*."""
    return any(finding.severity.rank <= at_least.rank for finding in findings)
