"""The throwaway server: it starts anywhere, keeps to its own, and nothing of it remains."""

from __future__ import annotations

import psycopg

from migsafe.server import Server


def test_the_server_of_every_major_version_is_that_version(any_major: Server, major: int):
    """A server that is asked for by its major version runs that version."""
    with any_major.database() as url, psycopg.connect(url) as connection:
        assert connection.info.server_version // 10000 == major == any_major.major


def test_databases_of_two_tests_do_not_meet(server: Server):
    """Every database is a fresh one and gone afterwards."""
    with server.database() as first, server.database() as second:
        assert first != second
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE users (id int)")
        with psycopg.connect(second) as connection:
            assert connection.execute("SELECT to_regclass('users')").fetchone() == (None,)
    with psycopg.connect(server.url()) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^migsafe_'")
        assert left.fetchall() == []
