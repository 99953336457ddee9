"""A made-up history of any length, in the proportions of real ones.

The shares are those of 3,764 migrations of open projects: a quarter creates tables, a third runs
raw SQL, most of the rest adds columns and indexes.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

SEED = 20261101

INI = """\
[alembic]
script_location = %(here)s/migrations
sqlalchemy.url = postgresql+psycopg://app@localhost/app
"""
ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool

URL = context.config.get_main_option("sqlalchemy.url")

if context.is_offline_mode():
    context.configure(url=URL, literal_binds=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(URL, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
"""
MIGRATION = '''\
"""{doc}

Revision ID: {revision}
Revises: {down}
Create Date: 2026-01-01 12:00:00

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision: str = {revision!r}
down_revision: Union[str, None] = {down!r}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''
TYPES = (
    "sa.String(length=255)", "sa.Text()", "sa.Integer()", "sa.BigInteger()", "sa.Boolean()",
    "sa.DateTime(timezone=True)", "sa.Numeric(precision=12, scale=2)", "sa.Float()", "sa.Date()",
    "postgresql.JSONB(astext_type=sa.Text())", "sa.UUID()", "postgresql.ARRAY(sa.String())",
)  # fmt: skip


@dataclass
class _Table:
    name: str
    columns: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    plain: dict[str, str] = field(default_factory=dict)  # nullable, no default: their types


Body = tuple[str, str, str]
"""What a migration says it does, and the bodies of upgrade() and downgrade()."""


class Author:
    """Writes one migration after the other, knowing the tables that there are."""

    def __init__(self, seed: int = SEED):
        self._random = random.Random(seed)
        self._tables: list[_Table] = []
        self._serial = 0

    def bodies(self, every: int | None = None, *, online: bool = True) -> Iterator[Body]:
        """Migrations without end; if *every* is given, each so many-th creates a table.

        Indexes are made *online* in some.
        """
        kinds = (
            (self._create_table, 25), (self._add_column, 22), (self._create_index, 10),
            (self._concurrent_index, 4 * online), (self._alter_column, 7), (self._update, 12),
            (self._foreign_key, 6), (self._raw_ddl, 5), (self._batch, 3), (self._check, 2),
            (self._drop_column, 3), (self._enum, 1),
        )  # fmt: skip
        writers, weights = zip(*kinds, strict=True)
        for _ in range(3):
            yield self._create_table()
        for number in itertools.count(3):
            if every is None:
                yield self._random.choices(writers, weights)[0]()
            elif number // every >= len(self._tables):
                yield self._create_table()
            else:
                yield self._random.choices(writers[1:], weights[1:])[0]()

    def _name(self, stem: str) -> str:
        self._serial += 1
        return f"{stem}_{self._serial}"

    def _table(self) -> _Table:
        return self._random.choice(self._tables)

    def _create_table(self) -> Body:
        table = _Table(self._name("things"))
        lines = ['    sa.Column("id", sa.BigInteger(), nullable=False),']
        for _ in range(self._random.randint(5, 14)):
            column = self._name("value")
            table.columns.append(column)
            kind = table.plain[column] = self._random.choice(TYPES)
            lines.append(f'    sa.Column("{column}", {kind}, nullable=True),')
        if self._tables and self._random.random() < 0.7:
            other = self._table().name
            lines += [
                f'    sa.Column("{other}_id", sa.BigInteger(), nullable=True),',
                f'    sa.ForeignKeyConstraint(["{other}_id"], ["{other}.id"], ondelete="CASCADE"),',
            ]
        lines.append('    sa.PrimaryKeyConstraint("id"),')
        up = [f'op.create_table(\n    "{table.name}",\n' + "\n".join(lines) + "\n)"]
        down = []
        for column in table.columns[: self._random.randint(0, 3)]:
            index = f"ix_{table.name}_{column}"
            up.append(f'op.create_index(op.f("{index}"), "{table.name}", ["{column}"])')
            down.append(f'op.drop_index(op.f("{index}"), table_name="{table.name}")')
            table.indexes.append(index)
        down.append(f'op.drop_table("{table.name}")')
        self._tables.append(table)
        return f"add {table.name}", "\n".join(up), "\n".join(down)

    def _add_column(self) -> Body:
        table = self._table()
        up, down = [], []
        for _ in range(self._random.choice((1, 1, 1, 2, 4))):
            column = self._name("added")
            rest = self._random.choice(
                ("nullable=True",) * 6
                + ('nullable=False, server_default="0"', "server_default=sa.func.now()")
            )
            kind = "sa.Integer()" if '"0"' in rest else self._random.choice(TYPES)
            kind = "sa.DateTime(timezone=True)" if "now" in rest else kind
            up.append(f'op.add_column("{table.name}", sa.Column("{column}", {kind}, {rest}))')
            down.insert(0, f'op.drop_column("{table.name}", "{column}")')
            table.columns.append(column)
            if rest == "nullable=True":
                table.plain[column] = kind
        return f"columns for {table.name}", "\n".join(up), "\n".join(down)

    def _create_index(self) -> Body:
        table = self._table()
        column = self._random.choice(table.columns)
        index = self._name("ix")
        more = self._random.choice(
            ("", "", ", unique=True", f', postgresql_where=sa.text("{column} IS NOT NULL")')
        )
        up = f'op.create_index("{index}", "{table.name}", ["{column}"]{more})'
        return f"index {index}", up, f'op.drop_index("{index}", table_name="{table.name}")'

    def _concurrent_index(self) -> Body:
        table = self._table()
        column = self._random.choice(table.columns)
        index = self._name("ix")
        up = (
            "with op.get_context().autocommit_block():\n    op.create_index(\n"
            f'        "{index}", "{table.name}", ["{column}"],\n'
            "        postgresql_concurrently=True, if_not_exists=True,\n    )"
        )
        down = (
            "with op.get_context().autocommit_block():\n    op.drop_index(\n"
            f'        "{index}", table_name="{table.name}", postgresql_concurrently=True\n    )'
        )
        return f"index {index}, online", up, down

    def _alter_column(self) -> Body:
        table = self._table()
        if not table.plain:
            return self._add_column()
        column = self._random.choice(list(table.plain))
        # Once altered, it is no column to be altered again: what it was must come back.
        kind = table.plain.pop(column)
        there, back = self._random.choice(
            (
                ("nullable=False", "nullable=True"),
                ('comment="what it is"', "comment=None"),
                ('server_default=sa.text("NULL")', "server_default=None"),
                ("type_=sa.Text()", f'type_={kind}, postgresql_using="NULL"'),
            )
        )
        call = f'op.alter_column("{table.name}", "{column}", '
        return f"alter {column}", f"{call}{there})", f"{call}{back})"

    def _update(self) -> Body:
        table = self._table()
        column = self._random.choice(table.columns)
        up = (
            f'op.execute(\n    """\n    UPDATE {table.name}\n    SET {column} = NULL\n'
            f"    WHERE id IN (SELECT id FROM {self._table().name} WHERE id % 7 = 0)\n"
            '    """\n)'
        )
        return f"data of {table.name}", up, "pass"

    def _foreign_key(self) -> Body:
        table, other = self._table(), self._table()
        column, key = self._name("other_id"), self._name("fk")
        up = (
            f'op.add_column("{table.name}", sa.Column("{column}", sa.BigInteger()))\n'
            f'op.create_foreign_key(\n    "{key}", "{table.name}", "{other.name}", '
            f'["{column}"], ["id"], ondelete="SET NULL"\n)'
        )
        down = (
            f'op.drop_constraint("{key}", "{table.name}", type_="foreignkey")\n'
            f'op.drop_column("{table.name}", "{column}")'
        )
        table.columns.append(column)
        return f"{table.name} belongs to {other.name}", up, down

    def _raw_ddl(self) -> Body:
        table = self._table()
        column = self._random.choice(table.columns)
        trigger = self._name("notice")
        up, down = self._random.choice(
            (
                (
                    f"SET lock_timeout = '2s'; ALTER TABLE {table.name} "
                    f"ALTER COLUMN {column} SET STATISTICS 500",
                    f"ALTER TABLE {table.name} ALTER COLUMN {column} SET STATISTICS -1",
                ),
                (
                    f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ "
                    f"BEGIN NEW.id := NEW.id; RETURN NEW; END $$; CREATE TRIGGER {trigger} "
                    f"BEFORE INSERT ON {table.name} FOR EACH ROW EXECUTE FUNCTION {trigger}()",
                    f"DROP TRIGGER {trigger} ON {table.name}; DROP FUNCTION {trigger}()",
                ),
                (
                    f"CREATE VIEW {trigger} AS SELECT id FROM {table.name}",
                    f"DROP VIEW {trigger}",
                ),
            )
        )
        return f"raw {trigger}", f'op.execute("{up}")', f'op.execute("{down}")'

    def _batch(self) -> Body:
        table = self._table()
        column = self._name("batch")
        head = f'with op.batch_alter_table("{table.name}") as batch_op:\n    batch_op.'
        table.columns.append(column)
        up = f'{head}add_column(sa.Column("{column}", sa.String(length=40), nullable=True))'
        return f"batch {column}", up, f'{head}drop_column("{column}")'

    def _check(self) -> Body:
        table = self._table()
        check = self._name("ck")
        up = (
            f'op.create_check_constraint(\n    "{check}", "{table.name}", "id > 0", '
            "postgresql_not_valid=True\n)\n"
            f'op.execute("ALTER TABLE {table.name} VALIDATE CONSTRAINT {check}")'
        )
        return f"check {check}", up, f'op.drop_constraint("{check}", "{table.name}", type_="check")'

    def _drop_column(self) -> Body:
        table = self._table()
        added = [c for c in table.columns if c.startswith("added") and c in table.plain]
        if not added:
            return self._add_column()
        table.columns.remove(added[0])
        kind = table.plain.pop(added[0])
        down = f'op.add_column("{table.name}", sa.Column("{added[0]}", {kind}, nullable=True))'
        return f"drop {added[0]}", f'op.drop_column("{table.name}", "{added[0]}")', down

    def _enum(self) -> Body:
        table = self._table()
        column, kind = self._name("state"), self._name("kind")
        up = (
            f'kind = postgresql.ENUM("new", "done", name="{kind}")\n'
            "kind.create(op.get_bind(), checkfirst=False)\n"
            f'op.add_column("{table.name}", sa.Column("{column}", kind, nullable=True))'
        )
        down = f'op.drop_column("{table.name}", "{column}")\nop.execute("DROP TYPE {kind}")'
        table.columns.append(column)
        return f"{column} of {table.name}", up, down


def write_history(
    folder: Path,
    revisions: int,
    *,
    seed: int = SEED,
    tables: int | None = None,
    online: bool = True,
) -> Path:
    """Write a project with that many revisions, one after the other, into *folder*.

    They create so many *tables*, about a quarter of their number if None; some indexes *online*.
    """
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    down, every = None, None if tables is None else revisions // tables
    bodies = Author(seed).bodies(every, online=online)
    for number, (doc, up, back) in zip(range(revisions), bodies, strict=False):
        revision = f"{number:04x}{(number * 2654435761) % 0xFFFFFFFF:08x}"
        text = MIGRATION.format(
            doc=doc,
            revision=revision,
            down=down,
            upgrade=indent(up, "    "),
            downgrade=indent(back, "    "),
        )
        (versions / f"{revision}_{doc.replace(' ', '_').replace(',', '')}.py").write_text(text)
        down = revision
    return folder
