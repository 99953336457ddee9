"""Declared objects through the black-box harness: views, functions, triggers and the like."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from alembic.operations import ops
from alembic.util import CommandError

from autogen.harness import Case, Project, create_all, execute, prove
from migsafe import declare
from migsafe.autogen import objects
from migsafe.autogen.operations import ObjectOp
from migsafe.server import Server


def shop(*declared: Any, **options: Any) -> Callable[[], sa.MetaData]:
    """Users and orders, with *declared*; `columns` of users besides, `owned` kinds."""

    def build() -> sa.MetaData:
        metadata = sa.MetaData()
        email = options.get("email", sa.String(50))
        sa.Table(
            "users",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("email", email),
            sa.Column("state", sa.Text),
            sa.Column("kind", sa.String(10)),
            *(column() for column in options.get("columns", ())),
        )
        for name in options.get("tables", ()):
            sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
        declare.objects(metadata, *declared, owned=options.get("owned", ()))
        return metadata

    return build


def view(query: str, name: str = "active", **options: Any) -> declare.View:
    return declare.View(name, query, **options)


def nick() -> sa.Column[Any]:
    return sa.Column("nick", sa.Text)


ACTIVE = "SELECT id, email FROM users WHERE state IN ('new', 'paid')"
TOUCH = (
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN NEW.state := 'a%b:c'; RETURN NEW; END$$"
)
TOUCH_BODY = TOUCH.partition("() ")[2]
TOUCHES = declare.Trigger(
    "touches", "users", "BEFORE UPDATE OF email", "FOR EACH ROW EXECUTE FUNCTION touch()"
)
GRANTED = (
    "GRANT SELECT ON active TO PUBLIC",
    "COMMENT ON VIEW active IS 'who is here'",
    "COMMENT ON COLUMN active.email IS 'where they are'",
)
KEPT = (
    ("SELECT has_table_privilege('public', 'active', 'select')", True),
    ("SELECT obj_description('active'::regclass)", "who is here"),
    ("SELECT col_description('active'::regclass, 2)", "where they are"),
)
CASES = {
    "a view and its table, new": Case(
        shop(),
        shop(view("SELECT n.id FROM notes n"), tables=["notes"]),
        b_objects=("CREATE VIEW active AS SELECT n.id FROM notes n",),
    ),
    "a view, spelled otherwise": Case(
        shop(),
        shop(view("select u.id, u.email from public.users u where u.state in ('new','paid');")),
        objects=(f"CREATE VIEW active AS {ACTIVE.replace('users', 'users u')}",),
        unchanged=True,
    ),
    "a view as it is restored from a dump": Case(
        shop(),
        shop(view("SELECT id FROM users WHERE kind IN ('new', 'paid')")),
        objects=(
            "CREATE VIEW active AS SELECT id FROM users WHERE kind::text = "
            "ANY (ARRAY['new'::character varying::text, 'paid'::character varying::text])",
        ),
        unchanged=True,
    ),
    "a view that is replaced keeps what it has": Case(
        shop(),
        shop(view(ACTIVE + " AND email LIKE '%a:b'")),
        setup=(),
        objects=(f"CREATE VIEW active AS {ACTIVE}", *GRANTED),
        b_objects=(f"CREATE OR REPLACE VIEW active AS {ACTIVE} AND email LIKE '%a:b'",),
        checks=KEPT,
        contains=("CREATE OR REPLACE VIEW",),
        lacks=("DROP VIEW",),
    ),
    "a view with other columns, and what is over it": Case(
        shop(),
        shop(view("SELECT email, id FROM users")),
        objects=(
            f"CREATE VIEW active AS {ACTIVE}",
            *GRANTED,
            "CREATE VIEW over AS SELECT id FROM active",
            "CREATE MATERIALIZED VIEW over_over AS SELECT id FROM over",
            "CREATE UNIQUE INDEX one ON over_over (id)",
        ),
        b_objects=(
            "DROP MATERIALIZED VIEW over_over",
            "DROP VIEW over",
            "DROP VIEW active",
            "CREATE VIEW active AS SELECT email, id FROM users",
            *GRANTED[:2],
            "COMMENT ON COLUMN active.email IS 'where they are'",
            "CREATE VIEW over AS SELECT id FROM active",
            "CREATE MATERIALIZED VIEW over_over AS SELECT id FROM over",
            "CREATE UNIQUE INDEX one ON over_over (id)",
        ),
    ),
    "a view that gets a new column of the table": Case(
        shop(view(ACTIVE)),
        shop(view("SELECT id, email, nick FROM users"), columns=[nick]),
        objects=(f"CREATE VIEW active AS {ACTIVE}",),
        b_objects=("CREATE OR REPLACE VIEW active AS SELECT id, email, nick FROM users",),
    ),
    "a view that loses a column with the table": Case(
        shop(columns=[nick]),
        shop(view("SELECT id FROM users")),
        b_setup=(),
        b_objects=("CREATE VIEW active AS SELECT id FROM users",),
        a_objects=("CREATE VIEW active AS SELECT id, nick FROM users",),
    ),
    "a view over a column that changes, declared and not": Case(
        shop(),
        shop(view(ACTIVE), email=sa.Text),
        objects=(
            f"CREATE VIEW active AS {ACTIVE}",
            *GRANTED,
            "CREATE VIEW other AS SELECT email FROM active",
        ),
        checks=KEPT,
    ),
    "a view that changes with its column": Case(
        shop(),
        shop(view(ACTIVE + " AND id > 0"), email=sa.Text),
        a_objects=(f"CREATE VIEW active AS {ACTIVE}",),
        b_objects=(f"CREATE VIEW active AS {ACTIVE} AND id > 0",),
    ),
    "views over views, new": Case(
        shop(),
        shop(view("SELECT id FROM b", "a"), view("SELECT id FROM users", "b")),
        b_objects=("CREATE VIEW b AS SELECT id FROM users", "CREATE VIEW a AS SELECT id FROM b"),
    ),
    "a materialised view and its index": Case(
        shop(),
        shop(
            declare.MaterializedView(
                "days", "SELECT id FROM users", indexes=(declare.Index("by_id", "(id)", True),)
            )
        ),
        a_objects=(
            "CREATE MATERIALIZED VIEW days AS SELECT id FROM users",
            "CREATE INDEX by_id ON days (id)",
        ),
        b_objects=(
            "CREATE MATERIALIZED VIEW days AS SELECT id FROM users",
            "CREATE UNIQUE INDEX by_id ON days (id)",
        ),
    ),
    "a materialised view, unchanged": Case(
        shop(),
        shop(
            declare.MaterializedView(
                "days", "select id from users", indexes=(declare.Index("by_id", "(id)", True),)
            )
        ),
        objects=(
            "CREATE MATERIALIZED VIEW days AS SELECT id FROM users",
            "CREATE UNIQUE INDEX by_id ON days (id)",
        ),
        unchanged=True,
    ),
    "a function and its trigger": Case(
        shop(),
        shop(declare.Function("touch()", TOUCH_BODY, comment="it's touched"), TOUCHES),
        b_objects=(
            TOUCH,
            "COMMENT ON FUNCTION touch() IS 'it''s touched'",
            "CREATE TRIGGER touches BEFORE UPDATE OF email ON users "
            "FOR EACH ROW EXECUTE FUNCTION touch()",
        ),
        rows=("INSERT INTO users (id, state) VALUES (1, 'x')",),
    ),
    "a function and its trigger, unchanged": Case(
        shop(),
        shop(declare.Function("touch()", TOUCH_BODY), TOUCHES),
        objects=(
            TOUCH,
            "CREATE TRIGGER touches BEFORE UPDATE OF email ON public.users "
            "FOR EACH ROW EXECUTE FUNCTION touch()",
        ),
        unchanged=True,
    ),
    "a function's body": Case(
        shop(),
        shop(declare.Function("touch()", TOUCH_BODY.replace("a%b:c", "%%"))),
        a_objects=(TOUCH,),
        b_objects=(TOUCH.replace("a%b:c", "%%"),),
        lacks=("DROP FUNCTION",),
    ),
    "a function that a default calls": Case(
        shop(),
        shop(
            declare.Function("label(n integer)", "RETURNS text LANGUAGE sql AS 'SELECT n::text'"),
            columns=[lambda: sa.Column("tag", sa.Text, server_default=sa.text("label(7)"))],
        ),
        b_setup=("CREATE FUNCTION label(n integer) RETURNS text LANGUAGE sql AS 'SELECT n::text'",),
    ),
    "a function of another type, and the view that calls it": Case(
        shop(),
        shop(declare.Function("total()", "RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'")),
        a_objects=(
            "CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 2::bigint'",
            "CREATE FUNCTION total(integer) RETURNS bigint LANGUAGE sql AS 'SELECT 3::bigint'",
            "CREATE VIEW sums AS SELECT total(), total(2) AS two",
        ),
        b_objects=(
            "CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
            "CREATE FUNCTION total(integer) RETURNS bigint LANGUAGE sql AS 'SELECT 3::bigint'",
            "CREATE VIEW sums AS SELECT total(), total(2) AS two",
        ),
    ),
    "a function with another result": Case(
        shop(),
        shop(declare.Function("total()", "RETURNS text LANGUAGE sql AS 'SELECT ''1'''")),
        a_objects=(
            "CREATE FUNCTION total() RETURNS integer LANGUAGE sql AS 'SELECT 2'",
            "REVOKE ALL ON FUNCTION total() FROM PUBLIC",
        ),
        b_objects=(
            "CREATE FUNCTION total() RETURNS text LANGUAGE sql AS 'SELECT ''1'''",
            "REVOKE ALL ON FUNCTION total() FROM PUBLIC",
        ),
    ),
    "a procedure, dropped because it is owned": Case(
        shop(),
        shop(owned=[declare.Procedure, declare.View, declare.Trigger]),
        a_objects=(
            "CREATE PROCEDURE clean() LANGUAGE sql AS 'DELETE FROM users'",
            TOUCH,
            "CREATE TRIGGER touches BEFORE UPDATE ON users "
            "FOR EACH ROW WHEN (OLD.id > 0) EXECUTE FUNCTION touch()",
            f"CREATE VIEW active AS {ACTIVE}",
            *GRANTED,
            "CREATE VIEW other AS SELECT email FROM active",
        ),
        b_objects=(TOUCH,),
    ),
    "what is not declared stays": Case(
        shop(),
        shop(view("SELECT 1 AS one")),
        objects=("CREATE VIEW other AS SELECT email FROM users", TOUCH),
        b_objects=("CREATE VIEW active AS SELECT 1 AS one",),
    ),
    "a policy": Case(
        shop(),
        shop(declare.Policy("own", "users", "FOR SELECT USING (users.email = current_user)")),
        a_objects=("CREATE POLICY own ON users USING (email = 'x')",),
        b_objects=("CREATE POLICY own ON users FOR SELECT USING (users.email = current_user)",),
    ),
    "a policy, unchanged": Case(
        shop(tables=["users_x"]),
        shop(
            declare.Policy(
                "own",
                "users",
                "USING (kind IN ('a', 'b') and EXISTS "
                "(SELECT FROM users_x x WHERE x.id = users.id))",
            ),
            tables=["users_x"],
        ),
        objects=(
            "CREATE POLICY own ON users TO public USING (((kind in ('a','b'))) AND EXISTS "
            "(SELECT FROM public.users_x x WHERE x.id = users.id))",
        ),
        unchanged=True,
    ),
    "domains": Case(
        shop(),
        shop(
            declare.Domain("email", "text CHECK (VALUE LIKE '%@%') NOT NULL", comment="mail"),
            declare.Domain("fresh", "varchar(9) DEFAULT 'x' CHECK (VALUE IN ('x', 'y'))"),
        ),
        a_objects=("CREATE DOMAIN email AS text DEFAULT 'a@b' CHECK (VALUE <> '')",),
        b_objects=(
            "CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%') NOT NULL",
            "COMMENT ON DOMAIN email IS 'mail'",
            "CREATE DOMAIN fresh AS varchar(9) DEFAULT 'x' CHECK (VALUE IN ('x', 'y'))",
        ),
    ),
    "statistics": Case(
        shop(),
        shop(
            declare.Statistics("a", "users", "(dependencies) ON email, state"),
            declare.Statistics("b", "users", "ON lower(email), state", comment="two"),
        ),
        a_objects=("CREATE STATISTICS a (ndistinct) ON email, state FROM users",),
        b_objects=(
            "CREATE STATISTICS a (dependencies) ON email, state FROM users",
            "CREATE STATISTICS b ON lower(email), state FROM users",
            "COMMENT ON STATISTICS b IS 'two'",
        ),
    ),
    "a schema and an extension": Case(
        shop(),
        shop(
            declare.Schema("app", comment="ours"),
            declare.Extension("citext", "app"),
            declare.View("seen", "SELECT 'a'::app.citext AS c", schema="app"),
        ),
        b_objects=(
            "CREATE SCHEMA app",
            "COMMENT ON SCHEMA app IS 'ours'",
            "CREATE EXTENSION citext SCHEMA app",
            "CREATE VIEW app.seen AS SELECT 'a'::app.citext AS c",
        ),
    ),
    "with an index that is built outside of the transaction": Case(
        shop(),
        shop(view(ACTIVE), columns=[lambda: sa.Column("nick", sa.Text, index=True)]),
        b_objects=(f"CREATE VIEW active AS {ACTIVE}",),
        contains=("CREATE VIEW",),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_declared_objects_become_as_declared_and_back(
    name: str, server: Server, tmp_path: Path
) -> None:
    """All checks of the harness hold."""
    prove(CASES[name], server, tmp_path)


def test_what_alembic_utils_has_registered_stays(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its objects are not dropped where their kind is owned, and it drops none of ours."""
    theirs = type("PGView", (), {"schema": "public", "signature": "theirs"})()
    entities = types.ModuleType("alembic_utils.replaceable_entity")
    entities.registry = types.SimpleNamespace(entities=lambda: [theirs])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "alembic_utils.replaceable_entity", entities)
    ours = type("PGView", (), {"schema": "public", "signature": "ours"})()
    drops = [drop_entity(entity) for entity in (ours, theirs)]
    upgrade_ops = ops.UpgradeOps(list(drops))
    with server.database() as url:
        execute(url, ["CREATE VIEW theirs AS SELECT 1 AS x", "CREATE VIEW ours AS SELECT 1 AS x"])
        metadata = sa.MetaData()
        declare.objects(metadata, view("SELECT 2 AS x", "ours"), owned=[declare.View])
        project = Project(tmp_path, url, metadata)
        engine = sa.create_engine(project.config.get_main_option("sqlalchemy.url") or "")
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            objects.compare(AutogenContext(context, metadata), upgrade_ops)
        engine.dispose()
    assert drops[1] in upgrade_ops.ops
    assert drops[0] not in upgrade_ops.ops
    assert [op.title for op in upgrade_ops.ops if isinstance(op, ObjectOp)] == ["replace view ours"]


