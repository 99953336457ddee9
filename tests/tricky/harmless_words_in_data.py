"""SQL words in texts, comments and names."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"

NOTE = "DROP TABLE accounts; ALTER TABLE orders DROP COLUMN note"


def upgrade():
    op.execute(f"COMMENT ON TABLE orders IS '{NOTE}'")
    op.execute(sa.text("INSERT INTO visits (id) SELECT 1 WHERE :note <> ''").bindparams(note=NOTE))
    op.execute("-- CREATE INDEX ix ON orders (total)\nSELECT 'TRUNCATE orders' /* LOCK TABLE x */")
    op.execute("UPDATE accounts SET name = 'DELETE FROM orders;' WHERE id = 12")
