"""What is kept between two runs of check: the same report, sooner, and never a stale one."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.machinery import all_suffixes
from pathlib import Path
from typing import Any

import pytest
from projects import write_project

from migsafe.cache import Store, cache_folder, digest, python_names
from migsafe.capture import find_history
from migsafe.capture.graph import _as_alembic_runs, ordered
from migsafe.capture.history import captured
from migsafe.capture.script import Header, Script
from migsafe.check import Report, kept
from migsafe.check.beside import running
from migsafe.check.kept import check_kept
from migsafe.check.selection import rules_of
from migsafe.check.state import from_bytes
from migsafe.config import Settings
from migsafe.printed import Printed, Question

REVISIONS = {
    "aaa": (
        "op.create_table('users', sa.Column('id', sa.BigInteger(), primary_key=True),"
        " sa.Column('email', sa.Text()), sa.Column('state', sa.Enum('new', name='state')))",
        "op.drop_table('users')",
    ),
    "bbb": (
        "op.create_index('ix_email', 'users', ['email'])",
        "op.drop_index('ix_email', table_name='users')",
    ),
    "ccc": ("op.drop_column('users', 'email')", "pass"),
}
NEXT = """
from alembic import op
import sqlalchemy as sa
revision = "ddd"
down_revision = "ccc"
def upgrade():
    op.create_index("ix_state", "users", ["state"])
def downgrade():
    op.drop_index("ix_state", table_name="users")
"""
RUN = """
from alembic import op
revision = "eee"
down_revision = "ddd"
def upgrade():
    for row in op.get_bind().exec_driver_sql("SELECT id FROM users"):
        op.execute(f"DELETE FROM users WHERE id = {row.id}")
