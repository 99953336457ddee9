import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import create_engine, make_url, pool

from shop.models import metadata

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

SCHEMAS = (None, "billing")


def database_url():
    url = os.environ.get("DATABASE_URL") or config.get_main_option("sqlalchemy.url")
    return make_url(url).set(drivername="postgresql+psycopg")


def include_name(name, type_, parent_names):
    return type_ != "schema" or name in SCHEMAS


OPTIONS = {
    "target_metadata": metadata,
    "include_schemas": True,
    "include_name": include_name,
    "transaction_per_migration": True,
    "autogenerate_plugins": ["alembic.autogenerate.*", "migsafe.*"],
}


def run_migrations_offline():
    context.configure(
        url=database_url(),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **OPTIONS,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    engine = create_engine(database_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
