"""NOT VALID and VALIDATE in one transaction gain nothing."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_foreign_key(
        "fk_visits", "visits", "accounts", ["id"], ["id"], postgresql_not_valid=True
    )
    op.execute("ALTER TABLE visits VALIDATE CONSTRAINT fk_visits")  # MS110
