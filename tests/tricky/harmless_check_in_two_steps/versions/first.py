"""A CHECK that binds new rows only."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_check_constraint("ck_total", "orders", "total >= 0", postgresql_not_valid=True)


def downgrade():
    op.drop_constraint("ck_total", "orders", type_="check")
