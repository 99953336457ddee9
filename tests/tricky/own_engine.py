"""A connection of its own, beside that of Alembic."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    engine = op.get_bind().engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE INDEX CONCURRENTLY ix_at ON visits (at)")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE INDEX ix_total ON orders (total)")  # MS101
