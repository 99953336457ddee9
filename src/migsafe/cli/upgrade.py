"""`migsafe upgrade`: a guarded upgrade of a live database."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from migsafe.capture import Location
    from migsafe.guard import Outcome, Plan
    from migsafe.rule import Finding, Rule

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0}


def duration(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Seconds in a text like ``500ms``, ``3s`` or ``2min``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|min)?", value.strip())
    if match is None or float(match[1]) == 0:
        raise click.BadParameter("expected a time like 500ms, 3s or 2min")
    return float(match[1]) * _UNITS[match[2] or "s"]


@click.command("upgrade")
@click.argument("revision", default="heads")
@click.option("-c", "--config", type=click.Path(path_type=Path), help="The alembic.ini.")
@click.option(
    "--lock-timeout",
    default="3s",
    show_default=True,
    callback=duration,
    help="How long a statement may wait for a lock; everybody behind it waits as long.",
)
@click.option("--retries", default=10, show_default=True, type=click.IntRange(0, 1000))
@click.option("--dry-run", is_flag=True, help="Show what is pending and change nothing.")
@click.option(
    "--allow", multiple=True, metavar="RULE", help="Run in spite of this rule's findings."
)
@click.option("--force", is_flag=True, help="Run in spite of all findings.")
def command(
    revision: str,
    config: Path | None,
    lock_timeout: float,
    retries: int,
    dry_run: bool,
    allow: tuple[str, ...],
    force: bool,
) -> int:
    """Upgrade the database of the project's env.py to REVISION, with guards.

    Pending revisions are checked first; findings of severity error stop the upgrade unless they
    are allowed. Each revision runs by itself with a lock timeout; when a lock is busy it is rolled
    back, whoever holds the lock is named, and it is tried again later.
    """
    from migsafe.capture import find_history
    from migsafe.check.selection import rules_of
    from migsafe.config import load_settings
    from migsafe.guard import Guard, Limits, plan, upgrade

    location = find_history([config] if config else [])
    rules = rules_of(load_settings(location.root))
    _check_allowed(allow, rules)
    guard = Guard(lock_timeout)
    planned = plan(location, revision, guard)
    if not planned.pending:
        click.echo("Nothing is pending.")
        return 0
    refused = _show(location, planned, allow, rules)
    if refused and not force:
        click.echo(
            f"Not run: {len(refused)} findings of severity error. Change the migrations, "
            "or say --allow RULE or --force."
        )
        return 1
    if dry_run:
        return 0
    limits = Limits(lock_timeout=lock_timeout, retries=retries)
    outcome = upgrade(location, revision, limits=limits, say=click.echo, guard=guard)
    return _told(outcome)


def _check_allowed(allow: tuple[str, ...], rules: tuple[Rule, ...]) -> None:
    """Raise ConfigError for a word that is no rule's code or name."""
    import difflib

    from migsafe.errors import ConfigError

    known = [word for rule in rules for word in (rule.code, rule.rule_name())]
    for word in allow:
        if word not in known:
            close = difflib.get_close_matches(word, known, 1)
            hint = f"did you mean {close[0]}?" if close else "`migsafe rules` lists them"
            raise ConfigError(f"--allow {word}: there is no such rule; {hint}")


def _show(
    location: Location, planned: Plan, allow: tuple[str, ...], rules: tuple[Rule, ...]
) -> list[Finding]:
    """Print the pending revisions with their findings; return those that forbid the upgrade."""
    from migsafe.capture import capture
    from migsafe.check import check
    from migsafe.config import load_settings
    from migsafe.rule import Severity

    settings = load_settings(location.root)
    history = capture(location, major=settings.target_version)
    report = check(history, rules, settings, only=lambda m: m.revision in planned.pending)
    findings = [f for f in report.findings if f.direction == "upgrade"]
    refused = []
    for name in planned.pending:
        click.echo(f"pending {name}")
        for finding in findings:
            if finding.revision != name or finding.severity is Severity.INFO:
                continue
            allowed = finding.rule in allow or finding.name in allow
            mark = "allowed" if allowed else finding.severity.value
            click.echo(f"  {mark} {finding.rule} line {finding.line}: {finding.message}")
            if finding.severity is Severity.ERROR and not allowed:
                refused.append(finding)
    return refused


def _told(outcome: Outcome) -> int:
    if outcome.failed is None:
        number = len(outcome.done)
        click.echo(f"Upgraded: {number} revision{'s' if number != 1 else ''}.")
        return 0
    print(f"migsafe: {outcome.failed} was not run: {outcome.error}", file=sys.stderr)
    for blocker in outcome.blockers:
        print(f"migsafe: blocked by {blocker}", file=sys.stderr)
    for index in outcome.invalid_indexes:
        print(
            f"migsafe: index {index} is INVALID, left by a failed build: "
            f"DROP INDEX CONCURRENTLY {index};",
            file=sys.stderr,
        )
    if outcome.done:
        print(f"migsafe: done before it: {', '.join(outcome.done)}", file=sys.stderr)
    return 2
