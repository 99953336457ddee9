"""`migsafe fix` on files as people write them: names, layouts, folders, and what may run again."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from test_fix import INDEX, fixed, found, migrate, project, run, versions

from migsafe.capture import find_history
from migsafe.errors import MigsafeError
from migsafe.fix import FileChange
from migsafe.fix.files import unified, write

HEAD = """
revision = "two"
down_revision = "one"


def upgrade():
    {0}create_index("ix", "users", ["name"])


def downgrade():
    {0}drop_index("ix")
"""


@pytest.mark.parametrize(
    ("imported", "prefix"),
    [
        ("from alembic.op import create_index, drop_index", ""),
        ("from alembic import op as o", "o."),
        ("import alembic.op", "alembic.op."),
        ("import alembic.op as op", "op."),
    ],
)
def test_operations_have_any_name(imported: str, prefix: str, tmp_path: Path) -> None:
    """However a file imports the operations, its calls are known; op is imported as needed."""
    folder = project(tmp_path)
    path = folder / "migrations/versions/two.py"
    path.write_text(imported + "\n" + HEAD.format(prefix))
    assert [f.rule for f in fixed(folder, unsafe=False).fixed] == ["MS101", "MS102"]
    text = path.read_text()
    assert f"        {prefix}create_index(" in text
    assert ("\nfrom alembic import op\n" in text) == (prefix != "op.")
    assert not found(folder) & {"MS101", "MS102", "MS902"}


def test_a_name_op_of_somebody_else_is_respected(tmp_path: Path) -> None:
    """Where op means something else, nothing can be written with it."""
    folder = project(tmp_path)
    path = folder / "migrations/versions/two.py"
    path.write_text("from alembic import op as o\n\nop = 1\n" + HEAD.format("o."))
    assert {left.reason for left in fixed(folder).left} == {"op is not Alembic's in this file"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_encodings_and_line_ends_stay(encoding: str, tmp_path: Path) -> None:
    """Marks, cookies and line ends are as they were, and the diff can be read."""
    folder = project(tmp_path)
    path = folder / "migrations/versions/two.py"
    cookie = "# -*- coding: latin-1 -*-\n" if encoding == "latin-1" else ""
    text = f"{cookie}from alembic import op  # Größe\n{HEAD.format('op.')}"
    before = text.replace("\n", "\r\n").encode(encoding)
    path.write_bytes(before)
    outcome = fixed(folder, unsafe=False)
    after = path.read_bytes()
    assert after.count(b"\n") == after.count(b"\r\n")
    assert after.decode(encoding).startswith(
        f"{cookie}from alembic import op  # Gr".replace("\n", "\r\n")
    )
    assert after[:3] == before[:3]
    change = FileChange(
        path, before, after.replace("Größe".encode(encoding.removesuffix("-sig")), b"")
    )
    assert "# Größe" in "".join(unified([change], folder))
    assert len(outcome.changes) == 1


BETWEEN = """
op.create_index("ix_a", "users", ["name"])
op.execute("UPDATE users SET name = name || '!'")
op.create_index("ix_b", "users", ["name", "id"])
"""


def test_what_stands_between_two_blocks_is_not_done_twice(db: str, tmp_path: Path) -> None:
    """The second index fails and is built later; the UPDATE before it has run once."""
    folder = project(tmp_path, (BETWEEN, 'op.drop_index("ix_b")\nop.drop_index("ix_a")'))
    assert len(fixed(folder, unsafe=False).changes) == 2
    migrate(folder / "migrations", db, "one")
    with psycopg.connect(db, autocommit=True) as connection:
        connection.execute("INSERT INTO users VALUES (1, 'a')")
        connection.execute("CREATE TABLE ix_b ()")
        with pytest.raises(Exception, match="ix_b"):
            migrate(folder / "migrations", db, "head")
        connection.execute("DROP TABLE ix_b")
        migrate(folder / "migrations", db, "head")
        assert connection.execute("SELECT name FROM users").fetchall() == [("a!",)]


def test_an_operation_that_does_more_is_taken_apart(tmp_path: Path) -> None:
    """What of it cannot be run again, as a new name, is not committed before the revision is."""
    up = 'op.alter_column("users", "name", nullable=False, new_column_name="title")'
    down = 'op.alter_column("users", "title", nullable=True, new_column_name="name")'
    folder = project(tmp_path, (up, down))
    assert [f.rule for f in fixed(folder, unsafe=False).fixed] == ["MS106"]
    lines = versions(folder)["two.py"].splitlines()
    assert '    op.execute("ALTER TABLE users RENAME name TO title")' in lines


def test_a_check_that_is_written_in_a_column_comes_later(tmp_path: Path) -> None:
    """The column alone first, then the constraint."""
    up = """
    op.add_column(
        "users", sa.Column("age", sa.Integer(), sa.CheckConstraint("age > 0", name="ck_age"))
    )
    """
    folder = project(tmp_path, (up, 'op.drop_column("users", "age")'))
    assert [f.rule for f in fixed(folder, unsafe=False).fixed] == ["MS105"]
    assert "VALIDATE CONSTRAINT ck_age" in versions(folder)["two.py"]


def test_an_index_that_is_built_concurrently_already_may_run_again(tmp_path: Path) -> None:
    """With a block behind it the author's own has to drop what an earlier attempt has left."""
    up = """
    with op.get_context().autocommit_block():
        op.create_index("ix", "users", ["name"], postgresql_concurrently=True)
    op.create_check_constraint("ck", "users", "id > 0")
    """
    down = 'op.drop_constraint("ck", "users")\nop.execute("DROP INDEX ix")'
    folder = project(tmp_path, (up, down))
    fixed(folder, unsafe=False)
    text = versions(folder)["two.py"]
    assert text.index("DROP INDEX CONCURRENTLY IF EXISTS ix") < text.index("op.create_index")
    assert not found(folder) & {"MS102", "MS105", "MS408"}


