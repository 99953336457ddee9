"""The change is inside of WITH, and the statement begins with SELECT."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.get_bind().exec_driver_sql(  # MS601
        "WITH moved AS (UPDATE orders SET note = '' RETURNING id) SELECT count(*) FROM moved"
    ).scalar()
