"""Engines and sessions, for the database that DATABASE_URL names."""

import os
from collections.abc import ${"AsyncIterator, " if is_async else ""}Iterator
from contextlib import ${"asynccontextmanager, " if is_async else ""}contextmanager

import sqlalchemy as sa
% if is_async:
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
% endif
from sqlalchemy.orm import Session


def database_url(driver: str) -> sa.URL:
    """The URL in DATABASE_URL, for *driver*: psycopg or asyncpg."""
    url = sa.make_url(os.environ["DATABASE_URL"]).set(drivername=f"postgresql+{driver}")
    if driver == "asyncpg" and "sslmode" in url.query:  # which asyncpg calls ssl
        mode = url.query["sslmode"]
        url = url.difference_update_query(["sslmode", "channel_binding"])
        url = url.update_query_dict({"ssl": mode})
    return url


def make_engine() -> sa.Engine:
    """An engine (psycopg) that keeps connections, for a process that stays."""
    return sa.create_engine(database_url("psycopg"), pool_pre_ping=True)


def make_serverless_engine() -> sa.Engine:
    """An engine (psycopg) that keeps none, for functions and poolers such as Neon's.

    Statements are not prepared: behind a pooler the next may meet another process.
    """
    return sa.create_engine(
        database_url("psycopg"),
        poolclass=sa.NullPool,
        connect_args={"prepare_threshold": None},
    )


@contextmanager
def session_of(engine: sa.Engine) -> Iterator[Session]:
    """A session whose work is committed at the end, or undone when it fails."""
    with Session(engine) as session, session.begin():
        yield session
% if is_async:


def make_async_engine() -> AsyncEngine:
    """An engine (asyncpg) that keeps connections, for a process that stays."""
    return create_async_engine(database_url("asyncpg"), pool_pre_ping=True)


def make_serverless_async_engine() -> AsyncEngine:
    """An engine (asyncpg) that keeps no connections, and no prepared statements."""
    return create_async_engine(
        database_url("asyncpg"),
        poolclass=sa.NullPool,
        connect_args={
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
        },
    )


@asynccontextmanager
async def async_session_of(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session whose work is committed at the end, or undone when it fails."""
    async with AsyncSession(engine) as session, session.begin():
        yield session
% endif
