"""What one migration does to its connection, to Alembic and to Python is nothing to the next."""

from __future__ import annotations

import builtins
import os
import signal
import threading
import time
import warnings
from pathlib import Path

import alembic.context
import alembic.op
import pytest
from alembic.ddl import impl
from projects import write_project

from migsafe.capture import Migration, capture, find_history

# Sends what it finds: of two runs that find the same, the steps are the same.
PROBE = """
import builtins, os, signal, threading, time, warnings
from alembic import context
bind, own = op.get_bind(), op.get_context()
found = {
    "connection": [
        bind.closed, bind.invalidated, bind.in_nested_transaction(), bind.get_isolation_level(),
        sorted(bind.get_execution_options()), sorted(bind.info),
        bind.connection.dbapi_connection.autocommit, bind.engine.get_execution_options(),
    ],
    "context": [
        sorted(map(str, own.opts)), own.opts["target_metadata"].naming_convention,
        sorted(own.opts["target_metadata"].tables), own.opts is context.get_context().opts,
        own is context.get_context(), own.bind is bind, own.as_sql, own.impl.as_sql,
        own.impl.connection is bind, own.impl.memo, own.impl.transactional_ddl,
        sorted(context.get_context().environment_context.context_opts), sorted(vars(own)),
        sorted(vars(own.impl)), sorted(vars(op._proxy)), own.impl.context_opts["x_seen"]
        if "x_seen" in own.impl.context_opts else None,
    ],
    "python": [
        getattr(f, "__qualname__", None)
        for f in (builtins.open, os.stat, os._exit, time.sleep, signal.signal, signal.setitimer,
                  signal.alarm, threading.Thread.start)
    ],
    "warnings": [[str(w) for w in warnings.filters[:2]], len(warnings.filters)],
}
op.execute(sa.text("SELECT " + repr(found).replace(":", "")))
op.create_table("t", sa.Column("a", sa.Integer, sa.CheckConstraint("a > 0")))
op.unheard_of()
"""
HOSTILE = (
    "op.get_bind().close()",
    "op.get_bind().invalidate()",
    "op.get_bind().detach()",
    "op.get_bind().info['seen'] = 1",
    "op.get_bind().connection.dbapi_connection.autocommit = True",
    "op.get_bind().connection.close()",
    "op.get_bind().rollback(); op.get_bind().execution_options(isolation_level='AUTOCOMMIT')",
    "op.get_bind().begin_nested()",
    "op.get_bind().rollback()",
    "op.execute('COMMIT')",
    "op.execute('SAVEPOINT s')",
    "op.get_context().autocommit_block().__enter__()",
    "op.get_context().opts.clear()",
    "op.get_context().opts['target_metadata'].naming_convention = {'ck': 'ck_%(table_name)s'}",
    "sa.Table('left', op.get_context().opts['target_metadata'])",
    "op.get_context().environment_context.context_opts['x_seen'] = 1",
    "op.get_context().impl.context_opts['x_seen'] = 1",
    "op.get_context().impl.memo['seen'] = 1",
    "op.get_context().impl.transactional_ddl = False",
    "op.get_context().impl.as_sql = op.get_context().as_sql = True",
    "op.get_context().impl.connection = op.get_context().connection = None",
    "op.get_context().seen = op.get_context().impl.seen = op._proxy.seen = 1",
    "op._proxy = None",
    "op.__getattr__ = None",
    "del op._proxy, op.__getattr__",
    "from alembic import context; context.configure(as_sql=True, dialect_name='sqlite')",
    "import builtins, io; builtins.open = io.open = None",
    "import os, time; os._exit = os.stat = time.sleep = None",
    "import signal, threading; signal.signal = signal.setitimer = threading.Thread.start = None",
    "import time; del time.sleep",
    "import _signal; _signal.signal(_signal.SIGALRM, _signal.SIG_IGN)",
    "import _signal; _signal.setitimer(_signal.ITIMER_REAL, 0)",
    "import warnings; warnings.simplefilter('error')",
    "import warnings; warnings.filters = []; warnings.warn = None",
    "raise SystemExit",
)
LOUD = """
from alembic.ddl.postgresql import PostgresqlImpl
class LoudImpl(PostgresqlImpl):
    __dialect__ = "postgresql"
    def drop_table(self, table, **kw):
        self._exec("SELECT 'loud'")
        super().drop_table(table, **kw)
"""


def history(folder: Path, bodies: list[str], **keywords: float) -> list[Migration]:
    """Write and capture a history of migrations with these bodies."""
    write_project(folder, {f"r{n:03}": (body, "") for n, body in enumerate(bodies)}, env=None)
    return list(capture(find_history([folder / "migrations"]), **keywords).migrations)  # type: ignore[arg-type]


def seen(migration: Migration) -> tuple[object, ...]:
    steps = [(step.sql, step.transaction, step.autocommit) for step in migration.upgrade]
    return (*steps, *(problem.message for problem in migration.problems))


def test_the_next_migration_finds_all_as_it_was(tmp_path: Path) -> None:
    """After each of these, a migration sees its connection, Alembic and Python as the first did."""
    before = (builtins.open, os.stat, time.sleep, signal.signal, threading.Thread.start)
    warned, ours = warnings.warn, dict(vars(alembic.op))
    bodies = [PROBE]
    for body in HOSTILE:
        bodies += [body, PROBE]
    try:
        first, *others = history(tmp_path, bodies)
    finally:
        warnings.warn = warned
    assert len(seen(first)) == 4, seen(first)
    assert [(body, seen(after)) for body, after in zip(HOSTILE, others[1::2], strict=True)] == [
        (body, seen(first)) for body in HOSTILE
    ]
    assert before == (builtins.open, os.stat, time.sleep, signal.signal, threading.Thread.start)
    assert vars(alembic.op).get("_proxy") is ours.get("_proxy")
    assert "__getattr__" not in vars(alembic.op)
    assert not hasattr(alembic.context, "config")


def test_the_next_migration_is_limited_too(tmp_path: Path) -> None:
    """A limit holds whatever became of the handler and the timer of the one before."""
    stopped = "import _signal; _signal.signal(_signal.SIGALRM, _signal.SIG_IGN)"
    migrations = history(
        tmp_path, [stopped, "while True: pass", "op.drop_table('t')"], time_limit=0.2
    )
    said = [[problem.kind for problem in migration.problems] for migration in migrations]
    assert said == [[], ["timeout"], []]
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_implementation_counts_from_the_next_migration_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a project registers as Alembic's implementation for PostgreSQL is what Alembic uses."""
    monkeypatch.setitem(impl._impls, "postgresql", impl._impls["postgresql"])
    _, after = history(tmp_path, [LOUD, "list(map(op.drop_table, 'ab'))"])
    assert [step.sql for step in after.upgrade][::2] == ["SELECT 'loud'"] * 2
