"""Several statements in one text, the dangerous one in the middle."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(
        """
        SELECT 'a;b';
        CREATE INDEX ix_total ON orders (total); -- MS101
        COMMENT ON TABLE orders IS $$DROP TABLE orders;$$;
        """
    )
