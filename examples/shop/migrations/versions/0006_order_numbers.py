"""order numbers

Revision ID: 0006
Revises: 0005
Create Date: 2024-09-05 11:31:20.645998

"""
from alembic import op
import sqlalchemy as sa

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("number", sa.String(length=20), nullable=True))

    bind = op.get_bind()
    orders = sa.table("orders", sa.column("id", sa.BigInteger), sa.column("number", sa.String))
    number = sa.literal("SO-").concat(sa.func.lpad(sa.cast(orders.c.id, sa.Text), 8, "0"))
    bind.execute(orders.update().values(number=number))

    op.alter_column("orders", "number", existing_type=sa.String(length=20), nullable=False)


def downgrade() -> None:
    op.drop_column("orders", "number")
