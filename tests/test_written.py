"""Migrations that are read: what they send is what running them sends, to the letter."""

from __future__ import annotations

import itertools
import runpy
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from migsafe.capture import Migration, capture, find_history
from migsafe.capture.environment import read_environment
from migsafe.capture.history import read_scripts
from migsafe.capture.replay import Replay
from migsafe.capture.schema import Schema
from migsafe.capture.script import Script
from migsafe.capture.written import Direction, NotWritten, Written
from migsafe.catalog import Catalog

HEADER = """\
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy import Column, Integer, func, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision: str = {revision!r}
down_revision: Union[str, None] = {down!r}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

TABLE, LENGTH = "things", 40
STATES = ("new", "done")
"""

FORMS = Path(__file__).parent / "written"
TYPES, COLUMNS, TABLES, ALTERATIONS, CALLS, NEAR_MISSES = (
    (FORMS / f"{name}.txt").read_text().splitlines()
    for name in ("types", "columns", "tables", "alterations", "calls", "near_misses")
)
GENERATED = runpy.run_path(str(FORMS.parent.parent / "benchmarks" / "generated.py"))
BODIES = (FORMS / "bodies.txt").read_text().rstrip().split("\n---\n")
MODULES = (
    "import nonsense",
    "from app.models import Kind",
    "from . import helper",
    "import os\nos.environ['A'] = 'b'",
    "print('x')",
    "if True:\n    A = 1",
    "try:\n    A = 1\nexcept ImportError:\n    A = 2",
    "class Kind:\n    pass",
    "@print\ndef helper():\n    pass",
    "def helper(x=print('x')):\n    pass",
    "def helper(x: nonsense):\n    pass",
    "def helper() -> Nonsense:\n    pass",
    "A: Nonsense = 1",
    "A = [x for x in (1, 2)]",
    "A = sa.Table('a', sa.MetaData())",
    "A = sa.Column('a', sa.Text())",
    "from sqlalchemy import Nonsense",
    "from typing import Nonsense",
    "from sqlalchemy.dialects.postgresql import String",
    "upgrade = print",
    "from sqlalchemy import *",
    "global A",
    "del TABLE",
    "def helper():\n    break",
    "def helper():\n    break\ndef helper():\n    pass",
    "def helper():\n    break\nhelper = 1",
    "from __future__ import annotations",
    "from sqlalchemy import Text as __debug__",
    "from typing import Optional\nA: Optional | None = 1",
    "from typing import Final, Sequence\nA: Sequence[Final[int]] = 1",
)
# Names that a function gives a value where it is not reached, so that they are its own.
OWN_NAMES = (
    "op = 1", "TABLE = 'x'", "TABLE: str", "import os as TABLE", "for TABLE in ():\n    pass",
    "yield", "del TABLE", "print(TABLE := 1)", "def TABLE():\n    pass",
    "try:\n    pass\nexcept KeyError as TABLE:\n    pass", "with TABLE as TABLE:\n    pass",
)  # fmt: skip
# A batch is done at the end of its own block; some of its operations take less than others.
BATCHES = (
    'with op.batch_alter_table("t") as a:\n    pass\n'
    'with op.batch_alter_table("u") as b:\n    a.drop_column("x")',
    'with op.batch_alter_table("t") as a:\n    a.drop_constraint("c", if_exists=True)',
    "".join(f"{'    ' * depth}for a{depth} in {[0] * 22}:\n" for depth in range(3))
    + " " * 12
    + "pass",
    "x = 'ab'\nfor y in ['a'] * 1:\n    pass",
)


def write(folder: Path, bodies: Iterable[str], *, env: str = "", module: str = "") -> Path:
    """A history with a migration for each body; *module* comes before the functions."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "migrations" / "env.py").write_text(env)
    down = None
    for number, body in enumerate(bodies):
        revision = f"r{number:04}"
        text = HEADER.format(revision=revision, down=down) + f"{module}\n"
        text += f"\n\ndef upgrade() -> None:\n{indent(body, '    ')}\n"
        text += f"\n\ndef downgrade() -> None:\n{indent(body, '    ')}\n"
        (versions / f"{revision}.py").write_text(text)
        down = revision
    return versions


def fallen_back(versions: Path) -> dict[str, str]:
    """Why migrations are not read, by the body's number or the revision."""
    location = find_history([versions])
    written = Written(read_environment(location))
    found = {}
    for script in read_scripts(location):
        for direction in ("upgrade", "downgrade"):
            try:
                written.direction(script, direction, Schema(Catalog.empty()))
            except NotWritten as why:
                found[script.revision] = f"{direction}: {why}"
    return found


def both_ways(versions: Path) -> tuple[tuple[Migration, ...], tuple[Migration, ...]]:
    """The history read where that is certain, and all of it run."""
    location = find_history([versions])
    return capture(location).migrations, capture(location, runs_all=True).migrations


