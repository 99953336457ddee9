"""A check that the SQL of ``alembic upgrade --sql`` makes what an upgrade makes."""

from __future__ import annotations

import io
from collections.abc import Iterator

from migsafe.errors import SqlError
from migsafe.roundtrip.checks.subject import Check, Subject, differences
from migsafe.server.databases import connect
from migsafe.sql import parse


def _problems(subject: Subject) -> Iterator[str]:
    project, end = subject.project, subject.end
    with project.aboard(), project.database() as url:
        script = io.StringIO()
        runner = project.runner
        told = subject.told(lambda: runner.write_sql(script, *subject.order))
        if told:
            yield f"the SQL cannot be written: {told}"
            return
        told = _run(url, script.getvalue())
        if told:
            yield told
            return
        for difference in differences(end, subject.catalog(url)):
            yield f"after the SQL: {difference}"


def _run(url: str, script: str) -> str | None:
    import psycopg

    try:
        statements = parse(script)
    except SqlError as error:
        return f"what is written is not SQL: {error}"
    with connect(url) as connection:
        for found in statements:
            try:
                connection.execute(found.sql.encode())
            except psycopg.Error as error:
                why = str(error).splitlines()[0]
                return f"the SQL fails: {why}: {' '.join(found.sql.split())[:200]}"
    return None


OFFLINE = Check("offline", "the SQL of --sql makes the schema that an upgrade makes", _problems)
