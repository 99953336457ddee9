"""MS309: a column goes that the models still map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from migsafe.capture.model import History, Migration, Step
from migsafe.names import Name
from migsafe.rule import Rule
from migsafe.rule.exchanged import is_renamed
from migsafe.rule.mapped import mapped_columns
from migsafe.sql.ast import AlterTable, DropColumn, Rename

_TOP = ("pyproject.toml", "alembic.ini", "setup.py", "setup.cfg", ".git")

Dropped = dict[tuple[str, str], tuple[Migration, int]]


class MappedColumnDrop(Rule):
    """The newest revision drops a column that a mapped class of the project still has.

    Every SELECT and INSERT of that class names the column and fails as soon as it is gone. The
    classes are read from the source, below the folder with pyproject.toml or alembic.ini.
    """

    code = "MS309"
    bad = (
        """
        # --- example
        op.drop_column("users", "age")
        # --- env.py
        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            age: Mapped[int | None]
        """,
        """
        # --- example
        op.drop_column("users", "name")
        # --- env.py
        class User(SQLModel, table=True):
            __tablename__ = "users"
            name: str | None = None
        """,
    )
    good = (
        """
        # --- example
        op.execute("ALTER TABLE users DROP COLUMN IF EXISTS gone")
        # --- env.py
        class User(Base):
            __tablename__ = "users"
            age: Mapped[int | None]
            gone: ClassVar[int] = 0
        """,
        """
        # --- expand
        op.add_column("users", sa.Column("age_new", sa.BigInteger()))
        op.execute(
            "CREATE FUNCTION sync() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.age_new := NEW.age; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER sync BEFORE INSERT OR UPDATE ON users"
            " FOR EACH ROW EXECUTE FUNCTION sync()"
        )
        # --- example after expand
        op.drop_column("users", "age")
        op.alter_column("users", "age_new", new_column_name="age")
        # --- env.py
        class User(Base):
            __tablename__ = "users"
            age: Mapped[int | None]
        """,
    )
    safe_way = "Remove the attribute, deploy that everywhere, and drop the column afterwards."

    def check_history(self, history: History) -> Iterator[tuple[Migration | None, int, str]]:
        environment = history.environment.path
        dropped = _dropped(history)
        if environment is None or not dropped:
            return
        root = _project(environment.parent)
        tables = {table for table, _ in dropped}
        versions = {migration.path.parent for migration in history.migrations}
        for mapped in mapped_columns(root, tables, versions):
            place = dropped.get((mapped.table, mapped.column))
            if place is not None:
                name = f"{mapped.table}.{mapped.column}"
                file = mapped.file.relative_to(root).as_posix()
                yield *place, f"dropping {name}, which {file}:{mapped.line} still maps"


def _project(folder: Path) -> Path:
    """The nearest folder around env.py that looks like the top of a project, or env.py's own."""
    around = (folder, *folder.parents[:3])
    return next((path for path in around if any((path / sign).exists() for sign in _TOP)), folder)


def _dropped(history: History) -> Dropped:
    """Table and column that the heads of *history* drop, and where."""
    return {
        (step.statement.name.name, action.column): (migration, step.line)
        for migration in history.migrations
        if migration.revision in history.heads
        for number, step in enumerate(migration.upgrade, 1)
        if isinstance(step.statement, AlterTable)
        for action in step.statement.actions
        if isinstance(action, DropColumn)
        and not _comes_back(step.statement.name, action.column, migration.upgrade[number:])
    }


def _comes_back(table: Name, column: str, steps: Sequence[Step]) -> bool:
    """Whether another column of *table* is called *column* in the end."""
    renames = (step.statement for step in steps)
    return any(
        isinstance(s, Rename) and is_renamed(s, table) and s.new_name == column for s in renames
    )