def assert_equal(versions: Path) -> None:
    """What is read is what is run, in all that is known of it."""
    for one, other in zip(*both_ways(versions), strict=True):
        assert _all_of(one) == _all_of(other)
        assert one == other


def _all_of(migration: Migration) -> list[object]:
    steps = itertools.chain(migration.upgrade, migration.downgrade)
    return [*(vars(step) for step in steps), *map(vars, migration.problems)]


def every_body() -> list[str]:
    """All forms that are read."""
    added = [f'op.add_column("t", sa.Column("a", {kind}))' for kind in TYPES]
    arrays = [f'op.create_table("t", sa.Column("a", {kind}, nullable=False))' for kind in TYPES]
    altered = [f'op.alter_column("t", "a", type_={kind}, existing_type={kind})' for kind in TYPES]
    more = [f'op.add_column("t", sa.Column("a", sa.Integer(), {rest}))' for rest in COLUMNS]
    tables = [
        f'op.create_table("t", sa.Column("id", sa.Integer(), primary_key=True), '
        f'sa.Column("a", sa.Integer(), {rest}))'
        for rest in COLUMNS
        if "autoincrement=True" not in rest
    ]
    return [
        *added, *arrays, *altered, *more, *tables,
        *(f"op.create_table({arguments})" for arguments in TABLES),
        *(f'op.alter_column("t", "a", {rest})' for rest in ALTERATIONS),
        *CALLS, *BODIES,
    ]  # fmt: skip


def test_every_form_that_is_read_is_read_as_it_is_run(tmp_path: Path) -> None:
    """Statements, lines, transactions, comments, operations and problems are the same."""
    versions = write(tmp_path, every_body())
    assert fallen_back(versions) == {}
    assert_equal(versions)


def test_what_is_not_certain_is_run(tmp_path: Path) -> None:
    """Each of the near misses is left to be run, and a history with them is captured as ever."""
    bodies = NEAR_MISSES
    versions = write(tmp_path, bodies)
    found = fallen_back(versions)
    assert [b for n, b in enumerate(bodies) if f"r{n:04}" not in found] == []
    assert_equal(versions)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_does_more_is_run(tmp_path: Path, module: str) -> None:
    """Whatever an import, a class or a statement of the module may do, it does."""
    versions = write(tmp_path, ['op.drop_table("t")'], module=module)
    assert "r0000" in fallen_back(versions)
    assert_equal(versions)


def test_a_name_is_the_functions_own_wherever_it_is_given_a_value(tmp_path: Path) -> None:
    """Also in a branch that is not taken, or behind the end of the function."""
    ends = ("return", 'if op.get_bind().dialect.name == "sqlite":')
    bodies = [f"op.drop_table(TABLE)\n{ends[0]}\n{own}" for own in OWN_NAMES]
    bodies += [f"op.drop_table(TABLE)\n{ends[1]}\n{indent(own, '    ')}" for own in OWN_NAMES]
    versions = write(tmp_path, bodies)
    assert len(fallen_back(versions)) == len(bodies)
    assert_equal(versions)


def test_what_goes_on_too_long_is_run(tmp_path: Path) -> None:
    """Loops in loops, and texts that grow in one, end as they do when they are run."""
    loops = "".join(f"{'    ' * n}for a{n} in {[0] * 22}:\n" for n in range(3))
    doubled = f"x = 'ab'\nfor y in {[0] * 20}:\n    x = x + x\nop.drop_table('t')"
    bodies = [f"{loops}{' ' * 12}pass", doubled]
    versions = write(tmp_path, bodies)
    assert len(fallen_back(versions)) == len(bodies)
    assert_equal(versions)


def test_a_batch_has_its_own_block(tmp_path: Path) -> None:
    """What it does behind it is never sent; some of its operations take less than others."""
    versions = write(tmp_path, BATCHES)
    assert len(fallen_back(versions)) == len(BATCHES)
    assert_equal(versions)


ALTERED = (
    "from sqlalchemy.ext.compiler import compiles\n"
    "compiles(sa.Text, 'postgresql')(lambda *_, **__: 'VARCHAR(7)')",
    "sa.Text = sa.Integer",
    "op.add_column = print",
    "from alembic.ddl.postgresql import PostgresqlImpl\nPostgresqlImpl.add_column = print",
)


@pytest.mark.parametrize("module", ALTERED)
def test_nothing_is_read_once_a_library_is_altered(tmp_path: Path, module: str) -> None:
    """What operations and types do is no longer what is known of them."""
    body = 'op.add_column("t", sa.Column("a", sa.Text()))'
    versions = write(tmp_path, [body, body])
    first = versions / "r0000.py"
    first.write_text(first.read_text().replace("TABLE, LENGTH", f"{module}\nTABLE, LENGTH"))
    code = f"""
    from pathlib import Path
    from migsafe.capture import capture, find_history
    location = find_history([Path({str(versions)!r})])
    read = capture(location).migrations
    assert read == capture(location, runs_all=True).migrations
    assert all(step.sql != "ALTER TABLE t ADD COLUMN a TEXT" for m in read for step in m.upgrade)
    """
    subprocess.run([sys.executable, "-c", dedent(code)], check=True)
    assert "r0001" not in fallen_back(versions)


