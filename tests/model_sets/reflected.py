"""Whatever the database DATABASE_URL has, by reflection: no model says anything."""

import os

import sqlalchemy as sa

engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.NullPool)
metadata = sa.MetaData()
metadata.reflect(engine)
