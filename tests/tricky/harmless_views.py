"""A view is put in the place of itself, with one more column."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(
        "CREATE OR REPLACE VIEW adults AS SELECT id, name, email FROM accounts WHERE age > 17"
    )
    op.execute("COMMENT ON VIEW adults IS 'UPDATE accounts SET age = 0'")


def downgrade():
    op.execute("DROP VIEW adults")
    op.execute("CREATE VIEW adults AS SELECT id, name FROM accounts WHERE age > 17")
