"""A loop in Python that changes each row."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, name FROM accounts")).fetchall()
    for row in rows:
        connection.execute(  # MS609
            sa.text("UPDATE accounts SET name = :name WHERE id = :id"),
            {"name": row.name.strip(), "id": row.id},
        )
