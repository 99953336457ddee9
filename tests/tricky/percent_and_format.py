"""Older ways to put names into SQL."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE %s DROP COLUMN %s" % ("orders", "note"))  # MS303
    op.execute("ALTER TABLE {} RENAME TO {}".format("visits", "calls"))  # MS302
    op.execute(  # MS106 MS604
        " ".join(["ALTER", "TABLE", "accounts", "ALTER", "age", "SET", "NOT NULL"])
    )
