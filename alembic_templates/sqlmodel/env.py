"""How Alembic reaches the database and the models."""

import asyncio
import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import Connection, Engine, engine_from_config, pool, text
from sqlmodel import SQLModel

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)
if "DATABASE_URL" in os.environ:
    config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))

# Every constraint gets a name, so that a later revision can change or drop it.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

SQLModel.metadata.naming_convention = NAMING_CONVENTION
# Import the modules with your tables here, below the convention: names are given as classes are
# made. An application that creates tables itself sets the convention before its models, too.
#     from app import models
target_metadata = SQLModel.metadata

OPTIONS = {
    "target_metadata": target_metadata,
    "autogenerate_plugins": ["alembic.autogenerate.*", "migsafe.*"],
    "compare_server_default": True,
    # One transaction a revision: locks are given back after each, and a failure keeps what is done.
    "transaction_per_migration": True,
}


def run_migrations_offline() -> None:
    """Write the SQL to standard output (``alembic upgrade head --sql``)."""
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **OPTIONS,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations(connection: Connection) -> None:
    """Migrate the database at the other end of *connection*."""
    # A migration that waits for a lock makes everybody behind it wait: give up soon, retry.
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


async def run_migrations_by(engine: Engine) -> None:
    """Migrate the database with an async driver, for which SQLAlchemy needs greenlet."""
    from sqlalchemy.ext.asyncio import AsyncEngine

    async with AsyncEngine(engine).connect() as connection:
        await connection.run_sync(run_migrations)


def run_migrations_online() -> None:
    """Migrate the database."""
    engine = engine_from_config(
        config.get_section(config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    if engine.dialect.is_async:
        asyncio.run(run_migrations_by(engine))
    else:
        with engine.connect() as connection:
            run_migrations(connection)


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
