"""The old rows are read while others write."""

from alembic import op

revision = "second"
down_revision = "case"


def upgrade():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_total")


def downgrade():
    pass
