"""A failure is swallowed inside a savepoint, the hazard stays."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            op.drop_table("visits")  # MS304
    except sa.exc.ProgrammingError:
        pass
