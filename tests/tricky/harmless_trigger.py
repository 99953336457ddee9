"""A trigger for rows to come."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(
        """
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE accounts SET seen_at = now();
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER touched AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch()"
    )


def downgrade():
    op.execute("DROP TRIGGER touched ON orders")
    op.execute("DROP FUNCTION touch()")
