"""language of reviews

Revision ID: 0011
Revises: 0010
Create Date: 2025-05-15 17:36:12.884530

"""
from alembic import op
import sqlalchemy as sa

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reviews", sa.Column("locale", sa.String(length=5), nullable=False))


def downgrade() -> None:
    op.drop_column("reviews", "locale")
