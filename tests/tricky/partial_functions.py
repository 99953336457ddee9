"""Operations with some of their arguments bound."""

from functools import partial

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    widen = partial(op.alter_column, "orders", existing_type=sa.String(100))
    widen("note", type_=sa.Text())
    tighten = partial(op.alter_column, "orders", nullable=False)
    tighten("account_id")  # MS106