def drop_entity(entity: object) -> ops.MigrateOperation:
    """An operation as alembic_utils has it."""
    kind = type("DropOp", (ops.MigrateOperation,), {"__module__": "alembic_utils.reversible_op"})
    made: Any = kind()
    made.target = entity
    return made


def test_a_view_over_a_dropped_column_is_named(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL will refuse the script, so the log says why."""
    with server.database() as url:
        create_all(url, shop(columns=[nick])())
        execute(url, ["CREATE VIEW nicks AS SELECT nick FROM users"])
        Project(tmp_path, url, shop()()).revision("one")
    assert "the view nicks reads users.nick, which this script drops" in caplog.text


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            view("SELEC 1"),
            "cannot read the declared view active: syntax error at",
        ),
        (declare.Function("total", "RETURNS int"), "'total' is no name with arguments"),
        (declare.Domain("d", "integer"), "of type text, declared is integer: PostgreSQL cannot"),
    ],
)
def test_what_cannot_be_is_said(
    declared: Any, message: str, server: Server, tmp_path: Path
) -> None:
    """Autogenerate stops with the object and the reason."""
    with server.database() as url:
        execute(url, ["CREATE DOMAIN d AS text"])
        with pytest.raises(CommandError) as error:
            Project(tmp_path, url, shop(declared)()).revision("one")
    assert message in str(error.value)


def test_what_is_no_object_is_refused() -> None:
    """Something else, a kind that is none, and two objects of one name."""
    metadata = sa.MetaData()
    with pytest.raises(TypeError, match="cannot be declared"):
        declare.objects(metadata, "CREATE VIEW")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="cannot be owned"):
        declare.objects(metadata, owned=[int])
    with pytest.raises(ValueError, match="view a is declared twice"):
        declare.objects(metadata, view("SELECT 1", "a"), declare.MaterializedView("a", "SELECT 1"))
    assert declare.of(metadata) == declare.Objects()
