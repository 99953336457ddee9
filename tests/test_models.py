"""The design tools: rules on their examples, on the shop and on models of other styles."""

from __future__ import annotations

import sys
import textwrap
import types

import pytest

from migsafe.models import Design, DesignFinding, DesignRule, Profile, lint, wanted_catalog
from migsafe.models.rules import EXAMPLE_HEAD, load_design_rules

RULES = load_design_rules()
RECOMMENDED = tuple(rule for rule in RULES if rule.profile is Profile.RECOMMENDED)


def design_of(source: str) -> Design:
    """The design that a piece of Python with a Base stands for."""
    module = types.ModuleType("example_models")
    sys.modules[module.__name__] = module  # where SQLAlchemy looks up what annotations mean
    try:
        exec(EXAMPLE_HEAD + textwrap.dedent(source), vars(module))
    finally:
        del sys.modules[module.__name__]
    metadata = vars(module)["Base"].metadata
    return Design(wanted_catalog(metadata), metadata)


def examples(kind: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.code}-{number}")
        for rule in RULES
        for number, example in enumerate(getattr(rule, kind))
    ]


def shown(findings: tuple[DesignFinding, ...]) -> str:
    return "\n".join(f"{f.rule} {f.subject}: {f.message}" for f in findings)


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_bad_examples_are_found(rule: DesignRule, example: str) -> None:
    """A rule speaks on each of its bad examples, once for each thing, and says a way out."""
    findings = lint(design_of(example), (rule,)).findings
    assert findings
    assert all(finding.remedy for finding in findings)
    told = [(finding.subject, finding.message) for finding in findings]
    assert len(told) == len(set(told))


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_bad_examples_are_bad_in_one_way(rule: DesignRule, example: str) -> None:
    """No other rule of the recommended profile speaks on a bad example."""
    others = tuple(other for other in RECOMMENDED if other is not rule)
    findings = lint(design_of(example), others).findings
    assert not findings, shown(findings)


@pytest.mark.parametrize(("rule", "example"), examples("good"))
def test_good_examples_are_silent(rule: DesignRule, example: str) -> None:
    """A rule is silent on its good examples, and so is the whole recommended profile."""
    findings = lint(design_of(example), (rule, *RECOMMENDED)).findings
    assert not findings, shown(findings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_it_is_about(rule: DesignRule) -> None:
    """The first line of the docstring is a sentence; codes are of the schema design."""
    first, _, rest = rule.documentation().partition("\n")
    assert first.endswith(".")
    assert rest.startswith("\n")
    assert rule.code.startswith("MS8")
