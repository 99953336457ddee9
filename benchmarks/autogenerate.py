"""How long autogenerate takes with the plugin and without, on a schema in which nothing changed.

`python benchmarks/autogenerate.py [TABLES] [RUNS]` makes TABLES (1,000) tables with a SERIAL key, a
foreign key, defaults, a CHECK and an index, compares them with their own models in both ways, in
turns, and prints statements, seconds, seconds of processor time here and in the server, and their
ratio; then with 20 ms more for every statement, as over a long line. `compare_type` and
`compare_server_default` are on. Processor time in the server is read from Linux's /proc.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from migsafe.server import sqlalchemy_url, start

ALEMBIC = ["alembic.autogenerate.*"]
PLUGINS = {"Alembic": ALEMBIC, "Alembic with migsafe": [*ALEMBIC, "migsafe.*"]}
LATENCY = 0.020


@dataclass(frozen=True)
class Run:
    """One comparison."""

    seconds: float
    processor: float
    statements: int


def main() -> None:
    """Measure and print."""
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with start() as server, server.database() as url:
        engine = sa.create_engine(sqlalchemy_url(url))
        models(tables).create_all(engine)
        with engine.connect() as connection:
            version = connection.exec_driver_sql("SHOW server_version").scalar()
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        print(f"{tables} tables, PostgreSQL {version}, SQLAlchemy {sa.__version__}\n")
        print("| | statements | seconds | of a processor | with 20 ms a statement |")
        print("|---|---|---|---|---|")
        for row in rows(engine, tables, runs):
            print(row)
        engine.dispose()


def rows(engine: sa.Engine, tables: int, runs: int) -> Iterator[str]:
    """Yield the rows of the table."""
    for plugins in PLUGINS.values():
        compared(engine, models(2), plugins)  # What is imported at the first run.
    found: dict[str, list[Run]] = {name: [] for name in PLUGINS}
    for _ in range(runs):
        for name, plugins in PLUGINS.items():
            found[name].append(compared(engine, models(tables), plugins))
    slow = {name: compared(engine, models(tables), p, LATENCY) for name, p in PLUGINS.items()}
    best = {name: min(of, key=lambda run: run.seconds) for name, of in found.items()}
    for name, run in best.items():
        yield (
            f"| {name} | {run.statements} | {run.seconds:.2f} | {run.processor:.2f} "
            f"| {slow[name].seconds:.1f} |"
        )
    first, second = PLUGINS
    pairs = list(zip(found[second], found[first], strict=True))
    wall = statistics.median(with_.seconds / without.seconds for with_, without in pairs)
    work = statistics.median(with_.processor / without.processor for with_, without in pairs)
    far = slow[second].seconds / slow[first].seconds
    fewer = best[second].statements / best[first].statements
    yield f"| ratio | {fewer:.3f} | {wall:.2f} | {work:.2f} | {far:.2f} |"


def models(tables: int) -> sa.MetaData:
    """The models, made anew."""
    metadata = sa.MetaData()
    for number in range(tables):
        sa.Table(
            f"items_{number}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("before_id", sa.ForeignKey(f"items_{max(number - 1, 0)}.id")),
            sa.Column("name", sa.String(80), nullable=False),
            sa.Column("state", sa.Text, server_default="new", nullable=False),
            sa.Column("count", sa.Integer, server_default=sa.text("0"), nullable=False),
            sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
            sa.CheckConstraint("count >= 0", name=f"ck_items_{number}_count"),
            sa.Index(f"ix_items_{number}_name", "name"),
        )
    return metadata


def compared(
    engine: sa.Engine, metadata: sa.MetaData, plugins: list[str], latency: float = 0.0
) -> Run:
    """Compare *metadata* with the database; every statement takes *latency* seconds more."""
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1
        if latency:
            time.sleep(latency)

    known = set(metadata.tables)
    with engine.connect() as connection:
        sa.event.listen(connection, "before_cursor_execute", count)
        context = MigrationContext.configure(
            connection,
            opts={
                "autogenerate_plugins": plugins,
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, kind, _: kind != "table" or name in known,
            },
        )
        gc.collect()  # What the run before has left is not this one's work.
        backend = connection.connection.driver_connection.info.backend_pid
        begin, work = time.perf_counter(), time.process_time() + spent(backend)
        differences = compare_metadata(context, metadata)
        seconds = time.perf_counter() - begin
        processor = time.process_time() + spent(backend) - work
    assert not differences, differences
    return Run(seconds, processor, statements)


def spent(process: int) -> float:
    """Seconds of processor time that *process* has taken (proc_pid_stat(5): utime and stime)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