def test_new_files_go_where_alembic_puts_them(tmp_path: Path) -> None:
    """Folders of file_template begin at the folder of the versions, and are made as needed."""
    up = 'op.execute("UPDATE users SET name = id")\nop.create_index("ix", "users", ["name"])'
    folder = project(tmp_path, (up, 'op.drop_index("ix")'))
    (folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = migrations\nrecursive_version_locations = true\n"
        "file_template = %%(year)d/%%(rev)s_%%(slug)s\n"
    )
    path = folder / "migrations/versions/two.py"
    path.write_text('"""add\n\nCreate Date: 2021-05-01 10:00:00\n"""\n' + path.read_text())
    assert run(folder, "--released")[0] == 0
    assert (folder / "migrations/versions/2021/two_1_add_step_1_of_2.py").exists()
    scripts = ScriptDirectory(str(folder / "migrations"), recursive_version_locations=True)
    assert scripts.get_heads() == ["two"]
    assert run(folder, "--released") == (0, "Nothing to fix.\n")


def test_branches_are_linked_as_before(tmp_path: Path) -> None:
    """Labels stay with the id, and a dependency is met before the first part runs."""
    up = 'op.execute("UPDATE users SET name = id")\nop.create_index("{0}", "users", ["name"])'
    pairs = [(up.format(name), f'op.drop_index("{name}")') for name in ("ix_a", "ix_b")]
    folder = project(tmp_path, *pairs)
    for name, *words in (
        ("two", "labels = None", 'labels = ("side",)'),
        ("three", "down_revision = 'two'", 'down_revision = "one"'),
        ("three", "depends_on = None", 'depends_on = "two"'),
    ):
        path = folder / f"migrations/versions/{name}.py"
        assert words[0] in path.read_text()
        path.write_text(path.read_text().replace(*words))
    fixed(folder, unsafe=False)
    script = ScriptDirectory(str(folder / "migrations"))
    links = {r.revision: (r.down_revision, r.dependencies) for r in script.walk_revisions()}
    assert links == {
        "one": (None, None),
        "two_1": ("one", None),
        "two": ("two_1", None),
        "three_1": ("one", "two"),
        "three": ("three_1", None),
    }
    assert script.get_revision("side").revision == "two"


def test_read_only_files_stay(tmp_path: Path) -> None:
    """The refusal names the file, and nothing is written."""
    folder = project(tmp_path, INDEX)
    path = folder / "migrations/versions/two.py"
    path.chmod(0o444)
    before = path.read_bytes()
    with pytest.raises(MigsafeError, match="read-only"):
        write([FileChange(path, before, b"new")])
    assert path.read_bytes() == before


def test_blocks_get_a_timeout_for_what_others_queue_behind(tmp_path: Path) -> None:
    """It is set for the steps with a lock that stops others, and not while an index is built."""
    up = """
    op.create_foreign_key("fk", "orders", "users", ["user_id"], ["id"])
    op.create_index("ix", "users", ["name"])
    """
    folder = project(tmp_path, (up, 'op.drop_index("ix")\nop.drop_constraint("fk", "orders")'))
    (folder / "pyproject.toml").write_text('[tool.migsafe.autogenerate]\nlock_timeout = "3s"\n')
    assert run(folder, "--released")[0] == 0
    upgrade = versions(folder)["two.py"].partition("def downgrade")[0]
    words = ("SET lock_timeout = '3s'", "NOT VALID", "RESET", "VALIDATE", "CONCURRENTLY ix ")
    places = [upgrade.find(word) for word in words[:3]]
    assert -1 < places[0] < upgrade.index("not_valid=True") < upgrade.index(words[2])
    assert upgrade.index(words[2]) < upgrade.index(words[3])
    assert upgrade.count("lock_timeout") == 2
    assert find_history([folder]).root == folder
