"""A real Alembic project in a directory, and the checks that every generated migration passes.

Database A is made from metadata or SQL, autogenerate runs against metadata B; then the upgrade
must give B, a second autogenerate nothing, the downgrade A, a second upgrade B, and the text of
`--sql` applied to a copy of A must give B as well.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from migsafe.catalog import Catalog
from migsafe.catalog.diff import diff
from migsafe.introspect import introspect
from migsafe.server import Server, sqlalchemy_url
from migsafe.sql import parse

ENV = """
import asyncio

from alembic import context
from sqlalchemy import create_engine, pool
from sqlalchemy.ext.asyncio import create_async_engine

config = context.config
target_metadata = config.attributes["metadata"]
options = config.attributes["options"]


def run_migrations_offline():
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        target_metadata=target_metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations(connection):
    context.configure(connection=connection, target_metadata=target_metadata, **options)
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations(url):
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run_migrations)
    await engine.dispose()


def run_migrations_online():
    url = config.get_main_option("sqlalchemy.url")
    connectable = config.attributes.get("connectable")
    if "+asyncpg" in url:
        asyncio.run(run_async_migrations(url))
        return
    if connectable is None:
        connectable = create_engine(url, poolclass=pool.NullPool)
    with connectable.connect() as connection:
        run_migrations(connection)


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""
TEMPLATE = '''"""${message}"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''
PLUGINS = ["alembic.autogenerate.*", "migsafe.*"]


@dataclass
class Project:
    """An Alembic project in *folder* on the database *url* (libpq)."""

    folder: Path
    url: str
    metadata: sa.MetaData
    options: dict[str, Any] = field(default_factory=dict)
    driver: str = "psycopg"
    engine: sa.Engine | None = None

    def __post_init__(self) -> None:
        (self.folder / "versions").mkdir(parents=True, exist_ok=True)
        (self.folder / "env.py").write_text(ENV)
        (self.folder / "script.py.mako").write_text(TEMPLATE)

    @property
    def config(self) -> Config:
        """The configuration, as alembic.ini would give it."""
        config = Config()
        config.set_main_option("script_location", str(self.folder))
        url = sqlalchemy_url(self.url, self.driver).replace("%", "%%")
        config.set_main_option("sqlalchemy.url", url)
        config.set_main_option("path_separator", "os")
        config.attributes["metadata"] = self.metadata
        config.attributes["connectable"] = self.engine
        config.attributes["options"] = {
            "autogenerate_plugins": PLUGINS,
            "compare_server_default": True,
            **self.options,
        }
        return config

    def revision(self, name: str) -> str:
        """Autogenerate the revision *name*; return the text of its file."""
        command.revision(self.config, name, autogenerate=True, rev_id=name)
        return self.script(name)

    def script(self, name: str) -> str:
        """The text of the revision *name*."""
        script = ScriptDirectory.from_config(self.config).get_revision(name)
        return Path(script.path).read_text()

    def upgrade(self, to: str = "head") -> None:
        """Upgrade."""
        command.upgrade(self.config, to)

    def downgrade(self, to: str) -> None:
        """Downgrade."""
        command.downgrade(self.config, to)

    def offline(self, span: str) -> str:
        """The SQL of an upgrade over *span* (`from:to`)."""
        config = self.config
        buffer = io.StringIO()
        config.output_buffer = buffer
        command.upgrade(config, span, sql=True)
        return buffer.getvalue()

    def catalog(self) -> Catalog:
        """What the database holds."""
        return catalog_of(self.url)


class Engines:
    """One engine a server, so that what SQLAlchemy has compiled serves all cases; no pool."""

    def __init__(self) -> None:
        self._engines: dict[int, tuple[sa.Engine, list[str]]] = {}

    def at(self, server: Server, url: str) -> sa.Engine:
        """The engine of *server*, connecting to the database *url* from now on."""
        if server.major not in self._engines:
            there = [url]
            engine = sa.create_engine(
                sqlalchemy_url(url),
                poolclass=sa.pool.NullPool,
                creator=lambda: psycopg.connect(there[0]),
            )
            self._engines[server.major] = engine, there
        engine, there = self._engines[server.major]
        there[0] = url
        return engine


ENGINES = Engines()


def catalog_of(url: str) -> Catalog:
    """What the database at *url* holds."""
    with psycopg.connect(url) as connection:
        return introspect(connection)


def execute(url: str, statements: Sequence[str]) -> None:
    """Run *statements*, each by itself."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def run_sql(url: str, text: str) -> None:
    """Run a whole script with psql's manners: statement by statement."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in parse(text):
            connection.execute(statement.sql)


def create_all(url: str, metadata: sa.MetaData) -> None:
    """Create *metadata* in the database at *url*."""
    engine = sa.create_engine(
        sqlalchemy_url(url), poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT"
    )
    metadata.create_all(engine)


def differences(left: Catalog, right: Catalog) -> list[str]:
    """What tells the two apart, in words; not the order of columns."""
    return [str(d) for d in diff(left, right) if not d.benign]


def assert_same(left: Catalog, right: Catalog, script: str) -> None:
    """Fail with what tells the two apart and the *script* that made it so."""
    found = differences(left, right)
    assert not found, "\n".join([*found, script])


Model = Callable[[], sa.MetaData]


@dataclass(frozen=True)
class Case:
    """One change: models before and after, and what else is in the database.

    Attributes:
        before, after: make the metadata.
        setup: SQL before anything else, as for schemas and extensions.
        objects: SQL after the models of either side, for what no metadata holds.
        a_objects: the same for A alone.
        b_setup, b_objects: the same for B alone: what the script is to do beyond its models.
        rows: SQL that fills database A.
        checks: (query, its one value) after the upgrade.
        contains, lacks: texts that the script has or has not.
        unchanged: that nothing is to be generated.
    """

    before: Model
    after: Model
    setup: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    a_objects: tuple[str, ...] = ()
    b_setup: tuple[str, ...] = ()
    b_objects: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    checks: tuple[tuple[str, Any], ...] = ()
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    unchanged: bool = False


def prove(case: Case, server: Server, folder: Path, driver: str = "psycopg") -> str:
    """Run all checks on *case*; return the script."""
    with server.database() as a, server.database() as b, server.database() as copy:
        for url in (a, b, copy):
            execute(url, case.setup)
        for url in (a, copy):
            create_all(url, case.before())
            execute(url, [*case.objects, *case.a_objects, *case.rows])
        execute(b, case.b_setup)
        create_all(b, case.after())
        execute(b, [*case.objects, *case.b_objects])
        engine = ENGINES.at(server, a) if driver == "psycopg" else None
        project = Project(folder, a, case.after(), dict(case.options), driver, engine)
        return _proved(case, project, b, copy)


def _proved(case: Case, project: Project, b: str, copy: str) -> str:
    script = proved(project, b, copy, case.checks, unchanged=case.unchanged)
    for text in case.contains:
        assert text in script, f"{text!r} is not in\n{script}"
    for text in case.lacks:
        assert text not in script, f"{text!r} is in\n{script}"
    return script


def proved(
    project: Project,
    b: str,
    copy: str,
    checks: Sequence[tuple[str, Any]] = (),
    *,
    unchanged: bool = False,
) -> str:
    """Run the checks on *project*, whose database is A as *copy* is, with *b* the wanted one."""
    with psycopg.connect(project.url, autocommit=True) as watching:
        start, wanted = introspect(watching), catalog_of(b)
        script = project.revision("one")
        assert "migsafe" not in script, script
        if unchanged:
            assert script.count("    pass\n") == 2, script
            wanted = start
        project.upgrade()
        assert_same(wanted, introspect(watching), script)
        for query, value in checks:
            assert watching.execute(query).fetchone() == (value,), query
        second = project.revision("two")
        assert second.count("    pass\n") == 2, second
        project.downgrade("base")
        assert_same(start, introspect(watching), script)
        project.upgrade("two")
        assert_same(wanted, introspect(watching), script)
    run_sql(copy, project.offline("base:two"))
    assert_same(wanted, catalog_of(copy), script)
    return script
