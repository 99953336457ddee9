"""A function whose text holds statements that do not run here."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(
        """
        CREATE FUNCTION clean() RETURNS void LANGUAGE plpgsql AS $body$
        BEGIN
            EXECUTE $sql$ DELETE FROM orders $sql$;
            DROP TABLE IF EXISTS accounts;
        END
        $body$;
        ALTER TABLE orders ALTER COLUMN total TYPE numeric;  -- MS201
        """
    )
