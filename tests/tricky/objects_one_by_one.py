"""Objects of the ORM changed in a loop; the session sends the statements at its end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session, declarative_base

revision = "case"
down_revision = "start"
Base = declarative_base()


class Account(Base):
    __tablename__ = "accounts"
    id = sa.Column(sa.BigInteger, primary_key=True)
    name = sa.Column(sa.Text)


def upgrade():
    session = Session(op.get_bind())
    for account in session.query(Account).all():  # MS609
        account.name = account.name.strip()
    session.commit()
