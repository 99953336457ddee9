"""Wider text is free, but a CHECK on it is asked again."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE accounts ADD CONSTRAINT ck_mail CHECK (email <> '') NOT VALID")
    op.execute("ALTER TABLE accounts ALTER COLUMN age TYPE bigint USING age::bigint")  # MS407