def test_a_module_is_imported_once(tmp_path: Path) -> None:
    """The first migration that imports a module is run; after that, importing it does nothing."""
    body = 'op.add_column("t", sa.Column("a", sqlmodel.sql.sqltypes.AutoString(length=9)))'
    versions = write(tmp_path, [body] * 4, module="import sqlmodel\nfrom app.models import STATE")
    app = tmp_path / "app" / "models.py"
    app.parent.mkdir()
    app.write_text("STATE = 1\n")
    assert len(fallen_back(versions)) == 4
    ran = _run_with(versions)
    assert ran == ["r0000:upgrade", "r0000:downgrade"]
    assert_equal(versions)
    missing = write(tmp_path / "b", ['op.drop_table("t")'] * 2, module="import nonsense.app")
    assert len(_run_with(missing)) == 4
    assert_equal(missing)


def _run_with(versions: Path) -> list[str]:
    """The directions of migrations that are run."""
    ran: list[str] = []
    direction = Replay.direction

    def noted(replay: Replay, script: Script, name: str, schema: Schema) -> Direction:
        ran.append(f"{script.revision}:{name}")
        return direction(replay, script, name, schema)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replay, "direction", noted)
        capture(find_history([versions]))
    return ran


IRREVERSIBLE = (
    "raise NotImplementedError",
    "raise NotImplementedError()",
    'raise NotImplementedError("there is no way back\\nto it")',
    'op.drop_table("t")\nraise RuntimeError(\n    f"no way back to {TABLE}"\n)',
    'with op.batch_alter_table("t") as b:\n    b.drop_column("a")\nraise Exception(" ")',
)


def test_a_downgrade_that_is_not_meant_to_be_run_is_read(tmp_path: Path) -> None:
    """It raises, and says why; an upgrade that does is run."""
    versions = write(tmp_path, IRREVERSIBLE)
    assert set(fallen_back(versions).values()) == {"upgrade: an error"}
    assert_equal(versions)


def test_a_made_up_history_is_read(tmp_path: Path) -> None:
    """All of the generated history of the benchmarks, as it is run."""
    versions = GENERATED["write_history"](tmp_path, 200) / "migrations" / "versions"
    assert fallen_back(versions) == {}
    assert_equal(versions)


def test_reading_takes_neither_alembic_nor_sqlalchemy(tmp_path: Path) -> None:
    """A history of plain migrations is captured without importing what would run it."""
    versions = write(tmp_path, ['op.drop_table("t")', 'op.execute("SELECT 1")'])
    code = f"""
    import sys
    from pathlib import Path
    from migsafe.capture import capture, find_history
    history = capture(find_history([Path({str(versions)!r})]))
    print([step.sql for m in history.migrations for step in m.upgrade])
    print({{"alembic", "sqlalchemy"}} & sys.modules.keys())
    """
    run = subprocess.run(
        [sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == ["['DROP TABLE t', 'SELECT 1']", "set()"]


CONVENTION = """\
from sqlalchemy import MetaData
target_metadata = MetaData(naming_convention={
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
})
"""


def test_a_naming_convention_makes_names(tmp_path: Path) -> None:
    """Names that a convention leaves alone are read; those that it makes or changes are not."""
    alone = [
        'op.create_check_constraint(op.f("ck"), "t", "a > 1")',
        'op.create_unique_constraint("uq", "t", ["a"])',
        'op.create_index("ix", "t", ["a"])',
        'op.drop_constraint("uq", "t", type_="unique")',
        'op.drop_constraint("ck", "t")',
        'op.create_table("t", sa.Column("a", sa.Integer()), '
        'sa.PrimaryKeyConstraint("a", name=op.f("pk_t")))',
    ]
    made = [
        'op.create_check_constraint("ck", "t", "a > 1")',
        'op.create_unique_constraint(None, "t", ["a"])',
        'op.drop_constraint("ck", "t", type_="check")',
        'op.create_table("t", sa.Column("a", sa.Integer(), primary_key=True))',
        'op.create_table("t", sa.Column("a", sa.Integer(), unique=True))',
        'op.create_table("t", sa.Column("a", sa.Integer(), index=True))',
        'op.add_column("t", sa.Column("a", sa.Integer(), sa.ForeignKey("o.id")))',
    ]
    versions = write(tmp_path, [*alone, *made], env=CONVENTION)
    assert list(fallen_back(versions)) == [f"r{n + len(alone):04}" for n in range(len(made))]
    assert_equal(versions)
