"""SQL made at run time inside of a DO block cannot be judged."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(  # MS901
        """
        DO $$
        DECLARE t text;
        BEGIN
            FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                EXECUTE format('ALTER TABLE %I ADD COLUMN tenant int NOT NULL DEFAULT 0', t);
            END LOOP;
        END
        $$
        """
    )
