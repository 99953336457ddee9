"""Statements that pass SQLAlchemy by."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    connection = op.get_bind()
    connection.exec_driver_sql("ALTER TABLE orders ADD CHECK (total > 0)")  # MS105
    connection.exec_driver_sql("UPDATE accounts SET plan = 'basic' WHERE id = %s", (7,))
