from alembic import context

config = context.config


def run_migrations_online(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
