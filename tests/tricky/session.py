"""Rows changed through an ORM session."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session, declarative_base

revision = "case"
down_revision = "start"
Base = declarative_base()


class Account(Base):
    __tablename__ = "accounts"
    id = sa.Column(sa.BigInteger, primary_key=True)
    age = sa.Column(sa.Integer)


def upgrade():
    session = Session(bind=op.get_bind())
    session.query(Account).update({Account.age: 0})  # MS601
    session.commit()
