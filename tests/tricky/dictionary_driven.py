"""What to do is in a dictionary."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"
PLAN = {
    "create_index": [("ix_age", "accounts", ["age"])],
    "add_column": [("orders", sa.Column("gift", sa.Boolean(), server_default="false"))],
    "drop_column": [("accounts", "credit")],
}


def upgrade():
    for name, calls in PLAN.items():
        for arguments in calls:
            getattr(op, name)(*arguments)  # MS101 MS303
