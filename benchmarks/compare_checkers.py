"""What migsafe and other checkers say about the same migrations.

`python benchmarks/compare_checkers.py` installs the others into a temporary folder, fetches three
applications with their migrations, runs every checker on `tests/tricky` and on these, and writes
`docs/comparison.md`. It takes some minutes, and needs pip and a package index.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from migsafe.cli.check import command as check_command

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "comparison.md"
TRICKY = ROOT / "tests" / "tricky"
sys.path.insert(0, str(ROOT / "tests"))
from test_tricky import CASES, START, expected  # noqa: E402

PEERS = ("zdm==0.9.1", "alembic-guard==0.1.1", "alembic-migration-linter==0.1.4")
SQUAWK = "squawk-cli==2.70.0"
HISTORIES = {
    "prefect==3.4.0": "prefect/server/database/_migrations/versions/postgresql",
    "indico==3.2.9": "indico/migrations/versions",
    "zou==1.0.97": "zou/migrations/versions",
}
# Rules of squawk that ask for a setting or a way of writing, whatever the statement does.
STYLE = (
    "require-lock-timeout,require-statement-timeout,prefer-robust-stmts,prefer-bigint-over-int,"
    "prefer-bigint-over-smallint,prefer-text-field,prefer-identity,prefer-timestamptz"
)
INI = "[alembic]\nscript_location = alembic\nsqlalchemy.url = postgresql://localhost/none\n"
ENV = """\
from alembic import context

