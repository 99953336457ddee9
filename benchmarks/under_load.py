"""How long others wait while a migration runs: as written, and as `migsafe fix` leaves it.

`python benchmarks/under_load.py [--major 18] [--rows 500000]` starts a throwaway PostgreSQL, fills
two tables, and for each kind of statement runs the migration twice, while another session reads and
writes both tables all the time with a lock_timeout. It prints the longest wait of each run.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import alembic.command
import psycopg
from alembic.config import Config

from migsafe.capture import find_history
from migsafe.config import Settings
from migsafe.fix import fix
from migsafe.fix.files import write
from migsafe.rules import load_rules
from migsafe.server import start

LOCK_TIMEOUT = 0.2  # seconds
CASES = {
    "index": 'op.create_index("ix_note", "orders", ["note"])',
    "unique constraint": 'op.create_unique_constraint("uq_number", "orders", ["number"])',
    "foreign key": 'op.create_foreign_key("fk", "orders", "users", ["user_id"], ["id"])',
    "check": 'op.create_check_constraint("ck", "orders", "length(note) > 2")',
    "not null": 'op.alter_column("orders", "note", nullable=False)',
    "random default": (
        'op.add_column("orders", sa.Column("token", sa.Uuid(), '
        'server_default=sa.text("gen_random_uuid()")))'
    ),
}
TABLES = """
CREATE TABLE users (id bigint PRIMARY KEY);
INSERT INTO users SELECT generate_series(1, 1000);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number bigint, note text);
INSERT INTO orders SELECT n, n % 1000 + 1, n, 'order ' || n FROM generate_series(1, {rows}) n;
"""
LOAD = (
    "SELECT note FROM orders WHERE id = 1",
    "UPDATE orders SET note = note || 'x' WHERE id = 2",
    "INSERT INTO orders (id, user_id, number, note) SELECT 0, 1, 0, 'new' "
    "WHERE NOT EXISTS (SELECT FROM orders WHERE id = 0)",
    "UPDATE users SET id = id WHERE id = 1",
)
ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

target_metadata = None
engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=target_metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}


def upgrade():
    {code}


def downgrade():
    pass
"""


@dataclass
class Waits:
    """What the other session went through: its longest wait in seconds, and how often too long."""

    longest: float = 0.0
    statements: int = 0
    timeouts: int = 0


@contextmanager
def load(url: str) -> Iterator[Waits]:
    """Read and write both tables in a session of its own while the block runs."""
    waits, done = Waits(), threading.Event()

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT * 1000:.0f}ms'")
            while not done.is_set():
                for statement in LOAD:
                    begin = time.perf_counter()
                    try:
                        connection.execute(statement)
                    except psycopg.errors.LockNotAvailable:
                        waits.timeouts += 1
                    waits.longest = max(waits.longest, time.perf_counter() - begin)
                    waits.statements += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield waits
    finally:
        done.set()
        thread.join()


def project(folder: Path, code: str) -> Path:
    """A history whose second revision runs *code*."""
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    tables = f"op.execute({TABLES.partition('INSERT')[0]!r}); op.execute({_orders()!r})"
    for revision, down, body in (("one", None, tables), ("two", "one", code)):
        text = REVISION.format(revision=revision, down=down, code=body)
        (folder / "versions" / f"{revision}.py").write_text(text)
    return folder


def _orders() -> str:
    return next(line for line in TABLES.splitlines() if "TABLE orders" in line)


def measured(folder: Path, url: str, rows: int) -> Waits:
    """Run the second revision of *folder* under load, on fresh tables of *rows* rows."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = url.replace("postgresql://", "postgresql+psycopg://")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES.format(rows=rows))
        connection.execute("VACUUM ANALYZE orders")
    alembic.command.stamp(config, "one")
    with load(url) as waits:
        alembic.command.upgrade(config, "head")
    return waits


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--major", type=int, default=18)
    parser.add_argument("--rows", type=int, default=500_000)
    options = parser.parse_args()
    provider = "embedded" if options.major == 18 else "binaries"
    server_of_major = start(provider=provider, major=options.major)
    rules, settings = load_rules(), Settings(target_version=options.major)
    print(f"PostgreSQL {options.major}, {options.rows} rows, lock_timeout {LOCK_TIMEOUT} s")
    print(f"{'':20}{'as written':>28}{'after migsafe fix':>28}")
    with tempfile.TemporaryDirectory() as name, server_of_major as server:
        for number, (case, code) in enumerate(CASES.items()):
            cells = []
            for side in ("as written", "fixed"):
                folder = project(Path(name) / str(number) / side.replace(" ", "-"), code)
                if side == "fixed":
                    outcome = fix(
                        find_history([folder]), rules, settings, unsafe=True,
                        only=lambda migration: migration.revision == "two",
                    )  # fmt: skip
                    write(outcome.changes)
                with server.database() as url:
                    waits = measured(folder, url, options.rows)
                cells.append(f"{waits.longest * 1000:.0f} ms, {waits.timeouts} timeouts")
            print(f"{case:20}{cells[0]:>28}{cells[1]:>28}")


if __name__ == "__main__":
    main()
