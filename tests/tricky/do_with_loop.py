"""A loop in PL/pgSQL over the tables that the catalog names."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(  # MS106
        """
        DO $do$
        BEGIN
            IF EXISTS (SELECT FROM pg_tables WHERE tablename = 'accounts') THEN
                ALTER TABLE accounts ALTER COLUMN email SET NOT NULL;
            END IF;
        EXCEPTION WHEN undefined_table THEN
            NULL;
        END
        $do$
        """
    )
