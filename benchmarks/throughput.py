"""How many bytes of a table PostgreSQL reads, writes anew and indexes in a second, on this machine.

`migsafe.stats.durations` assumes less than what this prints for a table that is in memory: a
production database reads from disk, and does other things at the same time.

    python benchmarks/throughput.py [ROWS]
"""

from __future__ import annotations

import sys
import time

import psycopg

from migsafe.server import start

WORK = {
    "read": "ALTER TABLE wide ADD CONSTRAINT positive CHECK (number >= 0)",
    "look up each key": "ALTER TABLE wide ADD CONSTRAINT key FOREIGN KEY (key) REFERENCES keys",
    "index": "CREATE INDEX ix ON wide (number)",
    "index a text": "CREATE INDEX ix_label ON wide (label)",
    "rewrite": "ALTER TABLE wide ALTER COLUMN key TYPE bigint",
    "update": "UPDATE wide SET other = 1",
}


def main(rows: int) -> None:
    with start() as server, psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE keys (id int PRIMARY KEY)")
        connection.execute("INSERT INTO keys SELECT generate_series(0, 999)")
        connection.execute(
            "CREATE TABLE wide (number bigint, key int, label text, body text, other int)"
        )
        connection.execute(
            "INSERT INTO wide SELECT n, n %% 1000, md5(n::text), repeat('x', 80), 0"
            " FROM generate_series(1, %s) n",
            [rows],
        )
        connection.execute("VACUUM ANALYZE wide")
        for work, statement in WORK.items():
            size = connection.execute("SELECT pg_table_size('wide')").fetchone()
            before = time.perf_counter()
            connection.execute(statement)
            seconds = time.perf_counter() - before
            megabytes = (size[0] if size else 0) / 1e6
            rate = f"{megabytes:.0f} MB in {seconds:.2f} s: {megabytes / seconds:.0f} MB/s"
            print(f"{work:18} {rate}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
