"""Statements inside of a DO block."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(  # MS303
        """
        DO $$
        BEGIN
            IF EXISTS (SELECT 1 FROM information_schema.columns WHERE column_name = 'note') THEN
                ALTER TABLE orders DROP COLUMN note;
            END IF;
        END
        $$
        """
    )
