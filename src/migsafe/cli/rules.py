"""`migsafe rules`: the list of rules."""

from __future__ import annotations

import json
from dataclasses import replace
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
@click.option("--test", "package", metavar="PACKAGE", help="Judge the examples of its rules.")
def command(format_: str, package: str | None) -> int:
    """List the rules with their severity and what they are about.

    MS8 are the rules of `migsafe models lint`, all others those of `migsafe check`.
    Rules of the project's own ([tool.migsafe] rules = ["package"]) are in the list.
    With --test a rule must speak on each of its bad examples and be silent on the good ones;
    exit code 1 means that one does not.
    """
    if package is not None:
        return _test(package)
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
        return 0
    width = max(len(rule["name"]) for rule in listed)
    for rule in listed:
        click.echo(
            f"{rule['code']}  {rule['name']:<{width}}  {rule['severity']:<7}  {rule['summary']}"
        )
    return 0


def _test(package: str) -> int:
    from migsafe.check.examples import failures
    from migsafe.check.selection import rules_of
    from migsafe.config import load_settings
    from migsafe.rules import load_rules

    settings = replace(load_settings(Path.cwd()), rules=(package,))
    is_ours = package == "migsafe.rules"
    everything = load_rules() if is_ours else rules_of(settings)
    shipped = set() if is_ours else {type(rule) for rule in load_rules()}
    rules = tuple(rule for rule in everything if type(rule) not in shipped)
    wrong = list(failures(rules, everything))
    for line in wrong:
        click.echo(line)
    examples = sum(len(rule.bad) + len(rule.good) for rule in rules)
    click.echo(f"{len(rules)} rules with {examples} examples, {len(wrong)} not judged as they say.")
    return 1 if wrong else 0
