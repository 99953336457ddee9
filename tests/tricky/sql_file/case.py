"""SQL from a file beside the migration."""

from pathlib import Path

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute((Path(__file__).parent / "change.sql").read_text())  # MS301 MS104
