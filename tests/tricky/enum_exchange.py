"""An enum replaced by another one through text."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TYPE order_state RENAME TO order_state_old")
    op.execute("CREATE TYPE order_state AS ENUM ('open', 'done')")
    op.execute("ALTER TABLE orders ALTER COLUMN state DROP DEFAULT")
    op.execute(  # MS201
        "ALTER TABLE orders ALTER COLUMN state TYPE order_state USING state::text::order_state"
    )
    op.execute("DROP TYPE order_state_old")
