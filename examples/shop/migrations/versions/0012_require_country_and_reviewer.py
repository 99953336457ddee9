"""require country and reviewer

Revision ID: 0012
Revises: 0011
Create Date: 2025-09-01 08:45:27.019865

"""
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE addresses ADD CONSTRAINT ck_addresses_country_present"
        " CHECK (country IS NOT NULL) NOT VALID"
    )
    op.create_foreign_key(
        op.f("fk_reviews_user_id_users"),
        "reviews",
        "users",
        ["user_id"],
        ["id"],
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_reviews_user_id_users"), "reviews", type_="foreignkey")
    op.execute("ALTER TABLE addresses DROP CONSTRAINT ck_addresses_country_present")
