"""payment amounts in units, not cents

Revision ID: 0008
Revises: 0007
Create Date: 2025-01-14 13:47:55.090126

"""
from alembic import op
import sqlalchemy as sa

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column(
        "payments",
        "amount",
        existing_type=sa.Integer(),
        type_=sa.Numeric(precision=12, scale=2),
        existing_nullable=False,
        postgresql_using="amount / 100.0",
    )


def downgrade() -> None:
    op.alter_column(
        "payments",
        "amount",
        existing_type=sa.Numeric(precision=12, scale=2),
        type_=sa.Integer(),
        existing_nullable=False,
        postgresql_using="(amount * 100)::integer",
    )