context.configure(
    url="postgresql://localhost/none", literal_binds=True, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
"""
RENDER = """\
import importlib.util, io, json, pathlib, sys
from alembic.migration import MigrationContext
from alembic.operations import Operations

found = {}
for path in sorted(pathlib.Path("alembic/versions").glob("[!_]*.py")):
    text = io.StringIO()
    options = {"as_sql": True, "output_buffer": text, "literal_binds": True}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    try:
        spec = importlib.util.spec_from_file_location("revision", path)
        module = importlib.util.module_from_spec(spec)
        sys.path.insert(0, str(path.parent))
        spec.loader.exec_module(module)
        with Operations.context(context), context.begin_transaction():
            module.upgrade()
        found[path.name] = text.getvalue()
    except Exception:
        found[path.name] = None
print(json.dumps(found))
"""


@dataclass(eq=False)
class Answer:
    """What a checker says about a project: (file, line) of upgrades; line 0 is not known."""

    found: list[tuple[str, int]] = field(default_factory=list)
    unread: int = 0
    seconds: float = 0

    @property
    def files(self) -> set[str]:
        return {file for file, _ in self.found}


@dataclass(eq=False)
class Peers:
    """The folder with the programs of the others."""

    folder: Path

    def run(self, *command: str, cwd: Path, stdin: str | None = None) -> str:
        program = str(self.folder / "bin" / command[0])
        done = subprocess.run(
            [program, *command[1:]], cwd=cwd, input=stdin, capture_output=True, text=True
        )
        return done.stdout


def installed(folder: Path) -> Peers:
    venv.create(folder, with_pip=True)
    peers = Peers(folder)
    peers.run("pip", "install", "-q", *PEERS, SQUAWK, "psycopg2-binary", cwd=folder)
    return peers


# -- checkers ----------------------------------------------------------------------------------


def migsafe(peers: Peers, project: Path) -> Answer:
    arguments = [str(project / "alembic"), "-f", "json", "--no-cache"]
    result = CliRunner().invoke(check_command, arguments, standalone_mode=False)
    if result.exception:
        raise result.exception
    findings = json.loads(result.stdout)["findings"]
    unread = {f["file"] for f in findings if f["rule"] in ("MS901", "MS902")}
    found = [(Path(f["file"]).name, f["line"]) for f in findings]
    return Answer(found, len(unread))


def zdm(peers: Peers, project: Path) -> Answer:
    text = peers.run("zdm", "--output-format", "json", ".", cwd=project)
    diagnostics = json.loads(text or '{"diagnostics": []}')["diagnostics"]
    return Answer(_upgrades(project, _places(diagnostics)))


def alembic_guard(peers: Peers, project: Path) -> Answer:
    text = peers.run("alembic-guard", "--format", "json", "alembic/versions", cwd=project)
    return Answer(_upgrades(project, _places(json.loads(text or "[]"))))


def alembic_linter(peers: Peers, project: Path) -> Answer:
    """It says which revision, not which line."""
    text = peers.run("alembic-lint", "--no-cache", cwd=project)
    names = {_revision(path): path.name for path in _migrations(project)}
    said = re.findall(r"^\((.+?)\)\.\.\. (ERR|WARNING)", text, re.M)
    unread = 0 if "Summary" in text else len(names)
    return Answer([(names[revision], 0) for revision, _ in said if revision in names], unread)


@cache
def _rendered(peers: Peers, project: Path) -> dict[str, str | None]:
    """The SQL of each file as ``alembic upgrade --sql`` writes it; None where it cannot.

    One that cannot be loaded keeps Alembic from all others; here they are loaded one by one.
    """
    found: dict[str, str | None] = json.loads(
        peers.run("python", "-c", RENDER, cwd=project) or "{}"
    )
    return found


def squawk(peers: Peers, project: Path, *options: str) -> Answer:
    """Fed with what Alembic writes in its offline mode for each revision."""
    rendered = _rendered(peers, project)
    answer = Answer(unread=sum(sql is None for sql in rendered.values()))
    if not rendered:
        answer.unread = len(list(_migrations(project)))
    for name, sql in rendered.items():
        reported = peers.run("squawk", "--reporter", "json", *options, cwd=project, stdin=sql or "")
        answer.found += [(name, 0) for _ in json.loads(reported or "[]")]
    return answer


def squawk_without_style(peers: Peers, project: Path) -> Answer:
    return squawk(peers, project, "--exclude", STYLE)


CHECKERS: dict[str, Callable[[Peers, Path], Answer]] = {
    "migsafe": migsafe,
    "zdm 0.9.1": zdm,
    "squawk 2.70.0": squawk,
    "squawk 2.70.0 without style": squawk_without_style,
    "alembic-guard 0.1.1": alembic_guard,
    "alembic-migration-linter 0.1.4": alembic_linter,
}


def _places(diagnostics: list[dict[str, object]]) -> list[tuple[str, int]]:
    found = []
    for one in diagnostics:
        path = str(one.get("path") or one.get("file") or one.get("filename"))
        found.append((Path(path).name, int(str(one.get("line") or one.get("row") or 0))))
    return found


def _upgrades(project: Path, places: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """*places* without those in downgrade(), which all but these two leave out."""
    texts = {path.name: path.read_text().splitlines() for path in _migrations(project)}
    ends = {
        name: next(
            (n for n, line in enumerate(lines, 1) if line.startswith("def downgrade")), 10**9
        )
        for name, lines in texts.items()
    }
    return [(name, line) for name, line in places if line < ends.get(name, 10**9)]


def _migrations(project: Path) -> Iterator[Path]:
    for path in sorted((project / "alembic" / "versions").glob("*.py")):
        if not path.name.startswith("__"):
            yield path


def _revision(path: Path) -> str:
    match = re.search(r"^revision(?::.*?)? = ['\"](.+?)['\"]", path.read_text(), re.M)
    return match[1] if match else ""


# -- what they check ----------------------------------------------------------------------------


def project(folder: Path, files: Iterator[Path] | list[Path]) -> Path:
    """A project with the migrations *files*, and an env.py that needs no application."""
    versions = folder / "alembic" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "alembic" / "env.py").write_text(ENV)
    for file in files:
        shutil.copy(file, versions)
    return folder


def tricky(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Each case whose migrations are all that it consists of, with a project of its own."""
    for case in CASES:
        if case.is_dir() and any(path.name == "env.py" for path in case.rglob("*.py")):
            continue
        around = case / "versions" if (case / "versions").is_dir() else case
        files = [case] if case.is_file() else [path for path in around.iterdir() if path.is_file()]
        made = project(folder / case.stem, [START, *files])
        for path in around.iterdir() if case.is_dir() else ():
            if path.is_dir() and not path.name.startswith("__"):
                shutil.copytree(path, made / "alembic" / "versions" / path.name)
        yield case, made


def histories(folder: Path) -> Iterator[tuple[str, Path]]:
    for requirement, inside in HISTORIES.items():
        arguments = ["download", "-q", "--no-deps", "-d", str(folder), requirement]
        subprocess.run([sys.executable, "-m", "pip", *arguments], check=True, capture_output=True)
        name = requirement.partition("=")[0]
        [wheel] = folder.glob(f"{name}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / name)
        yield (
            requirement.replace("==", " "),
            project(folder / f"{name}-project", list((folder / name / inside).glob("*.py"))),
        )


# -- tables -------------------------------------------------------------------------------------


def table_of_cases(peers: Peers, folder: Path) -> Iterator[str]:
    cases = list(tricky(folder))
    marks = {case: {(name, line) for name, line, _ in expected(case)} for case, _ in cases}
    hazards = [case for case, _ in cases if marks[case]]
    places = sum(len(marks[case]) for case in hazards)
    harmless = len(cases) - len(hazards)
    yield f"{len(cases)} migrations, {len(hazards)} with hazards and {harmless} without."
    yield ""
    yield (
        f"| checker | flags of the {len(hazards)} hazardous | hazards at their line, of {places} "
        f"| flags of the {harmless} harmless | findings |"
    )
    yield "|---|---|---|---|---|"
    for name, checker in CHECKERS.items():
        answers = {case: checker(peers, made) for case, made in cases}
        for answer in answers.values():
            answer.found = [one for one in answer.found if one[0] != START.name]
        flagged = sum(bool(answers[case].found) for case in hazards)
        exact = sum(len(marks[case] & set(answers[case].found)) for case in hazards)
        has_lines = any(line for answer in answers.values() for _, line in answer.found)
        wrong = sum(bool(answers[case].found) for case, _ in cases if case not in hazards)
        total = sum(len(answer.found) for answer in answers.values())
        at_line = str(exact) if has_lines else "no lines"
        share = f"{flagged} ({flagged / len(hazards):.0%})"
        yield f"| {name} | {share} | {at_line} | {wrong} | {total} |"


def table_of_histories(peers: Peers, folder: Path) -> Iterator[str]:
    yield "| history | checker | revisions flagged | findings | revisions not read | seconds |"
    yield "|---|---|---|---|---|---|"
    for name, made in histories(folder):
        count = len(list(_migrations(made)))
        for checker, check in CHECKERS.items():
            before = time.perf_counter()
            answer = check(peers, made)
            seconds = time.perf_counter() - before
            yield (
                f"| {name}, {count} files | {checker} | {len(answer.files)} | {len(answer.found)} "
                f"| {answer.unread} | {seconds:.1f} |"
            )


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peers = installed(folder / "peers")
        for kind, table in (("cases", table_of_cases), ("histories", table_of_histories)):
            (folder / kind).mkdir()
            lines = "\n".join(table(peers, folder / kind))
            pattern = rf"(<!-- {kind} -->\n).*?(<!-- end -->)"
            text = re.sub(pattern, rf"\g<1>\n{lines}\n\n\g<2>", text, flags=re.S)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
