"""Names come from a class, a schema from a constant."""

import enum

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


class Tables(str, enum.Enum):
    ORDERS = "orders"
    BILLING = "billing"


def upgrade():
    op.create_index(  # MS101
        "ix_billing", "accounts", ["id"], schema=Tables.BILLING.value
    )
    op.create_check_constraint("ck_total", Tables.ORDERS.value, sa.column("total") > 0)  # MS105
