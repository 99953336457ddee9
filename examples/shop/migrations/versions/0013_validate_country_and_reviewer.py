"""validate country and reviewer

Revision ID: 0013
Revises: 0012
Create Date: 2025-09-03 08:30:05.672194

"""
from alembic import op
import sqlalchemy as sa

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE reviews VALIDATE CONSTRAINT fk_reviews_user_id_users")
    op.execute("ALTER TABLE addresses VALIDATE CONSTRAINT ck_addresses_country_present")
    op.alter_column("addresses", "country", existing_type=sa.String(length=2), nullable=False)
    op.execute("ALTER TABLE addresses DROP CONSTRAINT ck_addresses_country_present")


def downgrade() -> None:
    op.execute(
        "ALTER TABLE addresses ADD CONSTRAINT ck_addresses_country_present"
        " CHECK (country IS NOT NULL) NOT VALID"
    )
    op.alter_column("addresses", "country", existing_type=sa.String(length=2), nullable=True)
    op.drop_constraint(op.f("fk_reviews_user_id_users"), "reviews", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_reviews_user_id_users"),
        "reviews",
        "users",
        ["user_id"],
        ["id"],
        postgresql_not_valid=True,
    )
