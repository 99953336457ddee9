"""COLUMN and TO are optional words."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("alter table only accounts drop address")  # MS303
    op.execute('ALTER TABLE IF EXISTS "accounts" RENAME "plan" TO "tariff"')  # MS301
