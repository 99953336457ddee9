"""Row level security without a policy: nobody but the owner sees a row."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE accounts ENABLE ROW LEVEL SECURITY")  # MS310
