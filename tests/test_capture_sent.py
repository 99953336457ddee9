"""Migrations as odd as they are in the wild: what is captured is what a server is sent."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from sent import Upgrade, differences, upgraded

from migsafe.capture import History, capture, find_history
from migsafe.server import Server

HEAD = """
from alembic import context, op
from alembic.operations import Operations
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg
"""
MIGRATIONS = {
    "tables with everything": """
        op.create_table(
            "users",
            sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
            sa.Column("name", sa.String(50), nullable=False, server_default="it's 100%"),
            sa.Column("mood", sa.Enum("ok", "sad", name="mood"), index=True),
            sa.Column("tags", pg.ARRAY(sa.Text), comment="a 'note'"),
            sa.Column("size", sa.Numeric(8, 2), sa.Computed("length(name)", persisted=True)),
            sa.Column("data", pg.JSONB, server_default=sa.text("'{}'::jsonb")),
            sa.UniqueConstraint("name"),
            sa.CheckConstraint("id > 0"),
            comment="people",
        )
        op.create_table(
            "orders",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE")),
            sa.Column("total", sa.Integer),
        )
        """,
    "an enum of another table": """
        mood = pg.ENUM("ok", "sad", name="mood", create_type=False)
        op.add_column("orders", sa.Column("mood", mood))
        """,
    "types made by hand": """
        kind = sa.Enum("a", "b", name="kind")
        kind.create(op.get_bind(), checkfirst=True)
        kind.create(op.get_bind(), checkfirst=True)
        op.add_column("orders", sa.Column("kind", kind, server_default="a"))
        """,
    "an alias of op": """
        do = op.execute
        for table in ("users", "orders"):
            do(f"COMMENT ON TABLE {table} IS '100% {table}'")
            do(sa.text("COMMENT ON TABLE " + table + r" IS 'a\\:b'"))
        """,
    "drivers' own SQL": """
        bind = op.get_bind()
        bind.exec_driver_sql("COMMENT ON TABLE users IS '%%'")
        bind.exec_driver_sql("UPDATE users SET name = 'x'; UPDATE orders SET total = 1")
        """,
    "parameters": """
        op.get_bind().execute(
            sa.text("UPDATE users SET name = :name WHERE id = ANY(:ids)"), {"name": "x", "ids": [1]}
        )
        op.execute(sa.text("UPDATE orders SET total = :n").bindparams(n=3))
        users = sa.table("users", sa.column("id", sa.BigInteger), sa.column("name"))
        op.execute(users.update().where(users.c.id.in_([1, 2])).values(name=sa.func.upper("y")))
        op.execute(users.delete().where(users.c.name.like("%z%")))
        """,
    "bulk inserts": """
        orders = sa.table("orders", sa.column("id", sa.Integer), sa.column("total", sa.Integer))
        op.bulk_insert(orders, [{"id": n, "total": n} for n in range(100, 103)])
        op.bulk_insert(orders, [{"id": 110, "total": sa.func.length("abc")}], multiinsert=False)
        op.execute(orders.insert().values([{"id": 120, "total": 1}, {"id": 121, "total": 2}]))
        op.execute(orders.insert().from_select(["id"], sa.select(orders.c.id + 500)))
        """,
    "models and sessions": """
        Base = orm.declarative_base()
        class Order(Base):
            __tablename__ = "orders"
            id = sa.Column(sa.Integer, primary_key=True)
            total = sa.Column(sa.Integer)
        session = orm.Session(bind=op.get_bind())
        session.add(Order(total=1))
        session.flush()
        session.query(Order).filter(Order.total > 1000).update({"total": 5})
        session.execute(sa.delete(Order).where(Order.total == 2000))
        with session.begin_nested():
            session.add(Order(id=900, total=4))
        for order in session.scalars(sa.select(Order).where(Order.id == -1)):
            order.total = 6
        session.commit()
        """,
    "batches": """
        with op.batch_alter_table("orders", schema=None) as batch:
            batch.add_column(sa.Column("note", sa.Text(), nullable=True))
            batch.create_index("ix_orders_note", ["note"], unique=False)
            batch.alter_column("total", new_column_name="amount", existing_type=sa.Integer)
            batch.create_check_constraint("ck_amount", "amount < 1000000")
            batch.create_unique_constraint("uq_note", ["note"])
            batch.drop_constraint("uq_note", type_="unique")
        """,
    "every part of a column": """
        op.alter_column(
            "orders", "amount", type_=sa.BigInteger, nullable=True, server_default="0",
            comment="in cents", existing_type=sa.Integer, postgresql_using="amount::bigint",
        )
        op.alter_column("orders", "amount", server_default=None, comment=None,
                        existing_comment="in cents")
        op.alter_column("orders", "amount", new_column_name="total")
        """,
    "an autocommit block": """
        with op.get_context().autocommit_block():
            op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'fine'")
            op.create_index("ix_orders_total", "orders", ["total"], postgresql_concurrently=True,
                            if_not_exists=True)
        op.execute("UPDATE users SET mood = 'fine'")
        """,
    "savepoints that are rolled back": """
        bind = op.get_bind()
        point = bind.begin_nested()
        op.create_table("gone", sa.Column("id", sa.Integer))
        point.rollback()
        if not sa.inspect(bind).has_table("gone"):
            op.create_table("gone", sa.Column("id", sa.Integer), sa.Column("n", sa.Integer))
        try:
            with bind.begin_nested():
                op.execute("SELECT 1")
                raise LookupError
        except LookupError:
            op.drop_table("gone")
        """,
    "the inspector": """
        inspector = sa.inspect(op.get_bind())
        if "total" in {column["name"] for column in inspector.get_columns("orders")}:
            op.execute("COMMENT ON COLUMN orders.total IS 'there'")
        for key in inspector.get_foreign_keys("orders"):
            op.drop_constraint(key["name"], "orders", type_="foreignkey")
            op.create_foreign_key("fk", "orders", key["referred_table"],
                                  key["constrained_columns"], key["referred_columns"])
        for index in inspector.get_indexes("users"):
            if not index.get("duplicates_constraint"):
                op.drop_index(index["name"], table_name="users")
        for unique in inspector.get_unique_constraints("users"):
            op.drop_constraint(unique["name"], "users")
        for name in sorted(inspector.get_table_names()):
            op.execute(f"ANALYZE {name}")
        if inspector.get_pk_constraint("users")["constrained_columns"] == ["id"]:
            op.create_table_comment("users", "keyed")
        for enum in sorted(e["name"] for e in inspector.get_enums()):
            op.execute(f"COMMENT ON TYPE {enum} IS 'x'")
        """,
    "reflected tables": """
        orders = sa.Table("orders", sa.MetaData(), autoload_with=op.get_bind())
        op.get_bind().execute(orders.update().values(total=1).where(orders.c.id == 0))
        op.execute(sa.select(sa.func.count()).select_from(orders))
        """,
    "metadata": """
        metadata = sa.MetaData()
        sa.Table("orders", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table("b", metadata, sa.Column("id", sa.ForeignKey("a.id")))
        sa.Table("a", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table("s", metadata, sa.Column("id", sa.Integer, sa.Sequence("s_ids"), primary_key=True))
        metadata.create_all(op.get_bind())
        metadata.drop_all(op.get_bind(), tables=[metadata.tables["b"], metadata.tables["a"]])
        """,
    "custom operations of the file": """
        @Operations.register_operation("grant_all")
        class Grant(sa.sql.ddl.DDLElement if False else object):
            @classmethod
            def grant_all(cls, operations, table):
                return operations.invoke(cls(table))
            def __init__(self, table):
                self.table = table
        @Operations.implementation_for(Grant)
        def grant(operations, operation):
            operations.execute(f"GRANT ALL ON {operation.table} TO public")
            operations.execute(sa.DDL("REVOKE ALL ON %(t)s FROM public",
                                      context={"t": operation.table}))
        op.grant_all("orders")
        """,
    "operations of env.py": 'op.vacuumed("orders")',
    "offline and dialects": """
        if context.is_offline_mode() or op.get_bind().dialect.name != "postgresql":
            op.execute("no SQL")
        elif op.get_context().dialect.server_version_info >= (14,):
            op.execute("COMMENT ON TABLE orders IS 'online'")
        """,
    "counts and numbers": """
        bind = op.get_bind()
        if not bind.execute(sa.text("SELECT count(*) FROM orders WHERE total < 0")).scalar():
            op.execute("COMMENT ON TABLE orders IS 'none'")
        last = bind.scalar(sa.text("SELECT max(id) FROM orders WHERE total < 0")) or 0
        while bind.execute(sa.text(f"UPDATE orders SET total = 0 WHERE id < {last}")).rowcount:
            pass
        """,
    "functions with dollars": '''
        op.execute("""
            CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN NEW.total := 1; -- a; b
            RETURN NEW; END $body$;
            CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
        """)
        op.execute("DO $$ BEGIN PERFORM 1; END $$")
        ''',
    "constraints by convention": """
        op.create_unique_constraint(None, "orders", ["total", "id"])
        op.create_index(op.f("ix_given"), "orders", [sa.text("lower(note) DESC")],
                        postgresql_where=sa.text("total > 0"), postgresql_include=["id"])
        op.create_index(None, "orders", ["kind"], postgresql_using="hash")
        op.create_exclude_constraint("no_two", "orders", ("id", "="), using="gist") if False else 0
        """,
    "an asynchronous function": """
        async def change(connection):
            await connection.execute(sa.text("UPDATE orders SET total = 2"))
        bind = op.get_bind()
        op.run_async(change) if bind.dialect.is_async else bind.execute(
            sa.text("UPDATE orders SET total = 2"))
        """,
    "SQL from files": """
        import pathlib
        for path in sorted((pathlib.Path(__file__).parent.parent / "sql").glob("*.sql")):
            op.execute(path.read_text())
        """,
    "helpers and closures": """
        from functools import partial
        def add(table, name):
            op.add_column(table, sa.Column(name, sa.Integer))
        list(map(partial(add, "orders"), ["x1", "x2"]))
        [op.drop_column("orders", name) for name in ("x1", "x2")]
        exec("op.rename_table('orders', 'purchases')")
        op.rename_table("purchases", "orders")
        """,
    "schemas": """
        op.execute(sa.schema.CreateSchema("app", if_not_exists=True))
        op.create_table("t", sa.Column("id", sa.Integer, primary_key=True),
                        sa.Column("v", pg.TSVECTOR), schema="app")
        op.create_index("ix_v", "t", ["v"], schema="app", postgresql_using="gin")
        if sa.inspect(op.get_bind()).has_table("t", schema="app"):
            op.drop_table("t", schema="app")
        op.get_bind().execute(sa.schema.DropSchema("app"))
        """,
    "sequences": """
        op.execute(sa.schema.CreateSequence(sa.Sequence("numbers", start=5)))
        op.get_bind().execute(sa.Sequence("numbers"))
        op.get_bind().execute(sa.select(sa.Sequence("numbers").next_value()))
        op.execute(sa.schema.DropSequence(sa.Sequence("numbers")))
        """,
    "settings": """
        op.execute("SET LOCAL lock_timeout = '5s'")
        op.execute(sa.text("SET LOCAL statement_timeout = '1min'"))
        op.get_bind().execution_options(stream_results=False).execute(sa.text("SHOW lock_timeout"))
        """,
    "swallowed errors": """
        try:
            op.drop_constraint(None, "orders")
        except Exception:
            op.execute("COMMENT ON TABLE orders IS 'swallowed'")
        """,
    "upserts and returning": """
        orders = sa.table("orders", sa.column("id", sa.Integer), sa.column("total", sa.Integer))
        insert = pg.insert(orders).values(id=1, total=2)
        op.get_bind().execute(insert.on_conflict_do_update(
            index_elements=["id"], set_={"total": insert.excluded.total}).returning(orders.c.id))
        op.get_bind().execute(orders.insert().values(id=2).returning(orders.c.total)).scalar_one()
        older = sa.select(orders.c.id).where(orders.c.total < 0).cte("older")
        op.execute(orders.delete().where(orders.c.id.in_(sa.select(older.c.id))))
        """,
    "a swap of enums": """
        op.execute("ALTER TYPE kind RENAME TO kind_old")
        sa.Enum("a", "b", "c", name="kind").create(op.get_bind())
        op.execute("ALTER TABLE orders ALTER COLUMN kind DROP DEFAULT, "
                   "ALTER COLUMN kind TYPE kind USING kind::text::kind")
        sa.Enum(name="kind_old").drop(op.get_bind(), checkfirst=True)
        """,
    "commits": """
        op.execute("UPDATE orders SET total = 3")
        op.get_bind().commit()
        op.execute("UPDATE orders SET total = 4")
        op.execute("COMMIT")
        op.execute("CREATE INDEX ix_after ON orders (kind)")
        """,
}
REGISTERED = """
from alembic.operations import MigrateOperation, Operations

@Operations.register_operation("vacuumed")
class Vacuumed(MigrateOperation):
    def __init__(self, table):
        self.table = table

    @classmethod
    def vacuumed(cls, operations, table):
        return operations.invoke(cls(table))

@Operations.implementation_for(Vacuumed)
def vacuumed(operations, operation):
    operations.execute(f"ANALYZE {operation.table}")
"""
CONVENTION = (("uq", "uq_%(table_name)s_%(column_0_N_name)s"), ("ix", "ix_%(column_0_label)s"))


def write_history(root: Path) -> Path:
    """The migrations above as the history of a project in *root*."""
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    down = None
    for number, body in enumerate(MIGRATIONS.values()):
        text = f"{HEAD}\nrevision = 'r{number:02}'\ndown_revision = {down!r}\n\n\ndef upgrade():\n"
        text += textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"
        (versions / f"r{number:02}.py").write_text(text)
        down = f"r{number:02}"
    (root / "migrations" / "sql").mkdir()
    (root / "migrations" / "sql" / "1.sql").write_text(
        "UPDATE orders SET total = 7; -- ;\nSELECT 1;"
    )
    (root / "oddities.py").write_text(REGISTERED)
    (root / "migrations" / "env.py").write_text(
        f"import sqlalchemy as sa\nimport oddities\n"
        f"target_metadata = sa.MetaData(naming_convention={dict(CONVENTION)!r})\n"
    )
    return root / "migrations"


@pytest.fixture(scope="module")
def outcome(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[History, Upgrade]]:
    """The history as it is captured, and what a server was sent by its upgrade."""
    location = find_history([write_history(tmp_path_factory.mktemp("odd"))])
    history = capture(location)
    with server.database() as url, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(location.root))
        import oddities  # noqa: F401 - env.py does, and an upgrade runs it

        yield history, upgraded(location, url, CONVENTION)


@pytest.mark.parametrize("title", MIGRATIONS)
def test_what_is_captured_is_what_is_sent(title: str, outcome: tuple[History, Upgrade]) -> None:
    """Each statement of the upgrade, in order, on an empty database."""
    history, upgrade = outcome
    number = list(MIGRATIONS).index(title)
    migration = history.migrations[number]
    assert migration.revision in upgrade.sent, (upgrade.failed, upgrade.error)
    assert [p for p in migration.problems if p.kind in ("error", "timeout", "import")] == []
    assert list(differences(migration, upgrade.sent[migration.revision])) == []
    assert migration.upgrade
