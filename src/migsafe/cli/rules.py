"""`migsafe rules`: the list of rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from migsafe.models import DesignRule
    from migsafe.rule import Rule


@click.command("rules")
@click.option(
    "-f", "--format", "format_", default="text", type=click.Choice(["text", "json"]),
    show_default=True,
)  # fmt: skip
def command(format_: str) -> None:
    """List the rules with their severity and what they are about.

    MS8 are the rules of `migsafe models lint`, all others those of `migsafe check`.
    Rules of the project's own ([tool.migsafe] rules = ["package"]) are in the list.
    """
    from migsafe.check.selection import rules_of
    from migsafe.config import load_settings
    from migsafe.models.rules import load_design_rules

    migrations = rules_of(load_settings(Path.cwd()))
    rules: list[Rule | DesignRule] = [*migrations, *load_design_rules()]
    rules.sort(key=lambda rule: rule.code)
    listed = [
        {
            "code": rule.code,
            "name": rule.rule_name(),
            "severity": rule.severity.value,
            "summary": rule.documentation().partition("\n")[0],
        }
        for rule in rules
    ]
    if format_ == "json":
        click.echo(json.dumps(listed, indent=2))
        return
    width = max(len(rule["name"]) for rule in listed)
    for rule in listed:
        click.echo(
            f"{rule['code']}  {rule['name']:<{width}}  {rule['severity']:<7}  {rule['summary']}"
        )
