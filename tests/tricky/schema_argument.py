"""The hazard is in another schema than the default one."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column(  # MS401
        "accounts", sa.Column("iban", sa.Text(), nullable=False), schema="billing"
    )
    op.execute('DROP TABLE "billing"."accounts"')  # MS304