"""
# Runs the command again and again in a process of its own, which need not import anything anew.
WARM = """
import importlib, json, os, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
from migsafe.cli import main
from migsafe.rules import load_rules
load_rules()
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        os.chdir(asked["folder"])
        os.environ.update(asked["variables"])
        if asked["in_two"] is not None:
            from migsafe.check import kept
            kept.is_worth_it = lambda migrations: migrations > 1
            alone = kept._Check._in_one
            def in_one(*arguments):
                if asked["in_two"]:
                    sys.exit("it was done by one process")
                return alone(*arguments)
            kept._Check._in_one = in_one
        for number, path in ((1, asked["output"]), (2, asked["errors"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        main(asked["arguments"])
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
HEAVY = (
    "migsafe.cli.check", "migsafe.check.kept", "migsafe.capture.guards", "migsafe.capture.replay",
    "migsafe.rules", "migsafe.report", "migsafe.sql._library", "google.protobuf.message_factory",
)  # fmt: skip
# Runs the command and says which packages it has imported.
SPY = """
import atexit, sys
from migsafe.cli import main
atexit.register(lambda: print("|", *sorted({m.partition(".")[0] for m in sys.modules})))
main(sys.argv[1:])
"""


Warm = subprocess.Popen[str]


@dataclass(frozen=True)
class Project:
    """A project with its own cache."""

    root: Path
    cache: Path
    warm: Warm

    @property
    def versions(self) -> Path:
        return self.root / "migrations" / "versions"

    def check(self, *arguments: str, in_two: bool | None = None) -> str:
        """What ``migsafe check`` prints, in a new process that has imported all it needs.

        Whether two processes do it depends on the number of revisions; *in_two* is True when they
        must, False when they shall try.
        """
        output, errors = self.root.parent / "output", self.root.parent / "errors"
        asked = {
            "folder": str(self.root),
            "variables": {"MIGSAFE_CACHE": str(self.cache)},
            "arguments": ["check", "--min-severity", "info", *arguments],
            "output": str(output),
            "errors": str(errors),
            "in_two": in_two,
        }
        assert self.warm.stdin
        assert self.warm.stdout
        self.warm.stdin.write(json.dumps(asked) + "\n")
        self.warm.stdin.flush()
        assert self.warm.stdout.readline() == "1\n", errors.read_text()
        return output.read_text(encoding="utf-8")

    def check_cold(self, *python: str) -> str:
        """What ``migsafe check`` prints, in a new interpreter."""
        done = subprocess.run(
            [sys.executable, *(python or ("-m", "migsafe")), "check", "--min-severity", "info"],
            cwd=self.root, env={**os.environ, "MIGSAFE_CACHE": str(self.cache)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        return done.stdout

    def imported(self) -> set[str]:
        """The packages that ``migsafe check`` imports."""
        return set(self.check_cold("-c", SPY).rpartition("|")[2].split())

    def entries(self) -> list[Path]:
        return sorted(self.cache.glob("??/*"))


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    """An interpreter that has imported migsafe, and forks for each check."""
    with subprocess.Popen(
        [sys.executable, "-c", WARM, *HEAVY],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def project(tmp_path: Path, warm: Warm) -> Project:
    """A project with three revisions, and nothing kept of it."""
    return Project(write_project(tmp_path / "project", REVISIONS), tmp_path / "cache", warm)


# -- the whole report ------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["text", "json", "sarif"])
def test_a_kept_report_is_the_same_report(project: Project, format_: str) -> None:
    """The second run prints what the first printed, and what a run without a cache prints."""
    first = project.check("-f", format_)
    assert project.check("-f", format_) == first
    assert project.check("-f", format_, "--no-cache") == first
    assert "MS101" in first


def test_no_run_imports_more_than_it_needs(project: Project) -> None:
    """Migrations that are read need the parser alone, and nothing is needed where nothing changed.

    Only one that has to be run takes Alembic and SQLAlchemy.
    """
    heavy = {"sqlalchemy", "alembic", "google", "postgast", "sqlparse", "rich", "asyncio", "socket"}
    assert heavy & project.imported() == {"google"}
    assert not heavy & project.imported()
    (project.versions / "ddd.py").write_text(NEXT)
    assert heavy & project.imported() == {"google"}
    (project.versions / "eee.py").write_text(RUN)
    assert {"sqlalchemy", "alembic"} <= project.imported()


def test_without_a_cache_nothing_is_written(project: Project) -> None:
    """--no-cache leaves no entries."""
    project.check("--no-cache")
    assert not project.entries()


@pytest.mark.parametrize("damage", ["", "migsafe cache 1\n", "another program's"])
def test_damaged_entries_are_none(project: Project, damage: str) -> None:
    """An entry that is empty, cut short or foreign is worked out anew."""
    first = project.check()
    for entry in project.entries():
        entry.write_text(damage)
    assert project.check() == first


def test_swapped_entries_are_none(project: Project) -> None:
    """An entry under the key of another is not taken for it."""
    first = project.check()
    one, other = project.entries()
    one.write_bytes(other.read_bytes())
    assert project.check() == first


def test_a_cache_that_cannot_be_written_is_no_error(project: Project) -> None:
    """A file where the folder should be: the report comes all the same."""
    project.cache.write_text("")
    assert "MS101" in project.check()


def test_parallel_runs_agree(project: Project) -> None:
    """Runs at the same time over one cache all print the same."""
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: project.check_cold(), range(3)))
    assert len({*reports, project.check(), project.check_cold()}) == 1


def test_an_answer_outlives_what_is_kept_of_other_states(project: Project) -> None:
    """A revision that comes and goes again leaves the answer from before it as good as it was."""
    before = project.check()
    (project.versions / "ddd.py").write_text(NEXT)
    assert project.check() != before
    (project.versions / "ddd.py").unlink()
    assert not {"sqlalchemy", "google"} & project.imported()


# -- what it depends on ----------------------------------------------------------------------------


def test_a_changed_migration_counts(project: Project) -> None:
    """Another statement in a file, first or last, is another report."""
    for name, old, new in (("ccc", "'email'", "'state'"), ("aaa", "'new'", "'old'")):
        before = project.check()
        path = project.versions / f"{name}.py"
        path.write_text(path.read_text().replace(old, new))
        after = project.check()
        assert after == project.check("--no-cache")
        assert (after != before) is (name == "ccc")


def test_an_ignore_comment_counts(project: Project) -> None:
    """A comment added to a file takes its finding away."""
    assert "MS101" in project.check()
    path = project.versions / "bbb.py"
    path.write_text(
        path.read_text().replace("['email'])", "['email'])  # migsafe: ignore[MS101] small", 1)
    )
    assert "error MS101" not in project.check()


def test_notes_are_all_that_a_run_without_them_leaves_out(project: Project) -> None:
    """What it says, and whether a note in a downgrade is accepted for nothing, is the same."""
    path = project.versions / "bbb.py"
    back = "op.drop_index('ix_email', table_name='users')"
    accepted = f"{back}  # migsafe: ignore[MS102] the old release is gone by then"
    path.write_text(path.read_text().replace(back, accepted))
    whole = json.loads(project.check("--format", "json"))
    some = json.loads(project.check("--format", "json", "--min-severity", "warning"))
    graver = [one for one in whole["findings"] if one["severity"] != "info"]
    assert some["findings"] == graver != whole["findings"]
    assert some["summary"]["ignored"] == whole["summary"]["ignored"] == 1
    assert json.loads(project.check("--format", "json")) == whole


def test_a_note_can_be_raised_after_a_run_without_notes(project: Project) -> None:
    """What was not looked for is looked for once the settings say that it matters."""
    (project.versions / "ddd.py").write_text(NEXT)
    (project.versions / "eee.py").write_text(RUN)
    assert "MS707" not in project.check("--min-severity", "warning")
    (project.root / "pyproject.toml").write_text('[tool.migsafe.severity]\nMS707 = "error"\n')
    assert "error MS707" in project.check("--min-severity", "warning")


@pytest.mark.parametrize("how", ["module", "file"])
def test_what_a_migration_reads_counts(project: Project, how: str) -> None:
    """A helper module and a file with SQL are as much part of a migration as its own text."""
    helper = project.root / ("helper.py" if how == "module" else "change.sql")
    code = {
        "module": "import helper; op.execute(helper.SQL)",
        "file": f"op.execute(open({str(helper)!r}).read())",
    }
    template = "SQL = '{}'" if how == "module" else "{}"
    path = project.versions / "ddd.py"
    path.write_text(NEXT.replace('op.create_index("ix_state", "users", ["state"])', code[how]))
    helper.write_text(template.format("SELECT 1"))
    assert "MS402" not in project.check()
    helper.write_text(template.format("DROP TABLE users"))
    assert project.check() == project.check("--no-cache")
    assert "DROP TABLE" in project.check() or "users" in project.check()


@pytest.mark.parametrize(
    "code",
    [
        "for path in sorted(Path(__file__).parent.glob('*.sql')): op.execute(path.read_text())",
        "if (path := Path(__file__).with_name('late.sql')).exists(): op.execute(path.read_text())",
        "for name in ls(): op.execute(open(os.fsencode(name), 'rb').read().decode())",
    ],
)
def test_a_file_that_appears_counts(project: Project, code: str) -> None:
    path = project.versions / "ddd.py"
    path.write_text(
        "import os\nfrom pathlib import Path\nHERE = Path(__file__).parent\n"
        "def ls(): return [str(HERE / n) for n in os.listdir(HERE) if 'sql' in n]\n"
        + NEXT.replace('op.create_index("ix_state", "users", ["state"])', code)
    )
    first = project.check()
    assert first == project.check("--no-cache")
    (project.versions / "late.sql").write_text("DROP TABLE users")
    found = project.check()
    assert found == project.check("--no-cache") != first
    (project.versions / "late.sql").write_text("SELECT 1")
    assert project.check() == project.check("--no-cache") != found


def test_a_module_that_appears_counts(project: Project) -> None:
    """A placeholder is replaced by the module, once there is one."""
    path = project.versions / "ddd.py"
    path.write_text(NEXT.replace("    op.create_index", "    import late\n    op.create_index"))
    assert "late" in project.check()
    (project.root / "late.py").write_text("")
    assert project.check() == project.check("--no-cache")


@pytest.mark.parametrize("late", ["late.py", "late/__init__.py", "late"])
@pytest.mark.parametrize("guarded", [True, False])
def test_a_module_that_appears_in_a_package_counts(
    project: Project, late: str, guarded: bool
) -> None:
    """An import that failed, guarded or with a placeholder, is tried again when it can succeed."""
    package = project.root / "pk"
    package.mkdir()
    (package / "__init__.py").touch()
    code = (
        "try:\n        import pk.late\n        op.execute('DROP TABLE users')\n"
        "    except ImportError:\n        op.execute('SELECT 1')"
        if guarded
        else "import pk.late\n    op.execute('DROP TABLE users')"
    )
    path = project.versions / "ddd.py"
    path.write_text(NEXT.replace('op.create_index("ix_state", "users", ["state"])', code))
    first = project.check()
    assert first == project.check("--no-cache")
    if late == "late":
        (package / late).mkdir()
    else:
        (package / late).parent.mkdir(exist_ok=True)
        (package / late).touch()
    assert first != project.check("--no-cache") == project.check()


def test_a_folder_that_appears_counts(project: Project) -> None:
    """Whether a folder is there can decide what is sent."""
    path = project.versions / "ddd.py"
    code = "op.execute('DROP TABLE users' if isdir(HERE + '/late') else 'SELECT 1')"
    path.write_text(
        "from os.path import dirname, isdir\nHERE = dirname(__file__)\n"
        + NEXT.replace('op.create_index("ix_state", "users", ["state"])', code)
    )
    first = project.check()
    (project.versions / "late").mkdir()
    assert first != project.check("--no-cache") == project.check()


def test_env_py_counts(project: Project) -> None:
    """What env.py says about transactions and timeouts is part of the question."""
    before = project.check()
    env = project.root / "migrations" / "env.py"
    env.write_text(env.read_text() + "\nTIMEOUT = '-c lock_timeout=2000'\n")
    assert project.check() != before
    assert project.check() == project.check("--no-cache")


@pytest.mark.parametrize("more", [("--select", "MS1"), ("--ignore", "MS101"), ("--postgres", "18")])
def test_options_count(project: Project, more: tuple[str, ...]) -> None:
    """Options are part of the question."""
    project.check()
    args = (*more, "-f", "json")
    assert project.check(*args) == project.check(*args, "--no-cache")


# -- two processes ---------------------------------------------------------------------------------

LATER = """
from alembic import op
import sqlalchemy as sa
import json
revision = "eee"
down_revision = "ddd"
def upgrade():
    if sa.inspect(op.get_bind()).has_table("users"):
        op.add_column("users", sa.Column("kind", sa.Enum("a", "b", name="kind")))
        op.alter_column("users", "state", existing_type=sa.Text(), nullable=False)
    op.execute(open({notes!r}).read())
def downgrade():
    op.drop_column("users", "kind")
"""
ASKING = '''"""How long a history is."""

from migsafe.rule import Rule


class LongHistory(Rule):
    """A history has revisions."""

    code = "OURS001"
    bad = ('op.execute("SELECT 1")',)
    good = ("pass",)
    safe_way = "None."

    def check(self, step, effects, context):
        yield f"one of {len(context.history.migrations)} revisions"
'''


@pytest.fixture
def longer(project: Project) -> Project:
    """The project with revisions that ask for the schema and for files."""
    (project.versions / "ddd.py").write_text(NEXT)
    notes = project.root / "notes.sql"
    notes.write_text("DELETE FROM users")
    (project.versions / "eee.py").write_text(LATER.format(notes=str(notes)))
    return project


@pytest.mark.parametrize("format_", ["text", "json"])
def test_two_processes_say_what_one_says(longer: Project, format_: str) -> None:
    """What the later part asks of the schema, the first part answers."""
    arguments = ("-f", format_, "--no-cache")
    alone = longer.check(*arguments)
    assert longer.check(*arguments, in_two=True) == alone
    assert "kind" in alone


LASTING = """
from alembic import op
import os
revision = "ddd"
down_revision = "ccc"
def upgrade():
    os.environ["SHOP_MODE"] = "strict"
def downgrade():
    pass
"""
AFTER = """
from alembic import op
import os
revision = "eee"
down_revision = "{below}"
def upgrade():
    if os.environ.get("SHOP_MODE") == "strict":
        op.drop_column("users", "state")
def downgrade():
    pass
"""


def test_what_the_first_part_leaves_the_later_one_finds(project: Project) -> None:
    """Two processes cannot share an environment variable, so one does it all."""
    (project.versions / "ddd.py").write_text(LASTING)
    below = "ddd"
    for name in ("dda", "ddb", "ddc"):
        text = NEXT.replace('"ddd"', f'"{name}"').replace('"ccc"', f'"{below}"')
        (project.versions / f"{name}.py").write_text(text.replace("ix_state", f"ix_{name}"))
        below = name
    (project.versions / "eee.py").write_text(AFTER.format(below=below))
    told = project.check("--no-cache", in_two=False)
    assert told == project.check("--no-cache")
    assert "state" in told.partition("eee.py")[2]


def test_a_processor_is_idle_by_what_runs_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by the last minute, which a command before this one fills; that is the second choice."""
    monkeypatch.setattr(os, "getloadavg", lambda: (7.5, 2.0, 1.0))
    loads = tmp_path / "loadavg"
    loads.write_text("7.50 2.00 1.00 1/120 4242\n")
    assert running(loads) == 1
    for text in ("7.50 2.00 1.00 0/0 0\n", "7.50 2.00\n", "none\n"):
        loads.write_text(text)
        assert running(loads) == 7.5
    assert running(tmp_path / "missing") == 7.5


def test_what_two_processes_found_is_kept(longer: Project) -> None:
    """With the files that the second has read; one more revision is captured on top of it."""
    first = longer.check(in_two=True)
    assert not {"sqlalchemy", "google"} & longer.imported()
    (longer.root / "notes.sql").write_text("DROP TABLE users")
    changed = longer.check(in_two=True)
    assert changed == longer.check("--no-cache") != first
    path = longer.versions / "eee.py"
    path.write_text(path.read_text().replace('"b"', '"c"'))
    assert longer.check() == longer.check("--no-cache")


def test_who_asks_for_the_whole_history_gets_it(longer: Project) -> None:
    """A rule about steps that counts all revisions is asked again, by one process."""
    (longer.root / "pyproject.toml").write_text('[tool.migsafe]\nrules = ["asking"]\n')
    (longer.root / "asking").mkdir()
    (longer.root / "asking" / "__init__.py").write_text("")
    (longer.root / "asking" / "long_history.py").write_text(ASKING)
    told = longer.check("--no-cache", in_two=False)
    assert told == longer.check("--no-cache")
    assert "one of 5 revisions" in told.lower()
    assert "one of 2 revisions" not in told.lower()


# -- one more revision -----------------------------------------------------------------------------


def test_only_what_is_new_is_captured(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a kept history below it, one new revision is all that runs."""
    ran: list[list[str]] = []

    def spy(scripts: list[Script], *arguments: Any, **keywords: Any) -> Any:
        ran.append([script.revision for script in scripts])
        return captured(scripts, *arguments, **keywords)

    monkeypatch.setattr(kept, "captured", spy)
    monkeypatch.setattr(kept, "installation", lambda: "one")
    location, settings, store = find_history([project.root]), Settings(), Store(project.cache)
    rules = rules_of(settings)

    def report() -> Report:
        return check_kept(location, rules, settings, store, only=lambda migration: True)

    report()
    (project.versions / "ddd.py").write_text(NEXT)
    more = report()
    (project.versions / "ddd.py").write_text(NEXT.replace("ix_state", "ix_states"))
    report()
    assert ran == [["aaa", "bbb", "ccc"], ["ddd"], ["ddd"]]
    assert more.coverage.revisions == 4


@pytest.mark.parametrize("name", ["aaa", "bbb", "ccc"])
def test_any_edit_gives_the_report_of_a_cold_run(project: Project, name: str) -> None:
    """Editing, removing and restoring a revision never leaves anything stale behind."""
    (project.versions / "ddd.py").write_text(NEXT)
    project.check()
    path = project.versions / f"{name}.py"
    text = path.read_text()
    path.write_text(text.replace("op.", "op.execute('SELECT 1')\n    op.", 1))
    assert project.check() == project.check("--no-cache")
    path.write_text(text)
    (project.versions / "ddd.py").unlink()
    assert project.check() == project.check("--no-cache")


def test_a_line_of_revisions_runs_in_alembics_order() -> None:
    """The order of a history without branches is worked out without Alembic, and is Alembic's."""
    names = [f"{number * 7919 % 101:03}" for number in range(100)]
    links = zip([None, *names], names, strict=False)
    headers = [Header(Path(f"{n}.py"), n, (down,) if down else ()) for down, n in links]
    run, heads = ordered(sorted(headers, key=lambda header: header.revision))
    assert [header.revision for header in run] == names
    named = {header.revision: header for header in headers}
    assert _as_alembic_runs(named) == (tuple(names), heads)


def test_rules_about_the_chain_see_old_steps(project: Project) -> None:
    """A constraint left NOT VALID long ago is found, and validated by a new revision."""
    path = project.versions / "ccc.py"
    path.write_text(
        path.read_text().replace(
            "op.drop_column('users', 'email')",
            "op.execute('ALTER TABLE users ADD CONSTRAINT ck CHECK (id > 0) NOT VALID')",
        )
    )
    assert "which is NOT VALID" in project.check()
    validate = "op.execute('ALTER TABLE users VALIDATE CONSTRAINT ck')"
    (project.versions / "ddd.py").write_text(
        NEXT.replace('op.create_index("ix_state", "users", ["state"])', validate)
    )
    assert "which is NOT VALID" not in project.check()


def test_the_state_is_not_trusted() -> None:
    """Reading a state makes nothing but migsafe's values: no function of anybody is called."""

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.getcwd, ()

    assert from_bytes(pickle.dumps(Evil())) is None
    assert from_bytes(pickle.dumps({"files": ()})) is None
    assert from_bytes(b"") is None


# -- the store -------------------------------------------------------------------------------------


def test_the_store_is_bounded(tmp_path: Path) -> None:
    """The entries that were not used for longest go when there is too much."""
    store = Store(tmp_path, limit=1000)
    for number in range(20):
        store.put(digest(number), bytes(300))
        path = tmp_path / digest(number)[:2] / digest(number)[2:]
        if path.exists():
            os.utime(path, (number, number))
    kept = [n for n in range(20) if store.get(digest(n)) is not None]
    assert kept == [18, 19] or kept == [17, 18, 19]


def test_the_folder_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """XDG_CACHE_HOME is respected, and MIGSAFE_CACHE goes before it."""
    monkeypatch.delenv("MIGSAFE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / "migsafe"
    monkeypatch.setenv("MIGSAFE_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


def test_a_question_has_one_answer(tmp_path: Path) -> None:
    """An answer is found for the same files and options, and for no others."""
    file, other = tmp_path / "a.py", tmp_path / "b.txt"
    file.write_text("1")
    other.write_text("1")
    store = Store(tmp_path / "cache")
    modules = tmp_path / "modules"
    modules.mkdir()
    Question(store, [file], "x").keep(Printed("text", 1), [str(other)], [modules])
    assert Question(store, [file], "x").answer() == Printed("text", 1)
    assert Question(store, [file], "y").answer() is None
    (modules / "new.py").touch()
    assert Question(store, [file], "x").answer() is None
    (modules / "new.py").unlink()
    assert Question(store, [file], "x").answer() is not None
    other.write_text("2")
    assert Question(store, [file], "x").answer() is None


def test_names_of_modules(tmp_path: Path) -> None:
    """Modules and folders that can be packages count; nothing else that lies beside them does."""
    for name in ("a.py", "b.pyc", "c.abi3.so", "notes.txt", "Makefile", ".hidden.py", "_d.py"):
        (tmp_path / name).touch()
    for name in ("package", ".git", ".pytest_cache", "__pycache__", "not-one"):
        (tmp_path / name).mkdir()
    modules = {"_d.py", "a.py", "b.pyc", "package"}
    modules |= {name for name in ("c.abi3.so",) if ".abi3.so" in all_suffixes()}
    assert set(python_names(tmp_path)) == modules
    assert python_names(tmp_path / "missing") == ()
