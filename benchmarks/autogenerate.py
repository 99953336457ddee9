"""How long autogenerate takes with the plugin and without, on a schema in which nothing changed.

`python benchmarks/autogenerate.py [TABLES] [RUNS]` makes TABLES (1,000) tables with a SERIAL key, a
foreign key, defaults, a CHECK and an index, compares them with their own models in both ways, in
turns, and prints statements, seconds and their ratio; then with 20 ms more for every statement, as
over a long line. `compare_type` and `compare_server_default` are on.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

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
        print("| | statements | seconds | seconds with 20 ms a statement |")
        print("|---|---|---|---|")
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
        yield f"| {name} | {run.statements} | {run.seconds:.2f} | {slow[name].seconds:.1f} |"
    first, second = PLUGINS
    pairs = zip(found[second], found[first], strict=True)
    wall = statistics.median(with_.seconds / without.seconds for with_, without in pairs)
    far = slow[second].seconds / slow[first].seconds
    fewer = best[second].statements / best[first].statements
    yield f"| ratio | {fewer:.2f} | {wall:.2f} | {far:.2f} |"


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
        begin = time.perf_counter()
        differences = compare_metadata(context, metadata)
        seconds = time.perf_counter() - begin
    assert not differences, differences
    return Run(seconds, statements)


if __name__ == "__main__":
    main()
