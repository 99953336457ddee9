"""The guard is a query of the catalog."""

from alembic import op
from sqlalchemy import text

revision = "case"
down_revision = "start"


def upgrade():
    found = op.get_bind().execute(
        text("SELECT 1 FROM information_schema.columns WHERE column_name = 'old_plan'")
    )
    if not found.scalar():
        op.execute("ALTER TABLE accounts RENAME COLUMN plan TO old_plan")  # MS301
