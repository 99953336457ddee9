"""A few rows through the ORM, and words of SQL in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session, declarative_base

revision = "case"
down_revision = "start"
Base = declarative_base()


class Plan(Base):
    __tablename__ = "plans"
    id = sa.Column(sa.Integer, primary_key=True)
    title = sa.Column(sa.String(80))


def upgrade():
    bind = op.get_bind()
    Base.metadata.create_all(bind)
    session = Session(bind=bind)
    session.add_all([Plan(id=1, title="DROP TABLE accounts"), Plan(id=2, title="free; DELETE")])
    session.flush()
    session.execute(sa.update(Plan).where(Plan.id == 2).values(title="basic"))
    session.commit()


def downgrade():
    Base.metadata.drop_all(op.get_bind())
