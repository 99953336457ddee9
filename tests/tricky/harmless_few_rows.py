"""Loops over constants, over the catalog, and over the rows of a new table."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    bind = op.get_bind()
    for plan, age in (("free", 1), ("gold", 2)):
        bind.execute(
            sa.text("INSERT INTO accounts (plan, age) VALUES (:plan, :age)"),
            {"plan": plan, "age": age},
        )
    op.execute("CREATE TABLE plans (name text PRIMARY KEY)")
    op.execute("INSERT INTO plans VALUES ('free'), ('gold')")
    for (name,) in bind.execute(sa.text("SELECT name FROM plans")):
        op.execute(f"UPDATE plans SET name = upper(name) WHERE name = '{name}'")
