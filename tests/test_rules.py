"""Every rule: its examples are judged as it says, and everything about it hangs together."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from migsafe.capture import History, Migration, Step, capture, find_history
from migsafe.check import Report, check
from migsafe.config import Settings
from migsafe.rule import Finding, Rule, Severity
from migsafe.rules import example_files, load_rules
from migsafe.sql import parse

RULES = load_rules()
NEWEST = Settings(target_version=18)


def examples(kind: str) -> list[object]:
    """The bad or good examples of all rules, as parameters."""
    return [
        pytest.param(rule, example, id=f"{rule.code}-{number}")
        for rule in RULES
        for number, example in enumerate(getattr(rule, kind))
    ]


Judge = Callable[[Rule, str], Report]
Captured = Callable[[Rule, str], tuple[History, dict[Path, str]]]


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    """Return the history that an example makes, and the texts on the base branch."""

    @cache
    def made(rule: Rule, example: str) -> tuple[History, dict[Path, str]]:
        folder = tmp_path_factory.mktemp("versions")
        for name, text in example_files(rule, example).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        return capture(find_history([folder])), released(folder)

    return made


@pytest.fixture(scope="module")
def judge(captured: Captured) -> Judge:
    """Return what all rules say about an example."""
    return cache(lambda rule, example: judged(*captured(rule, example)))


def judged(history: History, texts: dict[Path, str]) -> Report:
    """What all rules say about *history* but for the migration before the example."""
    return check(
        history,
        RULES,
        NEWEST,
        only=lambda migration: migration.revision != "start",
        released=texts,
    )


def released(folder: Path) -> dict[Path, str]:
    """The texts on the base branch, by the path of the migration that they belong to."""
    texts = (folder / "released").glob("*.py")
    return {(folder / "versions" / text.name).resolve(): text.read_text() for text in texts}


def shown(findings: tuple[Finding, ...]) -> str:
    return "\n".join(f"{f.file.name}:{f.line} {f.rule} {f.message}" for f in findings)


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_bad_examples_are_found(rule: Rule, example: str, judge: Judge) -> None:
    """A rule speaks on each of its bad examples, at a line of it, and says a way out."""
    findings = judge(rule, example).findings
    own = [finding for finding in findings if finding.rule == rule.code]
    assert own, shown(findings)
    for finding in own:
        assert finding.remedy, finding
        lines = finding.file.read_text().splitlines()
        assert 1 <= finding.line <= finding.end_line <= len(lines)


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_a_danger_is_told_once(rule: Rule, example: str, judge: Judge) -> None:
    """No rule says the same thing twice about a bad example."""
    findings = judge(rule, example).findings
    told = [(f.rule, f.file, f.line, f.message) for f in findings]
    assert len(told) == len(set(told))


@pytest.mark.parametrize(("rule", "example"), examples("good"))
def test_good_examples_are_silent(rule: Rule, example: str, judge: Judge) -> None:
    """A rule is silent on its good examples, and so is every rule that speaks of errors."""
    findings = judge(rule, example).findings
    wrong = tuple(f for f in findings if f.rule == rule.code or f.severity is Severity.ERROR)
    allowed = {"MS302": {"MS303"}}.get(rule.code, set())
    assert not [f for f in wrong if f.rule not in allowed], shown(wrong)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_it_is_about(rule: Rule) -> None:
    """The first line of the docstring is a sentence, and examples are Python."""
    first, _, rest = rule.documentation().partition("\n")
    assert first.endswith(".")
    assert not rest or rest.startswith("\n")
    for example in (*rule.bad, *rule.good):
        compile(textwrap.dedent(example), rule.code, "exec")


def test_rules_have_nothing_to_say_about_what_they_do_not_look_at(
    captured: Captured, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked about the statements of all examples, they find what they find among their own."""
    every = [(rule, example) for rule in RULES for example in (*rule.bad, *rule.good)]
    found = [judge(rule, example) for rule, example in every]
    for rule in RULES:
        monkeypatch.setattr(type(rule), "looks_at", ())
    assert [judged(*captured(rule, example)) for rule, example in every] == found


def test_codes_and_names_are_unique() -> None:
    """No two rules share a code or a name."""
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert len({rule.rule_name() for rule in RULES}) == len(RULES)


def test_a_rule_without_an_example_is_refused() -> None:
    """A rule that cannot prove itself is an error where it is defined."""
    with pytest.raises(TypeError, match="has no bad"):

        class Untested(Rule):
            """A rule without examples."""

            code = "MS100"
            good = ("pass",)


def test_a_code_has_letters_and_digits() -> None:
    """Codes look like MS101."""
    with pytest.raises(TypeError, match="no code like MS101"):

        class Misnamed(Rule):
            """A rule with a code of another form."""

            code = "blocking"
            bad = ("pass",)
            good = ("pass",)


FACTS = Path(__file__).parent / "facts"


def test_no_statement_is_too_strange_for_a_rule() -> None:
    """Every rule has an answer for every statement whose effects were observed on servers."""
    base = (FACTS / "base.sql").read_text(encoding="utf-8")
    cases = (FACTS / "ddl.jsonl").read_text(encoding="utf-8").splitlines()
    migrations = [migration("base", (), [base], transaction=0)]
    for case in map(json.loads, cases[:: len(cases) // 150]):
        texts = [*case["setup"], *case["session"], *case["sql"]]
        for transaction in (0, None):
            name = f"{case['id']}{'' if transaction is None else '-in-transaction'}"
            migrations.append(migration(name, ("base",), texts, transaction=transaction))
    first, *others = migrations
    statements = 0
    for other in others:
        history = History((first, other), (other.revision,))
        report = check(history, RULES, NEWEST, only=lambda m: m.revision != "base")
        statements += report.coverage.statements
        for finding in report.findings:
            assert finding.message
            assert "None" not in finding.message, finding
    assert statements > 300


def migration(
    revision: str, parents: tuple[str, ...], texts: list[str], *, transaction: int | None
) -> Migration:
    path = Path(f"{revision}.py")
    steps = (
        Step(parsed.sql, parsed.statement, path, number, number, transaction=transaction)
        for number, text in enumerate(texts, 1)
        for parsed in parse(text)
    )
    return Migration(revision, parents, path, tuple(steps), has_downgrade=False)
