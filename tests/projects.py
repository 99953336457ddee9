"""Small Alembic projects, written to a folder, for tests that run commands in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent, indent

ENV = """
import os

from alembic import context
from sqlalchemy import create_engine, pool


def run():
    engine = create_engine(os.environ["APP_DATABASE"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run()
"""
REVISION = '''"""{revision}"""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "{revision}"
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''


def write_project(
    folder: Path, revisions: Mapping[str, tuple[str, str]], *, env: str | None = ENV
) -> Path:
    """Write a project with alembic.ini; *revisions* are bodies of upgrade and downgrade by id.

    Each revision follows the one before it. Without *env* there is no env.py. Returns *folder*.
    """
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    if env is not None:
        (folder / "migrations" / "env.py").write_text(env)
    down = None
    for revision, (up, back) in revisions.items():
        text = REVISION.format(
            revision=revision, down=down, upgrade=_body(up), downgrade=_body(back)
        )
        (versions / f"{revision}.py").write_text(text)
        down = revision
    return folder


def _body(code: str) -> str:
    return indent(dedent(code).strip() or "pass", "    ")
