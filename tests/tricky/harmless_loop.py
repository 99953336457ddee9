"""Many small things in a loop, none of which anybody feels."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"
NEW = {"height": sa.Integer, "weight": sa.Integer, "shoe": sa.Text}


def upgrade():
    for name, kind in NEW.items():
        op.add_column("accounts", sa.Column(name, kind(), nullable=True, comment="DROP COLUMN"))
    for name in NEW:
        op.execute(f"COMMENT ON COLUMN accounts.{name} IS 'SET NOT NULL follows'")


def downgrade():
    for name in NEW:
        op.drop_column("accounts", name)
