"""Rights, comments and defaults of a database in use."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("CREATE ROLE reader NOLOGIN")
    op.execute("GRANT SELECT ON accounts, orders TO reader")
    op.execute(sa.text("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader"))
    op.alter_column("accounts", "plan", server_default="basic", existing_server_default="free")
    op.create_table_comment("orders", "TRUNCATE orders; -- no", existing_comment=None)


def downgrade():
    op.execute("ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM reader")
    op.execute("REVOKE SELECT ON accounts, orders FROM reader")
    op.execute("DROP ROLE reader")
