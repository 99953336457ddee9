"""Rules of a project's own: `migsafe rules --test`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from migsafe.cli.rules import command

RULE = '''"""Tables have a prefix."""

from migsafe.rule import Rule
from migsafe.sql.ast import CreateTable


class BareTable(Rule):
    """A table has no prefix."""

    code = "OURS001"
    bad = ('op.execute("CREATE TABLE {bad} (id int)")',)
    good = ('op.execute("CREATE TABLE app_tags (id int)")',)
    safe_way = "Begin its name with app_."

    def check(self, step, effects, context):
        statement = step.statement
        if isinstance(statement, CreateTable) and not statement.name.name.startswith("app_"):
            yield f"{{statement.name}} has no prefix"
'''


@pytest.mark.parametrize(("package", "bad"), [("ours_right", "tags"), ("ours_wrong", "app_x")])
def test_examples_of_own_rules_are_judged(
    package: str, bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad example that the rule does not find is told, and nothing else."""
    (tmp_path / "pyproject.toml").write_text("[tool.migsafe]\n")
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / package / "bare_table.py").write_text(RULE.format(bad=bad))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["--test", package], standalone_mode=False)
    wrong = package == "ours_wrong"
    assert done.return_value == int(wrong), done.output
    assert ("OURS001 bare-table: bad example 1 is not found" in done.output) is wrong
    assert "with 2 examples, " in done.output


def test_a_package_that_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the package."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["--test", "no_such_package"])
    assert done.exit_code != 0
    assert "no_such_package" in done.output + str(done.exception)
