"""`migsafe explain`: what a rule is about, with its examples."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migsafe.errors import ConfigError

if TYPE_CHECKING:
    from migsafe.models import DesignRule
    from migsafe.rule import Rule


@click.command("explain")
@click.argument("rule")
def command(rule: str) -> None:
    """Explain RULE, a code like MS101 or a name like blocking-index-build."""
    from migsafe.check.selection import rules_of
    from migsafe.config import load_settings
    from migsafe.models.rules import load_design_rules

    settings = load_settings(Path.cwd())
    migrations = rules_of(settings)
    rules: list[Rule | DesignRule] = [*migrations, *load_design_rules()]
    rules.sort(key=lambda rule: rule.code)
    known = {spelling: r for r in rules for spelling in (r.code, r.rule_name())}
    found = known.get(rule) or known.get(rule.upper()) or known.get(rule.lower())
    if found is None:
        close = difflib.get_close_matches(rule, known, 1)
        hint = f"did you mean {close[0]}?" if close else "see migsafe rules"
        raise ConfigError(f"there is no rule {rule!r}; {hint}")
    click.echo("\n".join(page(found, settings.target_version)))


def page(rule: Rule | DesignRule, major: int) -> Iterator[str]:
    """The lines of a rule's page as text, for a version of PostgreSQL."""
    profile = getattr(rule, "profile", None)
    speaks = "" if profile is None else f", profile {profile.value}"
    yield f"{rule.code} {rule.rule_name()} ({rule.severity.value}{speaks})"
    yield ""
    yield rule.documentation()
    for word, examples in (("Found in", rule.bad), ("Not found in", rule.good)):
        yield from ("", f"{word}:")
        for example in examples:
            yield ""
            yield textwrap.indent(textwrap.dedent(example).strip(), "    ")
            yield from effects(rule, example, major)
    if rule.safe_way:
        yield from ("", "Instead:", "", textwrap.indent(rule.safe_way, "    "))
    yield from ("", f"To accept it:  # migsafe: ignore[{rule.code}] the reason")


def effects(rule: Rule | DesignRule, example: str, major: int) -> Iterator[str]:
    """What the statements of an example do to others; models send none."""
    from migsafe.check.examples import tell
    from migsafe.rule import Rule

    if isinstance(rule, Rule):
        for sql, felt in tell(rule, example, (), major).statements:
            yield textwrap.fill(sql, 96, initial_indent="    # ", subsequent_indent="    #   ")
            yield textwrap.fill(
                felt, 96, initial_indent="    #   -> ", subsequent_indent="    #   "
            )
