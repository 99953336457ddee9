"""A type made once, with its error handled."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(
        """
        DO $$ BEGIN
            CREATE TYPE size AS ENUM ('s', 'm');
        EXCEPTION WHEN duplicate_object THEN NULL;
        END $$
        """
    )
