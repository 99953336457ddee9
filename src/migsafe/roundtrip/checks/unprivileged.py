"""A check that nobody but the owner of the database is needed for an upgrade."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from migsafe.names import quote_ident, quote_literal
from migsafe.roundtrip.checks.subject import Check, NotApplicable, Subject
from migsafe.server.databases import PREFIX, connect
from migsafe.server.urls import database_of, with_role


def _problems(subject: Subject) -> Iterator[str]:
    project = subject.project
    if isinstance(subject.whole, str):
        raise NotApplicable(f"the history cannot be upgraded at once: {subject.whole}")
    with project.aboard(), _role(subject) as (role, password), project.database() as url:
        with connect(url) as connection:
            name = quote_ident(database_of(url) or "")
            connection.execute(f"ALTER DATABASE {name} OWNER TO {role}".encode())
        project.lead_to(with_role(url, role, password))
        told = subject.told(lambda: project.runner.upgrade(*subject.order))
    if told:
        yield f"a role that owns the database and has no other rights cannot upgrade it: {told}"


@contextmanager
def _role(subject: Subject) -> Iterator[tuple[str, str]]:
    """A role that may log in, and nothing else, with its password."""
    import psycopg

    role, password = PREFIX + secrets.token_hex(8), secrets.token_hex(16)
    with connect(subject.project.server.address) as connection:
        try:
            connection.execute(
                f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB "
                f"PASSWORD {quote_literal(password)}".encode()
            )
            connection.execute(f"GRANT {role} TO CURRENT_USER".encode())
        except psycopg.errors.InsufficientPrivilege as error:
            raise NotApplicable("the role of the given server may not create roles") from error
    try:
        yield role, password
    finally:
        with connect(subject.project.server.address) as connection:
            connection.execute(f"DROP ROLE IF EXISTS {role}".encode())


UNPRIVILEGED = Check("unprivileged", "the owner of the database can upgrade it", _problems)
